"""Where a vehicle stands, as far as the domain must know: foot in a zone, box in a bay, overlap.

The eyes have their own, finer geometry (vision.geometry); this room may not import it and needs
only these three questions, asked when a zone was redrawn or two sightings may be one vehicle.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from models import schedule
from models.calendar import WorkCalendar
from models.camera import Camera
from models.zone import ZoneVersion


def covers(version: ZoneVersion, box: Sequence[float]) -> bool:
    """Whether the foot of a box stands in the zone's polygon (even-odd rule; edges may fall
    either way, which only matters to a zone that was redrawn through the vehicle)."""
    return _inside(version.polygon, (box[0] + box[2]) / 2, box[3])


def masked(camera: Camera, box: Sequence[float]) -> bool:
    """Whether the foot or the middle of a box lies under one of the camera's privacy masks: nobody
    can tell any more what stands there (L69)."""
    x1, y1, x2, y2 = box
    middle = (x1 + x2) / 2
    points = ((middle, y2), (middle, (y1 + y2) / 2))
    return any(point_in(mask, point) for mask in camera.privacy_masks for point in points)


def in_bay(
    version: ZoneVersion, box: Sequence[float], *, at: datetime, calendar: WorkCalendar
) -> bool:
    """Whether the whole box lies within one marked bay that may be used at this time (L32)."""
    x1, y1, x2, y2 = box
    corners = ((x1, y1), (x2, y1), (x1, y2), (x2, y2))
    bays = open_bays(version, at=at, calendar=calendar)
    return any(all(_inside(bay, x, y) for x, y in corners) for bay in bays)


def open_bays(
    version: ZoneVersion, *, at: datetime, calendar: WorkCalendar
) -> list[list[list[float]]]:
    """The marked bays that may be used now: those without hours, and those within theirs
    (道路交通安全法实施条例 art. 33)."""
    hours = [*version.bay_hours, *([[]] * len(version.bays))]
    pairs = zip(version.bays, hours, strict=False)
    return [bay for bay, bands in pairs if schedule.holds(bands, at, calendar)]


def _inside(polygon: Sequence[Sequence[float]], x: float, y: float) -> bool:
    inside = False
    previous = polygon[-1]
    for point in polygon:
        (x1, y1), (x2, y2) = previous, point
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
        previous = point
    return inside


def overlap(first: Sequence[float], second: Sequence[float]) -> float:
    """Intersection over union of two boxes (0..1)."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(0.0, width) * max(0.0, height)
    whole = _area(first) + _area(second) - shared
    return shared / whole if whole > 0 else 0.0


def _area(box: Sequence[float]) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def point_in(polygon: Sequence[Sequence[float]], point: tuple[float, float]) -> bool:
    """Whether a point lies inside a polygon (even-odd rule)."""
    return _inside(polygon, *point)
