"""The reference views of a camera: kept in the evidence store, named on the camera's row (W03).

A person accepts the present view (drawing a zone on it does the same); where nobody has yet, the
view of the first half minute is learnt and kept. Either way the next start holds the camera
against it: one that was turned while Qifen was off is found at the first looks.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from models.camera import Camera
from models.errors import NotFound
from models.ground_reference import follow_view
from models.registry import check_fencing, set_reference
from pipeline.evidence import EvidenceFiles
from pipeline.logs import get_logger
from pipeline.masking import latest_image
from vision.appearance import grey_picture
from vision.errors import BadPicture
from vision.health_reference import ReferenceBook
from vision.masks import Masks, even_out, masks_of
from vision.small import SmallLook

if TYPE_CHECKING:
    from pipeline.services import Services

LEARNT = "learnt"
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reference:
    """The views in use, and the key under which the accepted ones are kept."""

    key: str | None
    book: ReferenceBook | None
    own: bool = False
    """Learnt by the eyes that use it: they know it already."""


NO_REFERENCE = Reference(None, None)


def read_reference(files: EvidenceFiles, camera: Camera) -> Reference:
    """The camera's reference with the lights that were learnt since. A file that is missing or
    broken counts as none: the view is then learnt anew, and the log says so."""
    key = camera.reference_picture
    if key is None:
        return NO_REFERENCE
    for place in (_learnt_key(camera.id, key), key):
        try:
            return Reference(key, ReferenceBook.from_bytes(files.get(place)))
        except NotFound:
            continue
        except BadPicture as error:
            _log.warning("reference views", camera=camera.name, error=str(error))
    return Reference(key, None)


def keep_learnt(
    session: Session,
    files: EvidenceFiles,
    camera_id: int,
    fencing: int,
    book: ReferenceBook,
    *,
    at: datetime,
    masks: Masks = (),
) -> str | None:
    """Keep what a worker learnt: as the camera's reference where it has none, else beside the
    accepted one, which stays. Gives the key of the reference in force.

    masks: those through which it was learnt. A view that was seen through others than the
    camera's present ones is not kept: it may show what nobody may look into any more.
    """
    camera = check_fencing(session, camera_id, fencing)
    if masks != masks_of(camera.privacy_masks):
        return camera.reference_picture
    if camera.reference_picture is None:
        key = files.put(book.to_bytes(), "npz")
        set_reference(session, camera, key, at=at, actor=LEARNT)
        follow_view(session, camera, None)
        return key
    files.overwrite(_learnt_name(camera_id, camera.reference_picture), book.to_bytes(), "npz")
    return camera.reference_picture


def forget_learnt(files: EvidenceFiles, camera: Camera) -> None:
    """Let go of the lights that were learnt beside the accepted view: they may show what nobody
    may look into any more (L69)."""
    if camera.reference_picture is not None:
        files.remove(_learnt_key(camera.id, camera.reference_picture))


def accept_view(
    session: Session, services: Services, camera: Camera, *, actor: str, same_view: bool = False
) -> str:
    """The camera's latest picture shows the view as it should be. Gives the reference's key.

    `same_view` adds it as one more light of the view already accepted (the first infrared night);
    else it takes its place (the camera was moved for good). Raises NotFound before the first
    picture.
    """
    if camera.last_picture is None:
        raise NotFound("this camera has sent no picture yet", hint="wait for its first picture")
    image = latest_image(services.evidence, camera)
    if image is None:
        raise NotFound("the latest picture cannot be opened", hint="try again in a moment")
    whole = grey_picture(image)
    masks = masks_of(camera.privacy_masks)
    if masks:
        even_out(whole, masks)  # as the worker's looks have it
    grey = SmallLook(whole).grey
    known = read_reference(services.evidence, camera).book if same_view else None
    if known is not None and known.shape == grey.shape:
        book = known.with_grey(grey)
    else:
        book = ReferenceBook([grey])
    key, before = services.evidence.put(book.to_bytes(), "npz"), camera.reference_picture
    set_reference(session, camera, key, at=services.clock.now(), actor=actor)
    if same_view:
        follow_view(session, camera, before)
    return key


def accept_for_zone(session: Session, services: Services, camera: Camera, *, actor: str) -> None:
    """A zone is being drawn on the latest picture. That accepts the view where nobody has yet,
    and where it is another one than before."""
    before = camera.reference_picture
    unconfirmed = before is None or camera.reference_by == LEARNT
    if camera.last_picture is not None and (unconfirmed or camera.health == "moved"):
        accept_view(session, services, camera, actor=actor)
        if camera.health != "moved":
            follow_view(session, camera, before)


def _learnt_name(camera_id: int, key: str) -> str:
    """Other lights belong to one accepted view: with another one they are forgotten."""
    return f"views-{camera_id}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def _learnt_key(camera_id: int, key: str) -> str:
    return f"latest/{_learnt_name(camera_id, key)}.npz"
