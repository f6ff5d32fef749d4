"""Where a plate may be in a picture of a vehicle."""

from __future__ import annotations

from typing import Final

import numpy as np

from vision.plates.locate_grid import FoundPlate
from vision.plates.locator import PICTURE_SIDE, VEHICLE_SIDE, shared_locator
from vision.plates.rectify import Quad
from vision.plates.textline import shared_text_finder
from vision.types import Image

__all__ = ["PICTURE_SIDE", "VEHICLE_SIDE", "FoundPlate", "find_plates", "plate_quads"]

_MOST: Final = 6
_COARSER: Final = 1.2
"""The text finder sees letters at a smaller size than the locator wants a plate."""


def find_plates(image: Image, *, side: int = VEHICLE_SIDE) -> list[FoundPlate]:
    """Plates of `image` (H x W x 3 BGR), surest first: corners of the plate itself, not its text.

    `side` is VEHICLE_SIDE for a vehicle's crop and PICTURE_SIDE for a whole picture.
    """
    return shared_locator().find(image, side=side)


def plate_quads(image: Image, *, side: int) -> list[Quad]:
    """Candidates in pixels of `image`, likeliest first; text lines of a plate's proportions."""
    lines = shared_text_finder().find(image, side=round(side / _COARSER))
    found = [(score * _plate_like(quad), quad) for score, quad in lines]
    found = [(score, quad) for score, quad in found if score > 0]
    return [quad for _, quad in sorted(found, key=lambda item: -item[0])[:_MOST]]


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
