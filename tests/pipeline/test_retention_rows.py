"""Retention of texts, logs, counts, permits and hashes (3.6), and every rule on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from models.audit import AuditEntry, Viewing
from models.audit_log import record, record_viewing
from models.event import Event
from models.holds import place_hold
from models.notice import DeliveryReceipt, Notice
from models.place import CrowdCount, PlacePermit, ResponsibleParty
from models.secret import keyed_hash
from models.store import Store
from tests.pipeline.archive import PLATE, Archive
from tests.rows import NOON


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    store = Store.memory()
    yield Archive(store, tmp_path)
    store.dispose()


def test_l73_pictures_of_a_crowd_go_after_a_week_and_its_counts_after_180_days(
    archive: Archive,
) -> None:
    crowd = archive.event("DISPERSED", flow="crowd", plate=None, object_kind="crowd")
    with archive.store.begin() as session:
        zone_id = session.get_one(Event, crowd).zone_id
        session.add(CrowdCount(zone_id=zone_id, at=NOON, people=30, threshold=20))
    archive.days_later(8)
    archive.retention.run(actor="test")
    assert archive.purged(crowd)
    assert archive.stored(crowd) == [False, False]

    def counts() -> int:
        with archive.store.read() as session:
            return session.scalar(select(func.count()).select_from(CrowdCount)) or 0

    assert counts() == 1
    archive.days_later(173)
    archive.retention.run(actor="test")
    assert counts() == 0


def test_w27_the_hash_of_a_plate_goes_after_a_year(archive: Archive) -> None:
    ended = archive.event()
    archive.days_later(100)
    archive.retention.run(actor="test")
    archive.days_later(265)
    archive.retention.run(actor="test")
    assert archive.read(ended).plate_hash == keyed_hash(PLATE)
    archive.days_later(1)
    archive.retention.run(actor="test")
    assert archive.read(ended).plate_hash is None


def notice(archive: Archive, event_id: int) -> int:
    with archive.store.begin() as session:
        row = Notice(
            event_id=event_id, template="N1", phone="+8613800000000", status="delivered",
            variables={"plate": "浙A12**5"}, body="请驶离", created_at=archive.clock.now(),
            next_attempt_at=archive.clock.now(),
        )  # fmt: skip
        session.add(row)
        session.flush()
        receipt = DeliveryReceipt(
            notice_id=row.id, provider="local", provider_id=f"p{row.id}", status="delivered",
            received_at=archive.clock.now(),
        )  # fmt: skip
        session.add(receipt)
        return row.id


def test_l84_texts_are_kept_24_months_with_their_receipts(archive: Archive) -> None:
    notice(archive, archive.event())
    held = archive.event()
    notice(archive, held)
    with archive.store.begin() as session:
        place_hold(
            session, session.get_one(Event, held), archive.officer, reason="诉讼",
            document="(2026)1", at=NOON,
        )  # fmt: skip

    def left() -> tuple[int, int]:
        with archive.store.read() as session:
            return (
                session.scalar(select(func.count()).select_from(Notice)) or 0,
                session.scalar(select(func.count()).select_from(DeliveryReceipt)) or 0,
            )

    archive.days_later(730)
    archive.retention.run(actor="test")
    assert left() == (2, 2)
    archive.days_later(1)
    archive.retention.run(actor="test")
    assert left() == (1, 1), "what is held stays, its texts too"


def test_l82_logs_are_kept_400_days(archive: Archive) -> None:
    held, ended = archive.event(), archive.event()
    with archive.store.begin() as session:
        for event_id in (held, ended):
            event = session.get_one(Event, event_id)
            record(session, at=NOON, actor="x", action="y", subject=f"event:{event_id}")
            record_viewing(session, at=NOON, viewer="wang", reason="复核", event=event)
        place_hold(
            session, session.get_one(Event, held), archive.officer, reason="诉讼",
            document="(2026)1", at=NOON,
        )  # fmt: skip

    def left() -> tuple[set[str], set[int | None]]:
        with archive.store.read() as session:
            actions = session.scalars(select(AuditEntry.subject).where(AuditEntry.action == "y"))
            return set(actions), set(session.scalars(select(Viewing.event_id)))

    archive.days_later(400)
    archive.retention.run(actor="test")
    assert left() == ({f"event:{held}", f"event:{ended}"}, {held, ended})
    archive.days_later(1)
    archive.retention.run(actor="test")
    assert left() == ({f"event:{held}"}, {held})


def test_l63_permits_and_contacts_go_a_year_after_they_ended(archive: Archive) -> None:
    with archive.store.begin() as session:
        zone_id = session.merge(archive.version).zone_id
        session.add(
            PlacePermit(
                kind="crowd", zone_id=zone_id, document="d", approver="a", created_at=NOON,
                valid_from=NOON - timedelta(days=2), valid_until=NOON,
            )
        )  # fmt: skip
        party = ResponsibleParty(
            name="面馆", address="延安路88号", phone="+8613800000000", created_at=NOON,
            retired_at=NOON,
        )  # fmt: skip
        session.add(party)

    def left() -> tuple[int, str | None]:
        with archive.store.read() as session:
            permits = session.scalar(select(func.count()).select_from(PlacePermit)) or 0
            return permits, session.get_one(ResponsibleParty, party.id).phone

    archive.days_later(365)
    archive.retention.run(actor="test")
    assert left() == (1, "+8613800000000")
    archive.days_later(1)
    archive.retention.run(actor="test")
    assert left() == (0, None)


@pytest.mark.postgres
def test_l63_every_rule_works_on_postgres_too(postgres_url: str, tmp_path: Path) -> None:
    """One of each kind of row, all of them due: deleted or emptied, and the chain holds."""
    store = Store(postgres_url)
    store.migrate()
    archive = Archive(store, tmp_path)
    ended = [archive.event(state) for state in ("DISCARDED", "LEFT_IN_TIME", "REMOVED_BY_TOW")]
    crowd = archive.event("DISPERSED", flow="crowd", plate=None, object_kind="crowd")
    notice(archive, ended[1])
    with store.begin() as session:
        event = session.get_one(Event, ended[0])
        session.add(CrowdCount(zone_id=event.zone_id, at=NOON, people=30, threshold=20))
        record(session, at=NOON, actor="x", action="y", subject=f"event:{event.id}")
        record_viewing(session, at=NOON, viewer="wang", reason="复核", event=event)
    stray = archive.files.put(b"stray", "jpg")
    os.utime(archive.files.path(stray), (NOON.timestamp(), NOON.timestamp()))
    archive.days_later(1500)
    told = archive.retention.preview()
    done = archive.retention.run(actor="test")
    # The hashes of what was forgotten just now are too old as well.
    assert {line.rule for line in done} - {line.rule for line in told} <= {"repeat_hashes"}
    assert {line.rule for line in told} >= {
        "discarded", "left", "cases", "gatherings", "texts", "logs", "crowd_counts", "orphans",
    }  # fmt: skip
    assert all(archive.purged(n) for n in (*ended, crowd))
    assert not archive.files.path(stray).exists()
    found = archive.chain()
    assert (found.problems, found.tombstones) == ((), 8)
    assert archive.retention.preview() == []
    store.dispose()
