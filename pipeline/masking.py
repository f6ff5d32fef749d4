"""The camera's latest picture, as anybody may see it: with its present privacy masks (L69).

The worker lays them over each frame; a picture that it kept before the masks were changed still
lies in the store for a moment, or for long where the camera is down. So they are laid over it once
more on its way out.
"""

from __future__ import annotations

from models.camera import Camera
from models.errors import NotFound
from pipeline.evidence import EvidenceFiles, decode_jpeg, encode_jpeg
from vision.masks import black_out, masks_of
from vision.types import Image

PICTURE_QUALITY = 80


def picture_name(camera_id: int) -> str:
    """The name under which the store keeps a camera's latest picture."""
    return f"camera-{camera_id}"


def latest_image(files: EvidenceFiles, camera: Camera) -> Image | None:
    """The latest picture (H x W x 3 BGR); None where there is none yet, or it cannot be opened."""
    if camera.last_picture is None:
        return None
    try:
        image = decode_jpeg(files.get(camera.last_picture))
    except NotFound:
        return None
    if image is not None:
        black_out(image, masks_of(camera.privacy_masks))
    return image


def latest_jpeg(files: EvidenceFiles, camera: Camera) -> bytes | None:
    """The same as JPEG; where nothing is masked, the bytes as they lie there."""
    if camera.last_picture is None:
        return None
    if not camera.privacy_masks:
        return files.get(camera.last_picture)
    image = latest_image(files, camera)
    return None if image is None else encode_jpeg(image)


def mask_stored_picture(files: EvidenceFiles, camera: Camera) -> None:
    """Take what lies under the present masks out of the picture in the store as well."""
    image = latest_image(files, camera) if camera.privacy_masks else None
    if image is not None:
        files.overwrite(picture_name(camera.id), encode_jpeg(image, PICTURE_QUALITY), "jpg")
