"""Work days with the moved ones, a city's own table, and years that nobody knows (L18, L45)."""

from __future__ import annotations

import ast
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

import models
from models import deadlines
from models.calendar import PUBLISHED, calendar_of
from models.errors import BadInput
from models.policy import Policy, load_policy, save_policy
from tests.rows import NOON

UNKNOWN = 2090
"""No package will know it while this suite is run."""
SPRING = tuple(f"{UNKNOWN}-01-{day:02d}" for day in (1, 2, 3, 28, 29, 30, 31))
REST = (*SPRING, *(f"{UNKNOWN}-10-{day:02d}" for day in range(1, 8)))
OWN = calendar_of(REST, (f"{UNKNOWN}-10-08",))
"""1 October 2090 is a Sunday; the 8th, another Sunday, is worked for it."""


@pytest.mark.parametrize("count", [5])
def test_l18_five_work_days_over_national_day(count: int) -> None:
    """国庆 2026: 1 to 7 October off, 10 October (a Saturday) worked."""
    assert deadlines.add_work_days(date(2026, 9, 30), count) == date(2026, 10, 13)


def test_l45_the_review_ends_after_the_holidays() -> None:
    """程序规定 art. 81 counts like 处罚法 art. 85: collected on 29 September."""
    collected = datetime(2026, 9, 29, 4, 0, tzinfo=UTC)
    assert deadlines.end_of_work_days(collected, 5) == datetime(2026, 10, 12, 16, 0, tzinfo=UTC)


def test_a_citys_table_counts_like_the_published_one() -> None:
    assert OWN.is_work_day(date(UNKNOWN, 10, 3)) is False
    assert OWN.is_work_day(date(UNKNOWN, 10, 8)) is True
    assert OWN.is_work_day(date(UNKNOWN, 10, 9)) is True
    assert OWN.is_work_day(date(UNKNOWN, 10, 14)) is False, "a Saturday like others"
    ends = deadlines.add_work_days(date(UNKNOWN, 9, 28), 5, OWN)
    assert ends == date(UNKNOWN, 10, 11), "29 September, 8, 9, 10, 11 October"


def test_an_unknown_year_is_lenient_in_both_directions() -> None:
    """The authority's period is no longer, the citizen's no shorter, than the law can mean."""
    start = date(UNKNOWN, 9, 28)
    authority = deadlines.add_work_days(start, 5)
    citizen = deadlines.add_work_days(start, 5, for_citizen=True)
    real = deadlines.add_work_days(start, 5, OWN)
    assert authority == start + timedelta(days=5)
    assert authority <= real <= citizen
    assert PUBLISHED.is_work_day(start) is None


def test_a_table_that_is_brought_in_late_changes_later_counts_only() -> None:
    before, after = PUBLISHED, OWN
    assert (before.knows(UNKNOWN), after.knows(UNKNOWN)) == (False, True)
    assert deadlines.is_work_day(date(UNKNOWN, 10, 1), after) is False


def test_sixty_days_before_the_end_somebody_is_told() -> None:
    """Whatever year the installed package reaches, and on whatever day this is run."""
    last = PUBLISHED.known_until(NOON.date())
    assert (last.month, last.day) == (12, 31)
    assert (PUBLISHED.knows(last.year), PUBLISHED.knows(last.year + 1)) == (True, False)
    assert not PUBLISHED.ends_soon(last - timedelta(days=61))
    assert PUBLISHED.ends_soon(last - timedelta(days=60))
    assert PUBLISHED.ends_soon(date(UNKNOWN, 5, 1)), "nothing is known: tell it at once"


@pytest.mark.parametrize(
    ("table", "field", "says"),
    [
        ({"holidays": ["2090-13-01"]}, "holidays", "not a day"),
        ({"holidays": ["2090-10-01"]}, "holidays", "New Year"),
        ({"holidays": ["2090-01-01"]}, "holidays", "fewer days off"),
        ({"holidays": list(REST), "moved_work_days": ["2090-10-09"]}, "moved_work_days", "weekday"),
        ({"holidays": list(REST), "moved_work_days": ["2090-10-07"]}, "moved_work_days", "off and"),
        ({"moved_work_days": ["2090-10-08"]}, "holidays", "New Year"),
    ],
)
def test_a_table_that_cannot_be_is_refused(
    session: Session, table: dict[str, Any], field: str, says: str
) -> None:
    with pytest.raises(BadInput, match=says) as refused:
        save_policy(session, table, at=NOON, actor="admin")
    assert refused.value.field == field
    assert load_policy(session) == Policy()


def test_the_citys_table_is_kept(session: Session) -> None:
    save_policy(session, {"holidays": list(REST)}, at=NOON, actor="admin")
    session.expire_all()
    assert load_policy(session).calendar.knows(UNKNOWN)


def test_one_day_of_a_known_year_may_be_corrected() -> None:
    """A late notice moves a single day; the rest of the year stays as it was published."""
    own = calendar_of(("2026-11-24",), ())
    assert own.is_work_day(date(2026, 11, 24)) is False
    assert own.is_work_day(date(2026, 11, 25)) is True


COUNTING = {"add_work_days", "end_of_work_days", "add_work_seconds", "is_work_day"}


def test_nobody_forgets_the_citys_table() -> None:
    """Every period that the product counts in work days is counted by the city's calendar."""
    room = Path(models.__path__[0])
    forgotten: list[str] = []
    found = 0
    for file in [*room.rglob("*.py"), *(room.parent / "api").rglob("*.py")]:
        if file.name == "deadlines.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr not in COUNTING or ast.unparse(node.func.value) != "deadlines":
                continue
            found += 1
            given = [*map(ast.unparse, node.args), *(k.arg or "" for k in node.keywords)]
            if not any("calendar" in one for one in given):
                forgotten.append(f"{file.name}:{node.lineno}")
    assert found >= 6
    assert forgotten == []
