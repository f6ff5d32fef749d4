"""The paint of a vehicle, where daylight shows it: a sign beside plate and shape, never a proof.

Named as in the register of vehicles (GA 24.8: 白 灰 黄 粉 红 紫 绿 蓝 棕 黑), with pink and purple
among the reds. Under lamps, in the dark and against the light there is no answer: a lamp paints
every car in its own colour.
"""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.types import Box, Image


class BodyColour(StrEnum):
    WHITE = "white"
    GREY = "grey"
    """Silver too."""
    BLACK = "black"
    RED = "red"
    YELLOW = "yellow"
    """Orange and gold too."""
    BROWN = "brown"
    GREEN = "green"
    BLUE = "blue"


PAINTED = frozenset({BodyColour.RED, BodyColour.YELLOW, BodyColour.GREEN, BodyColour.BLUE})
"""Colours that no other light makes of white, grey or black by day."""
_NEIGHBOURS = frozenset(
    {
        frozenset({BodyColour.RED, BodyColour.BROWN}),
        frozenset({BodyColour.YELLOW, BodyColour.BROWN}),
        frozenset({BodyColour.GREEN, BodyColour.BLUE}),
    }
)
"""Teal is green to one and blue to another."""

_SIZE = 48
_DAYLIGHT = 70.0
"""Mean luma of the street around below which it is not day."""
_NEUTRAL = 14.0
"""Mean chroma of the street around above which a lamp colours it (CIE Lab units)."""
_PAINTED_CHROMA = 22.0
_PAINTED_SHARE = 0.35
"""So much of the body must show the paint: lamps and plates are coloured too, and small."""
_GREY_SHARE = 0.75
_BRIGHT, _DARK = 1.45, 0.45
"""Luma of white and of black paint against the street around it."""


def body_colour(image: Image, box: Box) -> BodyColour | None:
    """The paint of the vehicle in `box` (0..1) of a picture (H x W x 3, BGR).

    None where it cannot be told: by night, under coloured lamps, in mist, or between two colours.
    """
    around = _lab(_crop(image, _wider(box)))
    street = np.median(around.reshape(-1, 3), axis=0)
    if float(street[0]) < _DAYLIGHT or float(np.hypot(street[1], street[2])) > _NEUTRAL:
        return None
    body = _lab(_crop(image, box))[_SIZE // 4 : _SIZE * 4 // 5, _SIZE // 8 : -_SIZE // 8]
    pixels = body.reshape(-1, 3)
    pixels = pixels[pixels[:, 0] > 20]  # glass, tyres and what lies under the car
    if len(pixels) < _SIZE * _SIZE // 10:
        return BodyColour.BLACK
    shift = pixels[:, 1:] - street[1:]
    chroma = np.hypot(shift[:, 0], shift[:, 1])
    painted = chroma > _PAINTED_CHROMA
    if float(painted.mean()) >= _PAINTED_SHARE:
        return _hue(shift[painted], float(np.median(pixels[painted, 0])))
    if float((chroma < _PAINTED_CHROMA / 2).mean()) < _GREY_SHARE:
        return None
    return _shade(float(np.percentile(pixels[:, 0], 60)) / float(street[0]))


def differ(one: BodyColour | None, other: BodyColour | None) -> bool:
    """Whether two looks cannot be of one vehicle: both are told, they are not neighbours, and at
    least one of them is a paint that light does not make. White, grey and black differ by shade
    only, which the sun changes: they never differ here."""
    if one is None or other is None or one is other:
        return False
    return bool(PAINTED & {one, other}) and frozenset({one, other}) not in _NEIGHBOURS


def _shade(ratio: float) -> BodyColour | None:
    if ratio >= _BRIGHT:
        return BodyColour.WHITE
    return BodyColour.BLACK if ratio <= _DARK else BodyColour.GREY


def _hue(shift: NDArray[np.float32], lightness: float) -> BodyColour | None:
    """Red 0 to 50 degrees of the a-b plane, yellow to 105, green to 200, blue to 310."""
    a, b = (float(v) for v in np.median(shift, axis=0))
    angle = float(np.degrees(np.arctan2(b, a))) % 360
    if angle >= 310 or angle < 50:
        return BodyColour.RED
    if angle < 105:
        return BodyColour.YELLOW if lightness >= 90 else BodyColour.BROWN
    return BodyColour.GREEN if angle < 200 else BodyColour.BLUE


def _lab(picture: Image) -> NDArray[np.float32]:
    """CIE Lab of a small copy: L in 0..255, a and b around 0."""
    small = cv2.resize(picture, (_SIZE, _SIZE), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_BGR2LAB).astype(np.float32)
    lab[..., 1:] -= 128
    return lab


def _crop(image: Image, box: Box) -> Image:
    height, width = image.shape[:2]
    left, right = int(max(0.0, box[0]) * width), int(np.ceil(min(1.0, box[2]) * width))
    top, bottom = int(max(0.0, box[1]) * height), int(np.ceil(min(1.0, box[3]) * height))
    return image[top : max(bottom, top + 1), left : max(right, left + 1)]


def _wider(box: Box) -> Box:
    dx, dy = (box[2] - box[0]) / 2, (box[3] - box[1]) / 2
    return box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy
