"""Walks through the rows of vehicles that may stand: on duty, by permit, outside the hours."""

from __future__ import annotations

from collections.abc import Callable

from models import casework
from models.event import ActorKind, Event
from models.flow import Actor
from tests.models.city import City

MakeCity = Callable[..., City]


def walk_w30(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_grace()
    operator = Actor(ActorKind.OPERATOR, "zhao")
    casework.permit_parking(city.session, city.zone, operator, **city.order())
    return city, event


def walk_a5o(make: MakeCity) -> tuple[City, Event]:
    city = make()
    event = city.to_confirm()
    casework.exempt_by_officer(
        city.session, event, city.officer, **city.order(reason="URGENT_DUTY")
    )
    return city, event


def walk_w23(make: MakeCity) -> tuple[City, Event]:
    city = make()
    return city, city.gates(city.open("浙A1234警", plate_kind="police"))


def walk_w23q(make: MakeCity) -> tuple[City, Event]:
    city, event = walk_w23(make)
    city.seen(event, "present", 1_800)
    return city, event


def walk_w23g(make: MakeCity) -> tuple[City, Event]:
    """Away when the half hour is over, but not for thirty seconds yet."""
    city, event = walk_w23(make)
    city.seen(event, "present", 1_790)
    city.watch(event, "absent", 10)
    return city, event


def walk_w30h(make: MakeCity) -> tuple[City, Event]:
    """The zone's hours end while the grace runs."""
    city = make(schedule=[{"days": ["mon"], "start": "07:00", "end": "12:04"}])
    event = city.to_grace()
    city.watch(event, "present", 240)
    return city, event


ALLOWED_WALKS: dict[str, Callable[[MakeCity], tuple[City, Event]]] = {
    "A5o": walk_a5o, "W23": walk_w23, "W23q": walk_w23q, "W23g": walk_w23g, "W30": walk_w30,
    "W30h": walk_w30h,
}  # fmt: skip
