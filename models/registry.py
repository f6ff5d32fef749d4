"""Cameras and their zones: what stands where, in every version it ever had, and how it feels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from models import fields
from models.audit_log import record
from models.camera import FORBIDDEN_PLACES, Camera, CameraHealthChange, PlaceKind
from models.errors import BadInput, Conflict, NotFound
from models.zone import ZoneKind
from models.zones import (
    export_zones,
    find_zone,
    get_zone,
    import_zones,
    retire_zone,
    save_zone,
    zones_for,
)

__all__ = [
    "SCHEMES",
    "SECRET_FIELDS",
    "HealthReport",
    "add_camera",
    "check_fencing",
    "export_zones",
    "find_zone",
    "get_camera",
    "get_zone",
    "import_zones",
    "list_cameras",
    "report_health",
    "retire_zone",
    "save_zone",
    "set_reference",
    "sick_cameras",
    "take_over",
    "update_camera",
    "zones_for",
]

# -- cameras --------------------------------------------------------------------------------

SCHEMES = ("rtsp", "rtsps", "http", "https", "rtmp")
SECRET_FIELDS = frozenset({"stream_url", "evidence_url"})


def _url(field: str, value: object) -> str:
    text = fields.line(field, value, 500)
    try:
        parts = urlsplit(text)
        good = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise BadInput(
            f"{field} is not a stream's address",
            field=field,
            hint="write rtsp://USER:PASSWORD@HOST:554/PATH",
        )
    return text


def _time_zone(field: str, value: object) -> str:
    name = fields.line(field, value, 40)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadInput(f"{field} is not a time zone", field=field, hint="Asia/Shanghai") from None
    return name


def _gb_id(field: str, value: object) -> str:
    number = fields.line(field, value, 20)
    if len(number) != 20 or not (number.isascii() and number.isdigit()):
        raise BadInput("a GB/T 28181 id has 20 digits", field=field)
    return number


def _place_kind(field: str, value: object) -> str:
    """L70, 视频条例 art. 8: places in which nobody may be filmed are refused by name."""
    if isinstance(value, str) and value in FORBIDDEN_PLACES:
        raise BadInput(
            f"no camera may stand in or look into a {value}",
            field=field,
            code="FORBIDDEN_PLACE",
            hint="视频条例 art. 8; allowed: " + ", ".join(PlaceKind),
        )
    return fields.one_of(PlaceKind)(field, value)


def _detectors(field: str, value: object) -> list[str]:
    """L60: the kinds of zones that the camera is approved for."""
    known = [kind.value for kind in ZoneKind]
    if not isinstance(value, list | tuple) or not all(entry in known for entry in value):
        raise BadInput(
            f"{field} must be a list of kinds of zones", field=field, hint=", ".join(known)
        )
    return [kind for kind in known if kind in value]


_CAMERA: Mapping[str, fields.Rule] = {
    "name": fields.text(80, required=True),
    "stream_url": _url,
    "evidence_url": fields.optional(_url),
    "place": fields.text(80),
    "direction": fields.text(40),
    "time_zone": _time_zone,
    "gb_id": fields.optional(_gb_id),
    "latitude": fields.optional(fields.number(-90, 90)),
    "longitude": fields.optional(fields.number(-180, 180)),
    "looks_per_second": fields.number(0.1, 10),
    "weights": fields.optional(fields.text(200)),
    "enabled": fields.yes_or_no,
    "legal_review": fields.optional(fields.text(120)),
    "technical_review": fields.optional(fields.text(120)),
    "sign_installed": fields.yes_or_no,
    "published_at": fields.optional(fields.instant),
    "filing_no": fields.optional(fields.text(80)),
    "purpose": fields.text(200),
    "place_kind": _place_kind,
    "approved_detectors": _detectors,
    "impact_assessment": fields.optional(fields.text(120)),
    "privacy_masks": fields.polygons,
    "calibrated_until": fields.optional(fields.instant),
    "clock_offset_seconds": fields.number(-86400, 86400),
}


def add_camera(
    session: Session, name: str, stream_url: str, *, at: datetime, actor: str, **details: Any
) -> Camera:
    """Register a camera; `details` are the other columns a person may set.

    Raises BadInput naming the field, Conflict if the name is taken.
    """
    values = fields.check(_CAMERA, {"name": name, "stream_url": stream_url, **details})
    _refuse_taken(session, values["name"])
    camera = Camera(created_at=at, **values)
    session.add(camera)
    session.flush()
    record(
        session, at=at, actor=actor, action="camera.add", subject=f"camera:{camera.id}",
        details={"name": camera.name},
    )  # fmt: skip
    return camera


def update_camera(
    session: Session, camera: Camera, changes: Mapping[str, Any], *, at: datetime, actor: str
) -> Camera:
    """Change what a person may change. The audit log names the fields, never an address."""
    values = fields.check(_CAMERA, changes)
    if values.get("name", camera.name) != camera.name:
        _refuse_taken(session, values["name"])
    changed = [key for key, value in values.items() if getattr(camera, key) != value]
    for key in changed:
        setattr(camera, key, values[key])
    if changed:
        shown = {k: fields.shown(values[k]) for k in changed if k not in SECRET_FIELDS}
        record(
            session, at=at, actor=actor, action="camera.change", subject=f"camera:{camera.id}",
            details={"fields": changed, "values": shown},
        )  # fmt: skip
    session.flush()
    return camera


def _refuse_taken(session: Session, name: str) -> None:
    if session.scalar(select(Camera.id).where(Camera.name == name)) is not None:
        raise Conflict(f"there is a camera {name} already", code="NAME_TAKEN")


def list_cameras(session: Session, *, enabled_only: bool = False) -> list[Camera]:
    query = select(Camera).order_by(Camera.name)
    if enabled_only:
        query = query.where(Camera.enabled.is_(True))
    return list(session.scalars(query))


def get_camera(session: Session, key: int | str) -> Camera:
    """By id or by name. Raises NotFound."""
    column = Camera.id if isinstance(key, int) else Camera.name
    camera = session.scalar(select(Camera).where(column == key))
    if camera is None:
        raise NotFound(f"there is no camera {key}")
    return camera


# -- health, written by the camera's worker -------------------------------------------------


def take_over(session: Session, camera: Camera) -> int:
    """A worker's claim on a camera: from now on only the number returned here may write, and an
    earlier worker that is still alive somewhere is refused."""
    fencing = session.scalar(
        update(Camera)
        .where(Camera.id == camera.id)
        .values(fencing=Camera.fencing + 1)
        .returning(Camera.fencing)
        .execution_options(synchronize_session=False)
    )
    if fencing is None:
        raise NotFound(f"there is no camera {camera.name}")
    session.refresh(camera)
    return fencing


def check_fencing(session: Session, camera_id: int, fencing: int) -> Camera:
    """The camera, held until the transaction ends. Raises Conflict (FENCED) if another worker has
    taken over since."""
    camera = session.scalar(select(Camera).where(Camera.id == camera_id).with_for_update())
    if camera is None:
        raise NotFound(f"there is no camera {camera_id}")
    if camera.fencing != fencing:
        raise Conflict(
            f"another worker has taken over camera {camera.name}",
            code="FENCED",
            hint="this worker must stop",
        )
    return camera


@dataclass(frozen=True, slots=True)
class HealthReport:
    """What a worker says of its camera. None: nothing new."""

    health: str
    """unknown | up | down | or a ViewHealth value such as covered"""
    reason: str = ""
    last_frame_at: datetime | None = None
    last_picture: str | None = None
    reconnects: int | None = None
    details: Mapping[str, Any] | None = None
    """What was measured of the view."""
    since: datetime | None = None
    """The first look that showed it; else it counts from the writing."""
    clock_offset_seconds: float | None = None
    """By how much the stream tells that the camera's clock is ahead of ours."""


def report_health(
    session: Session, camera_id: int, fencing: int, report: HealthReport, *, at: datetime
) -> Camera:
    """Write a camera's health; each change of it is one more row of its history."""
    camera = check_fencing(session, camera_id, fencing)
    details = None if report.details is None else dict(report.details)
    if report.health != camera.health:
        _note_change(session, camera, report, at=at)
        camera.health_since = report.since or at
    camera.health = report.health
    camera.health_reason = report.reason[:300]
    camera.health_at = at
    if details is not None:
        camera.health_details = details
    if report.clock_offset_seconds is not None:
        camera.measured_clock_offset_seconds = report.clock_offset_seconds
        camera.clock_measured_at = at
    if report.last_frame_at is not None:
        camera.last_frame_at = report.last_frame_at
    if report.last_picture is not None:
        camera.last_picture = report.last_picture
    if report.reconnects is not None:
        camera.reconnects = report.reconnects
    session.flush()
    return camera


def _note_change(session: Session, camera: Camera, report: HealthReport, *, at: datetime) -> None:
    """One more row of the history: from when on, and how long it had been as before."""
    since = report.since or at
    before: dict[str, Any] = {"before": camera.health}
    if camera.health_since is not None:
        lasted = (since - camera.health_since).total_seconds()
        before["before_seconds"] = round(max(0.0, lasted), 1)
    session.add(
        CameraHealthChange(
            camera_id=camera.id,
            at=at,
            health=report.health,
            reason=report.reason[:300],
            details={**(report.details or {}), **before, "since": since.isoformat()},
        )
    )


def sick_cameras(session: Session) -> int:
    """How many cameras in service cannot be believed right now."""
    query = select(func.count()).where(
        Camera.enabled.is_(True), Camera.health.not_in(["up", "unknown"])
    )
    return session.scalar(query) or 0


def set_reference(
    session: Session, camera: Camera, key: str | None, *, at: datetime, actor: str
) -> Camera:
    """The view kept under `key` in the evidence store is the right one from now on (W03); None:
    the camera's worker learns it anew. The worker takes it up by itself."""
    camera.reference_picture = key
    camera.reference_at = None if key is None else at
    camera.reference_by = None if key is None else actor[:80]
    record(
        session, at=at, actor=actor, action="camera.reference", subject=f"camera:{camera.id}",
        details={"key": key},
    )  # fmt: skip
    session.flush()
    return camera
