"""What becomes of a notice: only ever forward, each report counted once, all of them kept.

Three things report on a notice: the provider's answer when it was handed over, its receipts
(doubled, late, in any order: W17, W18), and our own sender (gave up, outcome lost). All of them
come through `advance`, which moves the row by `models.notice.RANK` and tells the event.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from models import casework, delivery, promises
from models.event import Event
from models.notice import OPTED_OUT, RANK, DeliveryReceipt, Notice, NoticeStatus
from models.policy import Policy
from notify.channel import OPT_OUT_CODES, Receipt

_OUR_SIDE = frozenset({NoticeStatus.QUEUED, NoticeStatus.SENDING, NoticeStatus.UNKNOWN})
"""As far as we know the provider does not have it (yet)."""

_DID_NOT_ARRIVE = frozenset({NoticeStatus.UNDELIVERED, NoticeStatus.FAILED})
"""From a provider that had taken it: beyond doubt, so that the same message may go once more."""

_AT_PROVIDER = frozenset({NoticeStatus.ACCEPTED, NoticeStatus.SENT})


def apply_receipt(
    session: Session, receipt: Receipt, *, policy: Policy, at: datetime
) -> DeliveryReceipt:
    """Store one receipt and let it count, if it is the first to say so much.

    The notice is found by the provider's number, or, where the answer that held that number was
    lost, by our own that the provider hands back: then the number is adopted. A receipt whose
    notice is not known yet is kept, and counts when the number becomes known (`adopt`).
    """
    row = DeliveryReceipt(
        provider=receipt.provider,
        provider_id=receipt.provider_id,
        status=receipt.status,
        provider_status=receipt.provider_status[:40],
        error_code=receipt.error_code[:20],
        reported_at=receipt.reported_at,
        received_at=at,
        counted=False,
    )
    notice = _notice_of(session, receipt)
    if notice is not None:
        row.notice_id = notice.id
    session.add(row)
    session.flush()
    if notice is None:
        return row
    if receipt.provider_id == notice.first_provider_id:
        # Of the first of two tries (W16): all it can still say is that it arrived after all.
        if receipt.status is not NoticeStatus.DELIVERED:
            return row
    else:
        adopt(session, notice, receipt.provider_id, policy=policy)
    row.counted = advance(
        session, notice, receipt.status, policy=policy, at=at,
        reported_at=receipt.reported_at, error=_error(receipt.error_code),
    )  # fmt: skip
    return row


def adopt(session: Session, notice: Notice, provider_id: str, *, policy: Policy) -> None:
    """Give the notice its provider's number, and let receipts count that came before it did."""
    if notice.provider_id is not None or provider_id == notice.first_provider_id:
        return
    notice.provider_id = provider_id
    session.flush()
    waiting = session.scalars(
        select(DeliveryReceipt)
        .where(
            DeliveryReceipt.provider == notice.provider,
            DeliveryReceipt.provider_id == provider_id,
            DeliveryReceipt.notice_id.is_(None),
        )
        .order_by(DeliveryReceipt.id)
    )
    for row in waiting.all():
        row.notice_id = notice.id
        row.counted = advance(
            session, notice, NoticeStatus(row.status), policy=policy, at=row.received_at,
            reported_at=row.reported_at, error=_error(row.error_code),
        )  # fmt: skip


def advance(
    session: Session,
    notice: Notice,
    status: NoticeStatus,
    *,
    policy: Policy,
    at: datetime,
    reported_at: datetime | None = None,
    error: str = "",
) -> bool:
    """Move `notice` to `status` if that is forward, and tell its event. False: nothing changed."""
    before = NoticeStatus(notice.status)
    if RANK[status] <= RANK[before]:
        return False
    notice.status = status
    if error:
        notice.error = error[:200]
    if status in _AT_PROVIDER or status is NoticeStatus.DELIVERED:
        notice.accepted_at = notice.accepted_at or at
    session.flush()
    _tell_event(session, notice, before, status, policy=policy, at=at, reported_at=reported_at)
    return True


def _tell_event(
    session: Session,
    notice: Notice,
    before: NoticeStatus,
    status: NoticeStatus,
    *,
    policy: Policy,
    at: datetime,
    reported_at: datetime | None,
) -> None:
    if notice.event_id is None:
        if status is NoticeStatus.DELIVERED:
            notice.delivered_at = notice.delivered_at or at
            delivery.test_text_arrived(session, notice, at=at)
    elif status is NoticeStatus.DELIVERED:
        casework.notice_delivered(session, notice, at=at, reported_at=reported_at, policy=policy)
    elif status in _AT_PROVIDER:
        if before in _OUR_SIDE:
            casework.notice_accepted(session, notice, policy=policy, at=at)
    elif status not in _DID_NOT_ARRIVE or not promises.try_once_more(
        session, notice, policy=policy, at=at
    ):
        # UNKNOWN, UNDELIVERED, FAILED, CANCELLED: a person takes over, no timer runs (W16).
        reason = f"NOTICE_{status.name}"
        casework.notice_failed(session, notice, reason=reason, policy=policy, at=at)


def lock_notice(session: Session, *conditions: ColumnElement[bool]) -> Notice | None:
    """The one notice that meets the conditions, held until the end of the transaction, as it is
    now; None if there is none (any more).

    Its event is held first, as whoever moves an event does, so that no two wait for each other.
    """
    query = select(Notice).where(*conditions)
    found = session.scalars(query).one_or_none()
    if found is None:
        return None
    if found.event_id is not None:
        event = select(Event.id).where(Event.id == found.event_id).with_for_update()
        session.execute(event)
    held = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(held).one_or_none()


def _notice_of(session: Session, receipt: Receipt) -> Notice | None:
    provider = Notice.provider == receipt.provider
    number = receipt.provider_id
    theirs = or_(Notice.provider_id == number, Notice.first_provider_id == number)
    notice = lock_notice(session, provider, theirs)
    if notice is None and receipt.notice_id is not None:
        ours = Notice.id == receipt.notice_id
        return lock_notice(session, provider, ours, Notice.provider_id.is_(None))
    return notice


def _error(code: str) -> str:
    if code in OPT_OUT_CODES:
        return f"{OPTED_OUT} ({code})"
    return f"provider error {code}" if code else ""
