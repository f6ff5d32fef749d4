"""Eyes that were started anew do not know whom they have told: one stay is one event (invariants 5
and 8), also where its event has ended with the subject still there."""

from __future__ import annotations

from sqlalchemy.orm import Session

from models.event import EventState
from models.states import PlaceState
from tests.models.city import City
from tests.models.street import Street

S = EventState


def test_a_car_that_was_escalated_and_stays_is_not_told_again(city: City) -> None:
    first = city.to_escalated()
    again = city.open()
    assert (again.state, again.master_id) == (S.DUPLICATE, first.id)
    assert city.texts(again) == []


def test_a_car_that_was_seen_to_go_is_another_stay(city: City) -> None:
    """What a process saw go before it ended, or a later one: W26 is asked."""
    first = city.to_escalated()
    first.gone_at = city.advance(60)
    city.advance(600)
    assert city.open().state == S.FLAGGED


def test_the_next_day_is_another_stay(city: City) -> None:
    city.to_escalated()
    city.advance(86_400)
    assert city.open().state == S.FLAGGED


def test_who_was_never_asked_is_told(city: City) -> None:
    """No text had reached anybody: nothing is doubled."""
    first = city.prepare(city.to_confirmed(), None)
    city.advance(15_000)
    city.sweep()
    assert not first.is_open
    assert city.open().state == S.FLAGGED


def test_what_hangs_on_after_its_end_is_not_told_again(session: Session) -> None:
    street = Street(session)
    first = street.to_escalated()
    again = street.hang()
    assert (again.state, again.master_id) == (PlaceState.DUPLICATE, first.id)
    first.gone_at = street.now
    assert street.hang().state == PlaceState.NOTICE_PENDING
