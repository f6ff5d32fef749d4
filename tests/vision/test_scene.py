"""What stands where since when: cars that come, stand, are hidden, swapped and drive off."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.vision.stage import BESIDE, PLACE, START, Car, Shot, Stage, Stay, shot_of, ticks
from vision.appearance import grey_picture
from vision.scene import Gone, SceneSettings, StaticScene
from vision.scene_object import SceneObject, Seen

OWN = Car(1, PLACE)
BUS = Car(30, (0.25, 0.40, 0.62, 0.88), None, kind="bus")


def seconds(moment: object) -> float:
    return round((moment - START).total_seconds(), 3)  # type: ignore[operator]


def run(
    stays: Sequence[Stay],
    until: float,
    *,
    looks_per_second: float = 1.0,
    skip: Callable[[float], bool] = lambda _: False,
    jitter: float = 0.0,
    scene: StaticScene | None = None,
) -> tuple[StaticScene, list[Gone]]:
    """Show the scene every look of a story, with every detection."""
    stage, scene = Stage(), scene or StaticScene()
    gone: list[Gone] = []
    for number, at in enumerate(ticks(until, looks_per_second)):
        if skip(at):
            continue
        image = stage.draw(shot_of(stays, at))
        shake = jitter * (-1) ** number
        detections = [replace(d, box=tuple(v + shake for v in d.box)) for d in stage.detect(image)]
        gone += scene.observe(START + timedelta(seconds=at), grey_picture(image), detections)
    return scene, gone


def standing(scene: StaticScene) -> list[SceneObject]:
    return [thing for thing in scene.objects if thing.standing]


@pytest.mark.parametrize("looks_per_second", [1.0, 2.0, 5.0, 12.5])
def test_same_stay_at_any_pace(looks_per_second: float) -> None:
    """peers.md A6: first seen, dwell and end differ by no more than one look a second."""
    story = [Stay(OWN, 6.0, 36.0), Stay(Car(2, BESIDE), 10.0)]
    scene, gone = run(story, 44, looks_per_second=looks_per_second)
    [left] = gone
    assert seconds(left.thing.first_seen) == pytest.approx(6.0, abs=1.0)
    assert left.thing.observed_seconds == pytest.approx(30.0, abs=1.5)
    assert seconds(left.gone_at) == pytest.approx(36.5, abs=1.5)
    [stays] = standing(scene)
    assert seconds(stays.first_seen) == pytest.approx(10.0, abs=1.0)
    assert stays.observed_seconds == pytest.approx(34.0, abs=1.0)


def test_a_shaking_box_is_one_object() -> None:
    """peers.md P4: detections jitter; the median box and the place do not."""
    scene, gone = run([Stay(OWN, 2)], 40, jitter=0.006)
    [thing] = standing(scene)
    assert gone == []
    assert thing.box == pytest.approx(PLACE, abs=0.01)


def test_a_passing_car_never_stands() -> None:
    crossing = Stay(Car(3, PLACE), arrives=6, leaves=6, drive_seconds=5)
    scene, gone = run([crossing], 14, looks_per_second=5)
    assert gone == []
    assert scene.objects == ()


def test_a_vehicle_called_car_and_truck_is_one() -> None:
    stage, scene = Stage(), StaticScene()
    for at in range(20):
        image = stage.draw(Shot((OWN,)))
        found = stage.detect(image)
        found += [replace(d, kind="truck", confidence=0.5) for d in found]
        scene.observe(START + timedelta(seconds=at), grey_picture(image), found)
    [thing] = scene.objects
    assert thing.kind == "car"


def test_missed_detections_are_not_departures() -> None:
    """`unseen` is not `gone`: the place still looks the same."""
    dull = replace(OWN, detected=False)
    story = [Stay(OWN, 2, 20, 0), Stay(dull, 20.5, 40, 0), Stay(OWN, 40.5, drive_seconds=0)]
    scene, gone = run(story, 60)
    [thing] = standing(scene)
    assert gone == []
    assert thing.samples_missed == 20
    assert thing.observed_seconds == pytest.approx(58, abs=1)


def test_a_short_miss_and_a_glare_together_do_not_end_it() -> None:
    """Two looks of headlights that also blind the detector are too few clear looks."""
    stage, scene = Stage(), StaticScene()
    for at in range(40):
        blinded = at in (20, 21)
        shot = Shot((replace(OWN, detected=not blinded),), beam=PLACE if blinded else None)
        image = stage.draw(shot)
        found = stage.detect(image)
        assert not scene.observe(START + timedelta(seconds=at), grey_picture(image), found)
    [thing] = standing(scene)
    assert thing.object_id == 1


def test_hidden_is_neither_there_nor_gone() -> None:
    scene, gone = run([Stay(OWN, 2), Stay(BUS, 20, 50)], 35)
    car = next(thing for thing in scene.objects if thing.kind == "car")
    assert gone == []
    assert car.look is Seen.HIDDEN
    assert car.observed_seconds < 20


def test_a_hidden_car_goes_on_when_the_bus_drives_off() -> None:
    scene, gone = run([Stay(OWN, 2), Stay(BUS, 20, 40)], 60)
    assert [each.thing.kind for each in gone] == ["bus"]
    [car] = standing(scene)
    assert seconds(car.first_seen) == pytest.approx(2, abs=1)


def test_replaced_by_another_vehicle() -> None:
    """The first ends when it drives off, the second begins when it stands."""
    scene, gone = run([Stay(OWN, 2, 20), Stay(Car(2, PLACE), 31)], 50)
    [first] = gone
    [second] = standing(scene)
    assert seconds(first.gone_at) == pytest.approx(21, abs=1)
    assert seconds(second.first_seen) == pytest.approx(31, abs=1)


def test_replaced_during_a_gap() -> None:
    """Nobody saw the change; what stands there now looks steadily different."""
    story = [Stay(OWN, 2, 20), Stay(Car(2, PLACE), 28)]
    scene, gone = run(story, 60, skip=lambda at: 19.5 < at < 30)
    [first] = gone
    [second] = standing(scene)
    assert first.replaced
    assert seconds(second.first_seen) >= 30


def test_new_light_on_a_car_that_was_never_out_of_sight_is_no_new_car() -> None:
    stage, scene = Stage(), StaticScene()
    for at in range(40):
        # From 20 s on a hard shadow lies over half the car, for good.
        image = stage.draw(Shot((OWN,)))
        if at >= 20:
            image[180:270, 192:256] = image[180:270, 192:256] // 5
        found = stage.detect(stage.draw(Shot((OWN,))))
        assert not scene.observe(START + timedelta(seconds=at), grey_picture(image), found)
    [thing] = standing(scene)
    assert thing.observed_seconds == pytest.approx(39, abs=6)


def test_a_gap_counts_neither_as_dwell_nor_as_absence() -> None:
    scene, gone = run([Stay(OWN, 2, 60)], 40, skip=lambda at: 10 < at < 30)
    [thing] = standing(scene)
    assert gone == []
    assert thing.observed_seconds == pytest.approx(8 + 10, abs=1)
    scene, gone = run([Stay(OWN, 2, 20, 1)], 58, skip=lambda at: 21.5 < at < 55)
    assert gone == [], "two clear looks and a gap of half a minute are no absence"


def test_unchanged_looks_repeat_the_last_answer() -> None:
    """Without a call of the detector what stood still stands, and what was absent still is."""
    scene, _ = run([Stay(OWN, 2)], 10)
    grey = grey_picture(Stage().draw(Shot((OWN,))))
    for at in range(11, 31):
        assert scene.observe(START + timedelta(seconds=at), grey, None) == []
    [thing] = standing(scene)
    assert thing.observed_seconds == pytest.approx(28, abs=1)
    assert thing.detected < 12


def test_memory_is_bounded() -> None:
    """A hundred boxes that never come to rest leave nothing behind; more than the limit of
    standing things is not taken in."""
    stage, scene = Stage(), StaticScene(SceneSettings(most_objects=5))
    for at in range(60):
        x = (at % 9) / 10
        cars = tuple(Car(n, (x, n / 10, x + 0.1, n / 10 + 0.09)) for n in range(9))
        image = stage.draw(Shot(cars))
        scene.observe(START + timedelta(seconds=at), grey_picture(image), stage.detect(image))
        assert len(scene.objects) <= 5
    for at in range(60, 70):
        image = stage.draw(Shot())
        scene.observe(START + timedelta(seconds=at), grey_picture(image), [])
    assert scene.objects == ()


def test_what_nobody_sees_for_half_an_hour_is_forgotten() -> None:
    scene, _ = run([Stay(OWN, 2), Stay(BUS, 20)], 40)
    grey = grey_picture(Stage().draw(Shot((OWN, BUS))))
    for at in range(41, 1900, 4):
        assert scene.observe(START + timedelta(seconds=at), grey, None) == []
    assert [thing.kind for thing in scene.objects] == ["bus"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    arrives=st.floats(5, 15),
    stands=st.floats(5, 25),
    gaps=st.lists(st.tuples(st.floats(0, 40), st.floats(0.5, 12)), max_size=3),
    looks_per_second=st.sampled_from([1.0, 2.0, 4.0]),
)
def test_dwell_is_never_more_than_the_time_it_stood(
    arrives: float,
    stands: float,
    gaps: list[tuple[float, float]],
    looks_per_second: float,
) -> None:
    """B4: whatever is missing from the stream, nobody is said to have stood longer than he did;
    a long gap is not counted at all."""

    def skipped(at: float) -> bool:
        return any(begin <= at < begin + length for begin, length in gaps)

    story = [Stay(OWN, arrives, arrives + stands)]
    scene, gone = run(story, 50, looks_per_second=looks_per_second, skip=skipped)
    stays = [each.thing for each in gone] + standing(scene)
    # While it rolls its first centimetres it still looks the same.
    assert sum(thing.observed_seconds for thing in stays) <= stands + 1.2
    looks = [at for at in ticks(50, looks_per_second) if not skipped(at)]
    seen = [at for at in looks if arrives - 0.6 <= at <= arrives + stands + 0.6]
    counted = sum(b - a for a, b in itertools.pairwise(seen) if b - a <= 5.0)
    assert sum(thing.observed_seconds for thing in stays) <= counted + 1e-6
