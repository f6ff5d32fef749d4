"""Two cameras, one car, and a plate that at most one of them has read (W28): told by the ground.

Two sightings are one vehicle where their feet stand within three metres, both were seen standing
there at the same time, they are of one class, and nothing speaks against it. Everything else that
stands so near leaves a doubt: then nothing is joined, and the newcomer gets no text, no paper
notice and no escalation (flag `ground_doubt`). So a mistake can only be one in the owner's favour:
no stay is told twice (L07), and no picture of one car is kept as another's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import judge
from models.camera import Camera
from models.event import Event, EventState, WatchSpan
from models.facts import NewEvent
from models.ground import overlap
from models.ground_plane import Position
from models.ground_reference import BY_GROUND, DOUBT, SHARED, ground_of
from models.looks import add_flag, lock
from models.policy import Policy
from models.same_stay import belongs, open_parking, plates_of

SAME_PLACE_METRES = 3.0
"""W28. Not one centimetre more: cars beside each other stand 2.5 m apart."""
SHARED_STAY = 0.5
"""Both must have been seen at the same time for so much of the shorter stay. One that leaves while
the other comes shares some seconds too."""
CLASS_GROUPS = ({"car", "van"}, {"truck", "bus"})
"""Classes that are taken for each other. Two-wheelers stand closer than three metres: their place
says nothing."""
_PAINT = "body_colour"


@dataclass(frozen=True, slots=True)
class Match:
    """The event of which a new sighting is another camera's view."""

    master: Event
    metres: float
    shared_seconds: float

    def measured(self) -> dict[str, float]:
        """As the joined event keeps it."""
        return {BY_GROUND: round(self.metres, 2), SHARED: round(self.shared_seconds, 1)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the ground says of a new sighting."""

    match: Match | None = None
    doubtful: bool = False
    """Something stands so near that it may be the same vehicle, and may not."""
    loosened: Sequence[Event] = ()
    """Sightings joined earlier that may be the newcomer's vehicle instead."""


@dataclass(frozen=True, slots=True)
class _Vehicle:
    """One open event with what was joined to it."""

    master: Event
    members: Sequence[Event]
    near: Sequence[tuple[Event, float]]
    """The members of other cameras that stand within three metres of the newcomer, and how far."""
    shared_seconds: float
    shorter_seconds: float

    @property
    def metres(self) -> float:
        return min(metres for _, metres in self.near)


def by_ground(session: Session, new: NewEvent, policy: Policy) -> Verdict:
    """Which vehicle of another camera stands where this one stands. Reads only."""
    camera = session.get(Camera, new.camera_id)
    ground = None if camera is None else ground_of(session, camera)
    here = None if ground is None else ground.foot(new.box)
    if here is None or _group(new.object_kind) is None:
        return Verdict()
    around = [v for v in _vehicles(session, new, here) if v.near and v.shared_seconds > 0]
    possible = [v for v in around if new.plate is None or not plates_of(v.members)]
    if len(possible) == 1 and _is_sure(session, possible[0], new, policy):
        found = possible[0]
        match = Match(found.master, found.metres, found.shared_seconds)
        others = [v for v in around if v is not found]
        return Verdict(match, loosened=_loosened(others, possible))
    return Verdict(doubtful=bool(possible), loosened=_loosened(around, possible))


def note_verdict(session: Session, event: Event, verdict: Verdict) -> None:
    """Write down what the ground said of a new event, and what of earlier ones it shakes."""
    if verdict.match is not None:
        event.measured = {**event.measured, **verdict.match.measured()}
    elif verdict.doubtful:
        add_flag(event, DOUBT)
    for twin in sorted(verdict.loosened, key=lambda one: one.id):
        add_flag(lock(session, twin), DOUBT)
        if twin.plate is not None and twin.master_id is not None:
            # An officer may have read that plate as the master's.
            add_flag(lock(session, session.get_one(Event, twin.master_id)), DOUBT)


def _vehicles(session: Session, new: NewEvent, here: Position) -> Iterable[_Vehicle]:
    """Every vehicle of the area that has not been seen to go, with its distance from `here`."""
    masters = open_parking(session, new.zone.area_id)
    twins = session.scalars(
        select(Event)
        .where(
            Event.state == EventState.DUPLICATE,
            Event.master_id.in_([master.id for master in masters]),
        )
        .order_by(Event.id)
    ).all()
    for master in masters:
        spans = _spans(session, master)
        own = [twin for twin in twins if twin.master_id == master.id and belongs(twin, master)]
        if _group(master.object_kind) == _group(new.object_kind) and not judge.is_gone(spans):
            yield _vehicle(session, [master, *own], spans, new, here)


def _vehicle(
    session: Session, members: Sequence[Event], spans: Sequence[WatchSpan], new: NewEvent,
    here: Position,
) -> _Vehicle:  # fmt: skip
    near: list[tuple[Event, float]] = []
    for member in members:
        if member.camera_id == new.camera_id:
            continue
        place = _place(session, member, spans if member is members[0] else ())
        if place is not None and place.metres_to(here) <= SAME_PLACE_METRES:
            near.append((member, place.metres_to(here)))
    first = min(member.first_seen_at for member in members)
    last = max(member.last_seen_at for member in members)
    shared = min(last, new.last_seen_at) - max(first, new.first_seen_at)
    shorter = min(last - first, new.last_seen_at - new.first_seen_at)
    return _Vehicle(members[0], members, near, shared.total_seconds(), shorter.total_seconds())


def _is_sure(session: Session, vehicle: _Vehicle, new: NewEvent, policy: Policy) -> bool:
    """Nothing speaks against it: seen together for long enough, no other paint, and the
    newcomer's own camera does not see that vehicle somewhere else."""
    paints = {member.measured.get(_PAINT) for member in vehicle.members}
    paints = (paints | {new.measured.get(_PAINT)}) - {None}
    elsewhere = any(
        member.camera_id == new.camera_id
        and overlap(_standing(session, member), new.box) < policy.same_place_overlap
        for member in vehicle.members
    )
    long_enough = vehicle.shared_seconds >= SHARED_STAY * vehicle.shorter_seconds
    return long_enough and len(paints) < 2 and not elsewhere


def _loosened(vehicles: Sequence[_Vehicle], possible: Sequence[_Vehicle]) -> list[Event]:
    """Of vehicles that the newcomer was not joined to: sightings joined by their place alone that
    may be the newcomer. Where the newcomer may be that vehicle, all of them; else (it has another
    plate) those that stand so near and show no plate."""
    found: list[Event] = []
    for vehicle in vehicles:
        near = {member.id for member, _ in vehicle.near}
        for member in vehicle.members[1:]:
            is_near = member.id in near and member.plate is None
            if BY_GROUND in member.measured and (vehicle in possible or is_near):
                found.append(member)
    return found


def _group(kind: str) -> int | None:
    return next((n for n, group in enumerate(CLASS_GROUPS) if kind in group), None)


def _spans(session: Session, event: Event) -> Sequence[WatchSpan]:
    return session.scalars(select(WatchSpan).where(WatchSpan.event_id == event.id)).all()


def _standing(session: Session, event: Event) -> Sequence[float]:
    return standing_box(event, _spans(session, event))


def standing_box(event: Event, spans: Sequence[WatchSpan]) -> Sequence[float]:
    """Where its own camera last saw the vehicle."""
    placed = [
        span
        for span in spans
        if span.box is not None
        and span.answer in judge.PRESENT
        and span.camera_id == event.camera_id
    ]
    latest = max(placed, key=lambda span: span.ended_at, default=None)
    return event.box if latest is None or latest.box is None else latest.box


def _place(session: Session, event: Event, spans: Sequence[WatchSpan]) -> Position | None:
    ground = ground_of(session, session.get_one(Camera, event.camera_id))
    return None if ground is None else ground.foot(standing_box(event, spans))
