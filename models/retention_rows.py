"""Forgetting rows that are not events: texts, logs, counts, permits, contacts, old hashes (3.6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, delete, func, or_, select, update
from sqlalchemy.orm import Session

from models.audit import AuditEntry, Viewing
from models.case import Case
from models.case_photos import CasePhoto
from models.event import Event
from models.exemptions import Exemption
from models.holds import LegalHold
from models.notice import DeliveryReceipt, Notice, OwnerLookup, Reply
from models.people import Invitation, LoginFailure, UserSession
from models.place import CrowdCount, PlacePermit, ResponsibleParty
from models.policy import Policy
from models.retention import cutoff, keep_days, turn
from models.retention_log import FileRemoval, write_purge
from models.retention_rules import (
    CASES,
    CROWD_COUNTS,
    LOGS,
    PARTIES,
    PERMITS,
    REPEAT_HASHES,
    TEXTS,
    RetentionRule,
)
from models.states import ENDED


@dataclass(frozen=True, slots=True)
class Sort:
    """One table's part in a rule."""

    rule: RetentionRule
    what: str
    """What the purge log calls it."""
    table: Any
    due: Callable[[datetime], ColumnElement[bool]]
    """Which rows are due, given the instant before which they must lie."""
    empties: dict[str, Any] | None = None
    """Columns to empty; None: the rows are deleted."""
    file: str = ""
    """Column with the key of a file that goes with the row."""


def _held(event_id: Any) -> ColumnElement[bool]:
    held = select(LegalHold.event_id).where(LegalHold.lifted_at.is_(None))
    return or_(event_id.is_(None), event_id.not_in(held))


def _free_of_holds(subject: Any) -> ColumnElement[bool]:
    """Audit entries name what they are about: "event:12"."""
    held = select("event:" + cast(LegalHold.event_id, String)).where(LegalHold.lifted_at.is_(None))
    return subject.not_in(held)


def _notice_due(older_than: datetime) -> ColumnElement[bool]:
    """Also a test of the channel, which speaks of no event and holds a phone all the same."""
    ended = select(Event.id).where(Event.state.in_(sorted(ENDED)))
    over = or_(Notice.event_id.is_(None), Notice.event_id.in_(ended))
    return (Notice.created_at < older_than) & over & _held(Notice.event_id)


def _receipt_due(older_than: datetime) -> ColumnElement[bool]:
    """A receipt goes with its text or before it, and stays while that is kept."""
    kept = select(Notice.id).where(~_notice_due(older_than))
    free = or_(DeliveryReceipt.notice_id.is_(None), DeliveryReceipt.notice_id.not_in(kept))
    return (DeliveryReceipt.received_at < older_than) & free


def _text_due(older_than: datetime) -> ColumnElement[bool]:
    """A text whose receipts have all gone."""
    answered = select(DeliveryReceipt.notice_id).where(DeliveryReceipt.notice_id.is_not(None))
    return _notice_due(older_than) & Notice.id.not_in(answered)


def _contact_due(older_than: datetime) -> ColumnElement[bool]:
    used = select(Event.party_id).where(
        Event.party_id.is_not(None), Event.state.not_in(sorted(ENDED))
    )
    gone = ResponsibleParty.retired_at < older_than
    return gone & ResponsibleParty.phone.is_not(None) & ResponsibleParty.id.not_in(used)


def _photo_due(older_than: datetime) -> ColumnElement[bool]:
    """Two years after its case was closed (3.6), unless the event behind the case is held."""
    over = func.coalesce(Case.closed_at, Case.ended_at)
    closed = select(Case.id).where(over < older_than, _held(Case.event_id))
    return (CasePhoto.storage_key != "") & CasePhoto.case_id.in_(closed)


SORTS: tuple[Sort, ...] = (
    Sort(
        REPEAT_HASHES, "plate_hash", Event,
        lambda t: Event.plate_hash.is_not(None) & (Event.ended_at < t), {"plate_hash": None},
    ),
    # The row stays with its hash, as a tombstone does: there was a photo, and which.
    Sort(CASES, "case_photo", CasePhoto, _photo_due, {"storage_key": ""}, "storage_key"),
    Sort(TEXTS, "delivery_receipt", DeliveryReceipt, _receipt_due),
    Sort(TEXTS, "notice", Notice, _text_due),
    Sort(
        TEXTS, "reply", Reply,
        lambda t: (Reply.received_at < t) & Reply.text.is_not(None) & _held(Reply.event_id),
        {"phone": None, "text": None},
    ),
    Sort(
        LOGS, "audit_entry", AuditEntry,
        lambda t: (AuditEntry.at < t) & _free_of_holds(AuditEntry.subject),
    ),
    Sort(LOGS, "viewing", Viewing, lambda t: (Viewing.at < t) & _held(Viewing.event_id)),
    Sort(
        LOGS, "owner_lookup", OwnerLookup,
        lambda t: (OwnerLookup.at < t) & _held(OwnerLookup.event_id),
    ),
    Sort(LOGS, "login_failure", LoginFailure, lambda t: LoginFailure.at < t),
    Sort(LOGS, "user_session", UserSession, lambda t: UserSession.expires_at < t),
    Sort(LOGS, "invitation", Invitation, lambda t: Invitation.expires_at < t),
    Sort(CROWD_COUNTS, "crowd_count", CrowdCount, lambda t: CrowdCount.at < t),
    Sort(
        PERMITS, "place_permit", PlacePermit,
        lambda t: or_(PlacePermit.valid_until < t, PlacePermit.ended_at < t),
    ),
    Sort(
        PERMITS, "exemption", Exemption,
        lambda t: or_(Exemption.valid_until < t, Exemption.ended_at < t),
    ),
    Sort(PARTIES, "contact", ResponsibleParty, _contact_due, {"phone": None}),
)  # fmt: skip


def count_rows_due(session: Session, sort: Sort, policy: Policy, *, at: datetime) -> int:
    """How many rows are due now."""
    due = sort.due(cutoff(sort.rule, policy, at))
    return session.scalar(select(func.count()).select_from(sort.table).where(due)) or 0


def forget_rows(
    session: Session, sort: Sort, policy: Policy, *, at: datetime, actor: str, limit: int
) -> int:
    """Delete or empty up to `limit` rows that are due, oldest first, and write it down. Gives how
    many; nothing is written where none is due."""
    older_than = cutoff(sort.rule, policy, at)
    key = sort.table.id
    query: Select[Any] = select(key).where(sort.due(older_than)).order_by(key).limit(limit)
    ids: Sequence[int] = session.scalars(query).all()
    if not ids:
        return 0
    purge = write_purge(
        session, rule=sort.rule.code, what=sort.what, count=len(ids),
        keep_days=keep_days(sort.rule, policy), older_than=older_than, at=at, actor=actor,
    )  # fmt: skip
    chosen = key.in_(ids)
    if sort.file:
        keys = session.scalars(select(getattr(sort.table, sort.file)).where(chosen)).all()
        session.add_all(
            FileRemoval(purge_id=purge.id, storage_key=one, created_at=at) for one in keys
        )
    with turn(session, purge, sort.table.__tablename__):
        if sort.empties is None:
            session.execute(delete(sort.table).where(chosen))
        else:
            session.execute(update(sort.table).where(chosen).values(**sort.empties))
    return len(ids)
