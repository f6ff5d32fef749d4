"""Judging again: after looks, and when a deadline is due (design.md 2, steps 8 and 9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from models import deadlines, promises
from models.errors import FlowRefused
from models.event import Deadline, DeadlineKind, Event, EventState
from models.flow import SYSTEM, choose, fire
from models.flows import texts
from models.flows.parking import PARKING
from models.looks import add_flag, lock, look_back
from models.policy import Policy

S = EventState
Action: TypeAlias = Callable[[Session, Event, Policy, datetime], None]

QUESTIONS: dict[str, tuple[str, ...]] = {
    S.CONFIRM_PENDING: ("zone_lifted", "absent"),
    S.CONFIRMED: ("zone_lifted", "absent"),
    S.PATROL_ASSIGNED: ("zone_lifted", "absent"),
    S.GRACE: ("zone_lifted", "absent", "grace_over"),
    S.RECHECK: ("zone_lifted", "absent", "present", "recheck_over"),
    S.STAYED: ("review",),
}
"""What is asked of an event in each state, most favourable first."""

RETRY_SECONDS = 60.0
"""A due row whose step is refused (a policy was changed meanwhile) is asked again so much later."""


def judge_watch(session: Session, event: Event, *, policy: Policy, at: datetime) -> Event:
    """Ask the looks and pictures so far what has become of the event, until nothing moves.

    Called after looks by the intake and again by the sweep, under the event's row lock. `at` is
    the present: the instant of the latest look, or of the sweep.
    """
    lock(session, event)
    while _ask(session, event, policy, at):
        pass
    return event


def _ask(session: Session, event: Event, policy: Policy, at: datetime) -> bool:
    questions = QUESTIONS.get(event.state, ())
    if not questions:
        return False
    inputs = {"watch": look_back(session, event, policy)}
    for trigger in questions:
        try:
            choose(
                session, PARKING, event, trigger, actor=SYSTEM, at=at, policy=policy, inputs=inputs
            )
        except FlowRefused:
            continue
        fire(
            session, PARKING, event, trigger, actor=SYSTEM, at=at, policy=policy, inputs=inputs,
            command_id=f"judge:{event.id}:{event.version}:{trigger}",
        )  # fmt: skip
        return True
    return False


def expire(session: Session, deadline_id: int, *, policy: Policy, at: datetime) -> Event | None:
    """Take one due deadline under its lock, judge the event again, apply, mark the row done.

    Returns the event, or None where another sweeper holds the row, it is done, or it was moved
    later since the sweep listed it.
    """
    event, row = _take(session, deadline_id)
    if event is None or row is None or row.due_at > at:
        return None
    row.attempts += 1
    due_at = row.due_at
    try:
        _ACTIONS[DeadlineKind(row.kind)](session, event, policy, at)
    except FlowRefused as refused:
        row.due_at = at + timedelta(seconds=RETRY_SECONDS)
        row.result = refused.code[:40]
        return event
    if row.done_at is None and row.due_at == due_at:
        row.done_at, row.result = at, event.state
    return event


def _take(session: Session, deadline_id: int) -> tuple[Event | None, Deadline | None]:
    """Lock the event, then its deadline. In this order everywhere, so that a sweep and a look
    cannot wait for each other; what another sweeper holds is skipped."""
    session.flush()
    event = session.scalar(
        select(Event)
        .join(Deadline, and_(Deadline.subject_id == Event.id, Deadline.id == deadline_id))
        .with_for_update(of=Event, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if event is None:
        return None, None
    row = session.scalar(
        select(Deadline)
        .where(Deadline.id == deadline_id, Deadline.done_at.is_(None))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return event, row


def _step(trigger: str, state: EventState | None = None) -> Action:
    """An action that fires one trigger, if the event is (still) in the state that waits for it."""

    def act(session: Session, event: Event, policy: Policy, at: datetime) -> None:
        waits = event.is_open if state is None else event.state == state
        if waits:
            fire(
                session, PARKING, event, trigger, actor=SYSTEM, at=at,
                command_id=f"due:{event.id}:{event.version}:{trigger}", policy=policy,
                inputs={"watch": look_back(session, event, policy)},
            )  # fmt: skip

    return act


def _judge(state: EventState) -> Action:
    """Judge; where nothing can be decided yet (a policy was changed), ask again later."""

    def act(session: Session, event: Event, policy: Policy, at: datetime) -> None:
        judge_watch(session, event, policy=policy, at=at)
        if event.state == state:
            raise FlowRefused(f"event {event.event_no} stays in {state}")

    return act


def _after_looks(action: Action) -> Action:
    """First what the cameras saw (gone?), then the clock."""

    def act(session: Session, event: Event, policy: Policy, at: datetime) -> None:
        judge_watch(session, event, policy=policy, at=at)
        action(session, event, policy, at)

    return act


def _give_up_notice(reason: str) -> Action:
    def act(session: Session, event: Event, policy: Policy, at: datetime) -> None:
        notice = texts.notice_of(session, event, promises.PROMISE)
        if notice is not None:
            promises.notice_failed(session, notice, reason=reason, policy=policy, at=at)

    return act


def _remind(_session: Session, event: Event, _policy: Policy, _at: datetime) -> None:
    """W41: a day without a decision is shown to the team's leader."""
    if event.state == S.REVIEW_PENDING:
        add_flag(event, "review_overdue")


def _nothing(_session: Session, _event: Event, _policy: Policy, _at: datetime) -> None:
    """The row only says until when something is remembered."""


_ACTIONS: dict[DeadlineKind, Action] = {
    DeadlineKind.CONFIRM: _after_looks(_step("confirm_timeout", S.CONFIRM_PENDING)),
    DeadlineKind.SMS_SUBMIT: _give_up_notice("NOT_ACCEPTED"),
    DeadlineKind.DLR: _give_up_notice("NO_RECEIPT"),
    DeadlineKind.GRACE: _judge(S.GRACE),
    DeadlineKind.RECHECK: _judge(S.RECHECK),
    DeadlineKind.REVIEW_SOFT: _remind,
    DeadlineKind.REVIEW_HARD: _step("review_expired", S.REVIEW_PENDING),
    DeadlineKind.RETURN_WATCH: _nothing,
    DeadlineKind.PATROL: _after_looks(_step("patrol_over", S.PATROL_ASSIGNED)),
    DeadlineKind.OPEN_LIMIT: _step("open_limit"),
}


def due_deadlines(session: Session, at: datetime, limit: int = 100) -> list[Deadline]:
    """Candidates for one pass of the sweep, longest overdue first."""
    return deadlines.due_deadlines(session, at, limit)
