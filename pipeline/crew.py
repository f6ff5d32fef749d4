"""Inside one worker process: a thread per camera, one shared detector, signs of life upwards."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Protocol

from pipeline.logs import get_logger, set_up_logs
from pipeline.metrics import CameraCounters
from pipeline.settings import Settings

REPORT_SECONDS = 0.5
END_SECONDS = 6.0
"""Threads have so long to finish what they hold; a thread that hangs in a decoder is left behind
(the process ends hard)."""
_PR_SET_PDEATHSIG = 1
_MALLOPT = {"trim_threshold": -1, "mmap_threshold": -3, "arena_max": -8}
"""Numbers of glibc's mallopt."""

_log = get_logger(__name__)


@dataclass
class Report:
    """A sign of life: camera id to (name, counters)."""

    counters: dict[int, tuple[str, CameraCounters]] = field(
        default_factory=dict[int, tuple[str, CameraCounters]]
    )


class Worker(Protocol):
    """One camera's work (`pipeline.worker.CameraWorker`)."""

    name: str
    counters: CameraCounters
    beat_at: float
    """Monotonic instant of the last sign of life."""

    def run(self) -> None:
        """Work until told to stop."""
        ...

    def stop(self) -> None: ...


class Crew:
    """The camera threads of one process."""

    def __init__(self, make_worker: Callable[[int], Worker]) -> None:
        self._make_worker = make_worker
        self._threads: dict[int, tuple[Worker, threading.Thread]] = {}

    def keep(self, cameras: Iterable[int]) -> None:
        """Exactly these cameras run from now on."""
        wanted = set(cameras)
        for camera in [camera for camera in self._threads if camera not in wanted]:
            self._threads.pop(camera)[0].stop()
        for camera in sorted(wanted - self._threads.keys()):
            worker = self._make_worker(camera)
            thread = threading.Thread(target=worker.run, name=f"camera-{camera}", daemon=True)
            self._threads[camera] = (worker, thread)
            thread.start()

    def report(self) -> Report:
        now = time.monotonic()
        report = Report()
        for camera, (worker, _) in self._threads.items():
            worker.counters.idle_seconds = round(now - worker.beat_at, 1)
            report.counters[camera] = (worker.name, worker.counters)
        return report

    def stop(self, timeout_seconds: float = END_SECONDS) -> bool:
        """Stop all threads. False if one did not end in time."""
        entries = list(self._threads.values())
        self._threads.clear()
        for worker, _ in entries:
            worker.stop()
        until = time.monotonic() + timeout_seconds
        for _, thread in entries:
            thread.join(max(until - time.monotonic(), 0.0))
        return not any(thread.is_alive() for _, thread in entries)


def worker_main(settings: Settings, pipe: Connection, parent_pid: int) -> None:
    """The main function of a worker process; ends when told, or when its parent is gone."""
    spare_memory()
    # Only here: the parent process stays small and quick to start without the eyes.
    from pipeline.services import build_services  # noqa: PLC0415
    from pipeline.worker import CameraWorker  # noqa: PLC0415

    stop = threading.Event()
    _answer_signals(stop)
    die_with_parent(parent_pid)
    set_up_logs(settings.log_level, settings.log_format)
    services = build_services(settings)
    crew = Crew(lambda camera: CameraWorker(services, camera))
    serve_pipe(crew, pipe, stop)
    ended = crew.stop()
    services.close()
    if not ended:  # pragma: no cover (the process is gone before coverage is written)
        _log.error("a camera thread hangs; the process ends hard")
        os._exit(1)


def serve_pipe(crew: Crew, pipe: Connection, stop: threading.Event) -> None:
    """Take orders and report until `stop` is set or the other end of the pipe is gone."""
    try:
        while not stop.is_set():
            if pipe.poll(REPORT_SECONDS):
                order, cameras = pipe.recv()
                if order == "cameras":
                    crew.keep(cameras)
            pipe.send(crew.report())
    except (EOFError, OSError):
        _log.warning("the main process is gone; this worker ends")


def _answer_signals(stop: threading.Event) -> None:
    """Ctrl-C goes to the whole group, but only the main process decides when workers end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())


def spare_memory() -> bool:
    """Have glibc give memory back that was freed; call it before other threads are started.

    Each camera has a thread that reads, one that looks and one that writes, and glibc keeps a
    heap for each, with holes of the size of pictures. Two heaps for all, and pictures outside of
    them. False on systems whose C library has no such setting.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is None:
        return False
    wanted = {"arena_max": 2, "mmap_threshold": 1 << 20, "trim_threshold": 1 << 20}
    return all(mallopt(_MALLOPT[name], value) == 1 for name, value in wanted.items())


def die_with_parent(parent_pid: int) -> None:
    """On Linux the kernel ends this process with its parent, even while it hangs; elsewhere the
    pipe tells it."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:  # it went between our start and the call
        os._exit(1)
