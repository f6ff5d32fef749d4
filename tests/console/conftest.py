"""A running installation (`qifen run` in a process of its own), a camera that plays a clip, and a
real Chromium. What a person would do is done in the browser; what a city has set up beforehand is
set up in the database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

import samples
from models import secret, signin
from models.event import Event, EventState
from models.people import Role
from models.policy import save_policy
from models.registry import add_camera, get_camera
from models.store import Store
from models.zone import Zone, ZonePhase
from models.zones import save_zone
from pipeline.services import Services, build_services
from pipeline.settings import load_settings
from tests.rtsp import RtspServer, free_port

PASSWORD = "Seven-Minutes-7"
STANDING = (10.0, 22.0)
"""Seconds of the demo's clip in which its three cars stand: played over and over they never go."""
OWNERS = Path(str(samples.__path__[0])) / "city" / "owners.csv"
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
STREET = "延安路1号"
"""The camera that plays the clip."""
DARK = "文三路2号"
"""A camera that is out of service and has sent no picture: for pages that need no street."""
SHORT_POLICY = {
    "confirm_timeout_seconds": 900.0,
    "absent_confirm_seconds": 8.0,
    "recheck_delay_seconds": 2.0,
    "recheck_window_seconds": 90.0,
    "sms_apart_seconds": 0.0,
}


def cut(source: Path, target: Path, begin: float, end: float) -> Path:
    """Copy the packets between two keyframes at or after `begin` and `end` seconds, undecoded."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        offset: int | None = None
        for packet in old.demux(video=0):
            if packet.dts is None or packet.time_base is None:
                continue
            seconds = float((packet.pts or 0) * packet.time_base)
            if offset is None and not (packet.is_keyframe and seconds >= begin):
                continue
            if seconds >= end and packet.is_keyframe:
                break
            offset = packet.dts if offset is None else offset
            packet.pts = (packet.pts or 0) - offset
            packet.dts -= offset
            packet.stream = stream
            new.mux(packet)
    return target


def foot_zone(vehicle: str) -> list[list[float]]:
    """Corners (0..1) of a zone round the foot of one standing car only."""
    car = next(v for v in samples.truth("demo_day")["vehicles"] if v["id"] == vehicle)
    x1, _, x2, y2 = car["stands"][0]["box"]
    middle = (x1 + x2) / 2
    return [
        [middle - 0.1, y2 - 0.12],
        [middle + 0.1, y2 - 0.12],
        [middle + 0.1, y2 + 0.1],
        [middle - 0.1, y2 + 0.1],
    ]


@dataclass
class City:
    """One running installation."""

    services: Services
    base_url: str
    log: Path

    def camera_id(self, name: str) -> int:
        with self.services.store.read() as session:
            return get_camera(session, name).id

    def state(self, event_id: int) -> str:
        with self.services.store.read() as session:
            return session.get_one(Event, event_id).state

    def zone_round(self, vehicle: str) -> str:
        """Put a live zone round the foot of one of the clip's cars; gives its name."""
        name = f"{vehicle}车位"
        at = self.services.clock.now()
        with self.services.store.begin() as session:
            values = {
                "name": name,
                "place": "延安路人行道",
                "polygon": foot_zone(vehicle),
                "dwell_seconds": 5,
                "phase": ZonePhase.LIVE.value,
                "legal_basis": "《道路交通安全法》第五十六条",
                "sms_from": "00:00",
                "sms_until": "24:00",
                "sign_photo": "sign.jpg",
            }
            save_zone(session, get_camera(session, STREET), values, at=at, actor="test")
        return name

    def goes_live(self, name: str) -> None:
        """What the trial of a zone earns it in months, and the photo of its sign."""
        at = self.services.clock.now()
        with self.services.store.begin() as session:
            values = {"name": name, "phase": ZonePhase.LIVE.value, "sign_photo": "sign.jpg"}
            save_zone(session, get_camera(session, STREET), values, at=at, actor="test")

    def flagged_in(self, zone: str) -> int:
        """Wait for the event of a zone that asks for confirmation."""

        def found() -> int | None:
            with self.services.store.read() as session:
                return session.scalars(
                    select(Event.id)
                    .join(Zone, Zone.id == Event.zone_id)
                    .where(Zone.name == zone, Event.state == EventState.CONFIRM_PENDING)
                ).first()

        return self.wait_for(found, f"flagged car in {zone}")

    def wait_for(self, found: Callable[[], Any], what: str, seconds: float = 90.0) -> Any:
        """Poll until `found` gives something; fails with the installation's log otherwise."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            value = found()
            if value:
                return value
            time.sleep(0.2)
        tail = self.log.read_text(encoding="utf-8")[-4000:]
        raise AssertionError(f"after {seconds:.0f} s there is no {what}\n{tail}")


def _furnish(store: Store, services: Services, stream_url: str) -> None:
    at = services.clock.now()
    with store.begin() as session:
        add_camera(
            session,
            STREET,
            stream_url,
            at=at,
            actor="test",
            place="延安路",
            legal_review="法审〔2026〕1号",
            technical_review="检〔2026〕1号",
            sign_installed=True,
            published_at=at - timedelta(days=30),
            purpose="违停提醒",
        )
        add_camera(session, DARK, "rtsp://127.0.0.1:1/none", at=at, actor="test", enabled=False)
        save_policy(session, SHORT_POLICY, at=at, actor="test")
        people = [("wang", Role.OPERATOR), ("zhang", Role.OFFICER), ("li", Role.OFFICER)]
        for name, role in [*people, ("boss", Role.ADMIN)]:
            user = signin.create_user(
                session,
                name,
                [role],
                at=at,
                actor="test",
                licence_no=f"浙{name}" if role is Role.OFFICER else None,
                licence_valid_until=date(2099, 1, 1) if role is Role.OFFICER else None,
            )
            token = signin.invite(session, user, at=at, actor="test")
            signin.accept_invitation(session, token, PASSWORD, at=at)


@pytest.fixture
def own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test with an installation of its own, which sets the process's key: the installation
    that all browser tests share gets its key back afterwards."""
    for name in ("_fernet", "_hash_key"):
        monkeypatch.setattr(secret, name, vars(secret)[name])


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Iterator[City]:
    """`qifen run` with one camera that shows three standing cars, and four people."""
    folder = tmp_path_factory.mktemp("city")
    clip = cut(samples.clip_path("demo_day"), folder / "standing.mp4", *STANDING)
    settings = load_settings(
        data_dir=folder / "data", host="127.0.0.1", port=free_port(), owners_csv=OWNERS
    )
    services = build_services(settings)
    services.store.migrate()
    log = folder / "run.log"
    environment = os.environ | {
        "QIFEN_DATA_DIR": str(settings.data_dir),
        "QIFEN_PORT": str(settings.port),
        "QIFEN_OWNERS_CSV": str(OWNERS),
    }
    with RtspServer(folder) as camera, log.open("w") as output:
        _furnish(services.store, services, camera.url(clip.name))
        process = subprocess.Popen(
            [sys.executable, "-m", "api.commands", "run"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield City(services, settings.base_url, log)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0, log.read_text(encoding="utf-8")[-4000:]
            services.close()


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


class Visitor:
    """One person's browser. Asking another host, or an error in a script, fails the test."""

    def __init__(self, browser: Browser, city: City, *, width: int = 1366, height: int = 768):
        self._context = browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN"
        )
        self.page: Page = self._context.new_page()
        self.outside: list[str] = []
        self.errors: list[str] = []
        self._city = city
        self.page.on("request", self._watch)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _watch(self, request: Any) -> None:
        if not request.url.startswith((self._city.base_url, "data:", "blob:", "ws://127.0.0.1")):
            self.outside.append(request.url)

    def open(self, path: str) -> Page:
        self.page.goto(self._city.base_url + path)
        return self.page

    def sign_in(self, username: str, language: str = "zh") -> Page:
        page = self.open(f"/language/{language}?next=/sign-in")
        page.fill("input[name=username]", username)
        page.fill("input[name=password]", PASSWORD)
        page.click("button")
        page.wait_for_url("**/console/**")
        return page

    def close(self) -> None:
        self._context.close()
        assert self.outside == [], "a page asked another host"
        assert self.errors == [], "a script failed"


@pytest.fixture
def visitors(browser: Browser, city: City) -> Iterator[Callable[..., Visitor]]:
    """Makes browsers of several people; each is checked when the test ends."""
    made: list[Visitor] = []

    def make(**size: int) -> Visitor:
        city.wait_for(lambda: _answers(city), "answer from the server")
        made.append(Visitor(browser, city, **size))
        return made[-1]

    yield make
    for visitor in made:
        visitor.close()


@pytest.fixture(scope="session")
def waiting(city: City) -> int:
    """An event of the street that waits for an officer's confirmation: car C in its own zone."""
    return city.flagged_in(city.zone_round("C"))


def _answers(city: City) -> bool:
    try:
        return httpx.get(f"{city.base_url}/api/v1/health", timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False
