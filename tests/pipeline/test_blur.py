"""Copies for eyes outside the office: only the subject's own car stays clear (L13, B15)."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import Unavailable
from pipeline.blur import blur_copy
from pipeline.evidence import decode_jpeg, encode_jpeg
from tests.pipeline.kit import Theatre
from tests.vision.stage import BESIDE, PLACE, Stage
from vision.types import Box, Detection, Image, PlateColour, PlateReading, WeightsInfo

IN_FRONT: Box = (0.45, 0.6, 0.62, 0.9)


class Sees:
    """A detector with a fixed answer."""

    info = WeightsInfo("fixed", "0" * 64, "v8", ("car", "person"), 640)

    def __init__(self, *found: Detection) -> None:
        self.found = list(found)

    def detect(self, image: Image) -> list[Detection]:
        return self.found


class Reads(Stage):
    """A reader that finds one plate at a fixed place, whatever it is asked."""

    def __init__(self, box: Box) -> None:
        super().__init__()
        self.box = box

    def read(self, image: Image, vehicle_box: Box | None = None) -> list[PlateReading]:
        return [PlateReading("浙B66666", PlateColour.BLUE, 0.9, 0.9, 0.9, self.box)]


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


def blurred(image: Image, keep: Box | None, *found: Detection, plate: Box | None = None) -> Image:
    reader = Reads(plate) if plate else None
    copy = decode_jpeg(blur_copy(encode_jpeg(image), keep, Sees(*found), reader))
    assert copy is not None
    return copy


def test_other_vehicles_and_persons_are_coarse_the_subject_is_not(noise: Image) -> None:
    person: Box = (0.05, 0.3, 0.12, 0.9)
    copy = blurred(
        noise, PLACE, Detection("car", 0.9, PLACE), Detection("car", 0.9, BESIDE),
        Detection("person", 0.8, person),
    )  # fmt: skip
    assert detail(copy, PLACE) > 40
    assert detail(copy, BESIDE) < 10
    assert detail(copy, person) < 10
    assert detail(copy, (0.2, 0.05, 0.4, 0.2)) > 40


def test_a_person_in_front_of_the_subject_is_coarse_too(noise: Image) -> None:
    person: Box = (0.38, 0.5, 0.44, 0.75)
    copy = blurred(noise, PLACE, Detection("car", 0.9, PLACE), Detection("person", 0.8, person))
    assert detail(copy, person) < 15
    assert detail(copy, (0.31, 0.52, 0.36, 0.7)) > 40


def test_another_plate_inside_the_kept_box_is_hidden(noise: Image) -> None:
    """A car in front, half inside the subject's box: its plate was restored with the box."""
    plate: Box = (0.46, 0.65, 0.5, 0.7)
    copy = blurred(
        noise, PLACE, Detection("car", 0.9, PLACE), Detection("car", 0.9, IN_FRONT), plate=plate
    )
    assert detail(copy, plate) < 25
    beyond: Box = (0.9, 0.9, 0.95, 0.95)
    copy = blurred(
        noise, PLACE, Detection("car", 0.9, PLACE), Detection("car", 0.9, IN_FRONT),
        Detection("car", 0.9, BESIDE), plate=beyond,
    )  # fmt: skip
    assert detail(copy, (0.31, 0.52, 0.43, 0.7)) > 40


def test_without_a_subject_every_vehicle_is_coarse(noise: Image) -> None:
    copy = blurred(noise, None, Detection("car", 0.9, PLACE))
    assert detail(copy, PLACE) < 10


def test_a_box_outside_the_picture_hurts_nobody(noise: Image) -> None:
    copy = blurred(noise, PLACE, Detection("car", 0.9, (1.2, 1.2, 1.4, 1.4)))
    assert copy.shape == noise.shape


def test_what_cannot_be_blurred_is_not_shown() -> None:
    with pytest.raises(Unavailable):
        blur_copy(b"no picture", PLACE, Sees(), None)


def test_services_blur_with_the_installations_own_eyes(noise: Image) -> None:
    """The hook that the owner's page uses; where the eyes fail there is no picture either."""
    scene = Theatre()
    with pytest.raises(KeyError):  # the stage has never drawn this picture
        scene.services.blur(encode_jpeg(noise), PLACE)
