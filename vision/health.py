"""Can the camera be believed right now? Anything but OK makes every answer `unclear` (W03, W47).

Judged on one small grey picture a look, against how the same view looked while it was good.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.appearance import Grey
from vision.types import Box, ViewHealth

_SIZE = (320, 180)
_TILE = 20
"""16 x 9 tiles."""
_LEARN_EVERY_SECONDS = 5.0
_TEXTURED = 4.0
"""Mean square of a tile's detail above which there is something to compare."""
_FEWEST_TILES = 40
"""A view with less texture cannot be compared tile by tile."""


@dataclass(frozen=True, slots=True)
class HealthSettings:
    black_level: float = 10.0
    """Mean luma (0..255) below which a picture is black."""
    dark_level: float = 28.0
    """95th percentile of luma below which nothing can be judged (A18: night too dark)."""
    covered_share: float = 0.15
    """Less of the usual texture than this, and nothing of the view left: covered."""
    sharp_share: float = 0.30
    """Less of the view's fine detail than this while the view is still there: out of focus."""
    view_match: float = 0.7
    """domain.md W03: share of the textured tiles that must still match the reference."""
    shift_share: float = 0.02
    """peers.md B13: of the picture's width."""
    frozen_seconds: float = 60.0
    shifted_seconds: float = 2.0
    """So long a measured shift must last: passing traffic shifts part of the view too."""
    moved_seconds: float = 10.0
    """A large vehicle may fill the view for a moment; so long a mismatch without a measured
    shift is none."""
    start_seconds: float = 30.0
    """So long after the start a mismatch teaches the reference: the first picture may have had
    a bus in it."""
    learn_seconds: float = 120.0
    """Time constant with which the reference follows the light."""


class ViewMonitor:
    """Judges the looks of one camera in order. The first good picture is the reference."""

    def __init__(self, settings: HealthSettings | None = None) -> None:
        self._settings = settings or HealthSettings()
        self._reference: _View | None = None
        self._unlearnt_seconds = 0.0
        self._steady = 1.0
        self._last_at: datetime | None = None
        self._bytes: int | None = None
        self._bytes_since: datetime | None = None
        self._bytes_pts: float | None = None
        self._mismatch_since: datetime | None = None
        self._shifted = False
        self._learnt_since: datetime | None = None
        self.view_score = 1.0
        """Share of the textured tiles that matched in the last look."""

    def relearn(self) -> None:
        """The view as it is now is the right one (its zones were drawn anew)."""
        self._reference = None
        self._mismatch_since = None
        self._steady = 1.0

    def judge(
        self, grey: Grey, at: datetime, pts: float | None = None, vehicles: Sequence[Box] = ()
    ) -> ViewHealth:
        """Judge one look. `vehicles` are boxes of what comes and goes (0..1): a street that fills
        with cars is not another view, so the places under them are left out."""
        tiny = np.asarray(cv2.resize(grey, _SIZE, interpolation=cv2.INTER_AREA), np.uint8)
        small = tiny.astype(np.float32)
        passed = (at - self._last_at).total_seconds() if self._last_at else 0.0
        self._last_at = at
        if cv2.mean(small)[0] < self._settings.black_level:
            return ViewHealth.BLACK
        if np.count_nonzero(tiny >= self._settings.dark_level) < 0.05 * tiny.size:
            return ViewHealth.TOO_DARK
        if self._frozen(tiny, at, pts):
            return ViewHealth.FROZEN
        now = _View.of(small)
        if self._reference is None or self._learnt_since is None:
            self._reference, self._learnt_since = now, at
            return ViewHealth.OK
        return self._against(self._reference, now, at, max(0.0, passed), _open_tiles(vehicles))

    def _frozen(self, tiny: Grey, at: datetime, pts: float | None) -> bool:
        """Identical bytes for long while the stream's time goes on: no sensor is so quiet."""
        checksum = zlib.crc32(tiny.tobytes())
        if checksum != self._bytes or self._bytes_since is None:
            self._bytes, self._bytes_since, self._bytes_pts = checksum, at, pts
            return False
        moving = pts is None or self._bytes_pts is None or pts > self._bytes_pts
        same_for = (at - self._bytes_since).total_seconds()
        return moving and same_for >= self._settings.frozen_seconds

    def _against(
        self,
        reference: _View,
        now: _View,
        at: datetime,
        passed_seconds: float,
        tiles: NDArray[np.bool_],
    ) -> ViewHealth:
        self.view_score = reference.match(now, tiles)
        soft = self._soft(reference.sharpness_left(now), at)
        if self.view_score >= self._settings.view_match:
            self._mismatch_since, self._shifted = None, False
            if soft:
                return ViewHealth.DEFOCUSED
            self._unlearnt_seconds += passed_seconds
            if self._unlearnt_seconds >= _LEARN_EVERY_SECONDS:
                share = min(0.2, self._unlearnt_seconds / self._settings.learn_seconds)
                self._reference = reference.blend(now, share)
                self._unlearnt_seconds = 0.0
            return ViewHealth.OK
        if self._starting(at):
            self._reference = now
            return ViewHealth.OK
        since = self._mismatch_since = self._mismatch_since or at
        if soft and reference.same_when_blurred(now):
            return ViewHealth.DEFOCUSED
        if now.texture < self._settings.covered_share * reference.texture:
            return ViewHealth.COVERED
        moved = self._moved(reference, now, (at - since).total_seconds())
        return ViewHealth.MOVED if moved else ViewHealth.OK

    def _soft(self, sharpness: float, at: datetime) -> bool:
        """Out of focus. How well a view's finest detail repeats itself is learnt at the start:
        bare asphalt under a weak encoder has none that does, and is never called soft."""
        if self._starting(at):
            self._steady = min(self._steady, sharpness)
            return False
        share = self._settings.sharp_share
        return self._steady >= 2 * share and sharpness < share

    def _starting(self, at: datetime) -> bool:
        since = self._learnt_since
        return since is None or (at - since).total_seconds() < self._settings.start_seconds

    def _moved(self, reference: _View, now: _View, lasted_seconds: float) -> bool:
        """The view does not match: whether the camera was turned, or something fills the view."""
        # Once measured a shift holds until the view matches again: single pictures may fail to
        # show it.
        if reference.shift_share(now) > self._settings.shift_share:
            self._shifted = True
        limit = self._settings.shifted_seconds if self._shifted else self._settings.moved_seconds
        return lasted_seconds >= limit


@dataclass(frozen=True, eq=False)
class _View:
    """One small picture and what is compared of it."""

    small: NDArray[np.float32]
    detail: NDArray[np.float32]
    """Each pixel against its neighbourhood."""
    texture: float
    """Mean local contrast in grey levels."""
    fine: NDArray[np.float32]
    """Its finest detail."""

    @classmethod
    def of(cls, small: NDArray[np.float32]) -> _View:
        smooth = cv2.GaussianBlur(small, (5, 5), 1.0)
        detail = np.asarray(smooth - cv2.blur(smooth, (25, 25)), np.float32)
        return cls(small, detail, cv2.mean(np.abs(detail))[0], small - smooth)

    def blend(self, newer: _View, share: float) -> _View:
        return _View.of((self.small * (1 - share) + newer.small * share).astype(np.float32))

    def match(self, now: _View, tiles: NDArray[np.bool_]) -> float:
        """Share of this view's textured tiles, among `tiles`, that look like themselves, 0..1.

        The details have no mean by themselves, so that plain box sums give each tile's NCC.
        """
        textured = self.textured & tiles
        if int(textured.sum()) < _FEWEST_TILES:
            return 1.0
        together = _tile_means(self.detail * now.detail)
        ncc = together / np.sqrt(self.energy * now.energy + 1e-6)
        return float((ncc[textured] >= 0.4).mean())

    @cached_property
    def energy(self) -> NDArray[np.float32]:
        """Mean square of each tile's detail."""
        return _tile_means(self.detail * self.detail)

    @cached_property
    def fine_energy(self) -> NDArray[np.float32]:
        return _tile_means(self.fine * self.fine)

    @cached_property
    def textured(self) -> NDArray[np.bool_]:
        """Tiles in which there is something to compare."""
        return self.energy > _TEXTURED

    def sharpness_left(self, now: _View) -> float:
        """How much of this view's finest detail is still there, against how much of its coarser
        detail: 1 as sharp as it was, 0 out of focus. Grain is not detail, it does not repeat;
        fog and dusk weaken both alike."""
        if int(self.textured.sum()) < _FEWEST_TILES:
            return 1.0
        fine = cv2.mean(self.fine * now.fine)[0] / (float(self.fine_energy.mean()) + 1e-6)
        coarse = cv2.mean(self.detail * now.detail)[0] / (float(self.energy.mean()) + 1e-6)
        return fine / coarse if coarse > 0.05 else 0.0

    def same_when_blurred(self, now: _View) -> bool:
        """Whether the coarse picture is still this one: the same view, without its edges."""
        coarse = (20, 11)
        then = cv2.resize(self.small, coarse, interpolation=cv2.INTER_AREA).ravel()
        here = cv2.resize(now.small, coarse, interpolation=cv2.INTER_AREA).ravel()
        return bool(np.corrcoef(then, here)[0, 1] >= 0.8)

    def shift_share(self, now: _View) -> float:
        """By how much of its width the view has shifted; 0 where no single shift explains it."""
        window = cv2.createHanningWindow(_SIZE, cv2.CV_32F)
        # OpenCV multiplies its own inputs by the window: it gets copies.
        (dx, dy), response = cv2.phaseCorrelate(self.detail.copy(), now.detail.copy(), window)
        return float(np.hypot(dx, dy)) / _SIZE[0] if response >= 0.15 else 0.0


def _open_tiles(vehicles: Sequence[Box]) -> NDArray[np.bool_]:
    """Tiles that no vehicle covers."""
    rows, columns = _SIZE[1] // _TILE, _SIZE[0] // _TILE
    tiles = np.ones((rows, columns), dtype=bool)
    for x1, y1, x2, y2 in vehicles:
        left, right = int(x1 * columns), int(np.ceil(x2 * columns))
        tiles[int(y1 * rows) : int(np.ceil(y2 * rows)), left:right] = False
    return tiles


def _tile_means(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    tiles = (_SIZE[0] // _TILE, _SIZE[1] // _TILE)
    return np.asarray(cv2.resize(picture, tiles, interpolation=cv2.INTER_AREA), np.float32)
