"""SIGKILL right before and right after whatever is recorded, in every flow, on both databases.

The outcome is the same or more lenient, nobody gets two texts of one stay, no text is handed over
twice, and no promise is more than five seconds late (invariant 8, peers.md B1). Real processes,
real files, a real PostgreSQL; the clock of the world is told, so that a story takes half a second.
With a real camera, and the real clock: tests/stories/test_killed.py.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models import secret
from models.flows.tables import FLOWS
from tests.postgres import Cluster
from tests.stories.killing.stories import STORIES

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(900)]

LATE_SECONDS = 5.0
ENDS = {
    "a car stays": "A20", "a car leaves": "A14", "a car is called": "A11g",
    "hung and ordered": "B8", "taken down": "B5", "posted and rejected": "B6r",
    "nobody's poster": "B5", "a crowd goes home": "C6", "nobody comes": "C7n",
    "a case from seven steps": "K8",
}  # fmt: skip
"""The last row of the flow in each undisturbed story."""
HARSH = {
    "STAYED": 1, "NOT_RECTIFIED": 1, "REVIEW_PENDING": 2, "FORMAL_ORDER": 3, "ORDER_CHECK": 3,
    "ESCALATED": 4,
}  # fmt: skip
"""How far an event has gone against somebody; all other states: not at all."""
MAY_END_OTHERWISE = {"parking", "hanging", "poster"}
"""A crowd and a case have nobody in whose favour to doubt: they end as they would have."""
ASKING = {"N1", "N1b", "N1L", "N7"}

Line = dict[str, Any]


class Lives:
    """What comes of every life on one database, as the process tells it, story by story."""

    def __init__(self, url: str, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.stories.killing.mortal"]
        self._errors = folder / "errors"
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [*command, secret.new_secret_key(), str(folder), url, *STORIES],
                stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._told: dict[str, list[Line]] = {}
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def of(self, story: str) -> list[Line]:
        """The undisturbed life of a story, then one for each kill."""
        while "over" not in (self._told.get(story) or [{}])[-1]:
            line = self._lines.get(timeout=600)
            if not line:
                pytest.fail(self._errors.read_text()[-3000:])
            told = json.loads(line)
            self._told.setdefault(told["story"], []).append(told)
        return self._told[story][:-1]

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def lives(postgres_cluster: Cluster) -> Iterator[dict[str, Lives]]:
    """Both databases at the same time, on a disk in memory where there is one: what a SIGKILL
    leaves behind is the same there, and nobody waits for the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(
        prefix="qifen-kill-", dir=memory if memory.is_dir() else None
    ) as name:
        (Path(name) / "postgres").mkdir()
        made = {
            "postgres": Lives(postgres_cluster.url(), Path(name) / "postgres"),
            "sqlite": Lives("sqlite", Path(name)),
        }
        yield made
        for one in made.values():
            one.end()


def harshness(line: Line) -> int:
    harsh = (HARSH.get(state, 0) for kind, state in line["subjects"] if kind == "event")
    return max(harsh, default=0)


def test_every_flow_has_a_story() -> None:
    """A new flow without one fails here."""
    assert set(FLOWS) == {story.kind for story in STORIES.values()} | {"case"}
    assert set(ENDS) == set(STORIES)


@pytest.mark.parametrize(
    ("story", "database"), [(s, d) for s in STORIES for d in ("sqlite", "postgres")]
)
def test_killed_at_each_step(lives: dict[str, Lives], story: str, database: str) -> None:
    undisturbed, *killed = lives[database].of(story)
    assert ENDS[story] in undisturbed["steps"][-2:], undisturbed
    assert {line["killed"] for line in killed} == set(undisturbed["instants"])
    if story == "a car is called":
        assert ["VC", "delivered"] in undisturbed["notices"]
    for when in ("before", "after"):
        struck = {
            code for instant in undisturbed["instants"] for code in instant.split()
            if instant.startswith(when)
        }  # fmt: skip
        assert set(undisturbed["steps"]) <= struck
    for line in killed:
        assert_held(line, undisturbed)


def assert_held(line: Line, undisturbed: Line) -> None:
    told = f"killed {line['killed']}: {line}"
    if undisturbed["story"] == "a case from seven steps":
        assert line["subjects"] == undisturbed["subjects"], told
        assert sorted(line["steps"]) == sorted(undisturbed["steps"]), told
    elif STORIES[line["story"]].kind in MAY_END_OTHERWISE:
        assert harshness(line) <= harshness(undisturbed), told
    else:
        ends = {state for _, state in undisturbed["subjects"]}
        assert {state for _, state in line["subjects"]} == ends, told
        # An answer that died with the process was never given: then one more is called, none less.
        assert set(line["calls"]) >= set(undisturbed["calls"]), told
    if ["event", "LEFT_IN_TIME"] in undisturbed["subjects"]:
        assert harshness(line) == 0, told
    cases = [state for kind, state in line["subjects"] if kind == "case"]
    assert len(cases) <= 1, told
    asking = [template for template, _ in line["notices"] if template in ASKING]
    assert len(asking) <= 1, told
    assert len(line["taken"]) == len(set(line["taken"])), told
    calls = [status for template, status in line["notices"] if template == "VC"]
    assert len(calls) <= (line["story"] == "a car is called"), told
    assert len(line["statements"]) == len(undisturbed["statements"]), told
    assert "open" not in line["statements"], told
    assert line["late_seconds"] <= LATE_SECONDS, told
