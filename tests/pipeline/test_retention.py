"""The retention table of domain.md 3.6 as a job: what goes when, what stays, what is logged."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from models.anchors import ChainAnchor
from models.audit import AuditEntry
from models.chain import add_evidence
from models.errors import BadInput, Unavailable
from models.event import Event, WatchSpan
from models.evidence import Evidence
from models.holds import lift_hold, place_hold
from models.people import Statement, StatementStatus
from models.policy import Policy, save_policy
from models.retention_log import FileRemoval
from models.retention_rules import FLOORS
from models.secret import keyed_hash
from models.store import Store
from pipeline.keeping import Keeping
from pipeline.retention import latest_start
from tests.pipeline.archive import PLATE, Archive
from tests.rows import NOON


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    store = Store.memory()
    yield Archive(store, tmp_path)
    store.dispose()


PERIODS = [
    ("DISCARDED", 7, None),
    ("DUPLICATE", 7, None),
    ("EXEMPT", 7, None),
    ("LEFT_IN_TIME", 30, keyed_hash),
    ("UNDETERMINED", 60, keyed_hash),
    ("REJECTED", 60, keyed_hash),
    ("EXPIRED_UNREVIEWED", 60, keyed_hash),
    ("TRANSFERRED", 60, keyed_hash),
    ("VOIDED", 60, None),  # A23: out of the history
    ("REMOVED_BY_TOW", 730, None),  # the year of the hash is over too
]


@pytest.mark.parametrize(("state", "days", "hashed"), PERIODS)
def test_l63_what_ended_is_forgotten_on_its_day_and_not_before(
    archive: Archive, state: str, days: int, hashed: Callable[[str], str] | None
) -> None:
    ended = archive.event(state)
    archive.days_later(days)
    archive.retention.run(actor="test")
    assert not archive.purged(ended)
    assert archive.stored(ended) == [True, True]
    archive.days_later(0.001)
    archive.retention.run(actor="test")
    event = archive.read(ended)
    assert event.purged_at == archive.clock.now()
    assert (event.plate, event.plate_original, event.open_plate_key) == (None, None, None)
    assert event.plate_hash == (hashed(PLATE) if hashed else None)
    assert archive.stored(ended) == [False, False]
    assert event.state == state, "counts are kept"
    assert PLATE not in f"{event.measured}{event.confirm_gates}"
    assert event.measured["dwell_seconds"] == 61.0
    with archive.store.read() as session:
        assert session.scalar(select(func.count()).select_from(WatchSpan)) == 0
        assert not any(session.scalars(select(Evidence.details)))


def test_l63_an_open_event_is_never_forgotten(archive: Archive) -> None:
    running = archive.event("REVIEW_PENDING", ended_at=None)
    archive.days_later(5000)
    archive.retention.run(actor="test")
    assert not archive.purged(running)


def test_l63_the_purge_is_written_down_and_the_chain_still_holds(archive: Archive) -> None:
    """What, how many, which rule, by whom, when; each deleted file has its tombstone."""
    first, second = archive.event(), archive.event()
    kept = archive.event("UNDETERMINED")
    before = archive.chain()
    archive.days_later(31)
    (done,) = archive.retention.run(actor="wang")
    assert (done.rule, done.what, done.count, done.keep_days, done.pictures) == (
        "left", "event", 2, 30, 4,
    )  # fmt: skip
    left, daily = archive.log()
    assert (left.rule, left.count, left.pictures, left.actor) == ("left", 2, 4, "wang")
    assert (left.at, left.older_than) == (archive.clock.now(), NOON + timedelta(days=1))
    assert (daily.rule, daily.count) == ("daily", 2)
    found = archive.chain()
    assert found.problems == ()
    assert (found.tombstones, found.files_read, found.head) == (4, 2, before.head)
    assert [archive.purged(n) for n in (first, second, kept)] == [True, True, False]


def test_l63_a_dry_run_tells_the_same_and_changes_nothing(archive: Archive) -> None:
    ended = archive.event()
    archive.days_later(31)
    told = archive.retention.preview()
    assert not archive.purged(ended)
    assert archive.log() == []
    assert told == archive.retention.run(actor="test")
    assert archive.retention.preview() == []


def test_l63_bytes_that_a_kept_record_needs_too_stay(archive: Archive) -> None:
    """Two records of the same picture have one file between them."""
    gone = archive.event(kinds=())
    kept = archive.event("UNDETERMINED", kinds=())
    with archive.store.begin() as session:
        for event_id in (gone, kept):
            event = session.get_one(Event, event_id)
            add_evidence(
                session, event=event, camera=None, kind="E1", media_type="image/jpeg",
                data=b"same", storage_key=archive.files.put(b"same", "jpg"), captured_at=NOON,
            )  # fmt: skip
    archive.days_later(31)
    archive.retention.run(actor="test")
    assert archive.purged(gone)
    assert archive.stored(kept) == [True]
    assert archive.chain().intact


def test_l63_a_crash_after_the_tombstone_is_made_good_by_the_next_run(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = archive.event()
    archive.days_later(31)

    def dies(_key: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(archive.files, "remove", dies)
        with pytest.raises(KeyboardInterrupt):
            archive.retention.run(actor="test")
    assert archive.purged(ended)
    assert archive.stored(ended) == [True, True]
    archive.retention.run(actor="test")
    assert archive.stored(ended) == [False, False]
    with archive.store.read() as session:
        assert session.scalar(select(func.count()).select_from(FileRemoval)) == 0


def test_l63_files_that_no_record_names_go_after_two_days(archive: Archive) -> None:
    """What a crash left between the file and its row; a file that anything names stays."""
    stray, fresh, reference = (
        archive.files.put(data, "jpg") for data in (b"stray", b"fresh", b"reference")
    )
    evidence = archive.keys(archive.event())
    with archive.store.begin() as session:
        session.get_one(Event, 1).camera.reference_picture = reference
    old = (archive.clock.now() - timedelta(days=3)).timestamp()
    for key in (stray, reference, *evidence):
        os.utime(archive.files.path(key), (old, old))
    now = archive.clock.now().timestamp()
    os.utime(archive.files.path(fresh), (now, now))
    half = archive.files.path(stray).with_name(".0011.part")
    half.write_bytes(b"half")
    os.utime(half, (old, old))
    archive.retention.run(actor="test")
    names = (stray, fresh, reference, *evidence)
    assert [archive.files.path(key).is_file() for key in names] == [False] + [True] * 4
    assert not half.exists()
    assert [row.count for row in archive.log("orphans")] == [1]


def test_l63_a_hold_keeps_everything_until_it_is_lifted(archive: Archive) -> None:
    held = archive.event()
    with archive.store.begin() as session:
        hold = place_hold(
            session, session.get_one(Event, held), archive.officer,
            reason="行政复议", document="复议2026-7", at=archive.clock.now(),
        )  # fmt: skip
        hold_id = hold.id
    archive.days_later(300)
    archive.retention.run(actor="test")
    assert not archive.purged(held)
    assert archive.stored(held) == [True, True]
    with archive.store.begin() as session:
        lift_hold(
            session, session.merge(hold), archive.officer, reason="复议终结",
            at=archive.clock.now(),
        )  # fmt: skip
    archive.retention.run(actor="test")
    assert archive.purged(held)
    with archive.store.read() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.action.startswith("hold."))
        ).all()
    assert [(row.action, row.actor, row.details["hold"]) for row in entries] == [
        ("hold.placed", "wang", hold_id), ("hold.lifted", "wang", hold_id),
    ]  # fmt: skip


def test_l63_an_open_statement_keeps_the_pictures(archive: Archive) -> None:
    ended = archive.event()
    with archive.store.begin() as session:
        said = Statement(event_id=ended, text="不是我的车 13812345678", received_at=NOON)
        session.add(said)
    archive.days_later(100)
    archive.retention.run(actor="test")
    assert not archive.purged(ended)
    with archive.store.begin() as session:
        session.get_one(Statement, said.id).status = StatementStatus.UPHELD
    archive.retention.run(actor="test")
    with archive.store.read() as session:
        assert session.get_one(Statement, said.id).text == "(deleted)"


def test_l19_a_case_is_kept_two_years_after_it_was_closed(archive: Archive) -> None:
    towed = archive.event("REMOVED_BY_TOW")
    case = archive.case(towed)
    archive.days_later(2000)
    archive.retention.run(actor="test")
    assert not archive.purged(towed), "while the case runs nothing of it goes"
    with archive.store.begin() as session:
        from models.case import Case

        session.get_one(Case, case).closed_at = archive.clock.now()
    archive.days_later(730)
    archive.retention.run(actor="test")
    assert not archive.purged(towed)
    archive.days_later(1)
    archive.retention.run(actor="test")
    assert archive.purged(towed)


def test_w28_pictures_of_a_twin_stay_as_long_as_the_event_they_belong_to(archive: Archive) -> None:
    master = archive.event("UNDETERMINED")
    twin = archive.event("DUPLICATE", master_id=master)
    archive.days_later(8)
    archive.retention.run(actor="test")
    assert not archive.purged(twin)
    archive.days_later(60)
    archive.retention.run(actor="test")
    archive.retention.run(actor="test")
    assert archive.purged(master)
    assert archive.purged(twin)


@pytest.mark.parametrize("field", sorted(FLOORS))
def test_l72_l82_l84_a_period_under_its_floor_is_refused_by_name(
    archive: Archive, field: str
) -> None:
    floor, why = FLOORS[field]
    assert getattr(Policy(), field) >= floor
    with archive.store.begin() as session:
        save_policy(session, {field: floor}, at=NOON, actor="test")
        with pytest.raises(BadInput, match=f"{field} must be {floor} or more days") as caught:
            save_policy(session, {field: floor - 1}, at=NOON, actor="test")
    assert caught.value.field == field
    assert why.split(":")[0] in caught.value.message


def test_a_city_chooses_a_longer_period(archive: Archive) -> None:
    ended = archive.event()
    with archive.store.begin() as session:
        save_policy(session, {"keep_left_days": 90}, at=NOON, actor="test")
    archive.days_later(89)
    archive.retention.run(actor="test")
    assert not archive.purged(ended)
    archive.days_later(2)
    archive.retention.run(actor="test")
    assert archive.purged(ended)


def test_the_job_runs_once_a_day_from_three_in_the_morning(archive: Archive) -> None:
    def runs() -> int:
        archive.retention.run_if_due()
        return len(archive.log("daily"))

    assert [runs(), runs()] == [1, 1]
    # It is noon in Hangzhou: fifteen hours later it is three in the morning.
    archive.clock.advance(14 * 3600 + 59 * 60)
    assert runs() == 1
    archive.clock.advance(60)
    assert [runs(), runs()] == [2, 2]
    archive.days_later(5)
    assert [runs(), runs()] == [3, 3]
    assert latest_start(NOON) == NOON - timedelta(hours=9)


def test_a_file_that_cannot_be_read_keeps_nobodys_data_longer(archive: Archive) -> None:
    """The night's check raises, again and again; what is due is forgotten and anchored anyway."""
    ended, running = archive.event(), archive.event("REVIEW_PENDING", ended_at=None)
    path = archive.files.path(archive.keys(running)[0])
    path.unlink()
    path.mkdir()  # to be read it is there, and cannot be
    archive.days_later(31)
    with pytest.raises(Unavailable):
        Keeping(archive.services).run_if_due()
    assert archive.purged(ended)
    assert not archive.purged(running)
    assert [row.rule for row in archive.log()] == ["left", "daily"]
    with archive.store.read() as session:
        (anchor,) = session.scalars(select(ChainAnchor)).all()
    assert anchor.purge_head == archive.log()[-1].chain_hash


def test_a_thousand_events_go_in_parts(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.retention.EVENTS_AT_ONCE", 3)
    ids: list[Any] = [archive.event(kinds=("E1",)) for _ in range(7)]
    archive.days_later(31)
    (done,) = archive.retention.run(actor="test")
    assert (done.count, done.pictures) == (7, 7)
    assert [row.count for row in archive.log("left")] == [3, 3, 1]
    assert all(archive.purged(n) for n in ids)
    assert archive.chain().intact
