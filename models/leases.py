"""Who is reviewing an event just now (W42): a lease of a quarter of an hour, kept in the database.

It is renewed while the officer works; when it runs out the event is back in the queue by itself,
for nothing has to happen for that. A colleague sees who holds it, and acts of others are refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base
from models.errors import Conflict, NotAllowed
from models.event import Event, EventState
from models.looks import lock
from models.people import Decision, Role, User
from models.policy import Policy


class Lease(Base):
    """At most one an event."""

    __tablename__ = "lease"

    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    taken_at: Mapped[datetime]
    expires_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has an event open for review, and until when nobody else can act."""

    user_id: int
    username: str
    until: datetime


def take(session: Session, event: Event, user: User, *, policy: Policy, at: datetime) -> Lease:
    """Take or renew the lease of an event that waits for officers' decision.

    Raises Conflict (LEASED) naming the colleague who holds it, Conflict (NOT_IN_REVIEW) where there
    is nothing to review, Conflict (ALREADY_DECIDED) for who has signed, NotAllowed for who is no
    active officer.
    """
    if not (user.active and user.has(Role.OFFICER)):
        raise NotAllowed("only an active officer reviews", code="NOT_AN_OFFICER")
    lock(session, event)
    if event.state != EventState.REVIEW_PENDING:
        raise Conflict("this event waits for no review", code="NOT_IN_REVIEW")
    refuse_others(session, event, user, at=at)
    if has_decided(session, event, user):
        # The page stays open after the first signature: it must not keep the co-signer out.
        raise Conflict("you have decided; a colleague is to review", code="ALREADY_DECIDED")
    until = at + timedelta(seconds=policy.lease_seconds)
    row = session.get(Lease, event.id)
    if row is None:
        row = Lease(event_id=event.id, user_id=user.id, taken_at=at, expires_at=until)
        session.add(row)
    if row.user_id != user.id or row.expires_at <= at:
        row.user_id, row.taken_at = user.id, at
    row.expires_at = until
    session.flush()
    return row


def has_decided(session: Session, event: Event, user: User) -> bool:
    """Whether this officer has signed or rejected."""
    found = select(Decision.id).where(Decision.event_id == event.id, Decision.officer_id == user.id)
    return session.scalar(found) is not None


def release(session: Session, event: Event, user: User) -> None:
    """Done, or given back: the event is in the queue again. Somebody else's lease stays."""
    session.flush()
    row = session.get(Lease, event.id, populate_existing=True)
    if row is not None and row.user_id == user.id:
        session.delete(row)
        session.flush()


def refuse_others(session: Session, event: Event, user: User, *, at: datetime) -> None:
    """Raises Conflict where a colleague has the event open."""
    held = holder(session, event.id, at=at)
    if held is not None and held.user_id != user.id:
        raise Conflict(
            f"{held.username} is reviewing this event",
            code="LEASED",
            hint=f"it is free again by {held.until.isoformat(timespec='seconds')} at the latest",
        )


def holder(session: Session, event_id: int, *, at: datetime) -> Holder | None:
    return holders(session, [event_id], at=at).get(event_id)


def holders(session: Session, event_ids: Iterable[int], *, at: datetime) -> dict[int, Holder]:
    """Leases that have not run out, by event."""
    session.flush()
    rows = session.execute(
        select(Lease, User.username)
        .join(User, User.id == Lease.user_id)
        .where(Lease.event_id.in_(list(event_ids)), Lease.expires_at > at)
    )
    return {row.event_id: Holder(row.user_id, name, row.expires_at) for row, name in rows}
