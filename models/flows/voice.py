"""The voice call of A13 and W16: an owner whom no text reached is called once, if the city wants.

It is a row of the outbox as every text is (W39), to the number of the text that did not arrive and
under the same conditions. It starts no clock: who picked up is not known, so a patrol goes anyway
and the seven minutes begin with its paper or with a late receipt.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.contacts import frozen_by, is_stale, wants_no_calls
from models.event import Event
from models.flows import texts
from models.flows.hours import in_hours
from models.notice import VOICE_CALL, Notice, NoticeStatus
from models.policy import Policy
from models.secret import keyed_hash
from models.zone import ZonePhase

CALLS_APART = timedelta(minutes=10)
"""From one call to a phone until the next one to it, whosoever car: two calls of one moment could
not be told apart where a provider's answer was lost."""

CALL_LASTS = timedelta(minutes=3)
"""From the hand-over until the last word was said: it rings and speaks for less."""

_UNDERWAY = (
    NoticeStatus.SENDING, NoticeStatus.UNKNOWN, NoticeStatus.ACCEPTED, NoticeStatus.SENT,
)  # fmt: skip


def queue(session: Session, event: Event, *, at: datetime, policy: Policy) -> str:
    """Put the call into the outbox: "QUEUED", or the code of what speaks against it."""
    first = texts.first_notice(session, event)
    if first is None:
        return "NO_TEXT"
    if texts.notice_of(session, event, VOICE_CALL) is not None:
        return "CALLED_BEFORE"
    if texts.texts_today(session, event, at) >= policy.sms_per_plate_per_day:
        return "SMS_LIMIT"
    turn = texts.apart(session, event, at, policy)
    for moment in (at, turn):
        if reason := why_not(session, event, first, at=moment, policy=policy):
            return reason
    texts.queue_voice(session, event, first, at=at, not_before=turn, policy=policy)
    return "QUEUED"


def why_not(session: Session, event: Event, first: Notice, *, at: datetime, policy: Policy) -> str:
    """The code of what speaks against a call at `at` to the phone that `first` was meant for;
    empty if nothing does. Asked when it is queued and once more before it leaves the house."""
    version, phone = event.zone_version, first.phone
    checks = (
        ("VOICE_OFF", lambda: not policy.voice_call),
        ("ON_TRIAL", lambda: {version.phase, event.zone.current.phase} != {ZonePhase.LIVE}),
        ("QUIET_HOURS", lambda: not in_hours(version, at)),
        ("NO_CONTACT", lambda: not phone),
        ("TEXT_ARRIVED", lambda: first.delivered_at is not None),
        ("CONTACT_STALE", lambda: is_stale(session, phone)),
        ("REPLY_OPEN", lambda: bool(frozen_by(session, event))),
        ("OPTED_OUT", lambda: wants_no_calls(session, phone)),
        ("CALLED_LATELY", lambda: _called_lately(session, event, phone, at)),
    )
    return next((code for code, speaks_against in checks if speaks_against()), "")


def over_by(session: Session, event: Event) -> datetime | None:
    """When the last word of this event's call was, or will have been, said; None without one."""
    call = texts.notice_of(session, event, VOICE_CALL)
    if call is None:
        return None
    if call.delivered_at is not None:
        return call.delivered_at
    if call.status in _UNDERWAY and call.sending_at is not None:
        return call.sending_at + CALL_LASTS
    return None


def _called_lately(session: Session, event: Event, phone: str, at: datetime) -> bool:
    """Whether another event's call to this phone was handed over lately, or was queued before."""
    own = texts.notice_of(session, event, VOICE_CALL)
    waits = Notice.status == NoticeStatus.QUEUED
    if own is not None:
        waits &= Notice.id < own.id
    found = session.scalar(
        select(Notice.id)
        .where(
            Notice.template == VOICE_CALL,
            Notice.phone_hash == keyed_hash(phone),
            Notice.event_id != event.id,
            or_(Notice.sending_at > at - CALLS_APART, waits),
        )
        .limit(1)
    )
    return found is not None
