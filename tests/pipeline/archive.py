"""An installation with a past: events that ended on chosen days, with files that lie there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from models.case import Case
from models.chain import ChainReport, add_evidence, verify_chain
from models.clock import FakeClock
from models.event import Event, WatchSpan
from models.evidence import Evidence
from models.people import Role, User
from models.retention_log import PurgeLog
from models.store import Store
from notify.local_channel import LocalChannel
from notify.owners import NoOwners
from pipeline.evidence import EvidenceStore
from pipeline.retention import Retention
from pipeline.services import Services
from pipeline.settings import load_settings
from tests import rows
from tests.rows import NOON

PLATE = "浙A12345"


class Archive:
    def __init__(self, store: Store, folder: Path, **settings: Any) -> None:
        self.store = store
        self.clock = FakeClock(NOON)
        self.files = EvidenceStore(folder / "evidence")
        self.services = Services(
            settings=load_settings(data_dir=folder, **settings), store=store, clock=self.clock,
            evidence=self.files, channel=LocalChannel(self.clock), owners=NoOwners(),
        )  # fmt: skip
        self.retention = Retention(self.services)
        with store.begin() as session:
            self.version = rows.zone(session, rows.camera(session))
            self.officer: User = rows.user(session, "wang", Role.OFFICER, password=None)

    def days_later(self, days: float) -> datetime:
        self.clock.advance(days * 86_400.0)
        return self.clock.now()

    def event(
        self, state: str = "LEFT_IN_TIME", *, kinds: Sequence[str] = ("E1", "E2"),
        plate: str | None = PLATE, **values: Any,
    ) -> int:  # fmt: skip
        """An event that ended now; gives its id."""
        at = self.clock.now()
        with self.store.begin() as session:
            event = rows.event(
                session, session.merge(self.version),
                **{
                    "state": state, "plate": plate, "ended_at": at, "flagged_at": at,
                    "first_seen_at": at, "last_seen_at": at, "created_at": at,
                    "plate_original": plate and "浙A12346",
                    "measured": {"dwell_seconds": 61.0, "plate_vote": {"text": plate}},
                    "confirm_gates": [{"gate": "plate", "passed": True, "measured": plate}],
                    **values,
                },
            )  # fmt: skip
            span = WatchSpan(
                event_id=event.id, camera_id=event.camera_id, answer="present", plate=plate,
                started_at=at, ended_at=at,
            )  # fmt: skip
            session.add(span)
            for kind in kinds:
                data = f"{kind} of {event.id}".encode()
                add_evidence(
                    session, event=event, camera=event.camera, kind=kind, data=data,
                    media_type="image/jpeg", storage_key=self.files.put(data, "jpg"),
                    captured_at=at, details={"box": [0.1, 0.2, 0.3, 0.4], "read": plate},
                )  # fmt: skip
            return event.id

    def case(self, event_id: int, **values: Any) -> int:
        with self.store.begin() as session:
            row = Case(
                case_no=f"HZC-{event_id}", event_id=event_id, opened_at=self.clock.now(), **values
            )
            session.add(row)
            session.flush()
            return row.id

    def read(self, event_id: int) -> Event:
        with self.store.read() as session:
            return session.get_one(Event, event_id)

    def purged(self, event_id: int) -> bool:
        return self.read(event_id).purged_at is not None

    def keys(self, event_id: int) -> list[str]:
        with self.store.read() as session:
            query = select(Evidence.storage_key).where(Evidence.event_id == event_id)
            return list(session.scalars(query.order_by(Evidence.sequence)))

    def stored(self, event_id: int) -> list[bool]:
        """Which of its files lie in the store."""
        return [self.files.path(key).is_file() for key in self.keys(event_id)]

    def log(self, *rules: str) -> list[PurgeLog]:
        with self.store.read() as session:
            found = session.scalars(select(PurgeLog).order_by(PurgeLog.sequence)).all()
        return [row for row in found if not rules or row.rule in rules]

    def chain(self) -> ChainReport:
        """The chain with every file."""
        with self.store.read() as session:
            return verify_chain(session, self.files.get)
