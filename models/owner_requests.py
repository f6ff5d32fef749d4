"""What an owner asks of their own record: to see it, to have it corrected or deleted.

个人信息保护法 art. 45 to 47, 50 (L67, W53): the request is recorded, answered within 15 work
days, and a refusal gives its reason. A deletion is carried out as soon as no retention need is
left (3.6); until then it is refused with the day until which the record is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import deadlines
from models.audit_log import record
from models.base import Base
from models.errors import BadInput, Conflict, NotAllowed, NotFound
from models.event import Event
from models.people import Role, User
from models.policy import load_policy
from models.recusal import refuse_recused

ANSWER_WORK_DAYS = 15
TEXT_LENGTH = 1000
CHANNELS = ("web", "sms", "phone", "counter")


class RequestKind(StrEnum):
    ACCESS = "access"
    CORRECTION = "correction"
    DELETION = "deletion"


class RequestStatus(StrEnum):
    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"


class OwnerRequest(Base):
    """One request about one event; what was asked, when, and until when it is answered stay."""

    __tablename__ = "owner_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(String(TEXT_LENGTH), default="")
    channel: Mapped[str] = mapped_column(String(12), default="web")
    """web | sms | phone | counter"""
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """15 work days after it was received: until then it is answered."""
    status: Mapped[str] = mapped_column(String(10), default=RequestStatus.OPEN)
    answer: Mapped[str] = mapped_column(String(TEXT_LENGTH), default="")
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


def receive_request(
    session: Session,
    event: Event,
    kind: RequestKind | str,
    text: str = "",
    *,
    at: datetime,
    channel: str = "web",
) -> OwnerRequest:
    """Keep a request, whatever state the event is in.

    The caller has checked that it is the owner who asks (number and code of the text, L67). One
    open request of a kind is enough: the same again gives the first one. Raises BadInput (field
    kind, text or channel).
    """
    if kind not in set(RequestKind):
        raise BadInput(f"kind must be one of {', '.join(RequestKind)}", field="kind")
    if channel not in CHANNELS:
        raise BadInput(f"channel must be one of {', '.join(CHANNELS)}", field="channel")
    words = text.strip()
    if len(words) > TEXT_LENGTH:
        raise BadInput(f"a request has at most {TEXT_LENGTH} characters", field="text")
    if kind == RequestKind.CORRECTION and not words:
        raise BadInput("say what is wrong and what is right", field="text")
    earlier = session.scalar(
        select(OwnerRequest).where(
            OwnerRequest.event_id == event.id,
            OwnerRequest.kind == str(kind),
            OwnerRequest.status == RequestStatus.OPEN,
            OwnerRequest.text == words,
        )
    )
    if earlier is not None:
        return earlier
    request = OwnerRequest(
        event_id=event.id, kind=str(kind), text=words, channel=channel, received_at=at,
        due_at=deadlines.end_of_work_days(at, ANSWER_WORK_DAYS, load_policy(session).calendar),
        status=RequestStatus.OPEN,
    )  # fmt: skip
    session.add(request)
    session.flush()
    record(
        session, at=at, actor="owner", action="request.received", subject=f"event:{event.id}",
        details={"request": request.id, "kind": request.kind},
    )  # fmt: skip
    return request


def open_requests(session: Session) -> Sequence[OwnerRequest]:
    """Every request that waits for its answer, the most urgent first."""
    query = select(OwnerRequest).where(OwnerRequest.status == RequestStatus.OPEN)
    return session.scalars(query.order_by(OwnerRequest.due_at, OwnerRequest.id)).all()


def requests_of(session: Session, event: Event) -> Sequence[OwnerRequest]:
    """Every request about an event, in order."""
    query = select(OwnerRequest).where(OwnerRequest.event_id == event.id)
    return session.scalars(query.order_by(OwnerRequest.id)).all()


def get_request(session: Session, request_id: int) -> OwnerRequest:
    """Raises NotFound."""
    request = session.get(OwnerRequest, request_id)
    if request is None:
        raise NotFound(f"there is no request {request_id}")
    return request


def close_request(
    session: Session,
    request: OwnerRequest,
    user: User,
    *,
    granted: bool,
    text: str,
    at: datetime,
) -> OwnerRequest:
    """An officer's answer, with the reason where it is refused (PIPL art. 50).

    A deletion is answered by `models.retention.answer_deletion`, which also carries it out.
    Raises NotAllowed, BadInput (field text), Conflict where it was answered before.
    """
    if not (user.active and user.has(Role.OFFICER)):
        raise NotAllowed("only an active officer may answer", code="NOT_AN_OFFICER")
    refuse_recused(session, request.event_id, user)
    words = text.strip()
    if not 0 < len(words) <= TEXT_LENGTH:
        raise BadInput(f"an answer has 1 to {TEXT_LENGTH} characters", field="text")
    session.refresh(request, with_for_update=True)
    if request.status != RequestStatus.OPEN:
        raise Conflict("this request was answered already", code="ALREADY_ANSWERED")
    request.status = RequestStatus.GRANTED if granted else RequestStatus.REFUSED
    request.answer, request.answered_at, request.answered_by = words, at, user.id
    session.flush()
    record(
        session, at=at, actor=user.username, action=f"request.{request.status}",
        subject=f"event:{request.event_id}", details={"request": request.id},
    )  # fmt: skip
    return request
