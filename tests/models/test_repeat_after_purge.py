"""W27: "reminded often" is still known when plates have become keyed hashes (3.6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models.event import Event
from models.history import history_of
from models.policy import Policy
from models.retention import forget_events, same_plate
from models.retention_rules import CASES, LEFT, NO_PENALTY, RetentionRule
from tests.models.city import PLATE, City

DAY = 86_400


def left(city: City) -> Event:
    event = city.to_grace()
    city.watch(event, "absent", 40)
    return event


def forgotten(city: City, events: list[Event], rule: RetentionRule = LEFT) -> None:
    forget_events(city.session, rule, events, policy=city.policy, at=city.now, actor="test")


def test_w27_often_reminded_is_known_from_hashes(make_city: Callable[..., City]) -> None:
    """A city that counts over ninety days and forgets pictures after thirty."""
    city = make_city(Policy(repeat_reminder_days=90))
    past: list[Event] = []
    for _ in range(3):
        past.append(left(city))
        city.advance(DAY)
    city.advance(35 * DAY)
    forgotten(city, past)
    assert {event.plate for event in past} == {None}
    assert "repeat_reminder" in city.open().flags
    assert "repeat_reminder" not in city.open("浙A99999").flags


def test_w27_whom_two_officers_found_is_known_for_a_year(city: City) -> None:
    """L04: first time or not, from the hash alone."""
    found = city.to_escalated()
    city.advance(300 * DAY)
    forgotten(city, [found], CASES)
    again = city.open()
    told = history_of(city.session, again)
    assert told is not None
    assert (told.escalated, told.first_time) == (1, False)


@pytest.mark.parametrize("state", ["DISCARDED", "VOIDED"])
def test_w27_what_was_no_offence_leaves_no_hash(city: City, state: str) -> None:
    """A discarded sighting, and what was voided (A23: out of the history)."""
    event = city.to_confirm() if state == "DISCARDED" else left(city)
    city.session.flush()
    from sqlalchemy import update

    city.session.execute(
        update(Event).where(Event.id == event.id).values(state=state, ended_at=city.now)
    )
    city.session.refresh(event)
    forgotten(city, [event], NO_PENALTY)
    assert (event.plate, event.plate_hash) == (None, None)
    found = city.session.query(Event).filter(same_plate(PLATE)).all()
    assert event not in found
