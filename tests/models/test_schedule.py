"""Hours of zones, bays, exemptions: weekly bands with holidays and moved work days (W30, L32)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import casework, schedule
from models.calendar import PUBLISHED
from models.errors import BadInput, FlowRefused
from models.event import EventState
from models.policy import LOCAL_ZONE
from tests.models.city import City

S = EventState
MakeCity = Callable[..., City]
DAYTIME = [{"days": ["work"], "start": "07:00", "end": "19:00"}]
NIGHT = [{"days": ["fri"], "start": "22:00", "end": "06:00"}]
BAY = [[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7]]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL_ZONE)


@pytest.mark.parametrize(
    ("bands", "at", "holds"),
    [
        ([], "2026-11-22 03:00", True),
        (DAYTIME, "2026-11-23 07:00", True),
        (DAYTIME, "2026-11-23 19:00", False),
        (DAYTIME, "2026-11-22 12:00", False),  # a Sunday
        (DAYTIME, "2026-10-01 12:00", False),  # National Day, a Thursday
        (DAYTIME, "2026-10-10 12:00", True),  # a Saturday worked instead (调休)
        ([{"days": ["rest"], "start": "00:00", "end": "24:00"}], "2026-10-01 12:00", True),
        ([{"days": ["rest"], "start": "00:00", "end": "24:00"}], "2026-10-10 12:00", False),
        ([{"days": ["thu"], "start": "08:00", "end": "09:00"}], "2026-10-01 08:30", True),
        (NIGHT, "2026-11-27 23:00", True),  # Friday night
        (NIGHT, "2026-11-28 05:59", True),  # runs into Saturday
        (NIGHT, "2026-11-28 06:00", False),
        (NIGHT, "2026-11-28 23:00", False),
        (DAYTIME, "2090-11-23 12:00", False),  # perhaps a holiday: nobody is texted
        ([{"days": ["thu"], "start": "08:00", "end": "19:00"}], "2090-11-23 12:00", True),
    ],
)
def test_w30_when_a_schedule_holds(bands: list[dict[str, Any]], at: str, holds: bool) -> None:
    assert schedule.holds(bands, local(at), PUBLISHED) is holds


_clock = st.integers(0, 23).map(lambda hour: f"{hour:02d}:00")
_band = st.fixed_dictionaries(
    {
        "days": st.lists(st.sampled_from(schedule.DAYS), min_size=1, max_size=3),
        "start": _clock,
        "end": _clock.map(lambda text: text[:3] + "30"),
    }
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_band, min_size=1, max_size=3), st.integers(0, 60 * 24 * 14))
def test_the_three_questions_agree(bands: list[dict[str, Any]], minute: int) -> None:
    """Where it holds it has held since some instant, without a break from there to here; across
    midnight, weeks, holidays and moved days."""
    checked = schedule.bands("schedule", bands)
    at = local("2026-09-28 00:00") + timedelta(minutes=minute)
    since = schedule.holds_since(checked, at, PUBLISHED)
    assert (since is not None) is schedule.holds(checked, at, PUBLISHED)
    if since is not None:
        assert since <= at
        assert schedule.first_break(checked, since, at, PUBLISHED) is None
    else:
        assert schedule.first_break(checked, at, at + timedelta(hours=1), PUBLISHED) == at


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("daily", "schedule"),
        ([5], "schedule[0]"),
        ([{"days": [], "start": "07:00", "end": "19:00"}], "schedule[0].days"),
        ([{"days": [["mon"]], "start": "07:00", "end": "19:00"}], "schedule[0].days"),
        ([{"days": ["mo"], "start": "07:00", "end": "19:00"}], "schedule[0].days"),
        ([{"days": ["mon"], "start": "7", "end": "19:00"}], "schedule[0].start"),
        ([{"days": ["mon"], "start": "07:00", "end": "07:00"}], "schedule[0].end"),
        ([{"days": ["mon"], "start": "24:00", "end": "07:00"}], "schedule[0].end"),
        ([{"days": ["mon"], "start": "07:00", "end": "19:00", "not": 1}], "schedule[0]"),
    ],
)
def test_a_wrong_band_is_named(value: Any, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        schedule.bands("schedule", value)
    assert refused.value.field == field


def test_w30_nothing_is_started_outside_the_hours(make_city: MakeCity) -> None:
    """The city's Monday begins at noon; the zone rests until the evening."""
    city = make_city(schedule=[{"days": ["work"], "start": "18:00", "end": "23:00"}])
    with pytest.raises(FlowRefused) as refused:
        city.open()
    assert refused.value.code == "OUTSIDE_HOURS"


def test_w30_the_dwell_counts_from_the_beginning_of_the_hours(make_city: MakeCity) -> None:
    """It stood there for an hour, and parking is forbidden since thirty seconds."""
    city = make_city(schedule=[{"days": ["work"], "start": "12:00", "end": "23:00"}])
    city.advance(30)
    hour = timedelta(hours=1)
    event = city.open(first_seen_at=city.now - hour)
    assert (event.state, event.outcome) == (S.DISCARDED, "DWELL_TOO_SHORT")
    city.advance(30)
    later = city.open("浙A99999", first_seen_at=city.now - hour, box=(0.7, 0.7, 0.8, 0.8))
    assert later.state == S.FLAGGED


def test_w30_hours_that_end_within_the_grace_close_in_favour(make_city: MakeCity) -> None:
    city = make_city(schedule=[{"days": ["work"], "start": "07:00", "end": "12:05"}])
    event = city.to_grace()
    city.watch(event, "present", 300)
    assert (event.state, event.outcome) == (S.UNDETERMINED, "PERMITTED_NOW")
    assert city.texts(event) == ["N1", "N3b"]


def test_w30_hours_that_end_after_the_deadline_change_nothing(make_city: MakeCity) -> None:
    """Promised until 12:07 and some seconds; parking is allowed from 12:08 on."""
    city = make_city(schedule=[{"days": ["work"], "start": "07:00", "end": "12:08"}])
    event = city.to_recheck()
    city.stay(event)
    city.advance(120)
    city.sweep()
    assert event.state == S.REVIEW_PENDING


def test_w30_hours_that_end_while_a_patrol_is_on_its_way(make_city: MakeCity) -> None:
    city = make_city(schedule=[{"days": ["work"], "start": "07:00", "end": "13:00"}])
    event = city.to_patrol()
    city.seen(event, "present", 3_600)
    assert (event.state, event.outcome) == (S.UNDETERMINED, "PERMITTED_NOW")


def test_l32_a_bay_counts_within_its_hours_only(make_city: MakeCity) -> None:
    """道路交通安全法实施条例 art. 33: bays with hours of use."""
    evening = [[{"days": ["work", "rest"], "start": "18:00", "end": "08:00"}]]
    city = make_city(bays=[BAY], bay_hours=evening)
    assert city.open().state == S.FLAGGED
    city.advance(6 * 3600)
    event = city.open("浙A99999")
    assert (event.state, event.outcome) == (S.DISCARDED, "LEGAL_BAY")


def test_l32_a_bay_that_opens_within_the_grace_closes_in_favour(make_city: MakeCity) -> None:
    city = make_city(bays=[BAY], bay_hours=[[{"days": ["work"], "start": "12:03", "end": "18:00"}]])
    event = city.to_grace()
    city.watch(event, "present", 180)
    assert (event.state, event.outcome) == (S.UNDETERMINED, "PERMITTED_NOW")


def test_l32_more_hours_than_bays_are_refused(city: City) -> None:
    with pytest.raises(BadInput) as refused:
        city.edit_zone(bays=[BAY], bay_hours=[[], []])
    assert refused.value.field == "bay_hours"


def test_no_grace_on_a_strictly_managed_road(make_city: MakeCity) -> None:
    """4.2, no-grace conditions: N1b without a promise, a patrol, and never the camera alone."""
    city = make_city(no_grace="严管路段")
    event = city.prepare(city.to_confirmed())
    assert (event.state, city.log(event)[-1].reason) == (S.PATROL_ASSIGNED, "STRICT_ROAD")
    assert city.texts(event) == ["N1b"]
    assert casework.due_deadlines(city.session, city.now) == []
