"""Copies of pictures for eyes that need not see everybody: blurred, and small enough to send.

docs/privacy.md lists every way out of the evidence store and what it shows.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from models.errors import Unavailable
from models.event import Event
from models.evidence import Evidence, EvidenceKind
from pipeline.services import Services
from vision.types import Box

PAGE_WIDTH = 960
"""Pixels: sharp on a phone, about 100 KB."""
THUMBNAIL_WIDTH = 336
"""Pixels: twice the width of a list's picture; a plate in it is a dozen pixels wide."""

_WHOLE_VIEWS = frozenset({EvidenceKind.E1, EvidenceKind.E3, EvidenceKind.E4, EvidenceKind.E6})
"""In these the subject stands at its box; the rest are close-ups, papers, empty places."""


def keep_box(event: Event, picture: Evidence) -> Box | None:
    """Where in the picture the event's subject stands; None where it is not there as a whole."""
    if picture.kind not in _WHOLE_VIEWS:
        return None
    box: Any = picture.details.get("box")
    if not (isinstance(box, list) and len(box) == 4):
        box = event.box
    return (float(box[0]), float(box[1]), float(box[2]), float(box[3]))


def small_copy(services: Services, key: str, keep: Box | None, width: int = PAGE_WIDTH) -> bytes:
    """A JPEG at most `width` wide in which only the subject in `keep` is clear.

    Raises Unavailable where the picture cannot be opened: what cannot be blurred is not shown.
    """
    blurred = services.blur(services.evidence.get(key), keep)
    image = cv2.imdecode(np.frombuffer(blurred, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise Unavailable("the picture cannot be shown")
    tall, wide = image.shape[:2]
    if wide > width:
        size = (width, max(1, round(tall * width / wide)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 78])
    if not done:
        raise Unavailable("the picture cannot be shown")
    return encoded.tobytes()
