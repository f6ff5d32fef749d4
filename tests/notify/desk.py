"""A desk with one texted car: real tables and the real flow, for the tests of the outbox."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import casework
from models.casework import Contact, GateFacts, NewEvent
from models.event import Event, EventState
from models.notice import DeliveryReceipt, Notice, NoticeStatus
from models.policy import Policy
from models.store import Store
from notify.channel import Receipt
from notify.receipts import adopt, advance, apply_receipt
from tests import rows

POLICY = Policy()
PHONE = "+8613800138000"


ALL_GATES_PASS = GateFacts(
    confident_share=1.0, confidence_mean=0.95, plate_valid=True, plate_confidence=0.99,
    plate_equal_reads=9, province_confidence=0.99, colour_agrees=True, registry_found=True,
    contact_found=True,
)  # fmt: skip

_numbers = itertools.count(1)


def queue_notice(
    store: Store,
    at: datetime = rows.NOON,
    policy: Policy = POLICY,
    plate: str = "浙A12345",
    phone: str = PHONE,
) -> int:
    """A car seen, flagged and confirmed; N1 has just been put into the outbox: its number."""
    command = f"desk-{next(_numbers)}"
    with store.begin() as session:
        version = rows.zone(session, rows.camera(session), confirm_mode="auto")
        new = NewEvent(
            camera_id=version.zone.camera_id, zone=version.zone, zone_version=version,
            object_kind="car", box=[0.4, 0.4, 0.6, 0.6], first_seen_at=at - timedelta(seconds=60),
            flagged_at=at, last_seen_at=at, command_id=command, plate=plate, plate_colour="blue",
            plate_kind="small",
        )  # fmt: skip
        event = casework.open_event(session, new, policy=policy, at=at)
        casework.judge_gates(
            session, event, ALL_GATES_PASS, policy=policy, at=at, command_id=f"{command}/A7"
        )
        casework.prepare_notice(
            session, event, Contact(phone), policy=policy, at=at, command_id=f"{command}/A10"
        )
        assert event.state == EventState.NOTICE_PENDING
        return session.scalars(select(Notice.id).where(Notice.event_id == event.id)).one()


def taken_notice(store: Store, provider_id: str = "SM1", plate: str = "浙A12345") -> int:
    """The same, and a provider called "twilio" has taken it."""
    at = rows.NOON
    notice_id = queue_notice(store, at, plate=plate)
    with store.begin() as session:
        notice = session.get_one(Notice, notice_id)
        notice.provider, notice.provider_id, notice.sending_at = "twilio", provider_id, at
        notice.status, notice.accepted_at = NoticeStatus.ACCEPTED, at
        casework.notice_accepted(session, notice, policy=POLICY, at=at)
    return notice_id


def take_again(store: Store, notice_id: int, provider_id: str, at: datetime) -> None:
    """The provider has taken the second try of a text (W16)."""
    with store.begin() as session:
        notice = session.get_one(Notice, notice_id)
        notice.status, notice.sending_at = NoticeStatus.SENDING, at
        adopt(session, notice, provider_id, policy=POLICY)
        advance(session, notice, NoticeStatus.ACCEPTED, policy=POLICY, at=at)


def failed_twice(store: Store, provider_id: str, at: datetime) -> int:
    """Both tries were reported undelivered, the second one at `at`: a patrol is on its way."""
    notice_id = taken_notice(store, provider_id)
    report(store, NoticeStatus.UNDELIVERED, provider_id=provider_id, at=rows.NOON)
    again = f"{provider_id}-again"
    take_again(store, notice_id, again, rows.NOON + timedelta(seconds=30))
    report(store, NoticeStatus.UNDELIVERED, provider_id=again, at=at)
    return notice_id


def report(
    store: Store,
    status: NoticeStatus,
    *,
    provider_id: str = "SM1",
    notice_id: int | None = None,
    at: datetime = rows.NOON,
    error_code: str = "",
    policy: Policy = POLICY,
) -> bool:
    """One receipt comes in; does it count?"""
    receipt = Receipt("twilio", provider_id, status, status.value, error_code, None, notice_id)
    with store.begin() as session:
        return apply_receipt(session, receipt, policy=policy, at=at).counted


def notice(store: Store, notice_id: int) -> Notice:
    with store.read() as session:
        return session.get_one(Notice, notice_id)


def event_of(store: Store, notice_id: int) -> Event:
    with store.read() as session:
        return session.get_one(Event, session.get_one(Notice, notice_id).event_id)


def receipts(store: Store) -> list[tuple[str, bool]]:
    """Every stored receipt: its status, and whether it counted."""
    with store.read() as session:
        rows_ = session.scalars(select(DeliveryReceipt).order_by(DeliveryReceipt.id)).all()
        return [(row.status, row.counted) for row in rows_]


def count(store: Store, *, event_id: int, template: str) -> int:
    with store.read() as session:
        query = select(func.count()).where(Notice.event_id == event_id, Notice.template == template)
        return session.scalars(query).one()


def event_of_session(session: Session, notice_id: int) -> Event:
    return session.get_one(Event, session.get_one(Notice, notice_id).event_id)
