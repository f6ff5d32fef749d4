"""One camera's worker on a real stream: looks, writes, takes orders, falls silent when fenced."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import samples
from models.camera import Camera
from models.clock import SystemClock
from models.errors import Unavailable
from models.event import Event
from models.registry import get_camera, list_cameras, save_zone, take_over, update_camera
from models.store import Store
from notify.local_channel import LocalChannel
from pipeline.demo_stream import serving
from pipeline.evidence import EvidenceStore
from pipeline.metrics import CameraCounters
from pipeline.ports import free_port
from pipeline.replay import EveryoneKnown
from pipeline.services import Services, build_services
from pipeline.settings import prepare_data_dir
from pipeline.shift import Post, Shift
from pipeline.worker import CameraWorker
from tests.pipeline.live import CLIP, add_live_camera, new_installation, wait_for
from tests.vision.stage import Shot, Stage
from vision.errors import BadWeights
from vision.frames import StreamState, StreamStatus
from vision.types import Detection, Image, ViewHealth, WeightsInfo

pytestmark = pytest.mark.usefixtures("own_key")

ZONE = {"dwell_seconds": 3, "confirm_mode": "auto", "phase": "live", "grace_seconds": 60}


class Truthful:
    """A detector that finds the cars of the clip where the truth says they stand: the network's
    way is real, its cost is nothing."""

    def __init__(self) -> None:
        self.info = WeightsInfo("truth", "0" * 64, "v8", ("car",), 640)
        self._boxes = [
            tuple(stand["box"])
            for car in samples.truth(CLIP)["vehicles"]
            for stand in car["stands"]
            if stand["until_seconds"] is None
        ]

    def detect(self, image: Image) -> list[Detection]:
        return [Detection("car", 0.9, box) for box in self._boxes]  # type: ignore[arg-type]


class Rig:
    """A worker in a thread of this process."""

    def __init__(self, folder: Path, url: str, **services: Any) -> None:
        settings = new_installation(folder)
        prepare_data_dir(settings)
        self.camera_id = add_live_camera(settings, "live", url, zone=ZONE)
        clock = SystemClock()
        self.store = Store(settings.database)
        parts: dict[str, Any] = {
            "settings": settings, "store": self.store, "clock": clock,
            "evidence": EvidenceStore(settings.evidence_dir), "channel": LocalChannel(clock),
            "owners": EveryoneKnown(), "load_detector": lambda *_: Truthful(),
            "load_reader": Stage,
        }  # fmt: skip
        self.services = Services(**{**parts, **services})
        self.worker = CameraWorker(self.services, self.camera_id)
        self.thread = threading.Thread(target=self.worker.run)

    def start(self) -> Rig:
        self.thread.start()
        return self

    def stop(self) -> None:
        self.worker.stop()
        if self.thread.ident is not None:
            self.thread.join(10)
            assert not self.thread.is_alive()
        self.store.dispose()

    def camera(self) -> Camera:
        with self.store.read() as session:
            return get_camera(session, self.camera_id)

    def events(self) -> list[Event]:
        with self.store.read() as session:
            return list(session.scalars(select(Event)))

    def change(self, **changes: Any) -> None:
        with self.store.begin() as session:
            camera = get_camera(session, self.camera_id)
            update_camera(session, camera, changes, at=self.services.clock.now(), actor="test")


class NoPlates(Stage):
    """A reader to whom every plate is unreadable."""

    def read(self, image: Image, vehicle_box: Any = None) -> list[Any]:
        return []


@pytest.fixture
def rig(tmp_path: Path, stream: str) -> Iterator[Rig]:
    rig = Rig(tmp_path, stream, load_reader=NoPlates)
    yield rig
    rig.stop()


def test_looks_writes_and_takes_orders(rig: Rig) -> None:
    """From the network to an event with evidence; a watch is opened for it; a zone edited and an
    address changed while it runs are taken up; at the end nothing is left in the buffer."""
    rig.start()
    event = wait_for(rig.events, 60)[0]
    assert event.plate is None
    camera = wait_for(lambda: (c := rig.camera()).health == "up" and c.last_picture and c, 20)
    assert rig.services.evidence.get(camera.last_picture)[:2] == b"\xff\xd8"
    assert camera.fencing == 1
    assert rig.worker.name == "live"

    def watched() -> bool:
        from models.event import WatchSpan

        with rig.store.read() as session:
            return session.scalar(select(WatchSpan).limit(1)) is not None

    wait_for(watched, 30, "the new event is watched")
    with rig.store.begin() as session:
        save_zone(
            session, get_camera(session, rig.camera_id),
            {"name": "second", "polygon": [[0.1, 0.1], [0.2, 0.1], [0.2, 0.2]]},
            at=rig.services.clock.now(), actor="test",
        )  # fmt: skip
    rig.change(looks_per_second=2.0)
    wait_for(lambda: rig.camera().fencing == 2, 20, "the changed camera is taken anew")
    frames = rig.worker.counters.frames
    wait_for(lambda: rig.worker.counters.frames > frames + 3, 30)
    rig.worker.stop()
    rig.thread.join(10)
    assert rig.worker.counters.held == 0
    assert rig.worker.counters.sightings >= 1


def test_fenced_off_it_falls_silent(rig: Rig) -> None:
    """Another worker took the camera over: this one writes nothing more and ends."""
    rig.start()
    wait_for(lambda: rig.camera().health == "up", 60)
    with rig.store.begin() as session:
        take_over(session, get_camera(session, rig.camera_id))
    rig.thread.join(15)
    assert not rig.thread.is_alive()
    assert rig.camera().fencing == 2


def test_database_away_for_a_while_loses_nothing(rig: Rig) -> None:
    """W39: the eyes go on, what they see is held, and comes in when the database is back."""
    rig.start()
    wait_for(rig.events, 60)
    away = threading.Event()
    begin, read = rig.store.begin, rig.store.read

    def guarded(real: Any) -> Any:
        @contextmanager
        def opened() -> Iterator[Any]:
            if away.is_set():
                raise Unavailable("the database is away")
            with real() as session:
                yield session

        return opened

    rig.store.begin, rig.store.read = guarded(begin), guarded(read)  # type: ignore[method-assign]
    away.set()
    frames = rig.worker.counters.frames
    wait_for(lambda: rig.worker.counters.frames > frames + 5, 30, "the eyes go on")
    wait_for(lambda: rig.worker.counters.held > 0, 10, "what they see is held")
    away.clear()
    wait_for(lambda: rig.worker.counters.held == 0, 20, "and comes in")
    assert rig.worker.counters.dropped == rig.worker.counters.refused == 0


def test_unreachable_stream_says_down_and_why(tmp_path: Path) -> None:
    rig = Rig(tmp_path, "rtsp://admin:hunter2@127.0.0.1:9/none").start()
    camera = wait_for(lambda: (c := rig.camera()).health == "down" and c, 30)
    assert camera.health_reason
    assert "hunter2" not in camera.health_reason
    rig.stop()


@pytest.mark.parametrize("error", [BadWeights("no vehicle class"), ZeroDivisionError("x")])
def test_what_keeps_it_from_working_stands_on_the_cameras_page(
    tmp_path: Path, error: Exception
) -> None:
    """Tried again with back-off, never silently."""
    tries: list[int] = []

    def load(*_: Any) -> Any:
        tries.append(1)
        raise error

    rig = Rig(tmp_path, "rtsp://127.0.0.1:9/none", load_detector=load).start()
    wait_for(lambda: len(tries) >= 2, 20)
    assert rig.camera().health == "down"
    wanted = "no vehicle class" if isinstance(error, BadWeights) else "ZeroDivisionError"
    assert wanted in rig.camera().health_reason
    rig.stop()


def test_camera_that_is_not_there_is_tried_quietly(tmp_path: Path) -> None:
    rig = Rig(tmp_path, "rtsp://127.0.0.1:9/none")
    worker = CameraWorker(rig.services, 4711)
    thread = threading.Thread(target=worker.run)
    thread.start()
    worker.stop()
    thread.join(5)
    assert not thread.is_alive()
    rig.stop()


def test_a1_a_stream_that_stops_is_down_and_up_again(tmp_path: Path) -> None:
    """Down within 20 s of its end, up within 15 s of its return, nothing invented between."""
    clip = samples.clip_path(CLIP)
    port = free_port(0)
    rig = Rig(tmp_path, f"rtsp://127.0.0.1:{port}/{clip.name}/play_count_0", load_reader=NoPlates)
    with serving(clip.parent, port):
        rig.start()
        wait_for(lambda: rig.camera().health == "up", 60)
    wait_for(lambda: rig.camera().health == "down", 20, "down")
    frames = rig.worker.counters.frames
    time.sleep(2.0)
    assert rig.worker.counters.frames == frames
    with serving(clip.parent, port):
        wait_for(lambda: rig.camera().health == "up", 15, "up again")
        assert rig.worker.counters.reconnects >= 1
    rig.stop()


def test_a_full_disk_is_told_on_the_cameras_page(tmp_path: Path) -> None:
    """No room for the latest picture: the camera is up, and says what to do."""
    rig = Rig(tmp_path, "rtsp://127.0.0.1:9/none")
    health = shift_of(rig)._health
    (tmp_path / "evidence").write_text("a file where the folder should be")
    health.note_stream(StreamState(StreamStatus.UP, rig.services.clock.now()))
    health.note_look(Stage().frame(Shot(), 0.0), ViewHealth.OK)
    health.write(1.0, 0)
    assert rig.camera().health == "up"
    assert "QIFEN_DATA_DIR" in rig.camera().health_reason
    (tmp_path / "evidence").unlink()
    health.write(2.0, 0)  # nothing new, not due: not written
    health.note_look(Stage().frame(Shot(), 1.0), ViewHealth.OK)
    health.write(20.0, 3)
    assert (rig.camera().health_reason, rig.camera().reconnects) == ("", 3)
    rig.stop()


def shift_of(rig: Rig) -> Shift:
    with rig.store.begin() as session:
        camera = get_camera(session, rig.camera_id)
        fencing = take_over(session, camera)
    post = Post(rig.camera_id, "live", camera.stream_url, 1.0, None, fencing)
    return Shift(
        rig.services, post, CameraCounters(), lambda: None, threading.Event(), Truthful().info
    )


def test_health_tells_what_the_view_is_like(tmp_path: Path) -> None:
    """A covered lens is neither up nor down; before the first frame nothing is known."""
    rig = Rig(tmp_path, "rtsp://127.0.0.1:9/none")
    health = shift_of(rig)._health
    at = rig.services.clock.now()
    assert health.state() == ("unknown", "")
    health.note_stream(StreamState(StreamStatus.CONNECTING, at))
    assert health.state() == ("unknown", "")
    health.note_stream(StreamState(StreamStatus.DOWN, at, reason="timeout"))
    health.note_stream(StreamState(StreamStatus.CONNECTING, at))
    assert health.state() == ("down", "timeout")
    health.note_stream(StreamState(StreamStatus.UP, at))
    assert health.state() == ("up", "")
    health.note_look(Stage().frame(Shot(), 0.0), ViewHealth.COVERED)
    assert health.state()[0] == "covered"
    rig.stop()


def test_pen_outlives_what_nobody_foresaw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(tmp_path, "rtsp://127.0.0.1:9/none")
    shift = shift_of(rig)
    monkeypatch.setattr(shift, "_write", lambda: 1 / 0)
    shift._write_guarded()
    assert not shift._over.is_set()
    rig.stop()


def test_services_are_put_together_from_settings(tmp_path: Path) -> None:
    """The default installation: local channel, nobody known, SQLite in the data folder."""
    settings = new_installation(tmp_path)
    services = build_services(settings)
    assert (services.channel.name, services.owners.name) == ("local", "none")
    with services.store.read() as session:
        assert list_cameras(session) == []
    assert services.policy().grace_seconds == 420
    assert services.detector() is services.detector()
    assert services.detector().info.names
    assert services.plate_reader() is services.plate_reader()
    services.close()
    owners = tmp_path / "owners.csv"
    owners.write_text("plate,phone\n浙A12345,17000000001\n", encoding="utf-8")
    twilio = new_installation(
        tmp_path, channel="twilio", twilio_account_sid="AC1", twilio_auth_token="token",
        twilio_from="+15005550006", owners_csv=owners,
    )  # fmt: skip
    services = build_services(twilio)
    assert (services.channel.name, services.owners.name) == ("twilio", "csv")
    services.close()
    assert replace(services, owners=EveryoneKnown()).owners.name == "simulated"
