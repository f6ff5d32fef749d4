"""A camera's ground reference: points of its picture and where they are on the map (W28)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from api.camera_ground import remove_ground, save_ground, told
from api.deps import Body, Id, Operator, Serving, Staff, signed_in
from models import registry
from models.ground_plane import LEAST_POINTS, MOST_POINTS

router = APIRouter(tags=["cameras"], dependencies=signed_in)


class NamedPoint(Body):
    """One place in the picture (0..1, from its top left corner) and on the map (degrees)."""

    x: Annotated[float, Field(ge=0, le=1)]
    y: Annotated[float, Field(ge=0, le=1)]
    latitude: Annotated[float, Field(ge=-85, le=85)]
    longitude: Annotated[float, Field(ge=-180, le=180)]


class GroundPoints(Body):
    """Corners of kerbs and markings on the ground, no three along one line. All cameras of an
    enforcement area take them from the same map."""

    points: Annotated[list[NamedPoint], Field(min_length=LEAST_POINTS, max_length=MOST_POINTS)]


@router.get("/cameras/{camera_id}/ground-reference")
def ground_reference(camera_id: Id, _caller: Staff, services: Serving) -> dict[str, Any]:
    """The points as they were saved, by how many metres each misses, and whether they are in
    force: they belong to the view of that day and count for no other one."""
    with services.store.read() as session:
        return told(session, registry.get_camera(session, camera_id))


@router.put("/cameras/{camera_id}/ground-reference")
def tie_to_ground(
    camera_id: Id, body: GroundPoints, caller: Operator, services: Serving
) -> dict[str, Any]:
    """Tie the camera's present view to the ground. Points that do not fit together by more than
    half a metre are refused with the residual and the one to blame."""
    points = [point.model_dump() for point in body.points]
    with services.store.begin() as session:
        row = registry.get_camera(session, camera_id)
        return save_ground(session, services, row, points, actor=caller.name)


@router.delete("/cameras/{camera_id}/ground-reference")
def untie_from_ground(camera_id: Id, caller: Operator, services: Serving) -> dict[str, Any]:
    """From now on nothing is told by where this camera's vehicles stand."""
    with services.store.begin() as session:
        row = registry.get_camera(session, camera_id)
        return remove_ground(session, services, row, actor=caller.name)
