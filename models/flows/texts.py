"""The outbox: which text an event puts there, with which words to fill in (domain.md 6).

A text is a row in the transaction of the step that promises it (W39), one per event and template.
Its variables never hold a full plate or a phone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models.contacts import is_stale
from models.deadlines import local, local_day
from models.event import Event, FlowName
from models.facts import Contact
from models.flows.hours import next_hours
from models.notice import VOICE_CALL, Notice, NoticeStatus
from models.place import Responder, ResponsibleParty
from models.plate import mask
from models.policy import Policy
from models.secret import keyed_hash

STANDARD_GRACE_SECONDS = 420
PLACE_LENGTH = 10
BEARS_CODE = frozenset({"N1", "N1L", "N1b"})
"""The texts that open the owner's page: they carry the short number and its code."""
FIRST_TEXTS: dict[str, tuple[str, ...]] = {
    FlowName.PARKING: ("N1", "N1L"),
    FlowName.HANGING: ("N7",),
    FlowName.POSTER: ("N7",),
}
"""The text with the promise, whose receipt starts the clock. To a gathering nobody writes."""
CALL_TEXT = "S1"


def grace_seconds(event: Event, policy: Policy) -> float:
    """The zone version's own grace; zones that keep the standard 420 s follow the policy."""
    own = event.zone_version.grace_seconds
    return policy.grace_seconds if own == STANDARD_GRACE_SECONDS else float(own)


def notice_of(session: Session, event: Event, template: str, *, about: str = "") -> Notice | None:
    """The text of an event, or the one of them that is about this thing."""
    query = select(Notice).where(Notice.event_id == event.id, Notice.template == template)
    return session.scalar(query.where(Notice.addressee == about) if about else query)


def first_notice(session: Session, event: Event) -> Notice | None:
    """The text of this event that promises, or promised, the time to leave."""
    return session.scalar(
        select(Notice).where(
            Notice.event_id == event.id, Notice.template.in_(FIRST_TEXTS.get(event.flow, ()))
        )
    )


def queue_first(
    session: Session, event: Event, template: str, contact: Contact, *, at: datetime, policy: Policy
) -> Notice:
    """N1, N1L or N1b: the first text of an event, to a contact just looked up. It may wait for
    its turn among others (W50) besides the time for being handed over."""
    valid_seconds = policy.sms_submit_seconds + backlog_seconds(session, policy)
    return _queue(
        session, event, template, contact.phone, contact.language or policy.language,
        at=at, valid_seconds=valid_seconds, time=event.flagged_at, policy=policy,
        not_before=apart(session, event, at, policy),
    )  # fmt: skip


def backlog_seconds(session: Session, policy: Policy) -> float:
    """How long what is in the outbox already will take to be handed over (W50)."""
    waiting = session.scalar(
        select(func.count(Notice.id)).where(Notice.status == NoticeStatus.QUEUED)
    )
    return 60.0 * ((waiting or 0) // policy.sms_per_minute)


def queue_reminder(
    session: Session,
    event: Event,
    party: ResponsibleParty,
    *,
    at: datetime,
    first_try: datetime,
    policy: Policy,
) -> Notice:
    """N7: to the shop or household that answers for the frontage, not before `first_try`."""
    return _queue(
        session, event, "N7", party.phone or "", party.language or policy.language,
        at=at, valid_seconds=policy.sms_submit_seconds, time=event.flagged_at, policy=policy,
        not_before=next_hours(
            event.zone_version, max(first_try, apart(session, event, at, policy))
        ),
    )  # fmt: skip


def queue_voice(
    session: Session, event: Event, first: Notice, *, at: datetime, not_before: datetime,
    policy: Policy,
) -> Notice:  # fmt: skip
    """VC: what `first` says, said to the same phone, and soon or not at all (A13)."""
    return _queue(
        session, event, VOICE_CALL, first.phone, first.language,
        at=at, valid_seconds=policy.sms_submit_seconds + backlog_seconds(session, policy),
        time=event.flagged_at, policy=policy, not_before=not_before,
    )  # fmt: skip


def queue_followup(
    session: Session, event: Event, template: str, *, at: datetime, policy: Policy,
    time: datetime | None = None, about: str = "",
) -> Notice | None:  # fmt: skip
    """A later text, one an event, or one for each thing that it is `about` ("statement:3"), to the
    same phone, in the zone's hours (L89).

    None where the first never arrived and nobody was called (nothing was promised), where the phone
    is no longer the owner's (W49), and where there were enough texts today (L88): the owner's page
    says it as well.
    """
    first = first_notice(session, event)
    if first is None or not (arrived(first, event) or was_called(session, event)):
        return None
    earlier = notice_of(session, event, template, about=about)
    if earlier is not None:
        return earlier
    enough = texts_today(session, event, at) >= policy.sms_per_plate_per_day
    if enough or is_stale(session, first.phone):
        return None
    return _queue(
        session, event, template, first.phone, first.language,
        at=at, valid_seconds=policy.followup_valid_seconds, time=time or at, policy=policy,
        not_before=next_hours(event.zone_version, apart(session, event, at, policy)),
        addressee=about,
    )  # fmt: skip


def queue_call(
    session: Session, event: Event, responder: Responder, call_id: int, *, at: datetime,
    policy: Policy,
) -> Notice | None:  # fmt: skip
    """S1: to a responder who is called to a gathering, at any hour. None without a phone."""
    if not responder.phone:
        return None
    return _queue(
        session, event, CALL_TEXT, responder.phone, policy.language, at=at,
        valid_seconds=policy.crowd_answer_seconds, time=at, policy=policy, not_before=at,
        addressee=f"call:{call_id}",
    )  # fmt: skip


def arrived(notice: Notice, event: Event) -> bool:
    """Delivered, or accepted where the city lets acceptance count."""
    accepted = event.grace_policy == "accepted" and notice.accepted_at is not None
    return notice.delivered_at is not None or accepted


def was_called(session: Session, event: Event) -> bool:
    """Whether somebody picked up the voice call (A13) and so was promised what N1 promises."""
    call = notice_of(session, event, VOICE_CALL)
    return call is not None and call.delivered_at is not None


def cancel_unsent(session: Session, event: Event, templates: tuple[str, ...]) -> None:
    """What is still in the outbox and no longer true is not sent."""
    rows = session.scalars(
        select(Notice).where(
            Notice.event_id == event.id,
            Notice.template.in_(templates),
            Notice.status == NoticeStatus.QUEUED,
        )
    )
    for row in rows:
        row.status = NoticeStatus.CANCELLED


def _queue(  # noqa: PLR0913 (a text is all of this, by keyword)
    session: Session,
    event: Event,
    template: str,
    phone: str,
    language: str,
    *,
    at: datetime,
    valid_seconds: float,
    time: datetime,
    policy: Policy,
    not_before: datetime,
    addressee: str = "",
) -> Notice:
    notice = Notice(
        event_id=event.id,
        template=template,
        addressee=addressee,
        language=language,
        variables=variables(session, event, template, time=time, policy=policy),
        phone=phone,
        phone_hash=keyed_hash(phone) if phone else "",
        status=NoticeStatus.QUEUED,
        next_attempt_at=not_before,
        valid_until=not_before + timedelta(seconds=valid_seconds),
        created_at=at,
    )
    session.add(notice)
    session.flush()
    return notice


def apart(session: Session, event: Event, at: datetime, policy: Policy) -> datetime:
    """When the next text may go: 60 s after the last one to this plate, or this shop (L88)."""
    latest = session.scalar(
        select(func.max(func.coalesce(Notice.sending_at, Notice.next_attempt_at)))
        .join(Event, Event.id == Notice.event_id)
        .where(_same_addressee(event), Notice.status != NoticeStatus.CANCELLED)
    )
    if latest is None:
        return at
    return max(at, latest + timedelta(seconds=policy.sms_apart_seconds))


def texts_today(session: Session, event: Event, at: datetime) -> int:
    """How many texts this plate, or this shop or household, was written today (L88)."""
    start, end = local_day(at)
    count = session.scalar(
        select(func.count(Notice.id))
        .join(Event, Event.id == Notice.event_id)
        .where(
            _same_addressee(event),
            Notice.created_at >= start,
            Notice.created_at < end,
            Notice.status != NoticeStatus.CANCELLED,
        )
    )
    return count or 0


def _same_addressee(event: Event) -> ColumnElement[bool]:
    if event.flow == FlowName.PARKING:
        return Event.plate == event.plate
    return Event.party_id == event.party_id


def variables(
    session: Session, event: Event, template: str, *, time: datetime, policy: Policy
) -> dict[str, Any]:
    """Words for one text: masked plate, or address and thing; place, local HH:MM, whole minutes of
    grace (rounded down in the text, never in the deadline), landline, number, and the code where
    the text bears it."""
    if event.party_id is not None:
        return _frontage_words(session, event, time, policy)
    if template == CALL_TEXT:
        return _call_words(event, time, policy)
    area = event.zone.area
    bears_code = template in BEARS_CODE
    return {
        "plate": mask(event.plate or ""),
        "place": (area.place or area.name)[:PLACE_LENGTH],
        "time": local(time).strftime("%H:%M"),
        "grace_minutes": max(1, int(grace_seconds(event, policy) // 60)),
        "landline": policy.landline,
        "number": event.query_no if bears_code else event.event_no,
        "code": event.query_code if bears_code else "",
    }


def _call_words(event: Event, time: datetime, policy: Policy) -> dict[str, Any]:
    """Counts only, never who (L73)."""
    area = event.zone.area
    return {
        "place": (area.place or area.name)[:PLACE_LENGTH],
        "time": local(time).strftime("%H:%M"),
        "people": str(round(float(event.measured.get("falling_from") or 0))),
        "limit": str(round(float(event.measured.get("called_over") or 0))),
        "grace_seconds": policy.crowd_answer_seconds,
        "event_no": event.event_no,
    }


def _frontage_words(
    session: Session, event: Event, time: datetime, policy: Policy
) -> dict[str, Any]:
    party = session.get_one(ResponsibleParty, event.party_id)
    return {
        "address": party.address,
        "thing": event.flow,
        "time": local(time).strftime("%H:%M"),
        "grace_minutes": max(1, int(grace_seconds(event, policy) // 60)),
        "landline": policy.landline,
        "event_no": event.event_no,
    }
