"""L80: the daily anchor of the chain, exported, stamped by a real authority, and verified."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text

from models.anchors import (
    AnchorStamp,
    ChainAnchor,
    anchor_over,
    merkle_path,
    merkle_root,
    root_from,
    stamp_of,
)
from models.errors import BadInput
from models.event import Event
from models.store import Store
from pipeline.anchoring import Anchoring, anchor_problems
from pipeline.keeping import Keeping
from pipeline.pack_anchors import anchor_segment, check_anchors
from pipeline.pack_chain import chain_segment, event_rows
from pipeline.timestamps import read_roots
from tests.pipeline.archive import Archive
from tests.tsa import TimeStampAuthority


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    store = Store.memory()
    yield Archive(store, tmp_path)
    store.dispose()


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeStampAuthority]:
    with TimeStampAuthority(tmp_path_factory.mktemp("tsa") / "authority") as authority:
        yield authority


def with_tsa(archive: Archive, tsa: TimeStampAuthority, root: bool = True) -> Anchoring:
    update = {"tsa_url": tsa.url, "tsa_ca": tsa.root if root else None}
    settings = archive.services.settings.model_copy(update=update)
    return Anchoring(replace(archive.services, settings=settings))


def problems(archive: Archive, tsa: TimeStampAuthority | None = None) -> list[str]:
    with archive.store.read() as session:
        folder = archive.services.settings.anchors
        return anchor_problems(session, folder, read_roots(tsa.root) if tsa else [])


def anchors(archive: Archive) -> list[ChainAnchor]:
    with archive.store.read() as session:
        return list(session.scalars(select(ChainAnchor).order_by(ChainAnchor.day)))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 13])
def test_l80_every_record_is_proven_to_be_under_its_root(count: int) -> None:
    leaves = [f"{n:064x}" for n in range(count)]
    root = merkle_root(leaves)
    for index, leaf in enumerate(leaves):
        path = merkle_path(leaves, index)
        assert root_from(leaf, path) == root
        assert root_from(f"{99:064x}", path) != root
    assert merkle_root([*leaves, leaves[-1]]) != root
    assert merkle_root(leaves[::-1]) != root or count == 1


def test_l80_one_anchor_a_day_over_what_is_new(archive: Archive) -> None:
    work = Anchoring(archive.services)
    archive.event()
    first = work.anchor()
    archive.event()
    assert work.anchor().anchor_hash == first.anchor_hash, "the day has its anchor"
    archive.days_later(1)
    work.run_if_due()
    archive.days_later(1)
    work.run_if_due()
    work.run_if_due()
    one, two, three = anchors(archive)
    assert [(a.first_sequence, a.sequence) for a in (one, two, three)] == [(1, 2), (3, 4), (5, 4)]
    assert (two.prev_hash, three.prev_hash) == (one.anchor_hash, two.anchor_hash)
    assert three.head == two.head
    assert problems(archive) == []
    folder = archive.services.settings.anchors
    exported = sorted(path.name for path in folder.iterdir())
    assert exported == [f"{a.day}.json" for a in (one, two, three)]
    told = json.loads((folder / f"{two.day}.json").read_bytes())
    assert (told["sequence"], told["head"]) == (4, two.head)


def test_l80_an_anchor_whose_export_was_cut_off_is_exported_later(archive: Archive) -> None:
    """Killed between the commit and the file, or the folder was away: the same bytes, later."""
    work = Anchoring(archive.services)
    path = archive.services.settings.anchors / f"{work.anchor().day}.json"
    data = path.read_bytes()
    path.unlink()
    work.run_if_due()
    assert path.read_bytes() == data
    assert len(anchors(archive)) == 1


def test_l80_the_anchor_covers_the_purge_log_of_its_day(archive: Archive) -> None:
    archive.event()
    archive.days_later(31)
    Keeping(archive.services).run_if_due()
    (anchor,) = anchors(archive)
    assert anchor.purge_head == archive.log()[-1].chain_hash
    assert problems(archive) == []


TAMPERINGS = [
    ("UPDATE evidence SET chain_hash = prev_hash WHERE sequence = 2", "root_differs"),
    ("DELETE FROM evidence WHERE sequence = 2", "root_differs"),
    ("UPDATE purge_log SET chain_hash = prev_hash", "purge_head_differs"),
    ("UPDATE chain_anchor SET head = root", "changed"),
    ("DELETE FROM chain_anchor WHERE id = 1", "wrong_previous"),
]


@pytest.mark.parametrize(("statement", "what"), TAMPERINGS)
def test_l80_a_rewritten_record_shows(archive: Archive, statement: str, what: str) -> None:
    archive.event()
    work = Anchoring(archive.services)
    archive.retention.run(actor="test")
    work.anchor()
    archive.days_later(1)
    work.anchor()
    with archive.store.connection() as raw:
        raw.execute(text("PRAGMA foreign_keys = OFF"))
        for table in ("evidence", "purge_log", "chain_anchor"):
            for verb in ("update", "delete"):
                raw.execute(text(f"DROP TRIGGER {table}_no_{verb}"))
        raw.execute(text(statement))
    assert any(line.endswith(what) for line in problems(archive)), problems(archive)


def test_l80_an_exported_anchor_keeps_what_the_database_forgot(archive: Archive) -> None:
    """Somebody makes the whole chain anew, anchors with it: the folder says something else."""
    Anchoring(archive.services).anchor()
    (anchor,) = anchors(archive)
    path = archive.services.settings.anchors / f"{anchor.day}.json"
    path.write_bytes(path.read_bytes().replace(b'"sequence":0', b'"sequence":9'))
    assert problems(archive) == [f"anchor {anchor.day}: the exported file says something else"]
    path.rename(path.with_name("2020-01-01.json"))
    assert problems(archive) == ["anchor 2020-01-01.json: exported, but the database has none"]


def test_l80_a_stamp_of_a_real_authority_is_verified(
    archive: Archive, tsa: TimeStampAuthority, tmp_path: Path
) -> None:
    """By us and by `openssl ts -verify` on the two exported files, without any of our code."""
    archive.event()
    work = with_tsa(archive, tsa)
    work.anchor()
    assert work.stamp_missing() == 1
    assert work.stamp_missing() == 0
    (anchor,) = anchors(archive)
    assert problems(archive, tsa) == []
    folder = archive.services.settings.anchors
    data, token = folder / f"{anchor.day}.json", folder / f"{anchor.day}.tsr"
    assert tsa.verify(data, token)
    stranger = TimeStampAuthority(tmp_path / "stranger")
    assert not stranger.verify(data, token)
    (line,) = problems(archive, stranger)
    assert "its signature does not hold" in line
    stranger._server.server_close()


@pytest.mark.parametrize("broken", ["refuses", "nonsense", "other"])
def test_l80_without_an_authority_the_anchor_stands_and_is_stamped_later(
    archive: Archive, tsa: TimeStampAuthority, broken: str
) -> None:
    work = with_tsa(archive, tsa)
    tsa.broken = broken
    try:
        work.run_if_due()
    finally:
        tsa.broken = ""
    (anchor,) = anchors(archive)
    with archive.store.read() as session:
        assert stamp_of(session, anchor) is None
    assert problems(archive, tsa) == []
    work.run_if_due()
    with archive.store.read() as session:
        assert stamp_of(session, anchor) is not None


def test_l80_an_address_where_nobody_is_holds_nothing_up(archive: Archive) -> None:
    settings = archive.services.settings.model_copy(update={"tsa_url": "http://127.0.0.1:1/x"})
    work = Anchoring(replace(archive.services, settings=settings))
    work.run_if_due()
    assert len(anchors(archive)) == 1


def test_l80_a_root_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text("not a certificate")
    with pytest.raises(BadInput) as caught:
        read_roots(tmp_path / "root.pem")
    assert caught.value.field == "tsa_ca"
    assert read_roots(None) == []


def test_l80_a_pack_proves_its_records_without_anybody_elses(
    archive: Archive, tsa: TimeStampAuthority
) -> None:
    mine = archive.event()
    archive.event()
    work = with_tsa(archive, tsa)
    work.anchor()
    work.stamp_missing()
    later = archive.event()
    roots = read_roots(tsa.root)
    with archive.store.read() as session:
        rows = event_rows(session, session.get_one(Event, mine))
        told, chain = anchor_segment(session, rows), chain_segment(session, rows)
        assert anchor_over(session, 5) is None
        after = anchor_segment(session, event_rows(session, session.get_one(Event, later)))
    assert after == {"anchors": []}, "its day has no anchor yet"
    (entry,) = told["anchors"]
    assert [proof["sequence"] for proof in entry["proofs"]] == [1, 2]
    assert check_anchors(told, chain, roots) == []

    def spoilt(**changes: object) -> list[str]:
        return check_anchors({"anchors": [{**entry, **changes}]}, chain, roots)

    assert spoilt(anchor={**entry["anchor"], "sequence": 9}) == [
        f"anchors.json: the anchor of {entry['anchor']['day']} is changed",
        f"anchors.json: the anchor of {entry['anchor']['day']}: its time stamp: it is about other"
        " bytes",
    ]
    assert len(spoilt(proofs=[{**entry["proofs"][0], "path": []}])) == 1
    assert len(spoilt(proofs=[{**entry["proofs"][0], "sequence": 7}])) == 1
    flipped = bytearray(base64.b64decode(entry["stamp"]))
    flipped[-20] ^= 1
    assert len(spoilt(stamp=base64.b64encode(bytes(flipped)).decode())) == 1
    assert len(spoilt(stamp="#")) == 1
    assert spoilt(stamp=None) == []


def test_l80_anchors_and_stamps_are_append_only(archive: Archive, tsa: TimeStampAuthority) -> None:
    from sqlalchemy.exc import IntegrityError

    work = with_tsa(archive, tsa, root=False)
    work.anchor()
    work.stamp_missing()
    for table in (ChainAnchor.__tablename__, AnchorStamp.__tablename__):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET id = 7"):
            with pytest.raises(IntegrityError), archive.store.begin() as session:
                session.execute(text(statement))
