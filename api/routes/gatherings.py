"""Whom to call to a gathering, and what responders and officers do with one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from api import place_shapes
from api.deps import Anybody, Body, Id, Lines, Officer, Operator, Serving, Staff, signed_in
from api.place_desk import PlaceDesk
from api.routes.places import Act, Because, RowId, Text, with_phone
from models import place_registry
from models.errors import BadInput, NotFound
from models.place import Responder
from models.zone import EnforcementArea

router = APIRouter(tags=["gatherings"], dependencies=signed_in)


class NewResponder(Body):
    name: Text
    kind: Text
    phone: Text | None = None
    latitude: float | None = None
    longitude: float | None = None
    area_id: RowId | None = None
    user_id: RowId | None = None


class Active(Body):
    active: bool


class Answer(Body):
    accepted: bool


class Arrive(Act):
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None


class Report(Body):
    text: Annotated[Lines, Field(min_length=1, max_length=500)]
    people: Annotated[int, Field(ge=0, le=1_000_000)] | None = None


@router.get("/responders")
def responders(_caller: Staff, services: Serving) -> list[dict[str, Any]]:
    """Whom to call to a gathering."""
    with services.store.read() as session:
        return [place_shapes.responder(row) for row in place_registry.responders(session)]


@router.post("/responders", status_code=201)
def add_responder(body: NewResponder, caller: Operator, services: Serving) -> dict[str, Any]:
    with services.store.begin() as session:
        area = None if body.area_id is None else session.get(EnforcementArea, body.area_id)
        if body.area_id is not None and area is None:
            raise NotFound(f"there is no area {body.area_id}")
        values = with_phone(body)
        values.pop("area_id", None)
        row = place_registry.add_responder(
            session, values, area=area, user_id=values.pop("user_id", None),
            at=services.clock.now(), actor=caller.name,
        )  # fmt: skip
        return place_shapes.responder(row)


@router.patch("/responders/{responder_id}")
def set_responder(
    responder_id: Id, body: Active, caller: Operator, services: Serving
) -> dict[str, Any]:
    """On duty, or off."""
    with services.store.begin() as session:
        row = session.get(Responder, responder_id)
        if row is None:
            raise NotFound(f"there is no responder {responder_id}")
        place_registry.set_responder_active(
            session, row, body.active, at=services.clock.now(), actor=caller.name
        )
        return place_shapes.responder(row)


@router.post("/events/{event_id}/calls/{responder_id}/answer")
def answer_call(
    event_id: Id, responder_id: Id, body: Answer, caller: Anybody, services: Serving
) -> dict[str, str]:
    """C4: by the responder, or by an officer or operator who has them on the telephone."""
    desk = PlaceDesk(services, event_id, caller.person().id)
    return {"state": desk.answer_call(responder_id, accepted=body.accepted)}


@router.post("/events/{event_id}/calls/{responder_id}/arrive")
def arrive(
    event_id: Id, responder_id: Id, body: Arrive, caller: Anybody, services: Serving
) -> dict[str, str]:
    """C5: the button, or a place within 50 m of the camera."""
    given = (body.latitude, body.longitude)
    if (given[0] is None) is not (given[1] is None):
        raise BadInput("a place has a latitude and a longitude", field="latitude")
    where = None if given[0] is None or given[1] is None else (given[0], given[1])
    return {
        "state": PlaceDesk(services, event_id, caller.person().id, body.expected_version).arrive(
            responder_id, where
        )
    }


@router.post("/events/{event_id}/calls/{responder_id}/report")
def report(
    event_id: Id, responder_id: Id, body: Report, caller: Anybody, services: Serving
) -> dict[str, str]:
    """C6, C8: words, and a count made on the spot."""
    desk = PlaceDesk(services, event_id, caller.person().id)
    return {"state": desk.report(responder_id, body.text, body.people)}


@router.post("/events/{event_id}/false-alarm")
def false_alarm(event_id: Id, body: Because, caller: Officer, services: Serving) -> dict[str, str]:
    """C10"""
    return {
        "state": PlaceDesk(
            services, event_id, caller.person().id, body.expected_version
        ).false_alarm(body.reason)
    }


@router.post("/events/{event_id}/emergency")
def emergency(event_id: Id, body: Because, caller: Officer, services: Serving) -> dict[str, str]:
    """C7 by an officer's own judgement: the district command leads."""
    return {
        "state": PlaceDesk(services, event_id, caller.person().id, body.expected_version).emergency(
            body.reason
        )
    }
