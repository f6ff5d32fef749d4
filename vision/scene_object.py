"""One thing that stands, or may be about to stand, at one place."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from vision.appearance import (
    CHANGED,
    SAME,
    Appearance,
    Grey,
    Surroundings,
    likeness,
    stillness,
)
from vision.types import Box, Detection

_BOXES_KEPT = 9
_ADAPT_SECONDS = 30.0
"""The reference follows slow light with this time constant, and only while the thing is seen."""
_ADAPT_EVERY_SECONDS = 2.0
CONFIDENT = 0.80
"""domain.md A7."""


class Seen(StrEnum):
    """What one look says of one object."""

    SEEN = "seen"
    """Detected at its place and looking the same."""
    HELD = "held"
    """Missed by the detector, but its place looks the same."""
    CHANGED = "changed"
    """Something is detected at its place that looks different: other light, or another vehicle."""
    HIDDEN = "hidden"
    """Something stands or passes in front: this look says nothing."""
    ABSENT = "absent"
    """A clear look at its place without it."""


@dataclass(slots=True, eq=False)
class SceneObject:
    """A candidate, or a standing object. Boxes are relative; all times are aware UTC.

    `observed_seconds` is what counts as dwell: time between looks that saw it, gaps left out.
    """

    object_id: int
    place: Box
    """Where it was when it came to rest: the fixed crop that its appearance is taken from."""
    reference: Appearance
    surroundings: Surroundings
    first_seen: datetime
    last_seen: datetime
    standing: bool = False
    box: Box = (0.0, 0.0, 0.0, 0.0)
    """Median of the last boxes."""
    boxes: deque[Box] = field(default_factory=lambda: deque(maxlen=_BOXES_KEPT))
    votes: dict[str, float] = field(default_factory=dict[str, float])
    detection: Detection | None = None
    """Its detection in the last look in which the detector was called."""
    look: Seen = Seen.SEEN
    likeness: float = 1.0
    """Of the last look to the reference."""
    observed_seconds: float = 0.0
    step_seconds: float = 0.0
    """What the last look added to `observed_seconds`."""
    absent_seconds: float = 0.0
    """Time over which clear looks did not show it, since it was last seen."""
    last_absent: datetime | None = None
    returned: bool = False
    changed_seconds: float = 0.0
    ring_since: datetime | None = None
    """Since when its surroundings look otherwise."""
    stale_seconds: float = 0.0
    """Age of the reference."""
    interrupted: bool = False
    """Since it was last seen there was a look (or a gap) in which it was not seen to stand."""
    first_doubt: datetime | None = None
    """The first look after `last_seen` that did not see it."""
    other: Appearance | None = None
    other_since: datetime | None = None
    samples_seen: int = 0
    samples_missed: int = 0
    confidence_sum: float = 0.0
    confident: int = 0
    detected: int = 0

    @property
    def kind(self) -> str:
        """The class with the most confidence over all looks."""
        return max(self.votes, key=lambda kind: self.votes[kind])

    @property
    def confidence_mean(self) -> float:
        return self.confidence_sum / self.detected if self.detected else 0.0

    @property
    def confident_share(self) -> float:
        """Share of detector looks with confidence of at least 0.80."""
        looks = self.detected + self.samples_missed
        return self.confident / looks if looks else 0.0

    @property
    def visible(self) -> bool:
        """Whether the last look saw it standing."""
        return self.look in (Seen.SEEN, Seen.HELD)

    def count(self, detection: Detection) -> None:
        """Take a detection of it into the averages."""
        self.detection = detection
        self.boxes.append(detection.box)
        x1, y1, x2, y2 = (_median(edge) for edge in zip(*self.boxes, strict=True))
        self.box = (x1, y1, x2, y2)
        self.votes[detection.kind] = self.votes.get(detection.kind, 0.0) + detection.confidence
        self.detected += 1
        self.confidence_sum += detection.confidence
        self.confident += detection.confidence >= CONFIDENT

    def confirm(self, at: datetime, max_gap_seconds: float) -> None:
        """A look saw it standing: the time since the last such look is dwell, unless a gap."""
        passed = (at - self.last_seen).total_seconds()
        self.step_seconds = passed if 0 < passed <= max_gap_seconds else 0.0
        self.observed_seconds += self.step_seconds
        self.last_seen = at
        self.samples_seen += 1
        self.absent_seconds = self.changed_seconds = 0.0
        self.interrupted = False
        self.last_absent = self.ring_since = None
        self.first_doubt = self.other = self.other_since = None

    def alike(self, now: Appearance) -> bool:
        """Whether its place looks as it did, with hysteresis."""
        self.likeness = likeness(self.reference, now)
        return self.likeness >= (CHANGED if self.visible else SAME)

    def still(self, now: Appearance) -> bool:
        """Whether nothing at its place has moved, not even a little."""
        return stillness(self.reference, now) >= CHANGED

    def adapt(self, now: Appearance, grey: Grey, passed_seconds: float) -> None:
        """Follow slow light; call only while it is seen."""
        self.stale_seconds += max(0.0, passed_seconds)
        if self.stale_seconds >= _ADAPT_EVERY_SECONDS:
            share = min(0.5, self.stale_seconds / _ADAPT_SECONDS)
            self.reference = self.reference.blend(now, share)
            self.surroundings = Surroundings.of(grey, self.place)
            self.stale_seconds = 0.0

    def settle_at(self, box: Box, grey: Grey) -> None:
        """Fix its place for good and take its appearance there."""
        self.place = box
        self.reference = Appearance.of_place(grey, box)
        self.surroundings = Surroundings.of(grey, box)


def _median(values: Sequence[float]) -> float:
    """Of at least one value. The library's takes four times as long, at every look and object."""
    ordered, middle = sorted(values), len(values) // 2
    if len(values) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
