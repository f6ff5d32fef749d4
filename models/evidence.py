"""Evidence records: original bytes are hashed at capture and chained; copies never replace them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

MASKED = "privacy_masks"
"""In a picture's details: over how many places the camera was blind when it was taken (L69)."""


class EvidenceKind(StrEnum):
    """domain.md 2.7"""

    E1 = "E1"
    """panorama at T0"""
    E2 = "E2"
    """plate close-up at T0"""
    E3 = "E3"
    """panorama at least 10 s after E1"""
    E4 = "E4"
    """panorama after the deadline"""
    E5 = "E5"
    """plate close-up after the deadline"""
    E6 = "E6"
    """second panorama after the deadline, at least 10 s after E4"""
    V1 = "V1"
    """clip around T0"""
    V2 = "V2"
    """clip at the re-check"""
    LEFT = "LEFT"
    """the empty (or otherwise taken) place"""
    PAPER = "PAPER"
    """an officer's photo of a paper notice"""
    ON_SITE = "ON_SITE"
    """an officer's photo after the period of a formal order (B8)"""
    TOW = "TOW"
    """an officer's photo of a vehicle that is towed away (L44)"""
    STATEMENT = "STATEMENT"
    """a photo that came with an owner's statement"""


class EvidenceAlarm(Base):
    """A stored file that is not what was recorded, or is missing though nothing deleted it (W52).
    Its record counts for nothing from then on; the alarm stands until somebody has seen to it."""

    __tablename__ = "evidence_alarm"

    id: Mapped[int] = mapped_column(primary_key=True)
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"), unique=True)
    what: Mapped[str] = mapped_column(String(20))
    """file_missing | file_changed | record_changed"""
    found_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    remark: Mapped[str] = mapped_column(String(300), default="")


class Evidence(Base):
    """One file of one event. `sha256` is of the original bytes; `chain_hash` covers this record's
    fields and the previous record of the whole store (L80): h_n = SHA-256(h_{n-1} || record)."""

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    camera_id: Mapped[int | None] = mapped_column(ForeignKey("camera.id"))
    kind: Mapped[str] = mapped_column(String(10))
    media_type: Mapped[str] = mapped_column(String(40))
    storage_key: Mapped[str] = mapped_column(String(300))
    """Content address inside the evidence store: sha256/ab/cd/<sha256>.<ext>."""
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    captured_at: Mapped[datetime]
    pts: Mapped[float | None]
    clock_offset_seconds: Mapped[float] = mapped_column(default=0.0)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Boxes, zone version, model and software version at capture."""
    prev_hash: Mapped[str] = mapped_column(String(64))
    chain_hash: Mapped[str] = mapped_column(String(64))
