"""A drawn plate seen once more, a little otherwise: so that no picture is learned by heart.

Cheap enough for every picture of every batch: a small warp, another tint, sometimes fewer
pixels.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.plates.symbols import HEIGHT, WIDTH
from vision.types import Image

_COARSE: Final = 0.25
"""How often a picture is shown with fewer pixels; real crops are 94 x 24."""


def jittered(pictures: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """N x HEIGHT x WIDTH x 3, each picture varied by chance; those given stay as they are."""
    return np.stack([_varied(picture, rng) for picture in pictures])


def _varied(picture: Image, rng: np.random.Generator) -> Image:
    if rng.random() < _COARSE:
        wide = int(rng.integers(64, 110))
        small = (wide, round(wide * rng.uniform(0.24, 0.34)))
        picture = np.asarray(cv2.resize(picture, small, interpolation=cv2.INTER_AREA), np.uint8)
    tall, wide = picture.shape[:2]
    to_size = np.diag([WIDTH / wide, HEIGHT / tall])
    turn = np.eye(2) + rng.normal(0, [[0.02, 0.05], [0.008, 0.03]])
    matrix = turn @ to_size
    middle = np.array([WIDTH / 2, HEIGHT / 2]) + rng.normal(0, [1.2, 0.8])
    shift = middle - matrix @ np.array([wide / 2, tall / 2])
    way = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR
    seen = cv2.warpAffine(
        picture,
        np.column_stack([matrix, shift]),
        (WIDTH, HEIGHT),
        flags=way,
        borderMode=cv2.BORDER_REPLICATE,
    )
    gain, lift = np.exp(rng.normal(0, 0.1, 3)), rng.normal(0, 6)
    curve = np.arange(256)[:, None] * gain + lift
    table = np.clip(curve, 0, 255).astype(np.uint8)[:, None]
    return np.asarray(cv2.LUT(seen, table.transpose(1, 0, 2)), np.uint8)
