"""Zones and enforcement areas. A zone is edited by adding a version; events keep theirs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.camera import Camera


class ZoneKind(StrEnum):
    PARKING = "parking"
    HANGING = "hanging"
    POSTER = "poster"
    CROWD = "crowd"


class ZonePhase(StrEnum):
    """Shadow: only counted. Warning: texts, never escalates. Live: may reach an officer (B11)."""

    SHADOW = "shadow"
    WARNING = "warning"
    LIVE = "live"


FIRST_PHASE: Mapping[ZoneKind, ZonePhase] = {
    ZoneKind.PARKING: ZonePhase.WARNING,
    ZoneKind.HANGING: ZonePhase.SHADOW,
    ZoneKind.POSTER: ZonePhase.SHADOW,
    ZoneKind.CROWD: ZonePhase.SHADOW,
}
"""How a new zone begins where nobody says otherwise. Laundry, adverts and crowds were measured on
composites, renders and few real pictures (README, *What it sees, measured*): such a zone counts
only, until its city has seen on its own streets how often it is right (peers.md P8)."""


class ConfirmMode(StrEnum):
    AUTO = "auto"
    OFFICER = "officer"


class Surface(StrEnum):
    SIDEWALK = "sidewalk"
    BLIND_TRACK = "blind_track"
    NON_MOTOR_LANE = "non_motor_lane"
    MOTOR_LANE = "motor_lane"
    SQUARE = "square"


class Authority(StrEnum):
    CHENGGUAN = "chengguan"
    TRAFFIC_POLICE = "traffic_police"


class EnforcementArea(Base):
    """A connected stretch of one road side; to have left is to be outside all of it (4.2)."""

    __tablename__ = "enforcement_area"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    place: Mapped[str] = mapped_column(String(20), default="")
    """Short place name printed in texts, at most 10 characters with 人行道 (延安路人行道)."""


class Zone(Base):
    __tablename__ = "zone"
    __table_args__ = (UniqueConstraint("camera_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"), index=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("enforcement_area.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20), default=ZoneKind.PARKING)
    retired_at: Mapped[datetime | None]
    area: Mapped[EnforcementArea] = relationship()
    camera: Mapped[Camera] = relationship()
    versions: Mapped[list[ZoneVersion]] = relationship(
        order_by="ZoneVersion.version", back_populates="zone"
    )

    @property
    def current(self) -> ZoneVersion:
        return self.versions[-1]


class ZoneVersion(Base):
    """Everything that decides, at one time. Rows are never updated."""

    __tablename__ = "zone_version"
    __table_args__ = (UniqueConstraint("zone_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"), index=True)
    version: Mapped[int]
    polygon: Mapped[list[Any]]
    """[[x, y], ...] in 0..1"""
    bays: Mapped[list[Any]] = mapped_column(default=list)
    aspect_ratio: Mapped[float | None]
    dwell_seconds: Mapped[float] = mapped_column(default=60.0)
    threshold: Mapped[float | None]
    grace_seconds: Mapped[int] = mapped_column(default=420)
    confirm_mode: Mapped[str] = mapped_column(String(10), default=ConfirmMode.OFFICER)
    phase: Mapped[str] = mapped_column(String(10), default=ZonePhase.WARNING)
    surface: Mapped[str] = mapped_column(String(20), default=Surface.SIDEWALK)
    authority: Mapped[str] = mapped_column(String(20), default=Authority.CHENGGUAN)
    sms_from: Mapped[str] = mapped_column(String(5), default="07:00")
    sms_until: Mapped[str] = mapped_column(String(5), default="22:00")
    legal_basis: Mapped[str] = mapped_column(String(200), default="")
    reference_picture: Mapped[str | None] = mapped_column(String(300))
    approved: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """hanging, poster: what may be there, with period and document (models.zone_parts)."""
    baseline: Mapped[str] = mapped_column(Text, default="", server_default=text("('')"))
    """hanging, poster: base64 of a small grey JPEG of the zone as it may look."""
    bands: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """crowd: hours with a threshold of their own (C2)."""
    area_m2: Mapped[float | None]
    """crowd: the ground that the zone covers."""
    density_threshold: Mapped[float | None]
    """crowd: people a square metre that are too many (C2)."""
    slow_look_seconds: Mapped[float | None]
    """hanging, poster: how often it is looked at; null: as the installation's setting says."""
    designation_document: Mapped[str] = mapped_column(
        String(120), default="", server_default=text("('')")
    )
    """hanging: by which the city designated the street (国务院条例 art. 10, L50)."""
    sign_photo: Mapped[str | None] = mapped_column(String(300))
    """Key in the evidence store of a photo of the sign that forbids it here (程序规定 art. 15)."""
    schedule: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """When it is in force (models.schedule); empty: always."""
    bay_hours: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """For each bay, when it may be used; empty, or shorter than `bays`: always (L32)."""
    no_grace: Mapped[str] = mapped_column(String(40), default="", server_default=text("('')"))
    """Why nobody is promised any minutes here (a strictly managed road, 4.2); empty: they are."""
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    zone: Mapped[Zone] = relationship(back_populates="versions")
