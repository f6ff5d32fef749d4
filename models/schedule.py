"""When a zone, a bay or an exemption holds: weekly bands with the holidays of the calendar (W30).

A schedule is a list of bands {"days": ["mon", ..., "work", "rest"], "start": "07:00", "end":
"19:00"}; an empty list means always. "work" are the days that are worked, the moved ones among
them, "rest" all others; a weekday's name means that weekday whatever the calendar says. A band
whose end lies before its start runs into the next day. Times are the city's (Asia/Shanghai).

In a year whose holidays nobody knows, neither "work" nor "rest" holds: a zone that asks for them
rests (nobody is texted on what may be a holiday), until the year's table is brought in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

from models import fields
from models.calendar import WorkCalendar
from models.errors import BadInput
from models.policy import LOCAL_ZONE

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAYS = (*WEEKDAYS, "work", "rest")
_MOST_BANDS = 50


def bands(field: str, value: object) -> list[dict[str, Any]]:
    """A schedule as it is stored. Raises BadInput naming the band and what is wrong with it."""
    if value is None:
        return []
    if not isinstance(value, list | tuple) or len(value) > _MOST_BANDS:
        raise BadInput(f"{field} must be a list of bands", field=field, hint=_HINT)
    return [
        _band(f"{field}[{index}]", entry)
        for index, entry in enumerate(cast("Sequence[object]", value))
    ]


def bay_hours(field: str, value: object) -> list[list[dict[str, Any]]]:
    """For each bay, in order, the schedule in which it may be used; an empty one means always."""
    if value is None:
        return []
    if not isinstance(value, list | tuple) or len(value) > 200:
        raise BadInput(f"{field} must be a list of schedules", field=field, hint="[[...], []]")
    return [
        bands(f"{field}[{index}]", entry)
        for index, entry in enumerate(cast("Sequence[object]", value))
    ]


_HINT = '[{"days": ["work"], "start": "07:00", "end": "19:00"}]'


def _band(where: str, entry: object) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise BadInput(f"{where} must be an object", field=where, hint=_HINT)
    values = cast("Mapping[str, Any]", entry)
    unknown = set(values) - {"days", "start", "end"}
    if unknown:
        raise BadInput(f"{where} has no {min(unknown)}", field=where, hint=_HINT)
    days = values.get("days")
    if not isinstance(days, list | tuple) or not days or any(day not in DAYS for day in days):
        raise BadInput(f"{where}.days must name days", field=f"{where}.days", hint=", ".join(DAYS))
    start = fields.clock_time(f"{where}.start", values.get("start"))
    end = fields.clock_time(f"{where}.end", values.get("end"))
    if start in (end, "24:00"):
        raise BadInput(
            f"{where} has no length", field=f"{where}.end", hint="00:00 to 24:00 is a whole day"
        )
    return {"days": [day for day in DAYS if day in days], "start": start, "end": end}


def holds(schedule: Sequence[Mapping[str, Any]], at: datetime, calendar: WorkCalendar) -> bool:
    """Whether a schedule holds at an instant."""
    return not schedule or any(begin <= at < end for begin, end in _spans(schedule, at, calendar))


def holds_since(
    schedule: Sequence[Mapping[str, Any]], at: datetime, calendar: WorkCalendar
) -> datetime | None:
    """Since when it has held without a break (looked back over a week); None where it does not
    hold, or always has."""
    since: datetime | None = None
    current = at
    for _ in range(8):
        spans = _spans(schedule, current, calendar)
        begins = [
            begin
            for begin, end in spans
            if (begin <= at < end if since is None else begin < current <= end)
        ]
        if not begins:
            break
        since = current = min(begins)
    return since


def first_break(
    schedule: Sequence[Mapping[str, Any]],
    start: datetime,
    end: datetime,
    calendar: WorkCalendar,
) -> datetime | None:
    """The first instant from `start` to `end` (both included) at which it does not hold; None
    where it holds all the time."""
    if not schedule:
        return None
    at = start
    while at <= end:
        over = [until for begin, until in _spans(schedule, at, calendar) if begin <= at < until]
        if not over:
            return at
        at = max(over)
    return None


def _spans(
    schedule: Sequence[Mapping[str, Any]], at: datetime, calendar: WorkCalendar
) -> list[tuple[datetime, datetime]]:
    """Begin and end (UTC, end excluded) of the bands that begin on the local day of `at` or on the
    day before."""
    today = at.astimezone(LOCAL_ZONE).date()
    return [
        _span(band, day)
        for day in (today - timedelta(days=1), today)
        for band in schedule
        if _is_day(band["days"], day, calendar)
    ]


def _is_day(days: Sequence[str], day: date, calendar: WorkCalendar) -> bool:
    if WEEKDAYS[day.weekday()] in days:
        return True
    worked = calendar.is_work_day(day)
    return worked is not None and ("work" if worked else "rest") in days


def _span(band: Mapping[str, Any], day: date) -> tuple[datetime, datetime]:
    overnight = band["end"] <= band["start"]
    return _instant(day, band["start"]), _instant(day + timedelta(days=overnight), band["end"])


def _instant(day: date, text: str) -> datetime:
    if text == "24:00":
        day, text = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(text), LOCAL_ZONE).astimezone(UTC)
