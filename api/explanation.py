"""An event with everything that led to it: rule, zone version, measured numbers, reads, texts,
every step and who took it (domain.md B19, L64)."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api import reply_shapes, shapes
from models import review
from models.event import Deadline, Event, TransitionLog, WatchSpan
from models.evidence import Evidence
from models.history import history_of
from models.notice import DeliveryReceipt, Notice
from models.people import Decision, Statement, User
from models.policy import Policy
from models.same_stay import how_joined, joined_sightings

_PLATE = re.compile(r"[\u4e00-\u9fff][A-Z][·]?[A-Z0-9]{4,6}[\u4e00-\u9fff]?")


def explain(session: Session, event: Event, *, policy: Policy, full_plate: bool) -> dict[str, Any]:
    """The whole explanation as plain JSON. With `full_plate` false every plate in it is masked,
    also those inside measured values."""
    pack = review.pack_status(session, event, policy=policy)
    history = history_of(session, event)
    told = {
        **shapes.event(event, full_plate=full_plate),
        "plate_original": shapes.shown_plate(event.plate_original, full=full_plate),
        "type_code": event.type_code,
        "source_category": event.source_category,
        "confirmed_at": shapes.when(event.confirmed_at),
        "measured": event.measured,
        "confirm_gates": event.confirm_gates,
        "zone_version": shapes.zone_version(event.zone_version),
        "legal_basis": event.zone_version.legal_basis,
        "device_reviewed": event.camera.is_reviewed(),
        "timeline": _timeline(session, event),
        "deadlines": _deadlines(session, event),
        "watch": _watch(session, event),
        "evidence": [shapes.evidence(row) for row in evidence_of(session, event)],
        "joined": _joined(session, event),
        "notices": notices_of(session, event),
        "decisions": _decisions(session, event),
        "statements": _statements(session, event),
        **reply_shapes.of_event(session, event),
        "history": None if history is None else history.as_json(),
        "pack": {"complete": pack.complete, "missing": pack.missing, "notes": pack.notes},
    }
    return told if full_plate else without_plates(told)


def evidence_of(session: Session, event: Event) -> list[Evidence]:
    """In the order in which it was taken."""
    query = select(Evidence).where(Evidence.event_id == event.id)
    return list(session.scalars(query.order_by(Evidence.captured_at, Evidence.sequence)))


def _joined(session: Session, event: Event) -> list[dict[str, Any]]:
    """What other cameras saw of the same vehicle, by what it was told to be the same, and the
    evidence that is this event's as well (W28)."""
    return [
        {
            "event_id": twin.id,
            "event_no": twin.event_no,
            "camera": twin.camera.name,
            "first_seen_at": shapes.when(twin.first_seen_at),
            "last_seen_at": shapes.when(twin.last_seen_at),
            **how_joined(twin),
            "evidence": [shapes.evidence(row) for row in evidence_of(session, twin)],
        }
        for twin in joined_sightings(session, event)
    ]


def notices_of(session: Session, event: Event) -> list[dict[str, Any]]:
    """Every text of an event with every receipt that came for it."""
    rows = session.scalars(select(Notice).where(Notice.event_id == event.id).order_by(Notice.id))
    return [
        {**shapes.notice(row, event), "receipts": _receipts(session, row)} for row in rows.all()
    ]


def _receipts(session: Session, notice: Notice) -> list[dict[str, Any]]:
    query = select(DeliveryReceipt).where(DeliveryReceipt.notice_id == notice.id)
    return [shapes.receipt(row) for row in session.scalars(query.order_by(DeliveryReceipt.id))]


def _timeline(session: Session, event: Event) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(TransitionLog)
        .where(TransitionLog.subject_kind == "event", TransitionLog.subject_id == event.id)
        .order_by(TransitionLog.id)
    )
    return [
        {
            "at": shapes.when(row.at),
            "transition": row.transition,
            "from": row.from_state,
            "to": row.to_state,
            "trigger": row.trigger,
            "actor_kind": row.actor_kind,
            "actor": row.actor_id,
            "reason": row.reason,
            "facts": row.facts,
            "evidence_ids": row.evidence_ids,
            "version": row.version,
        }
        for row in rows
    ]


def _deadlines(session: Session, event: Event) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(Deadline)
        .where(Deadline.subject_kind == "event", Deadline.subject_id == event.id)
        .order_by(Deadline.due_at)
    )
    return [
        {
            "kind": row.kind,
            "due_at": shapes.when(row.due_at),
            "done_at": shapes.when(row.done_at),
            "result": row.result,
        }
        for row in rows
    ]


def _watch(session: Session, event: Event) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(WatchSpan)
        .where(WatchSpan.event_id == event.id)
        .order_by(WatchSpan.started_at, WatchSpan.id)
    )
    return [
        {
            "camera_id": row.camera_id,
            "answer": row.answer,
            "reason": row.reason,
            "started_at": shapes.when(row.started_at),
            "ended_at": shapes.when(row.ended_at),
            "looks": row.looks,
            "plate": row.plate,
            "plate_confidence": row.plate_confidence,
            "similarity": row.similarity,
        }
        for row in rows
    ]


def _decisions(session: Session, event: Event) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Decision, User.username)
        .join(User, User.id == Decision.officer_id)
        .where(Decision.event_id == event.id)
        .order_by(Decision.id)
    )
    return [
        {
            "officer": username,
            "licence_no": row.licence_no,
            "kind": row.kind,
            "reason": row.reason,
            "is_true": row.is_true,
            "is_clear": row.is_clear,
            "is_complete": row.is_complete,
            "is_accurate": row.is_accurate,
            "obstruction": row.obstruction,
            "obstruction_reason": row.obstruction_reason,
            "decided_at": shapes.when(row.decided_at),
        }
        for row, username in rows
    ]


def _statements(session: Session, event: Event) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(Statement).where(Statement.event_id == event.id).order_by(Statement.id)
    )
    return [statement(row) for row in rows]


def statement(row: Statement) -> dict[str, Any]:
    return {
        "id": row.id,
        "text": row.text,
        "channel": row.channel,
        "received_at": shapes.when(row.received_at),
        "status": row.status,
        "answer": row.answer,
        "answered_at": shapes.when(row.answered_at),
    }


def without_plates(value: Any) -> Any:
    """Plates also stand in measured values and facts: none is left readable."""
    if isinstance(value, str):
        return _PLATE.sub(lambda found: shapes.plate.mask(found.group()), value)
    if isinstance(value, dict):
        return {key: without_plates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_plates(item) for item in value]
    return value
