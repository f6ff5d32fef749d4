"""What the database lets a purge do, and nobody else, on both engines (L13, L80, B14)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.chain import add_evidence, verify_chain
from models.delivery import queue_test
from models.errors import BadInput, Conflict, NotAllowed
from models.event import Event
from models.evidence import Evidence
from models.holds import event_of_case, holds_of, lift_hold, place_hold, standing_holds
from models.notice import Notice
from models.people import Role, User
from models.policy import Policy
from models.retention import forget_events, turn
from models.retention_log import PurgeTurn, Tombstone, write_purge
from models.retention_rows import SORTS, forget_rows
from models.retention_rules import LEFT
from models.store import Store
from tests import rows
from tests.rows import NOON

LATER = NOON + timedelta(days=31)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A file of SQLite (a barrier is checked at a real commit) and PostgreSQL."""
    is_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'q.db'}" if is_file else request.getfixturevalue("postgres_url")
    made = Store(url)
    made.migrate()
    yield made
    made.dispose()


def past(session: Session, state: str = "LEFT_IN_TIME", **values: Any) -> Event:
    """An event that ended at noon, with one record."""
    event = rows.event(session, state=state, **({"ended_at": NOON} | values))
    add_evidence(
        session, event=event, camera=event.camera, kind="E1", media_type="image/jpeg",
        data=b"x", storage_key="x", captured_at=NOON, details={"plate": "浙A12345"},
    )  # fmt: skip
    session.add(rows_viewing(event))
    session.flush()
    return event


def rows_viewing(event: Event) -> Any:
    from models.audit import Viewing

    return Viewing(at=NOON, viewer="wang", event_id=event.id, reason="复核")


def forget(session: Session, *events: Event) -> None:
    forget_events(session, LEFT, events, policy=Policy(), at=LATER, actor="test")


def officer(session: Session) -> User:
    return rows.user(session, "wang", Role.OFFICER, password=None)


REFUSED = [
    "UPDATE evidence SET details = '{}'",
    "UPDATE evidence SET sha256 = 'f'",
    "DELETE FROM evidence",
    "DELETE FROM viewing",
    "UPDATE viewing SET reason = 'x'",
    "UPDATE event SET purged_at = '2026-12-24', plate = NULL",
    "INSERT INTO tombstone (id, purge_id, evidence_id, kept_sha256) VALUES (9, 1, 2, 'f')",
    "UPDATE tombstone SET kept_sha256 = 'f'",
    "DELETE FROM tombstone",
    "UPDATE purge_log SET count = 0",
    "DELETE FROM purge_log",
    "UPDATE event SET plate = '浙A99999' WHERE purged_at IS NOT NULL",
    "UPDATE event SET purged_at = NULL WHERE purged_at IS NOT NULL",
]


def test_b14_outside_a_purge_nothing_is_changed_or_deleted(store: Store) -> None:
    """Also after one: its leave ends with it."""
    with store.begin() as session:
        forget(session, past(session))
        past(session)
    for statement in REFUSED:
        with pytest.raises(IntegrityError), store.begin() as session:
            session.execute(text(statement))
    with store.read() as session:
        found = verify_chain(session)
    assert (found.problems, found.records, found.tombstones) == ((), 2, 1)


def test_b14_leave_to_delete_cannot_be_left_behind(store: Store) -> None:
    """A turn that is not taken back refuses the whole transaction at its commit."""
    with pytest.raises(IntegrityError), store.begin() as session:
        purge = write_purge(
            session, rule="left", what="event", count=0, keep_days=30, older_than=LATER, at=LATER,
            actor="x",
        )  # fmt: skip
        session.add(PurgeTurn(purge_id=purge.id, table_name="evidence", older_than=LATER))
    with store.read() as session:
        assert session.scalar(text("SELECT COUNT(*) FROM purge_turn")) == 0
        assert session.scalar(text("SELECT COUNT(*) FROM purge_log")) == 0


def test_b14_even_a_purge_deletes_only_what_is_old(store: Store) -> None:
    with store.begin() as session:
        past(session)
    with pytest.raises(IntegrityError), store.begin() as session:
        purge = write_purge(
            session, rule="logs", what="viewing", count=1, keep_days=400, older_than=NOON,
            at=NOON, actor="x",
        )  # fmt: skip
        with turn(session, purge, "viewing"):
            session.execute(text("DELETE FROM viewing"))


@pytest.mark.parametrize("values", [{"state": "REVIEW_PENDING", "ended_at": None}])
def test_b14_the_database_forgets_nothing_that_is_open(
    store: Store, values: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), store.begin() as session:
        forget(session, past(session, **values))


def test_b14_the_database_forgets_nothing_that_is_held(store: Store) -> None:
    """Whoever asks: the job does not ask for it, a mistake in it would be refused."""
    with store.begin() as session:
        event = past(session)
        user = officer(session)
        hold = place_hold(session, event, user, reason="复议", document="2026-7", at=NOON)
    with pytest.raises(IntegrityError), store.begin() as session:
        forget(session, session.get_one(Event, event.id))
    with pytest.raises(IntegrityError), store.begin() as session:
        purge = write_purge(
            session, rule="logs", what="viewing", count=1, keep_days=400, older_than=LATER,
            at=LATER, actor="x",
        )  # fmt: skip
        with turn(session, purge, "viewing"):
            session.execute(text("DELETE FROM viewing"))
    for statement in ("UPDATE legal_hold SET reason = 'x'", "DELETE FROM legal_hold"):
        with pytest.raises(IntegrityError), store.begin() as session:
            session.execute(text(statement))
    with store.begin() as session:
        lift_hold(session, session.merge(hold), user, reason="终结", at=LATER)
    with pytest.raises(IntegrityError), store.begin() as session:
        session.execute(text("UPDATE legal_hold SET lifted_at = NULL"))
    with store.begin() as session:
        forget(session, session.get_one(Event, event.id))


TAMPERINGS = [
    ("UPDATE evidence SET captured_at = '2026-01-01 00:00:00'", "tombstone_changed"),
    ("UPDATE evidence SET sha256 = 'f'", "tombstone_changed"),
    ("UPDATE tombstone SET kept_sha256 = 'f'", "tombstone_changed"),
    ("UPDATE purge_log SET actor = 'nobody'", "purge_log_changed"),
    ("UPDATE purge_log SET digest = ''", "tombstones_differ"),
    ("DELETE FROM tombstone", "record_changed"),
    ("DELETE FROM tombstone", "tombstones_differ"),
]


@pytest.mark.parametrize(("statement", "what"), TAMPERINGS)
def test_b14_a_tombstone_hides_no_change(statement: str, what: str) -> None:
    """By somebody who owns the database and takes the triggers away."""
    store = Store.memory()
    with store.begin() as session:
        forget(session, past(session))
    with store.connection() as raw:
        for table in ("evidence", "tombstone", "purge_log"):
            for verb in ("update", "delete"):
                raw.execute(text(f"DROP TRIGGER {table}_no_{verb}"))
        raw.execute(text(statement))
    with store.read() as session:
        assert what in {problem.what for problem in verify_chain(session).problems}
    store.dispose()


def test_b14_a_tombstone_that_no_purge_speaks_of_shows(session: Session) -> None:
    """Made up to hide a missing picture: the purge log does not know it."""
    forget(session, past(session))
    event = past(session)
    for trigger in ("tombstone_of_a_purge", "evidence_no_update"):
        session.execute(text(f"DROP TRIGGER {trigger}"))
    record = session.query(Evidence).filter_by(event_id=event.id).one()
    from models.chain import kept_hash

    session.add(Tombstone(purge_id=1, evidence_id=record.id, kept_sha256=kept_hash(record)))
    session.flush()
    record.details = {}
    session.flush()
    assert [p.what for p in verify_chain(session).problems] == ["tombstones_differ"]


def test_a_hold_needs_an_officer_a_reason_and_a_document(session: Session) -> None:
    event, wang = past(session), officer(session)
    clerk = rows.user(session, "clerk", Role.OPERATOR, password=None)
    with pytest.raises(NotAllowed):
        place_hold(session, event, clerk, reason="复议", document="2026-7", at=NOON)
    for reason, document, field in [("", "2026-7", "reason"), ("复议", " ", "document")]:
        with pytest.raises(BadInput) as caught:
            place_hold(session, event, wang, reason=reason, document=document, at=NOON)
        assert caught.value.field == field
    hold = place_hold(session, event, wang, reason="复议", document="2026-7", at=NOON)
    assert standing_holds(session) == holds_of(session, event) == [hold]
    with pytest.raises(NotAllowed):
        lift_hold(session, hold, clerk, reason="终结", at=LATER)
    lift_hold(session, hold, wang, reason="终结", at=LATER)
    assert standing_holds(session) == []
    with pytest.raises(Conflict):
        lift_hold(session, hold, wang, reason="终结", at=LATER)
    forget(session, event)
    with pytest.raises(Conflict, match="deleted already"):
        place_hold(session, event, wang, reason="复议", document="2026-8", at=LATER)


def test_a_case_is_held_by_its_event(session: Session) -> None:
    from models.case import Case

    event = past(session)
    session.add(Case(case_no="HZC1123-0001", event_id=event.id, opened_at=NOON))
    session.add(Case(case_no="HZC1123-0002", opened_at=NOON))
    session.flush()
    assert event_of_case(session, "HZC1123-0001") is event
    with pytest.raises(BadInput, match="not opened for an event"):
        event_of_case(session, "HZC1123-0002")


def test_l84_a_test_of_the_channel_is_forgotten_with_the_texts(session: Session) -> None:
    """It speaks of no event, and holds somebody's phone all the same."""
    policy = Policy()
    queue_test(session, "+8613800000001", by="zhao", policy=policy, at=NOON)
    sort = next(sort for sort in SORTS if sort.what == "notice")
    late = NOON + timedelta(days=policy.keep_sms_days)

    def forgotten(at: datetime) -> int:
        return forget_rows(session, sort, policy, at=at, actor="test", limit=9)

    assert forgotten(late) == 0
    assert forgotten(late + timedelta(seconds=1)) == 1
    assert session.query(Notice).count() == 0
