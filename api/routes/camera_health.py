"""A camera's view: what it looks like now, what it should look like, and who says so (W03)."""

from __future__ import annotations

from typing import Any, Literal

import cv2
from fastapi import APIRouter, Response

from api import shapes
from api.deps import Body, Id, Operator, Serving, Staff, signed_in
from models import registry
from models.errors import NotFound, Unavailable
from pipeline.evidence import encode_jpeg
from pipeline.health_reference import accept_view, read_reference
from pipeline.masking import latest_image

router = APIRouter(tags=["cameras"], dependencies=signed_in)

GLANCE_WIDTH = 480
_BLUR = 1.2
"""Standard deviation in pixels of the glance: at this width a plate is 15 pixels wide at most,
and what was left of its characters, or of a face, goes."""


class ReferenceChoice(Body):
    """`accept`: the present view is right. `same_view`: it is the accepted one in another light.
    `learn`: forget it, and learn the view of the next half minute."""

    how: Literal["accept", "same_view", "learn"] = "accept"


@router.post("/cameras/{camera_id}/reference")
def choose_reference(
    camera_id: Id, body: ReferenceChoice, caller: Operator, services: Serving
) -> dict[str, Any]:
    """Say which view is the right one; the camera's worker takes it up within seconds."""
    with services.store.begin() as session:
        row = registry.get_camera(session, camera_id)
        if body.how == "learn":
            registry.set_reference(session, row, None, at=services.clock.now(), actor=caller.name)
        else:
            accept_view(
                session, services, row, actor=caller.name, same_view=body.how == "same_view"
            )
        return shapes.camera(row)


@router.get(
    "/cameras/{camera_id}/reference",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
def reference_picture(camera_id: Id, _caller: Staff, services: Serving) -> Response:
    """The accepted view as it is kept: grey, 320 pixels wide, nobody in it can be recognised."""
    with services.store.read() as session:
        row = registry.get_camera(session, camera_id)
        book = read_reference(services.evidence, row).book
    if book is None:
        raise NotFound("this camera has no reference view yet")
    _, data = cv2.imencode(".png", book.first.grey)
    return Response(data.tobytes(), media_type="image/png")


@router.get(
    "/cameras/{camera_id}/glance",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}},
)
def glance(camera_id: Id, _caller: Staff, services: Serving) -> Response:
    """The latest picture, small and soft: enough to see how the camera is, too little to see who
    is in the street (PIPL art. 26)."""
    with services.store.read() as session:
        row = registry.get_camera(session, camera_id)
        image = latest_image(services.evidence, row)
    if row.last_picture is None:
        raise NotFound("this camera has sent no picture yet")
    if image is None:
        raise Unavailable("the latest picture cannot be opened", hint="try again in a moment")
    height, width = image.shape[:2]
    size = (GLANCE_WIDTH, max(1, round(height * GLANCE_WIDTH / width)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), _BLUR).astype("uint8")
    return Response(encode_jpeg(soft, quality=80), media_type="image/jpeg")
