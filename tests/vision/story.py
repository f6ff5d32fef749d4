"""Runs a staged street past a CameraLooker and writes down what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.vision.stage import PAVEMENT, START, Shot, Stage, Stay, shot_of, ticks
from vision.appearance import crop_box
from vision.looker import CameraLooker
from vision.types import Departure, Sighting, WatchAnswer, WatchLook, WatchSubject, ZoneShape

Light = Callable[[float], Mapping[str, object]]


def seconds_of(moment: object) -> float:
    at = getattr(moment, "at", moment)
    return round((at - START).total_seconds(), 3)  # type: ignore[operator]


def daylight(_: float) -> Mapping[str, object]:
    return {}


@dataclass
class Story:
    """What came of it, in seconds from the story's start."""

    sightings: list[Sighting] = field(default_factory=list)
    departures: list[Departure] = field(default_factory=list)
    looks: list[WatchLook] = field(default_factory=list)
    detector_looks: list[float] = field(default_factory=list)
    subject: WatchSubject | None = None

    def answers(self, since: float = 0.0, until: float = 1e9) -> list[str]:
        """The watch's answers in order, repeated ones once, `unclear` with its reason."""
        said: list[str] = []
        for look in self.looks:
            if since <= seconds_of(look) <= until:
                unclear = look.answer is WatchAnswer.UNCLEAR
                word = f"unclear:{look.reason}" if unclear else look.answer.value
                if not said or said[-1] != word:
                    said.append(word)
        return said

    def times(self, answer: WatchAnswer) -> list[float]:
        return [seconds_of(look) for look in self.looks if look.answer is answer]


def subject_of(sighting: Sighting, *, plate: str | None = "") -> WatchSubject:
    """What an event remembers of a sighting; `plate` overrides what was read."""
    read = sighting.plate.text if sighting.plate else None
    return WatchSubject(
        key="event",
        zone=sighting.zone,
        object_kind=sighting.object_kind,
        box=sighting.box,
        plate_text=read if plate == "" else plate,
        appearance=crop_box(sighting.frame.image, sighting.box),
    )


def new_looker(
    stage: Stage, *, plates: bool = True, zones: Sequence[ZoneShape] = (PAVEMENT,)
) -> CameraLooker:
    return CameraLooker("stage", zones, stage, stage if plates else None)


def play(
    stage: Stage,
    stays: Sequence[Stay],
    until: float,
    *,
    since: float = 0.0,
    looks_per_second: float = 1.0,
    light: Light = daylight,
    looker: CameraLooker | None = None,
    subject: WatchSubject | None = None,
    skip: Callable[[float], bool] = lambda _: False,
    remember_plate: str | None = "",
) -> Story:
    """Play the story. The first sighting becomes the watch's subject, unless one is given.

    `skip` leaves looks out (a gap in the stream); `remember_plate` is what the event knows.
    """
    looker = looker or new_looker(stage)
    story = Story(subject=subject)
    if subject is not None:
        looker.set_watches([subject])
    for seconds in ticks(until, looks_per_second, since):
        if skip(seconds):
            continue
        shot: Shot = shot_of(stays, seconds, **light(seconds))
        result = looker.look(stage.frame(shot, seconds))
        story.sightings += result.sightings
        story.departures += result.departures
        story.looks += result.watch_looks
        if result.detector_called:
            story.detector_looks.append(seconds)
        if story.subject is None and result.sightings:
            story.subject = subject_of(result.sightings[0], plate=remember_plate)
            looker.set_watches([story.subject])
    return story
