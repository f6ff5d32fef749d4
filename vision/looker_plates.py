"""The plates of the vehicles that stand: who is read, how long, and which pictures are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from vision.plates import PlateReader, PlateVoter
from vision.rules.parking import ParkedIn
from vision.scene_boxes import TWO_WHEELERS
from vision.scene_object import SceneObject
from vision.types import Box, Frame, PlateReading, PlateVote

_PLATE_LOW = 0.3
"""No vehicle carries its plate in the upper third of what is seen of it from a street camera."""
_NARROWEST_PIXELS = 96
"""A plate takes a quarter of a car's rear, and half of it where the rest is hidden: on a narrower
vehicle it has not the five pixels a character that anybody needs to read it."""
_FRUITLESS_LOOKS = 4
"""So many looks in a row at the same pixels without a plate, and the next will not find one
either: it is tried again when the picture has changed."""


@dataclass(slots=True)
class _File:
    """What is known of one object's plate."""

    voter: PlateVoter = field(default_factory=PlateVoter)
    since: datetime | None = None
    """First try."""
    asked: datetime | None = None
    """Last time somebody wanted it read."""
    asked_in: int = 0
    """In which look that was."""
    best: PlateReading | None = None
    plate_frame: Frame | None = None
    first_frame: Frame | None = None
    fruitless: int = 0
    """Looks in a row that found no plate, since the picture last changed."""
    settled: bool = False
    flagged: bool = False
    """Its sighting has the pictures: none is kept any more."""


@dataclass(frozen=True, slots=True)
class PlateEvidence:
    """What goes into a sighting."""

    vote: PlateVote | None
    reading: PlateReading | None
    plate_frame: Frame | None
    first_frame: Frame | None


class PlateDesk:
    """Keeps a vote and a few pictures for each vehicle of one camera."""

    def __init__(
        self, reader: PlateReader | None, *, tries_seconds: float, frames_kept: int
    ) -> None:
        self._reader = reader
        self._tries_seconds = tries_seconds
        self._frames_kept = frames_kept
        self._files: dict[int, _File] = {}
        self._at: datetime | None = None
        self._look = 0
        self._boxes: list[Box] = []
        """Of all vehicles that the present look shows."""
        self.readings: dict[int, PlateReading] = {}
        """Best readings of the present look, by object."""

    @property
    def can_read(self) -> bool:
        return self._reader is not None

    @property
    def held_frames(self) -> int:
        """How many different pictures are held for sightings to come."""
        held = {f.first_frame.at for f in self._files.values() if f.first_frame}
        held |= {f.plate_frame.at for f in self._files.values() if f.plate_frame}
        return len(held)

    @property
    def votes(self) -> dict[int, PlateVote]:
        return {
            object_id: file.voter.vote()
            for object_id, file in self._files.items()
            if file.since is not None
        }

    @property
    def tried_seconds(self) -> dict[int, float]:
        """How long each vehicle's plate has been tried by now."""
        return {
            object_id: (self._at - file.since).total_seconds()
            for object_id, file in self._files.items()
            if file.since is not None and self._at is not None
        }

    def begin_look(
        self, frame: Frame, things: Sequence[SceneObject], *, changed: bool = True
    ) -> None:
        """Forget the vehicles that are gone, and the last look's readings. `changed`: the
        detector was asked, since the picture is not that of the look before."""
        alive = {thing.object_id for thing in things}
        self._files = {known: file for known, file in self._files.items() if known in alive}
        self.readings = {}
        if changed:
            for file in self._files.values():
                file.fruitless = 0
        self._at = frame.at
        self._look += 1
        self._boxes = [_box_of(thing) for thing in things if thing.visible]

    def hold_first_frames(self, parked: Sequence[ParkedIn], frame: Frame) -> None:
        """Keep the first picture of every vehicle that has come to a zone."""
        for each in parked:
            file = self._files.setdefault(each.thing.object_id, _File())
            if each.thing.first_seen == frame.at and not file.flagged:
                file.first_frame = frame
        self._let_go()

    def read(self, thing: SceneObject, frame: Frame, *, however_often: bool = False) -> None:
        """Read the plate of a vehicle that is seen in this frame, unless it is known by now."""
        file = self._files.setdefault(thing.object_id, _File())
        if self._reader is None or thing.object_id in self.readings or not thing.visible:
            return
        if thing.kind in TWO_WHEELERS:
            return
        paused = (frame.at - file.asked).total_seconds() if file.asked else 0.0
        # Looks far apart are no pause: a machine that falls behind would never stop trying.
        in_a_row = self._look - file.asked_in <= 1
        if paused > self._tries_seconds / 2 and not in_a_row and not file.flagged:
            file.since = None  # a watch tried it long before; its own dwell has its own tries
        file.asked, file.asked_in = frame.at, self._look
        file.since = file.since or frame.at
        tried = (frame.at - file.since).total_seconds()
        tired = file.settled or tried > self._tries_seconds or file.fruitless >= _FRUITLESS_LOOKS
        box = _box_of(thing)
        narrow = (box[2] - box[0]) * frame.size[0] < _NARROWEST_PIXELS
        if narrow or (tired and not however_often):
            return
        found = [
            reading
            for reading in self._reader.read(frame.image, box)
            if _belongs(reading.box, box, [other for other in self._boxes if other != box])
        ]
        file.fruitless = 0 if found else file.fruitless + 1
        if not found:
            return
        reading = self.readings[thing.object_id] = found[0]
        if file.settled or not file.voter.add(reading, frame.at):
            return
        file.settled = file.voter.settled
        if not file.flagged and (file.best is None or reading.confidence > file.best.confidence):
            file.best, file.plate_frame = reading, frame
            self._let_go()

    def finished(self, thing: SceneObject, at: datetime) -> bool:
        """Whether a sighting need not wait for more readings of this plate."""
        file = self._files.get(thing.object_id)
        if self._reader is None or file is None or thing.kind in TWO_WHEELERS:
            return True
        if file.settled:
            return True
        return file.since is not None and (at - file.since).total_seconds() >= self._tries_seconds

    def evidence(self, thing: SceneObject) -> PlateEvidence:
        """What a sighting takes along; its pictures are let go here."""
        file = self._files.get(thing.object_id, _File())
        reads = self._reader is not None and thing.kind not in TWO_WHEELERS
        vote = file.voter.vote() if reads else None
        taken = PlateEvidence(vote, file.best, file.plate_frame, file.first_frame)
        file.plate_frame = file.first_frame = None
        file.flagged = True
        return taken

    def _let_go(self) -> None:
        """Hold no more than a few different pictures. First pictures go before plate pictures,
        and the newest first: most of these are of cars that only pass."""
        files = list(self._files.values())
        firsts = sorted({f.first_frame.at for f in files if f.first_frame}, reverse=True)
        plates = sorted({f.plate_frame.at for f in files if f.plate_frame}, reverse=True)
        for at in firsts[: max(0, len({*firsts, *plates}) - self._frames_kept)]:
            for file in files:
                if file.first_frame is not None and file.first_frame.at == at:
                    file.first_frame = None
        for at in plates[: max(0, len(plates) - self._frames_kept)]:
            for file in files:
                if file.plate_frame is not None and file.plate_frame.at == at:
                    file.plate_frame = None


def _box_of(thing: SceneObject) -> Box:
    return thing.detection.box if thing.detection else thing.box


def _belongs(plate: Box, vehicle: Box, others: Sequence[Box]) -> bool:
    """Whether a plate inside a vehicle's box is that vehicle's. Boxes of neighbours overlap: a
    plate near the top of a box is on the car behind it, and one that lies low in the box of a
    nearer car is on that one. The wrong owner would get the text."""
    if _height_in(plate, vehicle) < _PLATE_LOW:
        return False
    return not any(
        other[3] > vehicle[3] and _inside(plate, other) and _height_in(plate, other) >= _PLATE_LOW
        for other in others
    )


def _height_in(plate: Box, vehicle: Box) -> float:
    """Where the plate's middle lies in a vehicle's box: 0 at the top, 1 at the foot."""
    return ((plate[1] + plate[3]) / 2 - vehicle[1]) / max(vehicle[3] - vehicle[1], 1e-6)


def _inside(plate: Box, vehicle: Box) -> bool:
    x, y = (plate[0] + plate[2]) / 2, (plate[1] + plate[3]) / 2
    return vehicle[0] <= x <= vehicle[2] and vehicle[1] <= y <= vehicle[3]
