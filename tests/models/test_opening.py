"""The birth of an event: numbers, twins, and cameras that see the same thing at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models import casework, opening
from models.casework import NewEvent
from models.errors import Conflict, FlowRefused
from models.event import Event, EventState
from models.policy import Policy
from models.store import Store
from tests import rows
from tests.models.city import GOOD, PLATE, City

MakeCity = Callable[..., City]
S = EventState


class TestOpening:
    def test_number_and_secrets(self, city: City) -> None:
        """HZ, local month and day, running number; a short public number and its code."""
        first, second = city.open(), city.open("浙A99999", box=(0.7, 0.7, 0.8, 0.8))
        assert (first.event_no, second.event_no) == ("HZ1123-0001", "HZ1123-0002")
        assert first.query_no != second.query_no
        assert len(first.query_no) == len(first.query_code) == 4

    def test_number_goes_on_after_9999_and_after_a_year(self, city: City) -> None:
        """A number is never given twice, also where the string order would mislead."""
        city.open().event_no = "HZ1123-9999"
        city.session.flush()
        assert opening.next_event_no(city.session, city.now, "HZ") == "HZ1123-10000"
        city.open("浙A99999", box=(0.7, 0.7, 0.8, 0.8))
        next_year = city.now.replace(year=2027)
        assert opening.next_event_no(city.session, next_year, "HZ") == "HZ1123-10001"
        assert opening.next_event_no(city.session, city.now + timedelta(days=1), "HZ") == (
            "HZ1124-0001"
        )

    def test_number_counts_the_local_day(self, city: City) -> None:
        """23:59 UTC is the next day in Hangzhou."""
        late = city.now.replace(hour=23, minute=59)
        assert opening.next_event_no(city.session, late, "HZ") == "HZ1124-0001"

    def test_same_sighting_twice_is_one_event(self, city: City) -> None:
        """A worker that was cut off sends again."""
        new = city.sighting()
        first = casework.open_event(city.session, new, policy=city.policy, at=city.now)
        again = casework.open_event(city.session, new, policy=city.policy, at=city.now)
        assert again is first
        assert city.codes(first) == ["A1", "A3"]
        assert city.session.scalar(select(func.count(Event.id))) == 1

    def test_retired_zone_stores_nothing(self, city: City) -> None:
        city.zone.retired_at = city.now
        with pytest.raises(FlowRefused) as refused:
            city.open()
        assert refused.value.code == "ZONE_NOT_IN_FORCE"
        assert city.session.scalar(select(func.count(Event.id))) == 0

    def test_unknown_camera_is_a_conflict(self, city: City) -> None:
        """The database refuses it; no loop without end."""
        with pytest.raises(Conflict, match="number"):
            casework.open_event(
                city.session, city.sighting(camera_id=4711), policy=city.policy, at=city.now
            )

    def test_same_place_without_plate_is_a_duplicate(self, city: City) -> None:
        """A4: same camera, boxes overlap by half."""
        first = city.open(plate=None)
        assert city.open(plate=None, box=(0.42, 0.40, 0.62, 0.60)).master_id == first.id
        assert city.open(plate=None, box=(0.55, 0.40, 0.75, 0.60)).state == S.FLAGGED

    def test_place_counts_where_it_stands_now(self, city: City) -> None:
        """It moved inside the area: its place is where it was last seen."""
        first = city.gates(city.open(), replace(GOOD, plate_confidence=0.1))
        city.watch(first, "moved", 5, box=(0.1, 0.1, 0.3, 0.3))
        assert city.open(plate=None, box=(0.1, 0.1, 0.3, 0.3)).master_id == first.id

    def test_same_place_on_another_camera_is_another_vehicle(self, city: City) -> None:
        """Without a plate nothing ties two views together."""
        city.open(plate=None)
        other = rows.camera(city.session)
        version = rows.zone(city.session, other, name="对面", area=city.zone.area.name)
        twin = city.open(plate=None, camera_id=other.id, zone=version.zone, zone_version=version)
        assert twin.state == S.FLAGGED

    def test_two_plates_in_one_place_are_two_vehicles(self, city: City) -> None:
        city.open()
        assert city.open("浙A54321").state == S.FLAGGED

    @pytest.mark.postgres
    def test_two_cameras_at_the_same_instant(self, postgres_url: str) -> None:
        """Concurrent writers: both get a number, and one plate in one area stays one event."""
        store = Store(postgres_url)
        store.migrate()
        with store.begin() as session:
            city = City(session)
            first, second = city.sighting(), city.sighting()
            other = city.sighting("浙A99999", box=(0.7, 0.7, 0.8, 0.8))
        results = _at_once(store, [first, second, other], city.policy)
        store.dispose()
        assert len({number for number, _, _ in results}) == 3
        assert sorted(state for _, state, plate in results if plate == PLATE) == [
            "DUPLICATE",
            "FLAGGED",
        ]


def _at_once(
    store: Store, sightings: list[NewEvent], policy: Policy
) -> list[tuple[str, str, str | None]]:
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    together = Barrier(len(sightings))

    def one(new: NewEvent) -> tuple[str, str, str | None]:
        together.wait(10)
        with store.begin() as session:
            event = casework.open_event(session, new, policy=policy, at=rows.NOON)
            return event.event_no, event.state, event.plate

    with ThreadPoolExecutor(len(sightings)) as pool:
        return list(pool.map(one, sightings))
