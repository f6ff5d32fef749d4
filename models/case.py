"""The case (案卷): seven steps, who handles it, what is promised until when (domain.md 4.0).

A case is city management's own work sheet. A penalty file lies outside: nothing here holds,
computes or collects an amount of money.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.event import Event
from models.states import CASE_TERMINAL, CaseState


class SourceCategory(StrEnum):
    """I008: the four sources, mandatory on every case."""

    AI_DETECTION = "AI_DETECTION"
    PATROL = "PATROL"
    SUPERIOR = "SUPERIOR"
    PUBLIC = "PUBLIC"


class Loop(StrEnum):
    """I009: one of two loops is chosen at filing; no case without a loop."""

    LIMITED_TIME = "LIMITED_TIME"
    """限时整改: one responsible unit and a time limit (I010)"""
    COORDINATED = "COORDINATED"
    """协调整改: several departments, each reports (I014)"""


class LoopMode(StrEnum):
    """How a limited-time case is handled (I011 to I013)."""

    PLATFORM_DEADLINE = "PLATFORM_DEADLINE"
    FIX_ON_SPOT = "FIX_ON_SPOT"
    CREW = "CREW"
    EMERGENCY = "EMERGENCY"
    """The district command leads (C7)."""


class UnitRole(StrEnum):
    """I006: one lead, any number of others."""

    LEAD = "LEAD"
    CO = "CO"
    ASSIST = "ASSIST"
    EXECUTOR = "EXECUTOR"


class Case(Base):
    """One matter that people work on, from collection to evaluation."""

    __tablename__ = "case_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_no: Mapped[str] = mapped_column(String(24), unique=True)
    """City prefix, C, month and day, running number: HZC1122-0001."""
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), unique=True)
    """The event that it was opened for: one event, one case (L07)."""
    state: Mapped[str] = mapped_column(String(24), default=CaseState.COLLECTED)
    version: Mapped[int] = mapped_column(default=0)
    type_code: Mapped[str] = mapped_column(String(8), default="")
    """Class and item of the catalogue: 0505 is a vehicle on the pavement."""
    source_category: Mapped[str] = mapped_column(String(16), default="")
    loop: Mapped[str] = mapped_column(String(16), default="")
    loop_mode: Mapped[str] = mapped_column(String(20), default="")
    cell_code: Mapped[str] = mapped_column(String(15), default="")
    """Unit cell: 14 or 15 digits (0.9)."""
    duty_grid_code: Mapped[str] = mapped_column(String(20), default="")
    place: Mapped[str] = mapped_column(String(80), default="")
    description: Mapped[str] = mapped_column(String(500), default="")
    handled_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """Who took and reported the work; somebody else checks it."""
    checked_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    report: Mapped[str] = mapped_column(String(1000), default="")
    checks: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """{"time", "standard", "recurrence": bool}: 时间, 标准, 反复."""
    feedback_given: Mapped[bool] = mapped_column(default=False)
    """Of a PUBLIC case: the reporter was told (E5)."""
    rating: Mapped[int | None]
    """1 to 5, by the reporter or a verification."""
    override_reason: Mapped[str] = mapped_column(String(300), default="")
    """Why the coordinator closed without every co-unit's report."""
    before_suspension: Mapped[str | None] = mapped_column(String(24))
    extended: Mapped[bool] = mapped_column(default=False)
    """延期: once."""
    due_at: Mapped[datetime | None]
    """When the work is to be done."""
    flags: Mapped[list[Any]] = mapped_column(default=list)
    """overdue: the limit passed while the case was in this loop."""
    outcome: Mapped[str] = mapped_column(String(40), default="")
    opened_at: Mapped[datetime]
    filed_at: Mapped[datetime | None]
    dispatched_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    event: Mapped[Event | None] = relationship()
    units: Mapped[list[CaseUnit]] = relationship(back_populates="case", order_by="CaseUnit.id")

    @property
    def is_open(self) -> bool:
        return self.state not in CASE_TERMINAL


class CaseUnit(Base):
    """A unit that has part in a case, since when, and what it reported."""

    __tablename__ = "case_unit"
    __table_args__ = (
        UniqueConstraint("case_id", "name"),
        CheckConstraint("role IN ('LEAD', 'CO', 'ASSIST', 'EXECUTOR')", name="known_role"),
        # I006: one lead only.
        Index(
            "ix_case_unit_lead",
            "case_id",
            unique=True,
            sqlite_where=text("role = 'LEAD' AND left_at IS NULL"),
            postgresql_where=text("role = 'LEAD' AND left_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    role: Mapped[str] = mapped_column(String(10))
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    report: Mapped[str] = mapped_column(String(1000), default="")
    reported_at: Mapped[datetime | None]
    case: Mapped[Case] = relationship(back_populates="units")
