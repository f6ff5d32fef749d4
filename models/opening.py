"""The birth of an event: its number, its twin (A4), and what the same car did here before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import deadlines, judge
from models.errors import Conflict
from models.event import Event, EventState, WatchSpan
from models.facts import NewEvent
from models.flow import SYSTEM, find_command, fire
from models.flows.effects import plate_key
from models.flows.guards import TWO_WHEELERS
from models.flows.parking import PARKING
from models.ground import overlap
from models.looks import add_flag
from models.plate import new_query_code, new_query_no
from models.policy import Policy
from models.retention import same_plate
from models.same_ground import Verdict, by_ground, note_verdict, standing_box
from models.same_stay import joined_master, open_parking, told_stay

TYPE_MOTOR_VEHICLE, TYPE_TWO_WHEELER = "0505", "0506"
"""机动车乱停放, 非机动车乱停放 (2.3); a motorcycle is among the latter (W46)."""
NUMBER_TRIES = 20
"""Two cameras may want the same number, or hit the same short number, at the same time."""


def open_event(session: Session, new: NewEvent, *, policy: Policy, at: datetime) -> Event:
    """Make an event of a sighting: FLAGGED (A1, A3), or DUPLICATE linked to its master (A4), or
    DISCARDED where it turns out to be no offence (in a bay, no motor vehicle).

    The same `command_id` again returns the event of the first time. Raises FlowRefused (and
    stores nothing) where the zone or camera is out of service.
    """
    for _ in range(NUMBER_TRIES):
        earlier = find_command(session, f"{new.command_id}/A1")
        if earlier is not None:
            return session.get_one(Event, earlier.subject_id)
        master = find_master(session, new, policy) or _told(session, new)
        verdict = by_ground(session, new, policy) if master is None else Verdict()
        if verdict.match is not None:
            master = verdict.match.master
        event = _born(session, new, policy, at, is_twin=master is not None)
        if event is not None:
            return _flag(session, event, new, master, verdict, policy, at)
    raise Conflict("no free number for a new event", hint="try again")


def _born(
    session: Session, new: NewEvent, policy: Policy, at: datetime, *, is_twin: bool
) -> Event | None:
    """The new row, or None where another writer took its number or opened its twin first."""
    event = Event(
        event_no=next_event_no(session, new.flagged_at, policy.city_prefix),
        query_no=new_query_no(),
        query_code=new_query_code(),
        state=EventState.CANDIDATE,
        type_code=TYPE_TWO_WHEELER if new.object_kind in TWO_WHEELERS else TYPE_MOTOR_VEHICLE,
        version=0,
        camera_id=new.camera_id,
        zone_id=new.zone.id,
        zone_version_id=new.zone_version.id,
        area_id=new.zone.area_id,
        object_kind=new.object_kind,
        box=list(new.box),
        first_seen_at=new.first_seen_at,
        flagged_at=new.flagged_at,
        last_seen_at=new.last_seen_at,
        grace_policy=policy.grace_policy,
        plate=new.plate,
        plate_colour=new.plate_colour,
        plate_kind=new.plate_kind,
        measured=dict(new.measured),
        flags=list(new.flags),
        confirm_gates=[],
        created_at=at,
    )
    event.open_plate_key = None if is_twin else plate_key(event)
    try:
        with session.begin_nested():
            session.add(event)
            session.flush()
            _go(session, event, new, "first_seen", "A1", policy, at)
    except IntegrityError:
        return None
    return event


def _flag(
    session: Session,
    event: Event,
    new: NewEvent,
    master: Event | None,
    verdict: Verdict,
    policy: Policy,
    at: datetime,
) -> Event:
    _remember_history(session, event, policy)
    _go(session, event, new, "dwell", "A3", policy, at)
    if event.state == EventState.FLAGGED:
        note_verdict(session, event, verdict)
    if event.state == EventState.FLAGGED and master is not None:
        _go(session, event, new, "dedupe", "A4", policy, at, master=master)
    return event


def _go(
    session: Session,
    event: Event,
    new: NewEvent,
    trigger: str,
    row: str,
    policy: Policy,
    at: datetime,
    **inputs: object,
) -> None:
    fire(
        session, PARKING, event, trigger, actor=SYSTEM, at=at,
        command_id=f"{new.command_id}/{row}", policy=policy, inputs=inputs,
    )  # fmt: skip


def next_event_no(session: Session, at: datetime, prefix: str) -> str:
    """HZ1122-0031: city, local month and day, running number.

    The year is not part of it, so the count of a day goes on where the same day of an earlier
    year ended: a number is never given twice.
    """
    head = f"{prefix}{deadlines.local(at):%m%d}-"
    latest = session.scalar(
        select(Event.event_no)
        .where(Event.event_no.startswith(head, autoescape=True))
        .order_by(func.length(Event.event_no).desc(), Event.event_no.desc())
        .limit(1)
    )
    running = int(latest.removeprefix(head)) + 1 if latest else 1
    return f"{head}{running:04d}"


def find_master(
    session: Session, new: NewEvent, policy: Policy, *, except_id: int | None = None
) -> Event | None:
    """The open event of the same vehicle: same plate and area (also of another camera, W28), read
    on the event itself or on what was joined to it; or, where one of the two has no plate, the same
    place of the same camera."""
    candidates = open_parking(session, new.zone.area_id)
    others = [event for event in candidates if event.id != except_id]
    if new.plate is not None:
        for event in others:
            if event.plate == new.plate:
                return event
        joined = joined_master(session, new.zone.area_id, new.plate)
        if joined is not None and joined.id != except_id:
            return joined
    for event in others:
        unread = event.plate is None or new.plate is None
        if unread and _same_place(session, event, new.camera_id, new.box, policy):
            return event
    return None


def _told(session: Session, new: NewEvent) -> Event | None:
    if new.plate is None:
        return None
    return told_stay(session, new.zone.area_id, new.plate, new.flagged_at)


def _same_place(
    session: Session, event: Event, camera_id: int, box: Sequence[float], policy: Policy
) -> bool:
    """Same camera, boxes overlap, and the camera has not seen the other one go (W14)."""
    if event.camera_id != camera_id:
        return False
    spans = session.scalars(select(WatchSpan).where(WatchSpan.event_id == event.id)).all()
    standing = standing_box(event, spans)
    return not judge.is_gone(spans) and overlap(standing, box) >= policy.same_place_overlap


def _remember_history(session: Session, event: Event, policy: Policy) -> None:
    """W08 (a return), W26 (told here today already), W27 (oscillating): flags for the officer."""
    if event.plate is None:
        return
    start, end = deadlines.local_day(event.flagged_at)
    weeks_back = event.flagged_at - timedelta(days=policy.repeat_reminder_days)
    since_return = event.first_seen_at - timedelta(seconds=policy.return_watch_seconds)
    past = session.scalars(
        select(Event)
        .where(
            same_plate(event.plate),
            Event.area_id == event.area_id,
            Event.id != event.id,
            Event.state.not_in([EventState.VOIDED, EventState.DUPLICATE]),
            Event.flagged_at >= min(start, weeks_back, since_return - timedelta(days=1)),
        )
        .order_by(Event.id)
    ).all()
    if any(e.notified_at is not None and start <= e.notified_at < end for e in past):
        add_flag(event, "repeat_same_day")
    left = [e for e in past if e.state == EventState.LEFT_IN_TIME]
    if sum(e.flagged_at >= weeks_back for e in left) >= policy.repeat_reminder_count:
        add_flag(event, "repeat_reminder")
    for e in left:
        if e.gone_at is not None and e.gone_at >= since_return:
            event.returned_of_id = e.id
