"""A ground to cancel a record, found true: three work days to cancel it (L39, 程序规定 art. 22)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import deadlines
from models.audit_log import record
from models.base import Base
from models.errors import BadInput, Conflict, NotAllowed
from models.event import DeadlineKind, Event, EventState
from models.looks import add_flag, lock
from models.people import Role, User
from models.policy import Policy
from models.recusal import refuse_recused


class VoidReason(StrEnum):
    """The eight grounds of 程序规定 art. 22 (L39), and no others."""

    URGENT_DUTY = "URGENT_DUTY"
    STOLEN_OR_ABUSED = "STOLEN_OR_ABUSED"
    EMERGENCY_AVOIDANCE = "EMERGENCY_AVOIDANCE"
    HANDLED_ON_SITE = "HANDLED_ON_SITE"
    CONTRADICTING_SIGNS = "CONTRADICTING_SIGNS"
    UNCLEAR_RECORD = "UNCLEAR_RECORD"
    PLATE_MISREAD = "PLATE_MISREAD"
    OTHER = "OTHER"


class VoidGround(Base):
    """One an event. While it stands nobody can escalate; A23 or A24 acts on it."""

    __tablename__ = "void_ground"

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(300), default="")
    verified_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    verified_at: Mapped[datetime]


def verify_ground(
    session: Session,
    event: Event,
    user: User,
    *,
    reason: str,
    note: str = "",
    policy: Policy,
    at: datetime,
) -> VoidGround:
    """An officer found one of the eight grounds true; the record is to be cancelled in time.

    Raises BadInput (field reason or note), NotAllowed, Conflict where the event has ended in the
    owner's favour.
    """
    if reason not in list(VoidReason):
        raise BadInput(f"reason is one of {', '.join(VoidReason)}", field="reason")
    if len(note) > 300 or (reason == VoidReason.OTHER and not note.strip()):
        raise BadInput("say in at most 300 characters what was found", field="note")
    if not (user.active and user.has(Role.OFFICER)):
        raise NotAllowed("only an active officer may do this", code="NOT_AN_OFFICER")
    refuse_recused(session, event.id, user)
    lock(session, event)
    if not (event.is_open or event.state == EventState.ESCALATED):
        raise Conflict("there is nothing left to cancel", code="ENDED")
    known = session.get(VoidGround, event.id)
    if known is not None:
        return known
    row = VoidGround(
        event_id=event.id, reason=reason, note=note.strip(), verified_by=user.id, verified_at=at
    )
    session.add(row)
    add_flag(event, "void_ground")
    due = deadlines.end_of_work_days(at, policy.void_work_days, policy.calendar)
    deadlines.promise(session, event, DeadlineKind.VOID_GROUND, due)
    record(
        session, at=at, actor=user.username, action="void.verify", subject=f"event:{event.id}",
        details={"reason": reason},
    )  # fmt: skip
    return row


def ground_of(session: Session, event: Event) -> VoidGround | None:
    session.flush()
    return session.get(VoidGround, event.id)
