"""The database that histories run on, and a provider of texts that hypothesis answers for."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from models.notice import NoticeStatus
from models.store import Store
from notify.channel import (
    OutcomeUnknown,
    Outgoing,
    Receipt,
    Rejected,
    Submission,
    TryLater,
    Underway,
)


class Files:
    """One SQLite file that is as new before each history.

    It always bears the same name, so that what was compiled for it once serves every history; in
    memory where there is such a disk, for a history waits for no disk.
    """

    def __init__(self) -> None:
        memory = Path("/dev/shm")
        self._folder = Path(
            tempfile.mkdtemp(prefix="qifen-histories-", dir=memory if memory.is_dir() else None)
        )
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)
        self._file, self._template = self._folder / "city.db", self._folder / "template.db"
        template = Store(f"sqlite:///{self._template}")
        template.migrate()
        template.dispose()
        self.store = Store(f"sqlite:///{self._file}")

    def reset(self) -> Store:
        self.store.dispose()
        for leftover in self._folder.glob("city.db*"):
            leftover.unlink()
        shutil.copy(self._template, self._file)
        return self.store


@cache
def files() -> Files:
    return Files()


class Provider:
    """A provider of texts. `mood` says what comes of the next text that is handed over."""

    name = "histories"
    validity_seconds = 300
    timeout_seconds = 5.0
    parallel = 1

    def __init__(self) -> None:
        self.mood = "takes"
        self.taken: list[int] = []
        self.receipts: list[Receipt] = []
        """What it will say when it is asked next, in this order."""

    def submit(self, message: Outgoing) -> Submission:
        if self.mood == "busy":
            raise TryLater("busy")
        if self.mood == "refuses":
            raise Rejected("no such number")
        if self.mood == "lost":
            raise OutcomeUnknown("connection lost before it was taken")
        self.taken.append(message.notice_id)
        if self.mood == "silent":
            raise OutcomeUnknown("connection lost after it was taken")
        return Submission(self._number(message.notice_id), NoticeStatus.ACCEPTED)

    def find(self, message: Outgoing, since: datetime) -> Submission | None:
        if self.mood == "busy":
            raise TryLater("busy")
        if message.notice_id in self.taken:
            return Submission(self._number(message.notice_id), NoticeStatus.ACCEPTED)
        return None

    def poll(self, underway: Sequence[Underway], now: datetime) -> Sequence[Receipt]:
        said, self.receipts = self.receipts, []
        return said

    def say(self, notice_id: int, status: NoticeStatus, at: datetime | None = None) -> Receipt:
        """A receipt for a text that it has taken."""
        return Receipt(
            self.name, self._number(notice_id), status, str(status), reported_at=at,
            notice_id=notice_id,
        )  # fmt: skip

    @staticmethod
    def _number(notice_id: int) -> str:
        return f"SM{notice_id}"
