"""The parking rule: scene, zone and clock joined to "stands in the zone longer than its dwell".

domain.md A1 (foot point in an active zone), A3 (dwell; not in a bay; car, van, truck, bus),
W06 (below 0.50: dropped), W46 (two-wheelers: flagged as their own offence, never texted).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from vision.geometry import contains, covers, foot_point
from vision.scene_boxes import STANDS
from vision.scene_object import SceneObject
from vision.types import Box, ZoneShape

PARKING_KINDS = STANDS
"""Cars, vans, trucks and buses (0505); motorcycles and bicycles (0506, without a text)."""
LOWEST_CONFIDENCE = 0.50
_LOWEST_SEEN_SHARE = 0.5
"""A vehicle that the detector misses more often than not is not one to accuse anybody of."""


@dataclass(frozen=True, slots=True)
class ParkingSettings:
    enter_seconds: float = 1.0
    """So long the foot must be inside before the stay in the zone begins."""
    leave_seconds: float = 3.0
    """So long it must be outside before the stay in the zone ends."""


@dataclass(slots=True)
class _Stay:
    """One object in one zone."""

    zone: ZoneShape
    inside: bool = False
    doubt_seconds: float = 0.0
    """How long the foot has been on the other side of the edge."""
    dwell_seconds: float = 0.0
    since: datetime | None = None
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class ParkedIn:
    """An object that stands in a zone, and for how long by now."""

    thing: SceneObject
    zone: ZoneShape
    since: datetime
    dwell_seconds: float

    @property
    def ripe(self) -> bool:
        """Dwelt long enough, seen well enough."""
        seen = self.thing.detected + self.thing.samples_missed
        return (
            self.thing.standing
            and self.thing.visible
            and self.dwell_seconds >= self.zone.dwell_seconds
            and self.thing.kind in PARKING_KINDS
            and self.thing.confidence_mean >= LOWEST_CONFIDENCE
            and self.thing.detected >= _LOWEST_SEEN_SHARE * seen
        )


class ParkingRule:
    """Keeps the dwell of every object in every parking zone of one camera."""

    def __init__(self, zones: Sequence[ZoneShape], settings: ParkingSettings | None = None) -> None:
        self._settings = settings or ParkingSettings()
        self._zones: tuple[ZoneShape, ...] = ()
        self._stays: dict[tuple[int, str], _Stay] = {}
        self._known: set[int] = set()
        self.set_zones(zones)

    @property
    def zones(self) -> tuple[ZoneShape, ...]:
        return self._zones

    def set_zones(self, zones: Sequence[ZoneShape]) -> None:
        """Take new zones. A zone whose shape or version changed starts its dwells anew; what was
        flagged in it stays flagged, so that one stay is never flagged twice."""
        self._zones = tuple(zone for zone in zones if zone.kind == "parking")
        current = {zone.name: zone for zone in self._zones}
        kept: dict[tuple[int, str], _Stay] = {}
        for (object_id, name), stay in self._stays.items():
            zone = current.get(name)
            if zone is not None:
                same = zone == stay.zone
                kept[object_id, name] = stay if same else _Stay(zone, flagged=stay.flagged)
        self._stays = kept

    def observe(self, objects: Iterable[SceneObject]) -> list[ParkedIn]:
        """All objects that stand in a zone now and are not flagged yet, longest dwell first."""
        parked: list[ParkedIn] = []
        alive: set[int] = set()
        for thing in objects:
            alive.add(thing.object_id)
            for zone in self._zones:
                stay = self._stays.get((thing.object_id, zone.name))
                if stay is None:
                    stay = self._stays[thing.object_id, zone.name] = _Stay(zone)
                self._update(stay, thing)
                if stay.inside and stay.since is not None and not stay.flagged:
                    parked.append(ParkedIn(thing, zone, stay.since, stay.dwell_seconds))
        self._known = alive
        self._stays = {key: stay for key, stay in self._stays.items() if key[0] in alive}
        return sorted(parked, key=lambda p: (-p.dwell_seconds, p.thing.object_id, p.zone.name))

    def flag(self, parked: ParkedIn) -> None:
        """This stay is flagged: not again, in no zone of the same enforcement area."""
        area = area_of(parked.zone)
        for zone in self._zones:
            stay = self._stays.get((parked.thing.object_id, zone.name))
            if stay is not None and area_of(zone) == area:
                stay.flagged = True

    def flagged_zone(self, object_id: int) -> str | None:
        """Name of the zone in which the object was flagged, or None."""
        for (known_id, name), stay in self._stays.items():
            if known_id == object_id and stay.flagged:
                return name
        return None

    def _update(self, stay: _Stay, thing: SceneObject) -> None:
        if stay.since is None:
            # A new object is where it is; the edge's patience is for one that has been judged.
            # A zone that is newer than the object counts from now.
            older = thing.object_id in self._known
            stay.inside = stands_in(stay.zone, thing.box)
            stay.since = thing.last_seen if older else thing.first_seen
            stay.dwell_seconds = thing.observed_seconds if stay.inside and not older else 0.0
            return
        if not thing.visible:
            return
        if stands_in(stay.zone, thing.box) == stay.inside:
            stay.doubt_seconds = 0.0
        else:
            stay.doubt_seconds += thing.step_seconds
            patience = self._settings
            limit = patience.leave_seconds if stay.inside else patience.enter_seconds
            if stay.doubt_seconds >= limit:
                stay.inside = not stay.inside
                stay.doubt_seconds = stay.dwell_seconds = 0.0
                stay.since = thing.last_seen
                return
        if stay.inside:
            stay.dwell_seconds += thing.step_seconds


def stands_in(zone: ZoneShape, box: Box) -> bool:
    """Whether a vehicle with this box stands in the zone and not wholly in one of its bays."""
    if not contains(zone.polygon, foot_point(box)):
        return False
    return not any(covers(bay, box) for bay in zone.bays)


def area_of(zone: ZoneShape) -> str:
    """The enforcement area; a zone without one is its own."""
    return zone.area or zone.name
