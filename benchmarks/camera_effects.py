"""What happens to a camera and to a street, done to real pictures (height x width x 3 BGR).

Sizes are shares of the picture's width, or pixels of a picture 1920 wide, so that a clip of any
size suffers the same. `number` counts the looks: what falls, shakes or shines differs each time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np

from vision.types import Image

Effect: TypeAlias = Callable[[Image, int], Image]


def _picture(values: object) -> Image:
    return np.asarray(np.clip(np.asarray(values, np.float32), 0, 255), np.uint8)


def gain(factor: float) -> Effect:
    return lambda image, _: _picture(image.astype(np.float32) * factor)


def blur(pixels: float) -> Effect:
    """Out of focus by a Gaussian of so many pixels at 1920."""
    return lambda image, _: _picture(
        cv2.GaussianBlur(image, (0, 0), pixels * image.shape[1] / 1920)
    )


def turn(across: float = 0.0, down: float = 0.0, roll: float = 0.0, zoom: float = 1.0) -> Effect:
    """The camera turned by shares of the picture's width, rolled by degrees, zoomed. A turn of
    3 degrees is 5 % of the width of a view of 60 degrees."""

    def work(image: Image, _: int) -> Image:
        height, width = image.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), roll, zoom)
        matrix[:, 2] += (across * width, down * width)
        edge = cv2.BORDER_REFLECT
        return _picture(cv2.warpAffine(image, matrix, (width, height), borderMode=edge))

    return work


def upside_down(image: Image, _: int) -> Image:
    """Turned away altogether: nothing of the view is left where it was."""
    return _picture(cv2.flip(image, 0))


def hand(image: Image, number: int) -> Image:
    """Something close before the lens; a strip of the view is left at one side."""
    height, width = image.shape[:2]
    chance = np.random.default_rng(number)
    shades = chance.uniform(40, 110, (6, 8, 1)) * np.array([0.6, 0.8, 1.0])
    near = cv2.resize(shades.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    open_part = np.zeros((height, width), np.float32)
    open_part[:, : int(width * 0.06)] = 1.0
    open_part = cv2.GaussianBlur(open_part, (0, 0), width * 0.01)
    share = np.asarray(open_part, np.float32)[..., None]
    return _picture(near * (1 - share) + image * share + chance.normal(0, 2, image.shape))


def spray(image: Image, _: int) -> Image:
    """Paint or mud in sixty spots over most of the lens."""
    height, width = image.shape[:2]
    chance = np.random.default_rng(0)
    spots = np.zeros((height, width), np.float32)
    for _spot in range(60):
        x, y = int(chance.integers(width)), int(chance.integers(height))
        cv2.circle(spots, (x, y), int(width * chance.uniform(0.03, 0.12)), 1.0, -1)
    share = np.asarray(cv2.GaussianBlur(spots, (0, 0), width * 0.01), np.float32)[..., None]
    behind = blur(60)(image, 0).astype(np.float32) * 0.5 + 60
    return _picture(behind * share + image * (1 - share))


def bus(image: Image, _: int) -> Image:
    """A bus stops so near that it fills half of the view."""
    out = image.copy()
    height, width = image.shape[:2]
    right = width // 2
    out[int(height * 0.1) :, :right] = (60, 150, 200)
    for pane in range(6):
        columns = slice(int(right * (pane + 0.1) / 6), int(right * (pane + 0.8) / 6))
        out[int(height * 0.2) : int(height * 0.45), columns] = 20 + 13 * pane
    for wheel in (0.1, 0.7):
        columns = slice(int(right * wheel), int(right * (wheel + 0.15)))
        out[int(height * 0.8) : int(height * 0.97), columns] = 20
    out[int(height * 0.55) : int(height * 0.62), :right] = (30, 30, 180)
    return out


def rain(image: Image, number: int) -> Image:
    height, width = image.shape[:2]
    chance = np.random.default_rng(number)
    streaks = np.zeros((height, width), np.float32)
    for _streak in range(500):
        x, y = int(chance.integers(width)), int(chance.integers(height))
        long = int(height * chance.uniform(0.03, 0.09))
        end = (x + long // 6, y + long)
        cv2.line(streaks, (x, y), end, float(chance.uniform(0.2, 0.6)), max(1, width // 900))
    return _picture(image * 0.8 + 15 + streaks[..., None] * 120)


def snow(image: Image, number: int) -> Image:
    height, width = image.shape[:2]
    chance = np.random.default_rng(number)
    flakes = np.zeros((height, width), np.float32)
    for _flake in range(1200):
        at = (int(chance.integers(width)), int(chance.integers(height)))
        size = max(1, int(width * chance.uniform(0.0008, 0.004)))
        cv2.circle(flakes, at, size, float(chance.uniform(0.4, 1.0)), -1)
    share = flakes[..., None]
    return _picture((image * 0.85 + 25) * (1 - share) + 235 * share)


def headlights(image: Image, number: int) -> Image:
    height, width = image.shape[:2]
    chance = np.random.default_rng(number)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    out = image.astype(np.float32)
    for _lamp in range(2):
        x, y = chance.uniform(0.1, 0.9) * width, chance.uniform(0.3, 0.9) * height
        far = ((columns - x) / (width * 0.12)) ** 2 + ((rows - y) / (height * 0.15)) ** 2
        out += 230 * np.exp(-far)[..., None]
    return _picture(out)


def exposure_steps(image: Image, number: int) -> Image:
    """Every seven looks the camera chooses another exposure."""
    return gain((0.5, 1.0, 1.7)[number // 7 % 3])(image, number)


def dusk(image: Image, number: int) -> Image:
    """The light goes to a third within a minute, and the grain comes."""
    return grain(2.0)(gain(max(0.33, 1 - number / 70))(image, number), number)


def night(image: Image, number: int) -> Image:
    """An empty street by lamplight: dark, steep, noisy."""
    return grain(4.0)(_picture((image / 255.0) ** 1.6 * 150), number)


def infrared(image: Image, number: int) -> Image:
    """The filter goes out of the way and the camera's own lamp comes on: no colours, other
    brightness of leaves and paint, the edges of the view in the dark."""
    height, width = image.shape[:2]
    blue, green, red = (image[..., channel].astype(np.float32) for channel in range(3))
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    far = ((columns - width / 2) / (width * 0.5)) ** 2
    far += ((rows - height * 0.6) / (height * 0.6)) ** 2
    grey = (0.9 * green - 0.1 * red + 0.2 * blue + 0.15 * (255 - blue)) * 0.75 * np.exp(-far) + 8
    return grain(3.0)(_picture(np.repeat(grey[..., None], 3, axis=2)), number)


def grain(level: float) -> Effect:
    """A sensor's noise of so many grey levels."""

    def work(image: Image, number: int) -> Image:
        chance = np.random.default_rng(number)
        return _picture(image + chance.normal(0, level, image.shape))

    return work


def shake(image: Image, number: int) -> Image:
    """Wind on the pole: four pixels of 1920 to and fro."""
    return turn(across=4 / 1920 * (-1) ** number, down=3 / 1920 * (-1) ** (number // 2))(image, 0)


def wiper(image: Image, number: int) -> Image:
    height, width = image.shape[:2]
    end = (width * (number % 7) // 6, 0)
    out = image.copy()
    cv2.line(out, end, (width // 2, height), (20, 20, 20), max(1, width // 25))
    return out


def with_clock(image: Image, number: int) -> Image:
    """The time that a camera or a recorder writes into its picture."""
    height, width = image.shape[:2]
    text = f"2026-11-22 06:{number // 60 % 60:02d}:{number % 60:02d}"
    out = image.copy()
    cv2.putText(out, text, (width // 50, height // 15), 0, width / 1600, (255, 255, 255), 2)
    return out


def nothing(image: Image, _: int) -> Image:
    return image
