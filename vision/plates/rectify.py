"""A tilted plate in a picture, laid flat."""

from __future__ import annotations

import cv2
import numpy as np

from vision.plates.textline import Quad
from vision.types import Image

FLAT_WIDTH = 176
FLAT_HEIGHT = 56
"""Pixels of a flattened plate: 440 x 140 mm at 2.5 mm a pixel."""


def flatten(
    image: Image, quad: Quad, *, grow_x: float = 0.0, grow_y: float = 0.0, tall: bool = False
) -> Image:
    """The picture inside `quad` (grown by these shares of its sides), 176 x 56 (or x 88, tall)."""
    top_left, top_right, bottom_right, bottom_left = quad
    along = ((top_right - top_left) + (bottom_right - bottom_left)) / 2 * grow_x
    down = ((bottom_left - top_left) + (bottom_right - top_right)) / 2 * grow_y
    source = np.array(
        [
            top_left - along - down,
            top_right + along - down,
            bottom_right + along + down,
            bottom_left - along + down,
        ],
        np.float32,
    )
    width, height = FLAT_WIDTH, FLAT_HEIGHT * (11 if tall else 7) // 7
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, target)
    return np.asarray(
        cv2.warpPerspective(
            image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        ),
        np.uint8,
    )
