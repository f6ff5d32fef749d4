"""The evidence chain (L80): intact as written on both engines, and every tampering shows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from models.chain import GENESIS, add_evidence, verify_chain
from models.errors import BadInput, NotFound
from models.evidence import Evidence, EvidenceKind
from models.store import Store
from tests import rows
from tests.rows import NOON


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'qifen.db'}")
    made.migrate()
    yield made
    made.dispose()


def fill(store: Store, count: int = 3, **values: Any) -> dict[str, bytes]:
    """`count` records of one event; the files by their keys."""
    files: dict[str, bytes] = {}
    with store.begin() as session:
        event = rows.event(session)
        for n in range(count):
            files[f"key{n}"] = f"bytes {n}".encode()
            add_evidence(
                session,
                **{
                    "event": event,
                    "camera": event.camera,
                    "kind": EvidenceKind.E1,
                    "media_type": "image/jpeg",
                    "data": files[f"key{n}"],
                    "storage_key": f"key{n}",
                    "captured_at": NOON,
                    "pts": 0.1 + n,
                    **values,
                },
            )
    return files


def report(store: Store, read: Callable[[str], bytes] | None = None) -> Any:
    with store.read() as session:
        return verify_chain(session, read)


def test_an_empty_record_is_intact(store: Store) -> None:
    found = report(store)
    assert (found.intact, found.records, found.head) == (True, 0, GENESIS)


def test_records_are_chained_one_after_the_other(store: Store) -> None:
    files = fill(store)
    found = report(store, files.__getitem__)
    assert (found.intact, found.records, found.files_read) == (True, 3, 3)
    with store.read() as session:
        chained = session.scalars(select(Evidence).order_by(Evidence.sequence)).all()
    assert [row.sequence for row in chained] == [1, 2, 3]
    assert chained[0].prev_hash == GENESIS
    assert chained[2].prev_hash == chained[1].chain_hash
    assert found.head == chained[2].chain_hash


DETAILS = [
    {"n": 1, "f": 1.0, "tiny": 1e-7, "huge": 1e22, "minus_zero": -0.0, "third": 1 / 3},
    {"box": (0.1, 0.2, 0.3, 0.4), "nested": {"plate": "浙A12345", "none": None, "yes": True}},
    {"quote": "\"'\\", "emoji": "🚗", "empty": {}, "list": []},
]


@pytest.mark.parametrize("details", DETAILS)
def test_numbers_and_words_come_back_the_same_on_sqlite(
    store: Store, details: dict[str, Any]
) -> None:
    fill(store, details=details)
    assert report(store).intact


@pytest.mark.postgres
@pytest.mark.parametrize("details", DETAILS)
def test_numbers_and_words_come_back_the_same_on_postgres(
    postgres_url: str, details: dict[str, Any]
) -> None:
    """JSONB writes 1e22 as an integer and forgets -0.0: the chain must hold all the same."""
    store = Store(postgres_url)
    store.migrate()
    fill(store, details=details)
    assert report(store).intact
    store.dispose()


TAMPERINGS = [
    ("UPDATE evidence SET captured_at = '2026-01-01' WHERE sequence = 2", "record_changed"),
    ("UPDATE evidence SET details = '{\"a\": 1}' WHERE sequence = 2", "record_changed"),
    ("UPDATE evidence SET pts = 9 WHERE sequence = 2", "record_changed"),
    ("UPDATE evidence SET event_id = 2 WHERE sequence = 2", "record_changed"),
    ("DELETE FROM evidence WHERE sequence = 2", "gap"),
    ("UPDATE evidence SET chain_hash = 'f' WHERE sequence = 2", "wrong_previous"),
]


@pytest.mark.parametrize(("statement", "what"), TAMPERINGS)
def test_tampering_shows(store: Store, statement: str, what: str) -> None:
    """By somebody who owns the database file and takes the triggers away."""
    fill(store)
    fill(store, 1)
    with sqlite3.connect(str(store.url.database)) as raw:
        raw.execute("DROP TRIGGER evidence_no_update")
        raw.execute("DROP TRIGGER evidence_no_delete")
        raw.execute(statement)
    raw.close()
    found = report(store)
    assert not found.intact
    assert what in {problem.what for problem in found.problems}


def test_changed_and_missing_files_show(store: Store) -> None:
    files = fill(store, 4)
    files["key1"] = b"another picture"

    def read(key: str) -> bytes:
        if key == "key2":
            raise NotFound("gone")
        if key == "key3":
            raise OSError("disk")
        return files[key]

    found = report(store, read)
    assert [(p.sequence, p.what) for p in found.problems] == [
        (2, "file_changed"),
        (3, "file_missing"),
        (4, "file_missing"),
    ]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"data": b""}, "data"),
        ({"details": {"nan": float("nan")}}, "details"),
        ({"details": {"when": NOON}}, "details"),
    ],
)
def test_what_cannot_be_chained_is_refused(
    store: Store, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        fill(store, **values)
    assert caught.value.field == field
    assert report(store).records == 0


def test_evidence_without_a_camera(store: Store) -> None:
    """An officer's photo, or one that came with a statement."""
    fill(store, 1, camera=None, kind="PAPER")
    assert report(store).intact
