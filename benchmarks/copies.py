"""Many copies of one event or case, with everything that belongs to it, straight into the tables.

What is unique gets a number of its own; everything else is as the real services wrote it once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Table, func, insert, select, update

from models.base import Base
from models.case import Case
from models.event import Deadline, Event, EventState, TransitionLog, WatchSpan
from models.flow import SUBJECT_CASE, SUBJECT_EVENT
from models.notice import Notice
from models.people import Decision
from models.store import Store

_BATCH = 500
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_UNIQUE = ("event_no", "query_no", "case_no", "command_id", "provider_id")


class Copier:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._count = 0

    def events(self, event: Event, times: int, case: Case | None = None) -> None:
        """So many more of this event, each with its case where one is given."""
        self._copy(
            Event, Event.id == event.id, times, lambda copies: self._of_event(event, copies, case)
        )

    def cases(self, case: Case, times: int) -> None:
        self._copy(
            Case,
            Case.id == case.id,
            times,
            lambda copies: self._logs(SUBJECT_CASE, case.id, copies),
        )

    def _of_event(self, event: Event, copies: Sequence[int], case: Case | None) -> None:
        self._logs(SUBJECT_EVENT, event.id, copies)
        for table in (WatchSpan, Notice, Decision):
            self._belonging(table, table.event_id == event.id, {"event_id": copies})
        # The database lets nobody be escalated but by two officers' decisions, which come later.
        with self._store.begin() as session:
            session.execute(update(Event).where(Event.id.in_(copies)).values(state=event.state))
        if case is not None:
            ids = self._belonging(Case, Case.id == case.id, {"event_id": copies})
            self._logs(SUBJECT_CASE, case.id, ids)

    def _logs(self, kind: str, subject_id: int, copies: Sequence[int]) -> None:
        for table in (TransitionLog, Deadline):
            mine = (table.subject_kind == kind) & (table.subject_id == subject_id)
            self._belonging(table, mine, {"subject_id": copies})

    def _copy(
        self, table: type[Base], which: Any, times: int, then: Callable[[Sequence[int]], None]
    ) -> None:
        for begin in range(0, times, _BATCH):
            then(self._belonging(table, which, {}, min(_BATCH, times - begin)))

    def _belonging(
        self, model: type[Base], which: Any, columns: dict[str, Sequence[int]], size: int = 0
    ) -> list[int]:
        """Copies of the rows that `which` finds, one for each number in `columns`. Gives the ids of
        the copies."""
        table: Table = model.__table__  # pyright: ignore[reportAssignmentType]
        with self._store.begin() as session:
            originals = [dict(row._mapping) for row in session.execute(select(table).where(which))]
            next_id = (session.scalar(select(func.max(table.c.id))) or 0) + 1
            copies: list[dict[str, Any]] = []
            for nth in range(size or len(next(iter(columns.values())))):
                for original in originals:
                    self._count += 1
                    copies.append(
                        self._numbered(original)
                        | {"id": next_id + len(copies)}
                        | {name: numbers[nth] for name, numbers in columns.items()}
                    )
            if copies:
                session.execute(insert(table), copies)
            if session.get_bind().dialect.name == "postgresql" and copies:
                session.execute(select(func.setval(f"{table.name}_id_seq", copies[-1]["id"])))
        return [copy["id"] for copy in copies]

    def _numbered(self, original: dict[str, Any]) -> dict[str, Any]:
        copy = dict(original)
        for name in _UNIQUE:
            if copy.get(name) is not None:
                copy[name] = f"X{self._short()}" if name == "query_no" else f"COPY-{self._count}"
        if "plate" in copy and copy["plate"] and "open_plate_key" in copy:
            copy["plate"] = f"浙A{self._count % 100_000:05d}"
            if copy["open_plate_key"] is not None:
                copy["open_plate_key"] = f"copy:{self._count}"
            if copy["state"] == EventState.ESCALATED:
                copy["state"] = EventState.REVIEW_PENDING
        return copy

    def _short(self) -> str:
        return "".join(_ALPHABET[(self._count // 32**place) % 32] for place in range(6, -1, -1))
