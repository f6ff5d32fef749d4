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


STAFF_TEXTS = frozenset({"S1", "S2", "T1"})
"""Texts to people on duty: they promise no owner anything, and are sent at any hour (L89)."""

VOICE_CALL = "VC"
CALLS = frozenset({VOICE_CALL})
"""What is said and not written (A13): rows of the same outbox, at most one an event."""

OPTED_OUT = "the phone wants nothing from us"
"""How the `error` of a text begins that the provider refused by the wish of whoever has it."""


class Notice(Base):
    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("event_id", "template", "addressee"),
        Index(
            "ix_notice_queue",
            "next_attempt_at",
            sqlite_where=text("status = 'queued'"),
            postgresql_where=text("status = 'queued'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    """Null only for a test of the channel, which speaks of no event."""
    template: Mapped[str] = mapped_column(String(8))
    """N1, N1b, N2, N3, N3b, ... of domain.md 6; VC is a voice call"""
    addressee: Mapped[str] = mapped_column(String(20), default="", server_default=text("('')"))
    """Whom of several, or about what: "call:12" for a responder's call, "test:3", "statement:4" for
    the answer to one; empty: the owner or party."""
    language: Mapped[str] = mapped_column(String(5), default="zh")
    variables: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Masked plate, place, time, numbers. Never a full plate."""
    phone: Mapped[str] = mapped_column(EncryptedString())
    """E.164"""
    phone_hash: Mapped[str] = mapped_column(
        String(64), default="", server_default=text("('')"), index=True
    )
    """Keyed: finds the texts of a phone that replies; empty for texts older than replies."""
    status: Mapped[str] = mapped_column(String(12), default=NoticeStatus.QUEUED)
    provider: Mapped[str] = mapped_column(String(20), default="")
    provider_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    first_provider_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    """The provider's number of the first try, where the text was handed over a second time
    because that one surely did not arrive (W16)."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    """After this nothing is sent any more: a text after the re-check would be a false promise."""
    segments: Mapped[int | None]
    error: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    sending_at: Mapped[datetime | None] = mapped_column(index=True)
    accepted_at: Mapped[datetime | None] = mapped_column(index=True)
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


class Reply(Base):
    """What a phone answered, as it came (W20). Append-only: only phone and text may be emptied
    when their time is over (domain.md 3.6)."""

    __tablename__ = "reply"
    __table_args__ = (UniqueConstraint("provider", "provider_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(String(20))
    provider_id: Mapped[str] = mapped_column(String(80))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    phone: Mapped[str | None] = mapped_column(EncryptedString())
    """E.164"""
    phone_hash: Mapped[str] = mapped_column(String(64), index=True)
    text: Mapped[str | None] = mapped_column(EncryptedString())
    meanings: Mapped[list[Any]] = mapped_column(default=list)
    """What `models.replies` understood: NOT_MINE, EMERGENCY, STATEMENT, NOTE."""
    freezes: Mapped[bool] = mapped_column(default=False)
    """Its event cannot be escalated until an officer has answered it."""
    disowns: Mapped[bool] = mapped_column(default=False)
    """It says that the car is not theirs: no more texts to this phone (W49)."""
    received_at: Mapped[datetime]


class ReplyAnswer(Base):
    """An officer has looked into a reply. Append-only; one a reply."""

    __tablename__ = "reply_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    reply_id: Mapped[int] = mapped_column(ForeignKey("reply.id"), unique=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    contact_is_right: Mapped[bool]
    """The phone is the owner's after all, and may be texted again."""
    note: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime]


class DeliveryPause(Base):
    """A time in which no event was confirmed by itself, because too few texts arrived (W48)."""

    __tablename__ = "delivery_pause"
    __table_args__ = (
        # One at a time.
        Index(
            "ix_delivery_pause_open",
            "is_open",
            unique=True,
            sqlite_where=text("is_open"),
            postgresql_where=text("is_open"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    is_open: Mapped[bool] = mapped_column(default=True)
    began_at: Mapped[datetime]
    accepted: Mapped[int]
    """Texts that the provider had taken in the time looked at, ..."""
    delivered: Mapped[int]
    """... and how many of them had arrived."""
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(60), default="")
    """An operator's name, or "test text"."""
