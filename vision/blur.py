"""Copies for eyes that need not know who else was there: only the subject stays clear (L13).

Other vehicles and persons are made coarse as a whole, so that no plate or face that a finder
misses inside them stays readable; faces without a body (behind glass, in a mirror, too near) and
plates without a vehicle are hidden besides. Only copies pass through here; evidence is never
touched. What cannot be looked at is not shown: where the eyes fail, everything but the subject's
box is made coarse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from vision.detect import load_detector
from vision.faces import shared_face_finder
from vision.geometry import box_iou
from vision.plates.locate import PICTURE_SIDE, find_plates
from vision.types import Box, Detection, Detector, Image

PERSON = "person"
VEHICLES = frozenset({"car", "truck", "bus", "van"})
TWO_WHEELERS = frozenset({"motorcycle", "bicycle"})
SEEN_FROM = 0.1
"""Confidence from which an object is hidden: far below what a rule believes."""

_CELLS = 6
"""A coarse box keeps at most 6 x 6 cells of one colour: too few for a face or a plate in it."""
_CELL_PIXELS = 12
_FACE_CELLS = 2
_FACE_MARGIN = 0.35
"""Hair, ears and chin around the face that was found."""
_PLATE_MARGIN = 0.25
_PLATE_FROM = 0.25
"""Score from which a find is hidden: below what is read, for one sign too many harms nobody."""
_SAME_IOU = 0.5
_PART_OF = 0.85
_PART_SIZE = 0.35
"""A box that lies in the subject's and is at least this much of it is the subject seen in part."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """What looks for that which is to be hidden."""

    detector: Detector
    """Must know persons; best asked down to `SEEN_FROM`."""
    faces: Callable[[Image], list[Box]]
    plates: Callable[[Image], list[Box]]


@dataclass(frozen=True, slots=True, eq=False)
class Blurred:
    """A copy, and what was hidden in it."""

    image: Image
    people: int = 0
    vehicles: int = 0
    faces: int = 0
    plates: int = 0
    trouble: str = ""
    """Why the eyes failed; then all but the subject's box is coarse, and nothing was counted."""


@cache
def default_eyes() -> Eyes:
    """The eyes that come with Qifen, loaded once: whichever weights a city looks for vehicles
    with, what is hidden is what our own measured weights see. Raises BadWeights."""
    return Eyes(load_detector(confidence=SEEN_FROM), shared_face_finder().find, _plate_boxes)


def blur(image: Image, keep_box: Box | None, eyes: Eyes | None = None) -> Blurred:
    """A copy of `image` (H x W x 3 BGR) in which only the subject in `keep_box` (0..1) is clear.

    keep_box None: there is no subject, and nobody is kept. eyes None: those of Qifen.
    Never raises for what the eyes do; see Blurred.trouble.
    """
    try:
        return _blur(image, keep_box, eyes or default_eyes())
    except Exception as error:  # whatever it is: a copy that was not looked at must not get out
        out = image.copy()
        _coarsen(out, (0, 0, 1, 1))
        if keep_box is not None:
            _restore(out, image, keep_box)
        return Blurred(out, trouble=f"{type(error).__name__}: {error}"[:200])


def _blur(image: Image, keep_box: Box | None, eyes: Eyes) -> Blurred:
    if PERSON not in eyes.detector.info.names:
        raise ValueError("the detector knows no persons")
    found = eyes.detector.detect(image)
    people = [item.box for item in found if item.kind == PERSON]
    others = [item for item in found if _is_other_vehicle(item, keep_box)]
    plates = eyes.plates(image)
    faces = [*eyes.faces(image), *_faces_in_subject(image, keep_box, eyes)]
    out = image.copy()
    for item in others:
        _coarsen(out, item.box)
    for box in plates:
        _coarsen(out, _grown(box, _PLATE_MARGIN), cells=1)
    if keep_box is not None:
        _restore(out, image, keep_box)
        _hide_what_stands_in_front(out, keep_box, others, plates)
    for box in faces:
        _coarsen(out, _grown(box, _FACE_MARGIN), cells=_FACE_CELLS)
    for box in people:
        _coarsen(out, box)
    return Blurred(out, len(people), len(others), len(faces), len(plates))


def _is_other_vehicle(item: Detection, keep_box: Box | None) -> bool:
    if item.kind not in VEHICLES | TWO_WHEELERS:
        return False
    if keep_box is None:
        return True
    if box_iou(item.box, keep_box) >= _SAME_IOU:
        return False
    shared = _overlap(item.box, keep_box)
    if shared is None or item.kind in TWO_WHEELERS:
        return True
    inside = _area(shared) >= _PART_OF * _area(item.box)
    return not (inside and _area(item.box) >= _PART_SIZE * _area(keep_box))


def _faces_in_subject(image: Image, keep_box: Box | None, eyes: Eyes) -> list[Box]:
    """Who sits behind the glass of the subject is small in the whole picture: a second look."""
    if keep_box is None:
        return []
    rows, columns = _pixels(image, keep_box)
    part = image[rows, columns]
    if part.size == 0:
        return []
    height, width = image.shape[:2]
    left, top = columns.start / width, rows.start / height
    wide, tall = part.shape[1] / width, part.shape[0] / height
    return [
        (left + x1 * wide, top + y1 * tall, left + x2 * wide, top + y2 * tall)
        for x1, y1, x2, y2 in eyes.faces(np.ascontiguousarray(part))
    ]


def _hide_what_stands_in_front(
    out: Image, keep_box: Box, others: Sequence[Detection], plates: Sequence[Box]
) -> None:
    """Of other vehicles inside the kept box, which was restored with it: all of those that stand
    nearer (their foot is lower in the picture), and the plates of those behind."""
    for item in others:
        shared = _overlap(item.box, keep_box)
        if shared is None:
            continue
        if item.box[3] > keep_box[3] or item.kind in TWO_WHEELERS:
            _coarsen(out, shared)
            continue
        for plate in plates:
            inside = _overlap(plate, shared)
            if inside is not None and _area(inside) > _area(plate) / 2:
                _coarsen(out, _grown(plate, _PLATE_MARGIN), cells=1)


def _plate_boxes(image: Image) -> list[Box]:
    """Whatever looks like a plate, in 0..1."""
    height, width = image.shape[:2]
    boxes: list[Box] = []
    for found in find_plates(image, side=PICTURE_SIDE, least=_PLATE_FROM):
        x1, y1 = found.quad.min(axis=0) / (width, height)
        x2, y2 = found.quad.max(axis=0) / (width, height)
        boxes.append((float(x1), float(y1), float(x2), float(y2)))
    return boxes


def _area(box: Box) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def _grown(box: Box, margin: float) -> Box:
    dx, dy = (box[2] - box[0]) * margin, (box[3] - box[1]) * margin
    return box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy


def _overlap(a: Box, b: Box) -> Box | None:
    box = (max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))
    return box if box[0] < box[2] and box[1] < box[3] else None


def _pixels(image: Image, box: Box) -> tuple[slice, slice]:
    """Rows and columns that the box touches; empty where it lies outside."""
    height, width = image.shape[:2]
    rows = slice(max(int(box[1] * height), 0), min(int(np.ceil(box[3] * height)), height))
    columns = slice(max(int(box[0] * width), 0), min(int(np.ceil(box[2] * width)), width))
    return rows, columns


def _restore(out: Image, image: Image, box: Box) -> None:
    where = _pixels(image, box)
    out[where] = image[where]


def _coarsen(image: Image, box: Box, *, cells: int = _CELLS) -> None:
    """Replace the box by at most `cells` x `cells` cells of one colour, 12 pixels or larger."""
    where = _pixels(image, box)
    part = image[where]
    if part.size == 0:
        return
    height, width = part.shape[:2]
    count = tuple(max(1, min(cells, side // _CELL_PIXELS)) for side in (width, height))
    small = cv2.resize(part, count, interpolation=cv2.INTER_AREA)
    image[where] = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
