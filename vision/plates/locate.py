"""Where a plate may be in a picture of a vehicle."""

from __future__ import annotations

from typing import Final

import numpy as np

from vision.plates.locate_grid import FoundPlate
from vision.plates.rectify import Quad
from vision.plates.textline import shared_text_finder
from vision.types import Image

__all__ = ["PICTURE_SIDE", "VEHICLE_SIDE", "FoundPlate", "find_plates", "plate_quads"]

VEHICLE_SIDE: Final = 320
"""A vehicle's crop is searched with its long side at this many pixels."""
PICTURE_SIDE: Final = 960
"""A whole picture, where no vehicle was found in it."""
_MOST: Final = 6


def find_plates(image: Image, *, side: int) -> list[FoundPlate]:
    """Candidates in `image` (H x W x 3 BGR), likeliest first; seen with its long side at `side`."""
    found = [
        (score * _plate_like(quad), quad)
        for score, quad in shared_text_finder().find(image, side=side)
    ]
    found = [(score, quad) for score, quad in found if score > 0]
    ranked = sorted(found, key=lambda item: -item[0])[:_MOST]
    return [FoundPlate(quad, score) for score, quad in ranked]


def plate_quads(image: Image, *, side: int) -> list[Quad]:
    """Only the corners of `find_plates`."""
    return [found.quad for found in find_plates(image, side=side)]


def _plate_like(quad: Quad) -> float:
    """0..1: how much the sides of a text line are those of a plate (3.14 to 1, or 2 lines)."""
    width = float(np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2
    height = float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    if height < 6 or width < 24:
        return 0.0
    ratio = width / height
    if not 1.3 < ratio < 8.0:
        return 0.0
    return float(np.exp(-(np.log(ratio / 3.4) ** 2)))
