"""Light and weather in the scene, and what a cheap sensor adds to the picture afterwards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.scene.materials import Colour
from samples.scene.story import Story

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Sky:
    """Sun strength and colour, sky strength and colours; sensor noise (grey levels) and gain."""

    sun: float
    sun_colour: Colour
    strength: float
    top: Colour
    horizon: Colour
    noise: float
    gain: float


SKIES: Final = {
    "day": Sky(4.0, (1, 0.95, 0.86), 0.9, (0.25, 0.45, 0.85), (0.85, 0.92, 1), 1.2, 1.0),
    "overcast": Sky(0.5, (1, 0.98, 0.95), 0.9, (0.6, 0.66, 0.74), (0.75, 0.78, 0.82), 1.2, 1.25),
    "rain": Sky(0.2, (0.9, 0.95, 1), 0.95, (0.6, 0.66, 0.74), (0.7, 0.74, 0.8), 1.2, 1.35),
    "night": Sky(0.0, (0.6, 0.7, 1), 0.045, (0.1, 0.15, 0.35), (0.5, 0.4, 0.35), 1.6, 1.15),
}
STREAKS: Final = 260
SOFTNESS: Final = 0.8 / 1920  # blur of the lens, as a share of the picture's width


def to_sun(story: Story) -> NDArray[np.float64] | None:
    """Unit vector from the ground to the sun, or None where its shadow is too soft to be seen."""
    if SKIES[story.weather].sun < 1:
        return None
    elevation, azimuth = (math.radians(v) for v in story.sun)
    flat = math.cos(elevation)
    return np.array([math.sin(azimuth) * flat, math.cos(azimuth) * flat, math.sin(elevation)])


def sensor(picture: Image, weather: str, number: int) -> Image:
    """A frame as the camera would send it: softened, rained on, noisy; `number` is the seed.

    Shape (h, w, 3) in and out. The noise is added after everything is composed, so that pasted
    rectangles and their surroundings wear the same grain.
    """
    dice = np.random.default_rng(1000 + number)
    height, width = picture.shape[:2]
    soft = exposed(picture, weather)
    if weather == "rain":
        soft += _rain(dice, width, height)[..., None] * 0.55
    sigma = SKIES[weather].noise
    soft += dice.normal(0, sigma, (height, width, 1)).astype(np.float32)
    return soft.clip(0, 255).astype(np.uint8)


def exposed(picture: Image, weather: str) -> NDArray[np.float32]:
    """What lens and exposure make of a rendered picture (h, w, 3), before rain and grain."""
    blurred = cv2.GaussianBlur(picture, (0, 0), SOFTNESS * picture.shape[1])
    return blurred.astype(np.float32) * SKIES[weather].gain


def _rain(dice: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    """Falling streaks as a grey layer (h, w)."""
    layer = np.zeros((height, width), np.uint8)
    for _ in range(STREAKS):
        x, y, length = (
            dice.uniform(0, width),
            dice.uniform(-30, height),
            dice.uniform(10, 34) * height / 720,
        )
        end = (round(x - length * 0.12), round(y + length))
        cv2.line(layer, (round(x), round(y)), end, int(dice.uniform(40, 110)), 1, cv2.LINE_AA)
    return cv2.GaussianBlur(layer, (0, 0), 0.6).astype(np.float32)
