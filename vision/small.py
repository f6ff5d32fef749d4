"""One look made small, once, for everybody who judges the whole picture by it (gate, health)."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.appearance import Grey

WIDTH = 320
TILE = 20
"""Sides of a small picture are whole numbers of tiles of 20 x 20 pixels: 16 x 9 at 16:9."""
_NEIGHBOURHOOD = 31


class SmallLook:
    """Luma of one look, 320 pixels wide, and what is seen of it when the light is left out.

    At this size a number plate is some ten pixels wide and a face a few: nobody is recognised.
    """

    def __init__(self, grey: Grey) -> None:
        rows = max(4, round(grey.shape[0] * WIDTH / grey.shape[1] / TILE))
        size = (WIDTH, rows * TILE)
        same = grey.shape == (size[1], size[0])
        small = grey if same else cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        self.grey: Grey = np.asarray(small, np.uint8)

    @cached_property
    def smooth(self) -> Grey:
        return np.asarray(cv2.GaussianBlur(self.grey, (5, 5), 0), np.uint8)

    @cached_property
    def detail(self) -> NDArray[np.float32]:
        """Each pixel against its neighbourhood: a cloud falls out, an edge stays."""
        around = cv2.blur(self.smooth, (_NEIGHBOURHOOD, _NEIGHBOURHOOD))
        return np.asarray(cv2.subtract(self.smooth, around, dtype=cv2.CV_32F), np.float32)


def tile_means(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of each tile of a small picture."""
    size = (picture.shape[1] // TILE, picture.shape[0] // TILE)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
