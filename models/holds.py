"""Legal holds: while one stands, nothing of its event is purged (B14).

An officer lays it with a reason and the number of the document that asks for it (a court, a
review of the decision, a complaint); any officer may lift it, with a reason. Both are in the
audit log. The database refuses to purge what is held, whoever asks (models.triggers).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.audit_log import record
from models.base import Base
from models.case import Case
from models.errors import BadInput, Conflict, NotAllowed, NotFound
from models.event import Event
from models.looks import lock
from models.people import Role, User

REASON_LENGTH = 300
DOCUMENT_LENGTH = 60


class LegalHold(Base):
    """One hold on one event (and with it on its case). Only its lifting is ever added."""

    __tablename__ = "legal_hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))
    document: Mapped[str] = mapped_column(String(DOCUMENT_LENGTH))
    """Number of the letter, order or complaint that asks for it."""
    placed_at: Mapped[datetime]
    placed_by: Mapped[int] = mapped_column(ForeignKey("user.id"))
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    lift_reason: Mapped[str] = mapped_column(String(REASON_LENGTH), default="")


def place_hold(
    session: Session, event: Event, user: User, *, reason: str, document: str, at: datetime
) -> LegalHold:
    """Keep everything of `event` until the hold is lifted.

    Raises NotAllowed for anybody but an active officer, BadInput (field reason or document), and
    Conflict where the event was purged already: what is gone cannot be held.
    """
    _officer(user)
    words = _needed(reason, "reason", REASON_LENGTH)
    number = _needed(document, "document", DOCUMENT_LENGTH)
    lock(session, event)  # a purge under way ends first
    if event.purged_at is not None:
        raise Conflict(
            f"the pictures and the plate of {event.event_no} were deleted already",
            code="ALREADY_PURGED",
            hint="qifen retention log",
        )
    hold = LegalHold(
        event_id=event.id, reason=words, document=number, placed_at=at, placed_by=user.id
    )
    session.add(hold)
    session.flush()
    _write_down(session, "hold.placed", event.id, hold, user, at)
    return hold


def lift_hold(
    session: Session, hold: LegalHold, user: User, *, reason: str, at: datetime
) -> LegalHold:
    """End a hold; the event falls under its retention rule again with the next run.

    Raises NotAllowed, BadInput (field reason), Conflict where it was lifted before.
    """
    _officer(user)
    words = _needed(reason, "reason", REASON_LENGTH)
    session.refresh(hold, with_for_update=True)
    if hold.lifted_at is not None:
        raise Conflict("this hold was lifted already", code="ALREADY_LIFTED")
    hold.lifted_at, hold.lifted_by, hold.lift_reason = at, user.id, words
    session.flush()
    _write_down(session, "hold.lifted", hold.event_id, hold, user, at)
    return hold


def get_hold(session: Session, hold_id: int) -> LegalHold:
    """Raises NotFound."""
    hold = session.get(LegalHold, hold_id)
    if hold is None:
        raise NotFound(f"there is no hold {hold_id}", hint="`qifen retention holds` lists them")
    return hold


def holds_of(session: Session, event: Event) -> list[LegalHold]:
    """Every hold of an event, lifted ones too, in order."""
    query = select(LegalHold).where(LegalHold.event_id == event.id).order_by(LegalHold.id)
    return list(session.scalars(query))


def standing_holds(session: Session) -> list[LegalHold]:
    """Every hold in force, oldest first."""
    query = select(LegalHold).where(LegalHold.lifted_at.is_(None)).order_by(LegalHold.id)
    return list(session.scalars(query))


def is_held(session: Session, event: Event) -> bool:
    """Whether a hold on this event is in force."""
    query = select(LegalHold.id).where(
        LegalHold.event_id == event.id, LegalHold.lifted_at.is_(None)
    )
    return session.scalar(query.limit(1)) is not None


def event_of_case(session: Session, case_no: str) -> Event:
    """The event that a case was opened for: a case is held by holding it.

    Raises NotFound, and BadInput for a case that has none: nothing of such a case is purged.
    """
    case = session.scalar(select(Case).where(Case.case_no == case_no))
    if case is None:
        raise NotFound(f"there is no case {case_no}", hint="its number is on its page")
    if case.event is None:
        raise BadInput(
            f"case {case_no} was not opened for an event",
            field="case",
            hint="nothing of it is deleted by itself; a hold is not needed",
        )
    return case.event


def _officer(user: User) -> None:
    if not (user.active and user.has(Role.OFFICER)):
        raise NotAllowed("only an active officer may lay or lift a hold", code="NOT_AN_OFFICER")


def _needed(value: str, field: str, longest: int) -> str:
    words = " ".join(value.split())
    if not 0 < len(words) <= longest:
        raise BadInput(f"a hold needs a {field} of 1 to {longest} characters", field=field)
    return words


def _write_down(
    session: Session, action: str, event_id: int, hold: LegalHold, user: User, at: datetime
) -> None:
    details = {"hold": hold.id, "document": hold.document}
    record(
        session, at=at, actor=user.username, action=action, subject=f"event:{event_id}",
        details=details,
    )  # fmt: skip
