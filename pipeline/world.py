"""An installation of one camera in memory, in one thread, whose clock is told what time it is.

Replay runs a file through it; tests run streets through it. It does what worker, sweep and sender
do in `qifen run`, in one fixed order, so that the same frames give the same record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.camera import Camera
from models.clock import FakeClock
from models.event import Deadline
from models.policy import load_policy
from models.registry import get_camera
from pipeline.buffer import HeldSighting, held_items
from pipeline.intake import Intake
from pipeline.sender import Sender
from pipeline.services import Services
from pipeline.sweep import Sweep
from pipeline.watches import WatchList, zones_to_watch
from vision.looker import CameraLooker
from vision.types import Frame, LookResult, Sighting, ZoneShape


@dataclass(slots=True)
class Track:
    """What the eyes know of one event beyond what the casework keeps."""

    event_id: int
    sighting: Sighting
    last_seen: datetime
    gone_at: datetime | None = None


class World:
    """`services` must have been built with `clock`; the camera and its zones are in its store."""

    def __init__(self, services: Services, clock: FakeClock, camera_id: int) -> None:
        self.services = services
        self.clock = clock
        self.camera_id = camera_id
        self.tracks: list[Track] = []
        detector = services.detector()
        with services.store.read() as session:
            camera = get_camera(session, camera_id)
            shapes = self._zones(session, camera)
        self.looker = CameraLooker(camera.name, shapes, detector, services.plate_reader())
        self.intake = Intake(services, model=detector.info)
        self.sweep = Sweep(services)
        self.sender = Sender(services.store, services.channel, clock, services.policy)
        self._watch_list = WatchList(services.evidence)
        self._by_object: dict[int, Track] = {}
        self._last_at = clock.now()

    def look(self, frame: Frame) -> LookResult:
        """One look: first what fell due before it, then what it saw."""
        self.run_until(frame.at)
        self._last_at = frame.at
        result = self.looker.look(frame)
        for item in held_items(result):
            if isinstance(item, HeldSighting):
                self._take_sighting(item)
            else:
                self.intake.take(self.camera_id, item)
        for departure in result.departures:
            track = self._by_object.pop(departure.object_id, None)
            if track is not None:
                track.last_seen, track.gone_at = departure.last_seen, departure.gone_at
        self.work_off()
        self.renew_orders()
        return result

    def finish(self) -> None:
        """The end of a file: who has stood long enough is flagged; what runs stays open."""
        for sighting in self.looker.finish(self._last_at):
            self._take_sighting(HeldSighting.of(sighting))
        self.work_off()
        for standing in self.looker.standing():
            track = self._by_object.get(standing.object_id)
            if track is not None:
                track.last_seen = standing.last_seen

    def run_until(self, at: datetime) -> None:
        """Let the clock run to `at`, stopping wherever a deadline falls due."""
        while (due := self._next_due()) is not None and due <= at:
            if due > self.clock.now():
                self.clock.set(due)
            if not self.sweep.run_once():
                break
            self.sender.run_once()
        self.clock.set(at)

    def work_off(self) -> None:
        """Send what is queued; a channel that delivers at once does so with the second round."""
        if self.sender.run_once():
            self.sender.run_once()
        self.sweep.run_once()

    def renew_orders(self) -> None:
        """Zones and watches as the database has them now."""
        with self.services.store.read() as session:
            camera = get_camera(session, self.camera_id)
            zones = self._zones(session, camera)
            subjects = self._watch_list.subjects(session, self.camera_id)
        self.looker.set_zones(zones)
        self.looker.set_watches(subjects)

    def _zones(self, session: Session, camera: Camera) -> Sequence[ZoneShape]:
        calendar = load_policy(session).calendar
        return zones_to_watch(session, camera, at=self.clock.now(), calendar=calendar)

    def _take_sighting(self, item: HeldSighting) -> None:
        event_id = self.intake.sighting(self.camera_id, item)
        seen = item.sighting
        track = next((each for each in self.tracks if each.event_id == event_id), None)
        if track is None:
            track = Track(event_id, seen, seen.last_seen)
            self.tracks.append(track)
        else:
            # A gathering that alarms once more while it is open (C9 knows only ended ones) is the
            # same event: it began when it first did, and it is there again.
            track.last_seen, track.gone_at = seen.last_seen, None
        self._by_object[seen.object_id] = track

    def _next_due(self) -> datetime | None:
        with self.services.store.read() as session:
            query = select(Deadline.due_at).where(Deadline.done_at.is_(None))
            return session.scalar(query.order_by(Deadline.due_at).limit(1))
