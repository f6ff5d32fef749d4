"""Forgetting events: which are due under which rule, and what of them goes (3.6, L63, L72, B14).

What goes: pictures and clips (their records stay in the chain as tombstones), the plate (its keyed
hash stays for the repeat rule where there was an offence), readings, looks, the words of
statements and of owners' requests about their data, and those of pre-notices and of requests for
recusal (a line of their own in the purge log). What stays: number, place, times, states and steps:
counts and the record of who did what (L13, docs/decisions/0013).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from models.case import Case
from models.chain import kept_hash
from models.event import Event, EventState, FlowName, WatchSpan
from models.evidence import Evidence
from models.holds import LegalHold, is_held
from models.looks import lock
from models.owner_requests import (
    OwnerRequest,
    RequestKind,
    RequestStatus,
    close_request,
)
from models.penalty import PreNotice
from models.people import Statement, StatementStatus, User
from models.policy import LOCAL_ZONE, Policy
from models.recusal import RecusalRequest
from models.retention_log import (
    GONE,
    FileRemoval,
    PurgeLog,
    PurgeTurn,
    Tombstone,
    write_purge,
)
from models.retention_rules import (
    CASES,
    DISCARDED,
    GATHERINGS,
    LEFT,
    NO_PENALTY,
    REQUEST,
    RetentionRule,
    rule_for,
)
from models.secret import keyed_hash
from models.triggers_people import REQUEST_WORDS, SHEET_WORDS

_KEPT_MEASURES = frozenset(
    {
        "dwell_seconds", "samples_seen", "samples_missed", "confidence_mean", "confident_share",
        "model", "rule", "software",
    }
)  # fmt: skip
"""Of the measured values: how well the eyes worked. Readings, places and colours go."""
_REMEMBERED = frozenset({LEFT.code, NO_PENALTY.code, CASES.code})
"""Rules whose plates stay as keyed hashes: there was an episode that the repeat rule counts."""


@dataclass(frozen=True, slots=True)
class Need:
    """Why an event is still kept, and until when; `until` None: nobody can tell yet."""

    reason: str
    """OPEN | HELD | STATEMENT | CASE_OPEN | MASTER | PERIOD"""
    until: datetime | None = None


def due_events(
    session: Session, rule: RetentionRule, policy: Policy, *, at: datetime, limit: int
) -> list[Event]:
    """Events whose period under `rule` is over and that nothing holds, oldest first, under their
    row locks (what another one works on is left out)."""
    query = _due(rule, cutoff(rule, policy, at)).order_by(Event.id).limit(limit)
    return list(session.scalars(query.with_for_update(of=Event, skip_locked=True)))


def count_due(session: Session, rule: RetentionRule, policy: Policy, *, at: datetime) -> int:
    """How many events `due_events` would give without a limit."""
    return session.scalar(select(func.count()).select_from(_ids_due(rule, policy, at))) or 0


def count_pictures_due(
    session: Session, rule: RetentionRule, policy: Policy, *, at: datetime
) -> int:
    """How many evidence files these events have."""
    due = select(_ids_due(rule, policy, at).c.id)
    query = select(func.count()).select_from(Evidence).where(Evidence.event_id.in_(due))
    return session.scalar(query) or 0


def _ids_due(rule: RetentionRule, policy: Policy, at: datetime) -> Subquery:
    return _due(rule, cutoff(rule, policy, at)).with_only_columns(Event.id).subquery()


def cutoff(rule: RetentionRule, policy: Policy, at: datetime) -> datetime:
    """What counts from before this instant is due."""
    return at - timedelta(days=keep_days(rule, policy))


def keep_days(rule: RetentionRule, policy: Policy) -> int:
    return int(getattr(policy, rule.field)) if rule.field else 0


def _due(rule: RetentionRule, older_than: datetime) -> Select[Any]:
    is_crowd = Event.flow == FlowName.CROWD
    query = select(Event).where(
        Event.purged_at.is_(None),
        Event.state.in_(sorted(rule.states)),
        is_crowd if rule is GATHERINGS else ~is_crowd,
        Event.ended_at < older_than,
        ~_has(LegalHold, LegalHold.lifted_at.is_(None)),
        ~_has(Statement, Statement.status == StatementStatus.OPEN),
        ~_has(
            OwnerRequest,
            OwnerRequest.status == RequestStatus.OPEN,
            OwnerRequest.kind != RequestKind.DELETION,
        ),
    )
    if rule is CASES:
        # Counted from the closing of the case; while it runs nothing of it goes.
        kept = or_(_closed_at().is_(None), _closed_at() >= older_than)
        query = query.where(~_has(Case, kept))
    if rule is DISCARDED:
        # W28: the pictures of a twin belong to the event that it was joined to.
        master = aliased(Event)
        joined = exists().where(
            master.id == Event.master_id,
            master.purged_at.is_(None),
            master.state.not_in(sorted(DISCARDED.states)),
        )
        query = query.where(~and_(Event.state == EventState.DUPLICATE, joined))
    return query


def _has(table: Any, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(table.event_id == Event.id, *conditions)


def _closed_at() -> ColumnElement[Any]:
    return func.coalesce(Case.closed_at, Case.ended_at)


def needed(session: Session, event: Event, policy: Policy, *, at: datetime) -> Need | None:
    """Why `event` may not be forgotten now; None where it may (or is)."""
    rule = rule_for(event.state, event.flow)
    if event.purged_at is not None:
        return None
    if rule is None or event.ended_at is None:
        return Need("OPEN")
    return _bound(session, event) or _period(session, event, rule, policy, at)


def _bound(session: Session, event: Event) -> Need | None:
    """A need that no period ends: a hold, an open statement, the event it was joined to."""
    if is_held(session, event):
        return Need("HELD")
    open_statement = select(Statement.id).where(
        Statement.event_id == event.id, Statement.status == StatementStatus.OPEN
    )
    if session.scalar(open_statement.limit(1)) is not None:
        return Need("STATEMENT")
    if event.state == EventState.DUPLICATE and event.master_id is not None:
        master = session.get_one(Event, event.master_id)
        if master.purged_at is None and master.state not in DISCARDED.states:
            return Need("MASTER")
    return None


def _period(
    session: Session, event: Event, rule: RetentionRule, policy: Policy, at: datetime
) -> Need | None:
    since = event.ended_at or at
    case = session.scalar(select(Case).where(Case.event_id == event.id)) if rule is CASES else None
    if case is not None:
        closed = case.closed_at or case.ended_at
        if closed is None:
            return Need("CASE_OPEN")
        since = max(since, closed)
    until = since + timedelta(days=keep_days(rule, policy))
    return Need("PERIOD", until) if until > at else None


def forget_events(
    session: Session,
    rule: RetentionRule,
    events: Sequence[Event],
    *,
    policy: Policy,
    at: datetime,
    actor: str,
) -> PurgeLog:
    """Forget `events` (locked and due) and write it down. Their files are removed afterwards, from
    the `FileRemoval` rows. Raises IntegrityError where the database says one is held or open."""
    ids = [event.id for event in events]
    records = session.scalars(
        select(Evidence)
        .where(Evidence.event_id.in_(ids), Evidence.id.not_in(select(Tombstone.evidence_id)))
        .order_by(Evidence.sequence)
    ).all()
    purge = write_purge(
        session, rule=rule.code, what="event", count=len(events),
        keep_days=keep_days(rule, policy), older_than=cutoff(rule, policy, at), at=at,
        actor=actor, tombstones=[record.chain_hash for record in records],
    )  # fmt: skip
    with turn(session, purge, "event", "evidence"):
        for record in records:
            session.add(
                Tombstone(purge_id=purge.id, evidence_id=record.id, kept_sha256=kept_hash(record))
            )
            session.add(
                FileRemoval(purge_id=purge.id, storage_key=record.storage_key, created_at=at)
            )
        session.flush()
        for record in records:
            record.details = {}
        for event in events:
            _strip(session, event, rule, at)
    for table, words in ((PreNotice, SHEET_WORDS), (RecusalRequest, REQUEST_WORDS)):
        _empty(session, purge, table, words, ids)
    return purge


def _empty(
    session: Session, purge: PurgeLog, table: Any, words: Sequence[str], event_ids: Sequence[int]
) -> None:
    """Empty the words that these events' papers hold, and write it down: the database lets nobody
    else touch them once they were delivered or answered."""
    session.flush()
    rows = session.scalars(select(table).where(table.event_id.in_(event_ids))).all()
    if not rows:
        return
    own = write_purge(
        session, rule=purge.rule, what=table.__tablename__, count=len(rows),
        keep_days=purge.keep_days, older_than=purge.older_than, at=purge.at, actor=purge.actor,
    )  # fmt: skip
    with turn(session, own, table.__tablename__):
        for row in rows:
            for word in words:
                setattr(row, word, GONE if getattr(row, word) else "")


@contextmanager
def turn(session: Session, purge: PurgeLog, *tables: str) -> Generator[None]:
    """Leave to delete old rows of these tables, until the block ends (see PurgeTurn)."""
    turns = [
        PurgeTurn(purge_id=purge.id, table_name=table, older_than=purge.older_than)
        for table in tables
    ]
    session.add_all(turns)
    session.flush()
    yield
    session.flush()
    for row in turns:
        session.delete(row)
    session.flush()


def _strip(session: Session, event: Event, rule: RetentionRule, at: datetime) -> None:
    period = rule_for(event.state, event.flow) or rule
    if event.plate and period.code in _REMEMBERED and event.state != EventState.VOIDED:
        event.plate_hash = keyed_hash(event.plate)
    event.plate = event.plate_original = event.open_plate_key = None
    event.measured = {k: v for k, v in event.measured.items() if k in _KEPT_MEASURES}
    event.confirm_gates = [
        {"gate": gate.get("gate"), "passed": gate.get("passed")} for gate in event.confirm_gates
    ]
    event.purged_at = at
    session.execute(delete(WatchSpan).where(WatchSpan.event_id == event.id))
    for statement in session.scalars(select(Statement).where(Statement.event_id == event.id)):
        statement.text = GONE
        statement.answer = GONE if statement.answer else ""
    for request in session.scalars(select(OwnerRequest).where(OwnerRequest.event_id == event.id)):
        request.text = GONE if request.text else ""


def same_plate(plate: str) -> ColumnElement[bool]:
    """Events of this plate, forgotten ones too: by the plate, or by what is left of it (W27)."""
    return or_(Event.plate == plate, Event.plate_hash == keyed_hash(plate))


def answer_deletion(
    session: Session,
    request: OwnerRequest,
    user: User,
    *,
    policy: Policy,
    at: datetime,
) -> OwnerRequest:
    """W53, PIPL 47: delete now where nothing needs the record any more, else refuse with the
    reason and the day until which it is kept.

    Raises NotAllowed, Conflict (as `close_request`).
    """
    event = lock(session, session.get_one(Event, request.event_id))
    need = needed(session, event, policy, at=at)
    words = _answer(need, policy)
    close_request(session, request, user, granted=need is None, text=words, at=at)
    if need is None and event.purged_at is None:
        forget_events(session, REQUEST, [event], policy=policy, at=at, actor=user.username)
    return request


_WHY = {
    "OPEN": ("案件尚未办结", "the matter is not over"),
    "HELD": ("因复议、诉讼等程序需要保全", "it is held for a review or another procedure"),
    "STATEMENT": ("您的陈述申辩尚未答复", "your statement is not answered yet"),
    "CASE_OPEN": ("案卷尚未结案", "the case is not closed"),
    "MASTER": ("属于另一正在保存的事件", "it belongs to another event that is kept"),
    "PERIOD": ("保存期限未满", "its retention period is not over"),
}


def _answer(need: Need | None, policy: Policy) -> str:
    if need is None:
        zh, en = "图片、号牌等信息已删除。", "Pictures and plate are deleted."
        return zh if policy.language == "zh" else en
    zh, en = _WHY[need.reason]
    day = "" if need.until is None else f"{need.until.astimezone(LOCAL_ZONE):%Y-%m-%d}"
    if policy.language == "zh":
        return f"暂不能删除：{zh}" + (f"，保存至{day}。" if day else "。")
    return f"Not yet: {en}" + (f"; kept until {day}." if day else ".")
