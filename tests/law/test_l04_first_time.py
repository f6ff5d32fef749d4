"""L04, 行政处罚法 art. 33(1): who corrects in time is not punished; a first time may be spared, so
the officer is told whether it is one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from starlette.requests import Request

from api.console.event import for_the_field
from api.console.event_parts import facts
from api.console.layout import Visitor
from api.console.views import event_view
from api.explanation import explain
from models import casework
from models.errors import FlowRefused
from models.event import Event, EventState
from models.history import History, history_of
from tests.models.city import PLATE, City

S = EventState
DAY = 86_400


def escalated(city: City) -> Event:
    event = city.to_escalated()
    city.advance(DAY)
    return event


def test_l04_left_in_time_is_minor_corrected_and_final(city: City) -> None:
    """不予行政处罚, and no way back to an escalation for anybody."""
    event = city.to_grace()
    city.watch(event, "absent", 40)
    assert (event.state, event.outcome) == (S.LEFT_IN_TIME, "MINOR_CORRECTED")
    for officer in (city.officer, city.second):
        with pytest.raises(FlowRefused):
            city.decide(event, officer)


def test_l04_who_always_left_is_still_at_the_first(city: City) -> None:
    for _ in range(2):
        city.watch(city.to_grace(), "absent", 40)
        city.advance(DAY)
    assert history_of(city.session, city.open()) == History(2, 0, first_time=True)


def test_l04_one_that_two_officers_found_counts(city: City) -> None:
    first = escalated(city)
    assert history_of(city.session, first) == History(0, 0, first_time=True)
    second = city.open()
    assert history_of(city.session, second) == History(0, 1, first_time=False)
    told = explain(city.session, second, policy=city.policy, full_plate=True)
    assert told["history"] == {"left_in_time": 0, "escalated": 1, "first_time": False}


def test_l04_what_was_voided_is_out_of_the_history(city: City) -> None:
    found = escalated(city)
    casework.void(city.session, found, city.officer, **city.order(reason="PLATE_MISREAD"))
    assert history_of(city.session, city.open()) == History(0, 0, first_time=True)


@pytest.mark.parametrize(("days", "first"), [(365, False), (366, True)])
def test_l04_only_the_year_before_counts(city: City, days: int, first: bool) -> None:
    found = city.to_escalated()
    city.now = found.flagged_at + timedelta(days=days)
    told = history_of(city.session, city.open())
    assert told is not None
    assert told.first_time is first


def test_l04_nobody_else_and_no_unread_plate_has_a_history(city: City) -> None:
    escalated(city)
    assert history_of(city.session, city.open("浙A99999")) == History(0, 0, first_time=True)
    assert history_of(city.session, city.open(None, box=(0.1, 0.1, 0.2, 0.2))) is None


def test_l62_the_history_is_three_numbers(city: City) -> None:
    """No places and no times: nobody's ways can be followed by it."""
    escalated(city)
    told = explain(city.session, city.open(), policy=city.policy, full_plate=True)["history"]
    assert set(told) == {"left_in_time", "escalated", "first_time"}
    assert PLATE not in str(told)


@pytest.mark.parametrize(
    ("language", "said"), [("zh", ("初次", "已立案")), ("en", ("first time", "escalated"))]
)
def test_l04_the_officers_page_says_so(city: City, language: str, said: tuple[str, str]) -> None:
    """In both languages, and to nobody in the field."""
    who = Visitor(1, "wang", frozenset({"officer"}), language, Request({"type": "http"}))
    first = escalated(city)
    second = city.open()
    pages = [facts(who, event_view(city.session, event.id)) for event in (first, second)]
    assert [[word in page for word in said] for page in pages] == [[True, False], [False, True]]
    in_the_field = for_the_field(event_view(city.session, second.id))
    assert in_the_field.history is None
