"""One stay is one event (L07): which event a plate belongs to here, open or told already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session, aliased

from models import deadlines
from models.event import TERMINAL, Event, EventState, FlowName
from models.flows.effects import PROMISES
from models.ground_reference import BY_GROUND, DOUBT, SHARED
from models.notice import Notice
from models.states import ENDED


def open_parking(session: Session, area_id: int) -> list[Event]:
    """Every parking event of an area that has not ended, the oldest first."""
    return list(
        session.scalars(
            select(Event)
            .where(
                Event.flow == FlowName.PARKING,
                Event.area_id == area_id,
                Event.state.not_in(list(TERMINAL)),
            )
            .order_by(Event.id)
        )
    )


def same_stay(session: Session, event: Event, plate: str) -> Event | None:
    """The event in this area that a plate read on `event` belongs to: an open one, one that a
    sighting with this plate was joined to, or one of this very stay that has ended and was told."""
    key = f"{event.area_id}:{plate}"
    open_one = session.scalar(
        select(Event).where(Event.open_plate_key == key, Event.id != event.id)
    )
    if open_one is not None:
        return open_one
    joined = joined_master(session, event.area_id, plate)
    if joined is not None:
        # It is this one itself: then nobody else has the plate.
        return joined if joined.id != event.id else None
    return told_stay(session, event.area_id, plate, event.flagged_at)


def told_stay(session: Session, area_id: int, plate: str, at: datetime) -> Event | None:
    """The event of this very stay, where that has ended already and its owner was asked to leave.

    Eyes that were started anew see a car that they know nothing of; if nobody has seen it go since,
    it is the one that was told (invariants 5 and 8). Until the end of the day: then a stay counts
    as another one (W26).
    """
    return session.scalar(
        select(Event)
        .where(
            Event.flow == FlowName.PARKING,
            Event.plate == plate,
            Event.area_id == area_id,
            *ended_unseen(at),
        )
        .order_by(Event.id.desc())
        .limit(1)
    )


def ended_unseen(at: datetime) -> tuple[ColumnElement[bool], ...]:
    """Which events of the local day of `at` ended with their subject still there, after somebody
    had been asked to take it away. What was voided is gone from the history (L39)."""
    asked = exists().where(
        Notice.event_id == Event.id,
        Notice.template.in_(PROMISES),
        Notice.accepted_at.is_not(None),
    )
    return (
        Event.state.in_(sorted(ENDED - {EventState.VOIDED})),
        Event.gone_at.is_(None),
        Event.flagged_at >= deadlines.local_day(at)[0],
        or_(asked, Event.notified_at.is_not(None)),
    )


def joined_master(session: Session, area_id: int, plate: str) -> Event | None:
    """The open event without a plate of its own to which another camera's sighting with this plate
    was joined by its place (W28)."""
    master = aliased(Event)
    found = session.execute(
        select(Event, master)
        .join(master, master.id == Event.master_id)
        .where(
            Event.flow == FlowName.PARKING,
            Event.state == EventState.DUPLICATE,
            Event.plate == plate,
            Event.area_id == area_id,
            master.plate.is_(None),
            master.state.not_in(list(TERMINAL)),
        )
        .order_by(Event.id)
    )
    return next((event for twin, event in found if belongs(twin, event)), None)


def joined_sightings(session: Session, event: Event) -> list[Event]:
    """What other cameras saw of the vehicle of `event`: its evidence is this event's as well
    (W28). Without those whose joining has come into doubt."""
    twins = session.scalars(
        select(Event)
        .where(
            Event.flow == FlowName.PARKING,
            Event.master_id == event.id,
            Event.state == EventState.DUPLICATE,
            Event.camera_id != event.camera_id,
        )
        .order_by(Event.id)
    )
    return [twin for twin in twins if belongs(twin, event)]


def belongs(twin: Event, master: Event) -> bool:
    """Whether a joined sighting is still taken to be its master's vehicle: never on two plates."""
    if BY_GROUND not in twin.measured:
        return True
    plates = {twin.plate, master.plate} - {None}
    return DOUBT not in twin.flags and len(plates) < 2


def plates_of(members: Sequence[Event]) -> set[str]:
    """The accepted plates among sightings of one vehicle."""
    return {member.plate for member in members if member.plate is not None}


def how_joined(twin: Event) -> dict[str, Any]:
    """By what a sighting was joined to its master: the plate, or the place with its numbers."""
    metres = twin.measured.get(BY_GROUND)
    if metres is None:
        return {"by": "plate"}
    return {"by": "ground", "metres": metres, "shared_seconds": twin.measured.get(SHARED)}
