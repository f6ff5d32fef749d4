"""Cameras: where they stand, by what right, and how they feel."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.secret import EncryptedString


class PlaceKind(StrEnum):
    """Where a camera looks. Streets, squares and what lies open to everybody."""

    STREET = "street"
    SQUARE = "square"
    PARK = "park"
    STATION = "station"
    MARKET = "market"
    SCHOOL_GATE = "school_gate"
    HOSPITAL_GATE = "hospital_gate"
    CAR_PARK = "car_park"
    OTHER_PUBLIC = "other_public"


FORBIDDEN_PLACES = frozenset(
    {
        "guest_room",
        "private_dining_room",
        "dormitory",
        "staff_rest_room",
        "bathroom",
        "toilet",
        "changing_room",
        "nursing_room",
        "fitting_room",
        "home",
    }
)
"""视频条例 art. 8 (L70): nobody may put a camera there; nor so that it looks into one."""


class Camera(Base):
    """One camera. The stream's address may carry a password, so it is encrypted at rest and is
    never logged or returned by the API (domain.md 2.8)."""

    __tablename__ = "camera"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    stream_url: Mapped[str] = mapped_column(EncryptedString())
    evidence_url: Mapped[str | None] = mapped_column(EncryptedString())
    """The main stream, where `stream_url` is a sub-stream for looking."""
    place: Mapped[str] = mapped_column(String(80), default="")
    direction: Mapped[str] = mapped_column(String(40), default="")
    time_zone: Mapped[str] = mapped_column(String(40), default="Asia/Shanghai")
    gb_id: Mapped[str | None] = mapped_column(String(20))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    looks_per_second: Mapped[float] = mapped_column(default=1.0)
    weights: Mapped[str | None] = mapped_column(String(200))
    enabled: Mapped[bool] = mapped_column(default=True)

    # Law (domain.md L01, L35, L60, L69): anything missing means reminder only, never evidence.
    legal_review: Mapped[str | None] = mapped_column(String(120))
    technical_review: Mapped[str | None] = mapped_column(String(120))
    sign_installed: Mapped[bool] = mapped_column(default=False)
    published_at: Mapped[datetime | None]
    filing_no: Mapped[str | None] = mapped_column(String(80))
    purpose: Mapped[str] = mapped_column(String(200), default="")
    place_kind: Mapped[str] = mapped_column(
        String(30), default=PlaceKind.STREET, server_default=PlaceKind.STREET
    )
    approved_detectors: Mapped[list[Any]] = mapped_column(
        default=lambda: ["parking"], server_default='["parking"]'
    )
    """Kinds of zones (ZoneKind) that this camera is approved for; no other runs on it (L60)."""
    impact_assessment: Mapped[str | None] = mapped_column(String(120))
    """Number of the assessment of its effects on people (PIPL art. 55, L64)."""
    privacy_masks: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    """Polygons in 0..1 of the picture over windows and homes: what lies under one is blacked out
    as soon as a picture is decoded, and no clip is cut (L69, 视频条例 art. 7)."""
    calibrated_until: Mapped[datetime | None]
    clock_offset_seconds: Mapped[float] = mapped_column(default=0.0)
    """How far the camera's clock is ahead of ours, as a person found it; beyond 1.0 s nothing is
    evidence (L81)."""
    measured_clock_offset_seconds: Mapped[float | None]
    """The same as the stream itself tells it (RTCP sender reports). None: it does not tell."""
    clock_measured_at: Mapped[datetime | None]

    # Health, written by its worker.
    health: Mapped[str] = mapped_column(String(20), default="unknown")
    """unknown | up | down | or a ViewHealth value such as covered"""
    health_reason: Mapped[str] = mapped_column(String(300), default="")
    health_at: Mapped[datetime | None]
    health_since: Mapped[datetime | None]
    """Since when it has been so: the first look that showed it, not the writing of this row."""
    health_details: Mapped[dict[str, Any] | None]
    """What was measured of the view in the last look, see `vision.health.ViewReport`."""

    # The view that the zones were drawn on (domain.md W03).
    reference_picture: Mapped[str | None] = mapped_column(String(300))
    """Key in the evidence store of the reference views that a person accepted, or that were
    learnt at the very first start."""
    reference_at: Mapped[datetime | None]
    reference_by: Mapped[str | None] = mapped_column(String(80))
    """Who accepted it; "learnt" where nobody has yet."""
    last_frame_at: Mapped[datetime | None]
    last_picture: Mapped[str | None] = mapped_column(String(300))
    """Key in the evidence store of the latest picture (overwritten; not evidence)."""
    reconnects: Mapped[int] = mapped_column(default=0)
    fencing: Mapped[int] = mapped_column(default=0)
    """Number of the worker that may write for this camera; an older worker's writes are refused."""
    created_at: Mapped[datetime]

    @property
    def clock_is_off_by(self) -> float:
        """What a person found or what the stream tells, whichever is worse: neither proves that
        the other is wrong (L81)."""
        return max(self.clock_offset_seconds, self.measured_clock_offset_seconds or 0.0, key=abs)

    def is_reviewed(self) -> bool:
        """All four that 行政处罚法 art. 41(1) asks of a device before its records are evidence."""
        return bool(
            self.legal_review
            and self.technical_review
            and self.sign_installed
            and self.published_at is not None
        )


class CameraHealthChange(Base):
    """One row each time a camera's health changes: gaps in the record can be shown later."""

    __tablename__ = "camera_health_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"), index=True)
    at: Mapped[datetime]
    health: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(300), default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
