"""A tilted plate in a picture, laid flat.

The text finder's box is level with the line of text but knows neither the slant of the letters nor
the plate's edge. `level` finds both: the slant by sharpening the profile of the columns (letters
stand upright when their columns are crisp), the edge by the colour of the ground.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.plates.colour import measure_ground
from vision.types import Image

FLAT_WIDTH: Final = 176
FLAT_HEIGHT: Final = 56
"""Pixels of a flattened plate: 440 x 140 mm at 2.5 mm a pixel."""

_SHRINK_FROM: Final = 0.6
"""A plate that has to shrink to less than this share is averaged, not sampled."""

Quad = NDArray[np.float32]
"""4 x 2 in pixels of a picture: top left, top right, bottom right, bottom left of a plate."""

Grey = NDArray[np.float32]
Matrix = NDArray[np.float32]


def whole(image: Image) -> Quad:
    """The corners of a picture that is already cropped to a plate."""
    height, width = image.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


def ordered(points: Quad) -> Quad:
    """Top left, top right, bottom right, bottom left of four corners, along the longer sides."""
    centre = points.mean(axis=0)
    angles = np.arctan2(points[:, 1] - centre[1], points[:, 0] - centre[0])
    ring = points[np.argsort(angles)]
    sides = np.linalg.norm(ring - np.roll(ring, -1, axis=0), axis=1)
    # The ring runs clockwise on the screen; a long side that faces up is the top of the text.
    start = 0 if sides[0] + sides[2] >= sides[1] + sides[3] else 1
    first = np.roll(ring, -start, axis=0)
    if first[0, 0] + first[3, 0] > first[1, 0] + first[2, 0]:
        first = np.roll(first, -2, axis=0)
    return first.astype(np.float32)


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


def left_end(flat: Image) -> Image:
    """Province and issuing letter, drawn as wide as print draws them.

    A plate squeezes its Chinese character to half its width (45 x 90 mm); the recogniser learnt
    square ones, and knows 19 provinces in 500 more when they are stretched back.
    """
    part = flat[:, : round(0.3 * FLAT_WIDTH)]
    width = round(part.shape[1] * 1.6)
    return np.asarray(
        cv2.resize(part, (width, FLAT_HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8
    )


def level(
    image: Image, quad: Quad, *, grow_x: float = 0.03, grow_y: float = 0.1
) -> tuple[Quad, Quad]:
    """Two better quads from a box around a plate's text: upright, and upright cut at the edge."""
    flat = flatten(image, quad, grow_x=grow_x, grow_y=grow_y)
    shear = _upright(flat)
    levelled = np.asarray(_sheared(flat, shear), np.uint8)
    back = np.asarray(
        cv2.getPerspectiveTransform(_target(), _grown(quad, grow_x, grow_y)), np.float32
    )
    whole_flat = (0.0, 0.0, float(FLAT_WIDTH), float(FLAT_HEIGHT))
    return _back(whole_flat, shear, back), _back(_edge(levelled), shear, back)


def _back(rectangle: tuple[float, float, float, float], shear: Matrix, back: Matrix) -> Quad:
    x1, y1, x2, y2 = rectangle
    corners = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float32)
    slanted = corners @ shear[:, :2].T + shear[:, 2]
    return np.asarray(cv2.perspectiveTransform(slanted[None], back), np.float32)[0]


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


def _upright(flat: Image) -> Matrix:
    """2 x 3, from level coordinates to those of `flat`: first the line's tilt, then the slant."""
    grey = np.asarray(cv2.cvtColor(flat, cv2.COLOR_BGR2GRAY), np.float32)
    grey -= cv2.GaussianBlur(grey, (0, 0), 12)
    tilt = max(_tried(0.22, 0.02), key=lambda k: _crispness(grey, _shear(k, 0.0), axis=1))
    slant = max(_tried(0.6, 0.05), key=lambda k: _crispness(grey, _shear(tilt, k), axis=0))
    return _shear(tilt, slant)


def _tried(most: float, step: float) -> Iterable[float]:
    """0 first, so that a tie leaves the picture as it is."""
    count = round(most / step)
    return sorted((i * step for i in range(-count, count + 1)), key=abs)


def _shear(tilt: float, slant: float) -> Matrix:
    return np.array(
        [[1, slant, -slant * FLAT_HEIGHT / 2], [tilt, 1, -tilt * FLAT_WIDTH / 2]], np.float32
    )


def _sheared(picture: Image | Grey, shear: Matrix) -> NDArray[np.generic]:
    return cv2.warpAffine(
        picture,
        shear,
        (FLAT_WIDTH, FLAT_HEIGHT),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _crispness(grey: Grey, shear: Matrix, *, axis: int) -> float:
    inner = np.asarray(_sheared(grey, shear), np.float32)[4:-4, 6:-6]
    return float((np.diff(inner.mean(axis=axis)) ** 2).sum())


def _edge(level: Image) -> tuple[float, float, float, float]:
    """x1, y1, x2, y2 of the plate on its levelled picture; the whole where no edge is sure."""
    lab = np.asarray(cv2.cvtColor(level.astype(np.float32) / 255, cv2.COLOR_BGR2LAB), np.float32)
    ground = np.array(measure_ground(level).ground, np.float32)
    away = (lab - ground) * np.array([0.5, 1.0, 1.0], np.float32)
    near = (np.sqrt((away**2).sum(axis=2)) < 18).astype(np.uint8)
    # Rows by the middle of the plate, where digits leave ground between them; columns by the strips
    # above and below the letters, which a dense province does not interrupt.
    solid = cv2.morphologyEx(near, cv2.MORPH_CLOSE, np.ones((15, 11), np.uint8))
    y1, y2 = _run(solid[:, FLAT_WIDTH // 5 : -FLAT_WIDTH // 5].mean(axis=1) > 0.6)
    strip = max(2, round((y2 - y1) * 0.2))
    strips = np.maximum(near[y1 : y1 + strip].mean(axis=0), near[y2 - strip : y2].mean(axis=0))
    bridged = cv2.morphologyEx(
        (strips > 0.3).astype(np.uint8)[None], cv2.MORPH_CLOSE, np.ones((1, 25), np.uint8)
    )
    x1, x2 = _run(bridged[0] > 0)
    ratio = (x2 - x1) / max(1, y2 - y1)
    if x2 - x1 < 0.6 * FLAT_WIDTH or y2 - y1 < 0.4 * FLAT_HEIGHT or not 2.0 < ratio < 6.0:
        return 0.0, 0.0, float(FLAT_WIDTH), float(FLAT_HEIGHT)
    return float(x1), float(y1), float(x2), float(y2)


def _run(inside: NDArray[np.bool_]) -> tuple[int, int]:
    """The longest run of True, as (first, past); (0, length) where there is none."""
    padded = np.concatenate([[False], inside, [False]])
    changes = np.flatnonzero(padded[1:] != padded[:-1])
    if not len(changes):
        return 0, len(inside)
    starts, ends = changes[::2], changes[1::2]
    longest = int((ends - starts).argmax())
    return int(starts[longest]), int(ends[longest])
