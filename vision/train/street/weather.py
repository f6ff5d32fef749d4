"""Night, rain, blur, noise and compression, as a street camera gives them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.train.street.paste import Picture


def night(picture: Picture, rng: np.random.Generator) -> Picture:
    """Dark and yellowish, with a lamp or two."""
    value = (picture.astype(np.float32) / 255) ** float(rng.uniform(1.2, 1.9))
    value *= float(rng.uniform(0.35, 0.75))
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    light: NDArray[np.float32] = np.ones((height, width), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        reach = float(rng.uniform(0.15, 0.5)) * width
        away = ((x - rng.uniform(0, width)) ** 2 + (y - rng.uniform(0, height)) ** 2) / reach**2
        light += float(rng.uniform(0.3, 1.4)) * np.exp(-away)
    tint = np.array([rng.uniform(0.6, 1.0), rng.uniform(0.8, 1.0), 1.0], np.float32)
    return np.clip(value * light[..., None] * tint * 255, 0, 255).astype(np.uint8)


def rain(picture: Picture, rng: np.random.Generator) -> Picture:
    """Grey, of less contrast, with streaks."""
    value = picture.astype(np.float32)
    value = value * float(rng.uniform(0.55, 0.8)) + float(rng.uniform(10, 45))
    grey = value.mean(axis=2, keepdims=True)
    value = grey + (value - grey) * float(rng.uniform(0.4, 0.8))
    streaks = np.zeros(picture.shape[:2], np.uint8)
    length = int(rng.integers(5, 22))
    lean = float(rng.normal(0, 0.25))
    for _ in range(int(rng.integers(60, 400))):
        x, y = int(rng.integers(picture.shape[1])), int(rng.integers(picture.shape[0]))
        end = (x + round(lean * length), y + length)
        cv2.line(streaks, (x, y), end, int(rng.integers(60, 170)), 1, cv2.LINE_AA)
    value += streaks[..., None].astype(np.float32) * float(rng.uniform(0.3, 0.9))
    return np.clip(value, 0, 255).astype(np.uint8)


def by_colour(picture: Picture, rng: np.random.Generator) -> Picture:
    """Other light and other colours."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + rng.normal(0, 4)) % 180
    hsv[..., 1] *= float(rng.uniform(0.5, 1.4))
    hsv[..., 2] = 255 * (hsv[..., 2] / 255) ** float(np.exp(rng.normal(0, 0.25)))
    hsv[..., 2] *= float(rng.uniform(0.75, 1.2))
    clipped = np.clip(hsv, 0, 255).astype(np.uint8)
    return cv2.cvtColor(clipped, cv2.COLOR_HSV2BGR).astype(np.uint8, copy=False)


def by_camera(picture: Picture, rng: np.random.Generator) -> Picture:
    """What lens, sensor and encoder do: each only sometimes."""
    if rng.random() < 0.25:
        picture = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.6))).astype(np.uint8)
    if rng.random() < 0.3:
        noise = rng.standard_normal(picture.shape, dtype=np.float32) * rng.uniform(2, 12)
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        quality = [int(cv2.IMWRITE_JPEG_QUALITY), int(rng.integers(25, 85))]
        _, data = cv2.imencode(".jpg", picture, quality)
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
        if decoded is not None:
            picture = decoded.astype(np.uint8, copy=False)
    return picture
