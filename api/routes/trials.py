"""A zone's trial: how often its rule was right by officers' word, and what waits for an answer."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from api import shapes
from api.deps import Body, Id, Limit, Line, Officer, Serving, Staff, signed_in
from models import precision, registry
from models.errors import NotFound, NotSignedIn
from models.event import Event
from models.people import User
from models.policy import load_policy

router = APIRouter(tags=["zones"], dependencies=signed_in)


class Answer(Body):
    """Was the machine right about this event?"""

    right: bool
    reason: Annotated[Line, Field(max_length=200)] = ""
    """Needed where it was not."""


@router.get("/zones/{zone_id}/trial")
def trial(zone_id: Id, _caller: Staff, services: Serving, limit: Limit = 50) -> dict[str, Any]:
    """The numbers that decide whether the zone may be live (B11), and the events that no officer
    has answered for yet, oldest first."""
    with services.store.read() as session:
        zone = registry.get_zone(session, zone_id)
        result = precision.trial(session, zone, policy=load_policy(session))
        events = precision.trial_events(session, zone)
        answered = precision.answers_of(session, events)
        waiting = [event for event in reversed(events) if event.id not in answered]
        return {
            "zone_id": zone.id,
            "phase": zone.current.phase,
            "version": zone.current.version,
            **result.as_json(),
            "waiting": [shapes.event(event) for event in waiting[:limit]],
        }


@router.post("/events/{event_id}/trial-answer", status_code=201)
def answer(event_id: Id, body: Answer, caller: Officer, services: Serving) -> dict[str, Any]:
    """An officer's word on one event of a zone on trial. It changes nothing about the event."""
    with services.store.begin() as session:
        event = session.get(Event, event_id)
        if event is None:
            raise NotFound(f"there is no event {event_id}")
        user = None if caller.user is None else session.get(User, caller.user.id)
        if user is None:
            raise NotSignedIn("only a person can answer for a zone")
        row = precision.answer(
            session, event, user, right=body.right, reason=body.reason, at=services.clock.now()
        )
        zone = event.zone
        result = precision.trial(session, zone, policy=load_policy(session))
        return {"id": row.id, "event_id": event.id, "right": row.right, **result.as_json()}
