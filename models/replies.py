"""What people answer to our texts (上行短信): kept, understood a little, never held against them.

domain.md 6 and W20, W49: whoever says that the car is not theirs gets no more texts, and nothing
is escalated until an officer has looked; an objection is a statement as any other; breakdowns
and hospitals go to an officer at once; all else is a note. A reply that could mean two things
means both, for each of them is in the owner's favour.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import contacts, statements
from models.errors import BadInput, Conflict, NotAllowed
from models.event import Event, EventState, FlowName
from models.looks import add_flag, lock
from models.notice import STAFF_TEXTS, Notice, Reply, ReplyAnswer
from models.people import Role, User
from models.policy import Policy
from models.recusal import refuse_recused
from models.secret import keyed_hash
from models.states import ENDED

MAX_LENGTH = 1000
"""Longer than any chain of text segments; what follows is cut off."""
MAX_NOTE = 300


class Meaning(StrEnum):
    NOT_MINE = "NOT_MINE"
    """不是我/卖了/车被偷: freezes the escalation, the contact is stale"""
    EMERGENCY = "EMERGENCY"
    """故障/急救/医院: an officer at once"""
    STATEMENT = "STATEMENT"
    """申辩/申诉: a statement is opened"""
    NO_CALLS = contacts.NO_CALLS
    """退订/别打电话: this phone is not called (A13)"""
    NOTE = "NOTE"


FREEZING = frozenset({Meaning.NOT_MINE, Meaning.EMERGENCY})
"""While an officer has not answered such a reply, its event cannot be escalated
(`models.contacts`)."""

_WORDS: dict[Meaning, tuple[str, ...]] = {
    Meaning.NOT_MINE: (
        "不是我", "不是本人", "非本人", "不是俺", "卖了", "卖掉", "已卖", "卖给", "转让", "过户",
        "被偷", "被盗", "偷走", "发错", "打错", "搞错", "弄错", "认错", "不认识", "没有车", "没车",
        "套牌",
        "notmy", "isn'tmy", "isntmy", "notmine", "isn'tmine", "sold", "stolen", "wrongnumber",
        "wrongperson", "wrongcar", "don'tknow", "nocar", "don'thaveacar", "don'townacar",
    ),
    Meaning.EMERGENCY: (
        "故障", "抛锚", "坏了", "熄火", "爆胎", "急救", "急诊", "医院", "救护", "病人", "生病",
        "晕倒", "车祸", "事故", "救命",
        "emergency", "hospital", "ambulance", "breakdown", "brokedown", "brokendown", "accident",
        "flattyre", "flattire", "won'tstart",
    ),
    Meaning.STATEMENT: (
        "申辩", "申诉", "陈述", "异议", "不服", "复议",
        "objection", "iobject", "appeal", "dispute", "contest", "statement", "disagree",
    ),
    Meaning.NO_CALLS: (
        "退订", "拒收", "勿扰", "打扰", "骚扰", "别打电话", "别再打", "不要打", "不要再打",
        "stop", "unsubscribe", "don'tcall", "donotcall", "leavemealone",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Inbound:
    """One reply as it came. `phone` is E.164."""

    provider: str
    provider_id: str
    phone: str = field(repr=False)
    text: str = field(repr=False)


def understand(text: str) -> list[Meaning]:
    """Every meaning that the words may have, the weightiest first; NOTE where there is none."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    plain = "".join(plain.split())
    found = [m for m, words in _WORDS.items() if any(word in plain for word in words)]
    return found or [Meaning.NOTE]


def receive(session: Session, inbound: Inbound, *, policy: Policy, at: datetime) -> Reply:
    """Keep a reply and let it count. The same one brought twice is one reply.

    It belongs to the newest open event that was texted to this phone, or, where none is open,
    to the newest escalated one (W22); a reply of a phone that nobody texted is kept without.
    """
    text = inbound.text.replace("\x00", "").encode("utf-8", "replace").decode()[:MAX_LENGTH]
    known = _known(session, inbound)
    if known is not None:
        return known
    phone_hash = keyed_hash(inbound.phone)
    event = _event_of(session, phone_hash)
    if event is not None:
        lock(session, event)
    meanings = understand(text)
    reply = Reply(
        provider=inbound.provider,
        provider_id=inbound.provider_id[:80],
        event_id=event.id if event is not None else None,
        phone=inbound.phone,
        phone_hash=phone_hash,
        text=text,
        meanings=[str(meaning) for meaning in meanings],
        freezes=not FREEZING.isdisjoint(meanings),
        disowns=Meaning.NOT_MINE in meanings,
        received_at=at,
    )
    try:
        with session.begin_nested():
            session.add(reply)
    except IntegrityError:
        brought_before = _known(session, inbound)
        if brought_before is None:
            raise
        return brought_before
    if event is not None:
        _let_count(session, event, meanings, text, policy=policy, at=at)
    return reply


def _let_count(
    session: Session, event: Event, meanings: Sequence[Meaning], text: str, *, policy: Policy,
    at: datetime,
) -> None:  # fmt: skip
    add_flag(event, "reply")
    if Meaning.NOT_MINE in meanings:
        add_flag(event, "not_mine")
    if Meaning.EMERGENCY in meanings:
        add_flag(event, "emergency_reply")
    if Meaning.STATEMENT in meanings:
        statements.receive(session, event, text, at=at, policy=policy, channel="sms")


def _known(session: Session, inbound: Inbound) -> Reply | None:
    return session.scalar(
        select(Reply).where(
            Reply.provider == inbound.provider, Reply.provider_id == inbound.provider_id[:80]
        )
    )


def _event_of(session: Session, phone_hash: str) -> Event | None:
    """The newest open event texted to this phone; else the newest escalated one."""
    texted = (
        select(Event)
        .where(
            exists().where(
                Notice.event_id == Event.id,
                Notice.phone_hash == phone_hash,
                Notice.sending_at.is_not(None),
                Notice.template.not_in(STAFF_TEXTS),
            ),
            Event.flow != FlowName.CROWD,
        )
        .order_by(Event.flagged_at.desc(), Event.id.desc())
        .limit(1)
    )
    found = session.scalar(texted.where(Event.state.not_in(ENDED)))
    return found or session.scalar(texted.where(Event.state == EventState.ESCALATED))


def answer(
    session: Session,
    reply: Reply,
    user: User,
    *,
    contact_is_right: bool,
    note: str,
    at: datetime,
) -> ReplyAnswer:
    """An officer has looked into a reply: the event is free again. Only where the officer says
    that the contact is right after all will this phone be texted again (W49).

    Raises BadInput (field note), NotAllowed, Conflict where it was answered before.
    """
    words = note.strip()
    if not 0 < len(words) <= MAX_NOTE:
        raise BadInput(f"a note has 1 to {MAX_NOTE} characters", field="note")
    if not (user.active and user.has(Role.OFFICER)):
        raise NotAllowed("only an active officer may answer", code="NOT_AN_OFFICER")
    if reply.event_id is not None:
        lock(session, session.get_one(Event, reply.event_id))
    refuse_recused(session, reply.event_id, user)
    if answer_of(session, reply) is not None:
        raise Conflict("this reply was answered already", code="ALREADY_ANSWERED")
    row = ReplyAnswer(
        reply_id=reply.id, officer_id=user.id, contact_is_right=contact_is_right, note=words, at=at
    )
    session.add(row)
    session.flush()
    return row


def answer_of(session: Session, reply: Reply) -> ReplyAnswer | None:
    return session.scalar(select(ReplyAnswer).where(ReplyAnswer.reply_id == reply.id))


def replies_of(session: Session, event: Event) -> list[Reply]:
    """Every reply that belongs to this event, in the order of their coming."""
    query = select(Reply).where(Reply.event_id == event.id)
    return list(session.scalars(query.order_by(Reply.id)))
