"""What a camera has to keep an eye on: open events, as the eyes need them, and its zones.

After a restart everything is found again in the database and the evidence: nothing about a watch
lives in memory only, except what can be made again from E1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import schedule
from models.calendar import WorkCalendar
from models.camera import Camera
from models.casework import open_watches
from models.errors import NotFound
from models.event import Event, FlowName
from models.evidence import Evidence, EvidenceKind
from models.fitness import detector_approved
from models.ground import open_bays
from models.looks import neighbour_watches
from models.registry import zones_for
from models.zone import ZoneVersion
from pipeline.evidence import EvidenceFiles, crop, decode_jpeg
from vision.shapes import Approval, CrowdBand
from vision.types import Box, Image, PlateColour, Point, Polygon, WatchSubject, ZoneShape

WATCHED_FLOWS = (FlowName.PARKING, FlowName.HANGING, FlowName.POSTER)
"""A crowd is counted, not watched."""


def zones_to_watch(
    session: Session, camera: Camera, *, at: datetime, calendar: WorkCalendar
) -> list[ZoneShape]:
    """The zones that the eyes look into now: of a kind that the camera is approved for (L60), and
    within their hours (W30). Bays outside their own hours are no bays (L32)."""
    return [
        zone_shape(version, open_bays(version, at=at, calendar=calendar))
        for version in zones_for(session, camera)
        if detector_approved(camera, version, at) is None
        and schedule.holds(version.schedule, at, calendar)
    ]


def refused_zones(session: Session, camera: Camera, *, at: datetime) -> list[str]:
    """Why some zones of a camera are not looked into: nobody has approved it (L60)."""
    return [
        f"zone {version.zone.name} stands still: {refusal.message}"
        for version in zones_for(session, camera)
        if (refusal := detector_approved(camera, version, at)) is not None
    ]


def zone_shape(version: ZoneVersion, bays: Sequence[Any] | None = None) -> ZoneShape:
    """What the eyes need to know of a zone version. bays: those that may be used now; None: all."""
    return ZoneShape(
        name=version.zone.name,
        kind=version.zone.kind,
        polygon=_polygon(version.polygon),
        dwell_seconds=version.dwell_seconds,
        threshold=version.threshold,
        bays=tuple(_polygon(bay) for bay in (version.bays if bays is None else bays)),
        area=version.zone.area.name,
        aspect_ratio=version.aspect_ratio,
        version=version.version,
        approved=tuple(_approval(entry) for entry in version.approved),
        bands=tuple(CrowdBand(**entry) for entry in version.bands),
        area_m2=version.area_m2,
        density_threshold=version.density_threshold,
        baseline=version.baseline,
        slow_look_seconds=version.slow_look_seconds,
    )


def _approval(entry: Mapping[str, Any]) -> Approval:
    return Approval(
        label=entry["label"],
        polygon=_polygon(entry["polygon"]),
        document=entry["document"],
        approver=entry["approver"],
        valid_from=_day(entry["valid_from"]),
        valid_until=_day(entry["valid_until"]),
    )


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _polygon(points: Sequence[Sequence[float]]) -> Polygon:
    return tuple(_point(point) for point in points)


def _point(point: Sequence[float]) -> Point:
    return (float(point[0]), float(point[1]))


class WatchList:
    """The open events of one camera as subjects; each one's appearance is cut from E1 once."""

    def __init__(self, files: EvidenceFiles) -> None:
        self._files = files
        self._appearances: dict[int, Image | None] = {}

    def subjects(self, session: Session, camera_id: int) -> list[WatchSubject]:
        events = open_watches(session, camera_id, WATCHED_FLOWS)
        neighbours = neighbour_watches(session, camera_id)
        known = {event.id for event in events}
        self._appearances = {key: image for key, image in self._appearances.items() if key in known}
        own = [self._subject(session, event) for event in events]
        return own + [_neighbour(event) for event in neighbours]

    def _subject(self, session: Session, event: Event) -> WatchSubject:
        if event.id not in self._appearances:
            self._appearances[event.id] = self._appearance(session, event)
        return WatchSubject(
            key=str(event.id),
            zone=event.zone.name,
            object_kind=event.object_kind,
            box=_box(event.box),
            plate_text=event.plate,
            plate_colour=PlateColour(event.plate_colour or PlateColour.UNKNOWN),
            appearance=self._appearances[event.id],
            kind=event.flow,
        )

    def _appearance(self, session: Session, event: Event) -> Image | None:
        """The subject at T0. A file that is missing or broken (W52) gives none: the eyes then go
        by place, class and plate alone, and the pack shows what is missing."""
        key = session.scalar(
            select(Evidence.storage_key)
            .where(Evidence.event_id == event.id, Evidence.kind == EvidenceKind.E1)
            .order_by(Evidence.id)
        )
        if key is None:
            return None
        try:
            image = decode_jpeg(self._files.get(key))
        except NotFound:
            return None
        return None if image is None else crop(image, _box(event.box))


def _neighbour(event: Event) -> WatchSubject:
    """A vehicle of another camera of the same area: its plate is looked for here (W13)."""
    return WatchSubject(
        key=str(event.id),
        zone=event.zone.name,
        object_kind=event.object_kind,
        box=_box(event.box),
        plate_text=event.plate,
        plate_colour=PlateColour(event.plate_colour or PlateColour.UNKNOWN),
        area=event.zone.area.name,
    )


def _box(values: Sequence[float]) -> Box:
    return (float(values[0]), float(values[1]), float(values[2]), float(values[3]))
