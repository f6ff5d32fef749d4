"""What responders and officers do with a gathering: answer, arrive, report, decide (4.4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import deadlines
from models.audit_log import record
from models.crowd_calls import call_next, calls_of, metres_between
from models.crowd_cases import MAX_PEOPLE, judge_crowd
from models.crowd_view import MANUAL
from models.errors import BadInput, Conflict, NotAllowed, NotFound
from models.event import DeadlineKind, Event, FlowName
from models.flow import find_command, fire, person
from models.flows.crowd import CROWD
from models.looks import lock
from models.people import Role, User
from models.place import CallAnswer, CrowdCount, ResponderCall
from models.policy import Policy
from models.states import CrowdState

S = CrowdState


def answer_call(
    session: Session,
    event: Event,
    user: User,
    responder_id: int,
    *,
    accepted: bool,
    policy: Policy,
    at: datetime,
) -> ResponderCall:
    """C4: a responder takes the call or not. Who declines makes the next one be called at once;
    a late yes still counts. Raises NotFound where that responder was not called, NotAllowed for
    a stranger."""
    lock(session, event)
    call = _call(session, event, responder_id)
    _may_speak_for(user, call)
    if call.answer == CallAnswer.ACCEPTED or (not accepted and call.answer != CallAnswer.WAITING):
        return call
    call.answer = CallAnswer.ACCEPTED if accepted else CallAnswer.DECLINED
    call.answered_at = at
    record(
        session, at=at, actor=user.username, action="crowd.answer", subject=f"event:{event.id}",
        details={"responder": responder_id, "accepted": accepted},
    )  # fmt: skip
    session.flush()
    if accepted:
        kinds = (DeadlineKind.ANSWER, DeadlineKind.NO_RESPONDER)
        deadlines.fulfil(session, event, kinds, at=at, result="ACCEPTED")
    elif event.state == S.DISPATCHED:
        call_next(session, event, call.round, policy=policy, at=at)
    return call


def arrive(
    session: Session,
    event: Event,
    user: User,
    responder_id: int,
    *,
    place: tuple[float, float] | None = None,
    policy: Policy,
    at: datetime,
    command_id: str,
) -> Event:
    """C5: by the button, or by a place (latitude, longitude) within 50 m of the camera.

    Raises BadInput (field place) for one further away, NotFound, NotAllowed, FlowRefused.
    """
    lock(session, event)
    if find_command(session, command_id) is not None:
        return event
    call = _call(session, event, responder_id)
    _may_speak_for(user, call)
    if place is not None:
        _check_distance(event, place, policy)
    if call.answer != CallAnswer.ACCEPTED:
        call.answer, call.answered_at = CallAnswer.ACCEPTED, at
    if call.arrived_at is None:
        call.arrived_at, call.arrived_how = at, "button" if place is None else "gps"
    session.flush()
    if event.state == S.DISPATCHED:
        _by_person(session, event, user, "arrive", policy, at, command_id, call=call)
    return event


def report(
    session: Session,
    event: Event,
    user: User,
    responder_id: int,
    *,
    text: str,
    people: int | None = None,
    policy: Policy,
    at: datetime,
) -> Event:
    """C6, C8: what a responder says, with a count of their own where they made one. It closes the
    event if the people have gone; a manual count decides only while the camera gives none.

    Raises BadInput (field text or people), NotFound, NotAllowed.
    """
    words = text.strip()
    if not 0 < len(words) <= 500:
        raise BadInput("a report has 1 to 500 characters", field="text")
    if people is not None and not 0 <= people <= MAX_PEOPLE:
        raise BadInput("the number of people must be 0 or more", field="people")
    lock(session, event)
    call = _call(session, event, responder_id)
    _may_speak_for(user, call)
    if call.arrived_at is None:
        raise Conflict("whoever reports has to have arrived first", code="NOT_ARRIVED")
    call.report, call.reported_at = words, at
    if people is not None:
        _count_by_hand(session, event, people, at)
    session.flush()
    return judge_crowd(session, event, policy=policy, at=at)


def _count_by_hand(session: Session, event: Event, people: int, at: datetime) -> None:
    earlier = session.scalar(
        select(CrowdCount).where(
            CrowdCount.zone_id == event.zone_id, CrowdCount.at == at, CrowdCount.source == MANUAL
        )
    )
    if earlier is not None:
        earlier.people = people
        return
    threshold = float(event.measured.get("threshold") or event.zone_version.threshold or 1)
    session.add(
        CrowdCount(
            zone_id=event.zone_id, at=at, source=MANUAL, people=people, looks=1,
            threshold=threshold,
        )
    )  # fmt: skip


def false_alarm(
    session: Session, event: Event, user: User, *, reason: str, policy: Policy, at: datetime,
    command_id: str, expected_version: int | None = None,
) -> Event:  # fmt: skip
    """An officer looked: there is no gathering."""
    return _by_officer(
        session, event, user, "false_alarm", reason, policy, at, command_id, expected_version
    )


def declare_emergency(
    session: Session, event: Event, user: User, *, reason: str, policy: Policy, at: datetime,
    command_id: str, expected_version: int | None = None,
) -> Event:  # fmt: skip
    """C7 by an officer's own judgement."""
    return _by_officer(
        session, event, user, "officer_emergency", reason, policy, at, command_id,
        expected_version,
    )  # fmt: skip


def _by_officer(
    session: Session, event: Event, user: User, trigger: str, reason: str, policy: Policy,
    at: datetime, command_id: str, expected_version: int | None,
) -> Event:  # fmt: skip
    code = reason.strip()
    if not 0 < len(code) <= 40:
        raise BadInput("reason must have 1 to 40 characters", field="reason")
    lock(session, event)
    fire(
        session, CROWD, event, trigger, actor=person(user), at=at, command_id=command_id,
        policy=policy, reason=code, inputs={"user": user}, expected_version=expected_version,
    )  # fmt: skip
    return event


def _by_person(
    session: Session, event: Event, user: User, trigger: str, policy: Policy, at: datetime,
    command_id: str, **inputs: Any,
) -> None:  # fmt: skip
    fire(
        session, CROWD, event, trigger, actor=person(user), at=at, command_id=command_id,
        policy=policy, inputs={"user": user, **inputs},
    )  # fmt: skip


def _call(session: Session, event: Event, responder_id: int) -> ResponderCall:
    if event.flow != FlowName.CROWD:
        raise Conflict("nobody is called to this event", code="WRONG_FLOW")
    for call in reversed(calls_of(session, event)):
        if call.responder_id == responder_id:
            return call
    raise NotFound(f"responder {responder_id} was not called to {event.event_no}")


def _may_speak_for(user: User, call: ResponderCall) -> None:
    """The responder, or an officer or operator who has them on the telephone."""
    staff = user.has(Role.OFFICER) or user.has(Role.OPERATOR)
    if user.active and (staff or user.id == call.responder.user_id):
        return
    raise NotAllowed("only the responder, an officer or an operator may say so")


def _check_distance(event: Event, place: tuple[float, float], policy: Policy) -> None:
    camera = event.camera
    if camera.latitude is None or camera.longitude is None:
        raise BadInput("the camera's place is not known", field="place", hint="use the button")
    metres = metres_between(camera.latitude, camera.longitude, *place)
    if metres > policy.crowd_arrive_metres:
        raise BadInput(
            f"that is {metres:.0f} m away, not within {policy.crowd_arrive_metres:g} m",
            field="place",
        )
