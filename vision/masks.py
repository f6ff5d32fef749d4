"""Privacy masks: parts of a picture that nobody may look into, windows and homes (domain.md L69,
视频条例 art. 7: a camera sees no more than its purpose needs).

What lies under a mask is taken out of a picture before anybody gets it: in colour it is black; in
the grey pictures by which the view is judged it has the brightness of the rest, so that dusk, a
passing cloud and infrared do not make an edge of it that comes and goes.
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

from vision.shapes import Box, Polygon
from vision.types import Image, Picture

MARGIN_PIXELS = 2
"""A mask reaches so far beyond its line: a pixel there holds some of what lies inside, as colour is
coded for two pixels by two and a small picture is the mean of a large one."""
MOSTLY = 0.5
"""From this share of it on, a zone lies mostly under masks."""

_GRID = (36, 64)
"""Rows and columns: four cells to a tile of the small picture at 16:9."""

Masks: TypeAlias = tuple[Polygon, ...]


def masks_of(polygons: Sequence[Sequence[Sequence[float]]]) -> Masks:
    """Masks as they are stored, [[[x, y], ...], ...] in 0..1."""
    return tuple(tuple((float(x), float(y)) for x, y in polygon) for polygon in polygons)


def black_out(image: Image, masks: Masks) -> None:
    """Take what lies under the masks out of a picture (height x width x 3 BGR), in place."""
    _fill(image, masks, (0, 0, 0))


def even_out(grey: NDArray[np.uint8], masks: Masks) -> None:
    """The same for a grey picture (height x width), in place: the masked part gets the mean
    brightness of the rest."""
    rest = _open(masks, grey.shape[1], grey.shape[0])
    level = round(cv2.mean(grey, rest)[0])
    _fill(grey, masks, (level,))


def hidden_share(polygon: Polygon, masks: Masks) -> float:
    """Share of a polygon that lies under masks, 0..1."""
    shape = ShapelyPolygon(polygon)
    if not masks or shape.area <= 0:
        return 0.0
    hidden = shapely.union_all([ShapelyPolygon(mask) for mask in masks])
    return float(shape.intersection(hidden).area / shape.area)


def closed_boxes(masks: Masks) -> tuple[Box, ...]:
    """The masks as boxes, a few a row of a coarse grid, each a little larger than what it covers:
    the places of which a look can say nothing."""
    rows, columns = _GRID
    cells = np.zeros(_GRID, np.uint8)
    for corners in _pixels(masks, columns, rows):
        cv2.fillPoly(cells, [corners], (1,))
    boxes: list[Box] = []
    for row in range(rows):
        edges = np.flatnonzero(np.diff(cells[row], prepend=0, append=0))
        for left, right in edges.reshape(-1, 2).tolist():
            boxes.append((left / columns, row / rows, right / columns, (row + 1) / rows))
    return tuple(boxes)


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
def _open(masks: Masks, width: int, height: int) -> NDArray[np.uint8]:
    """255 where a picture of this size may be looked at, 0 under the masks."""
    rest = np.full((height, width), 255, np.uint8)
    _fill(rest, masks, (0,))
    return rest
