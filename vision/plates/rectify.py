"""A tilted plate in a picture, laid flat: a perspective warp from its four corners."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.types import Image

FLAT_WIDTH: Final = 176
FLAT_HEIGHT: Final = 56
"""Pixels of a flattened plate: 440 x 140 mm at 2.5 mm a pixel."""

_SHRINK_FROM: Final = 0.75
"""A plate that has to shrink to less than this share is averaged, not sampled."""

Quad = NDArray[np.float32]
"""4 x 2 in pixels of a picture: top left, top right, bottom right, bottom left of a plate."""


def whole(image: Image) -> Quad:
    """The corners of a picture that is already cropped to a plate."""
    height, width = image.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


def flatten(
    image: Image,
    quad: Quad,
    *,
    grow_x: float = 0.0,
    grow_y: float = 0.0,
    size: tuple[int, int] = (FLAT_WIDTH, FLAT_HEIGHT),
) -> Image:
    """The picture inside `quad`, grown by these shares of its sides, as `size` (width, height).

    A plate seen much larger than that is first shrunk by averaging: a warp alone would take every
    n-th pixel of its letters.
    """
    corners = _grown(quad, grow_x, grow_y)
    image, corners = _near_size(image, corners, size[0])
    matrix = cv2.getPerspectiveTransform(corners, _target(size))
    flat = cv2.warpPerspective(
        image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(flat, np.uint8)


def _near_size(image: Image, corners: Quad, width: int) -> tuple[Image, Quad]:
    """The part of the picture around the corners, shrunk so that they are some `width` apart."""
    wide = float(np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3]))
    scale = 2 * width / max(1.0, wide)
    if scale >= _SHRINK_FROM:
        return image, corners
    edge = np.array([image.shape[1], image.shape[0]])
    x1, y1 = np.clip(np.floor(corners.min(axis=0)).astype(int) - 4, 0, edge - 1)
    x2, y2 = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 4, (x1 + 1, y1 + 1), edge)
    part = image[y1:y2, x1:x2]
    shown = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    small = cv2.resize(part, shown, interpolation=cv2.INTER_AREA)
    ratio = np.array([shown[0] / part.shape[1], shown[1] / part.shape[0]], np.float32)
    return np.asarray(small, np.uint8), (corners - np.array([x1, y1], np.float32)) * ratio


def grey(flat: Image) -> Image:
    """Without its colours, still three channels: the recogniser reads plates better so."""
    return np.asarray(
        cv2.cvtColor(cv2.cvtColor(flat, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8
    )


def _target(size: tuple[int, int] = (FLAT_WIDTH, FLAT_HEIGHT)) -> Quad:
    width, height = size
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


def _grown(quad: Quad, grow_x: float, grow_y: float) -> Quad:
    top_left, top_right, bottom_right, bottom_left = quad
    along = ((top_right - top_left) + (bottom_right - bottom_left)) / 2 * grow_x
    down = ((bottom_left - top_left) + (bottom_right - top_right)) / 2 * grow_y
    return np.array(
        [
            top_left - along - down,
            top_right + along - down,
            bottom_right + along + down,
            bottom_left - along + down,
        ],
        np.float32,
    )
