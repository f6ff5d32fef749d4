"""Staff, their sign-ins, machines' keys, officers' decisions and owners' statements."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Role(StrEnum):
    OFFICER = "officer"
    OPERATOR = "operator"
    DISPATCHER = "dispatcher"
    """派遣员: files, dispatches, suspends and extends cases"""
    CREW = "crew"
    """作业班组: does the work and reports it"""
    PATROL = "patrol"
    """网格巡查员: checks on the spot what a crew reported"""
    ADMIN = "admin"


class User(Base):
    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(40), unique=True)
    display_name: Mapped[str] = mapped_column(String(60), default="")
    unit: Mapped[str] = mapped_column(String(60), default="", server_default=text("('')"))
    """Where this person works (单位): the viewing log names it (L71)."""
    password_hash: Mapped[str | None] = mapped_column(String(200))
    """argon2id; null until the person has set one by an invitation link."""
    roles: Mapped[list[Any]] = mapped_column(default=list)
    language: Mapped[str] = mapped_column(String(5), default="zh")
    licence_no: Mapped[str | None] = mapped_column(String(40))
    """行政执法证: without a valid one no decision counts (L08)."""
    licence_valid_until: Mapped[date | None]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    def has(self, role: Role) -> bool:
        return role in self.roles or Role.ADMIN in self.roles

    def is_licensed(self, on: date) -> bool:
        return bool(self.licence_no) and (
            self.licence_valid_until is not None and self.licence_valid_until >= on
        )


class UserSession(Base):
    """A person's sign-in; only a hash of the cookie's token is kept."""

    __tablename__ = "user_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Invitation(Base):
    """A one-time link by which a person sets the first password (first start: the admin's)."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiKey(Base):
    """A machine's key; shown once, kept as a hash."""

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    roles: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class LoginFailure(Base):
    """Wrong passwords and wrong owner codes: ten lock for 15 minutes."""

    __tablename__ = "login_failure"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(80), index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class DecisionKind(StrEnum):
    ESCALATE = "escalate"
    REJECT = "reject"


class Decision(Base):
    """One officer's word on one event. Escalation needs two, of two licensed officers (L08)."""

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("event_id", "officer_id"),
        CheckConstraint(
            "kind <> 'escalate' OR (is_true AND is_clear AND is_complete AND is_accurate "
            "AND obstruction)",
            name="escalate_needs_all_ticks",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    kind: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(300), default="")
    is_true: Mapped[bool] = mapped_column(default=False)
    is_clear: Mapped[bool] = mapped_column(default=False)
    is_complete: Mapped[bool] = mapped_column(default=False)
    is_accurate: Mapped[bool] = mapped_column(default=False)
    obstruction: Mapped[bool] = mapped_column(default=False)
    obstruction_reason: Mapped[str] = mapped_column(String(300), default="")
    licence_no: Mapped[str] = mapped_column(String(40))
    decided_at: Mapped[datetime]


class StatementStatus(StrEnum):
    OPEN = "open"
    UPHELD = "upheld"
    NOT_UPHELD = "not_upheld"


class Statement(Base):
    """陈述申辩. Blocks escalation while open; can only ever soften (L11)."""

    __tablename__ = "statement"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    text: Mapped[str] = mapped_column(String(2000))
    channel: Mapped[str] = mapped_column(String(12), default="web")
    """web | sms | phone | counter"""
    received_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(12), default=StatementStatus.OPEN)
    answer: Mapped[str] = mapped_column(String(2000), default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
