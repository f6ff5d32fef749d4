"""Whether a camera can be believed: each sickness by its name, and no alarm for weather or cars."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.vision.stage import BESIDE, PLACE, START, Car, Shot, Stage
from vision.appearance import grey_picture
from vision.frames import FileSource
from vision.health import HealthSettings, ViewMonitor
from vision.types import Box, ViewHealth

EMPTY = Shot()


def judged(
    stage: Stage, monitor: ViewMonitor, shot: Shot, seconds: float, vehicles: tuple[Box, ...] = ()
) -> ViewHealth:
    grey = grey_picture(stage.draw(shot))
    return monitor.judge(grey, START + timedelta(seconds=seconds), seconds, vehicles)


def settled(stage: Stage) -> ViewMonitor:
    """A monitor that has seen forty seconds of the empty street."""
    monitor = ViewMonitor()
    assert {judged(stage, monitor, EMPTY, s) for s in range(41)} == {ViewHealth.OK}
    return monitor


@pytest.mark.parametrize(
    ("shot", "health", "within_seconds"),
    [
        (Shot(gain=0.02), ViewHealth.BLACK, 0),
        (Shot(gain=0.12), ViewHealth.TOO_DARK, 0),
        (Shot(covered=True), ViewHealth.COVERED, 0),
        (Shot(blur=5.0), ViewHealth.DEFOCUSED, 0),
        (Shot(shift_pixels=33), ViewHealth.MOVED, 3),
        (Shot(shift_pixels=-20), ViewHealth.MOVED, 3),
    ],
    ids=lambda value: value.value if isinstance(value, ViewHealth) else None,
)
def test_found_within_seconds(
    stage: Stage, shot: Shot, health: ViewHealth, within_seconds: int
) -> None:
    """peers.md B13: shift, cover, defocus or black within 60 s; here at once."""
    monitor = settled(stage)
    answers = [judged(stage, monitor, shot, 41 + s) for s in range(20)]
    assert set(answers[within_seconds:]) == {health}
    assert judged(stage, monitor, EMPTY, 70) is ViewHealth.OK


@pytest.mark.parametrize(
    "shot",
    [
        pytest.param(Shot(gain=0.6), id="a cloud"),
        pytest.param(Shot(gain=1.3), id="the sun"),
        pytest.param(Shot(shift_pixels=2), id="wind on the pole"),
        pytest.param(Shot(beam=(0.3, 0.4, 0.8, 0.8)), id="headlights"),
        pytest.param(Shot((Car(1), Car(2, BESIDE))), id="two cars"),
    ],
)
def test_no_alarm_for_what_a_street_does(stage: Stage, shot: Shot) -> None:
    monitor = settled(stage)
    assert {judged(stage, monitor, shot, 41 + s) for s in range(30)} == {ViewHealth.OK}


def test_a_street_full_of_cars_is_the_same_view(stage: Stage) -> None:
    """Boxes of vehicles are left out of the comparison; without them it would be another view."""
    boxes: tuple[Box, ...] = tuple(
        (x, y, x + 0.24, y + 0.3) for y in (0.05, 0.36, 0.68) for x in (0.0, 0.25, 0.5)
    )
    shot = Shot(tuple(Car(n, box) for n, box in enumerate(boxes)))
    monitor = settled(stage)
    answers = {judged(stage, monitor, shot, 41 + s, boxes) for s in range(30)}
    assert answers == {ViewHealth.OK}
    blind = settled(stage)
    assert judged(stage, blind, shot, 41) is ViewHealth.OK
    assert judged(stage, blind, shot, 60) is ViewHealth.MOVED


def test_frozen_after_a_minute_of_identical_bytes() -> None:
    """Only while the stream's time goes on, and not where the sensor's noise still moves."""
    stage, monitor = Stage(), ViewMonitor()
    grey = grey_picture(stage.draw(EMPTY))
    answers = [monitor.judge(grey, START + timedelta(seconds=s), float(s)) for s in range(70)]
    assert answers.index(ViewHealth.FROZEN) == HealthSettings().frozen_seconds
    assert judged(stage, monitor, EMPTY, 71) is ViewHealth.OK
    still = ViewMonitor()
    same_pts = [still.judge(grey, START + timedelta(seconds=s), 5.0) for s in range(70)]
    assert set(same_pts) == {ViewHealth.OK}


def test_first_picture_with_a_bus_in_it_is_unlearnt(stage: Stage) -> None:
    """The reference is not whatever happened to stand before the camera at the start."""
    bus = Car(30, (0.05, 0.1, 0.95, 0.95), None, kind="bus")
    monitor = ViewMonitor()
    judged(stage, monitor, Shot((bus,)), 0)
    answers = {judged(stage, monitor, EMPTY, s) for s in range(2, 60)}
    assert answers == {ViewHealth.OK}


def test_relearn_takes_the_present_view(stage: Stage) -> None:
    """An operator who draws zones on a turned camera's picture has accepted its view."""
    monitor = settled(stage)
    turned = replace(EMPTY, shift_pixels=80)
    assert [judged(stage, monitor, turned, 41 + s) for s in range(5)][-1] is ViewHealth.MOVED
    monitor.relearn()
    assert {judged(stage, monitor, turned, 50 + s) for s in range(20)} == {ViewHealth.OK}


def test_judging_does_not_change_the_pictures(stage: Stage) -> None:
    """OpenCV's phase correlation writes into its inputs; ours must not."""
    monitor = settled(stage)
    scores: list[float] = []
    for s in range(6):
        judged(stage, monitor, Shot(shift_pixels=33), 41 + s)
        scores.append(monitor.view_score)
    assert np.ptp(scores) < 0.05


@pytest.mark.parametrize(
    "name",
    [
        "ahmetozlu__vehicle_counting_tensorflow__input_video.mp4",
        "andrewssobral__bgslibrary__video02.avi",
        "intel-iot-devkit__sample-videos__car-detection.mp4",
    ],
)
def test_real_streets_are_healthy(data_dir: Path, name: str) -> None:
    """Busy road, motorway and car park: no false alarm in half a minute of each."""
    monitor = ViewMonitor()
    frames = FileSource(data_dir / "video" / name, "real", start=START)
    answers = {monitor.judge(grey_picture(f.image), f.at, f.pts) for f in frames}
    assert answers == {ViewHealth.OK}


def test_place_is_inside_the_stage() -> None:
    """The stage's own constants: a place that left the picture would test nothing."""
    assert all(0 <= value <= 1 for value in (*PLACE, *BESIDE))
