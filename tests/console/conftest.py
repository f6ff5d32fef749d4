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
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import samples
from models import signin
from models.people import Role
from models.policy import save_policy
from models.registry import add_camera
from models.store import Store
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
SHORT_POLICY = {
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


@dataclass
class City:
    """One running installation."""

    services: Services
    base_url: str
    log: Path

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
            "延安路1号",
            stream_url,
            at=at,
            actor="test",
            place="延安路",
            legal_review="法审〔2026〕1号",
            technical_review="检〔2026〕1号",
            sign_installed=True,
            published_at=at - timedelta(days=30),
        )
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


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
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

    def sign_in(self, username: str) -> Page:
        page = self.open("/sign-in")
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


def _answers(city: City) -> bool:
    import httpx

    try:
        return httpx.get(f"{city.base_url}/api/v1/health", timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False
