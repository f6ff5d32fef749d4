"""The hand-over of an established event to the penalty file (L16, L17, L19; invariant 1).

The penalty file itself lies outside. A vehicle's event is handed over; what hangs or is posted
ends here with its case (B8). Here are the record of it, the conditions under which the pack may
leave the house, the ninety days, and how the decision was served. No amount is known here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import deadlines, pre_notice
from models.audit_log import record
from models.case import Case
from models.errors import BadInput, Conflict, FlowRefused, NotFound, Refusal
from models.event import Deadline, DeadlineKind, Event, EventState
from models.evidence import Evidence
from models.flow import SUBJECT_CASE
from models.grounds import ground_of
from models.looks import lock
from models.pack import is_broken
from models.penalty import PenaltyHandover, PreNotice
from models.people import Decision, Statement, StatementStatus, User
from models.policy import Policy, load_policy
from models.recusal import open_requests, signers

DECIDE_DAYS = ((DeadlineKind.DECIDE_60, 60), (DeadlineKind.DECIDE_80, 80),
               (DeadlineKind.DECIDE_90, 90))  # fmt: skip
"""行政处罚法 art. 60 (L16): ninety days from the filing, with two reminders."""
SERVE_WORK_DAYS = 7
SERVED_HOW = ("in_person", "left_at_place", "post", "announcement", "electronic")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What leaves the house: plain values, and the bytes whose hash is kept."""

    content: Mapping[str, Any]
    data: bytes
    sha256: str


def open_handover(session: Session, event: Event, *, at: datetime) -> PenaltyHandover:
    """A20: from the second signature the ninety days run."""
    row = handover_of(session, event)
    if row is None:
        row = PenaltyHandover(event_id=event.id, opened_at=at)
        session.add(row)
        session.flush()
        case = _case(session, event)
        for kind, days in DECIDE_DAYS:
            deadlines.promise(session, case, kind, at + timedelta(days=days))
    return row


def stop_handover(session: Session, event: Event, *, at: datetime) -> None:
    """A24: the event was voided; nothing is decided or served any more."""
    if handover_of(session, event) is not None:
        kinds = [*(kind for kind, _ in DECIDE_DAYS), DeadlineKind.SERVICE]
        deadlines.fulfil(session, _case(session, event), kinds, at=at, result="VOIDED")


def handover_of(session: Session, event: Event) -> PenaltyHandover | None:
    session.flush()
    return session.get(PenaltyHandover, event.id)


def record_consent(
    session: Session, event: Event, user: User, *, consent: str, at: datetime
) -> PenaltyHandover:
    """L17: the party signed the confirmation for electronic service. Raises BadInput, NotFound."""
    words = consent.strip()
    if not 0 < len(words) <= 80:
        raise BadInput("the confirmation's number has 1 to 80 characters", field="consent")
    row = _locked(session, event, user, at)
    row.consent, row.consent_at = words, at
    session.flush()
    _note(session, event, user, "handover.consent", at)
    return row


def refusals(session: Session, event: Event, *, policy: Policy, at: datetime) -> list[Refusal]:
    """Everything that stands against handing the event over now."""
    found: list[Refusal] = []

    def unless(holds: bool, code: str, message: str) -> None:
        if not holds:
            found.append(Refusal(code, message))

    unless(event.state == EventState.ESCALATED, "NOT_ESCALATED", "it is not established")
    unless(len(signers(session, event.id)) >= 2, "SIGNER_RECUSED",
           "two officers without a conflict have to have signed")  # fmt: skip
    unless(at < deadlines.years_later(event.first_seen_at, 2), "TOO_OLD",
           "more than two years have passed since it happened")  # fmt: skip
    unless(not _open_statements(session, event), "STATEMENT_OPEN", "a statement is not answered")
    unless(not open_requests(session, event), "RECUSAL_OPEN",
           "a request for recusal is not answered")  # fmt: skip
    unless(ground_of(session, event) is None, "VOID_GROUND",
           "a ground to cancel the record was verified: void it")  # fmt: skip
    unless(not is_broken(session, event), "EVIDENCE_BROKEN",
           "a stored file is not what was recorded")  # fmt: skip
    sheet = pre_notice.latest(session, event)
    if sheet is None:
        return [*found, Refusal("PRE_NOTICE_MISSING", "the party was not told before")]
    if sheet.waived_at is not None:
        return found
    if sheet.delivered_at is None:
        return [*found, Refusal("PRE_NOTICE_NOT_DELIVERED", "the pre-notice was not delivered")]
    until = reply_until(sheet, policy)
    unless(until is not None and at >= until, "REPLY_TIME",
           "the party's time to speak and to ask for a hearing is not over")  # fmt: skip
    return found


def reply_until(sheet: PreNotice, policy: Policy) -> datetime | None:
    """Until when the party may speak or ask for a hearing; None before the delivery."""
    if sheet.delivered_at is None:
        return None
    return deadlines.end_of_work_days(
        sheet.delivered_at, policy.pre_notice_work_days, policy.calendar, for_citizen=True
    )


def export(session: Session, event: Event, user: User, *, policy: Policy, at: datetime) -> Sheet:
    """The hand-over sheet (L10, L12): what was established, told and answered, and every file of
    the pack with its hash. Raises FlowRefused with everything that stands against it.
    """
    row = _locked(session, event, user, at)
    against = refusals(session, event, policy=policy, at=at)
    if against:
        message = "; ".join(refusal.message for refusal in against)
        raise FlowRefused(f"event {event.event_no} cannot be handed over: {message}", against)
    content = _content(session, event, row, exported_at=at)
    data = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode()
    sheet = Sheet(content, data, hashlib.sha256(data).hexdigest())
    row.exported_at, row.exported_by, row.sheet_sha256 = at, user.id, sheet.sha256
    session.flush()
    _note(session, event, user, "handover.export", at, sha256=sheet.sha256)
    return sheet


def record_decision(
    session: Session, event: Event, user: User, *, decision_no: str, decided_at: datetime,
    at: datetime,
) -> PenaltyHandover:  # fmt: skip
    """The authority decided outside this system; from now it has seven work days to serve it.

    Raises BadInput (field decision_no or decided_at), Conflict where nothing was handed over or
    the event was voided since.
    """
    number = decision_no.strip()
    if not 0 < len(number) <= 40 or pre_notice.names_money(number):
        raise BadInput("the decision's number has 1 to 40 characters", field="decision_no")
    row = _locked(session, event, user, at)
    _not_voided(event)
    if row.exported_at is None:
        raise Conflict("it was not handed over yet", code="NOT_HANDED_OVER")
    if not row.exported_at <= decided_at <= at:
        raise BadInput("a decision follows the hand-over, and is not in the future",
                       field="decided_at")  # fmt: skip
    row.decision_no, row.decided_at = number, decided_at
    case = _case(session, event)
    deadlines.fulfil(session, case, [kind for kind, _ in DECIDE_DAYS], at=at, result="DECIDED")
    deadlines.promise(
        session, case, DeadlineKind.SERVICE,
        deadlines.end_of_work_days(
            decided_at, SERVE_WORK_DAYS, load_policy(session).calendar
        ),
    )  # fmt: skip
    _note(session, event, user, "handover.decision", at)
    return row


def record_service(
    session: Session, event: Event, user: User, *, how: str, proof: str, received_by: str,
    served_at: datetime, at: datetime,
) -> PenaltyHandover:  # fmt: skip
    """L17: how the decision reached the party. A text message is none; an electronic way needs the
    signed consent. Raises BadInput (field how, received_by, proof or served_at), Conflict.
    """
    if how not in SERVED_HOW:
        raise BadInput(f"how is one of {', '.join(SERVED_HOW)}", field="how",
                       hint="a text message serves no decision")  # fmt: skip
    pre_notice.check_receipt(how, received_by, proof)
    row = _locked(session, event, user, at)
    _not_voided(event)
    if row.decided_at is None:
        raise Conflict("no decision is recorded", code="NOT_DECIDED")
    if how == "electronic" and row.consent_at is None:
        raise Conflict("the party has not consented to electronic service", code="NO_CONSENT",
                       hint="record the signed confirmation first")  # fmt: skip
    if not row.decided_at <= served_at <= at:
        raise BadInput("it is served after it was decided, and not in the future",
                       field="served_at")  # fmt: skip
    row.served_at, row.served_how, row.proof = served_at, how, proof.strip()
    row.received_by = received_by
    deadlines.fulfil(session, _case(session, event), [DeadlineKind.SERVICE], at=at, result="SERVED")
    _note(session, event, user, "handover.service", at, how=how)
    return row


def _locked(session: Session, event: Event, user: User, at: datetime) -> PenaltyHandover:
    pre_notice.check_officer(session, event, user, at)
    lock(session, event)
    row = handover_of(session, event)
    if row is None:
        raise NotFound(f"event {event.event_no} is not established: there is nothing to hand over")
    return row


def _not_voided(event: Event) -> None:
    """A24: nothing is decided or served of what was taken back."""
    if event.state != EventState.ESCALATED:
        raise Conflict("the event was voided: nothing follows from it", code="NOT_ESCALATED")


def _case(session: Session, event: Event) -> Case:
    """The case that two officers' signatures opened, whose limits these are."""
    session.flush()
    return session.scalars(select(Case).where(Case.event_id == event.id)).one()


def _open_statements(session: Session, event: Event) -> bool:
    return any(row.status == StatementStatus.OPEN for row in _statements(session, event))


def _statements(session: Session, event: Event) -> list[Statement]:
    return list(
        session.scalars(
            select(Statement).where(Statement.event_id == event.id).order_by(Statement.id)
        )
    )


def _content(
    session: Session, event: Event, row: PenaltyHandover, *, exported_at: datetime
) -> dict[str, Any]:
    sheet = pre_notice.latest(session, event)
    officers = {u.id: u for u in session.scalars(select(User))}
    decisions = session.scalars(
        select(Decision).where(Decision.event_id == event.id).order_by(Decision.id)
    )
    evidence = session.scalars(
        select(Evidence).where(Evidence.event_id == event.id).order_by(Evidence.sequence)
    )
    due = session.scalar(
        select(Deadline.due_at).where(
            Deadline.subject_kind == SUBJECT_CASE,
            Deadline.subject_id == _case(session, event).id,
            Deadline.kind == DeadlineKind.DECIDE_90,
        )
    )  # fmt: skip
    return {
        "event_no": event.event_no,
        "plate": event.plate,
        "place": event.zone.area.place or event.zone.area.name,
        "flagged_at": event.flagged_at.isoformat(),
        "notified_at": _when(event.notified_at),
        "grace_policy": event.grace_policy,
        "grace_deadline_at": _when(event.grace_deadline_at),
        "zone_version": event.zone_version.version,
        "legal_basis": event.zone_version.legal_basis,
        "established_at": row.opened_at.isoformat(),
        "decide_by": _when(due),
        "exported_at": exported_at.isoformat(),
        "officers": [
            {
                "officer": officers[d.officer_id].username, "licence_no": d.licence_no,
                "kind": d.kind, "obstruction_reason": d.obstruction_reason,
                "decided_at": d.decided_at.isoformat(),
            }
            for d in decisions
        ],
        "pre_notice": None if sheet is None else told(sheet),
        "statements": [
            {
                "text": s.text, "received_at": s.received_at.isoformat(), "status": s.status,
                "answer": s.answer, "answered_at": _when(s.answered_at),
            }
            for s in _statements(session, event)
        ],
        "evidence": [
            {
                "kind": e.kind, "sha256": e.sha256, "captured_at": e.captured_at.isoformat(),
                "chain_hash": e.chain_hash,
            }
            for e in evidence
        ],
    }  # fmt: skip


def told(sheet: PreNotice) -> dict[str, Any]:
    """One version of the pre-notice as plain values."""
    return {
        "version": sheet.version,
        "number": sheet.number,
        "sanction": sheet.sanction,
        "degree": sheet.degree,
        **{name: getattr(sheet, name) for name in pre_notice.LONGEST},
        "delivered_at": _when(sheet.delivered_at),
        "delivered_how": sheet.delivered_how,
        "received_by": sheet.received_by,
        "proof": sheet.proof,
        "waived_at": _when(sheet.waived_at),
        "waiver": sheet.waiver,
    }


def _when(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _note(
    session: Session, event: Event, user: User, action: str, at: datetime, **details: object
) -> None:
    record(
        session, at=at, actor=user.username, action=action, subject=f"event:{event.id}",
        details=details,
    )  # fmt: skip
