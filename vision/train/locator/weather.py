"""What light, weather and the camera do to a picture before a network sees it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.plates.rectify import Quad
from vision.types import Image

Grey = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Conditions:
    """The light of one picture, chosen before anything is drawn."""

    light: float
    """1 by day, down to 0.08 at night."""
    plate_gain: float
    """How much brighter than the scene the plate's reflecting sheet is."""
    blur_pixels: float
    motion_pixels: float
    noise: float
    quality: int
    """JPEG, 100 for none."""


def any_conditions(random: np.random.Generator) -> Conditions:
    """By day 7 times in 10; blur, motion, noise and compression each often, seldom all."""
    night = random.random() < 0.3
    return Conditions(
        light=float(random.uniform(0.08, 0.5) if night else random.uniform(0.6, 1.25)),
        plate_gain=float(random.uniform(1.0, 4.0) if night else random.uniform(0.7, 1.25)),
        blur_pixels=float(random.uniform(0.3, 2.2)) if random.random() < 0.55 else 0.0,
        motion_pixels=float(random.uniform(2, 9)) if random.random() < 0.15 else 0.0,
        noise=float(random.uniform(1, 14)) if random.random() < 0.6 else 0.0,
        quality=int(random.integers(22, 95)) if random.random() < 0.65 else 100,
    )


class Weather:
    """Puts conditions on pictures of one size; holds ready-made noise and rain."""

    def __init__(self, width: int, height: int, random: np.random.Generator) -> None:
        self._noise = random.normal(0, 1, (height * 2, width * 2, 3)).astype(np.float32)
        self._rain = [_rain(width, height, random) for _ in range(8)]

    def put_on(
        self, picture: Image, conditions: Conditions, quads: list[Quad], random: np.random.Generator
    ) -> Image:
        """The picture as the camera delivers it; headlights shine near plates at night."""
        seen = picture.astype(np.float32)
        seen *= np.float32(conditions.light)
        if random.random() < 0.5:
            seen *= random.uniform(0.75, 1.25, 3).astype(np.float32)
        if random.random() < 0.3:
            seen = self._shade(seen, random)
        if random.random() < (0.6 if conditions.light < 0.5 else 0.1):
            _glare(seen, quads, random)
        if random.random() < 0.12:
            seen += self._rain[int(random.integers(len(self._rain)))][:, :, None]
        if random.random() < 0.08:  # haze, a dirty lens
            seen += (random.uniform(90, 200) - seen) * np.float32(random.uniform(0.1, 0.55))
        if random.random() < 0.08:
            seen[:] = seen.mean(axis=2, keepdims=True)
        seen = _blurred(seen, conditions, random)
        if conditions.noise:
            height, width = seen.shape[:2]
            y, x = int(random.integers(height)), int(random.integers(width))
            noise = self._noise[y : y + height, x : x + width]
            seen += noise * np.float32(conditions.noise * max(0.4, conditions.light))
        if conditions.light < 0.5 and random.random() < 0.5:  # the camera turns its gain up
            seen *= np.float32(random.uniform(1.0, 0.5 / conditions.light))
        out = np.clip(seen, 0, 255).astype(np.uint8)
        if conditions.quality < 100:
            _, packed = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, conditions.quality])
            out = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
        return out

    def _shade(self, seen: Grey, random: np.random.Generator) -> Grey:
        """A shadow's edge or a fall of light across the picture."""
        height, width = seen.shape[:2]
        angle = random.uniform(0, 2 * np.pi)
        y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        along = np.cos(angle) * x + np.sin(angle) * y - random.uniform(-0.6, 0.6)
        share = 1 / (1 + np.exp(-along * random.uniform(1, 30)))
        return np.asarray(seen * (1 - share * random.uniform(0.2, 0.65))[:, :, None], np.float32)


def _blurred(seen: Grey, conditions: Conditions, random: np.random.Generator) -> Grey:
    if conditions.motion_pixels:
        size = int(conditions.motion_pixels) // 2 * 2 + 1
        kernel = np.zeros((size, size), np.float32)
        angle = random.uniform(0, np.pi)
        reach = np.array([np.cos(angle), np.sin(angle)]) * size / 2
        middle = np.array([size // 2, size // 2])
        ends = [tuple(int(v) for v in np.round(middle + sign * reach)) for sign in (-1, 1)]
        cv2.line(kernel, (ends[0][0], ends[0][1]), (ends[1][0], ends[1][1]), 1.0, 1)
        seen = np.asarray(cv2.filter2D(seen, -1, kernel / kernel.sum()), np.float32)
    if conditions.blur_pixels:
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), conditions.blur_pixels), np.float32)
    return seen


def _glare(seen: Grey, quads: list[Quad], random: np.random.Generator) -> None:
    """Lamps that shine into the camera, by the plates where there are any."""
    height, width = seen.shape[:2]
    for _ in range(int(random.integers(1, 4))):
        if quads and random.random() < 0.7:
            quad = quads[int(random.integers(len(quads)))]
            reach = float(np.linalg.norm(quad[1] - quad[0]))
            side = reach * random.choice([-1, 1]) * random.uniform(0.8, 2)
            x, y = quad.mean(axis=0) + np.array([side, -reach * random.uniform(-0.1, 0.7)])
            size = reach * random.uniform(0.15, 0.6)
        else:
            x, y, size = random.uniform(0, width), random.uniform(0, height), random.uniform(4, 30)
        rows, columns = np.ogrid[:height, :width]
        away = (columns - x) ** 2 + (rows - y) ** 2
        glow = np.exp(-away / (2 * size**2)) * random.uniform(120, 500)
        glow += np.exp(-away / (2 * (size * 4) ** 2)) * random.uniform(0, 60)
        seen += glow.astype(np.float32)[:, :, None]


def _rain(width: int, height: int, random: np.random.Generator) -> Grey:
    drops = np.zeros((height, width), np.float32)
    slant, length = random.uniform(-0.4, 0.4), random.uniform(5, 22)
    for _ in range(int(random.integers(60, 260))):
        x, y = random.uniform(0, width), random.uniform(0, height)
        end = (round(x + slant * length), round(y + length))
        cv2.line(drops, (round(x), round(y)), end, float(random.uniform(25, 110)), 1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(drops, (0, 0), 0.6), np.float32)
