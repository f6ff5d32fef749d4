"""W37: the machine's clock was set forward, and time that nobody had must be given back.

A promise is an absolute instant. Where the clock jumps ahead by forty seconds, that instant comes
forty seconds early for the owner; the deadline therefore moves later by as much. A step backwards
only lengthens what was promised and needs nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import deadlines
from models.audit_log import record
from models.event import DeadlineKind, Event, EventState
from models.looks import add_flag, lock, window_end
from models.policy import Policy
from models.states import PlaceState

_KIND_OF_STATE = {
    EventState.GRACE: DeadlineKind.GRACE,
    PlaceState.REMINDED: DeadlineKind.GRACE,
    EventState.RECHECK: DeadlineKind.RECHECK,
}
"""What waits in which state. A look may have come before us and ended the grace already; while
the re-check runs, nothing is decided yet. (Both flows call it RECHECK.)"""


def give_back(session: Session, seconds: float, *, policy: Policy, at: datetime) -> list[Event]:
    """Move every running grace later by `seconds`; gives the events it concerned.

    `at` is the time after the step. Steps longer than the re-check window are given back up to
    that window: what they leave unseen ends undetermined anyway (W02, W38).
    """
    lost = timedelta(seconds=min(seconds, policy.recheck_window_seconds))
    if lost <= timedelta(0):
        return []
    running = session.scalars(
        select(Event)
        .where(Event.state.in_(list(_KIND_OF_STATE)), Event.grace_deadline_at > at - lost)
        .order_by(Event.id)
    ).all()
    moved = [event for event in running if _move(session, event, lost, policy, at)]
    if moved:
        record(
            session, at=at, actor="system", action="clock.step",
            details={"seconds": round(seconds, 3), "events": [event.event_no for event in moved]},
        )  # fmt: skip
    return moved


def _move(session: Session, event: Event, lost: timedelta, policy: Policy, at: datetime) -> bool:
    """False where somebody acted while we waited for the row."""
    lock(session, event)
    kind = next((k for state, k in _KIND_OF_STATE.items() if state == event.state), None)
    if kind is None or event.grace_deadline_at is None or event.grace_deadline_at <= at - lost:
        return False
    due = event.grace_deadline_at = deadlines.round_up_second(event.grace_deadline_at + lost)
    if kind == DeadlineKind.RECHECK:
        due = window_end(event, policy) or due
    deadlines.promise(session, event, kind, due)
    add_flag(event, "clock_step")
    return True
