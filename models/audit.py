"""Append-only records: who did what, who looked at which picture and why (L13, L71)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class AuditEntry(Base):
    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(60))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(80), default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Viewing(Base):
    """One look of one person at one piece of evidence, with the reason given."""

    __tablename__ = "viewing"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    viewer: Mapped[str] = mapped_column(String(60))
    """username, api key name or "owner" """
    unit: Mapped[str] = mapped_column(String(60), default="", server_default=text("('')"))
    """The viewer's unit at that time (调用人员的单位, L71)."""
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))
    reason: Mapped[str] = mapped_column(String(120))


class CitySetting(Base):
    """What a city sets for itself: signature, landline, grace policy, timers. One row a key."""

    __tablename__ = "city_setting"

    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(default=dict)
    updated_at: Mapped[datetime]
    updated_by: Mapped[str] = mapped_column(String(60), default="")
