"""How well a detector does on labelled pictures: precision, recall and average precision.

A detection is right when it has the truth's class and overlaps it by IoU 0.5 or more. As in COCO,
detections are taken best first, each takes the free truth it overlaps most, and a second detection
of the same object is false. Average precision is COCO's: the mean, over the 101 recalls 0, 0.01 ..
1, of the best precision that is reached at that recall or beyond it. AP50-95 is its mean over the
IoUs 0.50, 0.55 .. 0.95. Detections of equal confidence enter together, so that no figure depends
on the order in which they or the pictures come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.types import Box, Detection

__all__ = [
    "AP_IOUS",
    "IOU",
    "ClassResult",
    "Comparison",
    "Evaluation",
    "Labelled",
    "Point",
    "Ranked",
    "Truth",
    "at_threshold",
    "average_precision",
    "best_f1",
    "compare",
    "evaluate",
    "iou_matrix",
    "kinds_of",
    "match",
    "rank",
    "recall_at_precision",
]

IOU = 0.5
AP_IOUS: tuple[float, ...] = tuple(0.5 + 0.05 * step for step in range(10))
_RECALLS = np.linspace(0, 1, 101)
_ROUNDING = 1e-9
"""An IoU of exactly 0.5 counts, however its quotient was rounded."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One labelled object."""

    kind: str
    box: Box
    """0..1 of the picture."""
    ignore: bool = False
    """Neither to be found nor wrong to be found (COCO's crowd, the cut off, the doubtful)."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One picture: what is there, and what the detector said, down to a low confidence."""

    truths: Sequence[Truth]
    found: Sequence[Detection]


@dataclass(frozen=True, slots=True)
class Ranked:
    """All detections of one class over all pictures, best first."""

    confidences: NDArray[np.float64]
    """(n,), descending."""
    right: NDArray[np.bool_]
    """(n,), whether each took a truth."""
    truths: int
    """Objects there were to be found."""


@dataclass(frozen=True, slots=True)
class Point:
    """One working point of a detector."""

    threshold: float
    """Detections of this confidence and above count; infinity where none does."""
    right: int
    false: int
    missed: int

    @property
    def precision(self) -> float | None:
        """Share of the detections that are right; None where nothing was found."""
        found = self.right + self.false
        return self.right / found if found else None

    @property
    def recall(self) -> float | None:
        """Share of the objects that were found; None where there were none."""
        truths = self.right + self.missed
        return self.right / truths if truths else None

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where nothing was found or to be found."""
        weight = 2 * self.right + self.false + self.missed
        return 2 * self.right / weight if weight else 0.0


@dataclass(frozen=True, slots=True)
class ClassResult:
    """The figures of one class."""

    kind: str
    truths: int
    point: Point
    """At the threshold that was asked for."""
    ap50: float | None
    """None where the pictures hold no object of the class."""
    ap50_95: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of a detector on labelled pictures."""

    pictures: int
    threshold: float
    """For the classes that have none of their own (`ClassResult.point.threshold`)."""
    classes: tuple[ClassResult, ...]

    @property
    def map50(self) -> float | None:
        """Mean AP50 over the classes that occur in the pictures; None where none does."""
        return _mean([c.ap50 for c in self.classes])

    @property
    def map50_95(self) -> float | None:
        return _mean([c.ap50_95 for c in self.classes])

    @property
    def point(self) -> Point:
        """All classes together."""
        points = [c.point for c in self.classes]
        return Point(
            self.threshold,
            sum(p.right for p in points),
            sum(p.false for p in points),
            sum(p.missed for p in points),
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two detectors on the same pictures, ours held to the other's precision."""

    ours: Point
    theirs: Point

    @property
    def ratio(self) -> float | None:
        """Our recall over theirs; None where they find nothing or nothing is there."""
        ours, theirs = self.ours.recall, self.theirs.recall
        return ours / theirs if ours is not None and theirs else None


def iou_matrix(a: Sequence[Box], b: Sequence[Box]) -> NDArray[np.float64]:
    """Overlap of every box of `a` with every box of `b`: (len(a), len(b)) in 0..1.

    A box without area overlaps nothing.
    """
    first = np.asarray(a, np.float64).reshape(-1, 1, 4)
    second = np.asarray(b, np.float64).reshape(1, -1, 4)
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., 2:], second[..., 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=-1)
    union = _areas(first) + _areas(second) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.prod(np.maximum(boxes[..., 2:] - boxes[..., :2], 0), axis=-1)


def match(
    truths: Sequence[Truth], found: Sequence[Detection], iou: float = IOU
) -> list[tuple[Detection, Truth | None]]:
    """Which detection took which truth, of one picture and one class; detections best first.

    A detection that can only take an ignored truth takes that one, and any number may.
    """
    ranked = sorted(found, key=lambda item: (-item.confidence, item.box))
    overlaps = iou_matrix([item.box for item in ranked], [truth.box for truth in truths])
    free = np.ones(len(truths), bool)
    ignored = np.array([truth.ignore for truth in truths], bool)
    pairs: list[tuple[Detection, Truth | None]] = []
    for item, row in zip(ranked, overlaps, strict=True):
        taken = _taken(row, free & ~ignored, iou)
        if taken is None:
            taken = _taken(row, ignored, iou)
        else:
            free[taken] = False
        pairs.append((item, None if taken is None else truths[taken]))
    return pairs


def _taken(row: NDArray[np.float64], allowed: NDArray[np.bool_], iou: float) -> int | None:
    """The allowed truth that a detection overlaps most, None where it overlaps none enough."""
    candidates = np.flatnonzero(allowed & (row >= iou - _ROUNDING))
    return int(candidates[np.argmax(row[candidates])]) if len(candidates) else None


def rank(pictures: Iterable[Labelled], kind: str, iou: float = IOU) -> Ranked:
    """All detections of one class, best first, with which of them are right."""
    confidences: list[float] = []
    right: list[bool] = []
    count = 0
    for picture in pictures:
        truths = [truth for truth in picture.truths if truth.kind == kind]
        count += sum(not truth.ignore for truth in truths)
        found = [item for item in picture.found if item.kind == kind]
        for item, truth in match(truths, found, iou):
            if truth is None or not truth.ignore:
                confidences.append(item.confidence)
                right.append(truth is not None)
    order = np.argsort(-np.asarray(confidences, np.float64), kind="stable")
    return Ranked(np.asarray(confidences, np.float64)[order], np.asarray(right, bool)[order], count)


def at_threshold(ranked: Ranked, threshold: float) -> Point:
    """What is right, false and missed when detections of `threshold` and above count."""
    counted = ranked.right[ranked.confidences >= threshold]
    right = int(np.count_nonzero(counted))
    return Point(threshold, right, len(counted) - right, ranked.truths - right)


def recall_at_precision(ranked: Ranked, precision: float) -> Point:
    """The working point that finds most among those at least this precise.

    Where no point is precise enough it is the point at which nothing is found.
    """
    right, counted, thresholds = _curve(ranked)
    precise = np.flatnonzero(right >= (precision - _ROUNDING) * counted)
    if not len(precise):
        return Point(float("inf"), 0, 0, ranked.truths)
    last = precise[np.argmax(right[precise])]
    found = int(right[last])
    return Point(float(thresholds[last]), found, int(counted[last]) - found, ranked.truths - found)


def best_f1(ranked: Ranked) -> Point:
    """The working point with the best harmonic mean of precision and recall."""
    right, counted, thresholds = _curve(ranked)
    if not len(right):
        return Point(float("inf"), 0, 0, ranked.truths)
    best = int(np.argmax(2 * right / (counted + ranked.truths)))
    found = int(right[best])
    return Point(float(thresholds[best]), found, int(counted[best]) - found, ranked.truths - found)


def compare(ours: Ranked, theirs: Ranked, threshold: float) -> Comparison:
    """Our best recall at the precision that the other detector has at its own `threshold`.

    Both must come from the same pictures. Where the other finds nothing its precision is 1.
    """
    if ours.truths != theirs.truths:
        raise ValueError("the two detectors were not measured on the same labels")
    point = at_threshold(theirs, threshold)
    needed = 1.0 if point.precision is None else point.precision
    return Comparison(recall_at_precision(ours, needed), point)


def average_precision(ranked: Ranked) -> float | None:
    """COCO's 101-point average precision; None where there was nothing to find."""
    if not ranked.truths:
        return None
    right, counted, _ = _curve(ranked)
    if not len(right):
        return 0.0
    recalls = right / ranked.truths
    envelope = np.maximum.accumulate((right / counted)[::-1])[::-1]
    reached = np.searchsorted(recalls, _RECALLS - _ROUNDING, side="left")
    return float(np.append(envelope, 0.0)[reached].mean())


def _curve(
    ranked: Ranked,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Right and counted detections at each distinct confidence, highest confidence first."""
    confidences = ranked.confidences
    last_of_equal = np.append(confidences[1:] != confidences[:-1], True)[: len(confidences)]
    ends = np.flatnonzero(last_of_equal)
    right = np.cumsum(ranked.right, dtype=np.int64)[ends]
    return right, (ends + 1).astype(np.int64), confidences[ends]


def kinds_of(pictures: Iterable[Labelled]) -> tuple[str, ...]:
    """The classes that are labelled or found, in the order of the alphabet."""
    kinds: set[str] = set()
    for picture in pictures:
        kinds.update(truth.kind for truth in picture.truths)
        kinds.update(item.kind for item in picture.found)
    return tuple(sorted(kinds))


def evaluate(
    pictures: Sequence[Labelled],
    threshold: float,
    kinds: Sequence[str] | None = None,
    *,
    own: Mapping[str, float] | None = None,
) -> Evaluation:
    """Every class's figures; None for `kinds` means all that are labelled or found.

    threshold: the confidence for precision and recall; `own` holds those of single classes.
    Average precision takes every detection given, so they should reach down to a confidence of
    0.01 or less.
    """
    working = own or {}
    classes = [
        _class_result(pictures, kind, working.get(kind, threshold))
        for kind in kinds or kinds_of(pictures)
    ]
    return Evaluation(len(pictures), threshold, tuple(classes))


def _class_result(pictures: Sequence[Labelled], kind: str, threshold: float) -> ClassResult:
    levels = [rank(pictures, kind, iou) for iou in AP_IOUS]
    precisions = [average_precision(level) for level in levels]
    return ClassResult(
        kind,
        levels[0].truths,
        at_threshold(levels[0], threshold),
        precisions[0],
        _mean(precisions),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
