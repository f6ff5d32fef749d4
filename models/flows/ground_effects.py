"""Effects about where it happened: exemptions and the half hour of an official vehicle (W23)."""

from __future__ import annotations

from datetime import timedelta

from models import deadlines
from models.event import DeadlineKind
from models.exemptions import Exemption
from models.flow import Step


def note_exemption(step: Step) -> None:
    """A5: the log says by which entry; the list says the rest."""
    entry = step.inputs.get("entry")
    if isinstance(entry, Exemption):
        step.facts["exemption_id"] = entry.id
        step.facts["exemption_document"] = entry.document


def wait_for_duty(step: Step) -> None:
    """W23: no text, and nobody is asked before half an hour has gone by."""
    due = step.event.flagged_at + timedelta(seconds=step.policy.duty_seconds)
    deadlines.promise(step.session, step.event, DeadlineKind.DUTY, due)


def end_duty(step: Step) -> None:
    """An officer is asked whether it is on duty."""
    deadlines.fulfil(
        step.session, step.event, [DeadlineKind.DUTY], at=step.at, result=step.transition.target
    )
