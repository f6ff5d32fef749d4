"""The sweep: finds due deadlines and judges each again, in a transaction of its own.

It only narrows: between the listing and the row lock the car may have left, an officer may have
decided, another sweeper may have been here (design.md 2.9, peers.md 2.7).
"""

from __future__ import annotations

from models import casework
from models.errors import QifenError, StaleVersion, Unavailable
from models.policy import load_policy
from pipeline.clock_watch import ClockWatch
from pipeline.logs import get_logger
from pipeline.services import Services

BATCH = 200
"""Deadlines handled between two looks at the clock; SQLite claims thousands a second."""
_LATE_SECONDS = 5.0

_log = get_logger(__name__)


class Sweep:
    """Handles deadlines. Any number may run, here and on other machines."""

    def __init__(self, services: Services, clock_watch: ClockWatch | None = None) -> None:
        """clock_watch: on a machine whose clock may be set (W37); a replay has none."""
        self._services = services
        self._clock_watch = clock_watch

    def run_once(self) -> int:
        """Handle what is due now. Gives how many deadlines were handled.

        At start this is W38 too: a deadline in the future waits in its row; one that passed
        within the re-check window leads to an immediate re-check; one that passed longer ago ends
        undetermined. Raises Unavailable while the database is away.
        """
        if self._clock_watch is not None:
            self._clock_watch.check()
        now = self._services.clock.now()
        with self._services.store.read() as session:
            due = [(row.id, row.due_at) for row in casework.due_deadlines(session, now, BATCH)]
        handled = 0
        for deadline_id, due_at in due:
            late_seconds = max((now - due_at).total_seconds(), 0.0)
            self._services.metrics.deadline_late.observe(late_seconds)
            handled += self._handle(deadline_id, late_seconds)
        return handled

    def _handle(self, deadline_id: int, late_seconds: float) -> int:
        metrics = self._services.metrics
        try:
            with self._services.store.begin() as session:
                policy = load_policy(session)
                at = self._services.clock.now()
                event = casework.expire(session, deadline_id, policy=policy, at=at)
        except Unavailable:
            raise
        except StaleVersion:
            metrics.deadlines.labels("stale").inc()
            return 0  # somebody else acted at this instant; it is judged again next time
        except QifenError as error:
            metrics.deadlines.labels("refused").inc()
            _log.warning("deadline refused", deadline=deadline_id, error=str(error))
            return 0
        except Exception:
            # One bad row must not stop the promises of all others.
            metrics.errors.labels("sweep").inc()
            _log.exception("deadline failed", deadline=deadline_id)
            return 0
        metrics.deadlines.labels("handled").inc()
        if event is not None and late_seconds > _LATE_SECONDS:
            _log.warning("deadline handled late", number=event.event_no, seconds=late_seconds)
        return 1
