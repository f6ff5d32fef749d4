"""The poster rule: an advert that nobody approved sticks in the zone longer than its dwell.

What was approved is told by its place, its structure and its colours: something else pasted over
it is flagged, the same advert in other light is not. Where the facade has clearly changed since
the zone's baseline, a weak word of the detector is enough, or readable text; where it has not, the
detector must be sure. A sheet without letters is looked at once more from close by. What cannot be
told is not flagged (domain.md B1, L51).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from vision.geometry import bounds, share_in_polygon
from vision.rules.approved import approvals_at, is_valid
from vision.rules.backdrop import Backdrop
from vision.rules.hanging import INSIDE, SlowView
from vision.rules.paint import ZonePaint
from vision.rules.places import (
    GONE_SECONDS,
    SURE_LOOKS,
    Ended,
    Found,
    PlaceBook,
    Thing,
    same_place,
)
from vision.scene_boxes import share_inside
from vision.shapes import Approval, Box, ZoneShape
from vision.text import TextReader
from vision.types import Detection

ADVERT: Final = "advert"
LEAST_CONFIDENCE: Final = 0.05
"""The detector is asked down to this."""
NOVEL_CONFIDENCE: Final = 0.10
"""Enough where the facade has clearly changed since its baseline."""
_NOVEL_SHARE: Final = 0.5
_REPLACED_SHARE: Final = 0.5
_KEEP: Final = 0.6
_FRINGE: Final = 0.1
_FEWEST_LETTERS: Final = 2


class PosterRule:
    """The adverts of one zone. Give it every clear slow look, in order."""

    def __init__(
        self,
        zone: ZoneShape,
        threshold: float,
        interval_seconds: float,
        ids: Iterator[int],
        texts: Callable[[], TextReader] | None,
        advert_at: Callable[[Box], float],
    ) -> None:
        """`advert_at` looks closely at a place of the present frame: 0..1 that it is an advert."""
        self.zone = zone
        self._threshold = threshold
        self._texts = texts
        self._advert_at = advert_at
        self._backdrop = Backdrop(zone.polygon, zone.baseline)
        self._paint = ZonePaint(zone.polygon, zone.baseline)
        self._book = PlaceBook(
            ids,
            max_gap_seconds=3 * interval_seconds + 5,
            gone_seconds=min(GONE_SECONDS, zone.dwell_seconds),
        )

    @property
    def things(self) -> Sequence[Thing]:
        return self._book.things

    def observe(self, view: SlowView) -> tuple[list[Thing], list[Ended]]:
        """What has dwelt long enough, and what was flagged and is gone."""
        self._backdrop.observe(view.grey)
        self._paint.observe(view.image)
        ended = self._book.observe(view.at, view.grey, self._found(view), view.in_front)
        return [t for t in self._book.things if t.ripe(self.zone.dwell_seconds)], ended

    def keep(self, things: Sequence[Thing]) -> None:
        """What was flagged under the zone's earlier version stays flagged."""
        self._book.things = list(things)

    def evidence(self, thing: Thing, view: SlowView) -> dict[str, Any] | None:
        """What is known of a ripe thing, with its text; None where it is no advert after all."""
        read = self._texts().read(view.image, thing.box) if self._texts is not None else []
        letters = sum(character.isalnum() for line in read for character in line.text)
        unsure = thing.sure_looks < SURE_LOOKS and letters < _FEWEST_LETTERS
        if unsure and self._advert_at(thing.box) < NOVEL_CONFIDENCE:
            thing.dismiss()
            return None
        standing = approvals_at(self.zone.approved, thing.box)
        return {
            "reason": thing.reason,
            "text": [line.text for line in read],
            "text_confidence": [round(line.confidence, 3) for line in read],
            "detector_looks": thing.sure_looks,
            "changed_share": round(self._backdrop.share_changed(thing.box), 3),
            "approvals": [
                {"label": each.label, "document": each.document, "valid": is_valid(each, view.at)}
                for each in standing
            ],
        }

    def _found(self, view: SlowView) -> list[Found]:
        seen = [
            found
            for detection in view.detections
            if detection.kind == ADVERT
            and share_in_polygon(detection.box, self.zone.polygon) >= INSIDE
            and (found := self._judge(detection, view)) is not None
        ]
        changed = [
            Found(region, 0.0, sure=False, reason=self._reason_of(region, view))
            for region in self._backdrop.regions()
            if share_in_polygon(region, self.zone.polygon) >= INSIDE
            and not any(_about(region, each.box) for each in seen)
            and not any(
                _about(region, thing.box) and not thing.matches(region)
                for thing in self._book.things
            )
            and not any(share_inside(region, box) > 0 for box in view.in_front)
        ]
        return seen + changed

    def _judge(self, detection: Detection, view: SlowView) -> Found | None:
        """One detection: accused of what, or None where it is approved or not sure enough."""
        standing = approvals_at(self.zone.approved, detection.box)
        valid = [each for each in standing if is_valid(each, view.at)]
        novel = self._backdrop.share_changed(detection.box) >= _NOVEL_SHARE
        if valid:
            if not any(self._replaced(each) for each in valid):
                return None
            reason, needed = "replaced", NOVEL_CONFIDENCE
        elif standing:
            reason, needed = "expired", self._threshold
        elif novel:
            reason, needed = "new", NOVEL_CONFIDENCE
        else:
            reason, needed = "unapproved", self._threshold
        needed = min(needed, self._threshold)
        if any(thing.matches(detection.box) for thing in self._book.things):
            needed *= _KEEP
        if detection.confidence < needed:
            return None
        return Found(detection.box, detection.confidence, reason=reason)

    def _replaced(self, approval: Approval) -> bool:
        place = bounds(approval.polygon)
        changed = self._backdrop.share_changed(place) >= _REPLACED_SHARE
        return changed or self._paint.repainted(place)

    def _reason_of(self, region: Box, view: SlowView) -> str:
        standing = approvals_at(self.zone.approved, region)
        return "replaced" if any(is_valid(each, view.at) for each in standing) else "new"


def _about(region: Box, box: Box) -> bool:
    """Whether a changed region is the box's own, or only its fringe."""
    return same_place(region, box) or share_inside(region, box) > _FRINGE
