"""What comes near the two years after which nothing is punished (L19, 行政处罚法 art. 36).

A list to warn by, not a limit: the flow and the hand-over refuse what is too old themselves. What
is decided, or ended otherwise, is not on it; nor is a gathering, in which nobody is accused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from models import deadlines
from models.case import Case
from models.event import Event, EventState, FlowName
from models.penalty import PenaltyHandover
from models.policy import Policy
from models.states import ENDED

YEARS = 2


class WaitsFor(StrEnum):
    """What has not happened yet."""

    FINDING = "FINDING"
    """two officers, or an order"""
    HANDOVER = "HANDOVER"
    DECISION = "DECISION"
    """by the authority, outside this system"""
    CASE = "CASE"
    """of what hung or was posted: to be closed"""


@dataclass(frozen=True, slots=True)
class Ageing:
    """One event near the end of its two years, or past it."""

    event: Event
    case_no: str | None
    waits_for: WaitsFor
    until: datetime
    """When two years have passed since it was first seen (local calendar)."""
    is_over: bool


def ageing(session: Session, *, policy: Policy, at: datetime, limit: int = 100) -> Sequence[Ageing]:
    """Every event that is not decided and whose two years end within the city's warning time, or
    have ended; the oldest first."""
    warn_from = at + timedelta(days=policy.two_years_warn_days)
    # Two years are never shorter than this; the calendar's own word is asked below.
    born_before = warn_from - timedelta(days=365 * YEARS)
    undecided = and_(PenaltyHandover.event_id.is_not(None), PenaltyHandover.decided_at.is_(None))
    unclosed = and_(
        PenaltyHandover.event_id.is_(None), Case.id.is_not(None), Case.closed_at.is_(None),
        Case.ended_at.is_(None),
    )  # fmt: skip
    query = (
        select(Event, PenaltyHandover, Case.case_no)
        .outerjoin(PenaltyHandover, PenaltyHandover.event_id == Event.id)
        .outerjoin(Case, Case.event_id == Event.id)
        .where(
            Event.flow != FlowName.CROWD,
            Event.purged_at.is_(None),
            Event.first_seen_at <= born_before,
            or_(
                Event.state.not_in(sorted(ENDED)),
                and_(Event.state == EventState.ESCALATED, or_(undecided, unclosed)),
            ),
        )
        .order_by(Event.first_seen_at, Event.id)
        .limit(limit)
    )
    return [
        Ageing(event, case_no, _waits_for(event, row), until, at >= until)
        for event, row, case_no in session.execute(query)
        if (until := deadlines.years_later(event.first_seen_at, YEARS)) <= warn_from
    ]


def _waits_for(event: Event, handover: PenaltyHandover | None) -> WaitsFor:
    if event.state != EventState.ESCALATED:
        return WaitsFor.FINDING
    if handover is None:
        return WaitsFor.CASE
    return WaitsFor.HANDOVER if handover.exported_at is None else WaitsFor.DECISION
