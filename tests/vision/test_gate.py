"""The gate: a quiet street costs nothing, and nothing that matters slips through."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.vision.stage import BESIDE, PLACE, START, Car, Shot, Stage
from vision.appearance import grey_picture
from vision.gate import ChangeGate
from vision.small import SmallLook
from vision.types import Box

ZONE: Box = (0.1, 0.4, 0.9, 0.95)


class Watcher:
    """Shows shots to a gate once a second and lets the detector look when it asks."""

    def __init__(self, regions: tuple[Box, ...] = (ZONE,)) -> None:
        self.stage = Stage()
        self.gate = ChangeGate()
        self.regions = regions
        self.now = 0.0

    def sees(self, shot: Shot, *, longest_seconds: float = 15.0) -> bool:
        look = SmallLook(grey_picture(self.stage.draw(shot)))
        at = START + timedelta(seconds=self.now)
        self.now += 1.0
        asked = self.gate.changed(look, at, self.regions, longest_seconds=longest_seconds)
        if asked:
            self.gate.looked(at)
        return asked


def test_a4_a_quiet_minute_saves_nine_of_ten_detector_calls() -> None:
    """peers.md A4, with a parked car and a sensor's noise in the picture."""
    watcher = Watcher()
    shot = Shot((Car(1),))
    watcher.sees(shot)
    calls = [watcher.sees(shot) for _ in range(60)]
    assert sum(calls) <= 6
    assert sum(calls) >= 3, "the detector looks now and then whatever the gate says"


@pytest.mark.parametrize(
    "shot",
    [
        pytest.param(Shot((Car(1), Car(2, BESIDE))), id="a car arrives"),
        pytest.param(Shot(), id="the car has gone"),
        pytest.param(Shot((Car(2, PLACE),)), id="another stands there"),
        pytest.param(Shot((Car(1, (0.33, 0.5, 0.53, 0.75)),)), id="it rolled a little"),
        pytest.param(Shot((Car(1), Car(5, (0.7, 0.6, 0.74, 0.66)))), id="small and far away"),
    ],
)
def test_what_matters_is_noticed_at_once(shot: Shot) -> None:
    watcher = Watcher()
    for _ in range(5):
        watcher.sees(Shot((Car(1),)))
    assert watcher.sees(shot)


@pytest.mark.parametrize("gain", [0.7, 0.85, 1.15])
def test_a_cloud_is_no_change(gain: float) -> None:
    """It may wake the detector once; then the darker street is the street."""
    watcher = Watcher()
    shot = Shot((Car(1),))
    for _ in range(5):
        watcher.sees(shot)
    calls = [watcher.sees(replace(shot, gain=gain)) for _ in range(9)]
    assert sum(calls) <= 1


def test_slow_dusk_does_not_wake_it_every_second() -> None:
    watcher = Watcher()
    calls = [watcher.sees(Shot((Car(1),), gain=1 - 0.005 * n)) for n in range(60)]
    assert sum(calls) <= 12


def test_traffic_outside_the_zones_is_nobodys_business() -> None:
    watcher = Watcher(regions=((0.1, 0.6, 0.5, 0.95),))
    still = Shot((Car(1, (0.2, 0.65, 0.4, 0.9)),))
    watcher.sees(still)
    passing = [replace(still, cars=(*still.cars, Car(2, (0.6, 0.05, 0.8, 0.25)))), still]
    assert not any(watcher.sees(passing[n % 2]) for n in range(12))


def test_an_open_watch_asks_more_often() -> None:
    watcher = Watcher()
    shot = Shot((Car(1),))
    watcher.sees(shot)
    calls = [watcher.sees(shot, longest_seconds=5.0) for _ in range(20)]
    assert 3 <= sum(calls) <= 5


def test_slow_change_adds_up() -> None:
    """A car that creeps one pixel a look is noticed: compared is the picture that the detector
    saw, not the last one."""
    watcher = Watcher()
    calls = 0
    for n in range(14):
        x = 0.30 + n / 640
        calls += watcher.sees(Shot((Car(1, (x, 0.5, x + 0.2, 0.75)),)))
    assert calls >= 3


def test_another_size_or_a_clock_that_jumps_back_is_a_change() -> None:
    watcher = Watcher()
    shot = Shot((Car(1),))
    watcher.sees(shot)
    small = SmallLook(grey_picture(watcher.stage.draw(shot))[::2, :])
    at = START + timedelta(seconds=watcher.now)
    assert watcher.gate.changed(small, at, (ZONE,), longest_seconds=15)
    watcher.gate.forget()
    watcher.sees(shot)
    watcher.now = -100.0
    assert watcher.sees(shot)


def test_without_regions_the_whole_picture_counts() -> None:
    watcher = Watcher(regions=())
    watcher.sees(Shot())
    assert not watcher.sees(Shot())
    assert watcher.sees(Shot((Car(1, (0.0, 0.0, 0.15, 0.15)),)))
