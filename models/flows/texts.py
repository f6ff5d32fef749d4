"""The outbox: which text an event puts there, with which words to fill in (domain.md 6).

A text is a row in the transaction of the step that promises it (W39), one per event and template.
Its variables never hold a full plate or a phone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.deadlines import local
from models.event import Event, FlowName
from models.facts import Contact
from models.notice import Notice, NoticeStatus
from models.place import ResponsibleParty
from models.plate import mask
from models.policy import Policy

STANDARD_GRACE_SECONDS = 420
PLACE_LENGTH = 10
BEARS_CODE = frozenset({"N1", "N1b"})
"""The texts that open the owner's page: they carry the short number and its code."""
FIRST_TEXT: dict[str, str] = {
    FlowName.PARKING: "N1",
    FlowName.HANGING: "N7",
    FlowName.POSTER: "N7",
}
"""The text with the promise, whose receipt starts the clock. To a gathering nobody writes."""


def grace_seconds(event: Event, policy: Policy) -> float:
    """The zone version's own grace; zones that keep the standard 420 s follow the policy."""
    own = event.zone_version.grace_seconds
    return policy.grace_seconds if own == STANDARD_GRACE_SECONDS else float(own)


def notice_of(session: Session, event: Event, template: str) -> Notice | None:
    return session.scalar(
        select(Notice).where(Notice.event_id == event.id, Notice.template == template)
    )


def queue_first(
    session: Session, event: Event, template: str, contact: Contact, *, at: datetime, policy: Policy
) -> Notice:
    """N1 or N1b: the first text of an event, to a contact just looked up."""
    return _queue(
        session, event, template, contact.phone, contact.language or policy.language,
        at=at, valid_seconds=policy.sms_submit_seconds, time=event.flagged_at, policy=policy,
    )  # fmt: skip


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
        not_before=first_try,
    )  # fmt: skip


def queue_followup(
    session: Session, event: Event, template: str, *, at: datetime, policy: Policy,
    time: datetime | None = None,
) -> Notice | None:  # fmt: skip
    """A later text, to the same phone; None where the first never arrived: nothing was
    promised."""
    first = notice_of(session, event, FIRST_TEXT.get(event.flow, ""))
    if first is None or not arrived(first, event):
        return None
    earlier = notice_of(session, event, template)
    if earlier is not None:
        return earlier
    return _queue(
        session, event, template, first.phone, first.language,
        at=at, valid_seconds=policy.followup_valid_seconds, time=time or at, policy=policy,
    )  # fmt: skip


def arrived(notice: Notice, event: Event) -> bool:
    """Delivered, or accepted where the city lets acceptance count."""
    accepted = event.grace_policy == "accepted" and notice.accepted_at is not None
    return notice.delivered_at is not None or accepted


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
    not_before: datetime | None = None,
) -> Notice:
    first_try = max(_not_before(session, event, at, policy), not_before or at)
    notice = Notice(
        event_id=event.id,
        template=template,
        language=language,
        variables=variables(session, event, template, time=time, policy=policy),
        phone=phone,
        status=NoticeStatus.QUEUED,
        next_attempt_at=first_try,
        valid_until=first_try + timedelta(seconds=valid_seconds),
        created_at=at,
    )
    session.add(notice)
    session.flush()
    return notice


def _not_before(session: Session, event: Event, at: datetime, policy: Policy) -> datetime:
    """Texts to one plate, or one shop or household, are at least 60 s apart (L88)."""
    same = Event.plate == event.plate
    if event.flow != FlowName.PARKING:
        same = Event.party_id == event.party_id
    latest = session.scalar(
        select(func.max(Notice.created_at))
        .join(Event, Event.id == Notice.event_id)
        .where(same, Notice.status != NoticeStatus.CANCELLED)
    )
    if latest is None:
        return at
    return max(at, latest + timedelta(seconds=policy.sms_apart_seconds))


def variables(
    session: Session, event: Event, template: str, *, time: datetime, policy: Policy
) -> dict[str, Any]:
    """Words for one text: masked plate, or address and thing; place, local HH:MM, whole minutes of
    grace (rounded down in the text, never in the deadline), landline, number, and the code where
    the text bears it."""
    if event.party_id is not None:
        return _frontage_words(session, event, time, policy)
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
