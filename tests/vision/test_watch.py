"""The watch's answers over whole stories: a street, cars that come and go, one look a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.vision.stage import BESIDE, PLACE, START, Car, Stage, Stay, shot_of
from tests.vision.story import Story, new_looker, play, seconds_of, subject_of
from vision.types import WatchAnswer

OWN = Car(1, PLACE, "浙A12345")
OTHER = Car(2, PLACE, "浙B77777")
TWIN = replace(OWN, plate="浙A99999")
"""The same model and paint: only its plate tells it from OWN."""
BUS = Car(30, (0.25, 0.40, 0.62, 0.88), None, kind="bus")
STOOD = Stay(OWN, arrives=5, leaves=50)


def test_a_car_that_stays_is_present_in_every_look(stage: Stage) -> None:
    """And its plate is read again every few seconds: the re-check wants it (A17)."""
    story = play(stage, [Stay(OWN, 5)], 90)
    assert story.answers() == ["present"]
    reads = [look for look in story.looks if look.plate is not None]
    assert 10 <= len(reads) <= 20
    assert all(look.plate is not None and look.plate.text == OWN.plate for look in reads)
    assert all(look.similarity is not None and look.similarity >= 0.9 for look in story.looks)


def test_a_car_that_leaves_is_absent_and_never_present_again(stage: Stage) -> None:
    story = play(stage, [STOOD], 90)
    assert max(story.times(WatchAnswer.PRESENT)) <= STOOD.leaves
    assert story.answers(since=STOOD.leaves + STOOD.drive_seconds) == ["absent"]
    [departure] = story.departures
    assert seconds_of(departure.last_seen) <= 50 < seconds_of(departure.gone_at) <= 54


@pytest.mark.parametrize(
    ("taker", "last_word"),
    [
        pytest.param(OTHER, "other_vehicle", id="another car"),
        pytest.param(TWIN, "other_vehicle", id="w51 same model, plate read"),
        pytest.param(replace(OTHER, readable=False), "other_vehicle", id="no plate, other looks"),
        pytest.param(replace(TWIN, readable=False), "unclear:no_plate", id="same looks, no plate"),
    ],
)
def test_w14_another_vehicle_took_its_place(stage: Stage, taker: Car, last_word: str) -> None:
    """The subject has left; the second vehicle is a sighting of its own with its own dwell."""
    story = play(stage, [STOOD, Stay(taker, 60)], 110)
    assert max(story.times(WatchAnswer.PRESENT)) <= 50
    assert story.answers()[-1] == last_word
    second = story.sightings[1]
    assert seconds_of(second.first_seen) == pytest.approx(60, abs=1.0)
    assert seconds_of(second.flagged_at) >= 80


def test_w14_swap_too_fast_for_the_scene(stage: Stage) -> None:
    """A twin that takes the place within three seconds looks like the same stay; its plate parts
    the two, and it gets an event of its own."""
    stays = [replace(STOOD, drive_seconds=2), Stay(TWIN, 53, drive_seconds=2)]
    story = play(stage, stays, 110)
    assert max(story.times(WatchAnswer.PRESENT)) <= 50
    assert story.answers()[-1] == "other_vehicle"
    assert [s.plate.text for s in story.sightings if s.plate] == ["浙A12345", "浙A99999"]
    assert len(story.departures) == 1


def test_w08_left_and_returned(stage: Stage) -> None:
    """Absent while away; back at its place it is known by its plate."""
    story = play(stage, [STOOD, Stay(OWN, 95)], 130)
    assert story.answers(since=54, until=90) == ["absent"]
    assert story.answers(since=100) == ["present"]
    assert len(story.sightings) == 2


def test_w08_returned_but_its_plate_cannot_be_read(stage: Stage) -> None:
    """The same looks after an absence prove nothing."""
    story = play(stage, [STOOD, Stay(replace(OWN, readable=False), 80)], 110)
    assert story.answers(since=84) == ["unclear:no_plate"]


def test_w11_moved_inside_the_area(stage: Stage) -> None:
    story = play(stage, [STOOD, Stay(replace(OWN, box=BESIDE), 56)], 110)
    assert story.answers(since=62) == ["moved"]
    moved = [look for look in story.looks if look.answer is WatchAnswer.MOVED]
    assert moved[-1].box == pytest.approx(BESIDE, abs=0.01)


def test_w11_moved_where_its_plate_cannot_be_read(stage: Stage) -> None:
    """It might be the subject: by shape and paint it could, so it is never called absent."""
    unread = replace(OWN, box=BESIDE, readable=False)
    story = play(stage, [STOOD, Stay(unread, 56)], 90)
    assert story.answers(since=60) == ["unclear:maybe_moved"]


def test_an_unreadable_car_that_looks_otherwise_is_not_the_subject(stage: Stage) -> None:
    unread = replace(OTHER, box=BESIDE, readable=False)
    story = play(stage, [STOOD, Stay(unread, 56)], 90)
    assert story.answers()[-1] == "absent"
    assert story.times(WatchAnswer.MOVED) == []


def test_w34_on_the_bed_of_a_recovery_truck_is_not_moved(stage: Stage) -> None:
    """Its plate is read, but a truck's box lies around it: it is being taken away."""
    truck = Car(40, (0.50, 0.35, 0.90, 0.85), None, kind="truck")
    stays = [STOOD, Stay(truck, 54, 80), Stay(replace(OWN, box=BESIDE), 55, 80)]
    story = play(stage, stays, 100)
    assert story.times(WatchAnswer.MOVED) == []
    assert max(story.times(WatchAnswer.PRESENT)) <= STOOD.leaves
    assert story.answers()[-1] == "absent"


def test_what_stands_further_off_hides_nothing(stage: Stage) -> None:
    """A truck behind the place covers half of it in the picture and stands on other ground."""
    behind = Car(41, (0.24, 0.30, 0.60, 0.66), None, kind="truck")
    story = play(stage, [Stay(behind, 1), STOOD], 80)
    assert story.answers(since=56) == ["absent"]


def test_what_arrives_is_not_called_absent(stage: Stage) -> None:
    """Between its arrival and its standing still nobody knows whether it is the subject."""
    story = play(stage, [STOOD, Stay(OWN, 70, drive_seconds=0)], 100)
    assert not [at for at in story.times(WatchAnswer.ABSENT) if at > 70]
    assert story.answers()[-1] == "present"


def test_a_frozen_picture_says_nothing_any_more(stage: Stage) -> None:
    """The same bytes for eight seconds: before two looks can lie ten seconds apart (A17)."""
    looker = new_looker(stage)
    story = play(stage, [Stay(OWN, 5)], 50, looker=looker)
    picture = stage.frame(shot_of([Stay(OWN, 5)], 50), 50)
    said: list[str] = []
    for seconds in range(50, 66):
        at = START + timedelta(seconds=seconds)
        [look] = looker.look(replace(picture, at=at, pts=float(seconds))).watch_looks
        said.append(look.reason if look.answer is WatchAnswer.UNCLEAR else look.answer.value)
    assert story.answers() == ["present"]
    assert said == ["present"] * 8 + ["frozen"] * 8


def test_w15_a_bus_in_front_is_unclear_and_ends_nothing(stage: Stage) -> None:
    story = play(stage, [Stay(OWN, 5), Stay(BUS, 50, 70)], 100)
    assert story.answers() == ["present", "unclear:occluded", "present"]
    [car] = [s for s in story.sightings if s.object_kind == "car"]
    assert car.object_id not in [d.object_id for d in story.departures]


def test_w15_left_behind_the_bus(stage: Stage) -> None:
    story = play(stage, [Stay(OWN, 5, 58), Stay(BUS, 50, 70)], 100)
    assert max(story.times(WatchAnswer.PRESENT)) < 50
    assert story.answers(since=75) == ["absent"]


def test_swapped_behind_the_bus(stage: Stage) -> None:
    """Nobody saw it happen, and the cars look the same: the plate is asked before `present`."""
    story = play(stage, [Stay(OWN, 5, 58), Stay(TWIN, 64), Stay(BUS, 50, 72)], 110)
    assert max(story.times(WatchAnswer.PRESENT)) < 50
    assert story.answers()[-1] == "other_vehicle"


def test_a_car_passing_in_front_ends_nothing(stage: Stage) -> None:
    """Three seconds of another car in front: unclear, then present without a new plate."""
    unread = replace(OWN, readable=False)
    passing = Car(9, (0.2, 0.45, 0.6, 0.9), None)
    stays = [Stay(OWN, 5, 40), Stay(unread, 40, drive_seconds=0), Stay(passing, 60, 60.5, 1.5)]
    story = play(stage, stays, 90)
    assert story.answers(since=70) == ["present"]
    assert len(story.departures) == 0


def test_headlights_restart_nothing(stage: Stage) -> None:
    """peers.md P2: a glare for three seconds, then for half a minute."""

    def glare(seconds: float) -> Mapping[str, object]:
        return {"beam": PLACE} if 50 <= seconds < 53 or 60 <= seconds < 90 else {}

    story = play(stage, [Stay(OWN, 5)], 110, light=glare)
    assert story.answers() == ["present"]
    assert len(story.sightings) == 1


@pytest.mark.parametrize(
    ("light", "reason"),
    [
        ({"gain": 0.02}, "black"),
        ({"covered": True}, "covered"),
        ({"shift_pixels": 33}, "moved"),
        ({"blur": 6.0}, "defocused"),
        ({"gain": 0.12}, "too_dark"),
    ],
)
def test_a_sick_camera_answers_unclear(
    stage: Stage, light: Mapping[str, object], reason: str
) -> None:
    """Never present, never absent (peers.md P9, domain.md W03, W47)."""
    story = play(
        stage, [Stay(OWN, 5)], 100, light=lambda seconds: light if 50 <= seconds < 70 else {}
    )
    said = story.answers(since=53, until=69)
    assert said[-1] == f"unclear:{reason}"
    assert all(answer.startswith("unclear:") for answer in said)
    assert story.times(WatchAnswer.ABSENT) == []
    assert story.answers(since=75) == ["present"]


def test_after_a_gap_the_plate_has_to_say(stage: Stage) -> None:
    """In twenty seconds without a frame another could have come (B4: a gap is no evidence)."""
    story = play(stage, [Stay(OWN, 5)], 90, skip=lambda s: 50 < s < 70)
    assert story.answers() == ["present"]
    swapped = [Stay(OWN, 5, 52), Stay(TWIN, 60)]
    story = play(Stage(), swapped, 90, skip=lambda s: 50 < s < 70)
    assert max(story.times(WatchAnswer.PRESENT)) <= 50
    assert story.answers()[-1] == "other_vehicle"


@pytest.mark.parametrize(
    ("there", "plate", "last_word"),
    [
        pytest.param(OWN, "", "present", id="the same"),
        pytest.param(replace(OWN, readable=False), "", "unclear:no_plate", id="same, unreadable"),
        pytest.param(replace(OWN, readable=False), None, "present", id="no plate known: by eye"),
        pytest.param(OTHER, "", "other_vehicle", id="another"),
        pytest.param(TWIN, "", "other_vehicle", id="a twin"),
        pytest.param(replace(OTHER, readable=False), None, "unclear:appearance", id="by eye: not"),
        pytest.param(None, "", "absent", id="gone"),
    ],
)
def test_w38_restored_after_a_restart(
    stage: Stage, there: Car | None, plate: str | None, last_word: str
) -> None:
    """Only box, plate and the stored crop are left of the subject; a new looker goes on."""
    before = play(stage, [Stay(OWN, 5)], 40)
    subject = subject_of(before.sightings[0], plate=plate)
    stays = [Stay(there, 5)] if there is not None else []
    after = play(
        stage, stays, 90, since=60, subject=subject, looker=new_looker(stage), looks_per_second=1
    )
    assert after.answers()[-1] == last_word
    if last_word != "present":
        assert after.times(WatchAnswer.PRESENT) == []


def test_without_a_reader_a_returned_car_stays_unclear(stage: Stage) -> None:
    story = play(stage, [STOOD, Stay(OWN, 80)], 110, looker=new_looker(stage, plates=False))
    assert story.answers(since=40, until=49) == ["present"]
    assert story.answers(since=84) == ["unclear:no_plate"]


def test_a_detector_that_misses_it_is_not_an_absence(stage: Stage) -> None:
    """The place looks the same: neither present (no detection) nor absent."""
    dull = replace(OWN, detected=False)
    stays = [Stay(OWN, 5, 50), Stay(dull, 50, 60, drive_seconds=0), Stay(OWN, 60, drive_seconds=0)]
    stays[0] = replace(stays[0], drive_seconds=0.0)
    story = play(stage, stays, 80)
    assert story.times(WatchAnswer.ABSENT) == []
    assert story.departures == []


def test_an_officers_correction_reaches_a_running_watch(stage: Stage) -> None:
    looker = new_looker(stage)
    first = play(stage, [Stay(OWN, 5)], 40, looker=looker, remember_plate=None)
    assert first.subject is not None
    corrected = replace(first.subject, plate_text=OWN.plate)
    later = play(stage, [Stay(OWN, 5)], 60, since=41, looker=looker, subject=corrected)
    assert later.answers() == ["present"]
    assert stage.plate_reads > 0


def test_w32_a_plate_that_was_misread_at_first_makes_no_other_vehicle(stage: Stage) -> None:
    """Nobody drove off: the event's plate is wrong, not the vehicle."""
    story = play(stage, [Stay(OWN, 5)], 60, remember_plate="浙A12346")
    assert story.answers() == ["present"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    leaves=st.floats(30, 60),
    away=st.floats(2, 25),
    twin=st.booleans(),
    readable=st.booleans(),
    gap=st.none() | st.tuples(st.floats(25, 80), st.floats(1, 15)),
    drive_seconds=st.floats(1.5, 5),
    looks_per_second=st.sampled_from([0.5, 1.0, 2.0]),
)
def test_never_present_once_it_has_gone(
    leaves: float,
    away: float,
    twin: bool,
    readable: bool,
    gap: tuple[float, float] | None,
    drive_seconds: float,
    looks_per_second: float,
) -> None:
    """B3: whatever comes after it and whatever the stream leaves out, a departed or replaced car
    is never called present."""
    taker = replace(TWIN if twin else OTHER, readable=readable)
    stays = [
        Stay(OWN, 2, leaves, drive_seconds),
        Stay(taker, leaves + drive_seconds + away, drive_seconds=drive_seconds),
    ]

    def skipped(seconds: float) -> bool:
        return gap is not None and gap[0] <= seconds < gap[0] + gap[1]

    story: Story = play(Stage(), stays, 115, looks_per_second=looks_per_second, skip=skipped)
    # While it rolls its first few centimetres it still stands there by anybody's eyes.
    wrong = [at for at in story.times(WatchAnswer.PRESENT) if at > leaves + 0.1 * drive_seconds]
    assert wrong == []
