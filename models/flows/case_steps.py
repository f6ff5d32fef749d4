"""Effects of the case's own rows: who, when, and until when."""

from __future__ import annotations

from datetime import datetime

from models import deadlines
from models.case import Case, Loop, LoopMode, UnitRole
from models.case_photos import photos_of
from models.event import DeadlineKind
from models.flow import Step
from models.people import User
from models.policy import Policy


def note_filed(step: Step) -> None:
    """The time limits of 7123 start at filing."""
    step.case.filed_at = step.at
    _start_limit(step, handling_due(step.case, step.policy, step.at))


def note_dispatched(step: Step) -> None:
    step.case.dispatched_at = step.at


def note_handler(step: Step) -> None:
    """Who took the work: somebody else will check it."""
    step.case.handled_by = _user(step).id


def note_report(step: Step) -> None:
    """The lead's report; co-units report for themselves."""
    case = step.case
    case.report = str(step.inputs["report"]).strip()
    case.handled_by = _user(step).id
    for unit in case.units:
        if unit.role == UnitRole.LEAD and unit.left_at is None:
            unit.report, unit.reported_at = case.report, step.at


def note_checker(step: Step) -> None:
    step.case.checked_by = _user(step).id


def forget_checks(step: Step) -> None:
    """返工: the next check starts anew."""
    step.facts["checks"] = dict(step.case.checks)
    step.case.checks = {}


def send_unit_away(step: Step) -> None:
    """回退: the wrong unit had it; another one has to be named."""
    for unit in step.case.units:
        if unit.left_at is None:
            unit.left_at = step.at
    step.case.handled_by = None


def note_fixed(step: Step) -> None:
    """I012: one person, one step; the two photos are the check."""
    case = step.case
    case.report = str(step.inputs["report"]).strip()
    case.loop, case.loop_mode = Loop.LIMITED_TIME, LoopMode.FIX_ON_SPOT
    case.handled_by = _user(step).id
    case.filed_at = case.dispatched_at = case.closed_at = step.at
    case.outcome = step.reason
    photos = photos_of(step.session, case.id)
    step.facts["photos"] = {kind: row.sha256 for kind, row in sorted(photos.items())}


def note_closed(step: Step) -> None:
    step.case.closed_at = step.at
    step.case.outcome = step.reason or "CLOSED"
    _stop_limit(step)


def remember_step(step: Step) -> None:
    """挂账: the time does not run meanwhile."""
    step.case.before_suspension = str(step.facts["suspended_from"])
    _stop_limit(step)


def go_on(step: Step) -> None:
    """The limit is counted anew from here; a case does not come back overdue."""
    step.case.before_suspension = None
    _start_limit(step, handling_due(step.case, step.policy, step.at))


def extend_limit(step: Step) -> None:
    """延期: once, by as long again."""
    case = step.case
    case.extended = True
    _start_limit(step, handling_due(case, step.policy, case.due_at or step.at))


def end_case(step: Step) -> None:
    """Nothing is waited for any more."""
    step.case.ended_at = step.at
    step.case.outcome = step.reason or step.case.outcome
    _stop_limit(step)


def handling_due(case: Case, policy: Policy, start: datetime) -> datetime:
    """When the work is to be done: one work day for one unit, three for several (7123); an
    emergency is due at once."""
    if case.loop_mode == LoopMode.EMERGENCY:
        return start
    days = (
        policy.case_coordinated_work_days
        if case.loop == Loop.COORDINATED
        else policy.case_limited_work_days
    )
    return deadlines.add_work_seconds(start, days * deadlines.SECONDS_A_DAY, policy.calendar)


def _start_limit(step: Step, due_at: datetime) -> None:
    step.case.due_at = due_at
    deadlines.promise(step.session, step.case, DeadlineKind.CASE_STEP, due_at)


def _stop_limit(step: Step) -> None:
    step.case.due_at = None
    deadlines.fulfil(
        step.session, step.case, [DeadlineKind.CASE_STEP], at=step.at,
        result=step.transition.target,
    )  # fmt: skip


def _user(step: Step) -> User:
    user = step.inputs.get("user")
    if not isinstance(user, User):
        raise TypeError("guards let only a person pass")
    return user
