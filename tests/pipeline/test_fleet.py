"""The fleet with real processes: started, killed, stopped, hung, added to, and gone with us."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from prometheus_client import generate_latest

from models.registry import get_camera
from models.store import Store
from pipeline.crew import Crew, Report, serve_pipe
from pipeline.fleet import Fleet
from pipeline.metrics import CameraCounters, Metrics
from pipeline.settings import Settings, prepare_data_dir
from tests.pipeline.live import add_live_camera, new_installation, wait_for

pytestmark = pytest.mark.usefixtures("own_key")


class Installation:
    def __init__(self, folder: Path, stream: str, **chosen: object) -> None:
        self.settings: Settings = new_installation(folder, **chosen)
        prepare_data_dir(self.settings)
        self.stream = stream
        self.store = Store(self.settings.database)
        self.wanted: list[int] | None = []
        self.metrics = Metrics()
        self.fleet = Fleet(self.settings, lambda: self.wanted, self.metrics)

    def add(self, name: str, url: str = "") -> int:
        return add_live_camera(self.settings, name, url or self.stream)

    def health(self, camera_id: int) -> str:
        with self.store.read() as session:
            return get_camera(session, camera_id).health

    def frames(self, name: str) -> int:
        return self.fleet.counters().get(name, CameraCounters()).frames


@pytest.fixture
def place(tmp_path: Path, stream: str) -> Iterator[Installation]:
    place = Installation(tmp_path, stream, cameras_per_process=1, hang_seconds=15.0)
    yield place
    place.fleet.stop()
    place.store.dispose()


@pytest.mark.slow
def test_cameras_are_shared_out_added_and_taken_away(place: Installation) -> None:
    """One process a camera here; a camera added while running is looked at at once."""
    first = place.add("first")
    place.wanted = [first]
    place.fleet.start()
    wait_for(lambda: place.frames("first") >= 3, 90, "frames of the first camera")
    wait_for(lambda: place.health(first) == "up", 20)
    assert len(place.fleet.processes()) == 1

    second = place.add("second", "rtsp://127.0.0.1:9/nothing")
    place.wanted = [first, second]
    wait_for(lambda: place.health(second) == "down", 90, "the unreachable camera says so")
    before = place.frames("first")
    wait_for(lambda: place.frames("first") > before + 2, 20, "the other one is not disturbed")
    assert set(place.fleet.processes().values()) == {frozenset({first}), frozenset({second})}

    place.wanted = None  # the database is away: everything stays as it is
    time.sleep(1.0)
    assert len(place.fleet.processes()) == 2
    place.wanted = [first]
    wait_for(lambda: len(place.fleet.processes()) == 1, 15)

    page = generate_latest(place.metrics.registry).decode()
    assert 'qifen_camera_frames_total{camera="first"}' in page
    started = time.monotonic()
    place.fleet.stop()
    assert time.monotonic() - started < 10
    assert place.fleet.processes() == {}


@pytest.mark.slow
def test_killed_and_hung_processes_are_started_again(place: Installation) -> None:
    """SIGKILL: seen at once. SIGSTOP: silent for `hang_seconds`, then killed. Each time the new
    worker takes the camera over with a higher fencing number, and the other camera goes on."""
    first, second = place.add("first"), place.add("second")
    place.wanted = [first, second]
    place.fleet.start()
    wait_for(lambda: place.frames("first") >= 2 and place.frames("second") >= 2, 120)
    by_camera = {cameras: pid for pid, cameras in place.fleet.processes().items()}
    killed = by_camera[frozenset({first})]
    os.kill(killed, signal.SIGKILL)

    def again() -> bool:
        pids = {cameras: pid for pid, cameras in place.fleet.processes().items()}
        return pids.get(frozenset({first}), killed) != killed

    wait_for(again, 20)
    assert by_camera[frozenset({second})] in place.fleet.processes()
    wait_for(lambda: place.frames("first") >= 2, 90)
    with place.store.read() as session:
        assert get_camera(session, first).fencing >= 2

    hung = by_camera[frozenset({second})]
    os.kill(hung, signal.SIGSTOP)
    before = place.frames("first")
    wait_for(lambda: hung not in place.fleet.processes(), 40, "the hung process is killed")
    assert not psutil.pid_exists(hung) or psutil.Process(hung).status() == "zombie"
    assert place.frames("first") > before
    page = generate_latest(place.metrics.registry).decode()
    assert 'qifen_worker_restarts_total{why="died"} 1.0' in page
    assert 'qifen_worker_restarts_total{why="silent"} 1.0' in page


def test_stop_ends_a_stopped_process_too(tmp_path: Path, stream: str) -> None:
    """A2: a worker that hangs for ever cannot keep the installation from ending."""
    place = Installation(tmp_path, stream)
    place.wanted = [place.add("first")]
    place.fleet.start()
    wait_for(place.fleet.processes, 20)
    (pid,) = place.fleet.processes()
    os.kill(pid, signal.SIGSTOP)
    started = time.monotonic()
    place.fleet.stop(3.0)
    assert time.monotonic() - started < 10
    assert not psutil.pid_exists(pid)


_PARENT = """
import sys, time
from pipeline.fleet import Fleet
from pipeline.logs import set_up_logs
from pipeline.metrics import Metrics
from pipeline.settings import load_settings

if __name__ == "__main__":
    set_up_logs()
    fleet = Fleet(load_settings(), lambda: [1], Metrics())
    fleet.start()
    while not fleet.processes():
        time.sleep(0.05)
    print(*fleet.processes(), flush=True)
    time.sleep(600)
"""


def test_workers_end_with_a_killed_parent(tmp_path: Path, stream: str) -> None:
    """kill -9 of the main process leaves no worker behind to write into the database."""
    place = Installation(tmp_path / "data", stream)
    place.add("first")
    script = tmp_path / "parent.py"
    script.write_text(textwrap.dedent(_PARENT))
    env = {**os.environ, "QIFEN_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(Path.cwd())}
    parent = subprocess.Popen([sys.executable, script], env=env, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: not psutil.pid_exists(pid), 10, "the worker ends")


class Idle:
    """A worker that does nothing until it is stopped."""

    def __init__(self, camera: int) -> None:
        self.name = f"camera-{camera}"
        self.counters = CameraCounters()
        self.beat_at = time.monotonic()
        self._stop = threading.Event()
        self.deaf = False

    def run(self) -> None:
        self._stop.wait(30)

    def stop(self) -> None:
        if not self.deaf:
            self._stop.set()


def test_crew_keeps_exactly_the_cameras_it_is_told() -> None:
    made: dict[int, Idle] = {}
    crew = Crew(lambda camera: made.setdefault(camera, Idle(camera)))
    crew.keep([1, 2])
    crew.keep([2, 3])
    assert set(crew.report().counters) == {2, 3}
    assert made[1]._stop.is_set()
    made[3].deaf = True
    assert not crew.stop(timeout_seconds=0.3)
    made[3]._stop.set()


def test_crew_ends_when_the_other_end_of_the_pipe_is_gone() -> None:
    """The main process is gone without a word: the workers end by themselves."""
    ours, theirs = multiprocessing.Pipe()
    crew = Crew(Idle)
    ours.send(("cameras", [7]))
    ours.send(("something else", []))
    thread = threading.Thread(target=serve_pipe, args=(crew, theirs, threading.Event()))
    thread.start()
    report = wait_for(lambda: ours.poll(1) and ours.recv(), 5)
    assert isinstance(report, Report)
    ours.close()
    thread.join(5)
    assert not thread.is_alive()
    assert crew.stop(2)


def test_crew_ends_when_told() -> None:
    ours, theirs = multiprocessing.Pipe()
    stop = threading.Event()
    stop.set()
    crew = Crew(Idle)
    serve_pipe(crew, theirs, stop)
    assert crew.stop(2)
    ours.close()
    theirs.close()


@pytest.mark.slow
def test_four_cameras_at_1080p_fit_in_600_megabytes(tmp_path: Path, stream: str) -> None:
    """One worker process, one detector, four cameras with events under watch."""
    place = Installation(tmp_path, stream, cameras_per_process=4)
    place.wanted = [place.add(f"camera {number}") for number in range(4)]
    place.fleet.start()
    try:
        wait_for(lambda: all(place.frames(f"camera {number}") >= 25 for number in range(4)), 240)
        (pid,) = place.fleet.processes()
        assert psutil.Process(pid).memory_info().rss < 600 * 1024 * 1024
    finally:
        place.fleet.stop()
        place.store.dispose()


def test_memory_is_given_back_where_the_c_library_can() -> None:
    """In a process of its own: the setting holds for the whole process."""
    program = "from pipeline.crew import spare_memory; print(spare_memory())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    glibc = sys.platform == "linux" and os.confstr("CS_GNU_LIBC_VERSION") is not None
    assert done.stdout.strip() == str(glibc)
