"""Gatherings: counts become an event, responders are called, answer, arrive and report (4.4).

Whatever comes in is a number of people or the word of somebody on duty; nothing here takes, keeps
or sends anything about anybody in the crowd.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import deadlines
from models.crowd_calls import call_next, calls_of
from models.crowd_view import CAMERA, CrowdView, view_of
from models.errors import BadInput, Conflict, FlowRefused
from models.event import DeadlineKind, Event, FlowName
from models.flow import SYSTEM, choose, fire
from models.flows.crowd import CALLED, CROWD
from models.looks import add_flag, lock
from models.opening import NUMBER_TRIES, next_event_no
from models.place import CallAnswer, CrowdCount
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
    seconds = min(policy.crowd_watch_seconds, version.dwell_seconds)
    if not view.at_least(policy.crowd_watch_share, seconds):
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


# What the clock does


def no_answer(session: Session, event: Event, *, policy: Policy, at: datetime) -> None:
    """C4: two minutes are over without an answer: the next one is called."""
    for call in calls_of(session, event):
        if call.answer == CallAnswer.WAITING and call.answer_by <= at:
            call.answer = CallAnswer.NO_ANSWER
            session.flush()
            if event.state == S.DISPATCHED:
                call_next(session, event, call.round, policy=policy, at=at)


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
