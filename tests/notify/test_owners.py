"""The register of owners: read strictly, asked never without a record."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from models.errors import BadInput
from models.event import ActorKind
from models.flow import Actor
from models.notice import OwnerLookup
from models.secret import keyed_hash
from models.store import Store
from notify.owners import CsvOwnerDirectory, NoOwners, Owner, look_up
from tests import rows

HEADER = "plate,phone,language,colour,vehicle_kind,authorised"


def written(tmp_path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "owners.csv"
    path.write_bytes("\r\n".join(lines).encode(encoding))
    return path


def test_an_owner_is_found_however_the_plate_is_written(tmp_path: Path) -> None:
    directory = CsvOwnerDirectory(
        written(
            tmp_path, HEADER, "浙A·12345,13800138000,en,white,small,no", "浙AD12345,13900139000,,,,"
        )
    )
    owner = Owner("+8613800138000", "en", "white", "small", authorised=False)
    for plate in ("浙A12345", "浙a 12345", "浙Ａ１２３４５"):
        assert directory.find(plate) == owner
    assert directory.find("浙AD12345") == Owner("+8613900139000")
    assert directory.find("浙A99999") is None
    assert len(directory) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_files_from_a_chinese_excel_are_read(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, "plate,phone,authorised", "浙A12345,13800138000,是", encoding=encoding)
    found = CsvOwnerDirectory(path).find("浙A12345")
    assert found is not None
    assert found.authorised


@pytest.mark.parametrize(
    ("lines", "column", "says"),
    [
        (["plate,language", "x,zh"], "phone", "line 1, column phone: the column is missing"),
        (["plate,phone,lang", "x,1,zh"], "lang", "line 1, column lang"),
        ([], "plate", "line 1, column plate: the column is missing"),
        (["plate,phone", "浙A12345,0571-87654321"], "phone", "line 2, column phone: a landline"),
        (["plate,phone", "浙A1,13800138000", ",13800138000"], "plate", "line 3, column plate"),
        (["plate,phone", "浙A1,13800138000", "浙a-1,13800138000"], "plate", "in line 2 already"),
        (["plate,phone,language", "浙A1,13800138000,fr"], "language", "line 2, column language"),
        (["plate,phone,authorised", "浙A1,13800138000,maybe"], "authorised", "yes or no"),
        (["plate,phone", "浙A1,13800138000,extra"], "phone", "more cells"),
        (["plate,phone", '浙A1,"13800138000'], "plate", "line 2"),
    ],
)
def test_a_wrong_file_names_line_and_column(
    tmp_path: Path, lines: list[str], column: str, says: str
) -> None:
    with pytest.raises(BadInput) as caught:
        CsvOwnerDirectory(written(tmp_path, *lines))
    assert caught.value.field == column
    assert says in str(caught.value)
    assert "138001" not in str(caught.value), "a phone stands in the message"


def test_a_missing_or_garbled_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        CsvOwnerDirectory(tmp_path / "none.csv")
    (tmp_path / "owners.csv").write_bytes(b"plate,phone\n\xff\xff\xff\xff")
    with pytest.raises(BadInput, match="neither UTF-8"):
        CsvOwnerDirectory(tmp_path / "owners.csv")


def test_every_question_is_recorded_with_its_purpose(tmp_path: Path) -> None:
    """domain.md 8.7: who asked, for which event, why; the plate only as a keyed hash."""
    directory = CsvOwnerDirectory(written(tmp_path, HEADER, "浙A12345,13800138000,,,,"))
    officer = Actor(ActorKind.OFFICER, "li")
    store = Store.memory()
    with store.begin() as session:
        event = rows.event(session)
        found = look_up(
            session, directory, "浙A12345", event=event, purpose="notice", actor=officer,
            at=rows.NOON,
        )  # fmt: skip
        nobody = look_up(
            session, NoOwners(), "浙A99999", event=None, purpose="gates",
            actor=Actor(ActorKind.SYSTEM), at=rows.NOON,
        )  # fmt: skip
    assert found is not None
    assert nobody is None
    with store.read() as session:
        first, second = session.scalars(select(OwnerLookup).order_by(OwnerLookup.id)).all()
        assert (first.purpose, first.actor, first.found, first.directory) == (
            "notice", "OFFICER:li", True, "csv",
        )  # fmt: skip
        assert first.event_id == event.id
        assert first.plate_hash == keyed_hash("浙A12345")
        assert (second.event_id, second.actor, second.found) == (None, "SYSTEM", False)


def test_an_owner_never_shows_the_phone_in_a_log() -> None:
    assert "138" not in repr(Owner("+8613800138000"))
