"""陈述申辩: what an owner says, and the officer's answer (L03, L11, W21, W22)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import casework, deadlines
from models.casework import VoidReason
from models.errors import BadInput, Conflict, NotAllowed
from models.event import DeadlineKind, Event, EventState
from models.flows import texts
from models.looks import add_flag, lock
from models.people import Role, Statement, StatementStatus, User
from models.policy import Policy
from models.recusal import refuse_recused

MAX_LENGTH = 2000
CHANNELS = ("web", "sms", "phone", "counter")


def receive(
    session: Session,
    event: Event,
    text: str,
    *,
    at: datetime,
    policy: Policy,
    channel: str = "web",
) -> Statement:
    """Keep a statement. It is taken in every state: nothing may limit it (行政处罚法 art. 41(3)).

    While it is open nobody can escalate the event; the re-check goes on (W21). N4 tells that it
    has arrived, where the owner's phone is known. Raises BadInput (field text or channel).
    """
    words = text.strip()
    if not 0 < len(words) <= MAX_LENGTH:
        raise BadInput(f"a statement has 1 to {MAX_LENGTH} characters", field="text")
    if channel not in CHANNELS:
        raise BadInput(f"channel must be one of {', '.join(CHANNELS)}", field="channel")
    lock(session, event)
    statement = Statement(
        event_id=event.id, text=words, channel=channel, received_at=at, status=StatementStatus.OPEN
    )
    session.add(statement)
    add_flag(event, "statement")
    session.flush()
    _promise_answer(session, event, policy=policy, at=at)
    texts.queue_followup(session, event, "N4", at=at, policy=policy)
    return statement


def answer(
    session: Session,
    statement: Statement,
    user: User,
    *,
    upheld: bool,
    text: str,
    at: datetime,
    policy: Policy,
    command_id: str,
    void_reason: str = VoidReason.OTHER,
) -> Statement:
    """An officer's answer. Upheld: the event is voided if it is open or escalated (A23, A24, N5);
    one that had already ended in the owner's favour stays as it is. Not upheld: N6, one for each
    statement, where something may still follow; it never becomes harsher (L11).

    Raises BadInput (field text), NotAllowed, Conflict where it was answered before.
    """
    words = text.strip()
    if not 0 < len(words) <= MAX_LENGTH:
        raise BadInput(f"an answer has 1 to {MAX_LENGTH} characters", field="text")
    if not (user.active and user.has(Role.OFFICER)):
        raise NotAllowed("only an active officer may answer", code="NOT_AN_OFFICER")
    event = lock(session, session.get_one(Event, statement.event_id))
    refuse_recused(session, event.id, user)
    session.refresh(statement)
    if statement.status != StatementStatus.OPEN:
        raise Conflict("this statement was answered already", code="ALREADY_ANSWERED")
    statement.status = StatementStatus.UPHELD if upheld else StatementStatus.NOT_UPHELD
    statement.answer = words
    statement.answered_at, statement.answered_by = at, user.id
    session.flush()
    _promise_answer(session, event, policy=policy, at=at)
    if not upheld:
        _tell_not_upheld(session, event, statement, at=at, policy=policy)
    elif event.is_open or event.state == EventState.ESCALATED:
        casework.void(
            session, event, user, reason=void_reason, policy=policy, at=at,
            command_id=command_id, statement=statement,
        )  # fmt: skip
    return statement


def _promise_answer(session: Session, event: Event, *, policy: Policy, at: datetime) -> None:
    """L40: five work days for the oldest statement still open; a later one moves nothing."""
    oldest = session.scalar(
        select(func.min(Statement.received_at)).where(
            Statement.event_id == event.id, Statement.status == StatementStatus.OPEN
        )
    )
    if oldest is None:
        deadlines.fulfil(session, event, [DeadlineKind.APPEAL], at=at, result="ANSWERED")
        return
    due = deadlines.end_of_work_days(oldest, policy.appeal_work_days, policy.calendar)
    row = deadlines.find(session, event, DeadlineKind.APPEAL)
    if row is None or row.done_at is not None or row.due_at < due:
        deadlines.promise(session, event, DeadlineKind.APPEAL, due)


def _tell_not_upheld(
    session: Session, event: Event, statement: Statement, *, at: datetime, policy: Policy
) -> None:
    """W21, W22: whoever spoke hears the result, also before the review: the event runs on, or is
    escalated. Of one that has ended in the owner's favour N6 would only frighten: it speaks of what
    is proposed."""
    if event.is_open or event.state == EventState.ESCALATED:
        texts.queue_followup(
            session, event, "N6", at=at, policy=policy, about=f"statement:{statement.id}"
        )
