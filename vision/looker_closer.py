"""Looking closer at one frame: facades in enlarged windows, people in dense crowds in tiles."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from vision.geometry import bounds, contains, foot_point, share_in_polygon
from vision.rules.hanging import INSIDE
from vision.rules.places import same_place
from vision.rules.poster import ADVERT, LEAST_CONFIDENCE
from vision.shapes import Box, Polygon, ZoneShape
from vision.tiles import Merging, detect_from, detect_in, windows
from vision.types import Detection, Detector, Image

PERSON: Final = "person"
_LARGEST_WINDOW: Final = 0.6
_FACADE_SIDE: Final = 0.58
_FACADE_OVERLAP: Final = 0.25
"""Four windows for a zone as large as the picture."""
_MARGIN: Final = 1.1
_PLACE_WINDOW: Final = 2.0

_PEOPLE: Final = Merging(iou=0.45, inside=0.9)


@dataclass(frozen=True, slots=True)
class CrowdSettings:
    """How people are counted, chosen with street-n on 48 crowds composed as
    benchmarks.evaluate_crowd does, over other streets and with another seed than it reports on.

    Mean absolute error there: 9.0 % (24 % with one limit of 0.35, windows of half a side and
    merging as elsewhere; 18 % with the whole picture alone at 0.2). The limit of the whole picture
    could be 0.15 just as well on them; 0.2 is what the eight real pictures of few people prefer.
    """

    person_confidence: float = 0.2
    """In the whole picture, where the weights state no working threshold for people."""
    window_confidence: float = 0.5
    """At least, in a window: enlarged, the near ones fall apart into unsure pieces."""
    tile_side: float = 0.6
    """Side of the windows, of the picture's (vision.tiles); smaller ones cut more people."""
    tile_overlap: float = 0.25
    merging: Merging = _PEOPLE
    dense_people: int = 8
    """So many people in the whole picture, or people so small: the zone is counted in windows."""
    dense_height: float = 0.18
    """Of the picture's height."""


class CloserLook:
    """Give it a frame with `begin`, then ask; the whole picture is looked at once a frame."""

    def __init__(self, detector: Detector, settings: CrowdSettings) -> None:
        self._detector = detector
        self._settings = settings
        self._image: Image = np.zeros((1, 1, 3), np.uint8)
        self._whole: list[Detection] | None = None
        self._dense: dict[str, bool] = {}

    def begin(self, image: Image) -> None:
        self._image, self._whole = image, None

    @property
    def whole(self) -> list[Detection]:
        """What is found in the whole picture, down to weak answers."""
        if self._whole is None:
            self._whole = detect_from(self._detector, self._image, LEAST_CONFIDENCE)
        return self._whole

    def closely(self, zone: ZoneShape) -> list[Detection]:
        """The whole picture and enlarged windows of the zone, down to weak answers."""
        region = bounds(zone.polygon)
        side = max(region[2] - region[0], region[3] - region[1]) * _MARGIN
        side = max(0.1, side) if side <= _LARGEST_WINDOW else _FACADE_SIDE
        parts = windows(region, side, _FACADE_OVERLAP)
        return detect_in(self._detector, self._image, parts, LEAST_CONFIDENCE, known=self.whole)

    def advert_at(self, box: Box) -> float:
        """How sure the detector is (0..1) of an advert at this place, seen in one window twice its
        size: what is as wide as the picture's tenth is hardly seen in the facade as a whole."""
        side = min(1.0, _PLACE_WINDOW * max(box[2] - box[0], box[3] - box[1]))
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        x, y = (min(max(0.0, at - side / 2), 1.0 - side) for at in middle)
        part: Box = (x, y, x + side, y + side)
        found = detect_in(self._detector, self._image, [part], LEAST_CONFIDENCE)
        here = [d.confidence for d in found if d.kind == ADVERT and same_place(d.box, box)]
        return max(here, default=0.0)

    def people(self, zone: ZoneShape) -> tuple[list[Detection], bool]:
        """People whose feet are in the zone, and whether windows were needed to count them."""
        settings = self._settings
        everyone = self._people(self.whole)
        dense = self._dense[zone.name] = self._is_dense(zone, everyone)
        if dense:
            height = statistics.median(d.box[3] - d.box[1] for d in everyone)
            left, top, right, bottom = bounds(zone.polygon)
            region: Box = (left, max(0.0, top - height), right, bottom)
            parts = windows(region, settings.tile_side, settings.tile_overlap)
            everyone = detect_in(
                self._detector, self._image, parts, max(self._least, settings.window_confidence),
                known=everyone, merging=settings.merging,
            )  # fmt: skip
            everyone = self._people(everyone)
        return [d for d in everyone if contains(zone.polygon, foot_point(d.box))], dense

    def _is_dense(self, zone: ZoneShape, people: Sequence[Detection]) -> bool:
        """With hysteresis, so that a crowd is not counted in two ways by turns."""
        if not people:
            return False
        was = self._dense.get(zone.name, False)
        height = statistics.median(d.box[3] - d.box[1] for d in people)
        many = len(people) >= self._settings.dense_people * (0.5 if was else 1.0)
        return many or height <= self._settings.dense_height * (1.3 if was else 1.0)

    @property
    def _least(self) -> float:
        stated = self._detector.info.thresholds.get(PERSON)
        return self._settings.person_confidence if stated is None else stated

    def _people(self, found: Sequence[Detection]) -> list[Detection]:
        return [d for d in found if d.kind == PERSON and d.confidence >= self._least]


PROPOSED_CONFIDENCE: Final = 0.15


def propose_approvals(detector: Detector, image: Image, polygon: Polygon) -> list[Box]:
    """Where adverts seem to be now: what the operator of a new poster zone is offered to approve.

    Rather too many than too few: what is left out would be flagged later.
    """
    closer = CloserLook(detector, CrowdSettings())
    closer.begin(image)
    zone = ZoneShape("", "poster", polygon, 0.0)
    return [
        d.box
        for d in closer.closely(zone)
        if d.kind == ADVERT
        and d.confidence >= PROPOSED_CONFIDENCE
        and share_in_polygon(d.box, polygon) >= INSIDE
    ]
