"""Many cameras: worker processes of a few cameras each, watched over by the main process.

A process that dies is started again with back-off; one that hangs (says nothing, or one of its
cameras' threads says nothing) is killed first. All of them end when the fleet is stopped, and
also when the main process is killed: each watches its pipe to the parent (peers.md A1, A2, P12).
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from pipeline.crew import Report, worker_main
from pipeline.logs import get_logger
from pipeline.metrics import CameraCounters, Metrics
from pipeline.settings import Settings

STOP_SECONDS = 8.0
"""Told to end, a process has so long before it is killed; ten seconds are promised for all."""
_FIRST_BACK_OFF_SECONDS = 1.0
_LAST_BACK_OFF_SECONDS = 30.0
_WELL_AFTER_SECONDS = 60.0
_TICK_SECONDS = 0.25

_log = get_logger(__name__)


@dataclass
class _Group:
    """One worker process and the cameras it was given."""

    cameras: set[int] = field(default_factory=set[int])
    process: SpawnProcess | None = None
    pipe: Connection | None = None
    told: frozenset[int] = frozenset()
    started_at: float = 0.0
    heard_at: float = 0.0
    start_again_at: float = 0.0
    back_off_seconds: float = _FIRST_BACK_OFF_SECONDS
    report: Report = field(default_factory=Report)

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None else None


class Fleet:
    """Keeps every camera of `wanted` in exactly one living worker process.

    `wanted` gives the ids of the cameras that should run now, or None where that cannot be told
    (the database is away); then everything stays as it is.
    """

    def __init__(
        self, settings: Settings, wanted: Callable[[], Iterable[int] | None], metrics: Metrics
    ) -> None:
        self._settings = settings
        self._wanted = wanted
        self._metrics = metrics
        self._groups: list[_Group] = []
        self._leaving: list[tuple[float, _Group]] = []
        self._stop_seconds = STOP_SECONDS
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="fleet", daemon=True)
        self._context = multiprocessing.get_context("spawn")
        metrics.show_cameras(self.counters)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_seconds: float = STOP_SECONDS) -> None:
        """End every worker process; what does not end in time is killed."""
        self._stop_seconds = timeout_seconds
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds + 2.0)

    def counters(self) -> dict[str, CameraCounters]:
        """The newest counters of every camera, by the camera's name."""
        with self._lock:
            return {
                name: counters
                for group in self._groups
                for name, counters in group.report.counters.values()
            }

    def processes(self) -> dict[int, frozenset[int]]:
        """Living worker processes: process id to the ids of its cameras."""
        with self._lock:
            return {
                group.pid: frozenset(group.cameras)
                for group in self._groups
                if group.pid is not None and group.process is not None and group.process.is_alive()
            }

    def _supervise(self) -> None:
        next_question = 0.0
        while not self._stop.wait(_TICK_SECONDS):
            try:
                ids: Iterable[int] | None = None
                if time.monotonic() >= next_question:
                    ids = self._wanted()
                    next_question = time.monotonic() + self._settings.poll_seconds
                self._tick(None if ids is None else set(ids))
            except Exception as error:
                # The watcher itself must never die: without it a dead camera stays dead.
                self._metrics.errors.labels("fleet").inc()
                _log.exception("fleet supervisor", error=str(error))
        # Linux ties a child's life to the *thread* that started it (PR_SET_PDEATHSIG), so the
        # children are seen off here, while this thread still lives.
        self._end_all()

    def _tick(self, wanted: set[int] | None) -> None:
        with self._lock:
            if wanted is not None:
                self._share_out(wanted)
            for group in self._groups:
                self._look_after(group)
            now = time.monotonic()
            for until, group in self._leaving:
                if now >= until or not (group.process and group.process.is_alive()):
                    _end(group, 0.0)
            self._leaving = [entry for entry in self._leaving if entry[1].process is not None]

    def _end_all(self) -> None:
        with self._lock:
            groups = [*self._groups, *(group for _, group in self._leaving)]
            for group in groups:
                _ask_to_end(group)
            until = time.monotonic() + self._stop_seconds
            for group in groups:
                _end(group, max(until - time.monotonic(), 0.0))

    def _share_out(self, wanted: set[int]) -> None:
        """Give every wanted camera a place; take away what is not wanted any more."""
        for group in self._groups:
            group.cameras &= wanted
        placed = {camera for group in self._groups for camera in group.cameras}
        for camera in sorted(wanted - placed):
            room = (g for g in self._groups if len(g.cameras) < self._settings.cameras_per_process)
            group = next(room, None)
            if group is None:
                group = _Group()
                self._groups.append(group)
            group.cameras.add(camera)
        for group in [group for group in self._groups if not group.cameras]:
            _ask_to_end(group)
            self._leaving.append((time.monotonic() + STOP_SECONDS, group))
            self._groups.remove(group)

    def _look_after(self, group: _Group) -> None:
        now = time.monotonic()
        if group.process is None:
            if now >= group.start_again_at:
                self._start(group)
            return
        self._listen(group)
        reason = self._what_is_wrong(group, now)
        if reason:
            self._start_later(group, reason)
            return
        if now - group.started_at > _WELL_AFTER_SECONDS:
            group.back_off_seconds = _FIRST_BACK_OFF_SECONDS
        self._tell(group)

    def _start(self, group: _Group) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=worker_main,
            args=(self._settings, theirs, os.getpid()),
            name="qifen-worker",
            daemon=True,
        )
        process.start()
        theirs.close()
        group.process, group.pipe, group.told = process, ours, frozenset()
        group.started_at = group.heard_at = time.monotonic()
        group.report = Report()
        _log.info("worker process started", pid=process.pid, cameras=sorted(group.cameras))

    def _listen(self, group: _Group) -> None:
        try:
            while group.pipe is not None and group.pipe.poll():
                group.report = group.pipe.recv()
                group.heard_at = time.monotonic()
        except (EOFError, OSError):
            pass  # the process is gone; `_what_is_wrong` sees it

    def _what_is_wrong(self, group: _Group, now: float) -> str:
        if group.process is not None and not group.process.is_alive():
            return "died"
        limit = self._settings.hang_seconds
        if now - group.heard_at > limit:
            return "silent"
        idle = [counters.idle_seconds for _, counters in group.report.counters.values()]
        return "camera_hangs" if any(seconds > limit for seconds in idle) else ""

    def _start_later(self, group: _Group, reason: str) -> None:
        code = group.process.exitcode if group.process is not None else None
        _log.error(
            "worker process is started again",
            reason=reason,
            pid=group.pid,
            exit_code=code,
            cameras=sorted(group.cameras),
            in_seconds=group.back_off_seconds,
        )
        self._metrics.process_restarts.labels(reason).inc()
        _end(group, 0.0)
        group.start_again_at = time.monotonic() + group.back_off_seconds
        group.back_off_seconds = min(group.back_off_seconds * 2, _LAST_BACK_OFF_SECONDS)

    @staticmethod
    def _tell(group: _Group) -> None:
        cameras = frozenset(group.cameras)
        if cameras == group.told or group.pipe is None:
            return
        try:
            group.pipe.send(("cameras", sorted(cameras)))
            group.told = cameras
        except OSError:
            pass  # dies at this very moment; the next tick starts it again


def _ask_to_end(group: _Group) -> None:
    if group.process is not None:
        group.process.terminate()


def _end(group: _Group, wait_seconds: float) -> None:
    """See the process off: wait for it, then kill it; a stopped or hung one ends too."""
    process, pipe = group.process, group.pipe
    group.process = group.pipe = None
    if process is not None:
        process.join(wait_seconds)
        if process.is_alive():
            process.kill()
            process.join(2.0)
    if pipe is not None:
        pipe.close()
