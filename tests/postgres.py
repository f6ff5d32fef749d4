"""A real PostgreSQL for tests: a private cluster in a folder of its own, on loopback only.

Fixtures (a pytest plugin): `postgres_url` is the URL of an empty database, made for one test.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

_numbers = itertools.count(1)


def find_binaries() -> Path | None:
    """The folder with initdb and pg_ctl: on the PATH, or where Debian keeps it (newest first)."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return versions[0].parent if versions else None


@dataclass(frozen=True)
class Cluster:
    folder: Path
    binaries: Path
    port: int

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://qifen@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{next(_numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def start(self) -> None:
        # Durability is not what is tested: without fsync a test's database costs nothing.
        options = (
            f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c fsync=off"
            " -c full_page_writes=off -c max_connections=60"
        )
        self._control("start", "-o", options, "-l", str(self.folder / "log"))

    def stop(self) -> None:
        """End it at once, as a machine that goes away would."""
        self._control("stop", "-m", "immediate")

    def _control(self, verb: str, *arguments: str) -> None:
        command = [str(self.binaries / "pg_ctl"), verb, "-w", "-t", "60"]
        _run([*command, "-D", str(self.folder / "data"), *arguments], self.folder)


def start_cluster(folder: Path) -> Cluster:
    """Make and start a cluster in `folder` (empty, reachable for the user `postgres` where the
    tests run as root, because PostgreSQL refuses to run as root)."""
    binaries = find_binaries()
    if binaries is None:
        raise FileNotFoundError("no initdb: install PostgreSQL")
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
    initdb = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "qifen", "-A", "trust"]
    _run([*initdb, "-E", "UTF8", "--locale=C", "--no-sync"], folder)
    cluster = Cluster(folder, binaries, _free_port())
    cluster.start()
    return cluster


def _run(command: list[str], folder: Path) -> None:
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    # Output goes to a file: a server started by pg_ctl would keep a pipe open for ever.
    with (folder / "commands.log").open("ab") as log:
        done = subprocess.run(
            [*as_postgres, *command], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            cwd=folder, timeout=120, check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError((folder / "commands.log").read_text(errors="replace")[-2000:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """One cluster for the whole run."""
    if find_binaries() is None:
        pytest.skip("no PostgreSQL: install Debian's package postgresql")
    # Not pytest's own temporary folder: the user `postgres` may not enter that.
    folder = Path(tempfile.mkdtemp(prefix="qifen-pg-"))
    cluster = start_cluster(folder)
    yield cluster
    cluster.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_cluster: Cluster) -> str:
    """The URL of an empty database that only this test uses."""
    return postgres_cluster.new_database()
