"""`qifen run`: cameras, deadlines, sender and API in one process group, and its orderly end."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Protocol

from models.errors import QifenError, Unavailable
from models.registry import list_cameras
from notify.templates import load_templates
from pipeline.abroad import abroad
from pipeline.clock_watch import ClockWatch
from pipeline.fleet import Fleet
from pipeline.keeping import Keeping
from pipeline.logs import get_logger, set_up_logs
from pipeline.metrics import Metrics
from pipeline.ports import refuse_taken_port
from pipeline.sender import Sender
from pipeline.services import Services, build_services
from pipeline.settings import Settings
from pipeline.sweep import BATCH, Sweep
from pipeline.zone_trials import TRIALS_SECONDS, ZoneTrials

FLEET_SECONDS = 7.0
"""Of the ten seconds that an orderly end may take; the rest is for the API and the threads."""
_API_SECONDS = 2.5
_WORK_SECONDS = 1.0
"""For all repeated work together; what is cut off half-way is rolled back and done again."""
_LISTEN_SECONDS = 20.0
_LISTEN_STEP_SECONDS = 0.1
KEEPING_SECONDS = 600.0
"""How often it is asked whether the day's forgetting and anchoring are due."""
_AWAY_SECONDS = 2.0
"""Between two tries while the database is away."""

_log = get_logger(__name__)


class ApiServer(Protocol):
    """What the runner needs of a server (uvicorn.Server has it)."""

    should_exit: bool

    def run(self) -> None:
        """Serve until `should_exit` is set."""
        ...


class Repeated:
    """A piece of work that is done over and over in a thread of its own, whatever happens.

    `work` gives how much it did; as much as `at_once_from` means there is more waiting.
    """

    def __init__(
        self, name: str, work: Callable[[], int], stop: threading.Event, every_seconds: float,
        metrics: Metrics, *, at_once_from: int = BATCH,
    ) -> None:  # fmt: skip
        self._name = name
        self._work = work
        self._stop = stop
        self._every_seconds = every_seconds
        self._metrics = metrics
        self._at_once_from = at_once_from
        self._away = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, timeout_seconds: float) -> None:
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._stop.wait(self._once())

    def _once(self) -> float:
        """Do the work; gives how long to wait before the next time."""
        try:
            done = self._work()
        except Unavailable as error:
            if not self._away:
                _log.warning("waiting for the database", work=self._name, error=str(error))
            self._away = True
            return max(_AWAY_SECONDS, self._every_seconds)
        except Exception:
            # A thread that dies silently would break every promise it was to keep.
            self._metrics.errors.labels(self._name).inc()
            _log.exception("repeated work failed", work=self._name)
            return self._every_seconds
        if self._away:
            _log.info("the database is back", work=self._name)
        self._away = False
        return 0.0 if done >= self._at_once_from else self._every_seconds


class Running:
    """A started installation. Use `start`, then `stop`; `run` does both around a signal."""

    def __init__(
        self, services: Services, serve: Callable[[Services], ApiServer] | None = None
    ) -> None:
        settings = services.settings
        self.services = services
        self.stopping = threading.Event()
        self.failed = False
        self.fleet = Fleet(settings, self._wanted, services.metrics)
        sender = Sender(
            services.store, services.channel, services.clock, services.policy,
            voice=services.voice, templates=load_templates(settings.texts),
            metrics=services.metrics,
        )  # fmt: skip
        sweep = Sweep(services, ClockWatch(services))
        self._recover = sender.recover
        self._first_sweep = sweep.run_once
        every = settings.sweep_seconds
        self._work = [
            Repeated("sweep", sweep.run_once, self.stopping, every, services.metrics),
            Repeated("sender", sender.run_once, self.stopping, every, services.metrics),
            Repeated(
                "trials",
                ZoneTrials(services).run_once,
                self.stopping,
                TRIALS_SECONDS,
                services.metrics,
            ),
            Repeated(
                "keeping",
                Keeping(services).run_if_due,
                self.stopping,
                KEEPING_SECONDS,
                services.metrics,
            ),
        ]
        self._make_server = serve
        self._server: ApiServer | None = None
        self._api = threading.Thread(target=self._serve, name="api", daemon=True)

    def start(self) -> None:
        """What was promised before comes first (W38), then the API, then the cameras."""
        self._recover()
        self._first_sweep()
        for work in self._work:
            work.start()
        if self._make_server is not None:
            self._server = self._make_server(self.services)
            self._api.start()
        self.fleet.start()

    def stop(self) -> None:
        """End everything within ten seconds."""
        self.stopping.set()
        if self._server is not None:
            self._server.should_exit = True
        self.fleet.stop(FLEET_SECONDS)
        if self._api.is_alive():
            self._api.join(_API_SECONDS)
        until = time.monotonic() + _WORK_SECONDS
        for work in self._work:
            work.join(max(0.0, until - time.monotonic()))

    def _wanted(self) -> list[int] | None:
        try:
            with self.services.store.read() as session:
                return [camera.id for camera in list_cameras(session, enabled_only=True)]
        except QifenError:
            return None

    def _serve(self) -> None:
        """The API's thread; without an API the rest is of no use, so its end ends all."""
        try:
            if self._server is not None:
                self._server.run()
        except SystemExit:  # uvicorn's word for "could not start"; its log says why
            self.failed = True
            _log.error("the API could not be started")
        finally:
            self.stopping.set()


def run(
    settings: Settings,
    *,
    serve: Callable[[Services], ApiServer] | None = None,
    admin_link: Callable[[Services], str | None] | None = None,
    say: Callable[[str], None] = print,
) -> int:
    """Run the installation until SIGTERM or SIGINT. Gives the exit code.

    serve: makes the API's server for these services (the floor above passes it in).
    admin_link: the first administrator's one-time link, None once there is one who can sign in.
    say: where the addresses and that link are printed.
    Raises BadInput or Unavailable naming what to do, if it cannot start.
    """
    set_up_logs(settings.log_level, settings.log_format)
    services = build_services(settings)
    try:
        if serve is not None:
            refuse_taken_port(settings)
        services.store.migrate()
        running = Running(services, serve)
        with signals(running.stopping):
            running.start()
            if serve is not None:
                _wait_until_listening(settings, running.stopping)
            link = admin_link(services) if admin_link is not None else None
            greet(settings.base_url if serve is not None else None, link, say)
            for sentence in abroad(settings):
                _log.warning("personal data leave the country", what=sentence)
                say(sentence)
            while not running.stopping.wait(1.0):
                pass
            running.stop()
    finally:
        services.close()
    return 1 if running.failed else 0


def _wait_until_listening(settings: Settings, stopping: threading.Event) -> None:
    """An address that is printed is answered; gives up quietly, the API's own log says why."""
    for _ in range(int(_LISTEN_SECONDS / _LISTEN_STEP_SECONDS)):
        with suppress(OSError), socket.create_connection((settings.host, settings.port), 1.0):
            return
        if stopping.wait(_LISTEN_STEP_SECONDS):
            return


def greet(base_url: str | None, admin_link: str | None, say: Callable[[str], None]) -> None:
    """Where to look, and at first start how the administrator gets in."""
    if base_url is None:
        say("Qifen runs without its API; stop it with Ctrl-C.")
    else:
        say(f"Qifen runs.  Staff: {base_url}/  Owners: {base_url}/o  API: {base_url}/api/v1")
    if admin_link is not None:
        say(f"First start: set the administrator's password (works once): {admin_link}")


@contextmanager
def signals(stopping: threading.Event) -> Generator[None]:
    """SIGTERM and Ctrl-C end the run; afterwards they mean what they meant before."""
    if threading.current_thread() is not threading.main_thread():
        yield  # handlers belong to the main thread; whoever runs us elsewhere stops us himself
        return

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {
        number: signal.signal(number, ask_to_stop) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
