"""The daily forgetting: every rule of domain.md 3.6 carried out, written down, files included.

A file goes only after the tombstone that speaks of it is committed; what a crash leaves undone is
done by the next run. Each transaction takes a small part, so that nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import JSON, String, Text, cast, func, select
from sqlalchemy.orm import Session

from models import deadlines
from models.case_photos import CasePhoto
from models.evidence import Evidence
from models.policy import load_policy
from models.retention import count_due, count_pictures_due, due_events, forget_events
from models.retention_log import DAILY, FileRemoval, PurgeLog, Tombstone, write_purge
from models.retention_rows import SORTS, count_rows_due, forget_rows
from models.retention_rules import EVENT_RULES, ORPHANS
from models.tables import metadata
from pipeline.logs import get_logger
from pipeline.services import Services

SYSTEM = "system"
START_HOUR = 3
"""Local hour of the daily run: the quietest of the day."""
ORPHAN_DAYS = 2
"""A file that no record names for so long was left by a crash; a worker that waits for the
database gives up after minutes (W39)."""
EVENTS_AT_ONCE = 50
ROWS_AT_ONCE = 1000
FILES_AT_ONCE = 500
_KEY_LENGTH = 80

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What one rule did, or in a dry run would do."""

    rule: str
    what: str
    count: int
    keep_days: int
    pictures: int = 0


class Retention:
    """Carries the rules out. `run` at once, `run_if_due` once a day."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def run_if_due(self) -> int:
        """The daily run, where today's has not been made yet (by this or another machine). Gives
        0: nothing of it is waited for."""
        at = self._services.clock.now()
        with self._services.store.read() as session:
            last = session.scalar(select(func.max(PurgeLog.at)).where(PurgeLog.rule == DAILY))
        if last is None or last < latest_start(at):
            self.run(actor=SYSTEM)
        return 0

    def preview(self) -> list[Forgotten]:
        """What a run would forget now; changes nothing."""
        services, at = self._services, self._services.clock.now()
        with services.store.read() as session:
            policy = load_policy(session)
            found = [
                Forgotten(
                    rule.code, "event", count_due(session, rule, policy, at=at),
                    getattr(policy, rule.field), count_pictures_due(session, rule, policy, at=at),
                )
                for rule in EVENT_RULES
            ]  # fmt: skip
            found += [
                Forgotten(
                    sort.rule.code, sort.what, count_rows_due(session, sort, policy, at=at),
                    getattr(policy, sort.rule.field),
                )
                for sort in SORTS
            ]  # fmt: skip
        orphans = sum(1 for _ in self._orphans(at))
        found.append(Forgotten(ORPHANS.code, "file", orphans, ORPHAN_DAYS))
        return [line for line in found if line.count]

    def run(self, *, actor: str) -> list[Forgotten]:
        """Forget whatever is due, and write down that the run was made. Raises Unavailable."""
        at = self._services.clock.now()
        self.remove_files()
        found = [*self._events(actor, at), *self._rows(actor, at)]
        self.remove_files()
        orphans = self._forget_orphans(actor, at)
        found += [orphans] if orphans.count else []
        with self._services.store.begin() as session:
            write_purge(
                session, rule=DAILY, what="run", count=sum(line.count for line in found),
                keep_days=0, older_than=at, at=at, actor=actor,
            )  # fmt: skip
        _log.info("retention", forgotten=sum(line.count for line in found))
        return found

    def _events(self, actor: str, at: datetime) -> Iterator[Forgotten]:
        for rule in EVENT_RULES:
            count = pictures = keep = 0
            while True:
                with self._services.store.begin() as session:
                    policy = load_policy(session)
                    keep = int(getattr(policy, rule.field))
                    due = due_events(session, rule, policy, at=at, limit=EVENTS_AT_ONCE)
                    if not due:
                        break
                    purge = forget_events(session, rule, due, policy=policy, at=at, actor=actor)
                    count += purge.count
                    pictures += purge.pictures
            if count:
                yield Forgotten(rule.code, "event", count, keep, pictures)

    def _rows(self, actor: str, at: datetime) -> Iterator[Forgotten]:
        for sort in SORTS:
            count = keep = 0
            while True:
                with self._services.store.begin() as session:
                    policy = load_policy(session)
                    keep = int(getattr(policy, sort.rule.field))
                    done = forget_rows(
                        session, sort, policy, at=at, actor=actor, limit=ROWS_AT_ONCE
                    )
                if not done:
                    break
                count += done
            if count:
                yield Forgotten(sort.rule.code, sort.what, count, keep)

    def remove_files(self) -> int:
        """Take the files of committed tombstones out of the store; gives how many. Bytes that
        another, kept record holds too stay."""
        removed = 0
        while True:
            with self._services.store.begin() as session:
                rows = session.scalars(
                    select(FileRemoval).order_by(FileRemoval.id).limit(FILES_AT_ONCE)
                ).all()
                used = _in_use(session, {row.storage_key for row in rows})
                for row in rows:
                    if row.storage_key not in used:
                        self._services.evidence.remove(row.storage_key)
                        removed += 1
                    session.delete(row)
            if not rows:
                return removed

    def _forget_orphans(self, actor: str, at: datetime) -> Forgotten:
        keys = list(self._orphans(at))
        if keys:
            with self._services.store.begin() as session:
                write_purge(
                    session, rule=ORPHANS.code, what="file", count=len(keys),
                    keep_days=ORPHAN_DAYS, older_than=at - timedelta(days=ORPHAN_DAYS), at=at,
                    actor=actor,
                )  # fmt: skip
        for key in keys:
            self._services.evidence.remove(key)
        return Forgotten(ORPHANS.code, "file", len(keys), ORPHAN_DAYS)

    def _orphans(self, at: datetime) -> Iterator[str]:
        """Files that were written two days ago or earlier and that no row names."""
        old = self._services.evidence.written_before(at - timedelta(days=ORPHAN_DAYS))
        for keys in _parts(old, FILES_AT_ONCE):
            with self._services.store.read() as session:
                yield from sorted(set(keys) - named(session, keys))


def latest_start(at: datetime) -> datetime:
    """When the newest daily run should have begun: 03:00 local, today or yesterday."""
    local = deadlines.local(at)
    start = local.replace(hour=START_HOUR, minute=0, second=0, microsecond=0)
    return start if start <= local else start - timedelta(days=1)


def log_rows(session: Session, *, limit: int = 100, before: int | None = None) -> list[PurgeLog]:
    """The purge log, newest first."""
    query = select(PurgeLog).order_by(PurgeLog.sequence.desc()).limit(limit)
    return list(session.scalars(query if before is None else query.where(PurgeLog.id < before)))


def named(session: Session, keys: Sequence[str]) -> set[str]:
    """Those of `keys` that any row of the database still names, in whatever column: a file that a
    later part of the program keeps must not be taken for a stray one."""
    found = _in_use(session, set(keys))
    for column in _columns((String, Text)):
        if (column.table.name, column.name) not in _SPEAKS_OF_THE_GONE:
            query = select(column).where(column.in_(keys)).distinct()
            found |= set(session.scalars(query))
    for column in _columns((JSON,)):
        rest = [key for key in keys if key not in found]
        for key in rest:
            inside = cast(column, Text).contains(key, autoescape=True)
            if session.scalar(select(func.count()).select_from(column.table).where(inside)):
                found.add(key)
    return found


_SPEAKS_OF_THE_GONE = {("evidence", "storage_key")}
"""A record with a tombstone still names the file that it had."""


def _in_use(session: Session, keys: set[str]) -> set[str]:
    """Those of `keys` that a record without a tombstone needs, or a photo of a case."""
    query = (
        select(Evidence.storage_key)
        .outerjoin(Tombstone, Tombstone.evidence_id == Evidence.id)
        .where(Evidence.storage_key.in_(keys), Tombstone.id.is_(None))
    )
    photos = select(CasePhoto.storage_key).where(CasePhoto.storage_key.in_(keys))
    return set(session.scalars(query)) | set(session.scalars(photos))


def _columns(kinds: tuple[type[Any], ...]) -> Iterator[Any]:
    for table in metadata.sorted_tables:
        for column in table.columns:
            # Neither an encrypted value nor a short text can be a key.
            length = getattr(column.type, "length", None)
            if type(column.type) in kinds and (length is None or length >= _KEY_LENGTH):
                yield column


def _parts(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
