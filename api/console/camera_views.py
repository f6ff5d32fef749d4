"""Cameras and their zones as the console shows them: plain values, no session outlives a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.console import camera_health
from models.audit import AuditEntry
from models.camera import Camera
from models.errors import Refusal
from models.fitness import gaps
from models.people import User
from models.zone import Zone, ZoneVersion


@dataclass(frozen=True)
class CameraView:
    id: int
    name: str
    place: str
    health: str
    health_reason: str
    last_frame_at: datetime | None
    last_picture: str | None
    reviewed: bool
    zones: Sequence[str]
    reconnects: int
    weights: str
    """Name or file; empty where it looks as all others do."""
    enabled: bool
    masks: int
    """How many privacy masks lie over its picture."""
    condition: camera_health.Condition


@dataclass(frozen=True)
class ZoneView:
    id: int
    name: str
    area: str
    place: str
    kind: str
    version: int
    polygon: Sequence[Sequence[float]]
    dwell_seconds: float
    grace_seconds: int
    confirm_mode: str
    phase: str
    surface: str
    authority: str
    sms_from: str
    sms_until: str
    legal_basis: str
    designation_document: str
    no_grace: str
    bays: Sequence[Sequence[Sequence[float]]]
    bay_hours: Sequence[Sequence[dict[str, Any]]]
    schedule: Sequence[dict[str, Any]]
    gaps: Sequence[Refusal]
    threshold: float | None
    slow_look_seconds: float | None
    area_m2: float | None
    density_threshold: float | None
    approved: Sequence[dict[str, Any]]
    bands: Sequence[dict[str, Any]]
    versions: Sequence[tuple[int, datetime, str]] = field(default=())


@dataclass(frozen=True)
class Change:
    """Who changed something of a camera, and when."""

    at: datetime
    actor: str


def changes_of(session: Session, camera_id: int, field_name: str) -> list[Change]:
    """The latest changes of one field of a camera, newest first, from the audit log."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.subject == f"camera:{camera_id}", AuditEntry.action == "camera.change")
        .order_by(AuditEntry.id.desc())
        .limit(100)
    )
    return [
        Change(entry.at, entry.actor)
        for entry in session.scalars(query)
        if field_name in entry.details["fields"]
    ][:10]


def cameras(session: Session) -> list[CameraView]:
    return [
        CameraView(
            id=c.id,
            name=c.name,
            place=c.place,
            health=c.health,
            health_reason=c.health_reason,
            last_frame_at=c.last_frame_at,
            last_picture=c.last_picture,
            reviewed=c.is_reviewed(),
            zones=session.scalars(
                select(Zone.name).where(Zone.camera_id == c.id, Zone.retired_at.is_(None))
            ).all(),
            reconnects=c.reconnects,
            weights=c.weights or "",
            enabled=c.enabled,
            masks=len(c.privacy_masks),
            condition=camera_health.condition(c),
        )
        for c in session.scalars(select(Camera).order_by(Camera.name))
    ]


def zones(session: Session, camera_id: int, *, at: datetime) -> list[ZoneView]:
    """The camera's zones in force, with the history of each and what is missing now."""
    found = session.scalars(
        select(Zone)
        .where(Zone.camera_id == camera_id, Zone.retired_at.is_(None))
        .order_by(Zone.name)
    ).all()
    names = dict(session.execute(select(User.id, User.username)).all())
    return [_zone(zone, zone.current, names, at) for zone in found]


def _zone(zone: Zone, current: ZoneVersion, names: dict[int, str], at: datetime) -> ZoneView:
    return ZoneView(
        id=zone.id,
        name=zone.name,
        area=zone.area.name,
        place=zone.area.place,
        kind=zone.kind,
        version=current.version,
        polygon=current.polygon,
        dwell_seconds=current.dwell_seconds,
        grace_seconds=current.grace_seconds,
        confirm_mode=current.confirm_mode,
        phase=current.phase,
        surface=current.surface,
        authority=current.authority,
        sms_from=current.sms_from,
        sms_until=current.sms_until,
        legal_basis=current.legal_basis,
        designation_document=current.designation_document,
        no_grace=current.no_grace,
        bays=current.bays,
        bay_hours=current.bay_hours,
        schedule=current.schedule,
        gaps=gaps(zone.camera, current, at=at),
        threshold=current.threshold,
        slow_look_seconds=current.slow_look_seconds,
        area_m2=current.area_m2,
        density_threshold=current.density_threshold,
        approved=current.approved,
        bands=current.bands,
        versions=[
            (v.version, v.created_at, names.get(v.created_by or 0, "")) for v in zone.versions
        ],
    )
