"""Can the camera be believed right now? Anything but OK makes every answer `unclear` (W03, W47).

Each look is made small and held against how the same view looked while it was right. What most
looks need is cheap: brightness, sameness, and whether the tiles look like themselves. Only a view
that does not is looked at closely (`vision.health_view`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.health_frozen import FrozenMeter
from vision.health_learning import Learning
from vision.health_reference import ReferenceBook
from vision.health_view import View, open_tiles
from vision.small import SmallLook
from vision.types import Box, ViewHealth

_BRIGHT_SHARE = 0.05
_REPEATS = 0.5
"""Sharpness below which a view's finest detail is not to be relied on."""
_STEADY_PIXELS = 0.3
_SMOOTHING = 0.25
_MEAN_LOOKS = 16


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """Durations in seconds. Every sickness is found within 60 s (peers.md B13)."""

    black_level: float = 10.0
    """Mean luma (0..255) below which a picture is black."""
    dark_level: int = 28
    """95th percentile of luma below which nothing can be judged (A18: night too dark)."""
    view_match: float = 0.7
    """domain.md W03: the share of the view that must lie where it was."""
    shift_share: float = 0.02
    """peers.md B13: of the picture's width, at the corner that moved most."""
    covered_share: float = 0.5
    """With so much of the texture gone and hardly any fine detail left: covered."""
    part_covered_share: float = 0.3
    """With so much gone for long, though the rest is in its place: partly covered."""
    part_seen_share: float = 0.35
    """As long as so much is in its place, and nothing is found elsewhere, something stands in
    front of the camera, and it is not the camera that moved."""
    sharp_share: float = 0.42
    """Less of the view's finest detail than this share of the usual: out of focus."""
    finest_share: float = 0.6
    """The same by energy, which a shaking view does not weaken."""
    shifted_seconds: float = 2.0
    """So long a measured shift or a cover must last: passing traffic does both for a moment."""
    focus_every_seconds: float = 4.0
    soft_seconds: float = 4.0
    part_covered_seconds: float = 30.0
    unknown_seconds: float = 20.0
    """So long a view may match nothing: a bus may fill it for a moment."""
    frozen_seconds: float = 45.0
    start_seconds: float = 30.0
    """Without a reference, the view of so long a time after the start becomes one."""


@dataclass(frozen=True, slots=True)
class ViewReport:
    """What was measured in the last look, for those who ask why."""

    health: ViewHealth = ViewHealth.OK
    since: datetime | None = None
    """The first look of the present trouble; None while there is none."""
    score: float | None = None
    """domain.md W03: share of the view (0..1) that lies where it was; None where it cannot be
    told: too dark, or too little texture."""
    needed: float = 0.7
    sharpness: float | None = None
    """Finest detail left, 1 as sharp as the reference."""
    shift_share: float = 0.0
    """By how much of its width the view has moved, where that could be measured."""
    brightness: float = 0.0
    """Mean luma, 0..255."""
    textured_share: float = 0.0
    """Share of the view with enough texture to be compared."""
    learning: bool = False
    """No reference yet: the view is being learnt."""


class ViewMonitor:
    """Judges the looks of one camera in order, against its reference views.

    Without a `book` the view of the first half minute becomes the reference, and `learnt` hands
    it out to be kept: the next start then knows it.
    """

    def __init__(
        self, settings: HealthSettings | None = None, book: ReferenceBook | None = None
    ) -> None:
        self._settings = settings or HealthSettings()
        self._frozen = FrozenMeter(self._settings.frozen_seconds)
        self._learning = Learning(self._settings.start_seconds, book)
        self._trouble = _Trouble()
        self._finest: float | None = None
        self._sharpness: float | None = None
        self._focus_at: datetime | None = None
        self.report = ViewReport(needed=self._settings.view_match)

    def use(self, book: ReferenceBook | None) -> None:
        """These are the reference views from now on, because a person has accepted them; None:
        the view as it is now is learnt anew."""
        self._learning = Learning(self._settings.start_seconds, book)
        self._trouble = _Trouble()

    def learnt(self) -> ReferenceBook | None:
        """The reference views to be kept, once after each change; else None."""
        return self._learning.hand_out()

    def judge(
        self, look: SmallLook, at: datetime, pts: float | None = None, vehicles: Sequence[Box] = ()
    ) -> ViewHealth:
        """Judge one look. `vehicles` are boxes of what comes and goes (0..1): a street that fills
        with cars is not another view, so the places under them are left out."""
        found = self._find(look, at, pts, vehicles)
        health = self._trouble.note(found, at)
        since = None if health is ViewHealth.OK else self._trouble.since
        self.report = replace(found.report, health=health, since=since)
        return health

    def _find(
        self, look: SmallLook, at: datetime, pts: float | None, vehicles: Sequence[Box]
    ) -> _Finding:
        settings = self._settings
        brightness = float(cv2.mean(look.grey)[0])
        report = ViewReport(brightness=round(brightness, 1), needed=settings.view_match)
        if brightness < settings.black_level:
            return _Finding(report, ViewHealth.BLACK)
        bright = np.count_nonzero(look.grey >= settings.dark_level)
        if bright < _BRIGHT_SHARE * look.grey.size:
            return _Finding(report, ViewHealth.TOO_DARK)
        if self._frozen.frozen(look.grey, at, pts):
            return _Finding(report, ViewHealth.FROZEN, since=self._frozen.since)
        return self._compare(View(look), at, open_tiles(vehicles, look.grey.shape), report)

    def _compare(
        self, now: View, at: datetime, tiles: NDArray[np.bool_], report: ViewReport
    ) -> _Finding:
        """Against the reference: the same view, out of focus, or not the same."""
        settings, learning = self._settings, self._learning
        if learning.unsure:
            learning.start(now, at, tiles, settings.view_match)
            return _Finding(replace(report, learning=True))
        reference = learning.reference(now, tiles, settings.view_match)
        report = replace(report, textured_share=round(float(reference.textured.mean()), 2))
        if reference.grey.shape != now.grey.shape:
            # Another aspect ratio: the zones lie elsewhere now.
            report = replace(report, score=0.0)
            return _Finding(report, ViewHealth.MOVED, settings.shifted_seconds)
        seen = reference.match(now, tiles)
        if seen is None:
            return _Finding(report)
        soft = False
        if seen < settings.view_match or self._focus_is_due(at):
            sharpness = reference.sharpness_left(now, tiles)
            soft = self._soft(reference, now, tiles, sharpness)
            self._sharpness = None if sharpness is None else round(sharpness, 2)
        report = replace(report, score=round(seen, 2), sharpness=self._sharpness)
        if seen < settings.view_match:
            return self._suspicious(_Pair(reference, now, tiles, seen, soft), at, report)
        if soft:
            return _Finding(report, ViewHealth.DEFOCUSED, settings.soft_seconds)
        return self._good(reference, now, at, tiles, report)

    def _focus_is_due(self, at: datetime) -> bool:
        """The focus is asked for every few seconds; each look while anything is wrong, or while
        it is being learnt what is usual."""
        last = self._focus_at
        since = None if last is None else (at - last).total_seconds()
        quiet = self._trouble.since is None and self._learning.usual is not None
        if quiet and since is not None and 0 <= since < self._settings.focus_every_seconds:
            return False
        self._focus_at = at
        return True

    def _good(
        self, reference: View, now: View, at: datetime, tiles: NDArray[np.bool_], report: ViewReport
    ) -> _Finding:
        """A view that is where it was teaches how sharp it is and what the light does."""
        settings, learning = self._settings, self._learning
        sharpness = reference.sharpness_left(now, tiles) if learning.usual is None else None
        learning.note_sharpness(sharpness, reference.finest_left(now, tiles))
        learning.follow(now, at)
        crept = learning.crept(at, settings.shift_share)
        if crept:
            return _Finding(replace(report, shift_share=round(crept, 3)), ViewHealth.MOVED)
        return _Finding(report)

    def _suspicious(self, pair: _Pair, at: datetime, report: ViewReport) -> _Finding:
        """Too few tiles look like themselves: find out why."""
        settings = self._settings
        limit = settings.shift_share
        reference, now = pair.reference, pair.now
        motion = reference.motion(now, limit)
        if motion.moved(limit):
            report = replace(report, shift_share=round(motion.share, 3))
            return _Finding(report, ViewHealth.MOVED, settings.shifted_seconds)
        still = motion.still(limit)
        lost = reference.lost_share(now, pair.tiles)
        if pair.soft and (still or reference.same_when_blurred(now)):
            return _Finding(report, ViewHealth.DEFOCUSED, settings.soft_seconds)
        bare = reference.bare(now)
        if lost >= settings.covered_share and bare:
            return _Finding(report, ViewHealth.COVERED, settings.shifted_seconds)
        if lost >= settings.part_covered_share:
            return _Finding(report, ViewHealth.COVERED, settings.part_covered_seconds)
        if not still:
            return self._unexplained(pair, report)
        if motion.placed(limit):
            # The same view with something in front of it, or in a light not seen before.
            self._learning.light_changed(now, at)
        kept = max(pair.seen, motion.share_kept)
        return _Finding(replace(report, score=round(kept, 2)))

    def _unexplained(self, pair: _Pair, report: ViewReport) -> _Finding:
        """Neither the view is found nor where it went. Rain, snow and traffic fall out of the
        mean of many looks; another view does not."""
        settings, reference = self._settings, pair.reference
        mean = self._trouble.mean_with(pair.now)
        motion = reference.motion(mean, settings.shift_share)
        if motion.moved(settings.shift_share):
            report = replace(report, shift_share=round(motion.share, 3))
            return _Finding(report, ViewHealth.MOVED, settings.unknown_seconds)
        seen = reference.match(mean, np.ones_like(pair.tiles)) or 0.0
        if motion.still(settings.shift_share) or seen >= settings.part_seen_share:
            return _Finding(replace(report, score=round(max(seen, motion.share_kept), 2)))
        sick = ViewHealth.COVERED if reference.bare(mean) else ViewHealth.MOVED
        return _Finding(report, sick, settings.unknown_seconds)

    def _soft(
        self, reference: View, now: View, tiles: NDArray[np.bool_], sharpness: float | None
    ) -> bool:
        """Out of focus. Where a view's finest detail never repeats itself (bare asphalt, a weak
        encoder) its energy alone is asked, over several looks."""
        usual = self._learning.usual
        if usual is None:
            return False
        settings = self._settings
        told = usual.sharpness >= _REPEATS and sharpness is not None
        if told and (sharpness or 0.0) >= settings.sharp_share * usual.sharpness:
            self._finest = None
            return False
        finest = reference.finest_left(now, tiles) / usual.finest
        if told:
            # Neither is a view that shakes soft, nor one whose grain hides that it is.
            return finest < settings.finest_share or reference.shaken_pixels(now) < _STEADY_PIXELS
        before = finest if self._finest is None else self._finest
        self._finest = before + _SMOOTHING * (finest - before)
        return self._finest < settings.finest_share


@dataclass(frozen=True, slots=True)
class _Pair:
    """A look that does not match, with what it was held against."""

    reference: View
    now: View
    tiles: NDArray[np.bool_]
    seen: float
    soft: bool


@dataclass(frozen=True, slots=True)
class _Finding:
    """What one look by itself says."""

    report: ViewReport
    sick: ViewHealth = ViewHealth.OK
    after_seconds: float = 0.0
    """Only believed once the trouble has lasted so long."""
    since: datetime | None = None


class _Trouble:
    """Since when looks in a row have been sick, and what that was called so far."""

    def __init__(self) -> None:
        self.since: datetime | None = None
        self._told = ViewHealth.OK
        self._sum: NDArray[np.float32] | None = None
        self._looks = 0

    def note(self, found: _Finding, at: datetime) -> ViewHealth:
        if found.sick is ViewHealth.OK:
            self.since, self._told, self._sum, self._looks = None, ViewHealth.OK, None, 0
            return ViewHealth.OK
        self.since = self.since or found.since or at
        if (at - self.since).total_seconds() >= found.after_seconds:
            self._told = found.sick
        return self._told

    def mean_with(self, now: View) -> View:
        """The mean of the looks of this trouble that nothing explains, this one with them."""
        if self._sum is None or self._sum.shape != now.grey.shape:
            self._sum, self._looks = np.zeros(now.grey.shape, np.float32), 0
        keep = 1.0 if self._looks < _MEAN_LOOKS else 1.0 - 1.0 / _MEAN_LOOKS
        self._sum = np.asarray(self._sum * keep + now.grey, np.float32)
        self._looks = min(self._looks + 1, _MEAN_LOOKS)
        return View.of_grey(np.asarray(np.clip(self._sum / self._looks, 0, 255), np.uint8))
