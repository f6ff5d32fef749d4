"""Copies for eyes outside the office: nobody else's car, plate or person can be made out (L13).

Only copies pass through here; the evidence itself is never touched.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from models.errors import Unavailable
from pipeline.evidence import decode_jpeg, encode_jpeg
from vision.geometry import box_iou
from vision.plates import PlateReader
from vision.types import Box, Detection, Detector, Image

PERSON = "person"
VEHICLES = frozenset({"car", "truck", "bus", "van", "motorcycle"})
_SAME_IOU = 0.5
_CELLS = 8
"""A blurred box keeps at most 8 x 8 cells: too few for a face, a figure or a plate."""


def blur_copy(
    data: bytes, keep_box: Box | None, detector: Detector, reader: PlateReader | None
) -> bytes:
    """A JPEG in which only the vehicle in `keep_box` (0..1) is left clear.

    Every other vehicle is made coarse as a whole, so that no plate the reader misses stays
    readable; persons too, also those in front of the vehicle. Raises Unavailable where `data`
    is no picture: what cannot be blurred is not shown.
    """
    image = decode_jpeg(data)
    if image is None:
        raise Unavailable("the picture cannot be opened, so it is not shown")
    found = detector.detect(image)
    out = image.copy()
    others = [item for item in found if item.kind in VEHICLES and not _is_kept(item, keep_box)]
    for item in others:
        _coarsen(out, item.box)
    if keep_box is not None:
        _restore(out, image, keep_box)
        _hide_plates_in_front(out, image, keep_box, others, reader)
    for item in found:
        if item.kind == PERSON:
            _coarsen(out, item.box)
    return encode_jpeg(out, quality=85)


def _is_kept(item: Detection, keep_box: Box | None) -> bool:
    return keep_box is not None and box_iou(item.box, keep_box) >= _SAME_IOU


def _hide_plates_in_front(
    out: Image,
    image: Image,
    keep_box: Box,
    others: Sequence[Detection],
    reader: PlateReader | None,
) -> None:
    """Plates of other vehicles that stand inside the kept box were restored with it."""
    if reader is None:
        return
    for item in others:
        if _overlap(item.box, keep_box) is None:
            continue
        for reading in reader.read(image, item.box):
            shared = _overlap(reading.box, keep_box)
            if shared is not None:
                _coarsen(out, shared)


def _overlap(a: Box, b: Box) -> Box | None:
    box = (max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))
    return box if box[0] < box[2] and box[1] < box[3] else None


def _pixels(image: Image, box: Box) -> tuple[slice, slice]:
    height, width = image.shape[:2]
    rows = slice(max(int(box[1] * height), 0), min(int(np.ceil(box[3] * height)), height))
    columns = slice(max(int(box[0] * width), 0), min(int(np.ceil(box[2] * width)), width))
    return rows, columns


def _restore(out: Image, image: Image, box: Box) -> None:
    where = _pixels(image, box)
    out[where] = image[where]


def _coarsen(image: Image, box: Box) -> None:
    """Replace the box by at most `_CELLS` x `_CELLS` cells of one colour each."""
    where = _pixels(image, box)
    part = image[where]
    if part.size == 0:
        return
    height, width = part.shape[:2]
    cells = (min(_CELLS, width), min(_CELLS, height))
    small = cv2.resize(part, cells, interpolation=cv2.INTER_AREA)
    image[where] = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
