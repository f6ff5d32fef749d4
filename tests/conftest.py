"""Fixtures that every room's tests share: real data where it lies, and no way out to the net."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from models import secret

pytest_plugins = ["tests.postgres"]

# Where CI judges a change it draws the same examples every time: a change is not to be blamed for
# an example that nobody has drawn before. Everywhere else each run draws new ones.
settings.register_profile("ci", derandomize=True, print_blob=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

ROOT = Path(__file__).resolve().parent.parent


def real_data() -> Path | None:
    """The folder of real pictures and clips, or None where this machine has none."""
    folder = Path(os.environ.get("QIFEN_DATA", ROOT.parent / "shared" / "data"))
    return folder.resolve() if (folder / "README.md").is_file() else None


@pytest.fixture(scope="session")
def data_dir() -> Path:
    folder = real_data()
    if folder is None:
        pytest.skip("no real data: set QIFEN_DATA to the folder of pictures and clips")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium on this machine."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("no Chromium: install Debian's package chromium")


_left_out: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped:
        _left_out.append(f"{report.nodeid}: {report.longreprtext.splitlines()[-1]}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where nothing may be left out (CI sets QIFEN_STRICT=1), a skipped test fails the run."""
    if os.environ.get("QIFEN_STRICT") == "1" and _left_out and session.exitstatus == 0:
        print("\nQIFEN_STRICT=1: left out although nothing may be:", *_left_out, sep="\n  ")  # noqa: T201
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for `data_dir` carries the marker, so `-m "not data"` leaves it out."""
    for item in items:
        if "data_dir" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.data)


@pytest.fixture(autouse=True, scope="session")
def secret_key() -> None:
    """Encrypted columns work in every test; the key is new for each run."""
    secret.set_secret_key(secret.new_secret_key())


def _is_loopback(address: Any) -> bool:
    if not isinstance(address, tuple) or not address:
        return True  # a Unix socket's path
    host = str(address[0])
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


class OutsideNetwork(AssertionError):
    """A test tried to reach an address that is not on this machine."""


@pytest.fixture(autouse=True, scope="session")
def no_outside_network() -> Iterator[None]:
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(self: socket.socket, address: Any) -> None:
        if not _is_loopback(address):
            raise OutsideNetwork(f"tests stay on this machine; refused: {address!r}")
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        if not _is_loopback(address):
            raise OutsideNetwork(f"tests stay on this machine; refused: {address!r}")
        return connect_ex(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    patch.setattr(socket.socket, "connect_ex", guarded_ex)
    yield
    patch.undo()
