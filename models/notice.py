"""Notices: the outbox. A text is a committed row before anything is sent (W39)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.secret import EncryptedString


class NoticeStatus(StrEnum):
    """Only ever moves to a higher `RANK`. UNKNOWN: the provider's answer was lost; look it up,
    then a person decides; never send twice."""

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SENT = "sent"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELIVERED = "delivered"


RANK: dict[str, int] = {
    NoticeStatus.QUEUED: 0,
    NoticeStatus.SENDING: 1,
    NoticeStatus.UNKNOWN: 2,
    NoticeStatus.ACCEPTED: 3,
    NoticeStatus.SENT: 4,
    NoticeStatus.UNDELIVERED: 5,
    NoticeStatus.FAILED: 5,
    NoticeStatus.CANCELLED: 5,
    # A provider that says "undelivered" and later "delivered" did deliver.
    NoticeStatus.DELIVERED: 6,
}


class Notice(Base):
    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("event_id", "template"),
        Index(
            "ix_notice_queue",
            "next_attempt_at",
            sqlite_where=text("status = 'queued'"),
            postgresql_where=text("status = 'queued'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    template: Mapped[str] = mapped_column(String(8))
    """N1, N1b, N2, N3, N3b, ... of domain.md 6"""
    language: Mapped[str] = mapped_column(String(5), default="zh")
    variables: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Masked plate, place, time, numbers. Never a full plate."""
    phone: Mapped[str] = mapped_column(EncryptedString())
    """E.164"""
    status: Mapped[str] = mapped_column(String(12), default=NoticeStatus.QUEUED)
    provider: Mapped[str] = mapped_column(String(20), default="")
    provider_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    """After this nothing is sent any more: a text after the re-check would be a false promise."""
    segments: Mapped[int | None]
    error: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    sending_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    body: Mapped[str | None] = mapped_column(EncryptedString())
    """The words as sent, kept as evidence (L84)."""


class DeliveryReceipt(Base):
    """Every receipt as it came, also doubled or late ones that change nothing (W17, W18)."""

    __tablename__ = "delivery_receipt"

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"), index=True)
    provider: Mapped[str] = mapped_column(String(20))
    provider_id: Mapped[str] = mapped_column(String(80), index=True)
    status: Mapped[str] = mapped_column(String(12))
    provider_status: Mapped[str] = mapped_column(String(40), default="")
    error_code: Mapped[str] = mapped_column(String(20), default="")
    reported_at: Mapped[datetime | None]
    """When the provider says it happened, where it says so."""
    received_at: Mapped[datetime]
    counted: Mapped[bool] = mapped_column(default=False)


class OwnerLookup(Base):
    """Each question to the registry of owners, with its purpose (domain.md 8.7)."""

    __tablename__ = "owner_lookup"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))
    plate_hash: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(60))
    actor: Mapped[str] = mapped_column(String(40))
    found: Mapped[bool]
    directory: Mapped[str] = mapped_column(String(40))
