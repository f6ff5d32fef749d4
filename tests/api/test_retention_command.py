"""qifen retention and the record's commands of qifen evidence, as an administrator types them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from api.cli import app
from models import secret
from models.anchors import ChainAnchor
from models.audit_log import record_viewing
from models.chain import add_evidence
from models.clock import SystemClock
from models.event import Event
from models.people import Role
from models.store import Store
from pipeline.evidence import EvidenceStore
from pipeline.settings import load_settings, prepare_data_dir
from tests import rows
from tests.tsa import TimeStampAuthority

NUMBER = "HZ0101-0001"


def qifen(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An installation with one event that left in time forty days ago."""
    handlers, level = list(logging.getLogger().handlers), logging.getLogger().level
    monkeypatch.setattr(secret, "_fernet", secret._fernet)
    monkeypatch.setattr(secret, "_hash_key", secret._hash_key)
    monkeypatch.setenv("QIFEN_DATA_DIR", str(tmp_path / "data"))
    settings = load_settings()
    prepare_data_dir(settings)
    made = Store(settings.database)
    made.migrate()
    at = SystemClock().now() - timedelta(days=40)
    with made.begin() as session:
        event = rows.event(session, event_no=NUMBER, state="LEFT_IN_TIME", ended_at=at)
        rows.user(session, "wang", Role.OFFICER, password=None)
        add_evidence(
            session, event=event, camera=event.camera, kind="E1", media_type="image/jpeg",
            data=b"x", storage_key=EvidenceStore(settings.evidence_dir).put(b"x", "jpg"),
            captured_at=at,
        )  # fmt: skip
        record_viewing(session, at=at, viewer="wang", reason="复核", event=event)
    yield made
    made.dispose()
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


def plate(store: Store) -> str | None:
    with store.read() as session:
        return session.scalars(select(Event.plate)).one()


def test_l63_a_dry_run_a_run_and_its_log(store: Store) -> None:
    told = qifen("retention", "run", "--dry-run", "--json")
    assert json.loads(told.stdout) == {
        "rule": "left", "what": "event", "count": 1, "pictures": 1, "keep_days": 30,
    }  # fmt: skip
    assert plate(store) is not None
    done = qifen("retention", "run")
    assert (done.exit_code, done.stdout.split()[:3]) == (0, ["left", "1", "event,"])
    assert plate(store) is None
    assert qifen("retention", "run", "--dry-run").stdout == "nothing is due\n"
    log = [json.loads(line) for line in qifen("retention", "log", "--json").stdout.splitlines()]
    assert [(row["rule"], row["actor"]) for row in log] == [("daily", "cli"), ("left", "cli")]
    assert "left" in qifen("retention", "log").stdout
    assert qifen("evidence", "verify").stdout.startswith("intact: 1 records, 0 files, 1 deleted")
    assert "keep_left_days" in qifen("retention", "rules").stdout


def test_a_hold_is_laid_and_lifted(store: Store) -> None:
    words = ("--reason", "行政复议", "--document", "复议2026-7", "--by", "wang")
    laid = qifen("retention", "hold", NUMBER, *words)
    assert (laid.exit_code, laid.stdout) == (0, "hold 1\n"), laid.output
    assert "复议2026-7" in qifen("retention", "holds").stdout
    qifen("retention", "run")
    assert plate(store) is not None
    assert qifen("retention", "lift", 1, "--reason", "终结", "--by", "wang").exit_code == 0
    qifen("retention", "run")
    assert plate(store) is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hold", NUMBER, "--by", "nobody"], "no user nobody"),
        (["hold", "HZC0101-0001", "--by", "wang"], "no case HZC0101-0001"),
        (["lift", "7", "--by", "wang"], "no hold 7"),
        (["lift", "0", "--by", "wang"], "1 or more"),
        (["lift", str(2**64), "--by", "wang"], "up to ten digits"),
    ],
)
def test_what_is_wrong_is_one_line(store: Store, words: list[str], said: str) -> None:
    more = ["--document", "d"] if words[0] == "hold" else []
    result = qifen("retention", *words, "--reason", "x", *more)
    assert (result.exit_code, said in result.stderr) == (2, True), result.output
    assert "hint: " in result.stderr


def test_l71_viewings_are_listed(store: Store) -> None:
    assert "复核" in qifen("evidence", "viewings").stdout
    found = json.loads(qifen("evidence", "viewings", "--event", NUMBER, "--json").stdout)
    assert (found["viewer"], found["event_no"], found["reason"]) == ("wang", NUMBER, "复核")
    assert qifen("evidence", "viewings", "--viewer", "nobody").stdout == ""
    assert qifen("evidence", "viewings", "--event", "HZ0101-9999").exit_code == 2


def test_an_anchor_that_cannot_be_exported_is_not_said_to_be(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in the way").write_bytes(b"")
    monkeypatch.setenv("QIFEN_ANCHOR_DIR", str(tmp_path / "in the way" / "anchors"))
    said = qifen("evidence", "anchor")
    assert (said.exit_code, "anchor " in said.stdout) == (0, True)
    assert "file " not in said.stdout
    assert "QIFEN_ANCHOR_DIR" in said.stderr


def test_l80_an_anchor_is_written_printed_and_stamped(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TimeStampAuthority(tmp_path / "tsa") as tsa:
        monkeypatch.setenv("QIFEN_TSA_URL", tsa.url)
        monkeypatch.setenv("QIFEN_TSA_CA", str(tsa.root))
        said = qifen("evidence", "anchor")
    assert said.exit_code == 0, said.output
    with store.read() as session:
        (anchor,) = session.scalars(select(ChainAnchor)).all()
    assert f"anchor {anchor.anchor_hash}" in said.stdout
    assert "stamped 20" in said.stdout
    verified = qifen("evidence", "verify")
    assert f"anchored until {anchor.day}" in verified.stdout
    (tmp_path / "data" / "anchors" / f"{anchor.day}.json").write_bytes(b"{}")
    broken = qifen("evidence", "verify")
    assert (broken.exit_code, "says something else" in broken.stdout) == (1, True)
    assert qifen("evidence", "verify", "--seal", "0" * 64).exit_code == 2
