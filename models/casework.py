"""What the pipeline and the API ask of an event (signatures first; bodies follow)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models.event import Deadline, Event, WatchSpan
from models.evidence import Evidence
from models.flow import Actor
from models.notice import Notice
from models.people import User
from models.policy import Policy
from models.zone import Zone, ZoneVersion


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A vehicle that stood longer than the dwell (what a Sighting becomes)."""

    camera_id: int
    zone: Zone
    zone_version: ZoneVersion
    object_kind: str
    box: Sequence[float]
    first_seen_at: datetime
    flagged_at: datetime
    last_seen_at: datetime
    command_id: str
    plate: str | None = None
    plate_colour: str | None = None
    plate_kind: str | None = None
    measured: Mapping[str, Any] = field(default_factory=dict[str, Any])
    flags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    phone: str
    """E.164"""
    language: str = "zh"
    authorised: bool = True
    """False: a company or rental contact that has not agreed to be written to (W19)."""


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What the gates of A7 measure."""

    confident_share: float
    """Share of looks in the dwell with a detection confidence of 0.80 or more."""
    confidence_mean: float
    plate_valid: bool
    """The text fits the grammar of domain.md 2.6."""
    plate_confidence: float
    plate_equal_reads: int
    province_confidence: float
    colour_agrees: bool
    """The plate's colour agrees with its kind."""
    registry_found: bool
    registry_contradicts: bool
    """Body colour or class in the registry is not what the camera saw."""
    contact_found: bool
    plates_disagree: bool = False
    """Front and rear plates differ (W07)."""
    clone_suspected: bool = False
    exemption: str = ""
    """Reason code of a valid whitelist entry or proven duty (A5, W24, W25)."""


def open_event(session: Session, new: NewEvent, *, policy: Policy, at: datetime) -> Event:
    raise NotImplementedError


def judge_gates(
    session: Session,
    event: Event,
    facts: GateFacts,
    *,
    policy: Policy,
    at: datetime,
    command_id: str,
) -> Event:
    raise NotImplementedError


def prepare_notice(
    session: Session,
    event: Event,
    contact: Contact | None,
    *,
    policy: Policy,
    at: datetime,
    command_id: str,
) -> Event:
    raise NotImplementedError


def confirm_by_officer(
    session: Session,
    event: Event,
    user: User,
    *,
    plate: str | None,
    contact: Contact | None,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
    plate_colour: str | None = None,
    plate_kind: str | None = None,
) -> Event:
    raise NotImplementedError


def discard_by_officer(
    session: Session,
    event: Event,
    user: User,
    *,
    reason: str,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    raise NotImplementedError


def send_patrol(
    session: Session,
    event: Event,
    user: User,
    *,
    reason: str,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    raise NotImplementedError


def paper_notice(
    session: Session,
    event: Event,
    user: User,
    evidence: Evidence,
    *,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    raise NotImplementedError


def void(
    session: Session,
    event: Event,
    actor: Actor,
    *,
    reason: str,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    raise NotImplementedError


def record_tow(
    session: Session,
    event: Event,
    user: User,
    *,
    reference: str,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    raise NotImplementedError


def transfer(
    session: Session,
    event: Event,
    user: User,
    *,
    reason: str,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    raise NotImplementedError


def permit_parking(
    session: Session, zone: Zone, actor: Actor, *, policy: Policy, at: datetime, command_id: str
) -> list[Event]:
    """W30: from now on parking is legal in this zone; its open events end in favour."""
    raise NotImplementedError


def zone_changed(
    session: Session, zone: Zone, *, policy: Policy, at: datetime, command_id: str
) -> list[Event]:
    """W31: after a new version or the end of a zone; returns the events that ended by it."""
    raise NotImplementedError


def notice_accepted(session: Session, notice: Notice, *, policy: Policy, at: datetime) -> Event:
    raise NotImplementedError


def notice_delivered(
    session: Session, notice: Notice, *, at: datetime, reported_at: datetime | None, policy: Policy
) -> Event:
    raise NotImplementedError


def notice_failed(
    session: Session, notice: Notice, *, reason: str, policy: Policy, at: datetime
) -> Event:
    raise NotImplementedError


def add_look(
    session: Session,
    event: Event,
    *,
    camera_id: int,
    answer: str,
    reason: str,
    at: datetime,
    plate: str | None,
    plate_confidence: float | None,
    similarity: float | None,
    box: Sequence[float] | None,
    policy: Policy,
) -> WatchSpan | None:
    """None where the event has ended: nothing is recorded about it any more."""
    raise NotImplementedError


def judge_watch(session: Session, event: Event, *, policy: Policy, at: datetime) -> Event:
    raise NotImplementedError


def due_deadlines(session: Session, at: datetime, limit: int = 100) -> list[Deadline]:
    raise NotImplementedError


def expire(session: Session, deadline_id: int, *, policy: Policy, at: datetime) -> Event | None:
    """None where another sweeper holds the row or nothing is due any more."""
    raise NotImplementedError


def open_watches(session: Session, camera_id: int) -> list[Event]:
    raise NotImplementedError


def sampling_from(event: Event, policy: Policy) -> datetime | None:
    """From when on E4 and E6 may be taken: the deadline plus `recheck_delay_seconds`."""
    raise NotImplementedError
