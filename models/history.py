"""What is known of earlier events of the same vehicle, for the officer who decides (L04).

Only what stands in our own record, only within a year, and only as numbers: no places and no
times, so that nobody's ways can be followed (L62).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.event import Event, EventState
from models.retention import same_plate

HISTORY_DAYS = 365
"""So long a plate's keyed hash is kept (domain.md 3.6)."""


@dataclass(frozen=True, slots=True)
class History:
    """Earlier events of the plate in the year before this one was flagged."""

    left_in_time: int
    """Reminded, and left: not punished, and nothing against anybody (L04)."""
    escalated: int
    """Found by two officers, and not voided since."""
    first_time: bool
    """处罚法 art. 33(1) 初次违法: no earlier finding. Who left in time is still at the first."""

    def as_json(self) -> dict[str, int | bool]:
        return asdict(self)


def history_of(session: Session, event: Event) -> History | None:
    """None where the plate is not known: then nobody can say, and nothing is said."""
    if event.plate is None:
        return None
    past = session.scalars(
        select(Event.state).where(
            same_plate(event.plate),
            Event.id != event.id,
            Event.flagged_at < event.flagged_at,
            Event.flagged_at >= event.flagged_at - timedelta(days=HISTORY_DAYS),
        )
    ).all()
    escalated = past.count(EventState.ESCALATED)
    return History(past.count(EventState.LEFT_IN_TIME), escalated, first_time=escalated == 0)
