"""Copies for eyes that need not know who else was there: only the subject stays clear (L13)."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from vision.blur import Eyes, blur, default_eyes
from vision.faces import shared_face_finder
from vision.picture import load_picture
from vision.plates import default_reader
from vision.types import Box, Detection, Image, WeightsInfo

SUBJECT: Box = (0.3, 0.5, 0.6, 0.8)
BESIDE: Box = (0.7, 0.5, 0.95, 0.8)
EMPTY: Box = (0.2, 0.05, 0.4, 0.2)


class Sees:
    """A detector with a fixed answer."""

    info = WeightsInfo("fixed", "0" * 64, "v8", ("car", "person"), 640)

    def __init__(self, *found: Detection) -> None:
        self.found = list(found)

    def detect(self, image: Image) -> list[Detection]:
        return self.found


def eyes(*found: Detection, faces: tuple[Box, ...] = (), plates: tuple[Box, ...] = ()) -> Eyes:
    """Eyes with fixed answers; faces are given for the whole picture only."""

    def of_whole(image: Image) -> list[Box]:
        return list(faces) if image.shape == (360, 640, 3) else []

    return Eyes(Sees(*found), of_whole, lambda _: list(plates))


def car(box: Box) -> Detection:
    return Detection("car", 0.9, box)


@pytest.fixture
def noise() -> Image:
    return np.random.default_rng(3).integers(0, 256, (360, 640, 3), dtype=np.uint8)


def detail(image: Image, box: Box) -> float:
    """How much fine structure is left in a box: the mean step between neighbours."""
    height, width = image.shape[:2]
    part = image[
        int(box[1] * height) + 1 : int(box[3] * height) - 1,
        int(box[0] * width) + 1 : int(box[2] * width) - 1,
    ].astype(float)
    return float(np.abs(np.diff(part, axis=1)).mean())


CLEAR, COARSE = 60.0, 8.0


def test_only_the_subject_and_the_street_stay_clear(noise: Image) -> None:
    person: Box = (0.05, 0.3, 0.12, 0.9)
    done = blur(noise, SUBJECT, eyes(car(SUBJECT), car(BESIDE), Detection("person", 0.12, person)))
    assert (done.people, done.vehicles, done.trouble) == (1, 1, "")
    assert detail(done.image, SUBJECT) > CLEAR
    assert detail(done.image, BESIDE) < COARSE
    assert detail(done.image, person) < COARSE
    assert detail(done.image, EMPTY) > CLEAR


def test_the_original_is_not_touched(noise: Image) -> None:
    before = noise.copy()
    blur(noise, SUBJECT, eyes(car(BESIDE), faces=(EMPTY,), plates=(SUBJECT,)))
    assert np.array_equal(noise, before)


def test_without_a_subject_nobody_stays_clear(noise: Image) -> None:
    assert detail(blur(noise, None, eyes(car(SUBJECT))).image, SUBJECT) < COARSE


def test_a_person_in_front_of_the_subject_is_coarse(noise: Image) -> None:
    person: Box = (0.38, 0.5, 0.44, 0.75)
    done = blur(noise, SUBJECT, eyes(car(SUBJECT), Detection("person", 0.8, person))).image
    assert detail(done, person) < COARSE
    assert detail(done, (0.46, 0.52, 0.58, 0.78)) > CLEAR


def test_a_face_without_a_body_is_hidden_with_a_margin(noise: Image) -> None:
    """Behind glass or in a mirror, also inside the subject's own box."""
    face: Box = (0.4, 0.55, 0.44, 0.62)
    done = blur(noise, SUBJECT, eyes(car(SUBJECT), faces=(face,)))
    assert done.faces == 1
    assert detail(done.image, (0.388, 0.53, 0.452, 0.64)) < COARSE
    assert detail(done.image, (0.5, 0.52, 0.58, 0.78)) > CLEAR


def test_the_subject_is_searched_for_faces_once_more_by_itself(noise: Image) -> None:
    """What is small in the whole picture is larger in the subject's part of it."""

    def of_part(image: Image) -> list[Box]:
        return [] if image.shape == noise.shape else [(0.5, 0.5, 0.75, 0.75)]

    done = blur(noise, SUBJECT, Eyes(Sees(car(SUBJECT)), of_part, lambda _: []))
    assert detail(done.image, (0.45, 0.65, 0.525, 0.725)) < COARSE
    assert detail(done.image, (0.31, 0.52, 0.4, 0.6)) > CLEAR


def test_a_plate_without_a_vehicle_is_one_colour(noise: Image) -> None:
    plate: Box = (0.1, 0.7, 0.2, 0.75)
    done = blur(noise, SUBJECT, eyes(car(SUBJECT), plates=(plate,)))
    assert detail(done.image, plate) == 0


def test_the_subjects_own_plate_stays(noise: Image) -> None:
    plate: Box = (0.4, 0.7, 0.5, 0.75)
    assert detail(blur(noise, SUBJECT, eyes(car(SUBJECT), plates=(plate,))).image, plate) > CLEAR


def test_what_stands_nearer_is_coarse_inside_the_subjects_box(noise: Image) -> None:
    nearer: Box = (0.5, 0.6, 0.7, 0.9)
    done = blur(noise, SUBJECT, eyes(car(SUBJECT), car(nearer))).image
    assert detail(done, (0.5, 0.6, 0.6, 0.8)) < COARSE
    assert detail(done, (0.31, 0.52, 0.48, 0.78)) > CLEAR


def test_of_what_stands_behind_only_the_plate_is_hidden(noise: Image) -> None:
    behind: Box = (0.5, 0.4, 0.7, 0.7)
    plate: Box = (0.55, 0.62, 0.59, 0.66)
    done = blur(noise, SUBJECT, eyes(car(SUBJECT), car(behind), plates=(plate,))).image
    assert detail(done, plate) == 0
    assert detail(done, (0.31, 0.52, 0.48, 0.78)) > CLEAR
    assert detail(done, (0.62, 0.42, 0.7, 0.7)) < COARSE, "what is outside the box is coarse"


def test_the_subject_seen_in_part_is_still_the_subject(noise: Image) -> None:
    """A second box round the front half of the same car is no other car."""
    half: Box = (0.31, 0.55, 0.5, 0.81)
    done = blur(noise, SUBJECT, eyes(car(SUBJECT), car(half)))
    assert (done.vehicles, detail(done.image, SUBJECT) > CLEAR) == (0, True)
    leaning: Box = (0.31, 0.6, 0.42, 0.79)
    other = Detection("motorcycle", 0.9, leaning)
    assert detail(blur(noise, SUBJECT, eyes(car(SUBJECT), other)).image, leaning) < COARSE


def test_a_small_box_keeps_no_fine_cells(noise: Image) -> None:
    small: Box = (0.1, 0.1, 0.13, 0.16)  # 19 x 21 pixels
    assert detail(blur(noise, None, eyes(car(small))).image, small) == 0


def test_a_box_outside_the_picture_hurts_nobody(noise: Image) -> None:
    beyond: Box = (1.2, 1.2, 1.4, 1.4)
    done = blur(noise, beyond, eyes(car((1.1, 1.1, 1.3, 1.3))))
    assert (done.image.shape, done.trouble) == (noise.shape, "")


def _broken(_: Image) -> list[Box]:
    raise RuntimeError("out of memory")


class Blind(Sees):
    def detect(self, image: Image) -> list[Detection]:
        raise RuntimeError("no such device")


class KnowsCarsOnly(Sees):
    info = replace(Sees.info, names=("car",))


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (Eyes(Blind(), lambda _: [], lambda _: []), "no such device"),
        (Eyes(KnowsCarsOnly(), lambda _: [], lambda _: []), "no persons"),
        (Eyes(Sees(), _broken, lambda _: []), "out of memory"),
        (Eyes(Sees(), lambda _: [], _broken), "out of memory"),
    ],
)
def test_where_the_eyes_fail_all_but_the_subject_is_coarse(
    noise: Image, broken: Eyes, why: str
) -> None:
    done = blur(noise, SUBJECT, broken)
    assert why in done.trouble
    assert detail(done.image, EMPTY) < COARSE
    assert detail(done.image, BESIDE) < COARSE
    assert detail(done.image, SUBJECT) > CLEAR
    assert detail(blur(noise, None, broken).image, (0, 0, 1, 1)) < COARSE


# -- with the eyes that come with Qifen -----------------------------------------------------------


def test_a_rendered_plate_is_gone(request: pytest.FixtureRequest) -> None:
    """A drawn car's rear with a legible plate: after the blur nothing of it can be read."""
    path = Path(str(request.path)).parent / "plates" / "car_rear.jpg"
    image = load_picture(path)
    reader = default_reader()
    assert any(reading.text for reading in reader.read(image))
    done = blur(image, None)
    assert not done.trouble
    assert not any(reading.text for reading in reader.read(done.image))


def crowds(data_dir: Path) -> list[Path]:
    return sorted((data_dir / "crowd").glob("*.jpg"))


def test_no_face_is_left_in_the_crowds(data_dir: Path) -> None:
    """Every face that is found before is gone after, and there are as many as were counted."""
    find: Callable[[Image], list[Box]] = shared_face_finder().find
    with (data_dir / "crowd" / "labels.csv").open(encoding="utf-8") as file:
        counted = sum(int(row["person_count"]) for row in csv.DictReader(file))
    before = after = hidden = 0
    for path in crowds(data_dir):
        image = load_picture(path)
        done = blur(image, None)
        before += len(find(image))
        after += len(find(done.image))
        hidden += done.people
    assert before >= 0.9 * counted
    assert hidden >= counted
    assert after == 0


def test_a_face_alone_is_found_and_hidden(data_dir: Path) -> None:
    """A head cut out of a crowd, too near for a body: the face finder alone has to see it."""
    image = load_picture(crowds(data_dir)[4])
    x1, y1, x2, y2 = shared_face_finder().find(image)[0]
    height, width = image.shape[:2]
    alone = image[int(y1 * height) : int(y2 * height), int(x1 * width) : int(x2 * width)]
    alone = np.asarray(cv2.copyMakeBorder(alone, 40, 40, 40, 40, cv2.BORDER_REFLECT), np.uint8)
    blind = replace(default_eyes(), detector=Sees())
    done = blur(alone, None, blind)
    assert done.faces >= 1
    assert shared_face_finder().find(done.image) == []
