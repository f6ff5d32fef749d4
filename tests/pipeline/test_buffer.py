"""The holding buffer: in order, nothing lost for five minutes, nothing poisons the rest (W39)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from models.errors import Conflict, Unavailable
from pipeline.buffer import Held, HeldDeparture, HeldLooks, HeldSighting, HoldingBuffer, held_items
from pipeline.evidence import Picture
from tests.vision.stage import PAVEMENT, START, Car, Shot, Stage
from vision.looker import CameraLooker
from vision.types import Departure, Frame, Sighting, ViewHealth, WatchAnswer, WatchLook
from vision.types import LookResult as Result


class Taker:
    """What takes the items: away while `away`, refusing what is in `poison`."""

    def __init__(self) -> None:
        self.taken: list[Held] = []
        self.away = False
        self.poison: list[Held] = []

    def __call__(self, item: Held) -> None:
        if self.away:
            raise Unavailable("the database is away")
        if item in self.poison:
            raise Conflict("refused for good")
        self.taken.append(item)


class Seconds:
    """A monotonic clock that is told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def taker() -> Taker:
    return Taker()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def buffer(taker: Taker, seconds: Seconds) -> HoldingBuffer:
    return HoldingBuffer(taker, hold_seconds=300.0, seconds=seconds)


def frame(second: float) -> Frame:
    return Stage().frame(Shot((Car(),)), second)


def look(second: float) -> HeldLooks:
    answer = WatchLook("1", WatchAnswer.PRESENT, START + timedelta(seconds=second))
    return HeldLooks.of(frame(second), [answer])


def departure(second: float) -> HeldDeparture:
    at = START + timedelta(seconds=second)
    return HeldDeparture(Departure(1, "pavement", at, at))


def test_items_are_handed_on_in_order(buffer: HoldingBuffer, taker: Taker) -> None:
    items = [look(1), departure(2), look(3)]
    for item in items:
        buffer.add(item)
    assert len(buffer) == 3
    assert buffer.flush()
    assert taker.taken == items
    assert len(buffer) == 0
    assert buffer.flush()


def test_nothing_is_lost_while_the_database_is_away(buffer: HoldingBuffer, taker: Taker) -> None:
    taker.away = True
    items = [departure(second) for second in range(60)]
    for item in items:
        buffer.add(item)
        assert not buffer.flush()
    assert buffer.holding
    taker.away = False
    assert buffer.flush()
    assert not buffer.holding
    assert taker.taken == items
    assert buffer.dropped == 0


def test_while_holding_pictures_are_encoded_and_thinned(
    buffer: HoldingBuffer, taker: Taker
) -> None:
    """Five minutes of looks fit in memory: one picture in ten seconds, as JPEG."""
    taker.away = True
    items = [look(second) for second in range(25)]
    buffer.add(items[0])
    buffer.add(items[1])
    buffer.flush()
    for item in items[2:]:
        buffer.add(item)
    with_picture = [item for item in items if item.picture is not None]
    assert [int((item.at - START).total_seconds()) for item in with_picture] == [0, 10, 20]
    for item in with_picture:
        assert item.picture is not None
        assert not item.picture.holds_pixels
        assert item.picture.image().shape == (360, 640, 3)


def test_after_five_minutes_the_oldest_go(
    buffer: HoldingBuffer, taker: Taker, seconds: Seconds
) -> None:
    taker.away = True
    for second in range(400):
        seconds.now = float(second)
        buffer.add(departure(second))
        if second == 0:
            buffer.flush()
    assert len(buffer) == 301
    assert buffer.dropped == 99
    taker.away = False
    buffer.flush()
    assert taker.taken[0].at == START + timedelta(seconds=99)


def test_a_refused_item_blocks_no_other(buffer: HoldingBuffer, taker: Taker) -> None:
    items = [departure(1), departure(2), departure(3)]
    taker.poison = [items[1]]
    for item in items:
        buffer.add(item)
    assert buffer.flush()
    assert taker.taken == [items[0], items[2]]
    assert buffer.refused == 1


def test_what_nobody_foresaw_is_tried_three_times_then_let_go(taker: Taker) -> None:
    tries: list[Held] = []

    def broken(item: Held) -> None:
        if item is bad:
            tries.append(item)
            raise ZeroDivisionError
        taker(item)

    buffer = HoldingBuffer(broken)
    bad, good = departure(1), departure(2)
    buffer.add(bad)
    buffer.add(good)
    assert [buffer.flush() for _ in range(3)] == [False, False, True]
    assert len(tries) == 3
    assert taker.taken == [good]
    assert buffer.refused == 1


def test_eyes_and_pen_work_at_the_same_time(buffer: HoldingBuffer, taker: Taker) -> None:
    def see() -> None:
        for second in range(200):
            buffer.add(departure(second))

    eyes = threading.Thread(target=see)
    eyes.start()
    while eyes.is_alive():
        buffer.flush()
    eyes.join()
    buffer.flush()
    assert [item.at for item in taker.taken] == sorted(item.at for item in taker.taken)
    assert len(taker.taken) == 200


def standing_sighting() -> Sighting:
    stage = Stage()
    looker = CameraLooker("stage", [PAVEMENT], stage, stage)
    for second in range(60):
        result = looker.look(stage.frame(Shot((Car(),)), float(second)))
        if result.sightings:
            return result.sightings[0]
    raise AssertionError("never flagged")


def test_a_held_sighting_carries_its_pictures_and_no_pixels() -> None:
    """E1 and E2 are encoded at once; the frames (6 MB each at 1080p) are let go."""
    sighting = standing_sighting()
    held = HeldSighting.of(sighting)
    assert [shot.kind for shot in held.shots] == ["E1", "E2"]
    assert held.sighting.frame.image.size == 3
    assert held.sighting.plate_frame is None
    assert held.at == sighting.flagged_at
    # P17: the plate lies in the vehicle of the same picture.
    x1, y1, x2, y2 = held.shots[1].details["vehicle_box"]
    left, top, right, bottom = held.shots[1].details["plate_box"]
    assert x1 <= left < right <= x2
    assert y1 <= top < bottom <= y2


def test_a_sighting_without_a_plate_has_a_panorama_only() -> None:
    from dataclasses import replace

    bare = replace(standing_sighting(), plate_reading=None, plate_frame=None)
    assert [shot.kind for shot in HeldSighting.of(bare).shots] == ["E1"]


def test_one_look_gives_its_items_in_order() -> None:
    sighting = standing_sighting()
    answer = WatchLook("1", WatchAnswer.UNCLEAR, START, reason="occluded")
    gone = Departure(9, "pavement", START, START)
    result = Result(
        sighting.frame, ViewHealth.OK, (), True, sightings=[sighting], departures=[gone],
        watch_looks=[answer],
    )  # fmt: skip
    kinds = [type(item) for item in held_items(result)]
    assert kinds == [HeldSighting, HeldLooks, HeldDeparture]
    assert held_items(Result(sighting.frame, ViewHealth.OK, (), False)) == []


def test_thinning_leaves_items_without_a_picture_alone(buffer: HoldingBuffer, taker: Taker) -> None:
    taker.away = True
    bare = HeldLooks(START, (), None)
    buffer.add(bare)
    buffer.add(departure(1))
    buffer.flush()
    assert bare.picture is None
    assert isinstance(look(1).picture, Picture)
