"""Rendered number plates of every kind of domain.md 2.6, flat front views, one pixel a millimetre.

Measures after GA 36-2018: blue and the like 440 x 140, new energy 480 x 140, two lines 440 x 220,
motorcycles 220 x 140 mm. What the standard leaves open (paint, wear, fixing) is drawn by chance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.plates.grammar import DIGITS, LETTERS, NEV_LETTERS, OFFICE, PROVINCES, SERIAL
from vision.train.plates.glyphs import (
    HAND,
    LATIN_FONTS,
    SQUARE,
    STROKES,
    chinese_faces,
    glyph,
)
from vision.types import Image, PlateColour

Rng: TypeAlias = np.random.Generator
Colour: TypeAlias = tuple[int, int, int]
"""BGR."""
Slot: TypeAlias = tuple[float, float, float, float]
"""Left, top, width, height of a character in millimetres."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a kind of plate is laid out and painted."""

    colour: PlateColour
    size: tuple[int, int]
    slots: tuple[Slot, ...]
    dots: tuple[tuple[float, float], ...]
    red: str = ""
    """Characters painted red."""

    @property
    def two_lines(self) -> bool:
        return self.slots[0][1] + self.slots[0][3] <= self.slots[-1][1] + 1


_ROW: Final[tuple[Slot, ...]] = tuple(
    (x, 25.0, 45.0, 90.0) for x in (15.5, 72.5, 151.5, 208.5, 265.5, 322.5, 379.5)
)
_NEV_ROW: Final[tuple[Slot, ...]] = (
    (15.5, 25.0, 45.0, 90.0),
    (69.5, 25.0, 43.0, 90.0),
    *((161.5 + 52.0 * i, 25.0, 43.0, 90.0) for i in range(6)),
)
_TWO_ROWS: Final[tuple[Slot, ...]] = (
    (110.0, 15.0, 80.0, 60.0),
    (250.0, 15.0, 80.0, 60.0),
    *((27.5 + 80.0 * i, 90.0, 65.0, 110.0) for i in range(5)),
)
_MOTORCYCLE: Final[tuple[Slot, ...]] = (
    (55.0, 10.0, 40.0, 40.0),
    (125.0, 10.0, 40.0, 40.0),
    *((15.0 + 39.0 * i, 60.0, 34.0, 68.0) for i in range(5)),
)
_EMBASSY: Final[tuple[Slot, ...]] = tuple(
    (x, 25.0, 45.0, 90.0) for x in (15.5, 72.5, 129.5, 186.5, 265.5, 322.5, 379.5)
)
_WJ: Final[tuple[Slot, ...]] = (
    (15.0, 25.0, 38.0, 90.0),
    (57.0, 25.0, 38.0, 90.0),
    (108.0, 42.0, 40.0, 58.0),
    *((165.0 + 53.0 * i, 25.0, 43.0, 90.0) for i in range(5)),
)
_EIGHT: Final[tuple[Slot, ...]] = (
    (13.0, 25.0, 42.0, 90.0),
    (62.0, 25.0, 42.0, 90.0),
    *((126.0 + 50.0 * i, 25.0, 42.0, 90.0) for i in range(6)),
)
_DOT: Final = ((134.5, 70.0),)
_ROW_SIZE, _TWO_SIZE, _NEV_SIZE = (440, 140), (440, 220), (480, 140)

_Y, _W, _K = PlateColour.YELLOW, PlateColour.WHITE, PlateColour.BLACK
FORMS: Final[dict[str, Form]] = {
    "small": Form(PlateColour.BLUE, _ROW_SIZE, _ROW, _DOT),
    "large": Form(_Y, _ROW_SIZE, _ROW, _DOT),
    "large_two_lines": Form(_Y, _TWO_SIZE, _TWO_ROWS, ((220.0, 45.0),)),
    "trailer": Form(_Y, _TWO_SIZE, _TWO_ROWS, ((220.0, 45.0),)),
    "coach": Form(_Y, _ROW_SIZE, _ROW, _DOT),
    "nev_small": Form(PlateColour.GREEN, _NEV_SIZE, _NEV_ROW, ((137.0, 70.0),)),
    "nev_large": Form(PlateColour.GREEN, _NEV_SIZE, _NEV_ROW, ((137.0, 70.0),)),
    "police": Form(_W, _ROW_SIZE, _ROW, _DOT, red="警"),
    "emergency": Form(_W, _ROW_SIZE, _EIGHT, (), red="应急"),
    "armed_police": Form(_W, _ROW_SIZE, _WJ, (), red="WJ" + PROVINCES),
    "military": Form(_W, _ROW_SIZE, _ROW, _DOT, red=LETTERS),
    "consulate": Form(_K, _ROW_SIZE, _ROW, _DOT, red="领"),
    "embassy": Form(_K, _ROW_SIZE, _EMBASSY, ((248.5, 70.0),), red="使"),
    "hk_macao": Form(_K, _ROW_SIZE, _ROW, _DOT),
    "black": Form(_K, _ROW_SIZE, _ROW, _DOT),
    "motorcycle": Form(_Y, (220, 140), _MOTORCYCLE, ((110.0, 30.0),)),
    "motorcycle_light": Form(PlateColour.BLUE, (220, 140), _MOTORCYCLE, ((110.0, 30.0),)),
}
"""Every kind that is drawn, by name. `black` is the old plate of foreign-owned cars."""

SHARES: Final[dict[str, float]] = {
    **{"small": 0.42, "large": 0.10, "large_two_lines": 0.10, "trailer": 0.02, "coach": 0.02},
    **{"nev_small": 0.14, "nev_large": 0.04, "police": 0.02, "emergency": 0.01},
    **{"armed_police": 0.02, "military": 0.01, "consulate": 0.01, "embassy": 0.01},
    **{"hk_macao": 0.01, "black": 0.02, "motorcycle": 0.03, "motorcycle_light": 0.02},
}
"""How often `random_plate` draws each kind."""


def _pick(rng: Rng, alphabet: str, count: int = 1) -> str:
    return "".join(alphabet[int(i)] for i in rng.integers(0, len(alphabet), count))


_CONFUSED: Final = "QQ00DB8Z2S5G6MWNHKFE7T1UVCPRA4"
"""What small and blurred plates are misread in."""


def _serial(rng: Rng, length: int) -> str:
    """Digits and, as GA 36 allows, at most two letters; now and then any mix, to learn all."""
    chance = rng.random()
    if chance < 0.25:
        return _pick(rng, _CONFUSED if chance < 0.15 else SERIAL, length)
    marks = list(_pick(rng, DIGITS, length))
    for place in rng.permutation(length)[: int(rng.choice([0, 1, 2], p=[0.2, 0.4, 0.4]))]:
        marks[place] = _pick(rng, LETTERS)
    return "".join(marks)


def _ordinary(rng: Rng) -> str:
    """Province and issuing letter; the retired O too, so that it is not taken for D or Q."""
    return _pick(rng, PROVINCES) + _pick(rng, OFFICE)


_TEXTS: Final[dict[str, Callable[[Rng], str]]] = {
    "trailer": lambda rng: _ordinary(rng) + _serial(rng, 4) + "挂",
    "coach": lambda rng: _ordinary(rng) + _serial(rng, 4) + "学",
    "nev_small": lambda rng: (
        _ordinary(rng)
        + _pick(rng, "DF" * 3 + NEV_LETTERS)
        + _pick(rng, SERIAL)
        + _pick(rng, DIGITS, 4)
    ),
    "nev_large": lambda rng: _ordinary(rng) + _pick(rng, DIGITS, 5) + _pick(rng, NEV_LETTERS),
    "police": lambda rng: _ordinary(rng) + _serial(rng, 4) + "警",
    "emergency": lambda rng: _pick(rng, PROVINCES) + _pick(rng, "XS") + _serial(rng, 4) + "应急",
    "armed_police": lambda rng: (
        "WJ" + _pick(rng, PROVINCES) + _pick(rng, DIGITS, 4) + _pick(rng, SERIAL)
    ),
    "military": lambda rng: _pick(rng, LETTERS, 2) + _pick(rng, DIGITS, 5),
    "consulate": lambda rng: _ordinary(rng) + _serial(rng, 4) + "领",
    "embassy": lambda rng: (
        "使" + _pick(rng, DIGITS, 6) if rng.random() < 0.8 else _pick(rng, DIGITS, 6) + "使"
    ),
    "hk_macao": lambda rng: "粤Z" + _serial(rng, 4) + _pick(rng, "港澳"),
}


def random_text(kind: str, rng: Rng) -> str:
    """A text of a kind of FORMS under the grammar; provinces and letters are evenly spread."""
    made = _TEXTS.get(kind)
    return made(rng) if made else _ordinary(rng) + _serial(rng, 5)


def random_plate(rng: Rng) -> tuple[str, PlateColour, str]:
    """Text, colour and kind (a name of FORMS), drawn by SHARES."""
    names = list(SHARES)
    kind = names[int(rng.choice(len(names), p=np.array([SHARES[n] for n in names])))]
    return random_text(kind, rng), FORMS[kind].colour, kind


_BLUE_HUES: Final = ((150, 60, 10), (190, 90, 20), (160, 40, 25), (200, 70, 40), (120, 60, 20))


def _ground(form: Form, kind: str, rng: Rng) -> Image:
    width, height = form.size
    if form.colour is PlateColour.GREEN:
        return _green(width, height, kind, rng)
    paint: Colour = {
        PlateColour.BLUE: _BLUE_HUES[int(rng.integers(len(_BLUE_HUES)))],
        PlateColour.YELLOW: (int(rng.integers(0, 60)), int(rng.integers(150, 200)), 235),
        PlateColour.WHITE: (238, 238, 236),
        PlateColour.BLACK: (22, 20, 20),
    }[form.colour]
    return np.full((height, width, 3), paint, np.uint8)


def _green(width: int, height: int, kind: str, rng: Rng) -> Image:
    """White fading to green towards the foot; large vehicles: all green, yellow on the left."""
    top, foot = np.array([228, 245, 225]), np.array([112, 190, 72]) + rng.integers(-30, 30, 3)
    share = np.clip((np.arange(height) / height - 0.1) / 0.75, 0, 1)[:, None]
    column = top * (1 - share) + foot * share
    if kind == "nev_large":
        column = np.repeat(foot[None].astype(float), height, axis=0)
    ground = np.repeat(np.clip(column, 0, 255).astype(np.uint8)[:, None], width, axis=1)
    if kind == "nev_large":
        ground[:, :121] = (int(rng.integers(0, 60)), int(rng.integers(170, 205)), 235)
    return ground


def _ink(form: Form, rng: Rng) -> tuple[Colour, Colour]:
    """Paint of the letters, and of those that are red."""
    red: Colour = (int(rng.integers(10, 50)), int(rng.integers(10, 40)), 200)
    if form.colour in (PlateColour.BLUE, PlateColour.BLACK):
        level = int(rng.integers(225, 256))
        return (level, level, level), red
    level = int(rng.integers(5, 45))
    return (level, level, level), red


def _paint(plate: Image, mask: NDArray[np.uint8], left: int, top: int, ink: Colour) -> None:
    height, width = mask.shape
    place = plate[top : top + height, left : left + width]
    share = mask[: place.shape[0], : place.shape[1], None].astype(np.float32) / 255
    place[:] = (place * (1 - share) + np.array(ink, np.float32) * share).astype(np.uint8)


def _faces(rng: Rng) -> tuple[int, int, int, int]:
    """Face and weight of the letters, and of the Chinese characters."""
    latin = int(rng.choice([STROKES, SQUARE, HAND], p=[0.25, 0.4, 0.35]))
    if rng.random() < 0.4:
        latin = int(min(rng.integers(2 * len(LATIN_FONTS)), len(LATIN_FONTS) - 1))
    faces, shares = chinese_faces()
    chinese = int(rng.choice(faces, p=shares))
    return latin, int(rng.integers(-2, 3)), chinese, int(rng.integers(-1, 3))


def render_plate(text: str, colour: PlateColour, kind: str, *, rng: Rng) -> Image:
    """The plate seen flat from the front, H x W x 3 BGR, one pixel a millimetre.

    `kind` is a name of FORMS; a colour other than its own, or a text of another length, raises
    ValueError: the caller has mixed up two plates.
    """
    form = FORMS[kind]
    if form.colour is not colour or len(text) != len(form.slots):
        raise ValueError(f"kind {kind}: {len(form.slots)} characters on {form.colour.value}")
    plate = _ground(form, kind, rng)
    ink, red = _ink(form, rng)
    latin, weight, chinese, chinese_weight = _faces(rng)
    _frame(plate, ink, rng)
    for character, (left, top, width, height) in zip(text, form.slots, strict=True):
        chinese_here = ord(character) > 255
        face, heavy = (chinese, chinese_weight) if chinese_here else (latin, weight)
        mask = glyph(character, round(width), round(height), face, heavy)
        shift = rng.integers(-1, 2, 2)
        paint = red if character in form.red and not (kind == "military" and left > 120) else ink
        _paint(plate, mask, round(left) + int(shift[0]), round(top) + int(shift[1]), paint)
    for x, y in form.dots:
        if form.colour is PlateColour.GREEN:
            _emblem(plate, (round(x), round(y)), rng)
        elif rng.random() < 0.9:
            cv2.circle(plate, (round(x), round(y)), 5, ink, -1, cv2.LINE_AA)
    _bolts(plate, form, rng)
    return plate


def _emblem(plate: Image, at: tuple[int, int], rng: Rng) -> None:
    """The coloured seal of new-energy plates, where others have a dot."""
    size = int(rng.integers(9, 14))
    disc = rng.integers(90, 230, 3)
    cv2.circle(plate, at, size, [int(v) for v in disc], -1, cv2.LINE_AA)
    for _ in range(int(rng.integers(2, 6))):
        spot = tuple(int(v + rng.integers(-size // 2, size // 2 + 1)) for v in at)
        paint = [int(v) for v in rng.integers(30, 255, 3)]
        cv2.circle(plate, (spot[0], spot[1]), int(rng.integers(2, 6)), paint, -1, cv2.LINE_AA)


def _frame(plate: Image, ink: Colour, rng: Rng) -> None:
    """The painted line along the edge, which some plates have lost under a holder."""
    if rng.random() < 0.85:
        height, width = plate.shape[:2]
        inset = int(rng.integers(2, 6))
        corner = (width - 1 - inset, height - 1 - inset)
        cv2.rectangle(plate, (inset, inset), corner, ink, int(rng.integers(1, 4)), cv2.LINE_AA)


def _bolts(plate: Image, form: Form, rng: Rng) -> None:
    """Two or four fixing screws, or the slots they go through, near the edge."""
    width, height = form.size
    feet = (0.08, 0.92) if rng.random() < 0.5 else (0.08,)
    slots = rng.random() < 0.3
    if rng.random() < 0.6:
        for x in (0.25, 0.75):
            for y in feet:
                level = int(rng.integers(60, 230))
                place = (round(x * width), round(y * height))
                size = max(2, round(width / 440 * rng.uniform(4, 9)))
                wide = size * 2 if slots else size
                axes = (wide, size)
                cv2.ellipse(plate, place, axes, 0, 0, 360, (level,) * 3, -1, cv2.LINE_AA)
