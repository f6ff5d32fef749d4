"""Cameras: where they stand, how they feel, what they saw last. Addresses are write-only."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy import select

from api import shapes
from api.camera_masks import FIELD, save_masks
from api.camera_weights import checked_weights
from api.deps import Body, Id, Limit, Line, Operator, Serving, Staff, signed_in
from models import fitness, registry
from models.camera import Camera, CameraHealthChange
from models.errors import NotFound
from pipeline.masking import latest_jpeg

router = APIRouter(tags=["cameras"], dependencies=signed_in)
public = APIRouter(tags=["public"])

Text = Annotated[Line, Field(max_length=500)]


class CameraChange(Body):
    """Every field that a person may set; what is left out stays."""

    name: Annotated[Line, Field(max_length=80)] | None = None
    stream_url: Text | None = None
    evidence_url: Text | None = None
    place: Text | None = None
    direction: Text | None = None
    time_zone: Text | None = None
    gb_id: Text | None = None
    latitude: float | None = None
    longitude: float | None = None
    looks_per_second: float | None = None
    weights: Text | None = None
    enabled: bool | None = None
    legal_review: Text | None = None
    technical_review: Text | None = None
    sign_installed: bool | None = None
    published_at: Text | None = None
    filing_no: Text | None = None
    purpose: Text | None = None
    place_kind: Text | None = None
    approved_detectors: Annotated[list[Text], Field(max_length=10)] | None = None
    impact_assessment: Text | None = None
    privacy_masks: list[list[list[float]]] | None = None
    calibrated_until: Text | None = None
    clock_offset_seconds: float | None = None


class NewCamera(CameraChange):
    name: Annotated[Line, Field(min_length=1, max_length=80)]  # type: ignore[reportIncompatibleVariableOverride]
    stream_url: Annotated[Line, Field(min_length=1, max_length=500)]  # type: ignore[reportIncompatibleVariableOverride]


@public.get("/public/cameras")
def public_cameras(services: Serving) -> list[dict[str, Any]]:
    """Where the published cameras stand, for everybody (行政处罚法 art. 41: 向社会公布)."""
    with services.store.read() as session:
        query = select(Camera).where(Camera.published_at.is_not(None)).order_by(Camera.place)
        return [
            {
                "place": row.place,
                "direction": row.direction,
                "latitude": row.latitude,
                "longitude": row.longitude,
                "place_kind": row.place_kind,
                "purpose": row.purpose,
                "looks_for": row.approved_detectors,
                "published_at": shapes.when(row.published_at),
            }
            for row in session.scalars(query)
        ]


@router.get("/cameras")
def cameras(_caller: Staff, services: Serving) -> list[dict[str, Any]]:
    with services.store.read() as session:
        return [shapes.camera(row) for row in registry.list_cameras(session)]


@router.post("/cameras", status_code=201)
def add_camera(body: NewCamera, caller: Operator, services: Serving) -> dict[str, Any]:
    details = _checked(body)
    masks = details.pop(FIELD, [])
    with services.store.begin() as session:
        row = registry.add_camera(
            session,
            **details,
            at=services.clock.now(),
            actor=caller.name,
        )
        save_masks(session, services, row, masks, actor=caller.name)
        return shapes.camera(row)


@router.get("/cameras/{camera_id}")
def camera(camera_id: Id, _caller: Staff, services: Serving) -> dict[str, Any]:
    """One camera, with what somebody should see to (L69) and, by zone, what is still missing before
    its record may be evidence."""
    with services.store.read() as session:
        row, at = registry.get_camera(session, camera_id), services.clock.now()
        versions = registry.zones_for(session, row)
        return {
            **shapes.camera(row),
            "warnings": shapes.refusals(fitness.warnings(row, at=at)),
            "zone_gaps": {
                version.zone.name: shapes.refusals(fitness.gaps(row, version, at=at))
                for version in versions
            },
        }


@router.patch("/cameras/{camera_id}")
def change_camera(
    camera_id: Id, body: CameraChange, caller: Operator, services: Serving
) -> dict[str, Any]:
    """Change what is named. `privacy_masks` are all masks from now on: polygons in 0..1 of the
    picture, under which nothing is seen or kept; who changed them is in the audit log (L69)."""
    changes = _checked(body)
    with services.store.begin() as session:
        row = registry.get_camera(session, camera_id)
        if FIELD in changes:
            save_masks(session, services, row, changes.pop(FIELD), actor=caller.name)
        registry.update_camera(session, row, changes, at=services.clock.now(), actor=caller.name)
        return shapes.camera(row)


def _checked(body: CameraChange) -> dict[str, Any]:
    """What is to be written. Weights that cannot be used are refused before anything is."""
    values = body.model_dump(exclude_unset=True)
    if "weights" in values:
        values["weights"] = checked_weights(values["weights"])
    return values


@router.get(
    "/cameras/{camera_id}/picture",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}},
)
def camera_picture(camera_id: Id, _caller: Staff, services: Serving) -> Response:
    """The latest picture, for drawing zones on: a blurred copy, for nobody in it is anybody's
    subject. It is overwritten and never evidence."""
    with services.store.read() as session:
        picture = latest_jpeg(services.evidence, registry.get_camera(session, camera_id))
    if picture is None:
        raise NotFound("this camera has sent no picture yet")
    return Response(services.blur(picture, None), media_type="image/jpeg")


@router.get("/cameras/{camera_id}/health")
def camera_health(
    camera_id: Id, _caller: Staff, services: Serving, limit: Limit = 100
) -> list[dict[str, Any]]:
    """Every change of health, newest first: gaps in the record can be shown later."""
    with services.store.read() as session:
        row = registry.get_camera(session, camera_id)
        changes = session.scalars(
            select(CameraHealthChange)
            .where(CameraHealthChange.camera_id == row.id)
            .order_by(CameraHealthChange.id.desc())
            .limit(limit)
        )
        return [shapes.health_change(change) for change in changes]
