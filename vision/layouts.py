"""What a YOLO's numbers mean: tells output layouts apart from the shapes alone, decodes them.

    v5       (1, N, 5+C)   cx, cy, w, h, objectness, classes; three anchors a cell
    v8       (1, 4+C, N)   cx, cy, w, h, classes; one anchor a cell (v8, v9, 11, 12)
             (1, 4+C, 4N)  the same of street-n: three anchors of one head, one of the other;
                           it says so itself (boxes_per_cell)
    end2end  (1, K, 6)     x1, y1, x2, y2, score, class; already suppressed (v10, 26)
    yolox    (1, N, 5+C)   as v5 with one anchor a cell; raw offsets from the cell, or decoded

N follows from the input size, so v5 and yolox cannot be taken for each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from vision.errors import BadWeights

VEHICLE_KINDS = frozenset({"car", "truck", "bus", "van"})
"""Kinds that the parking rule watches (domain.md A3)."""

SAME_OBJECT_IOU = 0.6
"""Two boxes of one class that overlap more are one object."""
SAME_VEHICLE_IOU = 0.8
"""A van seen as both car and truck is one vehicle: it must not become two events."""
MOST_CANDIDATES = 1000
"""The best so many boxes are compared with each other: no street holds more."""

_STRIDES = (8, 16, 32)
_STRIDES_LARGE = (8, 16, 32, 64)
_EXPORT_HINT = (
    "export a detection model: yolo export model=FILE.pt format=onnx dynamic=True, without batch"
)

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class YoloLayout(StrEnum):
    V5 = "v5"
    V8 = "v8"
    END2END = "end2end"
    YOLOX = "yolox"


@dataclass(frozen=True, slots=True)
class Found:
    """Objects of one picture. boxes: (n, 4) x1, y1, x2, y2 in pixels of the network's input."""

    boxes: Floats
    scores: Floats
    classes: Ints

    def take(self, index: Ints) -> Found:
        return Found(self.boxes[index], self.scores[index], self.classes[index])


def _cells(height: int, width: int, strides: Sequence[int]) -> int:
    return sum((height // stride) * (width // stride) for stride in strides)


def tell_layout(
    shape: Sequence[int],
    height: int,
    width: int,
    class_count: int | None,
    boxes_per_cell: int = 1,
) -> tuple[YoloLayout, int]:
    """Layout and number of classes of an output `shape` at a network input of height x width.

    `class_count` is the number of stated names, None where nothing is stated. An end-to-end model
    does not say how many classes it has: 0 is returned then unless names are stated.
    boxes_per_cell: of a v8 layout, as the model states it.
    Raises BadWeights where the shape fits no layout or the names do not fit the shape.
    """
    if len(shape) != 3 or shape[0] != 1:
        raise BadWeights(
            f"the model's output {tuple(shape)} is not one table of boxes", hint=_EXPORT_HINT
        )
    _, rows, columns = shape
    for strides in (_STRIDES, _STRIDES_LARGE):
        cells = _cells(height, width, strides)
        if columns == boxes_per_cell * cells and rows > 4:
            return YoloLayout.V8, _agree(rows - 4, class_count, rows)
        if rows == 3 * cells and columns > 5:
            return YoloLayout.V5, _agree(columns - 5, class_count, columns)
        if rows == cells and columns > 5:
            return YoloLayout.YOLOX, _agree(columns - 5, class_count, columns)
    if columns == 6 and rows <= 1000:
        return YoloLayout.END2END, class_count or 0
    raise BadWeights(
        f"the model's output {tuple(shape)} fits none of the YOLO layouts v5, v8, end-to-end "
        f"and YOLOX at an input of {width}x{height}",
        hint=_EXPORT_HINT,
    )


def _agree(in_model: int, stated: int | None, channels: int) -> int:
    if stated is not None and stated != in_model:
        raise BadWeights(
            f"{stated} class names are stated, but the output has {channels} channels, "
            f"which makes {in_model} classes",
            hint="correct the names; pose, segmentation and rotated-box models are not read",
            field="names",
        )
    return in_model


def decode(layout: YoloLayout, raw: Floats, height: int, width: int, confidence: float) -> Found:
    """Boxes above `confidence` out of the first picture of the output, best first, unsuppressed.

    raw: (1, rows, columns) as in the table at the top; height, width: the network's input.
    """
    table = raw[0]
    if layout is YoloLayout.END2END:
        found = _decode_end2end(table, confidence)
    elif layout is YoloLayout.V8:
        found = _decode_v8(table, confidence)
    elif layout is YoloLayout.YOLOX:
        found = _decode_v5(_from_grid(table, height, width), confidence)
    else:
        found = _decode_v5(table, confidence)
    return found.take(np.argsort(-found.scores, kind="stable")[:MOST_CANDIDATES])


def _decode_end2end(table: Floats, confidence: float) -> Found:
    table = table[table[:, 4] >= confidence]
    return Found(table[:, :4], table[:, 4], table[:, 5].astype(np.int64))


def _decode_v8(table: Floats, confidence: float) -> Found:
    best = table[4:].max(axis=0)
    keep = np.flatnonzero(best >= confidence)
    classes = table[4:, keep].argmax(axis=0)
    return Found(_corners(table[:4, keep].T), best[keep], classes)


def _decode_v5(table: Floats, confidence: float) -> Found:
    table = table[table[:, 4] >= confidence]
    scores = table[:, 5:] * table[:, 4:5]
    best = scores.max(axis=1) if len(scores) else np.zeros(0, np.float32)
    keep = np.flatnonzero(best >= confidence)
    classes = scores[keep].argmax(axis=1) if len(keep) else np.zeros(0, np.int64)
    return Found(_corners(table[keep, :4]), best[keep], classes)


def _corners(centred: Floats) -> Floats:
    half = centred[:, 2:4] / 2
    corners = np.concatenate([centred[:, :2] - half, centred[:, :2] + half], axis=1)
    return corners.astype(np.float32, copy=False)


def _from_grid(table: Floats, height: int, width: int) -> Floats:
    """YOLOX: (offset + cell) * stride and exp(size) * stride.

    Offsets from a cell stay within a few units; exports that hold pixels already reach across
    the picture and are returned as they are.
    """
    if float(table[:, :2].max()) > min(height, width) / 2:
        return table
    strides = _STRIDES if len(table) == _cells(height, width, _STRIDES) else _STRIDES_LARGE
    cells: list[Floats] = []
    scale: list[Floats] = []
    for stride in strides:
        rows, columns = height // stride, width // stride
        x, y = np.meshgrid(np.arange(columns), np.arange(rows))
        cells.append(np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32))
        scale.append(np.full((rows * columns, 1), stride, np.float32))
    steps = np.concatenate(scale)
    decoded = table.copy()
    decoded[:, :2] = (table[:, :2] + np.concatenate(cells)) * steps
    decoded[:, 2:4] = np.exp(table[:, 2:4]) * steps
    return decoded


def suppress(found: Found, vehicle_classes: frozenset[int]) -> Found:
    """Keeps the best of the boxes that are one object; `found` comes best first and stays so.

    Class by class (SAME_OBJECT_IOU), and across the vehicle classes where two boxes all but
    coincide (SAME_VEHICLE_IOU). Each box that is kept is compared with those that are still left,
    which a street soon makes few: four times faster than comparing each box with each.
    """
    left, top, right, bottom = np.ascontiguousarray(found.boxes.T)
    areas = (right - left) * (bottom - top)
    limits = _limits(int(found.classes.max(initial=0)) + 1, vehicle_classes)
    remaining = np.arange(len(found.scores))
    kept: list[int] = []
    while len(remaining):
        best, remaining = int(remaining[0]), remaining[1:]
        kept.append(best)
        shared = np.minimum(right[remaining], right[best])
        shared -= np.maximum(left[remaining], left[best])
        height = np.minimum(bottom[remaining], bottom[best])
        height -= np.maximum(top[remaining], top[best])
        shared = np.maximum(shared, 0) * np.maximum(height, 0)
        limit = limits[found.classes[best]][found.classes[remaining]]
        remaining = remaining[shared <= limit * (areas[remaining] + areas[best])]
    return found.take(np.array(kept, np.int64))


def _limits(count: int, vehicle_classes: frozenset[int]) -> Floats:
    """For a box of each class with one of each: what they may share, as part of both areas. A
    share s of their union is s / (1 + s) of the two areas together; none can be more than 1."""
    limits = np.ones((count, count), np.float32)
    vehicles = [index for index in vehicle_classes if index < count]
    limits[np.ix_(vehicles, vehicles)] = SAME_VEHICLE_IOU / (1 + SAME_VEHICLE_IOU)
    np.fill_diagonal(limits, SAME_OBJECT_IOU / (1 + SAME_OBJECT_IOU))
    return limits
