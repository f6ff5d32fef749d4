"""Copies for the owner's page: blurred by the pipeline, made small enough for a phone."""

from __future__ import annotations

import cv2
import numpy as np

from models.errors import Unavailable
from pipeline.services import Services
from vision.types import Box

WIDTH = 960
"""Pixels: sharp on a phone, about 100 KB."""


def small_copy(services: Services, key: str, keep_box: Box | None) -> bytes:
    """A JPEG at most `WIDTH` wide in which only the vehicle in `keep_box` is clear.

    Raises Unavailable where the picture cannot be opened: what cannot be blurred is not shown.
    """
    blurred = services.blur(services.evidence.get(key), keep_box)
    image = cv2.imdecode(np.frombuffer(blurred, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise Unavailable("the picture cannot be shown")
    height, width = image.shape[:2]
    if width > WIDTH:
        size = (WIDTH, max(1, round(height * WIDTH / width)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 78])
    if not done:
        raise Unavailable("the picture cannot be shown")
    return encoded.tobytes()
