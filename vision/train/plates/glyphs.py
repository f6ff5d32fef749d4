"""The letters of a plate as masks: a stroke face drawn after GA 36, and installed fonts stretched.

GA 36 letters fill a box of 45 x 90 mm with a stroke of about 10 mm; no free font has their shapes.
The 34 of them are described here by the middle line of their strokes in a unit square and drawn
at any box and weight. Chinese characters come from an installed font, squeezed the way plates do.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Mask: TypeAlias = NDArray[np.uint8]
"""Height x width, 255 where the paint is."""
Point: TypeAlias = tuple[float, float]
Stroke: TypeAlias = list[Point]

CJK_FONTS: Final = (
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc", 2),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", 2),
    ("/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc", 2),
)
"""Path and index (Simplified Chinese) of Debian's fonts-noto-cjk."""
LATIN_FONTS: Final = (
    ("/usr/share/fonts/truetype/dejavu/DejaVuSansCondensed-Bold.ttf", 0),
    ("/usr/share/fonts/truetype/liberation/LiberationSansNarrow-Bold.ttf", 0),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf", 0),
    ("/usr/share/fonts/truetype/liberation/LiberationSans-Bold.ttf", 0),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc", 2),
)
STROKES: Final = -1
"""The face number of our own stroke face; others count through LATIN_FONTS."""

_DRAWN: Final = 4
"""Strokes are drawn so many times larger and shrunk, for smooth edges."""


def _arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> Stroke:
    """Degrees from the right, clockwise on the screen."""
    angles = np.radians(np.linspace(start, end, 13))
    return [(cx + rx * float(np.cos(a)), cy + ry * float(np.sin(a))) for a in angles]


def _ring(top: float, foot: float, ry: float) -> Stroke:
    """A closed upright ring between two heights."""
    return [
        *_arc(0.5, top + ry, 0.5, ry, 180, 360),
        *_arc(0.5, foot - ry, 0.5, ry, 0, 180),
        (0.0, top + ry),
    ]


def _bowl(left: float, top: float, foot: float, rx: float) -> Stroke:
    """From the stem to the right and back, as in B, D, P, R."""
    ry = (foot - top) / 2
    corner = min(ry, 0.2)
    return [
        (left, top),
        *_arc(1 - rx, top + corner, rx, corner, 270, 360),
        *_arc(1 - rx, foot - corner, rx, corner, 0, 90),
        (left, foot),
    ]


_R: Final = 0.215
"""A half circle over the width of a letter, as a share of its height."""

_GLYPHS: Final[dict[str, list[Stroke]]] = {
    "0": [_ring(0, 1, _R)],
    "1": [[(0.5, 0), (0.5, 1)]],
    "2": [
        [
            *_arc(0.5, _R, 0.5, _R, 185, 360),
            (0.97, 0.34),
            (0.85, 0.46),
            (0.15, 0.82),
            (0.02, 1),
            (1, 1),
        ]
    ],
    "3": [
        [*_arc(0.5, _R, 0.48, _R, 190, 360), (0.97, 0.3), (0.82, 0.43), (0.4, 0.46)],
        [(0.4, 0.46), (0.8, 0.5), (1, 0.62), (1, 1 - _R), *_arc(0.5, 1 - _R, 0.5, _R, 0, 172)],
    ],
    "4": [[(0.62, 0), (0, 0.72), (1, 0.72)], [(0.7, 0.45), (0.7, 1)]],
    "5": [
        [
            (0.95, 0),
            (0.12, 0),
            (0.06, 0.47),
            *_arc(0.5, 0.6, 0.5, 0.2, 215, 360),
            *_arc(0.5, 1 - _R, 0.5, _R, 0, 170),
        ]
    ],
    "6": [[(0.68, 0), (0.08, 0.56), (0, 0.7)], _ring(0.44, 1, 0.21)],
    "7": [[(0, 0), (1, 0), (0.5, 0.5), (0.35, 1)]],
    "8": [_ring(0.44, 1, 0.21), [(0.06 + 0.88 * x, y) for x, y in _ring(0, 0.44, 0.19)]],
    "9": [[(0.32, 1), (0.92, 0.44), (1, 0.3)], _ring(0, 0.56, 0.21)],
    "A": [[(0, 1), (0.5, 0), (1, 1)], [(0.17, 0.68), (0.83, 0.68)]],
    "B": [[(0, 0), (0, 1)], _bowl(0, 0, 0.47, 0.4), _bowl(0, 0.47, 1, 0.45)],
    "C": [[*_arc(0.5, _R, 0.5, _R, 350, 180), *_arc(0.5, 1 - _R, 0.5, _R, 180, 10)]],
    "D": [[(0, 0), (0, 1)], _bowl(0, 0, 1, 0.5)],
    "E": [[(1, 0), (0, 0), (0, 1), (1, 1)], [(0, 0.48), (0.9, 0.48)]],
    "F": [[(1, 0), (0, 0), (0, 1)], [(0, 0.48), (0.9, 0.48)]],
    "G": [
        [
            *_arc(0.5, _R, 0.5, _R, 350, 180),
            *_arc(0.5, 1 - _R, 0.5, _R, 180, 0),
            (1, 0.55),
            (0.55, 0.55),
        ]
    ],
    "H": [[(0, 0), (0, 1)], [(1, 0), (1, 1)], [(0, 0.48), (1, 0.48)]],
    "J": [[(1, 0), (1, 1 - _R), *_arc(0.5, 1 - _R, 0.5, _R, 0, 175)]],
    "K": [[(0, 0), (0, 1)], [(1, 0), (0.05, 0.62)], [(0.3, 0.46), (1, 1)]],
    "L": [[(0, 0), (0, 1), (1, 1)]],
    "M": [[(0, 1), (0, 0), (0.5, 0.7), (1, 0), (1, 1)]],
    "N": [[(0, 1), (0, 0), (1, 1), (1, 0)]],
    "O": [_ring(0, 1, _R)],
    "P": [[(0, 0), (0, 1)], _bowl(0, 0, 0.54, 0.45)],
    "Q": [_ring(0, 1, _R), [(0.5, 0.72), (1, 1)]],
    "R": [[(0, 0), (0, 1)], _bowl(0, 0, 0.52, 0.45), [(0.5, 0.54), (1, 1)]],
    "S": [
        [
            *_arc(0.5, _R, 0.48, _R, 350, 180),
            (0.06, 0.34),
            (0.3, 0.46),
            (0.75, 0.55),
            (1, 0.68),
            *_arc(0.5, 1 - _R, 0.5, _R, 0, 170),
        ]
    ],
    "T": [[(0, 0), (1, 0)], [(0.5, 0), (0.5, 1)]],
    "U": [[(0, 0), (0, 1 - _R), *_arc(0.5, 1 - _R, 0.5, _R, 180, 0), (1, 0)]],
    "V": [[(0, 0), (0.5, 1), (1, 0)]],
    "W": [[(0, 0), (0.22, 1), (0.5, 0.3), (0.78, 1), (1, 0)]],
    "X": [[(0, 0), (1, 1)], [(1, 0), (0, 1)]],
    "Y": [[(0, 0), (0.5, 0.52), (1, 0)], [(0.5, 0.52), (0.5, 1)]],
    "Z": [[(0, 0), (1, 0), (0, 1), (1, 1)]],
}


@cache
def glyph(character: str, width: int, height: int, face: int, weight: int) -> Mask:
    """One character filling `height` x `width` pixels.

    `face`: STROKES or a number of LATIN_FONTS; for Chinese a number of CJK_FONTS (taken modulo).
    `weight`: -2 (thin) .. 2 (bold). Raises FileNotFoundError where the font is not installed.
    """
    if ord(character) > 255:
        return _from_font(character, width, height, CJK_FONTS[face % len(CJK_FONTS)], weight)
    if face == STROKES:
        return _from_strokes(_GLYPHS[character], width, height, weight)
    drawn = max(1, width // 2) if character == "1" else width
    mask = _from_font(character, drawn, height, LATIN_FONTS[face], weight)
    left = (width - drawn) // 2
    return np.pad(mask, ((0, 0), (left, width - drawn - left)))


def _from_strokes(strokes: Sequence[Stroke], width: int, height: int, weight: int) -> Mask:
    wide, tall = width * _DRAWN, height * _DRAWN
    # 45 x 90 mm at the middle weight: a stroke of 10 mm.
    thick = max(_DRAWN, round(min(wide / 4.5, tall / 9) * (1 + 0.14 * weight)))
    canvas = np.zeros((tall, wide), np.uint8)
    inset = np.array([thick / 2, thick / 2])
    room = np.array([wide, tall]) - thick
    for stroke in strokes:
        points = np.rint(np.array(stroke) * room + inset).astype(np.int32)
        cv2.polylines(canvas, [points], False, 255, thick, cv2.LINE_AA)
    return np.asarray(cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


@cache
def _font(path: str, index: int) -> ImageFont.FreeTypeFont:
    if not Path(path).exists():
        raise FileNotFoundError(f"{path}: install fonts-noto-cjk, fonts-dejavu, fonts-liberation")
    return ImageFont.truetype(path, 200, index=index)


def _from_font(character: str, width: int, height: int, font: tuple[str, int], weight: int) -> Mask:
    face = _font(*font)
    left, top, right, bottom = (int(v) for v in face.getbbox(character))
    picture = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(picture).text((-left, -top), character, fill=255, font=face)
    drawn = np.asarray(picture, np.uint8)
    size = (width * 2, height * 2)
    mask = np.asarray(cv2.resize(drawn, size, interpolation=cv2.INTER_AREA), np.uint8)
    if weight:
        kernel = np.ones((1 + abs(weight), 1 + abs(weight)), np.uint8)
        mask = np.asarray((cv2.dilate if weight > 0 else cv2.erode)(mask, kernel), np.uint8)
    return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
