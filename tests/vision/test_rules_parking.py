"""The parking rule: foot in the zone, dwell in seconds, edges with patience, one flag a stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.vision.stage import START
from vision.appearance import Appearance, Surroundings
from vision.rules.parking import ParkingRule, area_of, stands_in
from vision.scene_object import SceneObject, Seen
from vision.types import Box, Detection, ZoneShape

ZONE = ZoneShape(
    "west", "parking", ((0.2, 0.5), (0.8, 0.5), (0.8, 0.9), (0.2, 0.9)), dwell_seconds=10
)
INSIDE: Box = (0.4, 0.4, 0.6, 0.7)
OUTSIDE: Box = (0.4, 0.1, 0.6, 0.45)


class Thing:
    """A scene object that is seen once a second."""

    def __init__(self, box: Box = INSIDE, kind: str = "car", confidence: float = 0.9) -> None:
        grey = np.zeros((36, 64), np.uint8)
        self.kind, self.confidence, self.seconds = kind, confidence, 0
        self.it = SceneObject(
            1, box, Appearance.of_place(grey, box), Surroundings.of(grey, box), START, START,
            standing=True, samples_seen=1,
        )  # fmt: skip
        self.it.count(Detection(kind, confidence, box))

    def seen(self, box: Box, step_seconds: float = 1.0) -> SceneObject:
        for _ in range(5):  # the median follows at once
            self.it.count(Detection(self.kind, self.confidence, box))
        self.it.step_seconds = step_seconds
        self.it.observed_seconds += step_seconds
        self.it.look = Seen.SEEN
        return self.it


def dwell(rule: ParkingRule, thing: Thing, boxes: list[Box]) -> list[float | None]:
    """Dwell after each look, None where the object is in no zone."""
    said: list[float | None] = []
    for box in boxes:
        parked = rule.observe([thing.seen(box)])
        said.append(parked[0].dwell_seconds if parked else None)
    return said


def test_dwell_counts_seconds_and_ripens() -> None:
    rule, thing = ParkingRule([ZONE]), Thing()
    assert dwell(rule, thing, [INSIDE] * 9) == pytest.approx(list(range(1, 10)))
    [parked] = rule.observe([thing.seen(INSIDE)])
    assert parked.ripe
    assert parked.since == START


def test_p4_one_look_outside_does_not_restart_it() -> None:
    """The foot flickers over the edge; three seconds outside end the stay, two do not."""
    rule, thing = ParkingRule([ZONE]), Thing()
    said = dwell(rule, thing, [INSIDE] * 5 + [OUTSIDE] * 2 + [INSIDE] * 2)
    assert said[-1] == 9
    ended = dwell(rule, thing, [OUTSIDE] * 4)
    assert ended[-1] is None
    again = dwell(rule, thing, [INSIDE] * 4)
    assert again[-1] == pytest.approx(3, abs=1), "a new stay begins at nothing"


@pytest.mark.parametrize(
    ("box", "zone", "inside"),
    [
        pytest.param(INSIDE, ZONE, True, id="foot inside"),
        pytest.param((0.4, 0.6, 0.6, 0.95), ZONE, False, id="foot below"),
        pytest.param((0.05, 0.4, 0.3, 0.7), ZONE, False, id="middle of the foot left of it"),
        pytest.param(
            INSIDE,
            replace(ZONE, bays=(((0.35, 0.3), (0.65, 0.3), (0.65, 0.8), (0.35, 0.8)),)),
            False,
            id="w12 wholly in a bay",
        ),
        pytest.param(
            INSIDE,
            replace(ZONE, bays=(((0.35, 0.5), (0.65, 0.5), (0.65, 0.8), (0.35, 0.8)),)),
            True,
            id="only partly in a bay",
        ),
    ],
)
def test_where_a_vehicle_stands(box: Box, zone: ZoneShape, inside: bool) -> None:
    assert stands_in(zone, box) is inside


@pytest.mark.parametrize(
    ("kind", "confidence", "ripe"),
    [
        ("car", 0.9, True),
        ("van", 0.9, True),
        ("truck", 0.9, True),
        ("bus", 0.9, True),
        ("motorcycle", 0.9, True),
        ("bicycle", 0.9, True),
        ("person", 0.9, False),
        ("car", 0.45, False),
    ],
)
def test_w06_w46_who_can_be_flagged(kind: str, confidence: float, ripe: bool) -> None:
    rule, thing = ParkingRule([ZONE]), Thing(kind=kind, confidence=confidence)
    for _ in range(12):
        [parked] = rule.observe([thing.seen(INSIDE)])
    assert parked.ripe is ripe


def test_mostly_missed_is_not_ripe() -> None:
    rule, thing = ParkingRule([ZONE]), Thing()
    for _ in range(12):
        thing.it.samples_missed += 8
        [parked] = rule.observe([thing.seen(INSIDE)])
    assert not parked.ripe


def test_one_flag_a_stay_and_area() -> None:
    """Two zones of one area flag once; a zone of another area is another matter."""
    twin = replace(ZONE, name="east", area="street")
    rule = ParkingRule([replace(ZONE, area="street"), twin, replace(ZONE, name="yard")])
    thing = Thing()
    parked = rule.observe([thing.seen(INSIDE)])
    assert len(parked) == 3
    rule.flag(parked[0])
    left = {p.zone.name for p in rule.observe([thing.seen(INSIDE)])}
    assert left == {"yard"} or area_of(parked[0].zone) == "yard"
    assert rule.flagged_zone(1) in {"west", "east", "yard"}


def test_w31_an_edited_zone_starts_anew_but_never_flags_twice() -> None:
    rule, thing = ParkingRule([ZONE]), Thing()
    dwell(rule, thing, [INSIDE] * 8)
    rule.set_zones([replace(ZONE, version=2)])
    assert dwell(rule, thing, [INSIDE])[-1] == 0
    [parked] = rule.observe([thing.seen(INSIDE)])
    rule.flag(parked)
    rule.set_zones([replace(ZONE, version=3)])
    assert rule.observe([thing.seen(INSIDE)]) == []


def test_a_new_zone_over_a_car_that_stands_counts_from_now() -> None:
    rule, thing = ParkingRule([]), Thing()
    dwell(rule, thing, [INSIDE] * 60)
    rule.set_zones([ZONE])
    assert dwell(rule, thing, [INSIDE])[-1] == 0


def test_zones_of_other_kinds_are_not_its_business() -> None:
    rule = ParkingRule([replace(ZONE, kind="crowd")])
    assert rule.zones == ()
    assert rule.observe([Thing().it]) == []


def test_what_is_gone_is_forgotten() -> None:
    rule, thing = ParkingRule([ZONE]), Thing()
    dwell(rule, thing, [INSIDE] * 8)
    assert rule.observe([]) == []
    fresh = Thing()
    assert dwell(rule, fresh, [INSIDE])[-1] == 1
