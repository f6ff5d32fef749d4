"""Judging again: after looks, and when a deadline is due (design.md 2, steps 8 and 9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from models import crowd_cases, deadlines, promises
from models.case import Case
from models.errors import FlowRefused
from models.event import Deadline, DeadlineKind, Event, EventState, FlowName
from models.flow import SUBJECT_CASE, SUBJECT_EVENT, SYSTEM, choose, fire
from models.flows import texts
from models.flows.tables import flow_of
from models.looks import add_flag, lock, look_back
from models.policy import Policy
from models.states import CrowdState, PlaceState

S = EventState
P = PlaceState
Action: TypeAlias = Callable[[Session, Event, Policy, datetime], None]

QUESTIONS: dict[str, tuple[str, ...]] = {
    S.EXEMPT_PENDING: ("zone_lifted", "absent", "hours_over"),
    S.CONFIRM_PENDING: ("zone_lifted", "absent", "hours_over"),
    S.CONFIRMED: ("zone_lifted", "absent", "hours_over"),
    S.PATROL_ASSIGNED: ("zone_lifted", "absent", "hours_over"),
    S.GRACE: ("zone_lifted", "absent", "hours_over", "grace_over"),
    S.RECHECK: ("zone_lifted", "absent", "hours_over", "present", "recheck_over"),
    S.STAYED: ("review",),
}
"""What is asked of a vehicle's event in each state, most favourable first."""

PLACE_QUESTIONS: dict[str, tuple[str, ...]] = {
    P.CONFIRM_PENDING: ("zone_lifted", "absent", "hours_over"),
    P.OWNER_LOOKUP: ("zone_lifted", "absent", "hours_over"),
    P.NOTICE_PENDING: ("zone_lifted", "absent", "hours_over"),
    P.DISPATCHED: ("zone_lifted", "absent", "hours_over"),
    P.REMINDED: ("zone_lifted", "absent", "hours_over", "grace_over"),
    P.RECHECK: ("zone_lifted", "absent", "hours_over", "present", "recheck_over"),
    P.NOT_RECTIFIED: ("absent",),
    P.REVIEW_PENDING: ("absent",),
    P.FORMAL_ORDER: ("absent", "order_over"),
    P.ORDER_CHECK: ("absent", "order_check_over"),
}
"""The same of what hangs or is posted: taken down late is still corrected (B5)."""

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
    by_state = QUESTIONS if event.flow == FlowName.PARKING else PLACE_QUESTIONS
    questions = by_state.get(event.state, ())
    if not questions or event.flow == FlowName.CROWD:
        return False
    flow = flow_of(event)
    inputs = {"watch": look_back(session, event, policy)}
    for trigger in questions:
        try:
            choose(session, flow, event, trigger, actor=SYSTEM, at=at, policy=policy, inputs=inputs)
        except FlowRefused:
            continue
        fire(
            session, flow, event, trigger, actor=SYSTEM, at=at, policy=policy, inputs=inputs,
            command_id=f"judge:{event.id}:{event.version}:{trigger}",
        )  # fmt: skip
        return True
    return False


def expire(session: Session, deadline_id: int, *, policy: Policy, at: datetime) -> Event | None:
    """Take one due deadline under its lock, judge the event again, apply, mark the row done.

    Returns the event, or None where another sweeper holds the row, it is done, or it was moved
    later since the sweep listed it; and for a deadline of a case, which only marks it overdue.
    """
    if _expire_case(session, deadline_id, at=at):
        return None
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


def _expire_case(session: Session, deadline_id: int, *, at: datetime) -> bool:
    """Whether this is a case's deadline; one that is due marks its case overdue."""
    session.flush()
    row = session.scalar(
        select(Deadline)
        .where(Deadline.id == deadline_id, Deadline.subject_kind == SUBJECT_CASE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if row is None:
        return False
    if row.done_at is None and row.due_at <= at:
        case = session.get_one(Case, row.subject_id)
        flag = _CASE_FLAGS.get(row.kind, "overdue")
        if (case.is_open or row.kind in _CASE_FLAGS) and flag not in case.flags:
            case.flags = [*case.flags, flag]
        row.attempts += 1
        row.done_at, row.result = at, "OVERDUE"
    return True


def _take(session: Session, deadline_id: int) -> tuple[Event | None, Deadline | None]:
    """Lock the event, then its deadline. In this order everywhere, so that a sweep and a look
    cannot wait for each other; what another sweeper holds is skipped."""
    session.flush()
    event = session.scalar(
        select(Event)
        .join(
            Deadline,
            and_(
                Deadline.subject_id == Event.id,
                Deadline.subject_kind == SUBJECT_EVENT,
                Deadline.id == deadline_id,
            ),
        )
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


def _step(trigger: str, *states: str) -> Action:
    """An action that fires one trigger, if the event is (still) in a state that waits for it."""

    def act(session: Session, event: Event, policy: Policy, at: datetime) -> None:
        waits = event.state in states if states else event.is_open
        if waits:
            is_crowd = event.flow == FlowName.CROWD
            inputs = {} if is_crowd else {"watch": look_back(session, event, policy)}
            fire(
                session, flow_of(event), event, trigger, actor=SYSTEM, at=at,
                command_id=f"due:{event.id}:{event.version}:{trigger}", policy=policy,
                inputs=inputs,
            )  # fmt: skip

    return act


def _judge(*states: str) -> Action:
    """Judge; where nothing can be decided yet (a policy was changed), ask again later."""

    def act(session: Session, event: Event, policy: Policy, at: datetime) -> None:
        judge_watch(session, event, policy=policy, at=at)
        if event.state in states:
            raise FlowRefused(f"event {event.event_no} stays in {event.state}")

    return act


def _after_looks(action: Action) -> Action:
    """First what the cameras saw (gone?), then the clock."""

    def act(session: Session, event: Event, policy: Policy, at: datetime) -> None:
        judge_watch(session, event, policy=policy, at=at)
        action(session, event, policy, at)

    return act


def _give_up_notice(reason: str) -> Action:
    def act(session: Session, event: Event, policy: Policy, at: datetime) -> None:
        notice = texts.first_notice(session, event)
        if notice is not None:
            promises.notice_failed(session, notice, reason=reason, policy=policy, at=at)

    return act


def _remind(_session: Session, event: Event, _policy: Policy, _at: datetime) -> None:
    """W41: a day without a decision is shown to the team's leader."""
    if event.state in (S.REVIEW_PENDING, P.NOT_RECTIFIED):
        add_flag(event, "review_overdue")


def _nothing(_session: Session, _event: Event, _policy: Policy, _at: datetime) -> None:
    """The row only says until when something is remembered."""


_CASE_FLAGS: dict[str, str] = {
    DeadlineKind.DECIDE_60: "decide_day_60",
    DeadlineKind.DECIDE_80: "decide_day_80",
    DeadlineKind.DECIDE_90: "decide_overdue",
    DeadlineKind.SERVICE: "service_overdue",
}
"""Limits of the penalty file (L16, L17), shown on its case, also when that is closed."""


def _flagging(flag: str) -> Action:
    """A limit that nobody kept is shown to the team's leader; the event stays where it is."""

    def act(_session: Session, event: Event, _policy: Policy, _at: datetime) -> None:
        add_flag(event, flag)

    return act


def _late(_session: Session, event: Event, _policy: Policy, _at: datetime) -> None:
    """C5: seven minutes without an arrival are shown; the event goes on."""
    if event.state == CrowdState.DISPATCHED:
        add_flag(event, "late_arrival")


def _no_answer(session: Session, event: Event, policy: Policy, at: datetime) -> None:
    crowd_cases.no_answer(session, event, policy=policy, at=at)


def _not_falling(session: Session, event: Event, policy: Policy, at: datetime) -> None:
    crowd_cases.judge_falling(session, event, policy=policy, at=at)


_ACTIONS: dict[DeadlineKind, Action] = {
    DeadlineKind.DUTY: _after_looks(_step("duty_over", S.EXEMPT_PENDING)),
    DeadlineKind.CONFIRM: _after_looks(_step("confirm_timeout", S.CONFIRM_PENDING)),
    DeadlineKind.SMS_SUBMIT: _give_up_notice("NOT_ACCEPTED"),
    DeadlineKind.DLR: _give_up_notice("NO_RECEIPT"),
    DeadlineKind.GRACE: _judge(S.GRACE, P.REMINDED),
    DeadlineKind.RECHECK: _judge(S.RECHECK),
    DeadlineKind.REVIEW_SOFT: _remind,
    DeadlineKind.REVIEW_HARD: _step("review_expired", S.REVIEW_PENDING, P.NOT_RECTIFIED),
    DeadlineKind.RETURN_WATCH: _nothing,
    DeadlineKind.PATROL: _after_looks(_step("patrol_over", S.PATROL_ASSIGNED, P.DISPATCHED)),
    DeadlineKind.OPEN_LIMIT: _step("open_limit"),
    DeadlineKind.ORDER: _judge(P.FORMAL_ORDER),
    DeadlineKind.ORDER_CHECK: _judge(P.ORDER_CHECK),
    DeadlineKind.ANSWER: _no_answer,
    DeadlineKind.NO_RESPONDER: _step("no_responder", CrowdState.DISPATCHED),
    DeadlineKind.NOT_FALLING: _not_falling,
    DeadlineKind.ARRIVE: _late,
    DeadlineKind.REOPEN: _nothing,
    DeadlineKind.CASE_STEP: _nothing,
    DeadlineKind.APPEAL: _flagging("statement_overdue"),
    DeadlineKind.VOID_GROUND: _flagging("void_overdue"),
    DeadlineKind.DECIDE_60: _nothing,
    DeadlineKind.DECIDE_80: _nothing,
    DeadlineKind.DECIDE_90: _nothing,
    DeadlineKind.SERVICE: _nothing,
}


def due_deadlines(session: Session, at: datetime, limit: int = 100) -> list[Deadline]:
    """Candidates for one pass of the sweep, longest overdue first."""
    return deadlines.due_deadlines(session, at, limit)
