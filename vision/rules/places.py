"""What hangs or sticks where since when, over looks that lie many seconds apart.

A thing on a facade does not move: it is told by its place. A look that does not find it says
nothing while something stands in front, and counts as absence only where its place looks different
and everything around it looks as before (domain.md B1, B5).
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from vision.appearance import CHANGED, SAME, Appearance, Grey, Surroundings, likeness
from vision.geometry import box_iou
from vision.scene_boxes import share_inside
from vision.scene_object import Seen
from vision.types import Box

FEWEST_SAMPLES: Final = 3
"""domain.md B1 and B5."""
SURE_LOOKS: Final = 2
"""So often the detector itself must have found it; once is a whim."""
GONE_SECONDS: Final = 60.0
"""domain.md B5: absent in three samples over 60 s."""
_SEEN_SHARE: Final = 0.5
"""Found in at least this share of the looks that could tell."""
_SAME_PLACE_IOU: Final = 0.3
_PART_SHARE: Final = 0.7
_HIDING_SHARE: Final = 0.3
_RING_LOOKS: Final = 4
"""So many looks in a row changed surroundings excuse an absence."""
_DRIFT_IOU: Final = 0.6
_BOXES_KEPT: Final = 5


@dataclass(frozen=True, slots=True)
class Found:
    """One thing in one look. `sure`: the detector's word is good enough for its place."""

    box: Box
    confidence: float
    sure: bool = True
    reason: str = "new"


class Spot:
    """How one place looks while the thing is there."""

    def __init__(self, box: Box, reference: Appearance, around: Surroundings | None) -> None:
        self.box = box
        self.likeness = 1.0
        self._reference = reference
        self._around = around
        self._ring_looks = 0

    @classmethod
    def of(cls, grey: Grey, box: Box) -> Spot:
        return cls(box, Appearance.of_place(grey, box), Surroundings.of(grey, box))

    def judge(self, grey: Grey, *, found: bool, in_front: Sequence[Box]) -> Seen:
        """What one look says: SEEN, HELD (not found, but looks the same), HIDDEN or ABSENT."""
        now = Appearance.of_place(grey, self.box)
        self.likeness = likeness(self._reference, now)
        if found:
            if self.likeness >= CHANGED:
                self._reference = self._reference.blend(now, 0.2)
            self._around = Surroundings.of(grey, self.box)
            self._ring_looks = 0
            return Seen.SEEN
        if any(share_inside(self.box, box) >= _HIDING_SHARE for box in in_front):
            return Seen.HIDDEN
        if self.likeness >= SAME:
            self._ring_looks = 0
            return Seen.HELD
        if now.flat and not self._reference.flat and self.likeness == 0.0 and self._is_dark(grey):
            return Seen.HIDDEN
        if self._around is not None and not self._around.same(Surroundings.of(grey, self.box)):
            self._ring_looks += 1
            if self._ring_looks < _RING_LOOKS:
                return Seen.HIDDEN
        return Seen.ABSENT

    @staticmethod
    def _is_dark(grey: Grey) -> bool:
        return float(grey.mean()) < 25.0


@dataclass(slots=True, eq=False)
class Thing:
    """Something that hangs or sticks, or may be about to be flagged for it."""

    object_id: int
    spot: Spot
    first_seen: datetime
    last_seen: datetime
    reason: str
    boxes: deque[Box] = field(default_factory=lambda: deque(maxlen=_BOXES_KEPT))
    dwell_seconds: float = 0.0
    samples_seen: int = 0
    samples_missed: int = 0
    sure_looks: int = 0
    confident: int = 0
    confidence_sum: float = 0.0
    absent_looks: int = 0
    absent_since: datetime | None = None
    look: Seen = Seen.SEEN
    flagged: bool = False
    dismissed: bool = False
    """Looked at closely and found to be nothing of the kind, until the detector is sure twice."""

    @property
    def box(self) -> Box:
        """Median of the last boxes."""
        x1, y1, x2, y2 = (statistics.median(edge) for edge in zip(*self.boxes, strict=True))
        return x1, y1, x2, y2

    @property
    def visible(self) -> bool:
        return self.look in (Seen.SEEN, Seen.HELD)

    @property
    def confidence_mean(self) -> float:
        return self.confidence_sum / self.samples_seen if self.samples_seen else 0.0

    @property
    def confident_share(self) -> float:
        """Share of the looks that could tell in which the detector was sure (>= 0.80)."""
        looks = self.samples_seen + self.samples_missed
        return self.confident / looks if looks else 0.0

    def ripe(self, dwell_seconds: float) -> bool:
        """Long enough, often enough, and there right now (B1)."""
        looks = self.samples_seen + self.samples_missed
        return (
            self.visible
            and not self.flagged
            and not (self.dismissed and self.sure_looks < SURE_LOOKS)
            and self.dwell_seconds >= dwell_seconds
            and self.samples_seen >= FEWEST_SAMPLES
            and self.samples_seen >= _SEEN_SHARE * looks
        )

    def dismiss(self) -> None:
        self.dismissed, self.sure_looks = True, 0

    def matches(self, box: Box) -> bool:
        return same_place(self.box, box)


def same_place(a: Box, b: Box) -> bool:
    """Whether two boxes are about one thing; part of it counts too."""
    return (
        box_iou(a, b) >= _SAME_PLACE_IOU
        or share_inside(a, b) >= _PART_SHARE
        or share_inside(b, a) >= _PART_SHARE
    )


@dataclass(frozen=True, slots=True)
class Ended:
    """A thing that is gone."""

    thing: Thing
    gone_at: datetime
    """First look without it."""


class PlaceBook:
    """All things of one zone. Give it every clear look, in order."""

    def __init__(
        self, ids: Iterator[int], *, max_gap_seconds: float, gone_seconds: float = GONE_SECONDS
    ) -> None:
        self._ids = ids
        self._max_gap_seconds = max_gap_seconds
        self._gone_seconds = gone_seconds
        self._last_at: datetime | None = None
        self.things: list[Thing] = []

    def observe(
        self, at: datetime, grey: Grey, found: Sequence[Found], in_front: Sequence[Box]
    ) -> list[Ended]:
        """Take one look: `found` is what the rule accuses, `in_front` what may hide it."""
        gap = self._last_at is not None and self._passed(self._last_at, at) == 0.0
        self._last_at = at
        if gap:
            for thing in self.things:  # a gap counts neither as dwell nor as absence
                thing.absent_looks, thing.absent_since = 0, None
        free = list(found)
        for thing in self.things:
            mine = [each for each in free if thing.matches(each.box)]
            free = [each for each in free if each not in mine]
            self._take(thing, at, grey, mine, in_front)
        self.things += [self._new(at, grey, each) for each in free]
        ended = [Ended(t, t.absent_since or at) for t in self.things if self._gone(t, at)]
        gone = {each.thing.object_id for each in ended}
        self.things = [t for t in self.things if t.object_id not in gone and not self._stale(t)]
        return [each for each in ended if each.thing.flagged]

    def _take(
        self, thing: Thing, at: datetime, grey: Grey, mine: Sequence[Found], in_front: Sequence[Box]
    ) -> None:
        thing.look = thing.spot.judge(grey, found=bool(mine), in_front=in_front)
        if thing.visible:
            thing.dwell_seconds += self._passed(thing.last_seen, at)
            thing.last_seen = at
            thing.absent_looks, thing.absent_since = 0, None
        if thing.look is Seen.SEEN:
            best = max(mine, key=lambda each: each.confidence)
            self._count(thing, best)
            if box_iou(thing.spot.box, thing.box) < _DRIFT_IOU:
                thing.spot = Spot.of(grey, thing.box)
        elif thing.look is not Seen.HIDDEN:
            thing.samples_missed += 1
        if thing.look is Seen.ABSENT:
            thing.absent_since = thing.absent_since or at
            thing.absent_looks += 1

    def _new(self, at: datetime, grey: Grey, found: Found) -> Thing:
        thing = Thing(next(self._ids), Spot.of(grey, found.box), at, at, found.reason)
        self._count(thing, found)
        return thing

    @staticmethod
    def _count(thing: Thing, found: Found) -> None:
        thing.boxes.append(found.box)
        thing.samples_seen += 1
        thing.sure_looks += found.sure
        thing.confident += found.confidence >= 0.8
        thing.confidence_sum += found.confidence
        thing.reason = found.reason

    def _passed(self, since: datetime, at: datetime) -> float:
        seconds = (at - since).total_seconds()
        return seconds if 0 < seconds <= self._max_gap_seconds else 0.0

    def _gone(self, thing: Thing, at: datetime) -> bool:
        if thing.absent_since is None:
            return False
        if not thing.flagged and not thing.dismissed:
            return thing.absent_looks >= FEWEST_SAMPLES - 1
        away = (at - thing.absent_since).total_seconds()
        return thing.absent_looks >= FEWEST_SAMPLES and away >= self._gone_seconds

    @staticmethod
    def _stale(thing: Thing) -> bool:
        """Hardly ever found: a detector's whim, not a thing."""
        looks = thing.samples_seen + thing.samples_missed
        return not thing.flagged and looks >= 8 and thing.samples_seen < 0.25 * looks
