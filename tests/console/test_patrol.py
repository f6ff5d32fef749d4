"""The patrol's page: what an officer does with a phone beside a vehicle (A26, L34, L44)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from sqlalchemy import select

from api.app import create_app
from api.console import doors, patrol
from models.audit import Viewing
from models.clock import FakeClock
from models.event import Event, EventState
from models.evidence import Evidence
from models.people import Role
from models.store import Store
from pipeline.services import Services, build_services
from pipeline.settings import Settings
from pipeline.sweep import Sweep
from tests import rows
from tests.api.conftest import serving
from tests.models.city import City
from tests.rows import NOON, PASSWORD

S = EventState
PLATE = "浙A12345"


def jpeg(number: int) -> bytes:
    """A photo that no other photo equals."""
    noise = np.random.default_rng(number).integers(0, 255, (240, 320, 3), np.uint8)
    return bytes(cv2.imencode(".jpg", noise)[1].tobytes())


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def services(tmp_path: Path, clock: FakeClock, own_key: None) -> Iterator[Services]:
    built = build_services(Settings(data_dir=tmp_path / "data", secret_key=None), clock=clock)
    built.store.dispose()
    made = replace(built, store=Store.memory())
    with made.store.begin() as session:
        rows.user(session, "chen", Role.OFFICER)
        rows.user(session, "olive", Role.OPERATOR)
    yield made
    made.close()


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    app = create_app(services)
    app.include_router(doors.build(services))
    app.include_router(patrol.build(services))
    with serving(app) as url:
        yield url


@pytest.fixture
def phone(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=address, headers={"Origin": address, "Accept-Language": "zh-CN"}, timeout=60
    ) as client:
        client.post("/sign-in", data={"username": "chen", "password": PASSWORD})
        yield client


@pytest.fixture
def make(services: Services, clock: FakeClock) -> Callable[[Callable[[City], Event]], int]:
    def made(way: Callable[[City], Event]) -> int:
        with services.store.begin() as session:
            city = City(session)
            event = way(city)
            clock.set(city.now)
            return event.id

    return made


class Spot:
    """One event on the phone."""

    def __init__(self, phone: httpx.Client, services: Services, event_id: int) -> None:
        self.phone, self.services, self.id = phone, services, event_id
        self.url = f"/console/patrol/{event_id}"

    def page(self) -> str:
        return self.phone.get(self.url).text

    def send(self, what: str, photo: bytes | None = None, **values: str) -> httpx.Response:
        version = re.search(r'name="version" value="(\d+)"', self.page())
        data = {"version": version.group(1) if version else "0"} | values
        files = None if photo is None else {"photo": ("p.jpg", photo, "image/jpeg")}
        return self.phone.post(f"{self.url}/{what}", data=data, files=files)

    def event(self) -> Event:
        with self.services.store.read() as session:
            return session.get_one(Event, self.id)


@pytest.fixture
def spot(
    phone: httpx.Client, services: Services, make: Callable[[Callable[[City], Event]], int]
) -> Spot:
    return Spot(phone, services, make(City.to_patrol))


def test_a_number_too_large_for_any_event_breaks_nothing(phone: httpx.Client) -> None:
    assert phone.get(f"/console/patrol/{2**64}").status_code == 422


def test_a26_the_whole_way_on_a_phone(spot: Spot, services: Services, clock: FakeClock) -> None:
    """Paper, seven minutes, two photos, on to the officers; each page is small and script-free."""
    listed = spot.phone.get("/console/patrol").text
    assert f'href="{spot.url}"' in listed
    page = spot.page()
    event = spot.event()
    assert f"号 {event.query_no}，码 {event.query_code}" in page
    assert "7分钟" in page
    for text in (listed, page):
        assert len(text.encode()) < 50_000
        assert "<script" not in text
    placed = spot.send("paper", jpeg(1), plate="浙a12345")
    assert placed.status_code == 303, placed.text
    event = spot.event()
    assert (event.state, event.grace_policy, event.notified_at) == (S.GRACE, "paper", clock.now())
    assert 'data-left="420"' in spot.page()
    clock.advance(431)
    Sweep(services).run_once()
    assert spot.event().state == S.RECHECK
    assert spot.send("photo", jpeg(2)).status_code == 303
    early = spot.send("still", plate=PLATE, unmoved="yes")
    assert early.status_code == 409
    assert "两张现场照片" in early.text
    clock.advance(12)
    assert spot.send("photo", jpeg(3)).status_code == 303
    assert spot.page().count("有效") == 2
    moved = spot.send("still", plate=PLATE)
    assert (moved.status_code, spot.event().state) == (422, S.RECHECK)
    assert "未移动" in moved.text
    spot.send("still", plate=PLATE, unmoved="yes")
    # The city's pack holds no bytes behind its rows: what cannot be proven ends in favour.
    assert spot.event().state in {S.REVIEW_PENDING, S.UNDETERMINED}
    with services.store.read() as session:
        kinds = session.scalars(
            select(Evidence.kind).where(Evidence.event_id == spot.id, Evidence.camera_id.is_(None))
        ).all()
        reasons = session.scalars(select(Viewing.reason)).all()
    assert kinds == ["PAPER", "ON_SITE", "ON_SITE"]
    assert set(reasons) == {"on the spot"}


@pytest.mark.parametrize(
    ("photo", "plate", "said"),
    [
        (None, PLATE, "JPEG"),
        (b"", PLATE, "JPEG"),
        (b"\x89PNG\r\n", PLATE, "JPEG"),
        (jpeg(1), "浙A99999", "车牌与此事件不符"),
        (jpeg(1), "", "plate"),
    ],
)
def test_l34_a_wrong_or_missing_photo_starts_nothing(
    spot: Spot, photo: bytes | None, plate: str, said: str
) -> None:
    refused = spot.send("paper", photo, plate=plate)
    assert refused.status_code == 422
    assert said in refused.text or "号牌" in refused.text
    event = spot.event()
    assert (event.state, event.grace_deadline_at) == (S.PATROL_ASSIGNED, None)


def test_a26_a_photo_is_used_once(spot: Spot, services: Services, clock: FakeClock) -> None:
    """The photo of the notice does not prove the second look."""
    spot.send("paper", jpeg(1), plate=PLATE)
    clock.advance(431)
    Sweep(services).run_once()
    again = spot.send("photo", jpeg(1))
    assert (again.status_code, "已作为证据" in again.text) == (422, True)


def test_a26_gone_is_left_in_time(spot: Spot) -> None:
    spot.send("paper", jpeg(1), plate=PLATE)
    assert spot.send("gone").status_code == 303
    assert spot.event().state == S.LEFT_IN_TIME
    assert "不需要到场" in spot.page()


def test_l44_tow_on_the_spot(spot: Spot) -> None:
    assert spot.send("tow", reference="T-9").status_code == 422
    assert spot.send("tow", jpeg(5), reference="T-9").status_code == 303
    assert spot.event().state == S.REMOVED_BY_TOW


def test_discarded_on_the_spot(spot: Spot) -> None:
    assert spot.send("discard", reason="LEGAL_BAY").status_code == 303
    assert (spot.event().state, spot.event().outcome) == (S.DISCARDED, "LEGAL_BAY")


def test_w43_somebody_acted_before(spot: Spot) -> None:
    stale = spot.phone.post(f"{spot.url}/discard", data={"version": "1", "reason": "X"})
    assert (stale.status_code, "他人已先处理" in stale.text) == (409, True)


def test_only_for_officers(address: str, spot: Spot) -> None:
    with httpx.Client(base_url=address, headers={"Origin": address}, timeout=60) as other:
        to = other.get(spot.url)
        assert (to.status_code, to.headers["location"]) == (307, f"/sign-in?next={spot.url}")
        other.post("/sign-in", data={"username": "olive", "password": PASSWORD})
        assert PLATE not in other.get(spot.url).text
        assert PLATE not in other.get("/console/patrol").text
        refused = other.post(f"{spot.url}/gone", data={"version": "1"})
        assert refused.status_code in (200, 403, 409)
    assert spot.event().state == S.PATROL_ASSIGNED
    assert spot.phone.get("/console/patrol/999").status_code == 404
