"""Zones: drawn, changed by adding a version, brought in and out as zones.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Body as BodyOf
from pydantic import Field
from sqlalchemy.orm import Session

from api import shapes
from api.auth import Caller
from api.deps import Body, Id, Line, Operator, Serving, Staff, signed_in
from api.errors import as_bad_input
from models import casework, registry
from models.errors import BadInput
from models.event import ActorKind
from models.flow import Actor
from models.policy import load_policy
from models.zone import Zone, ZoneVersion
from models.zones import read_zones_json
from pipeline.services import Services
from vision.errors import BadZone
from vision.geometry import validate_polygon

router = APIRouter(tags=["zones"], dependencies=signed_in)

Text = Annotated[Line, Field(max_length=200)]
Polygon = list[list[float]]


class ZoneValues(Body):
    """What a version may say; what is left out stays as it was, or at its default."""

    kind: Text | None = None
    area: Text | None = None
    place: Text | None = None
    polygon: Polygon | None = None
    bays: list[Polygon] | None = None
    aspect_ratio: float | None = None
    dwell_seconds: float | None = None
    threshold: float | None = None
    grace_seconds: int | None = None
    confirm_mode: Text | None = None
    phase: Text | None = None
    surface: Text | None = None
    authority: Text | None = None
    sms_from: Text | None = None
    sms_until: Text | None = None
    legal_basis: Text | None = None


class NewZone(ZoneValues):
    name: Annotated[Line, Field(min_length=1, max_length=80)]


@router.get("/cameras/{camera_id}/zones")
def zones(camera_id: Id, _caller: Staff, services: Serving) -> list[dict[str, Any]]:
    """The zones in force."""
    with services.store.read() as session:
        camera = registry.get_camera(session, camera_id)
        return [shapes.zone(version.zone) for version in registry.zones_for(session, camera)]


@router.post("/cameras/{camera_id}/zones", status_code=201)
def save_zone(camera_id: Id, body: NewZone, caller: Operator, services: Serving) -> dict[str, Any]:
    """Draw a zone, or add a version to the one of this name."""
    values = body.model_dump(exclude_unset=True)
    _look_at_polygons(values)
    with services.store.begin() as session:
        camera = registry.get_camera(session, camera_id)
        version = _save(session, services, caller, camera_id, values)
        return {**shapes.zone(version.zone), "camera": camera.name}


@router.get("/zones/{zone_id}")
def zone(zone_id: Id, _caller: Staff, services: Serving) -> dict[str, Any]:
    """One zone with every version it ever had."""
    with services.store.read() as session:
        row = registry.get_zone(session, zone_id)
        versions = [shapes.zone_version(version) for version in row.versions]
        return {**shapes.zone(row), "versions": versions}


@router.post("/zones/{zone_id}/versions", status_code=201)
def add_version(
    zone_id: Id, body: ZoneValues, caller: Operator, services: Serving
) -> dict[str, Any]:
    """Add a version; events keep the one under which they were seen."""
    values = body.model_dump(exclude_unset=True)
    _look_at_polygons(values)
    with services.store.begin() as session:
        row = registry.get_zone(session, zone_id)
        version = _save(session, services, caller, row.camera_id, {**values, "name": row.name})
        return shapes.zone(version.zone)


@router.delete("/zones/{zone_id}")
def retire_zone(zone_id: Id, caller: Operator, services: Serving) -> dict[str, Any]:
    """The zone is not looked at any more; its versions and past events stay (W31)."""
    at = services.clock.now()
    with services.store.begin() as session:
        row = registry.get_zone(session, zone_id)
        registry.retire_zone(session, row, at=at, actor=caller.name)
        _tell_events(session, services, row)
        return shapes.zone(row)


@router.post("/zones/{zone_id}/permit")
def permit(zone_id: Id, caller: Operator, services: Serving) -> dict[str, Any]:
    """From now on parking is legal here: open events end in the owners' favour (W30)."""
    at = services.clock.now()
    with services.store.begin() as session:
        row = registry.get_zone(session, zone_id)
        ended = casework.permit_parking(
            session,
            row,
            Actor(ActorKind.OPERATOR, caller.name),
            policy=load_policy(session),
            at=at,
            command_id=f"permit:{row.id}:{at.isoformat()}",
        )
        registry.retire_zone(session, row, at=at, actor=caller.name)
        return {**shapes.zone(row), "ended": [event.event_no for event in ended]}


@router.get("/cameras/{camera_id}/zones.json")
def export_zones(camera_id: Id, _caller: Staff, services: Serving) -> dict[str, Any]:
    """The form that `qifen replay --zones` reads."""
    with services.store.read() as session:
        return registry.export_zones(session, registry.get_camera(session, camera_id))


@router.put("/cameras/{camera_id}/zones.json")
def import_zones(
    camera_id: Id,
    caller: Operator,
    services: Serving,
    body: Annotated[dict[str, Any], BodyOf(examples=[{"zones": []}])],
) -> list[dict[str, Any]]:
    """Bring in zones: all or nothing. Zones that are not named in it stay."""
    entries = read_zones_json(body)
    for index, entry in enumerate(entries):
        _look_at_polygons(entry, f"zones[{index}].")
    with services.store.begin() as session:
        camera = registry.get_camera(session, camera_id)
        versions = registry.import_zones(
            session,
            camera,
            {"zones": entries},
            at=services.clock.now(),
            actor=caller.name,
            user=caller.user,
        )
        for version in versions:
            _tell_events(session, services, version.zone)
        return [shapes.zone(version.zone) for version in versions]


def _save(
    session: Session,
    services: Services,
    caller: Caller,
    camera_id: int,
    values: Mapping[str, Any],
) -> ZoneVersion:
    camera = registry.get_camera(session, camera_id)
    version = registry.save_zone(
        session, camera, values, at=services.clock.now(), actor=caller.name, user=caller.user
    )
    _tell_events(session, services, version.zone)
    return version


def _tell_events(session: Session, services: Services, zone: Zone) -> None:
    """W31: an open event whose place is no longer inside is ended by the flow."""
    casework.zone_changed(
        session,
        zone,
        policy=load_policy(session),
        at=services.clock.now(),
        command_id=f"zone:{zone.id}:{zone.current.version}:{zone.retired_at is not None}",
    )


def _look_at_polygons(values: Mapping[str, Any], where: str = "") -> None:
    """Raises BadInput naming the field and the mend: crosses itself, outside, no area."""
    polygons: list[tuple[str, object]] = []
    if values.get("polygon") is not None:
        polygons.append((f"{where}polygon", values["polygon"]))
    bays = values.get("bays")
    if bays is not None and not isinstance(bays, list):
        raise BadInput("bays must be a list of polygons", field=f"{where}bays")
    for index, bay in enumerate(bays or []):
        polygons.append((f"{where}bays[{index}]", bay))
    for field, polygon in polygons:
        try:
            validate_polygon(polygon, field=field)
        except BadZone as error:
            raise as_bad_input(error, field) from error
        except OverflowError:
            raise BadInput(f"{field} holds a number that is too large", field=field) from None
