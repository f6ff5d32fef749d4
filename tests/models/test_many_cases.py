"""A city's year in small: sweepers that share the due deadlines fire each exactly once, and what a
page reads does not grow with what waits. In full: `python -m benchmarks.cases`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from benchmarks.cases import fill, sweep_together
from models import review, secret
from models.case import Case
from models.event import Event, TransitionLog
from models.flow import rebuild_state
from models.store import Store

CASES, DUE = 400, 80


@pytest.fixture
def key() -> str:
    made = secret.new_secret_key()
    secret.set_secret_key(made)
    return made


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'year.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.mark.slow
def test_four_sweepers_fire_each_deadline_once(url: str, key: str) -> None:
    """Real processes on one database; the log of each event still adds up (invariant 7)."""
    store = Store(url)
    store.migrate()
    at = fill(store, CASES, DUE)
    with store.read() as session:
        assert (session.scalar(select(func.count(Case.id))) or 0) >= CASES
    store.dispose()
    done = sweep_together(url, at, key)
    assert done["exactly_once"], done
    assert done["events"] > DUE
    with store.read() as session:
        logs = session.scalars(
            select(TransitionLog).where(TransitionLog.subject_kind == "event")
        ).all()
        for one in session.scalars(select(Event).where(Event.outcome == "PATROL_OVER")):
            own = [row for row in logs if row.subject_id == one.id]
            assert rebuild_state(own) == (one.state, one.version)
    store.dispose()


@pytest.mark.slow
def test_the_queue_is_read_by_a_fixed_number_of_queries(tmp_path: Path, key: str) -> None:
    store = Store(f"sqlite:///{tmp_path / 'year.db'}")
    store.migrate()
    fill(store, CASES, 1)
    queries: list[int] = []
    for limit in (5, 100):
        with store.read() as session:
            count: list[str] = []

            def note(*told: Any, seen: list[str] = count) -> None:
                seen.append(told[2])

            event.listen(session.get_bind(), "before_cursor_execute", note)
            items = review.queue(session, limit=limit)
            event.remove(session.get_bind(), "before_cursor_execute", note)
        assert len(items) == limit
        queries.append(len(count))
    assert queries[1] <= queries[0] + 2
    store.dispose()
