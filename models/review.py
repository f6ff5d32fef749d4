"""Officers: the queue, the evidence pack and the decision of two (A20, A21; L02, L08, L31)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from models import leases
from models.errors import BadInput, FlowRefused, NotAllowed, Refusal, StaleVersion
from models.event import ActorKind, Deadline, DeadlineKind, Event, EventState, FlowName
from models.flow import SUBJECT_EVENT, Actor, choose, find_command, fire
from models.flows.parking import PARKING
from models.flows.tables import flow_of
from models.looks import lock
from models.pack import PackStatus, pack_status
from models.people import Decision, DecisionKind, Role, Statement, StatementStatus, User
from models.policy import Policy
from models.recusal import signers, signers_of

__all__ = [
    "DecisionInput",
    "PackStatus",
    "QueueItem",
    "RejectReason",
    "decide",
    "escalation_refusals",
    "pack_status",
    "queue",
]

QUEUE_STATES = (EventState.CONFIRM_PENDING, EventState.REVIEW_PENDING, EventState.PATROL_ASSIGNED)

_WAITS_FOR: dict[str, str] = {
    EventState.CONFIRM_PENDING: DeadlineKind.CONFIRM,
    EventState.REVIEW_PENDING: DeadlineKind.REVIEW_HARD,
    EventState.PATROL_ASSIGNED: DeadlineKind.PATROL,
}
CO_SIGNER = "CO_SIGNER_MISSING"


class RejectReason(StrEnum):
    """A21: mandatory, counted as an error of the machine or of the rule."""

    NOT_AN_OFFENCE = "NOT_AN_OFFENCE"
    NO_OBSTRUCTION = "NO_OBSTRUCTION"
    UNCLEAR_EVIDENCE = "UNCLEAR_EVIDENCE"
    PLATE_MISREAD = "PLATE_MISREAD"
    LEGAL_BAY = "LEGAL_BAY"
    EMERGENCY = "EMERGENCY"
    MINOR = "MINOR"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class DecisionInput:
    """One officer's word. Escalation needs the four ticks of L02 and the obstruction of L31."""

    kind: DecisionKind
    reason: str = ""
    """Free text, at most 300 characters."""
    reason_code: RejectReason | None = None
    """Mandatory for a rejection."""
    is_true: bool = False
    is_clear: bool = False
    is_complete: bool = False
    is_accurate: bool = False
    obstruction: bool = False
    obstruction_reason: str = ""


@dataclass(frozen=True, slots=True)
class QueueItem:
    event: Event
    due_at: datetime | None
    """When this state times out."""
    decided_by: tuple[int, ...]
    """Officers (user ids) who have already signed for escalation."""
    open_statements: int
    holder: leases.Holder | None = None
    """Who has it open for review just now (W42)."""


def queue(
    session: Session,
    *,
    at: datetime | None = None,
    states: Sequence[str] = QUEUE_STATES,
    area_id: int | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[QueueItem]:
    """Events that wait for people, the one that times out first on top; with `at`, also who holds
    each. However many wait, only those that are shown are read."""
    waits_for = case(_WAITS_FOR, value=Event.state, else_="")
    own_deadline = and_(
        Deadline.subject_kind == SUBJECT_EVENT,
        Deadline.subject_id == Event.id,
        Deadline.kind == waits_for,
        Deadline.done_at.is_(None),
    )
    waiting = (
        select(Event, Deadline.due_at)
        .outerjoin(Deadline, own_deadline)
        .where(Event.state.in_(states))
        .order_by(
            Deadline.due_at.is_(None), func.coalesce(Deadline.due_at, Event.flagged_at), Event.id
        )
        .limit(limit)
        .offset(offset)
    )
    if area_id is not None:
        waiting = waiting.where(Event.area_id == area_id)
    rows = session.execute(waiting).all()
    shown = [event.id for event, _ in rows]
    held = {} if at is None else leases.holders(session, shown, at=at)
    signed = signers_of(session, shown)
    said = _open_statements(session, shown)
    return [
        QueueItem(
            event=event,
            due_at=due_at,
            decided_by=signed.get(event.id, ()),
            open_statements=said.get(event.id, 0),
            holder=held.get(event.id),
        )
        for event, due_at in rows
    ]


def _open_statements(session: Session, event_ids: Sequence[int]) -> dict[int, int]:
    rows = session.execute(
        select(Statement.event_id, func.count(Statement.id))
        .where(Statement.event_id.in_(event_ids), Statement.status == StatementStatus.OPEN)
        .group_by(Statement.event_id)
    )
    return {row[0]: row[1] for row in rows}


def escalation_refusals(
    session: Session, event: Event, user: User, *, policy: Policy, at: datetime
) -> list[Refusal]:
    """What stands against this officer's signature now; the missing co-signer is left out."""
    try:
        choose(
            session, PARKING, event, "escalate", actor=_officer(user), at=at, policy=policy,
            inputs={"user": user},
        )  # fmt: skip
    except FlowRefused as refused:
        return [refusal for refusal in refused.refusals if refusal.code != CO_SIGNER]
    return []


def decide(
    session: Session,
    event: Event,
    user: User,
    decision: DecisionInput,
    *,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    """One officer's decision. A rejection ends the event at once (A21); an escalation is a
    signature, and the second one, by another licensed officer, moves it (A20).

    Raises BadInput for a missing tick, reason or code and for the same officer twice (L08),
    NotAllowed for who is no officer or not licensed, Conflict where a colleague has it open
    (W42), FlowRefused with every guard that says no, StaleVersion (W43).
    """
    session.flush()
    if find_command(session, command_id) is not None:
        return event
    lock(session, event)
    if not (user.active and user.has(Role.OFFICER)):
        raise NotAllowed("only an active officer may decide", code="NOT_AN_OFFICER")
    leases.refuse_others(session, event, user, at=at)
    decided = _reject if decision.kind == DecisionKind.REJECT else _sign
    decided(session, event, user, decision, policy, at, command_id, expected_version)
    leases.release(session, event, user)
    return event


def _reject(
    session: Session, event: Event, user: User, decision: DecisionInput, policy: Policy,
    at: datetime, command_id: str, expected_version: int | None,
) -> None:  # fmt: skip
    if decision.reason_code is None:
        raise BadInput("a rejection needs a reason code", field="reason_code")
    fire(
        session, flow_of(event), event, "reject", actor=_officer(user), at=at,
        command_id=command_id, policy=policy, inputs={"user": user}, reason=decision.reason_code,
        expected_version=expected_version,
    )  # fmt: skip
    # An officer who had signed for escalation keeps that row (it is append-only); the log shows
    # the change of mind, which is in the owner's favour.
    if not leases.has_decided(session, event, user):
        _record(session, event, user, decision, at)


def _sign(
    session: Session, event: Event, user: User, decision: DecisionInput, policy: Policy,
    at: datetime, command_id: str, expected_version: int | None,
) -> None:  # fmt: skip
    if event.flow != FlowName.PARKING:
        raise BadInput(
            "only a vehicle's event is escalated by this decision",
            field="kind",
            hint="a hanging or poster event needs a formal order first (B7, B8)",
        )
    if expected_version is not None and expected_version != event.version:
        raise StaleVersion(
            f"event {event.event_no} was changed by somebody else",
            hint="load it again and look before you decide",
        )
    _check_ticks(decision)
    signed = signers(session, event.id)
    if user.id in signed and event.state == EventState.REVIEW_PENDING:
        raise BadInput(
            "the same officer cannot sign twice",
            field="officer",
            code="SAME_OFFICER",
            hint="a second licensed officer must sign",
        )
    refusals = escalation_refusals(session, event, user, policy=policy, at=at)
    if refusals:
        message = "; ".join(refusal.message for refusal in refusals)
        raise FlowRefused(f"event {event.event_no} cannot be escalated: {message}", refusals)
    _record(session, event, user, decision, at)
    if signed:
        fire(
            session, PARKING, event, "escalate", actor=_officer(user), at=at,
            command_id=command_id, policy=policy, inputs={"user": user},
            expected_version=expected_version, facts={"officers": sorted([*signed, user.id])},
        )  # fmt: skip


def _check_ticks(decision: DecisionInput) -> None:
    """L02: true, clear, complete, accurate; L31: obstruction, with what it obstructs."""
    for name in ("is_true", "is_clear", "is_complete", "is_accurate", "obstruction"):
        if not getattr(decision, name):
            raise BadInput(f"{name} is not ticked", field=name)
    if not decision.obstruction_reason.strip():
        raise BadInput("say what the vehicle obstructs", field="obstruction_reason")


def _record(
    session: Session, event: Event, user: User, decision: DecisionInput, at: datetime
) -> None:
    session.add(
        Decision(
            event_id=event.id,
            officer_id=user.id,
            kind=decision.kind,
            reason=decision.reason or (decision.reason_code or ""),
            is_true=decision.is_true,
            is_clear=decision.is_clear,
            is_complete=decision.is_complete,
            is_accurate=decision.is_accurate,
            obstruction=decision.obstruction,
            obstruction_reason=decision.obstruction_reason,
            licence_no=user.licence_no or "",
            decided_at=at,
        )
    )
    session.flush()


def _officer(user: User) -> Actor:
    return Actor(ActorKind.OFFICER, user.username)
