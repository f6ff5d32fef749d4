"""Privacy masks over windows and homes (L69), for the API, the console and the command line alike:
looked at, written down with who and when, and followed by everything that a mask changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from api import camera_ground, zoning
from api.errors import as_bad_input
from api.zone_sight import Sight
from models import registry
from models.camera import Camera
from models.errors import BadInput
from models.ground_reference import follow_view
from models.people import User
from models.zone import ZoneVersion
from pipeline.health_reference import accept_view, forget_learnt
from pipeline.masking import mask_stored_picture
from pipeline.services import Services
from vision.errors import BadZone
from vision.geometry import validate_polygon
from vision.masks import MOSTLY, Masks, hidden_share, masks_of
from vision.rules.baseline import blackened

FIELD = "privacy_masks"


def checked_masks(value: object) -> list[list[list[float]]]:
    """The masks as they are written down: polygons in 0..1 like a zone's. Raises BadInput naming
    the field, as privacy_masks[1], and the mend."""
    if not isinstance(value, list):
        raise BadInput(
            f"{FIELD} must be a list of polygons", field=FIELD, hint="write [[[x,y],...],...]"
        )
    checked: list[list[list[float]]] = []
    for index, polygon in enumerate(value):
        field = f"{FIELD}[{index}]"
        try:
            checked.append([list(point) for point in validate_polygon(polygon, field=field)])
        except BadZone as error:
            raise as_bad_input(error, field) from error
        except OverflowError:
            raise BadInput(f"{field} holds a number that is too large", field=field) from None
    return checked


def save_masks(
    session: Session,
    services: Services,
    camera: Camera,
    value: object,
    *,
    actor: str,
) -> bool:
    """Lay these masks over the camera and no others; a running worker takes them up by itself.

    The view is held against a new reference from now on, the latest picture loses what lies under
    them, and open events whose place does too end in the owner's favour (W31). False where they
    were so already. Raises BadInput naming the field; nothing is saved then.
    """
    masks, at = checked_masks(value), services.clock.now()
    if masks == camera.privacy_masks:
        return False
    for version in registry.zones_for(session, camera):
        _refuse_hidden(version, masks_of(masks))
    registry.update_camera(session, camera, {FIELD: masks}, at=at, actor=actor)
    mask_stored_picture(services.evidence, camera)
    forget_learnt(services.evidence, camera)
    _mask_baselines(session, camera, masks_of(masks), at=at, actor=actor)
    if camera.last_picture is not None and camera.health == "up":
        before = camera.reference_picture
        accept_view(session, services, camera, actor=actor)
        follow_view(session, camera, before)
    else:
        registry.set_reference(session, camera, None, at=at, actor=actor)
    for version in registry.zones_for(session, camera):
        zoning.tell_events(session, version.zone, at=at, cause=f":masks:{at.timestamp():.0f}")
    return True


def _mask_baselines(
    session: Session, camera: Camera, masks: Masks, *, at: datetime, actor: str
) -> None:
    """How a facade looked when its adverts were approved is a picture too: its zone goes on with a
    version that shows nothing under the masks."""
    for version in registry.zones_for(session, camera):
        if version.baseline:
            seen = blackened(version.baseline, zoning.polygon_of(version.polygon), masks)
            values = {"name": version.zone.name, "baseline": seen}
            registry.save_zone(session, camera, values, at=at, actor=actor)


def _refuse_hidden(version: ZoneVersion, masks: Masks) -> None:
    """A zone that is hardly seen any more would look empty for ever: somebody has to decide."""
    share = hidden_share(zoning.polygon_of(version.polygon), masks)
    if share <= MOSTLY:
        return
    raise BadInput(
        f"zone {version.zone.name} would lie mostly under the masks ({share:.0%} of it)",
        field=FIELD,
        code="MASK_OVER_ZONE",
        hint="draw the mask smaller, or retire or redraw the zone first",
    )


def import_camera(
    session: Session,
    services: Services,
    camera: Camera,
    content: Mapping[str, Any],
    *,
    at: datetime,
    actor: str,
    user: User | None = None,
) -> Sequence[ZoneVersion]:
    """Bring in a zones.json: its zones and, where it names any, the camera's privacy masks and its
    ground reference, all or nothing. What is not named stays. Gives the zones' versions; raises
    BadInput naming the field.
    """
    masked = FIELD in content
    masks = checked_masks(content[FIELD]) if masked else camera.privacy_masks
    versions = zoning.import_zones(
        session, camera, content, at=at, actor=actor, user=user,
        sight=Sight(services, camera), masks=masks_of(masks),
    )  # fmt: skip
    if masked:
        save_masks(session, services, camera, masks, actor=actor)
    if camera_ground.FIELD in content:
        points = content[camera_ground.FIELD]
        camera_ground.import_ground(session, services, camera, points, actor=actor)
    return versions
