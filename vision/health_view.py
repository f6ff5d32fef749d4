"""One small view of a camera and how another one compares with it: what `vision.health` judges by.

Compared is local detail (each pixel against its neighbourhood), which brightness and contrast do
not change. What cannot be explained tile by tile is asked of the edges: whether the view went
elsewhere, block by block, so that a turn, a zoom and a roll are all found, and a bus is not one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.appearance import Grey
from vision.small import TILE, SmallLook, tile_means
from vision.types import Box

_TEXTURED = 4.0
"""Mean square of a tile's detail from which on there is something to compare."""
_FAINT = 1.0
"""The same where little else is seen: a street by night between its lamps."""
_WANTED_TILES = 24
FEWEST_TILES = 8
"""A view with less texture than this cannot be compared; the report says so."""
SAME_TILE = 0.4
"""NCC of a tile's detail from which on it is the same tile."""
_LOST = 0.2
"""A tile with less than this share of its detail's energy shows nothing any more."""
_BARE = 0.3
_BLOCK_SHARE = 0.5
"""Blocks in which motion is measured, as a share of the view's sides; they overlap by half."""
_CLEAR_PEAK = 0.06
"""Response of a phase correlation (0..1) from which on its peak is looked at. A peak at the same
place by chance is rare (one block in ninety), and elsewhere several blocks have to agree."""
_AGREEING_BLOCKS = 4
_AGREE_PIXELS = 2.0
_MANY = 6
"""Of nine blocks: so many found where they were are enough without a common motion."""


@dataclass(frozen=True, slots=True)
class Motion:
    """Where the parts of a view went."""

    kept: int
    """Blocks that are where they were."""
    agreeing: int
    """Blocks whose places one turn, zoom or roll explains; 0 where none does."""
    share: float
    """By how much of the picture's width that moves the corner it moves most."""
    found: int = 0
    """Blocks that were found at all."""

    def moved(self, limit_share: float) -> bool:
        """Whether the camera was turned, shifted or zoomed."""
        return self.agreeing >= _AGREEING_BLOCKS and self.share > limit_share

    def placed(self, limit_share: float) -> bool:
        """Whether the camera certainly stands as it stood, whatever else changed."""
        return self.agreeing >= _AGREEING_BLOCKS and self.share <= limit_share

    def still(self, limit_share: float) -> bool:
        """Whether it very likely does."""
        return self.placed(limit_share) or (not self.moved(limit_share) and self.kept >= _MANY)

    @property
    def share_kept(self) -> float:
        """Share of the blocks that could be found which are where they were."""
        return self.kept / self.found if self.found else 0.0


class View:
    """One small picture and what is compared of it. Never changed once it is made."""

    def __init__(self, small: SmallLook) -> None:
        self.grey = small.grey
        self._small = small
        self._like: tuple[View, NDArray[np.float32]] | None = None

    @classmethod
    def of_grey(cls, grey: Grey) -> View:
        return cls(SmallLook(grey))

    @property
    def detail(self) -> NDArray[np.float32]:
        return self._small.detail

    @cached_property
    def energy(self) -> NDArray[np.float32]:
        """Mean square of each tile's detail."""
        return tile_means(self.detail * self.detail)

    @cached_property
    def textured(self) -> NDArray[np.bool_]:
        """Tiles in which there is something to compare."""
        strongest = np.sort(self.energy, axis=None)[-_WANTED_TILES:]
        return self.energy > max(_FAINT, min(_TEXTURED, float(strongest[0])))

    @cached_property
    def fine(self) -> NDArray[np.float32]:
        """The finest detail that this size shows."""
        return np.asarray(cv2.subtract(self.grey, self._small.smooth, dtype=cv2.CV_32F), np.float32)

    @cached_property
    def fine_energy(self) -> NDArray[np.float32]:
        return tile_means(self.fine * self.fine)

    @cached_property
    def _edges(self) -> NDArray[np.float32]:
        """Strength of edges, compressed: the same by day and by infrared, where dark and bright
        may change places."""
        smooth = self._small.smooth
        dx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0)
        dy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
        strength = np.sqrt(cv2.magnitude(dx, dy))
        return np.asarray(strength - cv2.blur(strength, (41, 41)), np.float32)

    def tiles_like(self, now: View) -> NDArray[np.float32]:
        """NCC of each tile's detail. Detail has no mean of its own, so plain sums give it. The
        answer for the last look is kept: several questions are asked of one look."""
        if self._like is None or self._like[0] is not now:
            together = tile_means(self.detail * now.detail)
            like = together / np.sqrt(self.energy * now.energy + 1e-6)
            self._like = (now, np.asarray(like, np.float32))
        return self._like[1]

    def match(self, now: View, tiles: NDArray[np.bool_]) -> float | None:
        """Share of this view's textured tiles, among `tiles`, that look like themselves, 0..1;
        None where too few have texture."""
        asked = self.textured & tiles
        if int(asked.sum()) < FEWEST_TILES:
            return None
        return float((self.tiles_like(now)[asked] >= SAME_TILE).mean())

    def lost_share(self, now: View, tiles: NDArray[np.bool_]) -> float:
        """Share of this view's textured tiles in which nothing is seen any more. A tile that is
        only darker still looks like itself."""
        asked = self.textured & tiles
        if not asked.any():
            return 0.0
        left = now.energy[asked] / self.energy[asked]
        gone = (left < _LOST) & (self.tiles_like(now)[asked] < SAME_TILE)
        return float(gone.mean())

    def sharpness_left(self, now: View, tiles: NDArray[np.bool_]) -> float | None:
        """How much of this view's finest detail is still there, against how much of its coarser
        detail: 1 as sharp as it was, 0 out of focus. Grain is not detail, it does not repeat;
        fog and dusk weaken both alike. The median of the tiles: one bright sign is not the view.
        """
        asked = self.textured & tiles & (self.fine_energy > 0.25)
        asked &= self.tiles_like(now) >= SAME_TILE
        if int(asked.sum()) < FEWEST_TILES:
            return None
        fine = tile_means(self.fine * now.fine)[asked] / self.fine_energy[asked]
        coarse = tile_means(self.detail * now.detail)[asked] / self.energy[asked]
        return float(np.median(fine / coarse))

    def finest_left(self, now: View, tiles: NDArray[np.bool_]) -> float:
        """The same by energy alone: it does not mind a view that shakes, but counts grain as
        detail."""
        asked = self.textured & tiles & (self.fine_energy > 0.25)
        if not asked.any():
            return 1.0
        fine = now.fine_energy[asked] / self.fine_energy[asked]
        coarse = now.energy[asked] / self.energy[asked]
        return float(np.sqrt(np.median(fine / (coarse + 1e-6))))

    def bare(self, now: View) -> bool:
        """Whether hardly any fine detail is left in the whole picture: something is right before
        the lens, and nothing so near is sharp."""
        return bool(now.fine_energy.mean() < _BARE * self.fine_energy.mean())

    def same_when_blurred(self, now: View) -> bool:
        """Whether the coarse picture is still this one: the same view, without its edges."""
        coarse = (20, 11)
        then = cv2.resize(self.grey, coarse, interpolation=cv2.INTER_AREA).ravel()
        here = cv2.resize(now.grey, coarse, interpolation=cv2.INTER_AREA).ravel()
        if then.std() < 1 or here.std() < 1:
            return False
        return bool(np.corrcoef(then, here)[0, 1] >= 0.8)

    def motion(self, now: View, limit_share: float) -> Motion:
        """Where the blocks of this view are in `now`; no more than `limit_share` of the width
        off counts as kept."""
        if self.grey.shape != now.grey.shape:
            return Motion(0, 0, 0.0)
        height, width = self.grey.shape
        rows, columns = int(height * _BLOCK_SHARE), int(width * _BLOCK_SHARE)
        window = _window(columns, rows)
        then_at, here_at = list[tuple[float, float]](), list[tuple[float, float]]()
        for top in range(0, height - rows + 1, rows // 2):
            for left in range(0, width - columns + 1, columns // 2):
                part = np.s_[top : top + rows, left : left + columns]
                # OpenCV multiplies its own inputs by the window: it gets copies.
                then, here = self._edges[part].copy(), now._edges[part].copy()
                (dx, dy), response = cv2.phaseCorrelate(then, here, window)
                if response >= _CLEAR_PEAK:
                    x, y = left + columns / 2, top + rows / 2
                    then_at.append((x, y))
                    here_at.append((x + dx, y + dy))
        before, after = np.array(then_at, np.float32), np.array(here_at, np.float32)
        if not then_at:
            return Motion(0, 0, 0.0)
        kept = int((np.hypot(*(after - before).T) <= limit_share * width).sum())
        agreeing, share = _one_motion(before, after, (width, height))
        return Motion(kept, agreeing, share, len(then_at))

    def shaken_pixels(self, now: View) -> float:
        """How far the whole view is from where it was, in pixels of the small picture."""
        window = _window(self.grey.shape[1], self.grey.shape[0])
        (dx, dy), _ = cv2.phaseCorrelate(self.detail.copy(), now.detail.copy(), window)
        return float(np.hypot(dx, dy))


def _one_motion(
    before: NDArray[np.float32], after: NDArray[np.float32], size: tuple[int, int]
) -> tuple[int, float]:
    """How many blocks one shift, turn and zoom explains, and the share of the width by which it
    moves the corner that it moves most."""
    if len(before) < _AGREEING_BLOCKS:
        return 0, 0.0
    cv2.setRNGSeed(1)  # OpenCV draws the pairs that it tries: always the same ones
    answer: tuple[Any, Any] = cv2.estimateAffinePartial2D(
        before, after, method=cv2.RANSAC, ransacReprojThreshold=_AGREE_PIXELS
    )
    found, agree = answer
    if found is None or int(agree.sum()) < _AGREEING_BLOCKS:
        return 0, 0.0
    corners = np.array([(x, y, 1.0) for x in (0, size[0]) for y in (0, size[1])])
    moved = corners @ np.asarray(found).T - corners[:, :2]
    return int(agree.sum()), float(np.hypot(*moved.T).max()) / size[0]


@lru_cache(maxsize=8)
def _window(columns: int, rows: int) -> NDArray[np.float32]:
    return np.asarray(cv2.createHanningWindow((columns, rows), cv2.CV_32F), np.float32)


def open_tiles(vehicles: Sequence[Box], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Tiles of a small picture of this shape that no vehicle covers."""
    rows, columns = shape[0] // TILE, shape[1] // TILE
    tiles = np.ones((rows, columns), dtype=bool)
    for x1, y1, x2, y2 in vehicles:
        top, bottom = max(0, int(y1 * rows)), int(np.ceil(y2 * rows))
        tiles[top:bottom, max(0, int(x1 * columns)) : int(np.ceil(x2 * columns))] = False
    return tiles
