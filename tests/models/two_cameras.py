"""Two cameras over one pavement of 40 by 40 metres, one from the south and one from the north.

Places are metres east and north of its south-western corner; both cameras look straight down, so
that a box can be written from a place by hand.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from models.camera import Camera
from models.casework import GateFacts
from models.event import Event
from models.ground_plane import metres_per_degree
from models.ground_reference import save_reference
from tests import rows
from tests.models.city import GOOD, PLATE, City

SIDE = 40.0
CORNER = (30.25, 120.16)
"""Latitude and longitude of the south-western corner."""
SOUTH, NORTH = "south", "north"
CORNERS = ((2.0, 2.0), (38.0, 2.0), (38.0, 38.0), (2.0, 38.0))


def on_map(east: float, north: float) -> dict[str, float]:
    """A place as a map tells it."""
    up, across = metres_per_degree(CORNER[0])
    return {"latitude": CORNER[0] + north / up, "longitude": CORNER[1] + east / across}


def in_picture(side: str, east: float, north: float) -> tuple[float, float]:
    x, y = east / SIDE, 1 - north / SIDE
    return (x, y) if side == SOUTH else (1 - x, 1 - y)


def points(side: str, *places: tuple[float, float]) -> list[dict[str, float]]:
    """What a person enters: each place in the picture and on the map."""
    found: list[dict[str, float]] = []
    for place in places or CORNERS:
        x, y = in_picture(side, *place)
        found.append({"x": x, "y": y, **on_map(*place)})
    return found


def box_at(side: str, east: float, north: float) -> tuple[float, float, float, float]:
    """A vehicle's box of 4 by 4 metres whose foot stands there."""
    x, y = in_picture(side, east, north)
    return (x - 0.05, y - 0.1, x + 0.05, y)


class Pavement:
    """A `City` whose camera looks from the south, and a second one of the same area."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.cameras: dict[str, Camera] = {SOUTH: city.camera, NORTH: rows.camera(city.session)}
        other = rows.zone(
            city.session, self.cameras[NORTH], name="对面", area=city.zone.area.name,
            confirm_mode="auto", legal_basis="道路交通安全法 56",
        )  # fmt: skip
        self.versions = {SOUTH: city.version, NORTH: other}
        for side in (SOUTH, NORTH):
            self.tie(side)

    def tie(self, side: str) -> None:
        save_reference(
            self.city.session, self.cameras[side], points(side), at=self.city.now, actor="test"
        )

    def flag(
        self, side: str, place: tuple[float, float], plate: str | None = None,
        *, stood: float = 60, **values: Any,
    ) -> Event:  # fmt: skip
        """A camera flags a vehicle that has stood for so many seconds; with its first picture."""
        version = self.versions[side]
        return self.city.open(
            plate, camera_id=self.cameras[side].id, zone=version.zone, zone_version=version,
            box=box_at(side, *place), first_seen_at=self.city.now - timedelta(seconds=stood),
            **values,
        )  # fmt: skip

    def judge(self, event: Event, facts: GateFacts = GOOD) -> Event:
        """The gates, as the intake asks them."""
        return self.city.gates(event, facts if event.plate else GateFacts(confidence_mean=0.9))


__all__ = ["NORTH", "PLATE", "SOUTH", "Pavement", "box_at", "in_picture", "on_map", "points"]
