"""The picture of a zone as a person accepted it: what is new is told against it.

Kept with the zone version as base64 of a small JPEG: nobody is recognised on it. Baselines of
earlier versions are grey; colours are then not compared.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

import cv2
import numpy as np

from vision.appearance import Grey, pixel_box
from vision.geometry import bounds, share_of_polygon
from vision.masks import Masks, black_out
from vision.types import Image, Polygon

SIDE: Final = 480
"""Pixels of the longer side at most."""
_LEAST: Final = 16
_GREY: Final = 2
"""Channels no further apart than this: the picture has no colours."""


def baseline_of(image: Image, polygon: Polygon) -> str:
    """Base64 of a JPEG of the polygon's bounds: what a zone version keeps."""
    x1, y1, x2, y2 = pixel_box(bounds(polygon), image.shape[1], image.shape[0])
    return _packed(image[y1:y2, x1:x2])


def renewed(baseline: str, image: Image, polygon: Polygon, part: Polygon) -> str:
    """The baseline with `part` of the zone as it is in `image` now (something was approved)."""
    fresh = baseline_of(image, polygon)
    old, new = _unpacked(baseline, cv2.IMREAD_COLOR), _unpacked(fresh, cv2.IMREAD_COLOR)
    if old is None or new is None or old.shape != new.shape:
        return fresh
    left, top, right, bottom = bounds(polygon)
    box = bounds(part)
    wide, high = right - left, bottom - top
    inside = (
        max(0.0, (box[0] - left) / wide),
        max(0.0, (box[1] - top) / high),
        min(1.0, (box[2] - left) / wide),
        min(1.0, (box[3] - top) / high),
    )
    x1, y1, x2, y2 = pixel_box(inside, old.shape[1], old.shape[0])
    old, piece = old.copy(), new[y1:y2, x1:x2]
    if not _has_colours(old):
        # One coloured piece would make the grey rest look repainted.
        piece = np.repeat(cv2.cvtColor(piece, cv2.COLOR_BGR2GRAY)[:, :, None], 3, axis=2)
    old[y1:y2, x1:x2] = piece
    return _packed(old)


def blackened(baseline: str, polygon: Polygon, masks: Masks) -> str:
    """The baseline without what lies under privacy masks (L69): black there, as looks are."""
    picture = _unpacked(baseline, cv2.IMREAD_COLOR)
    left, top, right, bottom = bounds(polygon)
    if picture is None or not any(share_of_polygon(mask, bounds(polygon)) > 0 for mask in masks):
        return baseline
    inside = tuple(
        tuple(((x - left) / (right - left), (y - top) / (bottom - top)) for x, y in mask)
        for mask in masks
    )
    black_out(picture, inside)
    return _packed(picture)


def grey_of(baseline: str) -> Grey | None:
    """Luma of the picture; None where there is none: then the first look is the baseline."""
    return _unpacked(baseline, cv2.IMREAD_GRAYSCALE)


def colour_of(baseline: str) -> Image | None:
    """Height x width x 3 BGR; None where there is no picture, or one without colours."""
    picture = _unpacked(baseline, cv2.IMREAD_COLOR)
    return picture if picture is not None and _has_colours(picture) else None


def _has_colours(picture: Image) -> bool:
    return int(np.ptp(picture.astype(np.int16), axis=2).max()) > _GREY


def _packed(image: Image) -> str:
    scale = min(1.0, SIDE / max(image.shape[:2]))
    size = tuple(max(_LEAST, round(side * scale)) for side in (image.shape[1], image.shape[0]))
    how = cv2.INTER_AREA if image.shape[0] > size[1] else cv2.INTER_LINEAR
    small = cv2.resize(image, size, interpolation=how)
    done, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])
    return base64.b64encode(data.tobytes()).decode() if done else ""


def _unpacked(baseline: str, how: int) -> Image | None:
    try:
        data = np.frombuffer(base64.b64decode(baseline, validate=True), np.uint8)
    except (binascii.Error, ValueError):
        return None
    picture = cv2.imdecode(data, how) if data.size else None
    return None if picture is None else np.asarray(picture, np.uint8)
