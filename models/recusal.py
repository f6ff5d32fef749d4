"""回避: an officer with a conflict has no hand in an event any more (L09, 行政处罚法 art. 43; W44).

An officer declares it, or the party asks for it. From then on that officer can neither review nor
co-sign nor edit this event, in whatever direction, and a signature already given no longer counts:
the flow's guards refuse it, and so does the database (models.triggers).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint, exists, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import leases
from models.audit_log import record
from models.base import Base
from models.errors import BadInput, Conflict, NotAllowed, NotFound
from models.event import Event
from models.looks import add_flag, lock
from models.people import Decision, DecisionKind, Role, User
from models.place import Signature, SignatureAct

MAX_TEXT = 1000
MOST_OPEN_REQUESTS = 5
"""Nobody can fill the record up from the owner's page; answered ones do not count."""


class RecusalReason(StrEnum):
    """行政处罚法 art. 43: 有直接利害关系或者有其他关系可能影响公正执法."""

    OWN_VEHICLE = "OWN_VEHICLE"
    RELATIVE = "RELATIVE"
    INTEREST = "INTEREST"
    OTHER = "OTHER"


class RequestStatus(StrEnum):
    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"


class RecusalRequest(Base):
    """A party asks that an officer stays out (L09). While it is open nobody can escalate."""

    __tablename__ = "recusal_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    text: Mapped[str] = mapped_column(String(1000))
    """Whom and why, in the party's own words."""
    channel: Mapped[str] = mapped_column(String(12), default="web")
    received_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10), default=RequestStatus.OPEN)
    answer: Mapped[str] = mapped_column(String(1000), default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class Recusal(Base):
    """One officer out of one event; append-only."""

    __tablename__ = "recusal"
    __table_args__ = (UniqueConstraint("event_id", "officer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    reason_code: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(300), default="")
    request_id: Mapped[int | None] = mapped_column(ForeignKey("recusal_request.id"))
    """The party's request that was granted; null where the officer declared it."""
    recorded_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    recorded_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class RequestAnswer:
    """What is answered to a party, and which officers stay out from now on."""

    text: str
    officers: Sequence[str] = ()
    """Usernames; empty where the request is refused."""


def declare(
    session: Session,
    event: Event,
    user: User,
    *,
    reason_code: str,
    reason: str = "",
    at: datetime,
) -> Recusal:
    """An officer declares a conflict; the event is another officer's from now on (W44).

    Said twice it is one record. Raises BadInput (field reason_code or reason), NotAllowed for who
    is no active officer.
    """
    if not (user.active and user.has(Role.OFFICER)):
        raise NotAllowed("only an active officer can be recused", code="NOT_AN_OFFICER")
    if reason_code not in list(RecusalReason):
        raise BadInput(f"reason_code is one of {', '.join(RecusalReason)}", field="reason_code")
    words = reason.strip()
    if len(words) > 300:
        raise BadInput("a reason has at most 300 characters", field="reason")
    if reason_code == RecusalReason.OTHER and not words:
        raise BadInput("say what the conflict is", field="reason")
    lock(session, event)
    return _recuse(session, event, user, reason_code, words, by=user, at=at)


def request(
    session: Session, event: Event, text: str, *, at: datetime, channel: str = "web"
) -> RecusalRequest:
    """The party asks for it; officers see it, and none can escalate until it is answered.

    Raises BadInput (field text), Conflict where too many are still open.
    """
    words = text.strip()
    if not 0 < len(words) <= MAX_TEXT:
        raise BadInput(f"a request has 1 to {MAX_TEXT} characters", field="text")
    lock(session, event)
    if open_requests(session, event) >= MOST_OPEN_REQUESTS:
        raise Conflict("several requests are not answered yet", code="ENOUGH_REQUESTS")
    row = RecusalRequest(
        event_id=event.id, text=words, channel=channel, received_at=at, status=RequestStatus.OPEN
    )
    session.add(row)
    add_flag(event, "recusal_request")
    session.flush()
    return row


def answer_request(
    session: Session, row: RecusalRequest, user: User, answer: RequestAnswer, *, at: datetime
) -> RecusalRequest:
    """Grant a party's request (with officers) or refuse it (without), with words for the party.

    Nobody refuses a request about himself: that is left to a colleague by whoever has signed (the
    software sees to it) or is named in its words (which only people can read).

    Raises BadInput (field text or officers), NotAllowed, NotFound, Conflict.
    """
    words = answer.text.strip()
    if not 0 < len(words) <= MAX_TEXT:
        raise BadInput(f"an answer has 1 to {MAX_TEXT} characters", field="text")
    if not (user.active and user.has(Role.OFFICER)):
        raise NotAllowed("only an active officer may answer", code="NOT_AN_OFFICER")
    event = lock(session, session.get_one(Event, row.event_id))
    session.refresh(row)
    if row.status != RequestStatus.OPEN:
        raise Conflict("this request was answered already", code="ALREADY_ANSWERED")
    if is_recused(session, event.id, user.id):
        raise refusal_of(user)
    officers = [_officer(session, name) for name in dict.fromkeys(answer.officers)]
    signed = [*signers(session, event.id)]
    for act in SignatureAct:
        signed += place_signers(session, event.id, act)
    if not officers and user.id in signed:
        raise NotAllowed(
            "who has signed does not refuse a request for recusal",
            code="OWN_RECUSAL",
            hint="leave it to a colleague",
        )
    row.status = RequestStatus.GRANTED if officers else RequestStatus.REFUSED
    row.answer, row.answered_at, row.answered_by = words, at, user.id
    session.flush()
    for officer in officers:
        _recuse(
            session, event, officer, RecusalReason.OTHER, words[:300], by=user, at=at, request=row
        )
    record(
        session, at=at, actor=user.username, action="recusal.answer", subject=f"event:{event.id}",
        details={"request": row.id, "status": row.status},
    )  # fmt: skip
    return row


def is_recused(session: Session, event_id: int, user_id: int) -> bool:
    session.flush()
    found = session.scalar(
        select(Recusal.id).where(Recusal.event_id == event_id, Recusal.officer_id == user_id)
    )
    return found is not None


def refuse_recused(session: Session, event_id: int | None, user: User) -> None:
    """For acts that are no step of a flow. Raises NotAllowed."""
    if event_id is not None and is_recused(session, event_id, user.id):
        raise refusal_of(user)


def refusal_of(user: User) -> NotAllowed:
    return NotAllowed(
        f"{user.username} is recused from this event",
        code="RECUSED",
        hint="another licensed officer takes it",
    )


def signers(session: Session, event_id: int) -> list[int]:
    """Officers (user ids) whose signature for escalation counts: those who are not recused."""
    return list(signers_of(session, [event_id]).get(event_id, ()))


def signers_of(session: Session, event_ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """The same of several events, by event; those that nobody has signed are left out."""
    session.flush()
    out = exists().where(
        Recusal.event_id == Decision.event_id, Recusal.officer_id == Decision.officer_id
    )
    rows = session.execute(
        select(Decision.event_id, Decision.officer_id)
        .where(Decision.event_id.in_(event_ids), Decision.kind == DecisionKind.ESCALATE, ~out)
        .order_by(Decision.id)
    )
    found: dict[int, tuple[int, ...]] = {}
    for event_id, officer_id in rows:
        found[event_id] = (*found.get(event_id, ()), officer_id)
    return found


def place_signers(session: Session, event_id: int, act: SignatureAct) -> list[int]:
    """Officers whose signature under an order or escalation of what hangs or is posted counts, in
    the order of signing."""
    session.flush()
    out = select(Recusal.officer_id).where(Recusal.event_id == event_id)
    return list(
        session.scalars(
            select(Signature.officer_id)
            .where(
                Signature.event_id == event_id,
                Signature.act == act,
                Signature.officer_id.not_in(out),
            )
            .order_by(Signature.id)
        )
    )


def recused(session: Session, event_id: int) -> list[tuple[Recusal, str]]:
    """Who is out of an event, with the username, in order."""
    rows = session.execute(
        select(Recusal, User.username)
        .join(User, User.id == Recusal.officer_id)
        .where(Recusal.event_id == event_id)
        .order_by(Recusal.id)
    )
    return [(row, name) for row, name in rows]


def requests(session: Session, event_id: int) -> list[RecusalRequest]:
    """What the party has asked, in order."""
    return list(
        session.scalars(
            select(RecusalRequest)
            .where(RecusalRequest.event_id == event_id)
            .order_by(RecusalRequest.id)
        )
    )


def open_requests(session: Session, event: Event) -> int:
    session.flush()
    count = session.scalar(
        select(func.count(RecusalRequest.id)).where(
            RecusalRequest.event_id == event.id, RecusalRequest.status == RequestStatus.OPEN
        )
    )
    return count or 0


def _officer(session: Session, username: str) -> User:
    user = session.scalar(select(User).where(User.username == username))
    if user is None or not user.has(Role.OFFICER):
        raise NotFound(f"there is no officer {username}")
    return user


def _recuse(
    session: Session,
    event: Event,
    officer: User,
    reason_code: str,
    reason: str,
    *,
    by: User,
    at: datetime,
    request: RecusalRequest | None = None,
) -> Recusal:
    session.flush()
    known = session.scalar(
        select(Recusal).where(Recusal.event_id == event.id, Recusal.officer_id == officer.id)
    )
    if known is not None:
        return known
    row = Recusal(
        event_id=event.id, officer_id=officer.id, reason_code=reason_code, reason=reason,
        request_id=None if request is None else request.id, recorded_by=by.id, recorded_at=at,
    )  # fmt: skip
    session.add(row)
    add_flag(event, "recusal")
    session.flush()
    leases.release(session, event, officer)
    record(
        session, at=at, actor=by.username, action="recusal", subject=f"event:{event.id}",
        details={"officer": officer.username, "reason_code": reason_code},
    )  # fmt: skip
    return row
