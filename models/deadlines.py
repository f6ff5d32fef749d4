"""Promises about the future are rows, never timers; and work days are those of the calendar."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.calendar import PUBLISHED, WorkCalendar
from models.event import Deadline, DeadlineKind
from models.flow import Subject, subject_kind_of
from models.policy import LOCAL_ZONE

SECONDS_A_DAY = 86_400


def promise(session: Session, subject: Subject, kind: DeadlineKind, due_at: datetime) -> Deadline:
    """Set, or move later, the deadline of this kind of an event or case. It never moves earlier
    (invariant 6).

    A deadline that was already done is open again: the subject came back to this state.
    """
    row = find(session, subject, kind)
    if row is None:
        row = Deadline(
            subject_kind=subject_kind_of(subject), subject_id=subject.id, kind=kind, due_at=due_at
        )
        session.add(row)
    else:
        row.due_at = max(row.due_at, due_at)
        row.done_at = row.result = None
    session.flush()
    return row


def find(session: Session, subject: Subject, kind: DeadlineKind) -> Deadline | None:
    return session.scalar(
        select(Deadline).where(
            Deadline.subject_kind == subject_kind_of(subject),
            Deadline.subject_id == subject.id,
            Deadline.kind == kind,
        )
    )


def fulfil(
    session: Session, subject: Subject, kinds: Iterable[DeadlineKind], *, at: datetime, result: str
) -> None:
    """Mark the open deadlines of these kinds as done."""
    rows = session.scalars(
        select(Deadline).where(
            Deadline.subject_kind == subject_kind_of(subject),
            Deadline.subject_id == subject.id,
            Deadline.kind.in_(list(kinds)),
            Deadline.done_at.is_(None),
        )
    )
    for row in rows:
        row.done_at, row.result = at, result


def fulfil_all(session: Session, subject: Subject, *, at: datetime, result: str) -> None:
    """The event or case has ended, and with it everything it was waiting for."""
    fulfil(session, subject, DeadlineKind, at=at, result=result)


def due_deadlines(session: Session, at: datetime, limit: int = 100) -> list[Deadline]:
    """Candidates for a sweep, longest overdue first; `expire` judges each again."""
    return list(
        session.scalars(
            select(Deadline)
            .where(Deadline.done_at.is_(None), Deadline.due_at <= at)
            .order_by(Deadline.due_at, Deadline.id)
            .limit(limit)
        )
    )


def is_work_day(day: date, calendar: WorkCalendar = PUBLISHED) -> bool:
    """Work days with the moved ones (调休, L18). In a year whose holidays nobody knows every day
    counts: the authority's periods end no later than the law says (models.calendar)."""
    return calendar.counts(day, for_citizen=False)


def add_work_days(
    day: date, count: int, calendar: WorkCalendar = PUBLISHED, *, for_citizen: bool = False
) -> date:
    """The `count`-th work day after `day`, which is itself not counted.

    calendar: the city's (`Policy.calendar`). for_citizen: a period in which a citizen may act,
    which in an unknown year is rather longer; all others bind the authority.
    """
    while count > 0:
        day += timedelta(days=1)
        if calendar.counts(day, for_citizen=for_citizen):
            count -= 1
    return day


def end_of_work_days(
    start: datetime, count: int, calendar: WorkCalendar = PUBLISHED, *, for_citizen: bool = False
) -> datetime:
    """Midnight (local) at the end of the `count`-th work day after `start`, in UTC.

    程序规定 art. 19 with 行政处罚法 art. 85: the day of collection does not count.
    """
    last = add_work_days(local(start).date(), count, calendar, for_citizen=for_citizen)
    midnight = datetime.combine(last + timedelta(days=1), time(), LOCAL_ZONE)
    return midnight.astimezone(UTC)


def add_work_seconds(
    start: datetime, seconds: float, calendar: WorkCalendar = PUBLISHED
) -> datetime:
    """`start` plus `seconds` of work days: whole days skip days off, in UTC."""
    days, rest = divmod(seconds, SECONDS_A_DAY)
    begin = local(start)
    day = add_work_days(begin.date(), int(days), calendar)
    moved = datetime.combine(day, begin.time(), LOCAL_ZONE)
    return (moved + timedelta(seconds=rest)).astimezone(UTC)


def years_later(start: datetime, count: int) -> datetime:
    """The same local day and time `count` years later, in UTC; 29 February becomes 1 March."""
    begin = local(start)
    try:
        moved = begin.replace(year=begin.year + count)
    except ValueError:
        moved = begin.replace(year=begin.year + count, month=3, day=1)
    return moved.astimezone(UTC)


def local(at: datetime) -> datetime:
    return at.astimezone(LOCAL_ZONE)


def local_day(at: datetime) -> tuple[datetime, datetime]:
    """Start and end (UTC, end excluded) of the local day that holds `at`."""
    start = datetime.combine(local(at).date(), time(), LOCAL_ZONE)
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)


def round_up_second(at: datetime) -> datetime:
    """To the next whole second: a promise is never rounded down (domain.md 4.1)."""
    return at if at.microsecond == 0 else at.replace(microsecond=0) + timedelta(seconds=1)
