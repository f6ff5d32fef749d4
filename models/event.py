"""The event (one violation episode), its log, its deadlines and what its camera saw of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.camera import Camera
from models.states import ENDED, TERMINAL, EventState
from models.zone import Zone, ZoneVersion

__all__ = [
    "TERMINAL",
    "ActorKind",
    "Deadline",
    "DeadlineKind",
    "Event",
    "EventState",
    "FlowName",
    "TransitionLog",
    "WatchSpan",
]


class FlowName(StrEnum):
    """Which table of transitions an event moves along (domain.md 4.2 to 4.4)."""

    PARKING = "parking"
    HANGING = "hanging"
    POSTER = "poster"
    CROWD = "crowd"


class ActorKind(StrEnum):
    SYSTEM = "SYSTEM"
    OFFICER = "OFFICER"
    OPERATOR = "OPERATOR"
    OWNER = "OWNER"
    GATEWAY = "GATEWAY"
    SENSOR = "SENSOR"


class Event(Base):
    """One episode of one violation: a vehicle's stay in an enforcement area, something hung or
    posted in front of a door, or a gathering. Only a parking event has a plate."""

    __tablename__ = "event"
    __table_args__ = (
        # Invariant 3: at most one open event per (plate, area). `open_plate_key` is
        # "<area_id>:<plate>" while the event is open and the plate known, else null.
        UniqueConstraint("open_plate_key"),
        Index("ix_event_state_flagged", "state", "flagged_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_no: Mapped[str] = mapped_column(String(24), unique=True)
    """Official number: city prefix, month and day, running number: HZ1122-0031."""
    query_no: Mapped[str] = mapped_column(String(8), unique=True)
    """Short public number printed in the notice (Crockford base 32)."""
    query_code: Mapped[str] = mapped_column(String(8))
    """Secret that goes with it on the owner's page; printed in the notice only."""
    flow: Mapped[str] = mapped_column(String(20), default=FlowName.PARKING)
    state: Mapped[str] = mapped_column(String(24), default=EventState.CANDIDATE)
    version: Mapped[int] = mapped_column(default=0)
    """Optimistic lock: one more at every transition."""
    type_code: Mapped[str] = mapped_column(String(8), default="0505")
    source_category: Mapped[str] = mapped_column(String(16), default="AI_DETECTION")

    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"), index=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zone.id"), index=True)
    zone_version_id: Mapped[int] = mapped_column(ForeignKey("zone_version.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("enforcement_area.id"), index=True)
    object_kind: Mapped[str] = mapped_column(String(20))
    box: Mapped[list[Any]]
    """x1, y1, x2, y2 in 0..1 at flagging."""

    first_seen_at: Mapped[datetime]
    flagged_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    """Last clear sighting of the vehicle in the area: decides W09 and W10."""
    gone_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    notified_at: Mapped[datetime | None]
    """When the notice was delivered (or accepted, by policy): the seven minutes start here."""
    grace_policy: Mapped[str] = mapped_column(String(12), default="delivered")
    """delivered | accepted | paper: what started the clock, shown on the event."""
    grace_deadline_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(40))
    """Reason code of the end: MINOR_CORRECTED, OTHER_VEHICLE, NO_CLEAR_VIEW, ..."""

    plate: Mapped[str | None] = mapped_column(String(12), index=True)
    plate_colour: Mapped[str | None] = mapped_column(String(10))
    plate_kind: Mapped[str | None] = mapped_column(String(20))
    plate_original: Mapped[str | None] = mapped_column(String(12))
    """What the machine read, where an officer corrected it (A8)."""
    open_plate_key: Mapped[str | None] = mapped_column(String(40))
    plate_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    """What is left of the plate after the retention period: its keyed hash, for a year (3.6)."""
    purged_at: Mapped[datetime | None]
    """When its pictures, plate and readings were deleted (models.retention)."""
    measured: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Every number that led here: dwell, samples seen and missed, confidences, plate vote, model
    name and sha256, software and rule version, thresholds (B19)."""
    flags: Mapped[list[Any]] = mapped_column(default=list)
    """Codes an officer should know: gap_during_grace, repeat_reminder, moved, misread, ..."""
    master_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))
    returned_of_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))
    confirm_gates: Mapped[list[Any]] = mapped_column(default=list)
    """[{"gate", "passed", "measured", "needed"}] of A7, shown on the event."""
    party_id: Mapped[int | None] = mapped_column(ForeignKey("responsible_party.id"), index=True)
    """Who answers for the frontage (门前三包); only hanging and poster events have one."""
    created_at: Mapped[datetime]

    camera: Mapped[Camera] = relationship()
    zone: Mapped[Zone] = relationship()
    zone_version: Mapped[ZoneVersion] = relationship()

    @property
    def is_open(self) -> bool:
        return self.state not in ENDED


class TransitionLog(Base):
    """One row a step, append-only: replaying it rebuilds the state (invariant 7)."""

    __tablename__ = "transition_log"
    __table_args__ = (UniqueConstraint("subject_kind", "command_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(12), default="event")
    subject_id: Mapped[int] = mapped_column(index=True)
    transition: Mapped[str] = mapped_column(String(8))
    """Row of the flow table: A3, A14, ..."""
    from_state: Mapped[str | None] = mapped_column(String(24))
    to_state: Mapped[str] = mapped_column(String(24))
    trigger: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor_id: Mapped[str] = mapped_column(String(40), default="")
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(60), default="")
    evidence_ids: Mapped[list[Any]] = mapped_column(default=list)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    command_id: Mapped[str] = mapped_column(String(80))


class DeadlineKind(StrEnum):
    CONFIRM = "confirm"
    DUTY = "duty"
    """Half an hour in which an official vehicle is taken to be on duty (W23)."""
    SMS_SUBMIT = "sms_submit"
    DLR = "dlr"
    GRACE = "grace"
    RECHECK = "recheck"
    """End of the re-check window; the sweep also samples while it is open."""
    REVIEW_SOFT = "review_soft"
    REVIEW_HARD = "review_hard"
    RETURN_WATCH = "return_watch"
    PATROL = "patrol"
    OPEN_LIMIT = "open_limit"
    """30 days: every event ends (invariant 4)."""
    ORDER = "order"
    """End of the period of a formal order (B7)."""
    ORDER_CHECK = "order_check"
    """Until when somebody must have looked whether an order was followed (B8)."""
    ANSWER = "answer"
    """Two minutes in which the responder called last must answer (C4)."""
    NO_RESPONDER = "no_responder"
    """Five minutes in which any responder must have answered (C7)."""
    NOT_FALLING = "not_falling"
    """Ten minutes in which a gathering must have fallen by a tenth (C7)."""
    ARRIVE = "arrive"
    """Seven minutes until the first responder should be on site (C5)."""
    REOPEN = "reopen"
    """Fifteen minutes in which a new alarm is the same event (C9)."""
    CASE_STEP = "case_step"
    """Until when a case must have left the step it is in."""
    APPEAL = "appeal"
    """Five work days to answer the oldest open statement (L40)."""
    VOID_GROUND = "void_ground"
    """Three work days to cancel what a verified ground cancels (L39)."""
    DECIDE_60 = "decide_60"
    """L16: ninety days from the filing, with reminders at day 60 and 80."""
    DECIDE_80 = "decide_80"
    DECIDE_90 = "decide_90"
    SERVICE = "service"
    """Seven work days to serve a decision (L17)."""


class Deadline(Base):
    """A promise about the future. Absolute UTC, one per subject and kind; never moved earlier."""

    __tablename__ = "deadline"
    __table_args__ = (
        UniqueConstraint("subject_kind", "subject_id", "kind"),
        Index(
            "ix_deadline_due",
            "due_at",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(12), default="event")
    subject_id: Mapped[int] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(20))
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    result: Mapped[str | None] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(default=0)


class WatchSpan(Base):
    """Looks of one open event with the same answer and no gap between them, run-length coded.

    A gap in the looks (more than `max_gap_seconds` of the policy) always starts a new span, so a
    span's length is time really seen; what lies between spans counts for nothing.
    """

    __tablename__ = "watch_span"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    camera_id: Mapped[int] = mapped_column(ForeignKey("camera.id"))
    answer: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(40), default="")
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    looks: Mapped[int] = mapped_column(default=1)
    plate: Mapped[str | None] = mapped_column(String(12))
    plate_confidence: Mapped[float | None]
    similarity: Mapped[float | None]
    box: Mapped[list[Any] | None]
