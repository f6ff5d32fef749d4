"""Work days and days off, with the moved ones (调休), and what to do where nobody knows them.

The State Council publishes the holidays of a year in the autumn before it. The package
`chinesecalendar` carries them to the end of some year; a city adds later years itself
(`qifen calendar import`, stored with its policy). A year that neither knows is *unknown*: what is
counted in it errs in the citizen's favour (L18, docs/decisions/0015).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from chinese_calendar import constants

from models.errors import BadInput

WARN_DAYS = 60
"""So long before the known days end, the staff are told."""
_PACKAGE_FIRST = min(constants.holidays).year
_PACKAGE_LAST = max(constants.holidays).year
_PACKAGE_OFF = frozenset(constants.holidays)
_PACKAGE_WORK = frozenset(constants.workdays)


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days are worked. `off` and `worked` hold what differs from Monday to Friday."""

    off: frozenset[date] = frozenset()
    """Days off of the city's own table, weekends among them or not."""
    worked: frozenset[date] = frozenset()
    """Saturdays and Sundays that are worked."""

    def knows(self, year: int) -> bool:
        """Whether the holidays of a year are known. Each year has at least New Year's Day."""
        return _PACKAGE_FIRST <= year <= _PACKAGE_LAST or self._has_own(year)

    def is_work_day(self, day: date) -> bool | None:
        """None where the year is unknown."""
        if day in self.worked or day in self.off:  # the city's word counts, also as a correction
            return day in self.worked
        if not self.knows(day.year):
            return None
        return day in _PACKAGE_WORK or (day.isoweekday() <= 5 and day not in _PACKAGE_OFF)

    def counts(self, day: date, *, for_citizen: bool) -> bool:
        """Whether a day uses up one day of a period.

        In an unknown year every day counts against the authority, and none but a weekday outside
        the weeks of long holidays against a citizen: no period of the authority is longer, and no
        period of a citizen shorter, than the law gives.
        """
        known = self.is_work_day(day)
        if known is not None:
            return known
        return day.isoweekday() <= 5 and not _perhaps_off(day) if for_citizen else True

    def known_until(self, today: date) -> date:
        """The last day of the last year from `today` on that is known without a gap; the eve of
        this year where even this one is unknown."""
        year = today.year
        while self.knows(year):
            year += 1
        return date(year, 1, 1) - timedelta(days=1)

    def ends_soon(self, today: date) -> bool:
        """Whether the staff have to bring in the next year's table."""
        return (self.known_until(today) - today).days <= WARN_DAYS

    def _has_own(self, year: int) -> bool:
        return date(year, 1, 1) in self.off


PUBLISHED = WorkCalendar()
"""What the package alone knows."""


def _perhaps_off(day: date) -> bool:
    """Whether a weekday may be a holiday: the fixed ones with their bridges, and the weeks in which
    the lunar ones fall (春节 January to early March, 清明 April, 端午 June, 中秋 September)."""
    numbers = day.month * 100 + day.day
    spans = ((101, 103), (115, 303), (403, 407), (430, 505), (525, 630), (907, 1010), (1230, 1231))
    return any(first <= numbers <= last for first, last in spans)


@lru_cache(maxsize=8)
def calendar_of(holidays: tuple[str, ...], work_days: tuple[str, ...]) -> WorkCalendar:
    """The calendar of a city's table of days, as ISO dates. Raises BadInput naming the field."""
    return WorkCalendar(
        frozenset(_days("holidays", holidays)), frozenset(_days("moved_work_days", work_days))
    )


def check_table(holidays: tuple[str, ...], work_days: tuple[str, ...]) -> None:
    """Raises BadInput where a table cannot be the holidays of whole years."""
    calendar = calendar_of(holidays, work_days)
    for day in sorted(calendar.worked):
        if day.isoweekday() <= 5:
            raise BadInput(
                f"{day} is a weekday, which is worked anyway",
                field="moved_work_days",
                hint="list only Saturdays and Sundays that are worked (调休)",
            )
    both = calendar.off & calendar.worked
    if both:
        raise BadInput(f"{min(both)} is a day off and worked", field="moved_work_days")
    years = {day.year for day in calendar.off | calendar.worked if not PUBLISHED.knows(day.year)}
    for year in sorted(years):
        if not calendar.knows(year):
            raise BadInput(
                f"the table has days of {year} but not its New Year's Day",
                field="holidays",
                hint="bring in whole years, as the State Council publishes them",
            )
        if len([day for day in calendar.off if day.year == year]) < _LEAST_DAYS_OFF:
            raise BadInput(
                f"{year} has fewer days off than the law gives",
                field="holidays",
                hint=f"a year has at least {_LEAST_DAYS_OFF} (全国年节及纪念日放假办法)",
            )


_LEAST_DAYS_OFF = 11
"""Of the 13 days by law (全国年节及纪念日放假办法, 2025) two may fall together."""


def _days(field: str, texts: Iterable[str]) -> list[date]:
    days: list[date] = []
    for index, text in enumerate(texts):
        try:
            days.append(date.fromisoformat(text))
        except ValueError:
            raise BadInput(
                f"{field}[{index}] is not a day", field=field, hint="2027-01-01"
            ) from None
    return days
