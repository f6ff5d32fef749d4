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
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 0),
    ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
)
"""Path and index (Simplified Chinese) of Debian's fonts-noto-cjk, fonts-wqy-zenhei and
fonts-wqy-microhei. The first is needed; what else is missing is left out (`chinese_faces`)."""
_CJK_SHARES: Final = (0.32, 0.26, 0.04, 0.22, 0.16)
LATIN_FONTS: Final = (
    ("/usr/share/fonts/truetype/dejavu/DejaVuSansCondensed-Bold.ttf", 0),
    ("/usr/share/fonts/truetype/liberation/LiberationSansNarrow-Bold.ttf", 0),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf", 0),
    ("/usr/share/fonts/truetype/liberation/LiberationSans-Bold.ttf", 0),
    ("/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc", 2),
)
_BROAD_ONE: Final = (2, 4)
"""Faces whose 1 is drawn with its foot, as wide as other letters; elsewhere it is narrow."""
STROKES: Final = -1
"""The face number of our own stroke face; others count through LATIN_FONTS."""
SQUARE: Final = -2
"""The same with its strokes cut off straight, as GA 36 stamps them."""
HAND: Final = -3
"""Straight, with the other forms of the letters that are drawn in more than one way."""

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
    "Q": [_ring(0, 1, _R), [(0.6, 0.78), (1, 1)]],
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


_OTHER_FORMS: Final[dict[str, list[Stroke]]] = {
    # Stamped, the tail of a Q is a tick inside the ring: nearly a 0.
    "Q": [_ring(0, 1, _R), [(0.62, 0.76), (0.9, 0.94)]],
    "M": [[(0, 1), (0, 0), (0.5, 0.95), (1, 0), (1, 1)]],
    "W": [[(0, 0), (0.25, 1), (0.5, 0.05), (0.75, 1), (1, 0)]],
    "1": [[(0.5, 0), (0.5, 1)], [(0.5, 0), (0.28, 0.14)]],
    "K": [[(0, 0), (0, 1)], [(1, 0), (0.05, 0.55)], [(0.4, 0.38), (1, 1)]],
    "G": [
        [
            *_arc(0.5, _R, 0.5, _R, 350, 180),
            *_arc(0.5, 1 - _R, 0.5, _R, 180, 0),
            (1, 0.5),
            (0.5, 0.5),
        ]
    ],
    "6": [[(0.6, 0), (0.05, 0.6), (0, 0.72)], _ring(0.38, 1, 0.21)],
    "9": [[(0.4, 1), (0.95, 0.4), (1, 0.28)], _ring(0, 0.62, 0.21)],
}


@cache
def chinese_faces() -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Numbers of the CJK_FONTS that are installed, the first always, and how often each is used."""
    found = [n for n, (path, _) in enumerate(CJK_FONTS) if n == 0 or Path(path).exists()]
    whole = sum(_CJK_SHARES[n] for n in found)
    return tuple(found), tuple(_CJK_SHARES[n] / whole for n in found)


@cache
def glyph(character: str, width: int, height: int, face: int, weight: int) -> Mask:
    """One character filling `height` x `width` pixels.

    `face`: STROKES, SQUARE, HAND or a number of LATIN_FONTS; for Chinese one of CJK_FONTS.
    `weight`: -2 (thin) .. 2 (bold). Raises FileNotFoundError where the font is not installed.
    """
    if ord(character) > 255:
        return _from_font(character, width, height, CJK_FONTS[face], weight)
    if face < 0:
        strokes = _OTHER_FORMS.get(character) if face == HAND else None
        strokes = strokes or _GLYPHS[character]
        return _from_strokes(strokes, width, height, weight, square=face != STROKES)
    broad = face in _BROAD_ONE
    drawn = max(1, width // 2) if character == "1" and not broad else width
    mask = _from_font(character, drawn, height, LATIN_FONTS[face], weight)
    left = (width - drawn) // 2
    return np.pad(mask, ((0, 0), (left, width - drawn - left)))


def _from_strokes(
    strokes: Sequence[Stroke], width: int, height: int, weight: int, *, square: bool
) -> Mask:
    wide, tall = width * _DRAWN, height * _DRAWN
    # 45 x 90 mm at the middle weight: a stroke of 10 mm.
    thick = max(_DRAWN, round(min(wide / 4.5, tall / 9) * (1 + 0.14 * weight)))
    canvas = np.zeros((tall, wide), np.uint8)
    inset = np.array([thick / 2, thick / 2])
    room = np.array([wide, tall]) - thick
    for stroke in strokes:
        points = np.array(stroke) * room + inset
        if square:
            _cut_straight(canvas, points, thick)
        cv2.polylines(canvas, [np.rint(points).astype(np.int32)], False, 255, thick, cv2.LINE_AA)
    return np.asarray(cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _cut_straight(canvas: Mask, points: NDArray[np.float64], thick: int) -> None:
    """Lets both ends of a stroke run on as far as the rim of the box cuts them off straight."""
    for end, before in ((points[0], points[1]), (points[-1], points[-2])):
        along = (end - before) / max(1e-6, float(np.linalg.norm(end - before)))
        across = np.array([-along[1], along[0]]) * thick / 2
        near_rim = bool((end < thick).any() or (end > np.array(canvas.shape[::-1]) - thick).any())
        tip = end + along * thick * (0.9 if near_rim else 0.5)
        corners = [end - across, end + across, tip + across, tip - across]
        cv2.fillConvexPoly(canvas, np.rint(corners).astype(np.int32), 255, cv2.LINE_AA)


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
