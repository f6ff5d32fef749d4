"""What replies hold up: phones that are no longer texted (W49), events that stand still (W20).

What is known of it are the replies themselves, so that nothing can be forgotten in one place and
kept in another: a phone is stale while it has said that the car is not theirs and no officer has
found it right; an event is frozen while a reply that freezes has no officer's answer; a phone is
not called that has asked for nothing, by a reply or at its provider.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from models.event import Event
from models.notice import CALLS, OPTED_OUT, Notice, NoticeStatus, Reply, ReplyAnswer
from models.secret import keyed_hash

NO_CALLS = "NO_CALLS"
"""The meaning of a reply that asks to be left alone (`models.replies`)."""


def is_stale(session: Session, phone: str) -> bool:
    """Whether what this phone (E.164) said last about a car is that it is not theirs, and no
    officer has found it right."""
    if not phone:
        return False
    last = session.scalar(
        select(Reply.id)
        .where(Reply.phone_hash == keyed_hash(phone), Reply.disowns.is_(True))
        .order_by(Reply.id.desc())
        .limit(1)
    )
    if last is None:
        return False
    found_right = select(ReplyAnswer.id).where(
        ReplyAnswer.reply_id == last, ReplyAnswer.contact_is_right.is_(True)
    )
    return session.scalar(found_right) is None


def wants_no_calls(session: Session, phone: str) -> bool:
    """Whether whoever has this phone (E.164) has ever answered us to be left alone, or has told
    so to the provider of texts, which no text has reached since."""
    whose = keyed_hash(phone)
    said = session.scalars(select(Reply.meanings).where(Reply.phone_hash == whose))
    if any(NO_CALLS in meanings for meanings in said):
        return True
    refused = Notice.error.startswith(OPTED_OUT)
    arrived = (Notice.status == NoticeStatus.DELIVERED) & Notice.template.not_in(CALLS)
    last = session.scalar(
        select(Notice.error)
        .where(Notice.phone_hash == whose, refused | arrived)
        .order_by(Notice.id.desc())
        .limit(1)
    )
    return last is not None and last.startswith(OPTED_OUT)


def unanswered() -> tuple[ColumnElement[bool], ...]:
    """Conditions on `Reply`: one that freezes, and that no officer has answered."""
    return Reply.freezes.is_(True), ~exists().where(ReplyAnswer.reply_id == Reply.id)


def frozen_by(session: Session, event: Event) -> list[Reply]:
    """The replies for which this event cannot be escalated now, in the order of their coming."""
    query = select(Reply).where(Reply.event_id == event.id, *unanswered())
    return list(session.scalars(query.order_by(Reply.id)))
