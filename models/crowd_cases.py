"""Gatherings: counts become an event, responders are called, answer, arrive and report (4.4).

Whatever comes in is a number of people or the word of somebody on duty; nothing here takes, keeps
or sends anything about anybody in the crowd.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import deadlines
from models.audit_log import record
from models.crowd_calls import call_next, calls_of, metres_between
from models.crowd_view import CAMERA, MANUAL, CrowdView, view_of
from models.errors import BadInput, Conflict, FlowRefused, NotAllowed, NotFound
from models.event import DeadlineKind, Event, FlowName
from models.flow import SYSTEM, Actor, choose, find_command, fire, person
from models.flows.crowd import CALLED, CROWD
from models.looks import add_flag, lock
from models.opening import NUMBER_TRIES, next_event_no
from models.people import Role, User
from models.place import CallAnswer, CrowdCount, ResponderCall
from models.place_facts import CrowdSample
from models.plate import new_query_code, new_query_no
from models.policy import Policy
from models.states import CrowdState
from models.zone import Zone, ZoneKind, ZoneVersion

S = CrowdState
TYPE_CODE = "0409"
"""群发性事件, as a service event (2.3)."""
MAX_PEOPLE = 1_000_000
QUESTIONS: dict[str, tuple[str, ...]] = {
    S.WATCH: ("alarm", "calm"),
    S.ALARM: ("permit", "dispatch"),
    S.DISPATCHED: ("permit", "too_many"),
    S.ON_SITE: ("permit", "too_many", "dispersed", "falling"),
    S.DISPERSING: ("permit", "too_many", "dispersed"),
    S.ESCALATED_EMERGENCY: ("dispersed",),
    S.DISPERSED: ("alarm",),
    S.FALSE_ALARM: ("alarm",),
}
"""What is asked after each count."""


def crowd_count(
    session: Session,
    zone: Zone,
    sample: CrowdSample,
    *,
    policy: Policy,
    at: datetime,
    zone_version: ZoneVersion | None = None,
) -> Event | None:
    """Keep one count and judge the gathering: opened at C1, alarmed at C2, responders called at
    once (C4). Gives the zone's event that runs (or has just ended), None while there is none.

    A count that came before, or late, changes nothing. An `unclear` sample is not kept; the event
    is flagged `camera_lost` (C8). Raises BadInput for a zone of another kind or a number that is
    none.
    """
    if zone.kind != ZoneKind.CROWD:
        raise BadInput(f"zone {zone.name} is no crowd zone", field="zone")
    if not 0 <= sample.people <= MAX_PEOPLE or sample.threshold <= 0:
        raise BadInput("people must be 0 or more, the threshold more than 0", field="sample")
    event = running(session, zone, policy=policy, at=sample.at)
    if event is not None:
        lock(session, event)
    if sample.unclear:
        if event is not None and event.is_open:
            add_flag(event, "camera_lost")
        return event
    if not _keep(session, zone, sample):
        return event
    view = view_of(session, zone, policy=policy, at=sample.at)
    if event is None:
        version = zone_version or zone.current
        event = _born(session, zone, version, view, policy, at)
        if event is None:
            return None
    _note(event, view)
    return judge_crowd(session, event, policy=policy, at=max(at, sample.at), view=view)


def running(session: Session, zone: Zone, *, policy: Policy, at: datetime) -> Event | None:
    """The zone's open event; else the one that ended less than a quarter of an hour ago and that
    a new alarm would open again (C9)."""
    session.flush()
    found = session.scalar(
        select(Event)
        .where(Event.zone_id == zone.id, Event.flow == FlowName.CROWD)
        .order_by(Event.id.desc())
        .limit(1)
    )
    if found is None or found.is_open:
        return found
    reopens = found.state in (S.DISPERSED, S.FALSE_ALARM) and found.ended_at is not None
    limit = timedelta(seconds=policy.crowd_reopen_seconds)
    if reopens and found.ended_at is not None and at - found.ended_at <= limit:
        return found
    return None


def judge_crowd(
    session: Session,
    event: Event,
    *,
    policy: Policy,
    at: datetime,
    view: CrowdView | None = None,
) -> Event:
    """Ask the counts, calls and permits so far, until nothing moves."""
    seen = view or view_of(session, event.zone, policy=policy, at=at)
    while _ask(session, event, seen, policy, at):
        pass
    return event


def _ask(session: Session, event: Event, view: CrowdView, policy: Policy, at: datetime) -> bool:
    inputs = {"view": view}
    for trigger in QUESTIONS.get(event.state, ()):
        try:
            choose(
                session, CROWD, event, trigger, actor=SYSTEM, at=at, policy=policy, inputs=inputs
            )
        except FlowRefused:
            continue
        fire(
            session, CROWD, event, trigger, actor=SYSTEM, at=at, policy=policy, inputs=inputs,
            command_id=f"crowd:{event.id}:{event.version}:{trigger}",
        )  # fmt: skip
        return True
    return False


def _keep(session: Session, zone: Zone, sample: CrowdSample) -> bool:
    latest = session.scalar(
        select(CrowdCount.at)
        .where(CrowdCount.zone_id == zone.id, CrowdCount.source == CAMERA)
        .order_by(CrowdCount.at.desc())
        .limit(1)
    )
    if latest is not None and sample.at <= latest:
        return False
    session.add(
        CrowdCount(
            zone_id=zone.id, at=sample.at, source=CAMERA, people=sample.people,
            looks=sample.looks, threshold=sample.threshold, density=sample.density,
        )
    )  # fmt: skip
    session.flush()
    return True


def _born(
    session: Session,
    zone: Zone,
    version: ZoneVersion,
    view: CrowdView,
    policy: Policy,
    at: datetime,
) -> Event | None:
    """C1, or None where there is no reason yet to watch."""
    if not view.at_least(policy.crowd_watch_share, policy.crowd_watch_seconds):
        return None
    seen_at = view.at
    xs, ys = ([float(point[axis]) for point in version.polygon] for axis in (0, 1))
    for _ in range(NUMBER_TRIES):
        event = Event(
            event_no=next_event_no(session, seen_at, policy.city_prefix),
            query_no=new_query_no(), query_code=new_query_code(),
            flow=FlowName.CROWD, state=S.WATCH, version=0, type_code=TYPE_CODE,
            camera_id=zone.camera_id, zone_id=zone.id, zone_version_id=version.id,
            area_id=zone.area_id, object_kind="crowd", box=[min(xs), min(ys), max(xs), max(ys)],
            first_seen_at=seen_at, flagged_at=seen_at, last_seen_at=seen_at,
            grace_policy="none", measured={"round": 1}, flags=[], confirm_gates=[], created_at=at,
        )  # fmt: skip
        try:
            with session.begin_nested():
                session.add(event)
                session.flush()
                fire(
                    session, CROWD, event, "watch", actor=SYSTEM, at=seen_at, policy=policy,
                    command_id=f"crowd:{zone.id}:{int(seen_at.timestamp() * 1000)}/C1",
                    inputs={"view": view},
                )  # fmt: skip
        except IntegrityError:
            continue
        return event
    raise Conflict("no free number for a new event", hint="try again")


def _note(event: Event, view: CrowdView) -> None:
    """The latest and the highest number, for whoever opens the page."""
    count = view.latest
    if count is None:
        return
    event.last_seen_at = max(event.last_seen_at, count.at)
    peak = max(float(event.measured.get("peak", 0)), count.people)
    event.measured = {
        **event.measured,
        "people": count.people,
        "peak": peak,
        "threshold": view.limit(count),
        "density": count.density,
    }
    if "camera_lost" in event.flags and event.is_open:
        event.flags = [flag for flag in event.flags if flag != "camera_lost"]


# What people do


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


def no_answer(session: Session, event: Event, *, policy: Policy, at: datetime) -> None:
    """C4: two minutes are over without an answer: the next one is called."""
    for call in calls_of(session, event):
        if call.answer == CallAnswer.WAITING and call.answer_by <= at:
            call.answer = CallAnswer.NO_ANSWER
            session.flush()
            if event.state == S.DISPATCHED:
                call_next(session, event, call.round, policy=policy, at=at)


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
    actor: Actor = person(user)
    given: Mapping[str, Any] = {"user": user, **inputs}
    fire(
        session, CROWD, event, trigger, actor=actor, at=at, command_id=command_id, policy=policy,
        inputs=given,
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


# What the clock does


def judge_falling(session: Session, event: Event, *, policy: Policy, at: datetime) -> None:
    """C7: ten minutes are over. Not a tenth fewer: emergency. Fewer, or nobody can count: ten more
    minutes, from the number that there is now."""
    if event.state not in CALLED:
        return
    view = view_of(session, event.zone, policy=policy, at=at)
    try:
        fire(
            session, CROWD, event, "not_falling", actor=SYSTEM, at=at, policy=policy,
            command_id=f"due:{event.id}:{event.version}:not_falling", inputs={"view": view},
        )  # fmt: skip
    except FlowRefused:
        people = view.people
        event.measured = {
            **event.measured,
            "falling_from": event.measured.get("falling_from") if people is None else people,
            "falling_since": at.isoformat(),
        }
        due = at + timedelta(seconds=policy.crowd_falling_seconds)
        deadlines.promise(session, event, DeadlineKind.NOT_FALLING, due)
