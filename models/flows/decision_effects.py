"""Effects of the officers' decision beyond the event itself."""

from __future__ import annotations

from models.flow import Step
from models.handover import open_handover, stop_handover


def start_handover(step: Step) -> None:
    """L16: established by two officers; the ninety days of the penalty file run from here."""
    open_handover(step.session, step.event, at=step.at)


def end_handover(step: Step) -> None:
    """A24: voided, and with it the ninety days."""
    stop_handover(step.session, step.event, at=step.at)
