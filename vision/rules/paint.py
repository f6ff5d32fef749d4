"""Whether what hangs at a place has other colours than what was approved there.

A sheet pasted over another of the same form differs from it in little but its colours once it is
some forty pixels wide. Light changes colours too: the same everywhere, so the change of the whole
zone is taken off; rain and dusk make them paler, so their hue counts and not their strength.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.appearance import pixel_box
from vision.geometry import bounds
from vision.rules.baseline import colour_of
from vision.types import Box, Image, Polygon

_CELLS: Final = 4
"""Each way, of the place's inner part."""
_INNER: Final = 0.12
"""So much of the place at each side may show the wall beside it, the camera shakes."""
_DARK: Final = 28.0
"""Mean of the channels (0..255) below which colours are the sensor's noise."""
_PALE: Final = 0.035
"""Nearer to grey than this in the plane of chromaticity (shares of red and blue): no colour."""
_COLOURED: Final = 0.10
"""So far from grey: surely a colour."""
_TURNED: Final = 0.55
"""Cosine of the angle between two hues that are not the same."""
_REPAINTED: Final = 0.4
"""Share of the cells that have another colour."""

_Plane = NDArray[np.float32]


class ZonePaint:
    """The colours of a zone's baseline, and what of it has others now."""

    def __init__(self, polygon: Polygon, baseline: str = "") -> None:
        self._box = bounds(polygon)
        self._then = colour_of(baseline)
        self._now: Image | None = None
        self._cast: _Plane = np.zeros(2, np.float32)

    def observe(self, image: Image) -> None:
        """Take one clear look (height x width x 3 BGR of the whole picture)."""
        if self._then is None:
            return
        x1, y1, x2, y2 = pixel_box(self._box, image.shape[1], image.shape[0])
        size = (self._then.shape[1], self._then.shape[0])
        now = cv2.resize(image[y1:y2, x1:x2], size, interpolation=cv2.INTER_AREA)
        self._now = np.asarray(now, np.uint8)
        then = _chromaticity(_means(self._then, 16, 16))
        self._cast = np.median((_chromaticity(_means(self._now, 16, 16)) - then)[0], axis=0)

    def repainted(self, place: Box) -> bool:
        """Whether the place (0..1 of the whole picture) clearly has other colours; False where
        nothing can be told: a baseline without colours, too dark."""
        if self._then is None or self._now is None:
            return False
        then, now = self._part(self._then, place), self._part(self._now, place)
        bright = (then.mean(axis=2) >= _DARK) & (now.mean(axis=2) >= _DARK)
        if bright.mean() < 0.5:
            return False
        was, is_now = _chromaticity(then), _chromaticity(now) - self._cast
        strong, weak = np.linalg.norm(was, axis=2), np.linalg.norm(is_now, axis=2)
        along = (was * is_now).sum(axis=2) / np.maximum(strong * weak, 1e-6)
        both = (strong >= _COLOURED / 2) & (weak >= _COLOURED / 2)
        turned = both & (along < _TURNED)
        appeared = (np.minimum(strong, weak) < _PALE) & (np.maximum(strong, weak) >= _COLOURED)
        return float(((turned | appeared) & bright).mean()) >= _REPAINTED

    def _part(self, picture: Image, place: Box) -> _Plane:
        left, top, right, bottom = self._box
        wide, high = place[2] - place[0], place[3] - place[1]
        inner = (
            (place[0] + _INNER * wide - left) / (right - left),
            (place[1] + _INNER * high - top) / (bottom - top),
            (place[2] - _INNER * wide - left) / (right - left),
            (place[3] - _INNER * high - top) / (bottom - top),
        )
        x1, y1, x2, y2 = pixel_box(inner, picture.shape[1], picture.shape[0])
        return _means(picture[y1:y2, x1:x2], _CELLS, _CELLS)


def _means(picture: Image, columns: int, rows: int) -> _Plane:
    size = (columns, rows)
    return np.asarray(
        cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32
    )


def _chromaticity(cells: _Plane) -> _Plane:
    """Rows x columns x 2: the shares of red and blue, less a third each."""
    total = np.maximum(cells.sum(axis=2, keepdims=True), 1.0)
    return np.asarray(cells[:, :, (2, 0)] / total - 1 / 3, np.float32)
