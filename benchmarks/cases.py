"""python -m benchmarks.cases [--cases 31000] [--due 10000] [--database sqlite|URL]

A city's year (31,000 cases, domain.md 5.7) in one database: how long the queue, an event's page
and the case list take to read, how long a pass of the sweep takes, and whether four sweepers that
share 10,000 due deadlines fire each exactly once. Prints one JSON document; milliseconds are the
median of CPU time, so that a busy machine changes them little. The rows are copies of a few
histories that the real services made.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api import explanation, place_shapes, shapes
from benchmarks.copies import Copier
from models import case_work, casework, review, secret
from models.case import Case
from models.case_work import CaseOrder
from models.clock import FakeClock
from models.errors import Unavailable
from models.event import Deadline, DeadlineKind, Event, TransitionLog
from models.people import Role
from models.policy import Policy
from models.store import Store
from notify.local_channel import LocalChannel
from notify.owners import NoOwners
from pipeline.evidence import MemoryEvidence
from pipeline.services import Services
from pipeline.settings import Settings
from pipeline.sweep import BATCH, Sweep
from tests.models.city import City

CASES, DUE, WAITING, SWEEPERS, ROUNDS = 31_000, 10_000, 300, 4, 21
LIMIT_MS = 100.0
STEPS = ("file", "dispatch", "accept", "report", "check", "close", "evaluate")


def fill(store: Store, cases: int, due: int) -> datetime:
    """A year's events and cases, `WAITING` of them before officers, and `due` deadlines that fall
    due at the instant that is given back."""
    with store.begin() as session:
        city = City(session)
        left = city.to_grace(plate="浙A10001")
        city.watch(left, "absent", 40)
        escalated = city.to_escalated()
        worked = _worked(city, escalated)
        patrolled = _worked(city, None)
        city.advance(86_400)
        waiting = city.to_review()
        patrol = city.to_patrol(plate="浙A10004")
        now = city.now
    copier = Copier(store)
    third = cases // 3
    copier.events(left, cases - third - WAITING)
    copier.events(escalated, third, case=worked)
    copier.events(waiting, WAITING)
    copier.cases(patrolled, cases - third)
    copier.events(patrol, due)
    with store.read() as session:
        last = session.scalar(
            select(func.max(Deadline.due_at)).where(Deadline.kind == DeadlineKind.PATROL)
        )
    return max(last or now, now)


def _worked(city: City, event: Event | None) -> Case:
    """A case from collection to evaluation: an event's, or a patrol's."""
    session = city.session
    people = {
        role: city.person(f"{role.value}.{event is None}", role)
        for role in (Role.DISPATCHER, Role.CREW, Role.PATROL)
    }

    def order(role: Role) -> CaseOrder:
        return CaseOrder(people[role], city.policy, city.now, city.command())

    values = {
        "type_code": "0505", "loop": "LIMITED_TIME", "cell_code": "33010300100101",
        "duty_grid_code": "G017", "place": "延安路人行道",
    }  # fmt: skip
    if event is None:
        made = case_work.collect(session, {**values, "source_category": "PATROL"},
                                 order(Role.DISPATCHER))  # fmt: skip
    else:
        made = session.scalars(select(Case).where(Case.event_id == event.id)).one()
        case_work.describe(session, made, values, order(Role.DISPATCHER))
    for step in STEPS:
        role = {"accept": Role.CREW, "report": Role.CREW, "check": Role.PATROL,
                "close": Role.PATROL}.get(step, Role.DISPATCHER)  # fmt: skip
        if step == "dispatch":
            case_work.assign(session, made, [("红旗班", "LEAD")], order(role))
        elif step == "close":
            found = {"time": True, "standard": True, "recurrence": True}
            case_work.note_checks(session, made, found, order(role))
        elif step == "evaluate":
            case_work.rate(session, made, 5, order(role))
        case_work.act(session, made, step, order(role), report="已清理")
    return made


def services(store: Store, at: datetime) -> Services:
    clock = FakeClock(at)
    return Services(
        settings=Settings(data_dir=Path(tempfile.gettempdir()), secret_key=None), store=store,
        clock=clock, evidence=MemoryEvidence(), channel=LocalChannel(clock), owners=NoOwners(),
    )  # fmt: skip


def pages(store: Store, now: datetime) -> dict[str, float]:
    """Median milliseconds of CPU for each page's data, and for a pass of the sweep."""
    with store.read() as session:
        newest = select(Event.id).order_by(Event.id.desc()).limit(ROUNDS)
        ids = iter(session.scalars(newest).all())
    before = services(store, now - timedelta(days=3))
    sweep = Sweep(before)

    def queue(session: Session) -> object:
        return [shapes.event(item.event) for item in review.queue(session, limit=100)]

    def page(session: Session) -> object:
        event = session.get_one(Event, next(ids))
        return explanation.explain(session, event, policy=Policy(), full_plate=True)

    def case_list(session: Session) -> object:
        return [place_shapes.case(row) for row in case_work.cases(session, limit=50)]

    def due(session: Session) -> object:
        return casework.due_deadlines(session, now, BATCH)

    reads = {"queue": queue, "event": page, "cases": case_list, "due_deadlines": due}
    found = {name: _median_ms(lambda do=do: _read(store, do)) for name, do in reads.items()}
    return found | {"sweep_with_nothing_due": _median_ms(sweep.run_once)}


def _read(store: Store, do: Callable[[Session], object]) -> None:
    with store.read() as session:
        do(session)


def _median_ms(work: Callable[[], object]) -> float:
    spent: list[float] = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        spent.append((time.process_time() - begun) * 1000)
    return round(statistics.median(spent), 1)


def sweep_together(url: str, at: datetime, key: str, sweepers: int = SWEEPERS) -> dict[str, Any]:
    """Several processes sweep the same due deadlines. Gives how many steps were taken for them, of
    how many events, and whether each was taken exactly once."""
    command = [sys.executable, "-m", "benchmarks.cases", "--sweep", url, at.isoformat(), key]
    begun = time.monotonic()
    running = [subprocess.Popen(command) for _ in range(sweepers)]
    codes = [process.wait() for process in running]
    if any(codes):
        raise RuntimeError(f"a sweeper ended with {codes}")
    seconds = time.monotonic() - begun
    store = Store(url)
    with store.read() as session:
        over = select(TransitionLog.subject_id).where(TransitionLog.transition == "A11x")
        steps = session.scalars(over).all()
        open_rows = session.scalar(
            select(func.count(Deadline.id)).where(Deadline.done_at.is_(None), Deadline.due_at <= at)
        )
    store.dispose()
    return {
        "sweepers": sweepers, "steps": len(steps), "events": len(set(steps)),
        "still_due": open_rows, "seconds": round(seconds, 1),
        "exactly_once": len(steps) == len(set(steps)) and not open_rows,
    }  # fmt: skip


def sweep_alone(url: str, at: datetime) -> None:
    """One of the sweepers: until nothing is due any more. A database that another one keeps busy
    is tried again, as `qifen run` does."""
    store = Store(url)
    sweep = Sweep(services(store, at))
    while _something_due(store, at):
        with suppress(Unavailable):
            sweep.run_once()
    store.dispose()


def _something_due(store: Store, at: datetime) -> bool:
    with store.read() as session:
        return bool(casework.due_deadlines(session, at, 1))


def measure(url: str | None = None, cases: int = CASES, due: int = DUE) -> dict[str, Any]:
    key = secret.new_secret_key()
    secret.set_secret_key(key)
    with tempfile.TemporaryDirectory() as folder:
        where = url or f"sqlite:///{Path(folder) / 'year.db'}"
        store = Store(where)
        store.migrate()
        now = fill(store, cases, due)
        with store.read() as session:
            held = {
                "cases": session.scalar(select(func.count(Case.id))),
                "events": session.scalar(select(func.count(Event.id))),
                "log_rows": session.scalar(select(func.count(TransitionLog.id))),
            }
        found = pages(store, now)
        store.dispose()
        return {
            "database": "sqlite" if url is None else "postgresql", **held,
            "median_cpu_ms": found, "limit_ms": LIMIT_MS,
            "within_limit": all(value < LIMIT_MS for value in found.values()),
            "sweep_together": sweep_together(where, now, key),
        }  # fmt: skip


def main() -> None:
    if sys.argv[1:2] == ["--sweep"]:
        _, _, url, at, key = sys.argv
        secret.set_secret_key(key)
        sweep_alone(url, datetime.fromisoformat(at))
        return
    parser = argparse.ArgumentParser(description="A city's year: pages and the sweep")
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--due", type=int, default=DUE)
    parser.add_argument("--database", help="the URL of an empty PostgreSQL database")
    chosen = parser.parse_args()
    print(json.dumps(measure(chosen.database, chosen.cases, chosen.due), indent=2))


if __name__ == "__main__":
    main()
