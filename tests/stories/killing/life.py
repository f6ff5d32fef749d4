"""One life of an installation within a story: from its start, or from a kill, to the end.

The world outside goes on whatever happens: what stands on the street, the texts that a provider
took, and what people have done. That memory is a journal on disk. A camera's frames of the time in
which nobody looked are lost; people whose click got no answer click again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from models.casework import open_watches
from models.clock import FakeClock
from models.errors import QifenError
from models.event import Deadline
from models.people import User
from models.policy import load_policy
from models.store import Store
from notify.local_channel import LocalChannel
from pipeline.evidence import EvidenceStore
from pipeline.intake import Intake
from pipeline.replay import EveryoneKnown
from pipeline.sender import Sender
from pipeline.services import Services
from pipeline.settings import Settings
from pipeline.sweep import Sweep
from pipeline.watches import WATCHED_FLOWS
from tests.rows import NOON
from tests.stories.killing import eyes

DOWN_SECONDS = 3
"""From a kill until the next process looks and sweeps."""
CAMERA_ID = 1


@dataclass(frozen=True)
class Act:
    """What a person does at `at` seconds of the story, at the first try or at the next."""

    at: float
    name: str
    do: Callable[[Life], None]


@dataclass(frozen=True)
class Story:
    """`there` tells whether it stands or hangs at a second; for a crowd, `people` how many."""

    name: str
    zone: dict[str, Any]
    lasts: float
    acts: tuple[Act, ...] = ()
    policy: dict[str, Any] = field(default_factory=dict[str, Any])
    there: Callable[[float], bool] | None = None
    people: Callable[[float], int] | None = None
    look_seconds: int = 4
    receipt_seconds: float | None = 2.0
    """How long a text takes to arrive; None: none does, and the city calls (A13)."""
    furnish: Callable[[Any], None] | None = None
    """What else the city has before the story begins; takes a session."""

    @property
    def kind(self) -> str:
        return self.zone["kind"]


class Life:
    def __init__(self, story: Story, store: Store, folder: Path) -> None:
        self.story = story
        self.journal = Journal(folder / "journal")
        reached = self.journal.reached
        self.started = 0.0 if reached is None else reached + DOWN_SECONDS
        self.clock = FakeClock(NOON + timedelta(seconds=self.started))
        self.services = Services(
            settings=Settings(data_dir=folder, secret_key=None), store=store, clock=self.clock,
            evidence=EvidenceStore(folder / "evidence"),
            channel=LocalChannel(
                self.clock, outbox=folder / "outbox.jsonl", receipt_seconds=story.receipt_seconds
            ),
            voice=LocalChannel(self.clock, outbox=folder / "calls.jsonl", name="local-voice"),
            owners=EveryoneKnown(),
        )  # fmt: skip
        self.store = store
        self.sweep = Sweep(self.services)
        self.sender = Sender(
            self.store, self.services.channel, self.clock, self.services.policy,
            voice=self.services.voice,
        )  # fmt: skip
        self.intake = Intake(self.services)
        self._since: float | None = None
        self._flagged = False

    @property
    def seconds(self) -> float:
        return (self.clock.now() - NOON).total_seconds()

    def run(self) -> None:
        """Live until the story is over."""
        if self.journal.reached is not None:
            self.sender.recover()
            self.sweep.run_once()
        while self.seconds < self.story.lasts:
            self._go_to(self.seconds + self._step())
            self.journal.note(reached=self.seconds)
            if self.seconds % self.story.look_seconds == 0:
                self._look()
            self._people_act()
            self._work_off()

    def _step(self) -> float:
        """To the next whole look, so that looks fall at the same seconds in every life."""
        return self.story.look_seconds - self.seconds % self.story.look_seconds

    def _go_to(self, seconds: float) -> None:
        """Let the clock run, stopping wherever a deadline falls due (as pipeline.world does)."""
        end = NOON + timedelta(seconds=seconds)
        while (due := self._next_due()) is not None and due <= end:
            self.clock.set(max(due, self.clock.now()))
            if not self.sweep.run_once():
                break
            self.sender.run_once()
        self.clock.set(end)

    def _next_due(self) -> datetime | None:
        open_rows = select(Deadline.due_at).where(Deadline.done_at.is_(None))
        with self.store.read() as session:
            return session.scalar(open_rows.order_by(Deadline.due_at).limit(1))

    def _work_off(self) -> None:
        if self.sender.run_once():
            self.sender.run_once()
        self.sweep.run_once()

    # The camera

    def _look(self) -> None:
        if self.story.people is not None:
            people = self.story.people(self.seconds)
            self.intake.take(CAMERA_ID, eyes.count(self.clock.now(), people, 60))
        elif self.story.there is not None:
            self._watch(there=self.story.there(self.seconds))

    def _watch(self, *, there: bool) -> None:
        """The dwell starts anew with each process, for it lived in the eyes' memory only."""
        now = self.clock.now()
        with self.store.read() as session:
            watched = [event.id for event in open_watches(session, CAMERA_ID, WATCHED_FLOWS)]
        if watched:
            is_car = self.story.kind == "parking"
            self.intake.take(CAMERA_ID, eyes.looks(watched, now, there=there, is_car=is_car))
        if not there:
            self._since, self._flagged = None, False
            return
        self._since = self.seconds if self._since is None else self._since
        if not self._flagged and self.seconds - self._since >= self.story.zone["dwell_seconds"]:
            since = NOON + timedelta(seconds=self._since)
            number = 1 + int(self.started)
            self.intake.take(CAMERA_ID, eyes.sighting(self.story.kind, number, since, now))
            self._flagged = True

    # People

    def _people_act(self) -> None:
        for act in self.story.acts:
            if act.at <= self.seconds and act.name not in self.journal.done:
                with suppress(QifenError):  # not yet, or done before the kill: tried once more
                    act.do(self)
                    self.journal.note(done=act.name)

    def user(self, session: Any, name: str) -> User:
        return session.scalars(select(User).where(User.username == name)).one()

    def order(self, session: Any, name: str) -> dict[str, Any]:
        """The keywords of an officer's command; its id is the same at each try."""
        return {
            "policy": load_policy(session), "at": self.clock.now(), "command_id": f"story:{name}",
        }  # fmt: skip


class Journal:
    """The world's memory: how far its clock is, and what people have done. It outlives a kill."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.reached: float | None = None
        self.done: set[str] = set()
        for line in path.read_text().splitlines() if path.exists() else []:
            self._take(json.loads(line))

    def note(self, **entry: Any) -> None:
        line = json.dumps(entry).encode() + b"\n"
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(handle, line)
        os.close(handle)
        self._take(entry)

    def _take(self, entry: dict[str, Any]) -> None:
        self.reached = entry.get("reached", self.reached)
        self.done |= {entry["done"]} if "done" in entry else set()
