"""What a place looks like, and how alike two looks at it are, whatever the light does.

A camera that does not move sees a standing object in the same pixels every time. So identity is
asked of a fixed place: a small luma crop, compared by normalised cross-correlation (NCC), which
brightness and contrast do not change. Shadows, headlights and clouds change parts of a crop; the
local structure (each pixel against its neighbourhood) survives these, so the better of the two
answers counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision import types
from vision.types import Box, Image

Grey = NDArray[np.uint8]
"""Height x width luma of one look, at most `GREY_WIDTH` wide."""

GREY_WIDTH = 960
SAME = 0.90
"""At least so alike: the same thing stands there (peers.md 2.1)."""
CHANGED = 0.85
"""Less alike than this: it looks different. Between the two the last answer holds."""

_SIZE = 64
_SLACK = 3
"""Pixels of the 64 by which a crop may be shifted: rounding, and wind on the pole."""
_FLAT = 4.0
"""Standard deviation of luma below which a crop shows nothing to recognise."""
_BURNT_LUMA = 250.0
_BURNT_SHARE = 0.15
"""So much more of a crop burnt out than before, and a lamp shines into the lens."""


def grey_picture(image: Image) -> Grey:
    """Luma of a picture, scaled down to `GREY_WIDTH` where it is wider."""
    return types.grey_picture(image, GREY_WIDTH)


def pixel_box(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """A relative box as x1, y1, x2, y2 in whole pixels, at least one pixel large."""
    x1 = min(max(round(box[0] * width), 0), width - 1)
    y1 = min(max(round(box[1] * height), 0), height - 1)
    x2 = min(max(round(box[2] * width), x1 + 1), width)
    y2 = min(max(round(box[3] * height), y1 + 1), height)
    return x1, y1, x2, y2


def crop_box(image: Image, box: Box) -> Image:
    """The pixels of `box`: what `WatchSubject.appearance` is made of. A copy."""
    x1, y1, x2, y2 = pixel_box(box, image.shape[1], image.shape[0])
    return np.ascontiguousarray(image[y1:y2, x1:x2])


class Appearance:
    """One look at one place: 64 x 64 luma, and its local structure where that is asked for."""

    __slots__ = ("_structure", "flat", "luma", "normal")

    def __init__(self, luma: NDArray[np.float32]) -> None:
        self.luma = luma
        self._structure: NDArray[np.float32] | None = None
        self.normal, spread = _normal(luma)
        """Luma as a vector of mean 0 and length 1: two of them multiply to their NCC."""
        self.flat = spread < _FLAT
        """Too dark or too even to recognise anything by."""

    @classmethod
    def of_place(cls, grey: Grey, box: Box) -> Appearance:
        x1, y1, x2, y2 = pixel_box(box, grey.shape[1], grey.shape[0])
        return cls._of(grey[y1:y2, x1:x2])

    @classmethod
    def of_crop(cls, crop: Image) -> Appearance:
        """Of a stored crop of any size (see `crop_box`)."""
        return cls._of(grey_picture(crop))

    @classmethod
    def _of(cls, crop: Grey) -> Appearance:
        shrinks = crop.shape[0] > 2 * _SIZE or crop.shape[1] > 2 * _SIZE
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        return cls(cv2.resize(crop, (_SIZE, _SIZE), interpolation=how).astype(np.float32))

    @property
    def structure(self) -> NDArray[np.float32]:
        """Each pixel against its neighbourhood's mean and spread: light falls out, edges stay."""
        if self._structure is None:
            smooth = cv2.GaussianBlur(self.luma, (5, 5), 1.2)
            mean = cv2.blur(smooth, (15, 15))
            spread = np.sqrt(cv2.blur((smooth - mean) ** 2, (15, 15)))
            # Noise on an even surface must not be blown up to structure: 4 grey levels at least.
            self._structure = np.asarray((smooth - mean) / (spread + 4.0), np.float32)
        return self._structure

    @property
    def burnt(self) -> float:
        """Share of pixels that are burnt out, 0..1."""
        return float(np.count_nonzero(self.luma >= _BURNT_LUMA)) / self.luma.size

    def dazzled(self, now: Appearance) -> bool:
        """Whether a glare hides the place in the later look: nothing can be said of it then."""
        return now.burnt >= self.burnt + _BURNT_SHARE

    def blend(self, newer: Appearance, share: float) -> Appearance:
        """This appearance moved towards `newer` by `share`: follows the sun through the day."""
        return Appearance((self.luma * (1 - share) + newer.luma * share).astype(np.float32))


def likeness(then: Appearance, now: Appearance) -> float:
    """How alike two looks at one place are: 1 the same, around 0 nothing in common.

    The best NCC over shifts of up to three pixels of 64, of luma or of structure. 0 where either
    look is too flat to tell anything. Structure is only asked where luma does not say "same".
    """
    if then.flat or now.flat:
        return 0.0
    answer = float(then.normal @ now.normal)
    if answer < SAME:
        answer = max(answer, _best(then.luma, now.luma))
    if answer < SAME:
        answer = max(answer, _best(then.structure, now.structure))
    return answer


def stillness(then: Appearance, now: Appearance) -> float:
    """Like `likeness`, but of luma and without any shift: what moves a little is not still."""
    if then.flat or now.flat:
        return 0.0
    return float(then.normal @ now.normal)


def _normal(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """`values` as a vector of mean 0 and length 1, and their standard deviation."""
    flat = values.ravel()
    centred = flat - flat.mean()
    length = float(np.sqrt(centred @ centred))
    return (centred / (length + 1e-6)).astype(np.float32), length / float(np.sqrt(flat.size))


def _best(then: NDArray[np.float32], now: NDArray[np.float32]) -> float:
    core = then[_SLACK:-_SLACK, _SLACK:-_SLACK]
    return float(cv2.matchTemplate(now, core, cv2.TM_CCOEFF_NORMED).max())


_RING = 48
_RING_MASK = np.ones((_RING, _RING), dtype=bool)
_RING_MASK[_RING // 5 : -(_RING // 5), _RING // 5 : -(_RING // 5)] = False
"""The inner 60 % each way are the place itself; the ring around it reaches a third further."""
_RING_LEFT = 0.3
"""Less of the ring than this to be compared, and it says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """The ring around a place: a vehicle that drives off leaves it as it was, a bus in front
    does not. So a look is clear only if the ring still looks the same."""

    square: NDArray[np.float32]
    """48 x 48 luma of the place and a third of its size around it; only the ring is compared."""
    wide: Box
    """What the square shows."""

    @classmethod
    def of(cls, grey: Grey, place: Box) -> Surroundings:
        dx, dy = (place[2] - place[0]) / 3, (place[3] - place[1]) / 3
        wide = (place[0] - dx, place[1] - dy, place[2] + dx, place[3] + dy)
        x1, y1, x2, y2 = pixel_box(wide, grey.shape[1], grey.shape[0])
        crop = cv2.resize(grey[y1:y2, x1:x2], (_RING, _RING), interpolation=cv2.INTER_AREA)
        shown = (
            x1 / grey.shape[1], y1 / grey.shape[0], x2 / grey.shape[1], y2 / grey.shape[0],
        )  # fmt: skip
        return cls(cv2.GaussianBlur(crop, (3, 3), 0).astype(np.float32), shown)

    def same(self, now: Surroundings, known: Sequence[Box] = ()) -> bool:
        """Whether what is around the place is what was there before.

        `known` are boxes of things that are detected now: a change that lies under them is
        explained, and the rest of the ring decides, where enough of it is left.
        """
        if self._same(now, _RING_MASK):
            return True
        mask = _RING_MASK.copy()
        for box in known:
            rows, columns = self._part(box)
            mask[rows, columns] = False
        left = np.count_nonzero(mask)
        changed = bool(left < np.count_nonzero(_RING_MASK))
        enough = left >= _RING_LEFT * np.count_nonzero(_RING_MASK)
        return changed and bool(enough) and self._same(now, mask)

    def _same(self, now: Surroundings, mask: NDArray[np.bool_]) -> bool:
        (then, spread), (here, spread_now) = _normal(self.square[mask]), _normal(now.square[mask])
        if spread < _FLAT:
            return spread_now < 3 * _FLAT
        if spread_now < _FLAT / 2:
            return False
        return float(then @ here) >= 0.5

    def _part(self, box: Box) -> tuple[slice, slice]:
        """Rows and columns of the square that a box covers."""
        x1, y1, x2, y2 = self.wide
        across, down = _RING / max(x2 - x1, 1e-6), _RING / max(y2 - y1, 1e-6)
        left, right = int((box[0] - x1) * across), int(np.ceil((box[2] - x1) * across))
        top, bottom = int((box[1] - y1) * down), int(np.ceil((box[3] - y1) * down))
        return slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0))
