"""The colour of a plate, measured on the flattened plate.

First the polarity: letters are the smaller, thinner part of a plate, lighter than their ground on
blue and black plates, darker on yellow, green and white ones. That survives night and tinted
light. Then the hue of the ground; where the letters are white paint, the ground's hue is measured
against theirs, so a lamp's tint drops out. In doubt the answer is `unknown`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.types import Image, PlateColour

Lab: TypeAlias = tuple[float, float, float]
"""CIE Lab: lightness 0..100, a (red +, green -), b (yellow +, blue -)."""

_SEEN: Final = (176, 56)
_KERNEL: Final = 7
"""Pixels at 176 x 56: wider than a stroke (4), narrower than the ground between two letters."""
_UNDECIDED: Final = 0.1
_WHITE: Final = 225
_MOST_WHITE: Final = 0.27
"""White letters and the white frame are a fifth of a plate (GA 36: strokes of 10 mm). Where more is
white, light has run over their edges, and a 6 may be a G."""


@dataclass(frozen=True, slots=True)
class Ground:
    polarity: float
    """Above 0: letters lighter than their ground; below 0: darker; near 0: cannot tell."""
    ground: Lab
    letters: Lab


def measure_ground(flat: Image) -> Ground:
    """Polarity and colours of a flattened plate (H x W x 3 BGR, any size)."""
    seen = cv2.resize(flat, _SEEN, interpolation=cv2.INTER_AREA)
    core = np.asarray(seen[11:45, 8:168], np.uint8)
    grey = np.asarray(cv2.cvtColor(core, cv2.COLOR_BGR2GRAY), np.uint8)
    even = grey.astype(np.float32) - cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 20)
    even -= even.min()
    level = np.asarray(even * (255.0 / max(1.0, float(even.max()))), np.uint8)
    threshold, _ = cv2.threshold(level, 0, 255, cv2.THRESH_OTSU)
    bright = level > threshold
    polarity = _stroke_balance(grey) + 0.5 - float(bright.mean())
    light_letters = polarity > 0
    lab = np.asarray(cv2.cvtColor(core.astype(np.float32) / 255, cv2.COLOR_BGR2LAB), np.float32)
    letters, ground = (lab[bright], lab[~bright]) if light_letters else (lab[~bright], lab[bright])
    return Ground(polarity, _middle(ground), _purest(letters, lightest=light_letters))


def _stroke_balance(grey: NDArray[np.uint8]) -> float:
    """-1 (only dark thin strokes) .. +1 (only light thin strokes)."""
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (_KERNEL, _KERNEL))
    light = float(cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, kernel).mean())
    dark = float(cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, kernel).mean())
    return (light - dark) / max(1.0, light + dark)


def _middle(pixels: NDArray[np.float32]) -> Lab:
    if not len(pixels):
        return 0.0, 0.0, 0.0
    lightness, a, b = np.median(pixels, axis=0)
    return float(lightness), float(a), float(b)


def _purest(pixels: NDArray[np.float32], *, lightest: bool) -> Lab:
    """Mean of the third of the letters' pixels that is least mixed with the ground."""
    if len(pixels) < 3:
        return 0.0, 0.0, 0.0
    order = np.argsort(pixels[:, 0])
    third = len(order) // 3
    lightness, a, b = pixels[order[-third:] if lightest else order[:third]].mean(axis=0)
    return float(lightness), float(a), float(b)


def plate_colour(flat: Image) -> PlateColour:
    """Colour of a flattened plate (H x W x 3 BGR), `unknown` where the light does not tell."""
    measured = measure_ground(flat)
    if abs(measured.polarity) < _UNDECIDED:
        return PlateColour.UNKNOWN
    if measured.polarity > 0:
        return _under_light_letters(measured)
    return _under_dark_letters(measured.ground)


def _under_light_letters(measured: Ground) -> PlateColour:
    lightness, a, b = measured.ground
    # A tint grows with lightness: what white letters show of it, scaled down to the ground.
    tint = measured.letters[2] * lightness / max(1.0, measured.letters[0])
    bluer = tint - b
    if b <= -14 or (b <= -8 and bluer >= 4) or (b < 4 and bluer >= 8):
        return PlateColour.BLUE
    if lightness < 35 and abs(b) < 6 and abs(a) < 6 and bluer < 4:
        return PlateColour.BLACK
    return PlateColour.UNKNOWN


def _under_dark_letters(ground: Lab) -> PlateColour:
    lightness, a, b = ground
    if a <= -7 and -8 < b < -1.5 * a:
        return PlateColour.GREEN
    if b >= 12 and a > -0.5 * b:
        return PlateColour.YELLOW
    if lightness > 50 and abs(a) < 4 and -8 < b < 6:
        return PlateColour.WHITE
    return PlateColour.UNKNOWN


def overexposed(flat: Image) -> bool:
    """Whether more of a flattened plate (H x W x 3 BGR) is white than white letters can be.

    Asked of plates with white letters only: others are white themselves.
    """
    return float((flat.min(axis=2) > _WHITE).mean()) > _MOST_WHITE
