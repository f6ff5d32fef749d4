"""Deadlines are rows that only move later; work days follow the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from models import deadlines
from models.event import DeadlineKind
from tests.models.city import City

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def test_never_earlier(city: City) -> None:
    """Invariant 6, by the one function that writes them."""
    event = city.open()
    soon, late = NOON + timedelta(seconds=10), NOON + timedelta(seconds=99)
    row = deadlines.promise(city.session, event, DeadlineKind.GRACE, late)
    assert deadlines.promise(city.session, event, DeadlineKind.GRACE, soon) is row
    assert row.due_at == late


def test_done_and_open_again(city: City) -> None:
    """The event came back to the state that waits for it (W17)."""
    event = city.open()
    row = deadlines.promise(city.session, event, DeadlineKind.PATROL, NOON)
    deadlines.fulfil(city.session, event, [DeadlineKind.PATROL], at=NOON, result="GRACE")
    assert (row.done_at, row.result) == (NOON, "GRACE")
    deadlines.promise(city.session, event, DeadlineKind.PATROL, NOON + timedelta(hours=4))
    assert (row.done_at, row.result) == (None, None)


def test_end_of_everything(city: City) -> None:
    event, other = city.open(), city.open("浙A99999", box=(0.7, 0.7, 0.8, 0.8))
    deadlines.promise(city.session, event, DeadlineKind.GRACE, NOON)
    deadlines.fulfil_all(city.session, event, at=NOON, result="closed")
    far = NOON + timedelta(days=99)
    assert [row.subject_id for row in deadlines.due_deadlines(city.session, far)] == [other.id]


@pytest.mark.parametrize(
    ("day", "works", "remark"),
    [
        (date(2026, 11, 23), True, "a Monday"),
        (date(2026, 11, 22), False, "a Sunday"),
        (date(2026, 10, 1), False, "National Day, a Thursday"),
        (date(2026, 10, 10), True, "a Saturday worked instead (调休)"),
        (date(2031, 11, 24), True, "a Monday beyond the calendar's years"),
        (date(2031, 11, 23), True, "nobody knows 2031: every day counts against the authority"),
    ],
)
def test_work_days(day: date, works: bool, remark: str) -> None:
    """L18: statutory holidays and the days moved for them."""
    assert deadlines.is_work_day(day) is works, remark


def test_five_work_days_over_national_day() -> None:
    """L18: 30 September 2026, a Wednesday; the week of the holiday does not count."""
    assert deadlines.add_work_days(date(2026, 9, 30), 5) == date(2026, 10, 13)


def test_review_ends_at_midnight_of_the_fifth_day() -> None:
    """L37: the day of collection does not count; the fifth counts whole, local time."""
    assert deadlines.end_of_work_days(NOON, 5) == datetime(2026, 11, 30, 16, 0, tzinfo=UTC)


def test_work_seconds_skip_days_off() -> None:
    """A day and an hour from Friday noon is Monday, an hour later."""
    friday = NOON + timedelta(days=4)
    assert deadlines.add_work_seconds(friday, 90_000) == friday + timedelta(days=3, hours=1)
    assert deadlines.add_work_seconds(friday, 60) == friday + timedelta(seconds=60)


def test_local_day_is_shanghais() -> None:
    start, end = deadlines.local_day(datetime(2026, 11, 23, 17, 0, tzinfo=UTC))
    assert start == datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    assert end - start == timedelta(days=1)


def test_round_up() -> None:
    assert deadlines.round_up_second(NOON) == NOON
    assert deadlines.round_up_second(NOON + timedelta(microseconds=1)) == NOON + timedelta(
        seconds=1
    )
