"""The one picture that is kept of a crowd: nobody in it can be recognised (domain.md 4.4, L73)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from vision.appearance import pixel_box
from vision.blur import Eyes, blur
from vision.types import Box, Frame, Image

_WIDTH: Final = 640
"""What is left for those whom no eye found: a face of a passer-by is some pixels then."""
_CELLS: Final = (3, 6)


def hidden_crowd(frame: Frame, people: Sequence[Box], eyes: Eyes | None = None) -> Frame:
    """The frame with a coarse picture: faces, plates, vehicles and everybody counted are hidden.

    Made before anything is stored or leaves the eyes; the clear picture is not kept anywhere.
    """
    image = blur(frame.image, None, eyes).image
    for box in people:
        _coarsen(image, box)
    height, width = image.shape[:2]
    if width > _WIDTH:
        size = (_WIDTH, max(1, round(height * _WIDTH / width)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return replace(frame, picture=image)


def _coarsen(image: Image, box: Box) -> None:
    x1, y1, x2, y2 = pixel_box(box, image.shape[1], image.shape[0])
    few = cv2.resize(image[y1:y2, x1:x2], _CELLS, interpolation=cv2.INTER_AREA)
    image[y1:y2, x1:x2] = cv2.resize(few, (x2 - x1, y2 - y1), interpolation=cv2.INTER_NEAREST)
