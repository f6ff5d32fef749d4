"""A camera's ground reference (W28), for the API, the console and the command line alike."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from models.camera import Camera
from models.errors import BadInput
from models.ground_plane import FIELD as POINTS
from models.ground_reference import GroundReference, as_json, remove_reference, save_reference
from pipeline.health_reference import accept_for_zone
from pipeline.services import Services

FIELD = "ground_reference"


def told(session: Session, camera: Camera) -> dict[str, Any]:
    """The points with by how much each misses in metres, and whether they count now."""
    return as_json(session.get(GroundReference, camera.id), camera)


def save_ground(
    session: Session, services: Services, camera: Camera, points: object, *, actor: str
) -> dict[str, Any]:
    """Tie the camera's present view to the ground; that accepts the view as drawing a zone does.
    Raises BadInput naming the point; nothing is saved then."""
    accept_for_zone(session, services, camera, actor=actor)
    save_reference(session, camera, points, at=services.clock.now(), actor=actor)
    return told(session, camera)


def remove_ground(
    session: Session, services: Services, camera: Camera, *, actor: str
) -> dict[str, Any]:
    """From now on nothing is told by where this camera's vehicles stand."""
    remove_reference(session, camera, at=services.clock.now(), actor=actor)
    return told(session, camera)


def import_ground(
    session: Session, services: Services, camera: Camera, points: object, *, actor: str
) -> None:
    """What stands in a zones.json; an empty list removes what was there."""
    try:
        if points == []:
            remove_ground(session, services, camera, actor=actor)
        else:
            save_ground(session, services, camera, points, actor=actor)
    except BadInput as error:
        error.field = FIELD + error.field.removeprefix(POINTS)
        raise
