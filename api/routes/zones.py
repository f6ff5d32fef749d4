"""Zones: drawn, changed by adding a version, brought in and out as zones.json."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, UploadFile
from fastapi import Body as BodyOf
from pydantic import Field

from api import shapes, zoning
from api.camera_masks import import_camera
from api.deps import Body, Id, Line, Operator, Serving, Staff, signed_in
from api.zone_sight import Sight
from models import casework, fitness, registry
from models.event import ActorKind
from models.flow import Actor
from models.policy import load_policy
from pipeline.health_reference import accept_for_zone

router = APIRouter(tags=["zones"], dependencies=signed_in)

Text = Annotated[Line, Field(max_length=200)]
Polygon = list[list[float]]


class Approved(Body):
    """What may hang or stick in a hanging or poster zone."""

    label: Annotated[Line, Field(max_length=60)]
    polygon: Polygon
    document: Annotated[Line, Field(max_length=60)] = ""
    approver: Annotated[Line, Field(max_length=60)] = ""
    valid_from: Text | None = None
    valid_until: Text | None = None


class Band(Body):
    """Hours with a crowd threshold of their own, city time."""

    start: Text
    end: Text
    threshold: float


class HoursBand(Body):
    """Hours of certain days: mon to sun, work (调休 counted) or rest; city time."""

    days: list[Text]
    start: Text
    end: Text


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
    approved: list[Approved] | None = None
    bands: list[Band] | None = None
    area_m2: float | None = None
    density_threshold: float | None = None
    slow_look_seconds: float | None = None
    designation_document: Text | None = None
    schedule: list[HoursBand] | None = None
    bay_hours: list[list[HoursBand]] | None = None
    no_grace: Text | None = None


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
    with services.store.begin() as session:
        camera = registry.get_camera(session, camera_id)
        accept_for_zone(session, services, camera, actor=caller.name)
        version = zoning.save_zone(
            session,
            camera,
            values,
            at=services.clock.now(),
            actor=caller.name,
            user=caller.user,
            sight=Sight(services, camera),
        )
        return {**shapes.zone(version.zone), "camera": camera.name}


@router.get("/zones/{zone_id}")
def zone(zone_id: Id, _caller: Staff, services: Serving) -> dict[str, Any]:
    """One zone with every version it ever had."""
    with services.store.read() as session:
        row = registry.get_zone(session, zone_id)
        versions = [shapes.zone_version(version) for version in row.versions]
        missing = fitness.gaps(row.camera, row.current, at=services.clock.now())
        return {**shapes.zone(row), "versions": versions, "gaps": shapes.refusals(missing)}


@router.post("/zones/{zone_id}/versions", status_code=201)
def add_version(
    zone_id: Id, body: ZoneValues, caller: Operator, services: Serving
) -> dict[str, Any]:
    """Add a version; events keep the one under which they were seen."""
    values = body.model_dump(exclude_unset=True)
    with services.store.begin() as session:
        row = registry.get_zone(session, zone_id)
        camera = registry.get_camera(session, row.camera_id)
        if body.polygon is not None:
            accept_for_zone(session, services, camera, actor=caller.name)
        version = zoning.save_zone(
            session,
            camera,
            {**values, "name": row.name},
            at=services.clock.now(),
            actor=caller.name,
            user=caller.user,
            sight=Sight(services, camera),
        )
        return shapes.zone(version.zone)


@router.post("/zones/{zone_id}/sign-photo", status_code=201)
def sign_photo(
    zone_id: Id,
    photo: Annotated[UploadFile, File(description="JPEG: the sign that forbids it here")],
    caller: Operator,
    services: Serving,
) -> dict[str, Any]:
    """The photo that shows the sign at the place (程序规定 art. 15, L35), as a new version."""
    data = photo.file.read()
    with services.store.begin() as session:
        version = zoning.save_sign_photo(
            session, services, zone_id, data, actor=caller.name, user=caller.user
        )
        return shapes.zone(version.zone)


@router.delete("/zones/{zone_id}")
def retire_zone(zone_id: Id, caller: Operator, services: Serving) -> dict[str, Any]:
    """The zone is not looked at any more; its versions and past events stay (W31)."""
    with services.store.begin() as session:
        row = registry.get_zone(session, zone_id)
        zoning.retire_zone(session, row, at=services.clock.now(), actor=caller.name)
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
    """The form that `qifen replay --zones` reads, with the camera's privacy masks and the points
    that tie it to the ground."""
    with services.store.read() as session:
        return registry.export_zones(session, registry.get_camera(session, camera_id))


@router.put("/cameras/{camera_id}/zones.json")
def import_zones(
    camera_id: Id,
    caller: Operator,
    services: Serving,
    body: Annotated[dict[str, Any], BodyOf(examples=[{"zones": []}])],
) -> list[dict[str, Any]]:
    """Bring in zones, and `privacy_masks` and `ground_reference` (points) where they are named: all
    or nothing. Zones that are not named in it stay."""
    with services.store.begin() as session:
        camera = registry.get_camera(session, camera_id)
        versions = import_camera(
            session,
            services,
            camera,
            body,
            at=services.clock.now(),
            actor=caller.name,
            user=caller.user,
        )
        return [shapes.zone(version.zone) for version in versions]
