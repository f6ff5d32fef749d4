"""The same street gives the same sightings at 1, 2, 5 and 12.5 looks a second (issue: within one
sample of the slowest)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

import samples
from samples.recheck.film import Film
from samples.recheck.scenes import Part, Scene
from vision.detect import load_detector
from vision.frames import FileSource
from vision.geometry import box_iou
from vision.looker import CameraLooker
from vision.types import Box, Detector, Frame, ZoneShape
from vision.zones_json import load_zones

START = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
SLOWEST = 1.0
RATES = (1.0, 2.0, 5.0, 12.5)


@dataclass
class Stay:
    """One sighting in seconds from the start."""

    box: Box
    first_seen: float
    flagged_at: float
    gone_at: float | None = None


@pytest.fixture(scope="module")
def detector() -> Detector:
    return load_detector()


def stays(zones: tuple[ZoneShape, ...], detector: Detector, frames: Iterable[Frame]) -> list[Stay]:
    """What the eyes find; without plates, whose reading takes its own number of pictures."""
    looker = CameraLooker("rates", zones, detector, None)
    found: dict[int, Stay] = {}
    for frame in frames:
        result = looker.look(frame)
        for sighting in result.sightings:
            found[sighting.object_id] = Stay(
                sighting.box, _seconds(sighting.first_seen), _seconds(sighting.flagged_at)
            )
        for departure in result.departures:
            found[departure.object_id].gone_at = _seconds(departure.gone_at)
    return sorted(found.values(), key=lambda stay: stay.first_seen)


def _seconds(at: datetime) -> float:
    return (at - START).total_seconds()


def alike(one: list[Stay], other: list[Stay]) -> None:
    """Same vehicles at the same places, all their times within one sample of the slowest rate."""
    assert len(one) == len(other)
    for own in one:
        twin = max(other, key=lambda stay: box_iou(stay.box, own.box) - abs(
            stay.first_seen - own.first_seen))  # fmt: skip
        assert box_iou(own.box, twin.box) > 0.8
        for name in ("first_seen", "flagged_at", "gone_at"):
            a, b = getattr(own, name), getattr(twin, name)
            assert (a is None) == (b is None), name
            if a is not None:
                assert abs(a - b) <= SLOWEST + 1e-6, (name, a, b)


@pytest.mark.parametrize("rate", RATES[1:])
def test_a_clip_at_every_rate(detector: Detector, rate: float) -> None:
    """The sample clip has five pictures a second; asked for more it gives what it has."""
    content = json.loads(samples.zones_path("demo_day").read_text("utf-8"))
    content["zones"][0]["dwell_seconds"] = 12
    zones = load_zones(content)

    def at_rate(looks_per_second: float) -> list[Stay]:
        path = samples.clip_path("demo_day")
        source = FileSource(path, "rates", start=START, looks_per_second=looks_per_second)
        return stays(zones, detector, source)

    slow = at_rate(SLOWEST)
    assert len(slow) == 4
    assert sum(stay.gone_at is not None for stay in slow) == 3
    alike(slow, at_rate(rate))


COMES_AND_GOES = Scene(
    "rates", "left at 6:59", "clear day",
    (
        Part("starts_off", 1), Part("empty", 6), Part("starts_off", 1), Part("twin_there", 16),
        Part("empty", 9),
    ),
    frozenset({"absent"}),
)  # fmt: skip


def filmed(film: Film, looks_per_second: float) -> Iterator[Frame]:
    for shown in film.play(COMES_AND_GOES, looks_per_second=looks_per_second):
        assert shown.image is not None
        yield Frame("rates", START + timedelta(seconds=shown.seconds), shown.image)


@pytest.mark.parametrize("rate", RATES[1:])
def test_a_scripted_scene_at_every_rate(detector: Detector, rate: float) -> None:
    """A car leaves, another comes to its place and leaves: two stays, whatever the rate."""
    film = Film()
    zones = load_zones({"zones": [{**film.stills.zone, "dwell_seconds": 8}]})
    slow = stays(zones, detector, filmed(film, SLOWEST))
    assert len(slow) == 2
    alike(slow, stays(zones, detector, filmed(film, rate)))
