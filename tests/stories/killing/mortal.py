"""A process that is killed: `python -m tests.stories.killing.mortal KEY FOLDER URL [STORY...]`

For each story it forks a life that nobody disturbs, then one life for each instant at which
something was recorded: SIGKILL right before that commit, and right after it. Whoever comes after
goes on with the same database. One JSON line a life goes to standard output. URL is `sqlite` (a
file in FOLDER) or the `postgresql://` URL of a server on which databases may be made.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import structlog
from sqlalchemy import event, select
from sqlalchemy.orm import Session, UOWTransaction

from models.case import Case
from models.event import Deadline, Event, TransitionLog, WatchSpan
from models.flow import rebuild_state
from models.notice import Notice
from models.people import Statement
from models.place import CrowdCount, ResponderCall
from models.secret import set_secret_key
from models.store import Store
from tests.rows import NOON
from tests.stories.killing.life import Life, Story
from tests.stories.killing.stories import STORIES, furnish

UNREMARKABLE = (WatchSpan, CrowdCount, Event)
"""A look that only lengthens what is known, or a remark on the event, is no step."""

OFTEN = 2
"""So many times the same thing is struck: the fourth receipt of one story goes the way of the
second. Each step of a flow has a name of its own."""


class Executioner:
    """Counts the instants at which something recorded is committed; kills at the `fatal` one."""

    def __init__(self) -> None:
        self.fatal = 0
        self.instants: list[str] = []
        event.listen(Session, "after_flush", self._note)
        event.listen(Session, "before_commit", lambda s: self._pass(s, "before"))
        event.listen(Session, "after_commit", lambda s: self._pass(s, "after"))

    def watch(self, fatal: int) -> None:
        """Count from one again; kill at that number (0: at none)."""
        self.fatal, self.instants = fatal, []

    def _note(self, session: Session, _flush: UOWTransaction) -> None:
        steps = session.info.setdefault("steps", [])
        for row in [*session.new, *session.dirty]:
            if isinstance(row, TransitionLog):
                steps.append(row.transition)
            elif not isinstance(row, UNREMARKABLE):
                steps.append(type(row).__name__)

    def _pass(self, session: Session, when: str) -> None:
        if session.in_nested_transaction():
            return
        if when == "before":
            session.flush()
        if not session.info.get("steps"):
            return
        steps = session.info["steps"] if when == "before" else session.info.pop("steps")
        self.instants.append(f"{when} {' '.join(dict.fromkeys(steps))}")
        if len(self.instants) == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)


class Stage:
    """One database that is as new before each story, and the folder of the world outside.

    It always bears the same name, so that what was compiled for it once serves all who are forked.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.server = None if url == "sqlite" else url
        self.world = folder / "world"
        self._file, self._template = folder / "life.db", folder / "template.db"
        names = f"sqlite:///{self._file}", f"sqlite:///{self._template}"
        if self.server is not None:
            names = _sibling(url, "life"), _sibling(url, "template")
        self.store, self._template_store = Store(names[0]), Store(names[1])

    def prepare(self, story: Story) -> None:
        self._order("DROP DATABASE IF EXISTS template", "CREATE DATABASE template")
        self._template.unlink(missing_ok=True)
        self._template_store.migrate()
        with self._template_store.begin() as session:
            furnish(session, story)
        self._template_store.dispose()

    def reset(self) -> None:
        """As it was before the story."""
        self.store.dispose()
        self._order(
            "DROP DATABASE IF EXISTS life WITH (FORCE)", "CREATE DATABASE life TEMPLATE template"
        )
        if self.server is None:
            for leftover in self._file.parent.glob("life.db*"):
                leftover.unlink()
            shutil.copy(self._template, self._file)
        shutil.rmtree(self.world, ignore_errors=True)
        self.world.mkdir()

    def _order(self, *orders: str) -> None:
        if self.server is not None:
            with psycopg.connect(self.server, autocommit=True) as connection:
                for order in orders:
                    connection.execute(order.encode())


def _sibling(url: str, database: str) -> str:
    return f"{url.rpartition('/')[0]}/{database}"


def forked(work: Callable[[], None]) -> int:
    """Do it in a child process. Gives its exit code, or minus the signal that ended it."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def told(store: Store, world: Path, end: datetime) -> dict[str, Any]:
    """What is left of a story that ended at `end`: ends, texts, lateness. The log adds up, or this
    process fails."""
    with store.read() as session:
        logs = session.scalars(select(TransitionLog).order_by(TransitionLog.id)).all()
        subjects: list[tuple[str, Event | Case]] = [
            *(("event", row) for row in session.scalars(select(Event).order_by(Event.id))),
            *(("case", row) for row in session.scalars(select(Case).order_by(Case.id))),
        ]
        for kind, row in subjects:
            own = [log for log in logs if (log.subject_kind, log.subject_id) == (kind, row.id)]
            assert rebuild_state(own) == (row.state, row.version), "the log does not add up"
        due = session.scalars(select(Deadline).where(Deadline.due_at <= end)).all()
        statements = session.scalars(select(Statement)).all()
        return {
            "subjects": [[kind, row.state] for kind, row in subjects],
            "steps": [log.transition for log in logs],
            "notices": [[n.template, n.status] for n in session.scalars(select(Notice))],
            "calls": [call.responder_id for call in session.scalars(select(ResponderCall))],
            "statements": [statement.status for statement in statements],
            "taken": taken(world),
            "late_seconds": max(
                (((row.done_at or end) - row.due_at).total_seconds() for row in due),
                default=0.0,
            ),
        }


def taken(world: Path) -> list[int]:
    """The numbers of the notices that the providers took, as they wrote them down."""
    books = (world / "outbox.jsonl", world / "calls.jsonl")
    lines = [line for book in books if book.exists() for line in book.read_text().splitlines()]
    return [json.loads(line)["notice"] for line in lines if line]


def tell(story: Story, stage: Stage, **known: Any) -> None:
    end = NOON + timedelta(seconds=story.lasts)
    line = {"story": story.name, **known, **told(stage.store, stage.world, end)}
    write(line)


def write(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def kill_everywhere(story: Story, stage: Stage, executioner: Executioner) -> None:
    """Once undisturbed, here (what was compiled then serves the others), then kill by kill."""
    stage.prepare(story)
    stage.reset()
    executioner.watch(0)
    Life(story, stage.store, stage.world).run()
    instants = executioner.instants
    tell(story, stage, killed="", instants=instants)
    stage.store.dispose()
    gc.freeze()
    for fatal, instant in enumerate(instants, start=1):
        if instants[:fatal].count(instant) > OFTEN:
            continue
        stage.reset()

        def first_life(fatal: int = fatal) -> None:
            executioner.watch(fatal)
            Life(story, stage.store, stage.world).run()

        def second_life(instant: str = instant) -> None:
            executioner.watch(0)
            Life(story, stage.store, stage.world).run()
            tell(story, stage, killed=instant)

        code = forked(first_life)
        assert code == -signal.SIGKILL, f"{story.name}: {instant} was not fatal, but {code}"
        assert forked(second_life) == 0, f"{story.name}: after {instant}"
    write({"story": story.name, "over": True})


def main(key: str, folder: str, url: str, *names: str) -> None:
    set_secret_key(key)
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    stage, executioner = Stage(url, Path(folder)), Executioner()
    for name in names or STORIES:
        kill_everywhere(STORIES[name], stage, executioner)


if __name__ == "__main__":
    main(*sys.argv[1:])
