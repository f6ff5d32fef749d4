"""Whether a stream still shows what is there, or the same picture again and again."""

from __future__ import annotations

from datetime import datetime

import cv2
import numpy as np

from vision.appearance import Grey
from vision.small import tile_means

_CHANGED_SHARE = 0.06
"""Of a tile's pixels: an encoder that writes the same picture again changes no more than a few,
the noise of a living sensor a quarter of them and more."""
_FEW_TILES = 0.15
"""Share of the tiles that may change all the same: a clock or a text that is written over it."""
_OUTLIERS = 0.10
_MOST_SHARE = 0.2
"""With more of the whole picture changed than this, nothing else need be asked."""


class FrozenMeter:
    """Compares each small picture with the one at which the present stretch of sameness began.

    The stretch ends with the first picture that differs, and only counts while the stream's own
    time goes on.
    """

    def __init__(self, frozen_seconds: float) -> None:
        self._frozen_seconds = frozen_seconds
        self._first: Grey | None = None
        self._since: datetime | None = None
        self._pts: float | None = None

    def frozen(self, grey: Grey, at: datetime, pts: float | None) -> bool:
        first, since = self._first, self._since
        if first is None or since is None or not _same(first, grey):
            self._first, self._since, self._pts = grey, at, pts
            return False
        going_on = pts is None or self._pts is None or pts > self._pts
        return going_on and (at - since).total_seconds() >= self._frozen_seconds

    @property
    def since(self) -> datetime | None:
        """When the picture that is still shown came first."""
        return self._since


def _same(first: Grey, now: Grey) -> bool:
    if first.shape != now.shape:
        return False
    differ = cv2.compare(first, now, cv2.CMP_NE)
    different = cv2.countNonZero(differ)
    if not different or different > _MOST_SHARE * now.size:
        return not different
    shares = tile_means(np.asarray(differ, np.float32)) / 255.0
    # Surfaces without texture may look the same for hours: what has texture has to hold still.
    spread = tile_means(np.asarray(cv2.absdiff(now, cv2.blur(now, (9, 9))), np.float32))
    asked = shares[spread > np.median(spread)]
    if not asked.size:
        return False
    moving = float((asked > _OUTLIERS).mean())
    return moving <= _FEW_TILES and float(np.median(asked)) <= _CHANGED_SHARE
