"""What the pipeline asks of hanging, poster and crowd events, in one place (domain.md 4.3, 4.4).

Every function takes the session first, never commits, is idempotent by its command id or instant,
and raises models.errors. `open_place_event` and `observe_place` are for what hangs or is posted;
`crowd_count` takes numbers of people, and nothing else of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import deadlines
from models.crowd_cases import crowd_count
from models.errors import BadInput, Conflict
from models.event import Event, FlowName
from models.flow import SYSTEM, Flow, find_command, fire
from models.flows.tables import flow_of
from models.ground import overlap
from models.looks import add_look, lock
from models.opening import NUMBER_TRIES, next_event_no
from models.place import ResponsibleParty
from models.place_facts import CrowdSample, NewPlaceEvent, PlaceLook
from models.place_parties import permit_for, single_party
from models.plate import new_query_code, new_query_no
from models.policy import Policy
from models.same_stay import ended_unseen
from models.states import ENDED, PlaceState
from models.sweeping import judge_watch

__all__ = [
    "CrowdSample",
    "NewPlaceEvent",
    "PlaceLook",
    "crowd_count",
    "observe_place",
    "open_place_event",
]


TYPE_CODES: dict[str, str] = {FlowName.HANGING: "0511", FlowName.POSTER: "0202"}
"""沿街晾挂, 违章张贴悬挂广告牌匾 (2.3)."""


def open_place_event(
    session: Session, new: NewPlaceEvent, *, policy: Policy, at: datetime
) -> Event:
    """Make an event of something that hung or was posted longer than the dwell (B1), and go on as
    far as rules alone may: EXEMPT under a permit, DUPLICATE of what is known to be there,
    DISCARDED in a shadow zone or on a street that is not designated, CONFIRM_PENDING where an
    officer confirms, else NOTICE_PENDING with the reminder in the outbox (B3) or DISPATCHED to a
    grid worker or a crew (B4, B9).

    The same `command_id` again returns the event of the first time. Raises BadInput for a kind
    that is neither hanging nor poster, FlowRefused (and stores nothing) where the zone or camera
    is out of service.
    """
    if new.kind not in (FlowName.HANGING, FlowName.POSTER):
        raise BadInput(f"{new.kind!r} is neither hanging nor poster", field="kind")
    for _ in range(NUMBER_TRIES):
        earlier = find_command(session, f"{new.command_id}/B0")
        if earlier is not None:
            return session.get_one(Event, earlier.subject_id)
        event = _born(session, new, policy, at)
        if event is not None:
            return _flag(session, event, new, policy, at)
    raise Conflict("no free number for a new event", hint="try again")


def observe_place(session: Session, event: Event, look: PlaceLook, *, policy: Policy) -> Event:
    """Keep one look at the place of an open event, and judge what has become of it (B5, B6).

    A look that was counted before changes nothing; one after the end of the event neither.
    """
    add_look(
        session, event, camera_id=look.camera_id, answer=look.answer, reason=look.reason,
        at=look.at, plate=None, plate_confidence=None, similarity=look.similarity, box=look.box,
        policy=policy,
    )  # fmt: skip
    return judge_watch(session, event, policy=policy, at=look.at)


def settle_place(
    session: Session, event: Event, *, policy: Policy, at: datetime, command_id: str
) -> Event:
    """After an officer confirmed: write to whoever is responsible (B3), send somebody (B4), or,
    for a poster before nobody's door, a crew (B9)."""
    lock(session, event)
    if event.state == PlaceState.OWNER_LOOKUP:
        _remind(session, event, policy, at, command_id)
    return event


def _born(session: Session, new: NewPlaceEvent, policy: Policy, at: datetime) -> Event | None:
    """The new row, or None where another writer took its number."""
    event = Event(
        event_no=next_event_no(session, new.flagged_at, policy.city_prefix),
        query_no=new_query_no(), query_code=new_query_code(),
        flow=new.kind, state=PlaceState.CANDIDATE, version=0, type_code=TYPE_CODES[new.kind],
        camera_id=new.camera_id, zone_id=new.zone.id, zone_version_id=new.zone_version.id,
        area_id=new.zone.area_id, object_kind=(new.object_kind or new.kind)[:20],
        box=list(new.box), first_seen_at=new.first_seen_at, flagged_at=new.flagged_at,
        last_seen_at=new.last_seen_at, grace_policy=policy.grace_policy,
        measured={**new.measured, "samples": new.samples}, flags=list(new.flags),
        confirm_gates=[], created_at=at,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(event)
            session.flush()
            _go(session, event, "first_seen", f"{new.command_id}/B0", policy, at)
    except IntegrityError:
        return None
    return event


def _flag(
    session: Session, event: Event, new: NewPlaceEvent, policy: Policy, at: datetime
) -> Event:
    permit = permit_for(session, new.zone, new.kind, at=new.flagged_at, box=new.box)
    facts = {"samples": new.samples}
    _go(session, event, "dwell", f"{new.command_id}/B1", policy, at, facts=facts, permit=permit)
    if event.state != PlaceState.FLAGGED:
        return event
    master = _master(session, event, policy)
    if master is not None:
        _go(session, event, "dedupe", f"{new.command_id}/B1m", policy, at, master=master)
        return event
    today = deadlines.local(new.flagged_at).date()
    party = single_party(session, new.camera_id, new.box, on=today)
    _go(session, event, "lookup", f"{new.command_id}/B2", policy, at, party=party)
    if event.state == PlaceState.OWNER_LOOKUP:
        _remind(session, event, policy, at, f"{new.command_id}/B3")
    return event


def _remind(session: Session, event: Event, policy: Policy, at: datetime, command_id: str) -> None:
    party = None if event.party_id is None else session.get(ResponsibleParty, event.party_id)
    trigger = "crew" if party is None and event.flow == FlowName.POSTER else "remind"
    _go(session, event, trigger, command_id, policy, at, party=party)


def _master(session: Session, event: Event, policy: Policy) -> Event | None:
    """The open event of the same flow and camera at the same place (A4 for things); else the one
    that ended today after somebody was reminded, with the thing still there (invariant 8)."""
    others = session.scalars(
        select(Event)
        .where(
            Event.flow == event.flow, Event.camera_id == event.camera_id, Event.id != event.id,
            or_(Event.state.not_in(list(ENDED)), and_(*ended_unseen(event.flagged_at))),
        )
        .order_by(Event.id)
    )  # fmt: skip
    alike = (o for o in others if overlap(o.box, event.box) >= policy.same_place_overlap)
    return next(alike, None)


def _go(
    session: Session,
    event: Event,
    trigger: str,
    command_id: str,
    policy: Policy,
    at: datetime,
    *,
    facts: Mapping[str, object] | None = None,
    **inputs: object,
) -> None:
    flow: Flow = flow_of(event)
    fire(
        session, flow, event, trigger, actor=SYSTEM, at=at, command_id=command_id,
        policy=policy, facts=facts, inputs=inputs,
    )  # fmt: skip
