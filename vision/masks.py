"""Privacy masks: parts of a picture that nobody may look into, windows and homes (domain.md L69,
视频条例 art. 7: a camera sees no more than its purpose needs).

What lies under a mask is taken out of a picture before anybody gets it: in colour it is black; in
the grey pictures by which the view is judged it has the brightness of what is around it. A black
edge would come and go with the light, and stay where it is when the camera is turned.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon as ShapelyPolygon

from vision.shapes import Polygon
from vision.types import Image, Picture

MARGIN_PIXELS = 2
"""A mask reaches so far beyond its line: a pixel there holds some of what lies inside, as colour is
coded for two pixels by two and a small picture is the mean of a large one."""
MOSTLY = 0.5
"""From this share of it on, a zone lies mostly under masks."""

_NEAR = 9
"""Sides of what counts as around a place: a ninth of a picture's width at 640 pixels."""

Masks: TypeAlias = tuple[Polygon, ...]


def masks_of(polygons: Sequence[Sequence[Sequence[float]]]) -> Masks:
    """Masks as they are stored, [[[x, y], ...], ...] in 0..1."""
    return tuple(tuple((float(x), float(y)) for x, y in polygon) for polygon in polygons)


def black_out(image: Image, masks: Masks) -> None:
    """Take what lies under the masks out of a picture (height x width x 3 BGR), in place."""
    _fill(image, masks, (0, 0, 0))


def even_out(grey: NDArray[np.uint8], masks: Masks) -> None:
    """The same for a grey picture (height x width), in place: masked places get the mean brightness
    of what may be seen around them."""
    height, width = grey.shape
    closed, rest, weight = _parts(masks, width, height)
    coarse = _around(np.asarray(cv2.bitwise_and(grey, rest), np.uint8))
    level = cv2.mean(grey, rest)[0]
    smooth = np.where(weight > 1, coarse * 255 / np.maximum(weight, 1), level).astype(np.uint8)
    fill = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)
    cv2.copyTo(fill, closed, grey)


def hidden_share(polygon: Polygon, masks: Masks) -> float:
    """Share of a polygon that lies under masks, 0..1."""
    shape = ShapelyPolygon(polygon)
    if not masks or shape.area <= 0:
        return 0.0
    hidden = shapely.union_all([ShapelyPolygon(mask) for mask in masks])
    return float(shape.intersection(hidden).area / shape.area)


class MaskedPicture:
    """A picture of which nobody gets what lies under the masks (`vision.types.Picture`)."""

    __slots__ = ("_masks", "_picture")

    def __init__(self, picture: Picture, masks: Masks) -> None:
        self._picture = picture
        self._masks = masks

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._picture.size

    def colour(self) -> Image:
        # The picture hands out one array to all who hold it: each fills it before using it, and
        # filling it twice changes nothing.
        image = self._picture.colour()
        black_out(image, self._masks)
        return image

    def grey(self, most_width: int) -> NDArray[np.uint8]:
        grey = self._picture.grey(most_width)
        even_out(grey, self._masks)
        return grey


def _fill(image: NDArray[np.uint8], masks: Masks, value: Sequence[float]) -> None:
    # One by one: of polygons drawn together, OpenCV leaves open what lies under two of them.
    for corners in _pixels(masks, image.shape[1], image.shape[0]):
        cv2.fillPoly(image, [corners], value)
        cv2.polylines(image, [corners], True, value, 2 * MARGIN_PIXELS + 1)


@lru_cache(maxsize=64)
def _pixels(masks: Masks, width: int, height: int) -> tuple[NDArray[np.int32], ...]:
    """The masks' corners in pixels of a picture of this size."""
    scale = np.array([width, height])
    return tuple(
        np.asarray(np.floor(np.array(mask) * scale), np.int32).reshape(-1, 1, 2) for mask in masks
    )


@lru_cache(maxsize=64)
def _parts(
    masks: Masks, width: int, height: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]:
    """Of a picture of this size: 255 under the masks, 255 in the rest, and how much of the rest
    lies around each place (0..255)."""
    closed = np.zeros((height, width), np.uint8)
    _fill(closed, masks, (255,))
    rest = np.asarray(cv2.bitwise_not(closed), np.uint8)
    return closed, rest, _around(rest)


def _around(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The mean around each place, an eighth as large."""
    size = (max(1, grey.shape[1] // 8), max(1, grey.shape[0] // 8))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.blur(small.astype(np.float32), (_NEAR, _NEAR)), np.float32)
