"""What the eyes are given, and what they tell of a car's paint: L60, L32, W30, W31, W33."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from models.calendar import PUBLISHED
from models.event import Event
from models.registry import get_camera, update_camera
from models.zones import save_zone
from notify.owners import Owner
from pipeline.buffer import HeldSighting
from pipeline.gates import BODY_COLOUR, gate_facts, paint_differs, paints
from pipeline.watches import refused_zones, zones_to_watch
from pipeline.world import World
from tests.pipeline.kit import REVIEWED, ZONE, Theatre, furnish
from tests.pipeline.test_buffer import standing_sighting
from tests.vision.stage import START, Car, Stay, shot_of
from vision.body_colour import BodyColour
from vision.types import Frame, Image, Sighting

STAYS = Stay(Car(), arrives=6.0)
BAY = [[0.2, 0.4], [0.6, 0.4], [0.6, 0.8], [0.2, 0.8]]


def _names(scene: Theatre, minutes: float = 0) -> list[str]:
    at = START + timedelta(minutes=minutes)
    with scene.store.read() as session:
        camera = get_camera(session, scene.camera_id)
        return [zone.name for zone in zones_to_watch(session, camera, at=at, calendar=PUBLISHED)]


def test_l60_a_detector_that_is_not_approved_does_not_run() -> None:
    """Nothing is seen, nothing is stored, and the camera's page says why."""
    scene = Theatre(camera={"purpose": "违停提醒", "approved_detectors": ["crowd"]})
    assert _names(scene) == []
    assert scene.play([STAYS], until=50).events() == []
    with scene.store.begin() as session:
        camera = get_camera(session, scene.camera_id)
        (why,) = refused_zones(session, camera, at=START)
        assert "not approved for parking" in why
        update_camera(session, camera, {"approved_detectors": ["parking"]}, at=START, actor="test")
        assert refused_zones(session, camera, at=START) == []
    assert _names(scene) == ["pavement"]


def test_w30_a_zone_outside_its_hours_is_not_looked_into() -> None:
    """The stage's Friday is Labour Day: work days' hours do not hold."""
    works = {"schedule": [{"days": ["work"], "start": "00:00", "end": "24:00"}]}
    assert Theatre(zone=works).play([STAYS], until=50).events() == []
    rests = {"schedule": [{"days": ["rest"], "start": "00:00", "end": "24:00"}]}
    assert len(Theatre(zone=rests).play([STAYS], until=50).events()) == 1


def test_w30_the_eyes_learn_of_the_hours_while_they_run() -> None:
    """Forbidden from 12:01 on: the car of 12:00 is flagged one dwell after that."""
    hours = {"schedule": [{"days": ["fri"], "start": "12:01", "end": "23:00"}]}
    scene = Theatre(zone=hours).play([STAYS], until=79)
    assert scene.events() == []
    event = scene.play([STAYS], until=100).event()
    assert (event.flagged_at - START).total_seconds() == pytest.approx(81, abs=3)


def test_l32_a_bay_outside_its_hours_is_no_bay() -> None:
    for days, found in (("rest", 0), ("work", 1)):
        hours = [[{"days": [days], "start": "00:00", "end": "24:00"}]]
        scene = Theatre(zone={"bays": [BAY], "bay_hours": hours}).play([STAYS], until=50)
        assert len(scene.events()) == found, days


def test_w31_an_event_is_judged_by_the_version_that_saw_it() -> None:
    """A shorter dwell and another legal basis, saved later, are not this event's."""
    scene = Theatre().play([STAYS], until=40)
    with scene.store.begin() as session:
        camera = get_camera(session, scene.camera_id)
        values = {"name": "pavement", "grace_seconds": 90, "legal_basis": "新规"}
        save_zone(session, camera, values, at=scene.clock.now(), actor="test")
    scene.play([STAYS], until=45)
    seen = scene.event()
    with scene.store.read() as session:
        event = session.get_one(Event, seen.id)
        assert (event.zone_version.version, event.zone.current.version) == (1, 2)
        assert event.zone_version.grace_seconds == 60


# W33


def _painted(paint: tuple[int, int, int], ground: int = 120) -> Image:
    """A vehicle of one colour (BGR) in daylight on a grey street."""
    picture = np.full((360, 640, 3), ground, np.uint8)
    picture[180:270, 192:320] = paint
    return picture


def _sighting(*paints_seen: tuple[int, int, int]) -> Sighting:
    seen = standing_sighting()
    frames = [Frame("stage", START, _painted(paint)) for paint in paints_seen]
    first = frames[1] if len(frames) > 1 else None
    box = (0.30, 0.50, 0.50, 0.75)
    seen = replace(seen, frame=frames[0], first_frame=first, plate_frame=None, box=box)
    return HeldSighting.of(seen).sighting


RED, BLUE, WHITE = (30, 30, 200), (200, 60, 20), (235, 235, 235)


@pytest.mark.parametrize(
    ("colour", "differs"),
    [("蓝", True), ("H", True), ("blue", True), ("红", False), ("白红", False), ("粉", False),
     ("棕", False), ("", False), ("彩虹", False), ("白", True)],
)  # fmt: skip
def test_w33_the_paint_of_a_red_car(colour: str, differs: bool) -> None:
    """Against the register's word: only what daylight shows for sure contradicts."""
    seen = _sighting(RED, RED)
    assert seen.details[BODY_COLOUR] == "red"
    owner = Owner("+8617000000009", colour=colour)
    assert paint_differs(seen, owner) is differs
    facts = gate_facts(seen, owner)
    assert (facts.clone_suspected, facts.registry_contradicts) == (differs, differs)


@pytest.mark.parametrize("pictures", [(RED, BLUE), (RED, (120, 120, 120))], ids=str)
def test_w33_two_pictures_that_differ_prove_nothing(pictures: Any) -> None:
    seen = _sighting(*pictures)
    assert BODY_COLOUR not in seen.details
    assert not paint_differs(seen, Owner("+8617000000009", colour="蓝"))


def test_w33_white_grey_and_black_never_contradict_each_other() -> None:
    """The sun makes the one of the other."""
    seen = _sighting(WHITE, WHITE)
    for colour in ("白", "灰", "银", "黑"):
        assert not paint_differs(seen, Owner("+8617000000009", colour=colour))


def test_w33_the_registers_words() -> None:
    assert paints("白蓝") == {BodyColour.WHITE, BodyColour.BLUE}
    assert paints("J") == {BodyColour.BLACK}
    assert paints("jade") == frozenset()


class RegisteredIn:
    """A register in which every car has one colour."""

    name = "test"

    def __init__(self, colour: str) -> None:
        self.colour = colour

    def find(self, plate: str) -> Owner | None:
        return Owner("+8617000000009", colour=self.colour)


def test_w33_a_car_of_another_colour_is_handed_over_without_a_text() -> None:
    """The whole way: no text to the owner of the real plate, over to the traffic police."""
    ours = Theatre().play([STAYS], until=50).event()
    paint = ours.measured[BODY_COLOUR]
    other = {"red": "蓝", "blue": "红", "green": "红", "yellow": "蓝"}.get(paint, "红")
    scene = Theatre(owners=RegisteredIn(other)).play([STAYS], until=50)
    assert scene.event().state == "TRANSFERRED"
    assert scene.event().outcome == "SUSPECTED_CLONE"
    assert scene.texts() == []


# W13


class TwoCameras:
    """One installation, two cameras of one enforcement area."""

    def __init__(self) -> None:
        self.first = Theatre(zone={"area": "延安路东侧"})
        store = self.first.store
        self.other_id = furnish(
            store, START, policy={}, zone={**ZONE, "area": "延安路东侧"}, name="second",
            camera=REVIEWED,
        )  # fmt: skip
        self.stage = self.first.stage
        self.second = World(self.first.services, self.first.clock, self.other_id)

    def play(self, here: list[Stay], there: list[Stay], until: float) -> None:
        """Both cameras look once a second."""
        while self.first.now < until:
            self.first.play(here, until=self.first.now + 1)
            self.second.look(self.stage.frame(shot_of(there, self.first.now), self.first.now))


@pytest.mark.parametrize(("plate", "outcome"), [("浙A12345", None), ("浙A99999", "LEFT_IN_TIME")])
def test_w13_moved_into_the_view_of_the_next_camera(plate: str, outcome: str | None) -> None:
    """The same plate in the same area: it has not left, and the officer is warned. Another car
    there is nobody's return."""
    city = TwoCameras()
    here = [Stay(Car(), arrives=6.0, leaves=45.0)]
    there = [Stay(Car(plate=plate), arrives=48.0)]
    city.play(here, there, until=44)
    (event,) = city.first.events()
    assert event.state == "GRACE"
    city.play(here, there, until=66)
    with city.first.store.read() as session:
        event = session.get_one(Event, event.id)
        assert ("seen_by_neighbour" in event.flags) is (outcome is None)
        assert event.state == (outcome or "GRACE")
    city.play(here, there, until=160)
    (event,) = [known for known in city.first.events() if known.id == event.id]
    assert event.state == (outcome or "UNDETERMINED"), "no picture of its own shows a stay"
    assert not set(city.first.evidence(event)) & {"E4", "E6"}
