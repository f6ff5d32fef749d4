"""The runner: starts all, greets, ends in order; ports and signals."""

from __future__ import annotations

import io
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import structlog

from models.errors import BadInput, Unavailable
from pipeline.ports import free_port, refuse_taken_port
from pipeline.runner import Running, greet, run, signals
from pipeline.services import Services, build_services
from pipeline.settings import load_settings
from tests.pipeline.live import new_installation

pytestmark = pytest.mark.usefixtures("own_key", "own_logs")


@pytest.fixture
def own_logs() -> Any:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


class Server:
    """Serves until told to stop; `fails` as uvicorn does where it cannot start."""

    def __init__(self, fails: bool = False) -> None:
        self.should_exit = False
        self.fails = fails
        self.served = threading.Event()

    def run(self) -> None:
        if self.fails:
            raise SystemExit(1)
        self.served.set()
        while not self.should_exit:
            time.sleep(0.01)


def test_runs_until_told_and_ends_everything(tmp_path: Path) -> None:
    server = Server()
    said: list[str] = []
    settings = load_settings(data_dir=tmp_path, port=free_port(0), sweep_seconds=0.1)

    def serve(services: Services) -> Server:
        threading.Thread(target=stop_soon).start()
        return server

    def stop_soon() -> None:
        server.served.wait(20)
        server.should_exit = True  # as a server that ends by itself: all ends with it

    code = run(settings, serve=serve, admin_link=lambda _: "http://h/i/once", say=said.append)
    assert code == 0
    assert settings.base_url in said[0]
    assert "http://h/i/once" in said[1]
    assert (tmp_path / "qifen.db").exists()


def test_runs_without_an_api_and_answers_sigterm(tmp_path: Path) -> None:
    """A worker-only machine; as a real process with a real signal."""
    program = (
        "import sys\n"
        "from pipeline.runner import run\n"
        "from pipeline.settings import load_settings\n"
        "sys.exit(run(load_settings(), say=lambda line: print(line, flush=True)))"
    )
    environment = {**os.environ, "QIFEN_DATA_DIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert "without its API" in process.stdout.readline()
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(12) == 0
    assert time.monotonic() - begun < 10
    process.stdout.close()


def test_an_api_that_cannot_start_ends_the_run(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, port=free_port(0))
    assert run(settings, serve=lambda _: Server(fails=True), say=lambda _: None) == 1


def test_fleet_keeps_what_runs_while_the_database_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = build_services(new_installation(tmp_path))
    running = Running(services)
    assert running._wanted() == []

    def away() -> Any:
        raise Unavailable("away")

    monkeypatch.setattr(services.store, "read", away)
    assert running._wanted() is None
    services.close()


def test_a_taken_port_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = load_settings(data_dir=tmp_path, port=other.getsockname()[1])
        with pytest.raises(BadInput, match="QIFEN_PORT"):
            run(settings, serve=lambda _: Server(), say=lambda _: None)
        assert free_port(settings.port) != settings.port
    refuse_taken_port(settings)
    refuse_taken_port(load_settings(data_dir=tmp_path, host="::1", port=free_port(0)))


def test_a_database_that_is_not_there_is_said_at_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = load_settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/file/q.db")
    with pytest.raises(Unavailable, match="database"):
        run(settings, say=lambda _: None)


def test_signals_mean_what_they_meant_before() -> None:
    stopping = threading.Event()
    before = signal.getsignal(signal.SIGTERM)
    with signals(stopping):
        os.kill(os.getpid(), signal.SIGTERM)
        assert stopping.wait(2)
    assert signal.getsignal(signal.SIGTERM) is before


def test_signals_stay_untouched_outside_the_main_thread() -> None:
    before = signal.getsignal(signal.SIGTERM)
    inside: list[Any] = []

    def work() -> None:
        with signals(threading.Event()):
            inside.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == [before]


def test_greeting_without_first_start_has_one_line() -> None:
    out = io.StringIO()
    greet("http://h", None, lambda line: out.write(line + "\n"))
    greet(None, None, lambda line: out.write(line + "\n"))
    assert out.getvalue().count("\n") == 2
