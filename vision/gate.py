"""Has anything changed since the detector last looked? If not, what stood still stands.

Compared is what the light does not change: each pixel against its neighbourhood. Judged is block
by block in and near the regions that matter, so that traffic on the road wakes nobody and a
small car far away does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.small import SmallLook
from vision.types import Box

_BLOCK = 8
_NEAR_SHARE = 0.25
"""A region is watched with this share of its size around it."""


@dataclass(frozen=True, slots=True)
class GateSettings:
    longest_seconds: float = 15.0
    """The detector looks at least this often, whatever the gate says."""
    threshold: float = 5.0
    """Mean change of a block in grey levels that counts, where the picture is quiet."""
    noise_factor: float = 3.0
    """Above this many times a block's usual noise it counts where the picture is not."""


class ChangeGate:
    """Remembers the picture that the detector last saw; slow change adds up against it."""

    def __init__(self, settings: GateSettings | None = None) -> None:
        self._settings = settings or GateSettings()
        self._regions: tuple[Box, ...] | None = None
        self._mask: NDArray[np.bool_] | None = None
        self._now: NDArray[np.float32] | None = None
        self._seen: NDArray[np.float32] | None = None
        self._seen_at: datetime | None = None
        self._noise: NDArray[np.float32] | None = None

    def changed(
        self, look: SmallLook, at: datetime, regions: Sequence[Box], *, longest_seconds: float
    ) -> bool:
        """Whether the detector has to look at this picture.

        `regions` are boxes (0..1) of zones and watched places; none means the whole picture.
        `longest_seconds` may ask for more looks than the settings, never for fewer.
        """
        self._now = look.detail
        if self._seen is None or self._seen_at is None or self._seen.shape != self._now.shape:
            return True
        passed = (at - self._seen_at).total_seconds()
        if not 0 <= passed < min(longest_seconds, self._settings.longest_seconds):
            return True
        blocks = _blocks(np.asarray(cv2.absdiff(self._now, self._seen), np.float32))
        if self._noise is None or self._noise.shape != blocks.shape:
            self._noise = np.zeros_like(blocks)
        limit = np.maximum(self._settings.threshold, self._noise * self._settings.noise_factor)
        over = blocks > limit
        quiet = np.where(over, self._noise, self._noise * 0.9 + blocks * 0.1)
        self._noise = quiet.astype(np.float32)
        return bool(over[self._near(regions, blocks.shape)].any())

    def looked(self, at: datetime) -> None:
        """The detector has seen the picture of the last `changed`."""
        self._seen, self._seen_at = self._now, at

    def forget(self) -> None:
        """Whatever comes next is new (the view was sick, the zones were edited)."""
        self._seen = self._seen_at = None

    def _near(self, regions: Sequence[Box], shape: tuple[int, ...]) -> NDArray[np.bool_]:
        asked = tuple(regions)
        if self._mask is None or asked != self._regions or self._mask.shape != shape:
            self._regions, self._mask = asked, _mask(asked, shape)
        return self._mask


def _blocks(difference: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of blocks of about 8 x 8 pixels."""
    size = (difference.shape[1] // _BLOCK, max(1, difference.shape[0] // _BLOCK))
    return np.asarray(cv2.resize(difference, size, interpolation=cv2.INTER_AREA), np.float32)


def _mask(regions: Sequence[Box], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    rows, columns = shape
    mask = np.zeros((rows, columns), dtype=bool)
    for x1, y1, x2, y2 in regions:
        dx, dy = (x2 - x1) * _NEAR_SHARE, (y2 - y1) * _NEAR_SHARE
        left, right = int((x1 - dx) * columns), int(np.ceil((x2 + dx) * columns))
        top, bottom = int((y1 - dy) * rows), int(np.ceil((y2 + dy) * rows))
        mask[max(0, top) : max(1, bottom), max(0, left) : max(1, right)] = True
    return mask if regions else ~mask
