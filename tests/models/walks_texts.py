"""Ways to the rows of the parking table that are about texts, as `walks`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from models import duplicates
from models.event import Event
from tests import rows
from tests.models.city import City

MakeCity = Callable[..., City]


def told_elsewhere(city: City, event: Event, **changes: object) -> Event:
    """Another event of this car and time, of which the owner was told half a minute earlier."""
    values: dict[str, object] = {
        "plate": event.plate, "first_seen_at": event.first_seen_at, "state": "GRACE",
        "last_seen_at": event.last_seen_at,
        "notified_at": (event.notified_at or city.now) - timedelta(seconds=30),
    }  # fmt: skip
    elsewhere = rows.zone(city.session, rows.camera(city.session))
    return rows.event(city.session, elsewhere, **(values | changes))


def walk_w29(make: MakeCity) -> tuple[City, Event]:
    """Two cameras of two areas texted the owner of one car."""
    city = make()
    event = city.to_grace()
    master = told_elsewhere(city, event)
    duplicates.join_texted(
        city.session, event, city.officer, master_no=master.event_no, **city.order()
    )
    return city, event


TEXT_WALKS = {"W29": walk_w29}
