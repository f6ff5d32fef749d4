"""Do our texts arrive? Where too few do, nothing confirms itself any more (W48).

A provider may say yes and send nothing. Of the texts that it has taken in the last quarter of an
hour and that have had their time, 80 % must have arrived; below that, events wait for an officer
(A6) and operators are told, until one of them lets it go on or a test text arrives. The pause is
a row: a restart forgets nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from models.audit_log import record
from models.errors import Conflict, NotFound
from models.notice import CALLS, STAFF_TEXTS, DeliveryPause, Notice, NoticeStatus
from models.policy import Policy
from models.secret import keyed_hash

TEST_TEXT = "T1"
BY_TEST_TEXT = "test text"

_FATE_KNOWN = (NoticeStatus.DELIVERED, NoticeStatus.UNDELIVERED, NoticeStatus.FAILED)


@dataclass(frozen=True, slots=True)
class Share:
    """Texts that the provider took and that had their time, and how many of them arrived."""

    accepted: int
    delivered: int

    @property
    def delivered_share(self) -> float:
        """0 to 1; 1 where there was nothing to deliver."""
        return self.delivered / self.accepted if self.accepted else 1.0


def share(session: Session, *, policy: Policy, at: datetime) -> Share:
    """Of the last `delivery_window_seconds`, but nothing from before the last pause ended."""
    since = at - timedelta(seconds=policy.delivery_window_seconds)
    resumed = session.scalar(select(func.max(DeliveryPause.ended_at)))
    if resumed is not None:
        since = max(since, resumed)
    had_its_time = at - timedelta(seconds=policy.dlr_timeout_seconds)
    accepted, delivered = session.execute(
        select(
            func.count(Notice.id),
            func.count(Notice.id).filter(Notice.status == NoticeStatus.DELIVERED),
        ).where(
            Notice.accepted_at >= since,
            Notice.template.not_in(STAFF_TEXTS | CALLS),
            or_(Notice.accepted_at <= had_its_time, Notice.status.in_(_FATE_KNOWN)),
        )
    ).one()
    return Share(accepted, delivered)


def open_pause(session: Session) -> DeliveryPause | None:
    """The pause that lasts, if one does."""
    return session.scalar(select(DeliveryPause).where(DeliveryPause.is_open.is_(True)))


def watch(session: Session, *, policy: Policy, at: datetime) -> DeliveryPause | None:
    """Begin a pause where too few texts arrived; gives it if it is a new one.

    One failure does not stop a city: `delivery_least` texts must have had their time. Where
    acceptance counts because the provider gives no receipts, nothing can be said.
    """
    if policy.grace_policy == "accepted" or open_pause(session) is not None:
        return None
    seen = share(session, policy=policy, at=at)
    if seen.accepted < policy.delivery_least or seen.delivered_share >= policy.delivery_share:
        return None
    pause = DeliveryPause(
        is_open=True, began_at=at, accepted=seen.accepted, delivered=seen.delivered
    )
    session.add(pause)
    record(
        session, at=at, actor="system", action="delivery.pause",
        details={"accepted": seen.accepted, "delivered": seen.delivered},
    )  # fmt: skip
    session.flush()
    return pause


def resume(session: Session, *, by: str, at: datetime) -> DeliveryPause:
    """Events confirm themselves again. `by`: an operator's name, or BY_TEST_TEXT.

    Raises Conflict where no pause lasts.
    """
    pause = open_pause(session)
    if pause is None:
        raise Conflict("nothing is paused", code="NOT_PAUSED")
    pause.is_open, pause.ended_at, pause.ended_by = False, at, by[:60]
    record(session, at=at, actor=by, action="delivery.resume", subject=f"delivery_pause:{pause.id}")
    session.flush()
    return pause


def test_text_arrived(session: Session, notice: Notice, *, at: datetime) -> None:
    """A test text that was asked for since the pause began has arrived: it goes on."""
    pause = open_pause(session)
    if pause is not None and notice.template == TEST_TEXT and notice.created_at >= pause.began_at:
        resume(session, by=BY_TEST_TEXT, at=at)


def queue_test(session: Session, phone: str, *, by: str, policy: Policy, at: datetime) -> Notice:
    """A test text to a phone at hand (E.164): it goes the way of all texts.

    Raises Conflict where one was asked for in the last minute (L88).
    """
    since = at - timedelta(seconds=policy.sms_apart_seconds)
    busy = select(Notice.id).where(Notice.template == TEST_TEXT, Notice.created_at > since)
    if session.scalar(busy.limit(1)) is not None:
        raise Conflict("a test text was asked for a moment ago", code="TEST_TEXT_UNDERWAY")
    number = secrets.token_hex(3).upper()
    notice = Notice(
        event_id=None, template=TEST_TEXT, addressee=f"test:{number}", language=policy.language,
        variables={"number": number}, phone=phone, phone_hash=keyed_hash(phone),
        status=NoticeStatus.QUEUED, next_attempt_at=at, created_at=at,
        valid_until=at + timedelta(seconds=policy.delivery_window_seconds),
    )  # fmt: skip
    session.add(notice)
    record(session, at=at, actor=by, action="delivery.test")
    session.flush()
    return notice


def test_text(session: Session, notice_id: int) -> Notice:
    """A test text as it is now. Raises NotFound for any other one."""
    notice = session.get(Notice, notice_id)
    if notice is None or notice.template != TEST_TEXT:
        raise NotFound(f"there is no test text {notice_id}")
    return notice
