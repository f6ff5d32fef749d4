"""Whether the vehicle of another camera's event stands here: by its plate alone (domain.md W13).

The other camera watches the place; this one only knows the same enforcement area from its own
side. It answers `present` where it reads the plate for sure on a vehicle that stands in the area,
and else nothing at all: not seeing it here says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from vision.rules.parking import area_of, stands_in
from vision.scene_object import SceneObject
from vision.types import ViewHealth, WatchAnswer, WatchLook, WatchSubject, ZoneShape
from vision.watch_identity import surely_read
from vision.watch_view import WatchView

REASON = "neighbour"


class NeighbourWatch:
    """Asks every look of this camera for one subject of another camera."""

    def __init__(self, subject: WatchSubject) -> None:
        self.subject = subject

    def newcomers(
        self, objects: Sequence[SceneObject], zones: Sequence[ZoneShape]
    ) -> list[SceneObject]:
        """Vehicles that stand in the area: their plates tell."""
        return [
            thing
            for thing in objects
            if thing.visible and thing.standing and self._in_area(thing, zones)
        ]

    def judge(self, view: WatchView) -> WatchLook | None:
        """The answer of one look, or None where it has nothing to say."""
        if view.health is not ViewHealth.OK:
            return None
        for thing in self.newcomers(view.objects, view.zones):
            if surely_read(view.votes.get(thing.object_id), self.subject.plate_text):
                return WatchLook(
                    key=self.subject.key,
                    answer=WatchAnswer.PRESENT,
                    at=view.at,
                    reason=REASON,
                    plate=view.readings.get(thing.object_id),
                    box=thing.box,
                )
        return None

    def _in_area(self, thing: SceneObject, zones: Sequence[ZoneShape]) -> bool:
        area = self.subject.area
        return any(area_of(zone) == area and stands_in(zone, thing.box) for zone in zones)
