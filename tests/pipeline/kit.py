"""A whole installation of one camera on the drawn stage: real pixels, a clock that is told.

Only the finding of boxes and the reading of plates are scripted (tests/vision/stage.py); database,
casework, evidence, sender and channel are the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from models.clock import FakeClock
from models.event import Event, TransitionLog, WatchSpan
from models.evidence import Evidence
from models.notice import Notice, OwnerLookup
from models.policy import save_policy
from models.registry import add_camera, save_zone
from models.store import Store
from notify.local_channel import LocalChannel
from notify.owners import NoOwners, OwnerDirectory
from pipeline.evidence import EvidenceFiles, MemoryEvidence
from pipeline.replay import EveryoneKnown
from pipeline.services import Services
from pipeline.settings import Settings, load_settings
from pipeline.world import World
from tests.vision.stage import PAVEMENT, START, Shot, Stage, Stay, shot_of

# One look a second and seconds-long timers: a story takes a minute of its own time.
QUICK: Mapping[str, Any] = {
    "absent_confirm_seconds": 8.0,
    "recheck_delay_seconds": 2.0,
    "recheck_window_seconds": 40.0,
    "gap_warning_seconds": 15.0,
    "sms_apart_seconds": 0.0,
}
GRACE_SECONDS = 60
ZONE: Mapping[str, Any] = {
    "name": PAVEMENT.name,
    "kind": "parking",
    "polygon": [list(point) for point in PAVEMENT.polygon],
    "dwell_seconds": PAVEMENT.dwell_seconds,
    "grace_seconds": GRACE_SECONDS,
    "confirm_mode": "auto",
    "phase": "live",
    "place": "延安路人行道",
}
REVIEWED: Mapping[str, Any] = {
    "legal_review": "L-1",
    "technical_review": "T-1",
    "sign_installed": True,
    "published_at": START - timedelta(days=30),
    "purpose": "违停提醒",
    "approved_detectors": ["parking", "hanging", "poster", "crowd"],
}


def stage_services(
    stage: Stage, clock: FakeClock, store: Store, *, settings: Settings | None = None,
    evidence: EvidenceFiles | None = None, owners: OwnerDirectory | None = None,
    receipt_seconds: float | None = 0.0, outbox: Path | None = None,
) -> Services:  # fmt: skip
    """Services whose eyes are the stage's."""
    return Services(
        settings=settings or load_settings(),
        store=store,
        clock=clock,
        evidence=evidence or MemoryEvidence(),
        channel=LocalChannel(clock, receipt_seconds=receipt_seconds, outbox=outbox),
        owners=owners or EveryoneKnown(),
        load_detector=lambda _weights, _settings: stage,
        load_reader=lambda: stage,
    )


def furnish(
    store: Store, at: datetime, *, policy: Mapping[str, Any] = QUICK,
    zone: Mapping[str, Any] = ZONE, name: str = "stage", url: str = "rtsp://127.0.0.1:1/none",
    camera: Mapping[str, Any] = REVIEWED,
) -> int:  # fmt: skip
    """A camera with its zone and the city's policy; gives the camera's id."""
    with store.begin() as session:
        row = add_camera(session, name, url, at=at, actor="test", **camera)
        save_zone(session, row, zone, at=at, actor="test")
        if policy:
            save_policy(session, policy, at=at, actor="test")
        return row.id


class Theatre:
    """One camera's world on the stage; `play` lets a story go by."""

    def __init__(
        self, *, policy: Mapping[str, Any] | None = None, zone: Mapping[str, Any] | None = None,
        camera: Mapping[str, Any] = REVIEWED, store: Store | None = None, known: bool = True,
        owners: OwnerDirectory | None = None, receipt_seconds: float | None = 0.0,
    ) -> None:  # fmt: skip
        self.stage = Stage()
        self.clock = FakeClock(START)
        self.store = store or Store.memory()
        self.services = stage_services(
            self.stage, self.clock, self.store, receipt_seconds=receipt_seconds,
            owners=owners or (EveryoneKnown() if known else NoOwners()),
        )  # fmt: skip
        self.camera_id = furnish(
            self.store, START, policy={**QUICK, **(policy or {})}, zone={**ZONE, **(zone or {})},
            camera=camera,
        )  # fmt: skip
        self.world = World(self.services, self.clock, self.camera_id)
        self.now = 0.0

    def restart(self) -> None:
        """As after a crash: everything that was only in memory is gone."""
        self.world = World(self.services, self.clock, self.camera_id)
        self.world.renew_orders()

    def play(
        self, stays: Sequence[Stay], until: float, *, blind: Sequence[tuple[float, float]] = (),
        light: Callable[[float], Mapping[str, Any]] = lambda _: {}, step: float = 1.0,
    ) -> Theatre:  # fmt: skip
        """Look at the story once a `step` until `until` (seconds); no frame at all while blind."""
        while self.now < until:
            self.now += step
            if any(start <= self.now < end for start, end in blind):
                continue
            self.show(shot_of(stays, self.now, **light(self.now)))
        self.world.run_until(START + timedelta(seconds=self.now))
        return self

    def show(self, shot: Shot) -> None:
        self.world.look(self.stage.frame(shot, self.now))

    # What came of it

    def events(self) -> list[Event]:
        with self.store.read() as session:
            return list(session.scalars(select(Event).order_by(Event.id)))

    def event(self) -> Event:
        (event,) = self.events()
        return event

    def states(self) -> list[str]:
        return [event.state for event in self.events()]

    def walk(self, event: Event) -> list[str]:
        """The rows of the flow that the event went through."""
        with self.store.read() as session:
            rows = session.scalars(
                select(TransitionLog)
                .where(TransitionLog.subject_id == event.id)
                .order_by(TransitionLog.id)
            )
            return [row.transition for row in rows]

    def evidence(self, event: Event) -> dict[str, Evidence]:
        with self.store.read() as session:
            rows = session.scalars(select(Evidence).where(Evidence.event_id == event.id))
            return {row.kind: row for row in rows}

    def texts(self, event: Event | None = None) -> list[str]:
        """Templates of the notices, with the status of each."""
        with self.store.read() as session:
            query = select(Notice).order_by(Notice.id)
            if event is not None:
                query = query.where(Notice.event_id == event.id)
            return [f"{notice.template}:{notice.status}" for notice in session.scalars(query)]

    def spans(self, event: Event) -> list[WatchSpan]:
        with self.store.read() as session:
            query = select(WatchSpan).where(WatchSpan.event_id == event.id)
            return list(session.scalars(query.order_by(WatchSpan.id)))

    def lookups(self) -> list[OwnerLookup]:
        with self.store.read() as session:
            return list(session.scalars(select(OwnerLookup).order_by(OwnerLookup.id)))


def seconds_of(at: datetime) -> float:
    """Seconds since the stage's story began."""
    return (at - START).total_seconds()
