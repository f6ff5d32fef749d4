"""The hanging rule: something hangs in the zone longer than its dwell and nobody has approved it.

domain.md B1: 300 s over at least three looks, not on the list of approved banners and festival
decorations; B5: gone when three looks over 60 s do not show it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from vision.appearance import Grey
from vision.geometry import share_in_polygon
from vision.rules.approved import approvals_at, is_valid
from vision.rules.places import GONE_SECONDS, Ended, Found, PlaceBook, Thing
from vision.types import Box, Detection, Image, ZoneShape

HANGING: Final = "hanging"
INSIDE: Final = 0.5
"""Share of a box that must lie in the zone: a facade has no ground to stand on."""
_KEEP: Final = 0.6
"""What goes on may be this much less sure than what begins."""
_LINE_OVERLAP: Final = 0.4
"""Share of the lower of two boxes' heights that they share when they hang on one line."""
_LINE_GAP: Final = 0.6
"""Widest gap between two pieces on one line, in heights of the taller."""


@dataclass(frozen=True, slots=True)
class SlowView:
    """One clear look at the facade, as the slow rules take it."""

    at: datetime
    grey: Grey
    image: Image
    """The same look in colour, height x width x 3 BGR."""
    detections: Sequence[Detection]
    in_front: Sequence[Box]
    """Vehicles and people: what may hide a place."""


class HangingRule:
    """What hangs in one zone. Give it every clear slow look, in order."""

    def __init__(
        self, zone: ZoneShape, threshold: float, interval_seconds: float, ids: Iterator[int]
    ) -> None:
        self.zone = zone
        self._threshold = threshold
        self._book = PlaceBook(
            ids,
            max_gap_seconds=3 * interval_seconds + 5,
            gone_seconds=min(GONE_SECONDS, zone.dwell_seconds),
        )

    @property
    def things(self) -> Sequence[Thing]:
        return self._book.things

    def observe(self, view: SlowView) -> tuple[list[Thing], list[Ended]]:
        """What is ripe to be flagged now, and what was flagged and is gone."""
        ended = self._book.observe(view.at, view.grey, self._found(view), view.in_front)
        return [t for t in self._book.things if t.ripe(self.zone.dwell_seconds)], ended

    def keep(self, things: Sequence[Thing]) -> None:
        """What was flagged under the zone's earlier version stays flagged."""
        self._book.things = list(things)

    def _found(self, view: SlowView) -> list[Found]:
        pieces = [
            d
            for d in view.detections
            if d.kind == HANGING
            and d.confidence >= self._least(d.box)
            and share_in_polygon(d.box, self.zone.polygon) >= INSIDE
        ]
        lines = one_a_line(pieces)
        return [Found(d.box, d.confidence) for d in lines if not self._approved(d.box, view.at)]

    def _least(self, box: Box) -> float:
        known = any(thing.matches(box) for thing in self._book.things)
        return self._threshold * (_KEEP if known else 1.0)

    def _approved(self, box: Box, at: datetime) -> bool:
        return any(is_valid(each, at) for each in approvals_at(self.zone.approved, box))


def one_a_line(pieces: Sequence[Detection]) -> list[Detection]:
    """Pieces that hang side by side on one line as one box with the surest piece's confidence."""
    lines: list[Detection] = []
    for piece in sorted(pieces, key=lambda d: d.box):
        for index, line in enumerate(lines):
            if _same_line(line.box, piece.box):
                lines[index] = Detection(
                    line.kind, max(line.confidence, piece.confidence), _around(line.box, piece.box)
                )
                break
        else:
            lines.append(piece)
    # A box that has grown may by now reach another: once more until nothing changes.
    return lines if len(lines) == len(pieces) else one_a_line(lines)


def _same_line(a: Box, b: Box) -> bool:
    low, high = sorted((a[3] - a[1], b[3] - b[1]))
    shared = min(a[3], b[3]) - max(a[1], b[1])
    gap = max(a[0], b[0]) - min(a[2], b[2])
    return shared >= _LINE_OVERLAP * low and gap <= _LINE_GAP * high


def _around(a: Box, b: Box) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
