"""The colour of a plate, measured on the flattened plate.

First the polarity: letters are thin strokes, lighter than their ground on blue and black plates,
darker on yellow, green and white ones. That survives night and tinted light. Then the hue of the
ground; on light-letter plates the letters are white paint, so the ground's hue is measured
against theirs and a lamp's tint drops out. In doubt the answer is `unknown`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.types import Image, PlateColour


@dataclass(frozen=True, slots=True)
class Ground:
    """CIE Lab of a plate's ground and letters (L 0..100, a red+/green-, b yellow+/blue-)."""

    light_letters: bool
    polarity: float
    """-1 (dark strokes only) .. +1 (light strokes only)."""
    ground: tuple[float, float, float]
    letters: tuple[float, float, float]


def measure_ground(flat: Image) -> Ground:
    height, width = flat.shape[:2]
    core = flat[height // 8 : height - height // 8, width // 30 : width - width // 30]
    grey = cv2.cvtColor(core, cv2.COLOR_BGR2GRAY)
    # A stroke is about 1/44 of the plate's width; the kernel must be wider than a stroke and
    # narrower than the ground between two letters is tall.
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (width // 16, width // 16))
    light = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, kernel)
    dark = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, kernel)
    light_sum, dark_sum = float(light.sum(dtype=np.int64)), float(dark.sum(dtype=np.int64))
    polarity = (light_sum - dark_sum) / max(1.0, light_sum + dark_sum)
    strokes = light if polarity > 0 else dark
    lab = np.asarray(cv2.cvtColor(core.astype(np.float32) / 255, cv2.COLOR_BGR2LAB), np.float32)
    weak, strong = np.percentile(strokes, (55, 88))
    return Ground(
        polarity > 0, polarity, _median(lab, strokes <= weak), _median(lab, strokes >= strong)
    )


def _median(lab: NDArray[np.float32], where: NDArray[np.bool_]) -> tuple[float, float, float]:
    lightness, a, b = np.median(lab[where], axis=0)
    return float(lightness), float(a), float(b)


def plate_colour(flat: Image) -> PlateColour:
    """Colour of a flattened plate (H x W x 3 BGR), `unknown` where the light does not tell."""
    measured = measure_ground(flat)
    if abs(measured.polarity) < 0.05:
        return PlateColour.UNKNOWN
    return _on_dark(measured) if measured.light_letters else _on_light(measured)


def _on_dark(measured: Ground) -> PlateColour:
    lightness, a, b = measured.ground
    bluer = measured.letters[2] - b
    if b <= -8 and (bluer > 0 or b <= -14) and a < 30:
        return PlateColour.BLUE
    if bluer >= 8 and b < 4:
        return PlateColour.BLUE
    if lightness < 40 and abs(b) < 5 and abs(a) < 6 and abs(bluer) < 6:
        return PlateColour.BLACK
    return PlateColour.UNKNOWN


def _on_light(measured: Ground) -> PlateColour:
    lightness, a, b = measured.ground
    if a <= -7 and b < -1.6 * a:
        return PlateColour.GREEN
    if b >= 14 and a > -0.6 * b:
        return PlateColour.YELLOW
    if lightness > 45 and abs(a) < 4 and abs(b) < 6:
        return PlateColour.WHITE
    return PlateColour.UNKNOWN
