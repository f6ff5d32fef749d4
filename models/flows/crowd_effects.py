"""Effects of the crowd flow: deadlines, calls, numbers. Nobody in the crowd is ever written to."""

from __future__ import annotations

from datetime import timedelta

from models import deadlines
from models.crowd_calls import call_next
from models.event import DeadlineKind
from models.flow import Step
from models.flows.crowd_guards import round_of, view


def note_people(step: Step) -> None:
    """The number that this step stands on."""
    seen = view(step)
    count = seen.latest
    if count is not None:
        step.facts["people"] = count.people
        step.facts["threshold"] = seen.limit(count)
    if seen.permit is not None:
        step.facts["permit"] = seen.permit.document


def begin_alarm(step: Step) -> None:
    """The alarm's own numbers are kept on the event."""
    note_people(step)
    step.event.confirmed_at = step.at
    step.event.flagged_at = min(step.event.flagged_at, step.at)


def call_responders(step: Step) -> None:
    """C4: at once, no grace: the first responder has two minutes, then the next is called."""
    event, policy, seen = step.event, step.policy, view(step)
    count = seen.latest or seen.manual
    event.measured = {
        **event.measured,
        "falling_from": seen.people,
        "called_over": None if count is None else seen.limit(count),
        "falling_since": step.at.isoformat(),
    }
    for kind, seconds in (
        (DeadlineKind.NO_RESPONDER, policy.crowd_no_responder_seconds),
        (DeadlineKind.NOT_FALLING, policy.crowd_falling_seconds),
        (DeadlineKind.ARRIVE, policy.crowd_arrive_seconds),
    ):
        deadlines.promise(step.session, event, kind, step.at + timedelta(seconds=seconds))
    call = call_next(step.session, event, round_of(step), policy=policy, at=step.at)
    step.facts["called"] = None if call is None else call.responder_id


def note_arrival(step: Step) -> None:
    """C5: nobody else need be called, and nobody is late any more."""
    kinds = (DeadlineKind.ANSWER, DeadlineKind.NO_RESPONDER, DeadlineKind.ARRIVE)
    deadlines.fulfil(step.session, step.event, kinds, at=step.at, result=step.transition.target)


def stop_waiting(step: Step) -> None:
    """C7: the district command leads; calls and time limits are theirs from now on."""
    kinds = (
        DeadlineKind.ANSWER, DeadlineKind.NO_RESPONDER, DeadlineKind.ARRIVE,
        DeadlineKind.NOT_FALLING,
    )  # fmt: skip
    deadlines.fulfil(step.session, step.event, kinds, at=step.at, result=step.transition.target)


def end_gathering(step: Step) -> None:
    """It is over: nothing is waited for but a new alarm within a quarter of an hour (C9)."""
    event = step.event
    event.ended_at = step.at
    event.gone_at = step.at
    event.outcome = step.reason
    deadlines.fulfil_all(step.session, event, at=step.at, result=step.transition.target)
    due = step.at + timedelta(seconds=step.policy.crowd_reopen_seconds)
    deadlines.promise(step.session, event, DeadlineKind.REOPEN, due)


def reopen(step: Step) -> None:
    """C9: the same event again, with a new round of calls."""
    event = step.event
    event.ended_at = event.gone_at = event.outcome = None
    event.measured = {**event.measured, "round": round_of(step) + 1}
    kinds = (DeadlineKind.REOPEN,)
    deadlines.fulfil(step.session, event, kinds, at=step.at, result=step.transition.target)
    due = step.at + timedelta(days=step.policy.open_limit_days)
    deadlines.promise(step.session, event, DeadlineKind.OPEN_LIMIT, due)
    begin_alarm(step)
