"""One camera's eyes: gate, detector, scene, rule, plates and watches in one look at a frame.

The same object serves live cameras, replay and tests. It holds no thread and reads no clock: the
same frames give the same answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import cv2

from vision.appearance import GREY_WIDTH, Grey
from vision.gate import ChangeGate, GateSettings
from vision.geometry import box_iou, foot_point
from vision.health import HealthSettings, ViewMonitor, ViewReport
from vision.health_reference import ReferenceBook
from vision.looker_plates import PlateDesk
from vision.looker_slow import SlowDesk, SlowSettings
from vision.neighbour import NeighbourWatch
from vision.plates import PlateReader
from vision.rules.parking import ParkedIn, ParkingRule, ParkingSettings
from vision.scene import Gone, SceneSettings, StaticScene
from vision.scene_boxes import share_inside
from vision.scene_object import SceneObject
from vision.small import SmallLook
from vision.types import (
    Box,
    Departure,
    Detection,
    Detector,
    Frame,
    LookResult,
    Sighting,
    ViewHealth,
    WatchLook,
    WatchSubject,
    ZoneShape,
)
from vision.watch import Watch, WatchSettings, WatchView

# What OpenCV does here takes a millisecond; waking its helper threads costs more than they save,
# and the cameras of a process already run side by side.
cv2.setNumThreads(1)

_SAME_PLACE_IOU = 0.5
_FLAGGED_KEPT = 500


@dataclass(frozen=True, slots=True)
class LookerSettings:
    """All durations in seconds; see the parts' own settings for their meaning."""

    plate_vote_seconds: float = 10.0
    """domain.md W04: a plate is tried for so long, then it is unreadable."""
    watch_detector_seconds: float = 5.0
    """While a watch is open the detector looks at least this often."""
    frames_kept: int = 6
    """Different pictures held for sightings to come; each is 3 MB at 1080p, as it was decoded."""
    gate: GateSettings = field(default_factory=GateSettings)
    scene: SceneSettings = field(default_factory=SceneSettings)
    parking: ParkingSettings = field(default_factory=ParkingSettings)
    health: HealthSettings = field(default_factory=HealthSettings)
    watch: WatchSettings = field(default_factory=WatchSettings)
    slow: SlowSettings = field(default_factory=SlowSettings)


@dataclass(frozen=True, slots=True)
class Standing:
    """A flagged vehicle that still stands, as of the last look."""

    object_id: int
    zone: str
    box: Box
    first_seen: datetime
    last_seen: datetime


class CameraLooker:
    """Give it every frame of one camera, in order; see `look`."""

    def __init__(
        self,
        camera: str,
        zones: Sequence[ZoneShape],
        detector: Detector,
        plates: PlateReader | None,
        settings: LookerSettings | None = None,
    ) -> None:
        self.camera = camera
        self._settings = settings or LookerSettings()
        self._detector = detector
        self._gate = ChangeGate(self._settings.gate)
        self._scene = StaticScene(self._settings.scene, concerns=self._concerns)
        self._rule = ParkingRule(zones, self._settings.parking)
        self._monitor = ViewMonitor(self._settings.health)
        self._plates = PlateDesk(
            plates,
            tries_seconds=self._settings.plate_vote_seconds,
            frames_kept=self._settings.frames_kept,
        )
        self._slow = SlowDesk(zones, detector, self._settings.slow)
        self._watches: dict[str, Watch] = {}
        self._neighbours: dict[str, NeighbourWatch] = {}
        self._flagged: dict[int, str] = {}
        self._detections: Sequence[Detection] = ()
        self._last_frame: Frame | None = None
        self._last_parked: Sequence[ParkedIn] = ()

    @property
    def view_report(self) -> ViewReport:
        """What the last look measured of the view: its match (domain.md W03), focus, light."""
        return self._monitor.report

    def set_reference(self, book: ReferenceBook | None) -> None:
        """Hold the view against these pictures from now on; None learns the present view."""
        self._monitor.use(book)

    def learnt_reference(self) -> ReferenceBook | None:
        """The reference views to be kept, once after each change; else None."""
        return self._monitor.learnt()

    def set_zones(self, zones: Sequence[ZoneShape]) -> None:
        """Take new zones. The reference of the view stays: `set_reference` changes it."""
        self._slow.set_zones(zones)
        if tuple(zone for zone in zones if zone.kind == "parking") == self._rule.zones:
            return
        self._rule.set_zones(zones)
        self._gate.forget()

    def set_watches(self, subjects: Sequence[WatchSubject]) -> None:
        """Watch these subjects and no others; one that is watched already goes on, with what is
        known of it by now (an officer may have corrected its plate)."""
        self._slow.set_watches([subject for subject in subjects if subject.kind != "parking"])
        watches: dict[str, Watch] = {}
        self._neighbours = {s.key: NeighbourWatch(s) for s in subjects if s.area}
        for subject in subjects:
            if subject.kind != "parking" or subject.area:
                continue
            watch = self._watches.get(subject.key)
            if watch is None:
                live = self._flagged_at(subject.box)
                watch = Watch(subject, self._settings.watch, live_object=live)
            watch.subject = subject
            watches[subject.key] = watch
        self._watches = watches

    @property
    def held_frames(self) -> int:
        """How many pictures are held in memory for sightings to come."""
        return self._plates.held_frames

    @property
    def watching(self) -> bool:
        """Whether a vehicle is watched; facades are asked at their own slow pace."""
        return bool(self._watches)

    @property
    def unserved(self) -> tuple[str, ...]:
        """Why some zones are not watched: the weights do not know what they are about."""
        return self._slow.unserved

    @property
    def seldom_seconds(self) -> float | None:
        """How far looks may lie apart where nobody needs one a second; None where somebody does."""
        if self._watches or self._rule.zones:
            return None
        return self._slow.interval_seconds

    def standing(self) -> tuple[Standing, ...]:
        """Flagged vehicles that are not gone."""
        return tuple(
            Standing(thing.object_id, zone, thing.box, thing.first_seen, thing.last_seen)
            for thing in self._scene.objects
            if (zone := self._flagged.get(thing.object_id)) is not None
        )

    def look(self, frame: Frame, trouble: ViewHealth = ViewHealth.OK) -> LookResult:
        """Take one frame and say everything that follows from it. `trouble` is one that the
        picture does not show: the camera's clock is off."""
        grey = frame.grey(GREY_WIDTH)
        small = SmallLook(grey)
        vehicles = [detection.box for detection in self._detections]
        vehicles += [thing.box for thing in self._scene.objects if thing.standing]
        health = self._monitor.judge(small, frame.at, frame.pts, vehicles)
        if health is ViewHealth.OK:
            health = trouble
        if health is not ViewHealth.OK:
            return self._blind(frame, grey, health)
        self._last_frame = frame
        slow = self._slow.look(frame, grey)
        called = self._needs_detector(small, frame.at)
        # Held to the end of the look: its plates are read from the same conversion.
        image = frame.image if called else None
        if image is not None:
            self._detections = tuple(self._detector.detect(image))
            self._gate.looked(frame.at)
        gone = self._scene.observe(frame.at, grey, self._detections if called else None)
        things = self._scene.objects
        self._last_parked = self._rule.observe(things)
        self._plates.begin_look(frame, things, changed=called)
        self._plates.hold_first_frames(self._last_parked, frame)
        self._read_plates(frame, things)
        sightings = self._flag(frame)
        watch_looks = self._watch(frame, grey, health)
        gone += self._part_mistaken(frame, grey)
        return LookResult(
            frame=frame,
            health=health,
            detections=self._detections if called or not slow.looked else slow.detections,
            detector_called=called or slow.looked,
            sightings=[*sightings, *slow.sightings],
            departures=[*self._departures(gone), *slow.departures],
            watch_looks=[*watch_looks, *slow.watch_looks],
            crowd_counts=slow.counts,
        )

    def finish(self, at: datetime) -> Sequence[Sighting]:
        """The file has ended at `at`: vehicles that dwelt long enough but whose plate was still
        being tried are flagged with what was read so far."""
        frame = self._last_frame
        if frame is None or at < frame.at:
            return ()
        waiting = [p for p in self._last_parked if p.thing.object_id not in self._flagged]
        return [self._sighting(parked, frame) for parked in waiting if parked.ripe]

    def _blind(self, frame: Frame, grey: Grey, health: ViewHealth) -> LookResult:
        self._gate.forget()
        slow = self._slow.blind(frame, health)
        return LookResult(
            frame=frame,
            health=health,
            detections=(),
            detector_called=False,
            watch_looks=[*self._watch(frame, grey, health), *slow.watch_looks],
            crowd_counts=slow.counts,
        )

    def _needs_detector(self, small: SmallLook, at: datetime) -> bool:
        boxes = [_bounds(zone) for zone in self._rule.zones]
        boxes += [watch.subject.box for watch in self._watches.values()]
        if not boxes and self._slow.busy:
            return False  # no vehicle concerns anybody here
        longest = self._settings.gate.longest_seconds
        if self._watches:
            longest = min(longest, self._settings.watch_detector_seconds)
        return self._gate.changed(small, at, boxes, longest_seconds=longest)

    def _concerns(self, box: Box) -> bool:
        """Whether anybody asks for what stands in this box: its foot is in or near a zone, or it
        covers a watched place."""
        x, y = foot_point(box)
        dx, dy = (box[2] - box[0]) / 2, (box[3] - box[1]) / 2
        near = (x - dx, y - dy, x + dx, y + dy)
        places = [_bounds(zone) for zone in self._rule.zones]
        places += [watch.subject.box for watch in self._watches.values()]
        return any(share_inside(near, place) > 0 for place in places)

    def _read_plates(self, frame: Frame, things: Sequence[SceneObject]) -> None:
        """Near the dwell and after it until the vote holds; and whatever a watch has to know."""
        lead = self._settings.plate_vote_seconds
        for parked in self._last_parked:
            if parked.thing.standing and parked.dwell_seconds >= parked.zone.dwell_seconds - lead:
                self._plates.read(parked.thing, frame)
        for watch in self._watches.values():
            for thing in watch.newcomers(things, self._rule.zones):
                self._plates.read(thing, frame)
            here = watch.wants_plate_of(things, frame.at)
            if here is not None:
                self._plates.read(here, frame, however_often=True)
        for neighbour in self._neighbours.values():
            for thing in neighbour.newcomers(things, self._rule.zones):
                self._plates.read(thing, frame)

    def _flag(self, frame: Frame) -> list[Sighting]:
        sightings: list[Sighting] = []
        for parked in self._last_parked:
            done = parked.thing.object_id in self._flagged_now(sightings)
            if parked.ripe and not done and self._plates.finished(parked.thing, frame.at):
                sightings.append(self._sighting(parked, frame))
        return sightings

    @staticmethod
    def _flagged_now(sightings: Sequence[Sighting]) -> set[int]:
        """One sighting a vehicle and look, even where zones of two areas overlap."""
        return {sighting.object_id for sighting in sightings}

    def _sighting(self, parked: ParkedIn, frame: Frame) -> Sighting:
        thing, zone = parked.thing, parked.zone
        self._rule.flag(parked)
        self._flagged[thing.object_id] = zone.name
        while len(self._flagged) > _FLAGGED_KEPT:
            del self._flagged[next(iter(self._flagged))]
        evidence = self._plates.evidence(thing)
        return Sighting(
            kind="parking",
            zone=zone.name,
            zone_version=zone.version,
            object_id=thing.object_id,
            object_kind=thing.kind,
            box=thing.box,
            first_seen=parked.since,
            flagged_at=frame.at,
            last_seen=thing.last_seen,
            dwell_seconds=parked.dwell_seconds,
            samples_seen=thing.samples_seen,
            samples_missed=thing.samples_missed,
            confidence_mean=thing.confidence_mean,
            confident_share=thing.confident_share,
            plate=evidence.vote,
            frame=frame,
            first_frame=evidence.first_frame,
            plate_frame=evidence.plate_frame,
            plate_reading=evidence.reading,
        )

    def _departures(self, gone: Sequence[Gone]) -> list[Departure]:
        departures: list[Departure] = []
        for each in gone:
            zone = self._flagged.pop(each.thing.object_id, None)
            if zone is not None:
                departures.append(
                    Departure(each.thing.object_id, zone, each.thing.last_seen, each.gone_at)
                )
        return departures

    def _watch(self, frame: Frame, grey: Grey, health: ViewHealth) -> list[WatchLook]:
        if not self._watches and not self._neighbours:
            return []
        view = WatchView(
            frame=frame,
            health=health,
            grey=grey,
            objects=self._scene.objects,
            detections=self._detections,
            zones=self._rule.zones,
            readings=self._plates.readings,
            votes=self._plates.votes,
            tried_seconds=self._plates.tried_seconds,
            reads_plates=self._plates.can_read,
        )
        heard = (watch.judge(view) for watch in self._neighbours.values())
        looks = [watch.judge(view) for watch in self._watches.values()]
        return looks + [look for look in heard if look is not None]

    def _part_mistaken(self, frame: Frame, grey: Grey) -> list[Gone]:
        """Two vehicles of one look that the scene took for one: the second gets a stay, a dwell
        and an event of its own (domain.md W14)."""
        parted: list[Gone] = []
        for watch in self._watches.values():
            if watch.mistaken is not None:
                ended = self._scene.replace(watch.mistaken, frame.at, grey)
                if ended is not None:
                    parted.append(ended[0])
                watch.parted_from(ended[1].object_id if ended else None)
        return parted

    def _flagged_at(self, box: Box) -> int | None:
        """The flagged object that stands in this box, if one does."""
        for thing in self._scene.objects:
            if thing.object_id in self._flagged and box_iou(thing.box, box) >= _SAME_PLACE_IOU:
                return thing.object_id
        return None


def _bounds(zone: ZoneShape) -> Box:
    """The box around a zone, with the height of a vehicle above it: its foot stands inside, its
    body reaches further up."""
    xs, ys = [p[0] for p in zone.polygon], [p[1] for p in zone.polygon]
    return min(xs), max(0.0, min(ys) - 0.1), max(xs), max(ys)
