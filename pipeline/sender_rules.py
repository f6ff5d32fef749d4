"""What the sender asks of a text before it goes: may it, in which words, and whose turn is it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from models.contacts import is_stale
from models.deadlines import local
from models.event import Event, EventState
from models.flows import voice
from models.flows.texts import first_notice, grace_seconds
from models.notice import CALLS, STAFF_TEXTS, Notice, NoticeStatus
from models.place import CallAnswer, ResponderCall
from models.policy import Policy
from models.zone import Surface, ZoneVersion
from notify.channel import Outgoing
from notify.templates import Message, TemplateSet, render

_ASKS_TO_LEAVE = frozenset({"N1", "N1L", "N1b", "N7"})
_STARTS_THE_CLOCK = frozenset({"N1", "N1L", "N7"})
_LARGE = ("bus", "truck")
_A_MINUTE = timedelta(seconds=60)


def event_of(session: Session, notice: Notice) -> Event | None:
    """Whose text it is; None for a test of the channel."""
    return None if notice.event_id is None else session.get_one(Event, notice.event_id)


def why_not(
    session: Session, notice: Notice, event: Event | None, policy: Policy, at: datetime
) -> str:
    """Why this text or call must not go out any more; empty if it may."""
    if notice.valid_until is not None and at >= notice.valid_until:
        return "too late"
    if notice.template in STAFF_TEXTS:
        return "" if _still_called(session, notice) else "the call is over"
    if is_stale(session, notice.phone):
        return "whoever has this phone said that the car is not theirs"
    if event is None:
        return "it speaks of no event"
    if notice.template in CALLS:
        return _not_called(session, event, policy, at)
    return _untrue_by_now(notice, event)


def _not_called(session: Session, event: Event, policy: Policy, at: datetime) -> str:
    """A13: only while the patrol is on its way, and if all still holds that a call needs. With a
    late receipt or a paper the minutes run already."""
    first = first_notice(session, event)
    if first is None or event.state != EventState.PATROL_ASSIGNED:
        return "the event does not wait for it any more"
    code = voice.why_not(session, event, first, at=at, policy=policy)
    return f"no call: {code}" if code else ""


def _untrue_by_now(notice: Notice, event: Event) -> str:
    if notice.template in _ASKS_TO_LEAVE and not event.is_open:
        return "the event has ended"
    if notice.template == "N6" and not (event.is_open or event.state == EventState.ESCALATED):
        return "the event ended in the owner's favour"
    if notice.template in _STARTS_THE_CLOCK and event.state != EventState.NOTICE_PENDING:
        return "the event does not wait for it any more"
    return ""


def _still_called(session: Session, notice: Notice) -> bool:
    kind, _, number = notice.addressee.partition(":")
    if kind != "call":
        return True
    call = session.get_one(ResponderCall, int(number))
    return call.answer == CallAnswer.WAITING


def words(notice: Notice, event: Event | None, policy: Policy, texts: TemplateSet) -> Message:
    """The message as it goes out now. Raises BadInput for a value that is missing or forbidden."""
    own: dict[str, object] = {}
    if event is not None and notice.template not in STAFF_TEXTS:
        own = {
            "number": event.query_no,
            "code": event.query_code,
            "event_no": event.event_no,
            "date": local(event.flagged_at).date(),
            # What the text promises is what the deadline will be counted with.
            "grace_seconds": grace_seconds(event, policy),
        }
    return render(notice.template, notice.language, {**notice.variables, **own}, policy, texts)


def outgoing(
    notice: Notice,
    event: Event | None,
    policy: Policy,
    validity_seconds: int,
    values: Mapping[str, str] = MappingProxyType({}),
) -> Outgoing:
    """`values` are needed for sending only; a look-up goes by number, phone and words."""
    validity = validity_seconds
    if event is not None and notice.template in _ASKS_TO_LEAVE:
        # Below the grace, so that none arrives after the re-check it speaks of (peers.md 2.8).
        validity = min(validity, int(grace_seconds(event, policy)) - 1)
    return Outgoing(
        notice_id=notice.id,
        template=notice.template,
        language=notice.language,
        to=notice.phone,
        body=notice.body or "",
        variables=values,
        secret="" if event is None else event.query_code,
        validity_seconds=max(1, validity),
        signature=policy.signature,
        first_id=notice.first_provider_id or "",
    )


def room(session: Session, policy: Policy, at: datetime) -> int:
    """W50: how many texts may go out now, so that a minute has no more than its number."""
    sent = session.scalar(select(func.count(Notice.id)).where(Notice.sending_at > at - _A_MINUTE))
    return max(0, policy.sms_per_minute - (sent or 0))


def whose_turn(session: Session, at: datetime, limit: int) -> Sequence[int]:
    """Numbers of the queued texts that are due: people on duty first, then what obstructs most
    (blind tracks, then large vehicles), then the oldest. Only numbers: a row that cannot be read
    must not keep the others from being sent."""
    weight = case(
        (Notice.template.in_(STAFF_TEXTS), 0),
        (ZoneVersion.surface == Surface.BLIND_TRACK, 1),
        (Event.object_kind.in_(_LARGE), 2),
        else_=3,
    )
    query = (
        select(Notice.id)
        .outerjoin(Event, Event.id == Notice.event_id)
        .outerjoin(ZoneVersion, ZoneVersion.id == Event.zone_version_id)
        .where(Notice.status == NoticeStatus.QUEUED, Notice.next_attempt_at <= at)
        .order_by(weight, Notice.next_attempt_at, Notice.id)
        .limit(limit)
    )
    return session.scalars(query).all()
