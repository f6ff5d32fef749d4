"""Frontages and permits, and what officers do with hanging and poster events."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from api import place_shapes
from api.auth import Caller
from api.deps import Anybody, Body, Id, Line, Lines, Officer, Operator, Serving, Staff, signed_in
from api.field_reading import Reader, field_place
from api.place_desk import PlaceDesk
from models import fields, place_registry, registry
from models.errors import BadInput, NotFound
from models.event import Event
from models.place import FrontageAgreement, PlacePermit
from models.place_acts import OrderInput
from models.policy import load_policy
from notify.phones import mobile_number
from pipeline.services import Services
from vision.geometry import validate_polygon

router = APIRouter(tags=["places"], dependencies=signed_in)

Version = Annotated[int | None, Field(ge=0, le=2**31 - 1)]
Text = Annotated[Line, Field(max_length=60)]
When = Annotated[Line, Field(max_length=40, description="ISO 8601 with offset")]
Points = Annotated[list[list[float]], Field(max_length=500)]
RowId = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Party(Body):
    kind: Text | None = None
    name: Text | None = None
    address: Text | None = None
    phone: Text | None = None
    language: Text | None = None
    opens_at: Text | None = None
    closes_at: Text | None = None


class Agreement(Body):
    camera_id: RowId
    polygon: Points
    document: Text
    signed_on: date
    valid_until: date | None = None
    authorises_texts: bool = False
    duties: Annotated[list[Text], Field(max_length=10)] | None = None


class Permit(Body):
    document: Text
    approver: Text
    valid_from: When
    valid_until: When
    max_people: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    polygon: Points | None = None


class Act(Body):
    expected_version: Version = None


class ConfirmPlace(Act):
    party_id: RowId | None = None
    """Where the frontage's polygon named the wrong one, or nobody."""


class StillThere(Act):
    plate: Annotated[Line, Field(min_length=1, max_length=12)]
    unmoved: bool
    """The notice is where it was, and so is the vehicle."""


class DraftOrder(Act):
    order_no: Annotated[Line, Field(max_length=40)]
    text: Annotated[Lines, Field(max_length=2000)]
    legal_basis: Annotated[Line, Field(max_length=200)]
    period_seconds: Annotated[int, Field(ge=1, le=31_536_000)]


class ServeOrder(Act):
    served_at: When | None = None
    served_how: Text


class Because(Act):
    reason: Annotated[Line, Field(min_length=1, max_length=300)]


class PaperNotice(Act):
    photo_id: RowId
    plate: Annotated[Line, Field(max_length=12)] | None = None
    """As read beside the vehicle: it must be the event's, or becomes it where none was read."""


# Who answers for what, what is permitted, whom to call


@router.get("/frontages")
def parties(_caller: Staff, services: Serving) -> list[dict[str, Any]]:
    """Shops and households with their agreements; phones by their last digits only."""
    with services.store.read() as session:
        return [place_shapes.party(row) for row in place_registry.parties(session)]


@router.post("/frontages", status_code=201)
def add_party(body: Party, caller: Operator, services: Serving) -> dict[str, Any]:
    """一店一档: a new shop or household."""
    with services.store.begin() as session:
        row = place_registry.add_party(
            session, with_phone(body), at=services.clock.now(), actor=caller.name
        )
        return place_shapes.party(row)


@router.patch("/frontages/{party_id}")
def update_party(party_id: Id, body: Party, caller: Operator, services: Serving) -> dict[str, Any]:
    with services.store.begin() as session:
        row = place_registry.get_party(session, party_id)
        values = with_phone(body)
        at = services.clock.now()
        place_registry.update_party(session, row, values, at=at, actor=caller.name)
        return place_shapes.party(row)


@router.delete("/frontages/{party_id}")
def retire_party(party_id: Id, caller: Operator, services: Serving) -> dict[str, Any]:
    """It is no longer there: its agreements end, its phone is forgotten."""
    with services.store.begin() as session:
        row = place_registry.get_party(session, party_id)
        place_registry.retire_party(session, row, at=services.clock.now(), actor=caller.name)
        return place_shapes.party(row)


def with_phone(body: BaseModel) -> dict[str, Any]:
    """A number as E.164. What is given as null is not set, but for the phone, which it clears."""
    values = {
        name: value
        for name, value in body.model_dump(exclude_unset=True).items()
        if value is not None or name == "phone"
    }
    phone = values.get("phone")
    if phone:
        values["phone"] = mobile_number(str(phone))
    return values


@router.post("/frontages/{party_id}/agreements", status_code=201)
def add_agreement(
    party_id: Id, body: Agreement, caller: Operator, services: Serving
) -> dict[str, Any]:
    """门前三包: what the party answers for in one camera's picture (L54)."""
    polygon = _polygon(body.polygon)
    with services.store.begin() as session:
        values = body.model_dump(exclude={"camera_id", "polygon"})
        row = place_registry.add_agreement(
            session,
            place_registry.get_party(session, party_id),
            registry.get_camera(session, body.camera_id),
            polygon=polygon,
            at=services.clock.now(),
            user=caller.user,
            **values,
        )
        return place_shapes.agreement(row)


@router.delete("/agreements/{agreement_id}")
def end_agreement(agreement_id: Id, caller: Operator, services: Serving) -> dict[str, Any]:
    with services.store.begin() as session:
        row = session.get(FrontageAgreement, agreement_id)
        if row is None:
            raise NotFound(f"there is no agreement {agreement_id}")
        place_registry.end_agreement(session, row, at=services.clock.now(), actor=caller.name)
        return place_shapes.agreement(row)


@router.get("/zones/{zone_id}/permits")
def permits(zone_id: Id, _caller: Staff, services: Serving) -> list[dict[str, Any]]:
    """What is allowed in a zone, and when; the latest first."""
    with services.store.read() as session:
        rows = session.scalars(
            select(PlacePermit)
            .where(PlacePermit.zone_id == zone_id)
            .order_by(PlacePermit.id.desc())
        )
        return [place_shapes.permit(row) for row in rows]


@router.post("/zones/{zone_id}/permits", status_code=201)
def add_permit(zone_id: Id, body: Permit, caller: Officer, services: Serving) -> dict[str, Any]:
    """An approved banner, lanterns, an event of so many people (B1, C3)."""
    polygon = None if body.polygon is None else _polygon(body.polygon)
    with services.store.begin() as session:
        row = place_registry.add_permit(
            session,
            registry.get_zone(session, zone_id),
            document=body.document,
            approver=body.approver,
            valid_from=fields.instant("valid_from", body.valid_from),
            valid_until=fields.instant("valid_until", body.valid_until),
            max_people=body.max_people,
            polygon=polygon,
            at=services.clock.now(),
            user=caller.user,
        )
        return place_shapes.permit(row)


@router.delete("/permits/{permit_id}")
def end_permit(permit_id: Id, caller: Officer, services: Serving) -> dict[str, Any]:
    with services.store.begin() as session:
        row = session.get(PlacePermit, permit_id)
        if row is None:
            raise NotFound(f"there is no permit {permit_id}")
        place_registry.end_permit(session, row, at=services.clock.now(), actor=caller.name)
        return place_shapes.permit(row)


def _polygon(points: list[list[float]]) -> list[list[float]]:
    pairs = [(p[0], p[1]) for p in points if len(p) == 2]
    if len(pairs) != len(points):
        raise BadInput("each point is [x, y]", field="polygon")
    return [[x, y] for x, y in validate_polygon(pairs, field="polygon")]


# Acts


@router.get("/events/{event_id}/place")
def place(event_id: Id, caller: Anybody, services: Serving) -> dict[str, Any]:
    """Who is responsible, the order and its signatures; or the count and the calls. Who is in the
    field gets no phone, no signatures and no calls but their own."""
    reader = Reader(caller.roles, caller.user.id if caller.user else None)
    with services.store.read() as session:
        row = session.get(Event, event_id)
        if row is None:
            raise NotFound(f"there is no event {event_id}")
        reader.check(session, row)
        at = services.clock.now()
        told = place_shapes.place(session, row, policy=load_policy(session), at=at)
        return told if reader.office else field_place(session, told, reader)


@router.post("/events/{event_id}/place/confirm")
def confirm(event_id: Id, body: ConfirmPlace, caller: Officer, services: Serving) -> dict[str, str]:
    """B2, B6: it is one, and whose."""
    return {"state": _desk(services, caller, event_id, body).confirm(body.party_id)}


@router.post("/events/{event_id}/photos", status_code=201)
async def photo(
    event_id: Id,
    kind: Annotated[str, Query(max_length=10)],
    request: Request,
    caller: Officer,
    services: Serving,
) -> dict[str, int]:
    """The bytes of a JPEG as the body; `kind` PAPER, ON_SITE or TOW."""
    desk = PlaceDesk(services, event_id, caller.person().id)
    return {"id": await run_in_threadpool(desk.keep_photo, await request.body(), kind)}


@router.post("/events/{event_id}/paper-notice")
def paper_notice(
    event_id: Id, body: PaperNotice, caller: Officer, services: Serving
) -> dict[str, str]:
    """A26, B4p: the photographed paper starts the grace."""
    desk = _desk(services, caller, event_id, body)
    return {"state": desk.paper_notice(body.photo_id, body.plate)}


@router.post("/events/{event_id}/still-there")
def still_there(
    event_id: Id, body: StillThere, caller: Officer, services: Serving
) -> dict[str, str]:
    """A26: the second look on the spot, with two photos (kind ON_SITE) after the deadline."""
    desk = _desk(services, caller, event_id, body)
    return {"state": desk.still_there(body.plate, unmoved=body.unmoved)}


@router.post("/events/{event_id}/gone")
def gone(event_id: Id, body: Act, caller: Officer, services: Serving) -> dict[str, str]:
    """A26: the place is empty: left in time."""
    return {"state": _desk(services, caller, event_id, body).gone()}


@router.post("/events/{event_id}/order")
def draft_order(
    event_id: Id, body: DraftOrder, caller: Officer, services: Serving
) -> dict[str, str]:
    """B7, first officer: 责令限期改正通知书, signed; nothing yet without the second one."""
    order = OrderInput(**body.model_dump(exclude={"expected_version"}))
    return {"state": _desk(services, caller, event_id, body).draft_order(order)}


@router.post("/events/{event_id}/order/serve")
def serve_order(
    event_id: Id, body: ServeOrder, caller: Officer, services: Serving
) -> dict[str, str]:
    """B7, second officer: signed and served; its period runs."""
    at = None if body.served_at is None else fields.instant("served_at", body.served_at)
    return {"state": _desk(services, caller, event_id, body).serve_order(at, body.served_how)}


@router.post("/events/{event_id}/order/followed")
def order_followed(event_id: Id, body: Act, caller: Officer, services: Serving) -> dict[str, str]:
    """B7r: seen on the spot."""
    return {"state": _desk(services, caller, event_id, body).rectified()}


@router.post("/events/{event_id}/order/not-followed")
def order_not_followed(
    event_id: Id, body: Because, caller: Officer, services: Serving
) -> dict[str, str]:
    """B8: one officer's signature; a case opens only with a second officer's."""
    return {"state": _desk(services, caller, event_id, body).escalate(body.reason)}


def _desk(services: Services, caller: Caller, event_id: int, body: Act) -> PlaceDesk:
    return PlaceDesk(services, event_id, caller.person().id, body.expected_version)
