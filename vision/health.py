"""Can the camera be believed right now? Anything but OK makes every answer `unclear` (W03, W47).

Judged on one small grey picture a look, against how the same view looked while it was good.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.appearance import Grey
from vision.types import ViewHealth

_SIZE = (320, 180)
_TILE = 20
"""16 x 9 tiles."""


@dataclass(frozen=True, slots=True)
class HealthSettings:
    black_level: float = 10.0
    """Mean luma (0..255) below which a picture is black."""
    dark_level: float = 28.0
    """95th percentile of luma below which nothing can be judged (A18: night too dark)."""
    covered_share: float = 0.15
    """Less of the usual texture than this, and nothing of the view left: covered."""
    sharp_share: float = 0.30
    """Less of the usual sharpness than this while the view is still there: out of focus."""
    view_match: float = 0.7
    """domain.md W03: share of the textured tiles that must still match the reference."""
    shift_share: float = 0.02
    """peers.md B13: of the picture's width."""
    frozen_seconds: float = 60.0
    moved_seconds: float = 10.0
    """A large vehicle may fill the view for a moment; so long a mismatch without a measured
    shift is none."""
    start_seconds: float = 30.0
    """So long after the start a mismatch without a measured shift teaches the reference: the
    first picture may have had a bus in it."""
    learn_seconds: float = 120.0
    """Time constant with which the reference follows the light."""


class ViewMonitor:
    """Judges the looks of one camera in order. The first good picture is the reference."""

    def __init__(self, settings: HealthSettings | None = None) -> None:
        self._settings = settings or HealthSettings()
        self._reference: NDArray[np.float32] | None = None
        self._texture = 0.0
        self._sharpness = 0.0
        self._last_at: datetime | None = None
        self._bytes: int | None = None
        self._bytes_since: datetime | None = None
        self._bytes_pts: float | None = None
        self._mismatch_since: datetime | None = None
        self._learnt_since: datetime | None = None
        self.view_score = 1.0
        """Share of the textured tiles that matched in the last look."""

    def relearn(self) -> None:
        """The view as it is now is the right one (its zones were drawn anew)."""
        self._reference = None
        self._mismatch_since = None

    def judge(self, grey: Grey, at: datetime, pts: float | None = None) -> ViewHealth:
        small = cv2.resize(grey, _SIZE, interpolation=cv2.INTER_AREA).astype(np.float32)
        passed = (at - self._last_at).total_seconds() if self._last_at else 0.0
        self._last_at = at
        if float(small.mean()) < self._settings.black_level:
            return ViewHealth.BLACK
        if float(np.percentile(small, 95)) < self._settings.dark_level:
            return ViewHealth.TOO_DARK
        if self._frozen(grey, at, pts):
            return ViewHealth.FROZEN
        if self._reference is None or self._learnt_since is None:
            self._learn(small, 1.0)
            self._learnt_since = at
            return ViewHealth.OK
        return self._against_reference(small, at, max(0.0, passed))

    def _frozen(self, grey: Grey, at: datetime, pts: float | None) -> bool:
        """Identical bytes for long while the stream's time goes on: no sensor is so quiet."""
        checksum = zlib.crc32(np.ascontiguousarray(grey).tobytes())
        if checksum != self._bytes or self._bytes_since is None:
            self._bytes, self._bytes_since, self._bytes_pts = checksum, at, pts
            return False
        moving = pts is None or self._bytes_pts is None or pts > self._bytes_pts
        same_for = (at - self._bytes_since).total_seconds()
        return moving and same_for >= self._settings.frozen_seconds

    def _against_reference(
        self, small: NDArray[np.float32], at: datetime, passed_seconds: float
    ) -> ViewHealth:
        assert self._reference is not None  # noqa: S101 (the caller has asked)
        self.view_score = _view_score(self._reference, small)
        texture, sharpness = _texture(small), _sharpness(small)
        if self.view_score >= self._settings.view_match:
            self._mismatch_since = None
            if sharpness < self._settings.sharp_share * self._sharpness:
                return ViewHealth.DEFOCUSED
            self._learn(small, min(0.2, passed_seconds / self._settings.learn_seconds))
            return ViewHealth.OK
        self._mismatch_since = self._mismatch_since or at
        if texture < self._settings.covered_share * self._texture:
            return ViewHealth.COVERED
        soft = sharpness < self._settings.sharp_share * self._sharpness
        if soft and _blurred(self._reference, small):
            return ViewHealth.DEFOCUSED
        return ViewHealth.MOVED if self._moved(small, at) else ViewHealth.OK

    def _moved(self, small: NDArray[np.float32], at: datetime) -> bool:
        """The view does not match: whether the camera was turned, or something fills the view."""
        assert self._reference is not None and self._mismatch_since is not None  # noqa: S101, PT018
        if _shift_share(self._reference, small) > self._settings.shift_share:
            return True
        if self._age(at) < self._settings.start_seconds:
            self._reference = None
            self._learn(small, 1.0)
            return False
        return (at - self._mismatch_since).total_seconds() >= self._settings.moved_seconds

    def _age(self, at: datetime) -> float:
        return (at - self._learnt_since).total_seconds() if self._learnt_since else 0.0

    def _learn(self, small: NDArray[np.float32], share: float) -> None:
        if self._reference is None:
            self._reference = small
            self._texture, self._sharpness = _texture(small), _sharpness(small)
            return
        self._reference = (self._reference * (1 - share) + small * share).astype(np.float32)
        self._texture += share * (_texture(small) - self._texture)
        self._sharpness += share * (_sharpness(small) - self._sharpness)


def _detail(small: NDArray[np.float32]) -> NDArray[np.float32]:
    smooth = cv2.GaussianBlur(small, (0, 0), 1.0)
    return np.asarray(smooth - cv2.GaussianBlur(smooth, (0, 0), 8), np.float32)


def _texture(small: NDArray[np.float32]) -> float:
    """Mean local contrast in grey levels."""
    return float(np.abs(_detail(small)).mean())


def _sharpness(small: NDArray[np.float32]) -> float:
    """Share of the finest detail in the contrast there is; fog and dusk lower both alike."""
    fine = small - cv2.GaussianBlur(small, (0, 0), 1.0)
    return float(np.abs(fine).mean()) / (_texture(small) + 1.0)


def _tiles(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """144 rows of 400 pixels, each row zero-mean."""
    rows, columns = picture.shape[0] // _TILE, picture.shape[1] // _TILE
    cut = picture.reshape(rows, _TILE, columns, _TILE).swapaxes(1, 2).reshape(rows * columns, -1)
    return np.asarray(cut - cut.mean(axis=1, keepdims=True), np.float32)


def _view_score(reference: NDArray[np.float32], now: NDArray[np.float32]) -> float:
    """Share of the reference's textured tiles that still look like themselves, 0..1."""
    then, here = _tiles(_detail(reference)), _tiles(_detail(now))
    then_norm, here_norm = np.linalg.norm(then, axis=1), np.linalg.norm(here, axis=1)
    textured = then_norm > 2.0 * _TILE
    if int(textured.sum()) < 8:
        return 1.0
    together = (then * here).sum(axis=1) / (then_norm * here_norm + 1e-6)
    return float((together[textured] >= 0.4).mean())


def _blurred(reference: NDArray[np.float32], now: NDArray[np.float32]) -> bool:
    """Whether the coarse picture is still the reference's: the same view, without its edges."""
    coarse = (20, 11)
    then = cv2.resize(reference, coarse, interpolation=cv2.INTER_AREA).ravel()
    here = cv2.resize(now, coarse, interpolation=cv2.INTER_AREA).ravel()
    return bool(np.corrcoef(then, here)[0, 1] >= 0.8)


def _shift_share(reference: NDArray[np.float32], now: NDArray[np.float32]) -> float:
    """By how much of its width the whole view has shifted; 0 where no single shift explains it."""
    window = cv2.createHanningWindow(_SIZE, cv2.CV_32F)
    (dx, dy), response = cv2.phaseCorrelate(_detail(reference), _detail(now), window)
    return float(np.hypot(dx, dy)) / _SIZE[0] if response >= 0.15 else 0.0
