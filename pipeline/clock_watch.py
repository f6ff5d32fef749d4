"""Notices when this machine's clock is set (W37): its own steady clock goes on as before.

Camera's clocks are another matter (pipeline.health, L81).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from models.clock_step import give_back
from models.policy import load_policy
from pipeline.logs import get_logger
from pipeline.services import Services

STEP_SECONDS = 1.0
"""domain.md W37: a step of more than a second is written down. NTP slews below that."""

_log = get_logger(__name__)


def steady_seconds() -> float:
    """Seconds that nobody can set; while the machine sleeps they go on where the system can."""
    try:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    except (AttributeError, OSError):  # not Linux
        return time.monotonic()


class ClockWatch:
    """Call `check` before deadlines are judged: a step forward makes them look due too early."""

    def __init__(self, services: Services, seconds: Callable[[], float] = steady_seconds) -> None:
        self._services = services
        self._seconds = seconds
        self._clock_at = services.clock.now()
        self._steady_at = seconds()

    def check(self) -> float:
        """By how many seconds the clock was set since the last time, 0 where it was not.

        A step forward is given back to every running grace. Raises Unavailable while the database
        is away; the step is then found again the next time.
        """
        now, steady = self._services.clock.now(), self._seconds()
        step = (now - self._clock_at).total_seconds() - (steady - self._steady_at)
        if abs(step) <= STEP_SECONDS:
            self._clock_at, self._steady_at = now, steady
            return 0.0
        moved = 0
        if step > 0:
            with self._services.store.begin() as session:
                policy = load_policy(session)
                moved = len(give_back(session, step, policy=policy, at=now))
        self._clock_at, self._steady_at = now, steady
        self._services.metrics.clock_steps.inc()
        _log.warning("the clock was set", seconds=round(step, 3), graces_moved=moved)
        return step
