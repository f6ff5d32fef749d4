"""How the reference of a view comes to be, and how it follows the light without losing its place.

Only what matches is followed. A view that was turned matches nothing and teaches nothing, whether
that happened while we looked or while Qifen was off.
"""

from __future__ import annotations

from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.appearance import Grey
from vision.health_reference import ReferenceBook, Usual, median_of
from vision.health_view import SAME_TILE, View

_FOLLOW_EVERY_SECONDS = 5.0
_FOLLOW_SECONDS = 120.0
"""Time constant with which the reference follows the light."""
_NEW_TILE_SECONDS = 600.0
"""A stall, scaffolding, a parked lorry: a part of the view that stays other for so long, while
the rest matches, belongs to the view."""
_OTHER_LIGHT_SECONDS = 30.0
"""So long a view in its place that looks other (infrared, lamps) must last to be followed."""
_KEEP_SECONDS = 600.0
"""So long a light must have been followed before it is kept for the next start."""
_CREEP_EVERY_SECONDS = 60.0
_LOOKS = 9


class Learning:
    """The reference views of one camera and the one that is followed right now."""

    def __init__(self, start_seconds: float, book: ReferenceBook | None) -> None:
        self._start_seconds = start_seconds
        self._book = book
        self._changed = False
        self._current: View | None = None
        self._exact: NDArray[np.float32] | None = None
        self._followed_since: datetime | None = None
        self._followed_at: datetime | None = None
        self._odd: NDArray[np.float32] | None = None
        self._gathered = _Gathered(start_seconds)
        self._creep_asked: datetime | None = None
        self._crept_share = 0.0
        self._sharp: list[Usual] = []

    @property
    def unsure(self) -> bool:
        """No reference yet: what is seen now is being learnt."""
        return self._book is None

    @property
    def usual(self) -> Usual | None:
        """How sharp this view is when it is sharp; None until that is known."""
        return None if self._book is None else self._book.usual

    def hand_out(self) -> ReferenceBook | None:
        """The book, once after each change that is worth keeping."""
        changed, self._changed = self._changed, False
        return self._book if changed else None

    def reference(self, now: View, tiles: NDArray[np.bool_], needed: float) -> View:
        """What this look is compared with: the view followed, or whichever kept one is nearer."""
        current = self._current
        if current is not None and current.grey.shape == now.grey.shape:
            score = current.match(now, tiles)
            if score is None or score >= needed or self._book is None:
                return current
        if self._book is None:
            return now
        best = self._book.best(now, tiles)
        if best.grey.shape != now.grey.shape:
            return best
        if current is None or (best.match(now, tiles) or 0.0) >= needed:
            self._follow_from(best, None)
            return best
        return current

    def start(self, now: View, at: datetime, tiles: NDArray[np.bool_], needed: float) -> None:
        """A look at the very first start. The first one may have had a bus in it: a mismatch
        begins anew with the present one; after `start_seconds` the median of all is the view."""
        current = self._current
        same_form = current is not None and current.grey.shape == now.grey.shape
        if current is None or not same_form:
            self._gathered.clear()
            self._current = now
        else:
            score = current.match(now, tiles)
            if score is not None and score < needed:
                self._current = now
        self._gathered.add(now.grey, at)
        if self._gathered.lasted_seconds(at) >= self._start_seconds:
            self._book = ReferenceBook([self._gathered.median()])
            self._changed = True
            self._follow_from(self._book.first, at)
            self._gathered.clear()

    def note_sharpness(self, sharpness: float | None, finest: float) -> None:
        """How sharp the view is while it is good; the least of the first looks is the usual."""
        book = self._book
        if book is None or book.usual is not None or sharpness is None:
            return
        self._sharp.append(Usual(sharpness, finest))
        if len(self._sharp) >= _LOOKS:
            least = Usual(min(u.sharpness for u in self._sharp), min(u.finest for u in self._sharp))
            self._book = ReferenceBook([view.grey for view in book.views], least)
            self._changed = True

    def follow(self, now: View, at: datetime) -> None:
        """A look that matches: the reference moves a little towards it, tile by tile."""
        current = self._current
        if current is None or self._exact is None or self._crept_share:
            return
        self._gathered.clear()
        self._followed_since = self._followed_since or at
        since = self._followed_at
        self._followed_at = since or at
        passed = 0.0 if since is None else (at - since).total_seconds()
        if passed < _FOLLOW_EVERY_SECONDS:
            return
        self._followed_at = at
        same = current.tiles_like(now) >= SAME_TILE
        odd = np.zeros(same.shape, np.float32) if self._odd is None else self._odd
        odd = np.where(same, 0.0, odd + min(passed, 2 * _FOLLOW_EVERY_SECONDS))
        self._odd = odd.astype(np.float32)
        share = min(0.2, passed / _FOLLOW_SECONDS)
        weights = np.where(same | (odd >= _NEW_TILE_SECONDS), share, 0.0).astype(np.float32)
        self._exact = _blend(self._exact, now.grey, weights)
        self._current = View.of_grey(np.asarray(np.round(self._exact), np.uint8))
        self._keep(at)

    def light_changed(self, now: View, at: datetime) -> None:
        """A look that is in its place but does not look like itself."""
        self._gathered.add(now.grey, at)
        if self._gathered.lasted_seconds(at) >= _OTHER_LIGHT_SECONDS:
            self._follow_from(View.of_grey(self._gathered.median()), at)
            self._gathered.clear()

    def crept(self, at: datetime, limit_share: float) -> float:
        """By how much the view followed has crept away from the accepted one: a mount that gives
        way by a hair a day. 0 within the limit; asked once a minute."""
        book, current = self._book, self._current
        if book is None or current is None:
            return 0.0
        asked = self._creep_asked
        if asked is None or (at - asked).total_seconds() >= _CREEP_EVERY_SECONDS:
            self._creep_asked = at
            motion = book.first.motion(current, limit_share)
            self._crept_share = motion.share if motion.moved(limit_share) else 0.0
        return self._crept_share

    def _follow_from(self, view: View, at: datetime | None) -> None:
        self._current, self._followed_since, self._followed_at, self._odd = view, at, at, None
        # Small steps towards the light would be lost in whole numbers.
        self._exact = view.grey.astype(np.float32)

    def _keep(self, at: datetime) -> None:
        """A light that was not seen before and has lasted is kept for the next start."""
        book, current, since = self._book, self._current, self._followed_since
        if book is None or current is None or since is None:
            return
        if (at - since).total_seconds() < _KEEP_SECONDS or book.knows(current):
            return
        self._book = book.with_grey(current.grey)
        self._changed = True
        self._followed_since = at


class _Gathered:
    """A few looks, evenly spread over the last `span_seconds`, to be made one picture of."""

    def __init__(self, span_seconds: float) -> None:
        self._every_seconds = span_seconds / _LOOKS
        self._looks: list[Grey] = []
        self._first: datetime | None = None
        self._last: datetime | None = None

    def clear(self) -> None:
        self._looks, self._first, self._last = [], None, None

    def add(self, grey: Grey, at: datetime) -> None:
        self._first = self._first or at
        last = self._last
        if last is None or (at - last).total_seconds() >= self._every_seconds:
            self._last = at
            self._looks = [*self._looks[-(_LOOKS - 1) :], grey]

    def lasted_seconds(self, at: datetime) -> float:
        return 0.0 if self._first is None else (at - self._first).total_seconds()

    def median(self) -> Grey:
        return median_of(self._looks)


def _blend(
    then: NDArray[np.float32], now: Grey, weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    """`then` moved towards `now`, by each tile's own weight."""
    size = (then.shape[1], then.shape[0])
    share = cv2.resize(weights, size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(then + share * (now.astype(np.float32) - then), np.float32)
