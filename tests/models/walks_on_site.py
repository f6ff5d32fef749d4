"""Walks through the rows of an officer beside a vehicle (A26)."""

from __future__ import annotations

from collections.abc import Callable

from models import casework, patrol
from models.event import Event
from tests.models.city import City

MakeCity = Callable[..., City]


def on_paper(city: City) -> Event:
    """No text arrived; the officer has put a notice behind the wiper. No camera looks any more."""
    event = city.to_patrol()
    photo = city.picture(event, "PAPER")
    casework.paper_notice(city.session, event, city.officer, photo, **city.order())
    return event


def photos(city: City, event: Event, *, apart: float = 11) -> None:
    """Two photos on the spot, so many seconds apart."""
    city.picture(event, "ON_SITE")
    city.advance(apart)
    city.picture(event, "ON_SITE")


def to_second_look(city: City) -> Event:
    """Told on paper, and the time is over by eleven seconds."""
    event = on_paper(city)
    city.advance(431)
    city.sweep()
    return event


def stays(city: City, event: Event, **values: object) -> Event:
    said = {"plate": event.plate, "unmoved": True} | values
    return patrol.still_there(city.session, event, city.officer, **city.order(**said))


def walk_a26s(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = to_second_look(city)
    photos(city, event)
    return city, stays(city, event)


def walk_a26g(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = on_paper(city)
    return city, patrol.gone(city.session, event, city.officer, **city.order())


ON_SITE_WALKS = {"A26s": walk_a26s, "A26g": walk_a26g}
