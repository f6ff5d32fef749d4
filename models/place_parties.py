"""Who answers for a frontage (门前三包): looked up by place; its hours, its colour (B2, B10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import deadlines
from models.event import Event, FlowName
from models.ground import point_in
from models.place import FormalOrder, FrontageAgreement, PlacePermit, ResponsibleParty
from models.policy import LOCAL_ZONE, Policy
from models.states import PlaceState
from models.zone import Zone, ZoneVersion

COLOUR_YELLOW = 2
COLOUR_RED = 4
_NOT_HELD_AGAINST = (
    PlaceState.VOIDED,
    PlaceState.DUPLICATE,
    PlaceState.EXEMPT,
    PlaceState.DISCARDED,
    PlaceState.REJECTED,
    PlaceState.TRANSFERRED,
)


def parties_at(
    session: Session, camera_id: int, box: Sequence[float], *, on: date
) -> list[ResponsibleParty]:
    """Everybody whose frontage holds the object: its foot on the ground, or its middle on the
    facade (B2). An agreement must be in force on that day."""
    rows = session.scalars(
        select(FrontageAgreement)
        .where(FrontageAgreement.camera_id == camera_id)
        .order_by(FrontageAgreement.id)
    )
    x1, y1, x2, y2 = (float(value) for value in box)
    points = (((x1 + x2) / 2, y2), ((x1 + x2) / 2, (y1 + y2) / 2))
    found: dict[int, ResponsibleParty] = {}
    for row in rows:
        if row.in_force(on) and any(point_in(row.polygon, point) for point in points):
            found[row.party_id] = row.party
    return list(found.values())


def single_party(
    session: Session, camera_id: int, box: Sequence[float], *, on: date
) -> ResponsibleParty | None:
    """The only one; none or several means that somebody has to go and see (B2)."""
    found = parties_at(session, camera_id, box, on=on)
    return found[0] if len(found) == 1 else None


def agreement_of(
    session: Session, party: ResponsibleParty, camera_id: int, on: date
) -> FrontageAgreement | None:
    """The party's agreement for what this camera sees, if one is in force."""
    rows = session.scalars(
        select(FrontageAgreement)
        .where(FrontageAgreement.party_id == party.id, FrontageAgreement.camera_id == camera_id)
        .order_by(FrontageAgreement.id.desc())
    )
    return next((row for row in rows if row.in_force(on)), None)


def permit_for(
    session: Session, zone: Zone, kind: str, *, at: datetime, box: Sequence[float] | None = None
) -> PlacePermit | None:
    """A permit of this kind for this zone, valid at `at`, whose place holds the object (B1, C3)."""
    rows = session.scalars(
        select(PlacePermit)
        .where(
            PlacePermit.zone_id == zone.id,
            PlacePermit.kind == kind,
            PlacePermit.valid_from <= at,
            PlacePermit.valid_until > at,
            PlacePermit.ended_at.is_(None),
        )
        .order_by(PlacePermit.id)
    )
    return next((row for row in rows if _covers(row.polygon, box)), None)


def _covers(polygon: list[Any] | None, box: Sequence[float] | None) -> bool:
    if polygon is None or box is None:
        return True
    x1, y1, x2, y2 = (float(value) for value in box)
    return point_in(polygon, ((x1 + x2) / 2, (y1 + y2) / 2))


def order_of(session: Session, event: Event) -> FormalOrder | None:
    """The formal order of this event, also one that the second officer has not signed yet."""
    session.flush()
    return session.scalar(select(FormalOrder).where(FormalOrder.event_id == event.id))


def next_opening(party: ResponsibleParty, version: ZoneVersion, at: datetime) -> datetime:
    """The first instant from `at` on in the party's business hours and the zone's hours for texts
    (B3, L89), in UTC. Where the two never meet, the zone's hours alone count."""
    begin, end = max(party.opens_at, version.sms_from), min(party.closes_at, version.sms_until)
    if begin >= end:
        begin, end = version.sms_from, version.sms_until
    now = deadlines.local(at).strftime("%H:%M")
    if begin <= now < end or begin >= end:
        return at
    day = deadlines.local(at).date()
    if now >= end:
        day += timedelta(days=1)
    hour, minute = (int(part) for part in begin.split(":"))
    return datetime.combine(day, time(hour, minute), LOCAL_ZONE).astimezone(UTC)


def shop_colour(session: Session, party: ResponsibleParty, *, at: datetime, policy: Policy) -> str:
    """B10: green, yellow from two events in 30 days, red from four; green again after 30 clean
    days. For service visits and praise; no decision is made of it."""
    instants = session.scalars(
        select(Event.flagged_at)
        .where(
            Event.party_id == party.id,
            Event.flow.in_([FlowName.HANGING, FlowName.POSTER]),
            Event.state.not_in([str(state) for state in _NOT_HELD_AGAINST]),
            Event.flagged_at <= at,
        )
        .order_by(Event.flagged_at)
    ).all()
    return colour_of(instants, at=at, days=policy.shop_colour_days)


def colour_of(instants: Sequence[datetime], *, at: datetime, days: int) -> str:
    """The colour that events at these instants (in order) give at `at`."""
    period = timedelta(days=days)
    level = 0
    earlier: list[datetime] = []
    for instant in instants:
        if earlier and instant - earlier[-1] >= period:
            level = 0
        earlier.append(instant)
        recent = sum(instant - other < period for other in earlier)
        level = max(level, 2 if recent >= COLOUR_RED else 1 if recent >= COLOUR_YELLOW else 0)
    if not earlier or at - earlier[-1] >= period:
        level = 0
    return ("green", "yellow", "red")[level]
