"""Where a plate may be in a picture of a vehicle."""

from __future__ import annotations

from vision.plates.locate_grid import FoundPlate
from vision.plates.locator import LEAST, PICTURE_SIDE, VEHICLE_SIDE, shared_locator
from vision.types import Image

__all__ = ["PICTURE_SIDE", "VEHICLE_SIDE", "FoundPlate", "find_plates"]


def find_plates(
    image: Image, *, side: int = VEHICLE_SIDE, least: float = LEAST
) -> list[FoundPlate]:
    """Plates of `image` (H x W x 3 BGR), surest first: corners of the plate itself, not its text.

    `side` is VEHICLE_SIDE for a vehicle's crop and PICTURE_SIDE for a whole picture; `least` is the
    score from which something is a plate.
    """
    return shared_locator().find(image, side=side, least=least)
