"""L68, 个人信息保护法 art. 51, 57: phones and stream addresses are ciphertext in every database,
and there is a plan for the day when something has leaked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from api.app import create_app
from models import secret
from models.errors import Unavailable
from models.notice import Notice
from models.secret import EncryptedString
from models.store import Store
from models.tables import metadata
from pipeline.services import Services
from tests.api.conftest import SignIn
from tests.models.city import CONTACT, City

ROOT = Path(__file__).resolve().parent.parent.parent

STREAM_SECRET = "user:secret@"
"""Of the address that every camera of tests.rows has."""


def test_l68_what_reaches_people_or_cameras_is_an_encrypted_column() -> None:
    """By its name, whichever table it stands in: a new phone column cannot be forgotten."""
    words = {"phone", "phones", "mobile", "tel", "url", "password", "sender"}
    found = [
        (f"{table.name}.{column.name}", isinstance(column.type, EncryptedString))
        for table in metadata.sorted_tables
        for column in table.c
        if words & set(column.name.split("_")) and not column.name.endswith("_hash")
    ]
    assert {"notice.phone", "camera.stream_url"} <= {name for name, _ in found}
    assert [name for name, encrypted in found if not encrypted] == []


def test_l68_no_phone_and_no_password_lies_readable_on_the_disk(tmp_path: Path) -> None:
    """Read as a thief would: the bytes of database and journal."""
    store = Store(f"sqlite:///{tmp_path / 'qifen.db'}")
    store.migrate()
    with store.begin() as session:
        event = City(session).to_grace()
        phone = session.scalar(select(Notice.phone).where(Notice.event_id == event.id))
        assert phone == CONTACT.phone
    store.dispose()
    files = [path for path in tmp_path.iterdir() if path.is_file()]
    disk = b"".join(path.read_bytes() for path in files)
    assert event.event_no.encode() in disk
    for hidden in (CONTACT.phone, CONTACT.phone.removeprefix("+86"), STREAM_SECRET):
        assert hidden.encode() not in disk


def test_l68_another_key_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stolen copy without the key file gives an error that says so, and no phone."""
    for name in ("_fernet", "_hash_key"):  # the suite's own key comes back afterwards
        monkeypatch.setattr(secret, name, getattr(secret, name))
    cipher, dialect = EncryptedString(), sqlite.dialect()
    kept = cipher.process_bind_param(CONTACT.phone, dialect)
    assert cipher.process_result_value(kept, dialect) == CONTACT.phone
    secret.set_secret_key(secret.new_secret_key())
    with pytest.raises(Unavailable) as refused:
        cipher.process_result_value(kept, dialect)
    assert CONTACT.phone not in str(refused.value)


def test_l68_the_plan_for_a_leak_names_what_is_there(services: Services) -> None:
    """个人信息保护法 art. 57: each address that the page sends somebody to exists."""
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    plan = page.partition("## When something has leaked")[2].partition("\n## ")[0]
    named = re.findall(r"`(GET|POST|PATCH|DELETE) (/api/v1/[^`?]+)", plan)
    paths = create_app(services).openapi()["paths"]
    assert len(named) >= 6
    for method, path in named:
        assert method.lower() in paths.get(path, {}), f"{method} {path}"


def test_l68_whoever_is_shut_out_is_out_at_once(signed_in: SignIn) -> None:
    """The plan's first step: an open session ends with the person's account."""
    boss, chen = signed_in("boss"), signed_in("chen")
    assert chen.get("/api/v1/auth/me").status_code == 200
    number = next(u["id"] for u in boss.get("/api/v1/users").json() if u["username"] == "chen")
    assert boss.patch(f"/api/v1/users/{number}", json={"active": False}).status_code == 200
    assert chen.get("/api/v1/auth/me").status_code == 401
