"""What the pipeline and the API may ask of an event, in one place.

Every function takes the session first and never commits, is idempotent by its command id (at
most 72 characters), and raises models.errors: FlowRefused with every guard's refusal,
StaleVersion where somebody else acted first, BadInput naming a field. The parts lie in
models.opening (birth), models.patrol (on the spot), models.looks (what cameras saw),
models.promises (notices) and models.sweeping (judging again); the rules in models.flows.parking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.errors import BadInput, FlowRefused
from models.event import ActorKind, Event, EventState, FlowName
from models.exemptions import exemption_for
from models.facts import Contact, GateFacts, NewEvent, measure_gates
from models.flow import SYSTEM, Actor, find_command, fire
from models.flows.hanging import BEFORE_FINDING
from models.flows.parking_end import BEFORE_STAYED
from models.flows.tables import flow_of
from models.grounds import VoidReason
from models.looks import add_look, lock, open_watches, sampling_from
from models.opening import open_event
from models.patrol import paper_notice, record_tow
from models.people import Statement, User
from models.plate import check_plate
from models.policy import Policy
from models.promises import notice_accepted, notice_delivered, notice_failed, prepare_notice
from models.recusal import refuse_recused
from models.same_stay import same_stay
from models.sweeping import due_deadlines, expire, judge_watch
from models.zone import Zone

__all__ = [
    "Contact",
    "GateFacts",
    "NewEvent",
    "VoidReason",
    "add_look",
    "confirm_by_officer",
    "discard_by_officer",
    "due_deadlines",
    "exempt_by_officer",
    "expire",
    "judge_gates",
    "judge_watch",
    "notice_accepted",
    "notice_delivered",
    "notice_failed",
    "open_event",
    "open_watches",
    "paper_notice",
    "permit_parking",
    "prepare_notice",
    "record_tow",
    "sampling_from",
    "send_patrol",
    "transfer",
    "void",
    "zone_changed",
]


MAX_REASON = 40
"""Longest reason code that an event keeps."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What every command carries."""

    policy: Policy
    at: datetime
    command_id: str
    expected_version: int | None = None

    def part(self, suffix: str) -> _Order:
        """One of several steps of the same command."""
        return replace(self, command_id=f"{self.command_id}/{suffix}")


def judge_gates(
    session: Session,
    event: Event,
    facts: GateFacts,
    *,
    policy: Policy,
    at: datetime,
    command_id: str,
) -> Event:
    """A5, A6, A7, A27: store each gate with measured and needed, then let the flow choose."""
    lock(session, event)
    if event.state != EventState.FLAGGED:
        return event
    offset = event.camera.clock_is_off_by
    event.confirm_gates = measure_gates(event, facts, clock_offset_seconds=offset, policy=policy)
    entry = exemption_for(
        session, event.zone, event.plate, at=event.flagged_at, calendar=policy.calendar
    )
    exemption = facts.exemption or (entry.kind if entry else "")
    inputs = {
        "clone_suspected": facts.clone_suspected, "exemption": exemption, "entry": entry,
    }  # fmt: skip
    measured = {"confidence_mean": facts.confidence_mean}
    order = _Order(policy, at, command_id)
    for trigger, reason in (
        ("transfer", "SUSPECTED_CLONE" if facts.clone_suspected else "FOREIGN_AUTHORITY"),
        ("exempt", exemption),
    ):
        try:
            _fire(session, event, trigger, order, reason=reason, facts=measured, inputs=inputs)
        except FlowRefused:
            continue
        return event
    # A6 has no guards, so this one always finds a row.
    _fire(session, event, "gates", order, facts=measured, inputs=inputs)
    return event


def confirm_by_officer(
    session: Session,
    event: Event,
    user: User,
    *,
    plate: str | None,
    contact: Contact | None,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    """A8, then A10 or A11: the officer's word, with a corrected plate where one is given.

    A plate that already has an event of this stay in the area makes this one its duplicate (A4).
    Raises BadInput (field plate) for a text that is no plate.
    """
    text = None if plate is None else check_plate(plate)
    refuse_recused(session, event.id, user)
    order = _Order(policy, at, command_id, expected_version)
    if find_command(session, order.part("A4").command_id) is not None:
        return event
    judge_watch(session, event, policy=policy, at=at)
    inputs: dict[str, Any] = {"user": user, "plate": text}
    master = _twin(session, event, text)
    if master is not None:
        inputs["master"] = master
        _fire(session, event, "dedupe", order.part("A4"), by=user, inputs=inputs)
        return event
    if _exempted(session, event, text, order, user):
        return event
    _fire(session, event, "officer_confirm", order.part("A8"), by=user, inputs=inputs)
    return prepare_notice(
        session, event, contact, policy=policy, at=at, command_id=order.part("A10").command_id
    )


def _exempted(session: Session, event: Event, plate: str | None, order: _Order, user: User) -> bool:
    """A5 for the plate that an officer reads: who stands here by permission is not texted."""
    entry = exemption_for(
        session, event.zone, plate or event.plate, at=event.flagged_at,
        calendar=order.policy.calendar,
    )  # fmt: skip
    if entry is None or event.state != EventState.CONFIRM_PENDING:
        return False
    _fire(
        session, event, "exempt", order.part("A5"), by=user, reason=entry.kind,
        inputs={"user": user, "exemption": entry.kind, "entry": entry},
    )  # fmt: skip
    return True


def exempt_by_officer(
    session: Session,
    event: Event,
    user: User,
    *,
    reason: str,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    """W23, L43: an officer has made sure of the duty or the permission; the reason says by what."""
    order = _Order(policy, at, command_id, expected_version)
    return _officer_step(session, event, user, "officer_exempt", reason, order)


def _twin(session: Session, event: Event, plate: str | None) -> Event | None:
    """The event of this plate's stay in this area, where that is another one."""
    text = plate or event.plate
    if text is None or event.state != EventState.CONFIRM_PENDING:
        return None
    return same_stay(session, event, text)


def discard_by_officer(
    session: Session,
    event: Event,
    user: User,
    *,
    reason: str,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    """A8: nothing that need be told; also what a patrol finds on the spot."""
    order = _Order(policy, at, command_id, expected_version)
    return _officer_step(session, event, user, "officer_discard", reason, order)


def send_patrol(
    session: Session,
    event: Event,
    user: User,
    *,
    reason: str,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    """A8: the plate cannot be read from here, or an officer should go and see."""
    order = _Order(policy, at, command_id, expected_version)
    return _officer_step(session, event, user, "officer_patrol", reason, order)


def void(
    session: Session,
    event: Event,
    user: User,
    *,
    reason: str,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
    statement: Statement | None = None,
) -> Event:
    """A23, A24: one of the eight grounds of L39 is verified. The event leaves the history.

    Raises BadInput (field reason) for any other ground.
    """
    if reason not in list(VoidReason):
        raise BadInput(
            f"{reason!r} is no ground to void an event",
            field="reason",
            hint="one of " + ", ".join(VoidReason),
        )
    order = _Order(policy, at, command_id, expected_version)
    inputs = {"user": user, "statement": statement}
    _fire(session, event, "void", order, by=user, reason=reason, inputs=inputs)
    return event


def transfer(
    session: Session,
    event: Event,
    user: User,
    *,
    reason: str,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    """A27: to another authority (a covered or cloned plate, another one's road)."""
    order = _Order(policy, at, command_id, expected_version)
    return _officer_step(session, event, user, "transfer", reason, order)


def permit_parking(
    session: Session, zone: Zone, actor: Actor, *, policy: Policy, at: datetime, command_id: str
) -> list[Event]:
    """W30: from now on parking is legal in this zone (holiday, tidal bays): its events of today
    that have not been decided end in the owner's favour. Returns those that ended."""
    order = _Order(policy, at, command_id)
    return _all_of_zone(session, zone, "permitted", order, actor)


def zone_changed(
    session: Session, zone: Zone, *, policy: Policy, at: datetime, command_id: str
) -> list[Event]:
    """W31: call it after a new version or the end of a zone. Events whose place it no longer
    covers end in the owner's favour; they are returned."""
    return _all_of_zone(session, zone, "zone_lifted", _Order(policy, at, command_id), SYSTEM)


def _all_of_zone(
    session: Session, zone: Zone, trigger: str, order: _Order, actor: Actor
) -> list[Event]:
    session.flush()
    undecided = [*BEFORE_STAYED, *BEFORE_FINDING]
    waiting = select(Event).where(
        Event.zone_id == zone.id, Event.flow != FlowName.CROWD, Event.state.in_(undecided)
    )
    ended: list[Event] = []
    for event in session.scalars(waiting.order_by(Event.id)).all():
        lock(session, event)
        try:
            _fire(session, event, trigger, order.part(f"{event.id}"), actor=actor)
        except FlowRefused:
            continue  # still covered
        ended.append(event)
    return ended


def _officer_step(
    session: Session,
    event: Event,
    user: User,
    trigger: str,
    reason: str,
    order: _Order,
) -> Event:
    """One step of an officer with a reason code of at most 40 characters."""
    code = reason.strip()
    if not 0 < len(code) <= MAX_REASON:
        raise BadInput(f"reason must have 1 to {MAX_REASON} characters", field="reason")
    _fire(session, event, trigger, order, by=user, reason=code, inputs={"user": user})
    return event


def _fire(  # noqa: PLR0913 (as models.flow.fire)
    session: Session,
    event: Event,
    trigger: str,
    order: _Order,
    *,
    by: User | None = None,
    actor: Actor = SYSTEM,
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Any] | None = None,
    evidence_ids: Sequence[int] = (),
) -> None:
    who = actor if by is None else Actor(ActorKind.OFFICER, by.username)
    fire(
        session, flow_of(event), event, trigger, actor=who, at=order.at,
        command_id=order.command_id, policy=order.policy, facts=facts, inputs=inputs, reason=reason,
        expected_version=order.expected_version, evidence_ids=evidence_ids,
    )  # fmt: skip
