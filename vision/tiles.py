"""Looking closer: the detector on enlarged windows of the picture, merged into one answer.

A network sees the picture 640 pixels wide, so that a person far off in a crowd is ten pixels high.
Windows have the picture's own proportions (equal sides in 0..1): the network that is compiled for
the whole picture serves them too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from vision.geometry import box_iou
from vision.types import Box, Detection, Detector, Image, KeenDetector

_PART_SHARE: Final = 0.7
"""A cut box so much inside a whole one of its class is a part of it."""
_SMALLEST: Final = 32
"""Pixels of a window's side below which nothing can be found."""
_EDGE: Final = 0.004
"""A box this near to a window's inner edge was cut by it."""


@dataclass(frozen=True, slots=True)
class Merging:
    """When two boxes of a class are one object."""

    iou: float = 0.5
    inside: float | None = None
    """A box with so much of it (0..1) inside a surer one goes too; None: a small thing may hang
    on a large one of its class."""


_EACH: Final = Merging()


def detect_from(detector: Detector, image: Image, confidence: float | None) -> list[Detection]:
    """All objects down to `confidence` (None: the detector's own limit); where a detector cannot
    be asked for less than its own limit, that limit holds."""
    if confidence is None:
        return detector.detect(image)
    if isinstance(detector, KeenDetector):
        return detector.detect_from(image, confidence)
    return [found for found in detector.detect(image) if found.confidence >= confidence]


def windows(region: Box, side: float, overlap: float) -> list[Box]:
    """Windows of `side` (0..1 of the picture, each way) that cover the region, row by row.

    Neighbours share at least `overlap` of a side: no smaller thing is cut by every window.
    """
    columns = _starts(region[0], region[2], side, overlap)
    rows = _starts(region[1], region[3], side, overlap)
    return [(x, y, x + side, y + side) for y in rows for x in columns]


def _starts(low: float, high: float, side: float, overlap: float) -> list[float]:
    low, high = max(0.0, low), min(1.0, high)
    length = high - low
    if length <= side:
        middle = (low + high) / 2 - side / 2
        return [min(max(0.0, middle), 1.0 - side)]
    count = math.ceil((length - side) / (side * (1 - overlap))) + 1
    return [low + index * (length - side) / (count - 1) for index in range(count)]


def detect_in(
    detector: Detector,
    image: Image,
    parts: Iterable[Box],
    confidence: float | None = None,
    *,
    known: Sequence[Detection] = (),
    merging: Merging = _EACH,
) -> list[Detection]:
    """What is found in the windows `parts`, in coordinates of the whole picture, and what is
    `known` of the whole picture already: each object once, best first."""
    height, width = image.shape[:2]
    found = [(False, detection) for detection in known]
    for part in parts:
        x1, y1 = round(part[0] * width), round(part[1] * height)
        x2, y2 = round(part[2] * width), round(part[3] * height)
        if x2 - x1 < _SMALLEST or y2 - y1 < _SMALLEST:
            continue
        crop = np.ascontiguousarray(image[y1:y2, x1:x2])
        for seen in detect_from(detector, crop, confidence):
            whole = Detection(seen.kind, seen.confidence, _whole(seen.box, part))
            found.append((_is_cut(seen.box, part), whole))
    return _one_each(found, merging)


def _one_each(found: Sequence[tuple[bool, Detection]], merging: Merging) -> list[Detection]:
    """The surest of those that coincide. What a window's edge cut in two is seen whole in the
    neighbour, so cut ones come last and go if they are a part of what stayed."""
    kept: list[Detection] = []
    for cut, detection in sorted(found, key=lambda e: (e[0], -e[1].confidence, e[1].box)):
        if not any(_is_same(detection, other, merging, cut=cut) for other in kept):
            kept.append(detection)
    return sorted(kept, key=lambda d: (-d.confidence, d.kind, d.box))


def _is_same(one: Detection, other: Detection, merging: Merging, *, cut: bool) -> bool:
    if one.kind != other.kind:
        return False
    share = _share(one.box, other.box)
    part = cut and share >= _PART_SHARE
    inside = merging.inside is not None and share >= merging.inside
    return part or inside or box_iou(one.box, other.box) >= merging.iou


def _share(inner: Box, outer: Box) -> float:
    width = min(inner[2], outer[2]) - max(inner[0], outer[0])
    height = min(inner[3], outer[3]) - max(inner[1], outer[1])
    area = (inner[2] - inner[0]) * (inner[3] - inner[1])
    return width * height / area if width > 0 and height > 0 and area > 0 else 0.0


def _whole(box: Box, part: Box) -> Box:
    wide, high = part[2] - part[0], part[3] - part[1]
    return (
        part[0] + box[0] * wide,
        part[1] + box[1] * high,
        part[0] + box[2] * wide,
        part[1] + box[3] * high,
    )


def _is_cut(box: Box, part: Box) -> bool:
    """Whether the box ends at an edge of its window that is not an edge of the picture."""
    return (
        (box[0] <= _EDGE and part[0] > _EDGE)
        or (box[1] <= _EDGE and part[1] > _EDGE)
        or (box[2] >= 1 - _EDGE and part[2] < 1 - _EDGE)
        or (box[3] >= 1 - _EDGE and part[3] < 1 - _EDGE)
    )
