"""A notice on its way: put into the outbox, accepted, delivered or failed (A10 to A13, W16 to W18).

The status columns belong to the sender and the receipts (rank only goes forward); what is done
here is what a status means for the event. Every function is idempotent: the second receipt of a
notice finds its command already carried out.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models import deadlines
from models.errors import FlowRefused
from models.event import ActorKind, DeadlineKind, Event, EventState
from models.facts import Contact
from models.flow import SYSTEM, Actor, find_command, fire
from models.flows import effects, texts
from models.flows.tables import flow_of
from models.looks import add_flag, lock, look_back
from models.notice import CALLS, OPTED_OUT, RANK, Notice, NoticeStatus
from models.policy import Policy
from models.states import PlaceState

GATEWAY = Actor(ActorKind.GATEWAY)


def prepare_notice(
    session: Session,
    event: Event,
    contact: Contact | None,
    *,
    policy: Policy,
    at: datetime,
    command_id: str,
) -> Event:
    """CONFIRMED -> NOTICE_PENDING with N1 in the outbox (A10), or a patrol (A11), which for a
    no-grace condition comes with N1b."""
    lock(session, event)
    fire(
        session, flow_of(event), event, "prepare_notice", actor=SYSTEM, at=at,
        command_id=command_id, policy=policy, inputs={"contact": contact},
    )  # fmt: skip
    return event


def notice_accepted(session: Session, notice: Notice, *, policy: Policy, at: datetime) -> Event:
    """The provider has taken it: now its receipt is awaited (`dlr_timeout`), or, where the city
    lets acceptance count, the seven minutes start."""
    event = _event_of(session, notice)
    _advance(notice, NoticeStatus.ACCEPTED)
    notice.accepted_at = notice.accepted_at or at
    if not promises_grace(notice, event) or event.state != EventState.NOTICE_PENDING:
        return event
    if event.grace_policy == "accepted":
        fire(
            session, flow_of(event), event, "accepted", actor=GATEWAY, at=at,
            command_id=_command(notice, "accepted"), policy=policy,
            inputs={"grace_start": notice.accepted_at},
        )  # fmt: skip
        return event
    deadlines.fulfil(session, event, [DeadlineKind.SMS_SUBMIT], at=at, result=NoticeStatus.ACCEPTED)
    due = at + timedelta(seconds=policy.dlr_timeout_seconds)
    deadlines.promise(session, event, DeadlineKind.DLR, due)
    return event


def notice_delivered(
    session: Session, notice: Notice, *, at: datetime, reported_at: datetime | None, policy: Policy
) -> Event:
    """The owner has it: deadline = max(delivered, submitted) + grace, rounded up (4.1).

    `at` is when the receipt came, `reported_at` what the provider says. A late receipt (W17)
    starts the grace at its coming, and only while the vehicle is clearly there. A second one
    changes nothing (W18).
    """
    event = _event_of(session, notice)
    command_id = _command(notice, "delivered")
    if notice.delivered_at is not None and find_command(session, command_id) is not None:
        return event
    delivered = _delivery_time(notice, at, reported_at)
    _advance(notice, NoticeStatus.DELIVERED)
    notice.delivered_at = notice.delivered_at or delivered
    if notice.template in CALLS and event.state == EventState.GRACE:
        # It starts nothing, but what was said lately must hold: a receipt had come after all.
        _deadline_from(session, event, delivered, policy)
    if not promises_grace(notice, event):
        return event
    if event.state == EventState.NOTICE_PENDING:
        _start(session, event, delivered, command_id, policy=policy, at=at)
    elif event.state in (EventState.PATROL_ASSIGNED, PlaceState.DISPATCHED):
        _start_late(session, event, command_id, policy=policy, at=at)
    elif (
        event.state in (EventState.GRACE, PlaceState.REMINDED) and event.grace_policy == "accepted"
    ):
        _lengthen(session, event, delivered, policy)
    return event


def _start(
    session: Session,
    event: Event,
    start: datetime,
    command_id: str,
    *,
    policy: Policy,
    at: datetime,
) -> None:
    inputs = {"grace_start": start, "watch": look_back(session, event, policy)}
    fire(
        session, flow_of(event), event, "delivered", actor=GATEWAY, at=at, command_id=command_id,
        policy=policy, inputs=inputs,
    )  # fmt: skip


def _start_late(
    session: Session, event: Event, command_id: str, *, policy: Policy, at: datetime
) -> None:
    if "late_receipt" in event.flags:
        return  # W18: the first receipt counted, also where it came too late to start anything
    add_flag(event, "late_receipt")
    try:
        _start(session, event, at, command_id, policy=policy, at=at)
    except FlowRefused:
        # W17: it is not clearly there any more, so nothing starts; the patrol sees for itself.
        add_flag(event, "late_receipt_not_seen")


def _lengthen(session: Session, event: Event, delivered: datetime, policy: Policy) -> None:
    """A receipt after acceptance had started the clock: the owner has the later start, once."""
    if "receipt_after_acceptance" in event.flags:
        return
    add_flag(event, "receipt_after_acceptance")
    _deadline_from(session, event, delivered, policy)


def _deadline_from(session: Session, event: Event, delivered: datetime, policy: Policy) -> None:
    """The deadline counted from here, if that is later."""
    due = event.grace_deadline_at = effects.grace_deadline(event, delivered, policy)
    deadlines.promise(session, event, DeadlineKind.GRACE, due)


def notice_failed(
    session: Session, notice: Notice, *, reason: str, policy: Policy, at: datetime
) -> Event:
    """Rejected, undelivered, or no receipt in time: no timer runs, a patrol goes (A13, W16)."""
    event = _event_of(session, notice)
    if not promises_grace(notice, event) or event.state != EventState.NOTICE_PENDING:
        return event
    fire(
        session, flow_of(event), event, "notice_failed", actor=GATEWAY, at=at,
        command_id=_command(notice, "failed"), policy=policy, reason=reason[:60],
    )  # fmt: skip
    return event


def try_once_more(session: Session, notice: Notice, *, policy: Policy, at: datetime) -> bool:
    """W16: the provider says that the notice did not arrive (off, no route, refused): the same
    message is handed over once more, 30 s later. False where it was tried twice, where nobody
    waits for it any more, where whoever has the phone wants nothing from us, or where it is not
    beyond doubt that the first try did not arrive.

    What is reported of the first try later can only say that it did arrive after all
    (`notify.receipts`): the row remembers its number.
    """
    event = _event_of(session, notice)
    if (
        not promises_grace(notice, event)
        or event.state != EventState.NOTICE_PENDING
        or notice.first_provider_id is not None
        or notice.provider_id is None
        or notice.error.startswith(OPTED_OUT)
    ):
        return False
    notice.first_provider_id, notice.provider_id = notice.provider_id, None
    notice.status, notice.attempts = NoticeStatus.QUEUED, 0
    notice.accepted_at = None
    notice.next_attempt_at = at + timedelta(seconds=policy.sms_retry_seconds)
    until = notice.next_attempt_at + timedelta(seconds=policy.sms_submit_seconds)
    notice.valid_until = until
    deadlines.fulfil(session, event, [DeadlineKind.DLR], at=at, result="TRIED_ONCE_MORE")
    deadlines.promise(session, event, DeadlineKind.SMS_SUBMIT, until)
    add_flag(event, "notice_tried_twice")
    session.flush()
    return True


def promises_grace(notice: Notice, event: Event) -> bool:
    """Whether this is the only text of the event whose receipt starts a clock."""
    return notice.template in texts.FIRST_TEXTS.get(event.flow, ())


def _delivery_time(notice: Notice, at: datetime, reported_at: datetime | None) -> datetime:
    """Not after the receipt came (a provider's clock may be ahead), not before it was sent."""
    delivered = at if reported_at is None else min(reported_at, at)
    submitted = notice.accepted_at or notice.sending_at or notice.created_at
    return max(delivered, submitted)


def _advance(notice: Notice, status: NoticeStatus) -> None:
    if RANK[status] > RANK[notice.status]:
        notice.status = status


def _command(notice: Notice, step: str) -> str:
    return f"notice:{notice.id}:{step}"


def _event_of(session: Session, notice: Notice) -> Event:
    return lock(session, session.get_one(Event, notice.event_id))
