"""The real application over a real store, with people signed in through the front door."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from models.clock import FakeClock
from models.people import Role
from models.store import Store
from pipeline.services import Services, build_services
from pipeline.settings import Settings
from tests import rows
from tests.rows import NOON, PASSWORD
from vision.blur import Eyes
from vision.types import Box, Detection, Image, WeightsInfo


class OneCar:
    """A detector that finds one car in the middle and one person at the left, in any picture."""

    info = WeightsInfo("one-car", "0" * 64, "v8", ("car", "person"), 640)

    def detect(self, image: Image) -> list[Detection]:
        return [
            Detection("car", 0.9, (0.4, 0.4, 0.6, 0.6)),
            Detection("person", 0.9, (0.05, 0.2, 0.15, 0.9)),
        ]


class NoPlates:
    """A reader that sees no plate."""

    def read(self, image: Image, vehicle_box: Box | None = None) -> list[object]:
        return []


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


def made_services(folder: Path, clock: FakeClock) -> Services:
    """An installation with an empty database in memory, made-up weights and nobody in it."""
    settings = Settings(data_dir=folder / "data", secret_key=None)
    built = build_services(settings, clock=clock)
    built.store.dispose()
    return replace(
        built,
        store=Store.memory(),
        load_detector=lambda _weights, _settings: OneCar(),
        load_reader=NoPlates,
        load_eyes=lambda: Eyes(OneCar(), lambda _: [], lambda _: []),
    )


@pytest.fixture
def services(tmp_path: Path, clock: FakeClock) -> Iterator[Services]:
    made = made_services(tmp_path, clock)
    with made.store.begin() as session:
        rows.user(session, "olive", Role.OPERATOR)
        rows.user(session, "chen", Role.OFFICER)
        rows.user(session, "zhao", Role.OFFICER)
        rows.user(session, "boss", Role.ADMIN)
    yield made
    made.close()


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The application behind a real server on loopback; gives its address."""
    config = uvicorn.Config(
        app, port=0, log_level="warning", log_config=None, ws="none", lifespan="off"
    )
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)  # whoever asks before the server's thread has begun waits for it
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    with serving(create_app(services)) as url:
        yield url


@pytest.fixture
def nobody(address: str) -> Iterator[httpx.Client]:
    """A browser on our own pages that has not signed in."""
    with httpx.Client(base_url=address, headers={"Origin": address}) as client:
        yield client


SignIn = Callable[[str], httpx.Client]


@pytest.fixture
def signed_in(address: str) -> Iterator[SignIn]:
    """Give a signed-in browser for olive (operator), chen, zhao (officers) or boss (admin)."""
    with ExitStack() as opened:

        def sign_in(username: str) -> httpx.Client:
            client = httpx.Client(base_url=address, headers={"Origin": address})
            opened.enter_context(client)
            body = {"username": username, "password": PASSWORD}
            answer = client.post("/api/v1/auth/sign-in", json=body)
            assert answer.status_code == 200, answer.text
            return client

        yield sign_in


def jpeg(width: int = 1280, height: int = 720) -> bytes:
    """Noise: every blurred region shows."""
    noise = np.random.default_rng(7).integers(0, 255, (height, width, 3), np.uint8)
    return bytes(cv2.imencode(".jpg", noise)[1].tobytes())
