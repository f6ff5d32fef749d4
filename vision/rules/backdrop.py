"""What a zone looks like with nothing new in it, and where it has changed since.

The facade is compared by local structure, each pixel against its neighbourhood, so that sun, dusk
and rain fall out and a new poster stays. What is clearly different counts; what cannot be told is
not different (in doubt nobody is flagged).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.appearance import Grey, pixel_box
from vision.geometry import bounds
from vision.rules.baseline import SIDE, grey_of
from vision.types import Box, Polygon

_BLOCK: Final = 8
_WINDOW: Final = 17
"""Pixels around a block that are compared."""
_CHANGED: Final = 0.6
"""Share of the structure's energy that differs: about 0 for the same, 1 for two that have
nothing in common."""
_NOISE: Final = 0.15
"""Energy of what is no structure but the sensor's noise."""
_SHIFT: Final = 6.0
"""Pixels by which wind may move the picture."""
_MUCH: Final = 0.08
"""More of the zone changed than this: perhaps the pictures are only laid badly."""
_MISFIT: Final = 0.4
"""More of the zone changed than this: other light, or a bus; not that many posters at once."""
_MOST_VIEWS: Final = 3
_FOLLOW: Final = 0.2
_APART: Final = 5
"""Blocks each way around a changed one, itself included, that teach nothing."""
_SMALLEST_BLOCKS: Final = 6

_Floats = NDArray[np.float32]
_Mask = NDArray[np.bool_]


@dataclass(slots=True, eq=False)
class _View:
    """The zone in one light: its structure, followed slowly where nothing changes."""

    structure: _Floats
    learned: bool
    """False: the baseline that a person accepted."""


class Backdrop:
    """Give it every clear look at one zone, in order; then ask `share_changed` and `regions`."""

    def __init__(self, polygon: Polygon, baseline: str = "") -> None:
        self._box = bounds(polygon)
        self._views: list[_View] = []
        picture = grey_of(baseline)
        self._shape = None if picture is None else picture.shape
        if picture is not None:
            self._views.append(_View(_structure(picture), learned=False))
        self._before: _Floats | None = None
        self._changed: _Mask | None = None
        self._steady: NDArray[np.int32] | None = None
        self.certain = False
        """Whether the last look could be compared at all."""

    def observe(self, grey: Grey) -> None:
        """Take one clear look (luma of the whole picture)."""
        x1, y1, x2, y2 = pixel_box(self._box, grey.shape[1], grey.shape[0])
        small = _shrunk(grey[y1:y2, x1:x2], self._shape)
        self._shape = small.shape
        now = _structure(small)
        if not self._views:
            self._views.append(_View(now, learned=True))
        changes = [_difference(view.structure, now) for view in self._views]
        shares = [float(changed.mean()) for changed, _ in changes]
        best = int(np.argmin(shares))
        self.certain = shares[best] <= _MISFIT
        changed, aligned = changes[best]
        if self.certain:
            self._follow(self._views[best], changed, aligned)
        else:
            self._learn(now)
            changed = np.zeros_like(changed)
        self._count(changed, aligned)

    def share_changed(self, box: Box) -> float:
        """Share of the box (0..1 of the whole picture) that looks clearly different, 0..1."""
        return self._share(self._changed, box)

    def regions(self) -> list[Box]:
        """Boxes around what has changed and has looked the same in two looks at least."""
        if self._steady is None:
            return []
        steady = (self._steady >= 1).astype(np.uint8)
        closed = cv2.morphologyEx(steady, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
        rows, columns = steady.shape
        left, top, right, bottom = self._box
        wide, high = (right - left) / columns, (bottom - top) / rows
        found: list[Box] = []
        for x, y, w, h, area in stats[1:].tolist():
            if area >= _SMALLEST_BLOCKS and area >= 0.4 * w * h:
                found.append(
                    (left + x * wide, top + y * high, left + (x + w) * wide, top + (y + h) * high)
                )
        return found

    def _follow(self, view: _View, changed: _Mask, aligned: _Floats) -> None:
        """The light moves on: what has not changed teaches the view. Not beside what has, or it
        would be learned from its edge inwards, look by look, until nothing of it were left."""
        height, width = view.structure.shape
        near = cv2.dilate(changed.astype(np.uint8), np.ones((_APART, _APART), np.uint8))
        free = cv2.resize((1 - near).astype(np.float32), (width, height))
        share = (_FOLLOW * free).astype(np.float32)
        view.structure = np.asarray(view.structure * (1 - share) + aligned * share, np.float32)

    def _learn(self, now: _Floats) -> None:
        """Other light than ever before: what is new in it from here on is new to this view."""
        learned = [view for view in self._views if view.learned]
        if len(self._views) >= _MOST_VIEWS and learned:
            self._views.remove(learned[0])
        self._views.append(_View(now, learned=True))

    def _count(self, changed: _Mask, aligned: _Floats) -> None:
        """For how many looks each block has been changed and still."""
        if self._steady is None or self._before is None or self._steady.shape != changed.shape:
            self._steady = np.zeros(changed.shape, np.int32)
        else:
            moved, _ = _difference(self._before, aligned)
            self._steady = np.where(changed & ~moved, self._steady + 1, 0).astype(np.int32)
        self._before, self._changed = aligned, changed

    def _share(self, mask: _Mask | None, box: Box) -> float:
        if mask is None:
            return 0.0
        left, top, right, bottom = self._box
        rows, columns = mask.shape
        x1 = (box[0] - left) / (right - left) * columns
        x2 = (box[2] - left) / (right - left) * columns
        y1 = (box[1] - top) / (bottom - top) * rows
        y2 = (box[3] - top) / (bottom - top) * rows
        x, y = max(0, round(x1)), max(0, round(y1))
        part = mask[y : max(y + 1, round(y2)), x : max(x + 1, round(x2))]
        return float(part.mean()) if part.size else 0.0


def _shrunk(grey: Grey, shape: tuple[int, ...] | None = None) -> Grey:
    """At most `SIDE` on the longer side, or exactly `shape`."""
    if shape is None:
        scale = min(1.0, SIDE / max(grey.shape))
        shape = tuple(max(2 * _BLOCK, round(side * scale)) for side in grey.shape)
    how = cv2.INTER_AREA if grey.shape[0] > shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(grey, (shape[1], shape[0]), interpolation=how), np.uint8)


def _structure(grey: Grey) -> _Floats:
    """Each pixel against its neighbourhood's mean and spread (as vision.appearance does)."""
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (5, 5), 1.2)
    mean = cv2.blur(smooth, (21, 21))
    spread = np.sqrt(cv2.blur((smooth - mean) ** 2, (21, 21)))
    return np.asarray((smooth - mean) / (spread + 4.0), np.float32)


def _difference(then: _Floats, now: _Floats) -> tuple[_Mask, _Floats]:
    """Which blocks differ clearly, and `now` laid over `then`."""
    (dx, dy), _ = cv2.phaseCorrelate(then, now)
    best = _laid(then, now, dx, dy)
    if best[0].mean() > _MUCH:
        # Rows of windows, cut by the picture's edge, mislead the search: without the edges again.
        faded = cv2.createHanningWindow((now.shape[1], now.shape[0]), cv2.CV_32F)
        (dx, dy), _ = cv2.phaseCorrelate(then, now, faded)
        best = min(best, _laid(then, now, dx, dy), key=lambda each: float(each[0].mean()))
    return best


def _laid(then: _Floats, now: _Floats, dx: float, dy: float) -> tuple[_Mask, _Floats]:
    if abs(dx) > _SHIFT or abs(dy) > _SHIFT:
        dx = dy = 0.0
    move = np.array([[1, 0, -dx], [0, 1, -dy]], np.float32)
    height, width = now.shape
    aligned = np.asarray(
        cv2.warpAffine(now, move, (width, height), borderMode=cv2.BORDER_REPLICATE), np.float32
    )
    window = (_WINDOW, _WINDOW)
    apart = cv2.blur((then - aligned) ** 2, window)
    energy = cv2.blur(then**2, window) + cv2.blur(aligned**2, window)
    share = apart / (energy + _NOISE)
    blocks = cv2.resize(
        share, (max(1, width // _BLOCK), max(1, height // _BLOCK)), interpolation=cv2.INTER_AREA
    )
    return np.asarray(blocks > _CHANGED, np.bool_), aligned
