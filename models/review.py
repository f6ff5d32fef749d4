"""Officers: the queue, the evidence pack and the decision (signatures first; bodies follow)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from models.event import Event
from models.people import DecisionKind, User
from models.policy import Policy


class RejectReason(StrEnum):
    """A21: mandatory, counted as the error of the machine or the rule."""

    NOT_AN_OFFENCE = "NOT_AN_OFFENCE"
    NO_OBSTRUCTION = "NO_OBSTRUCTION"
    UNCLEAR_EVIDENCE = "UNCLEAR_EVIDENCE"
    PLATE_MISREAD = "PLATE_MISREAD"
    LEGAL_BAY = "LEGAL_BAY"
    EMERGENCY = "EMERGENCY"
    MINOR = "MINOR"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class DecisionInput:
    kind: DecisionKind
    reason: str = ""
    reason_code: RejectReason | None = None
    """Mandatory for a rejection."""
    is_true: bool = False
    is_clear: bool = False
    is_complete: bool = False
    is_accurate: bool = False
    obstruction: bool = False
    obstruction_reason: str = ""


@dataclass(frozen=True, slots=True)
class PackStatus:
    missing: tuple[str, ...]
    """Codes: E1, E3, E4, E6, E3_TOO_SOON, E6_TOO_SOON, ..."""
    notes: tuple[str, ...]
    """What an officer should know: gap_during_grace, moved, ..."""

    @property
    def complete(self) -> bool:
        return not self.missing


@dataclass(frozen=True, slots=True)
class QueueItem:
    event: Event
    due_at: datetime | None
    """When this state times out."""
    decided_by: tuple[int, ...]
    """Officers (user ids) who have already signed for escalation."""
    open_statements: int


def queue(
    session: Session,
    *,
    states: Sequence[str] = (),
    area_id: int | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[QueueItem]:
    raise NotImplementedError


def pack_status(session: Session, event: Event, *, policy: Policy | None = None) -> PackStatus:
    raise NotImplementedError


def decide(
    session: Session,
    event: Event,
    user: User,
    decision: DecisionInput,
    *,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    """The event moves to ESCALATED only with the second officer's signature."""
    raise NotImplementedError
