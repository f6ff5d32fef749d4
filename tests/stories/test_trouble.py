"""Trouble around the house: a full disk, a lost database file system, and what the log says."""

from __future__ import annotations

import io
import logging
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from models.chain import verify_chain
from models.errors import Unavailable
from models.store import Store
from pipeline.buffer import HoldingBuffer, held_items
from pipeline.evidence import EvidenceStore
from pipeline.intake import Intake
from pipeline.logs import set_up_logs
from tests.pipeline.kit import Theatre
from tests.vision.stage import Car, Stay, shot_of

STAYS = Stay(Car(), arrives=6.0)


class TinyFileSystem:
    """A real file system of 200 KB."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        with self._ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"x" * 4096)

    def free(self) -> None:
        self._ballast.unlink()


class LimitedFiles:
    """Where nothing may be mounted: the operating system lets no file grow beyond 1 KB."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, self._before[1]))

    def free(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._before)


def mounted(folder: Path) -> bool:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture(params=["file system", "limit"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TinyFileSystem | LimitedFiles]:
    """A disk that can be full: a real small one where this process may mount it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "file system" and mounted(folder):
        yield TinyFileSystem(folder)
        subprocess.run(["umount", "-l", str(folder)], check=True)
    else:
        limited = LimitedFiles(folder)
        yield limited
        limited.free()


def test_full_disk_holds_what_is_seen_and_takes_it_in_later(
    disk: TinyFileSystem | LimitedFiles,
) -> None:
    """Nothing half written, nothing lost: the sighting waits until there is room, and then its
    pictures are whole and chained."""
    scene = Theatre()
    services = replace(scene.services, evidence=EvidenceStore(disk.folder / "evidence"))
    intake = Intake(services)
    buffer = HoldingBuffer(lambda item: intake.take(scene.camera_id, item))
    disk.fill()
    for second in range(40):
        result = scene.world.looker.look(
            scene.stage.frame(shot_of([STAYS], float(second)), float(second))
        )
        for item in held_items(result):
            buffer.add(item)
        buffer.flush()
    assert buffer.holding
    assert scene.events() == []
    assert not list(disk.folder.rglob("*.part"))
    disk.free()
    assert buffer.flush()
    event = scene.event()
    assert event.plate == "浙A12345"
    with scene.store.read() as session:
        report = verify_chain(session, services.evidence.get)
    assert report.intact
    assert report.files_read >= 2


def test_full_disk_under_the_database_is_unavailable_not_a_crash(
    disk: TinyFileSystem | LimitedFiles,
) -> None:
    """SQLite on a full disk: a clear word, and usable again when there is room."""
    store = Store(f"sqlite:///{disk.folder / 'q.db'}")
    disk.fill()
    with pytest.raises(Unavailable, match="disk"):
        store.migrate()
    disk.free()
    store.dispose()


def test_whole_stories_leave_no_plate_phone_or_code_in_the_log() -> None:
    """B15: everything logged while four cars come and go, by us and by the libraries."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    log = io.StringIO()
    set_up_logs("debug", "json", log)
    try:
        scene = Theatre()
        cars = [
            Stay(Car(), arrives=6.0, leaves=45.0),
            Stay(Car(model=4, plate="浙C88888", box=(0.56, 0.5, 0.76, 0.75)), arrives=8.0),
        ]
        scene.play(cars, until=130)
    finally:
        root.handlers[:], level = before
        root.setLevel(level)
        structlog.reset_defaults()
    text = log.getvalue()
    assert "text" in text
    events = scene.events()
    owners = [scene.services.owners.find(event.plate or "") for event in events]
    secrets = [event.plate for event in events] + [event.query_code for event in events]
    secrets += [owner.phone for owner in owners if owner] + ["浙C88888", "浙A12345"]
    assert not [secret for secret in secrets if secret and secret in text]
