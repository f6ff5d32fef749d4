"""The plate locator: corners on drawn plates of known place, real photographs, what is no plate."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from vision.detect import load_detector
from vision.errors import BadWeights
from vision.picture import load_picture
from vision.plates.locate import PICTURE_SIDE, find_plates
from vision.plates.locate_grid import FoundPlate, upper_width
from vision.plates.locator import SHA256, WEIGHTS, Locator, shared_locator
from vision.plates.rectify import Quad
from vision.train.locator.camera import View, moved, placed, projection
from vision.train.locator.evaluate import on_photographs, overlap, slant_degrees
from vision.train.locator.paint import paste
from vision.types import Image

DRAWN = Path(__file__).parent / "plates"
ONE_LINE = ("blue_zheA12345", "green_zheAD12345", "yellow_huB5T218", "white_jingA0123jing")


def street(seed: int, width: int = 640, height: int = 480) -> Image:
    """A grey field with soft large shapes and grain: nothing that looks like letters."""
    random = np.random.default_rng(seed)
    coarse = random.integers(40, 170, (6, 8, 3)).astype(np.uint8)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = random.normal(0, 4, (height, width, 3))
    return np.clip(field + grain, 0, 255).astype(np.uint8)


def put_plate(picture: Image, name: str, view: View, wide: float, at: tuple[float, float]) -> Quad:
    """Draws a plate of tests/vision/plates as a camera sees it; gives its true corners."""
    plate = load_picture(DRAWN / f"{name}.jpg", smallest=8)
    height, width = plate.shape[:2]
    flat = projection(view, centre=(width / 2, height / 2), width=width)
    outline = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    quad = moved(placed(flat, wide / width, at), outline)
    paste(picture, plate, quad, 1.0, np.random.default_rng(0), frame=False)
    return quad


def best(found: list[FoundPlate], quad: Quad) -> FoundPlate:
    assert found, "nothing was found"
    return max(found, key=lambda plate: overlap(plate.quad, quad))


@pytest.mark.parametrize("name", ONE_LINE)
@pytest.mark.parametrize(
    ("view", "wide"),
    [
        (View(0, 10, 0, 6), 150),
        (View(0, 15, 4, 6), 60),
        (View(40, 10, 3, 6), 130),
        (View(-35, 15, -12, 5), 120),
        (View(10, 20, 22, 6), 140),
    ],
    ids=["front", "far", "from the left", "from the right, rolled", "tilted over 20 degrees"],
)
def test_corners(name: str, view: View, wide: float) -> None:
    """Each corner within an eighth of the plate's width, on average within a fourteenth."""
    picture = street(3)
    quad = put_plate(picture, name, view, wide, (330, 300))
    found = best(find_plates(picture[120:470, 90:570]), quad - np.array([90, 120], np.float32))
    away = np.linalg.norm(found.quad + np.array([90, 120], np.float32) - quad, axis=1)
    assert away.max() / upper_width(quad) < 1 / 8
    assert away.mean() / upper_width(quad) < 1 / 14


def test_tilt_is_tilt() -> None:
    """The case above that says over 20 degrees is one."""
    assert (
        slant_degrees(put_plate(street(1), ONE_LINE[0], View(10, 20, 22, 6), 140, (320, 240))) > 20
    )


@pytest.mark.parametrize(
    ("name", "two_lines"), [("car_rear", False), ("truck_rear", True)], ids=["car", "truck"]
)
def test_one_plate_on_a_vehicle(name: str, two_lines: bool) -> None:
    """One find on a drawn rear, one line on the car and two on the truck, in the whole picture
    and in the vehicle's crop; corners run clockwise from the top left."""
    picture = load_picture(DRAWN / f"{name}.jpg")
    [found] = find_plates(picture)
    assert found.two_lines is two_lines
    [again] = find_plates(picture, side=PICTURE_SIDE)
    assert overlap(found.quad, again.quad) > 0.8
    top_left, top_right, bottom_right, bottom_left = found.quad
    assert top_left[0] < top_right[0]
    assert bottom_left[0] < bottom_right[0]
    assert top_left[1] < bottom_left[1]
    assert top_right[1] < bottom_right[1]


def test_neighbours_keep_their_plates() -> None:
    """Two vehicles side by side: each crop gives the plate inside it, at its own place."""
    picture = street(7)
    left = put_plate(picture, ONE_LINE[0], View(8, 12, 2, 6), 90, (220, 300))
    right = put_plate(picture, ONE_LINE[1], View(-8, 12, -2, 6), 90, (420, 300))
    for low, high, quad in ((100, 325, left), (315, 560, right)):
        found = find_plates(picture[180:420, low:high])
        [only] = found
        assert overlap(only.quad + np.array([low, 180], np.float32), quad) > 0.6
        assert only.quad.min() > -2
        assert only.quad[:, 0].max() < high - low + 2
    first, second = find_plates(picture[180:420, 100:560])
    assert overlap(first.quad, second.quad) == 0.0


@pytest.mark.parametrize("seed", range(6))
def test_a_street_without_plates(seed: int) -> None:
    assert find_plates(street(seed)) == []


@pytest.mark.parametrize("shape", [(24, 24), (40, 900), (900, 40), (1080, 1920)])
def test_any_size(shape: tuple[int, int]) -> None:
    """A grey wall of any shape: no plate, no crash, whole or in tiles."""
    wall = np.full((*shape, 3), 128, np.uint8)
    assert find_plates(wall) == []
    assert find_plates(wall, side=PICTURE_SIDE) == []


def test_a_small_plate_in_a_large_picture() -> None:
    """60 pixels in 1920: lost when the whole is shrunk, found in a tile of it."""
    picture = street(5, 1920, 1080)
    quad = put_plate(picture, ONE_LINE[0], View(0, 10, 0, 6), 60, (1400, 760))
    found = best(find_plates(picture, side=PICTURE_SIDE), quad)
    assert overlap(found.quad, quad) > 0.5


def test_many_threads_one_locator() -> None:
    """Camera threads share it: the same picture gives the same corners."""
    picture = load_picture(DRAWN / "car_rear.jpg")
    [expected] = find_plates(picture)
    results: list[list[FoundPlate]] = []
    threads = [
        threading.Thread(target=lambda: results.append(find_plates(picture))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all((only.quad == expected.quad).all() for [only] in results)
    assert shared_locator() is shared_locator()


def test_weights_are_the_ones_released(tmp_path: Path) -> None:
    """Missing or damaged weights are named, with the mend, before anything is looked for."""
    assert WEIGHTS.stat().st_size < 2_000_000
    with pytest.raises(BadWeights, match=r"plate-locate\.onnx are missing") as missing:
        Locator(tmp_path / "plate-locate.onnx")
    assert missing.value.hint == "install Qifen again"
    damaged = tmp_path / "plate-locate.onnx"
    shutil.copy(WEIGHTS, damaged)
    with damaged.open("r+b") as file:
        file.seek(400_000)
        file.write(b"\0" * 16)
    with pytest.raises(BadWeights, match=f"expected {SHA256[:12]}"):
        Locator(damaged)


@pytest.mark.data
def test_unseen_photographs(data_dir: Path) -> None:
    """Plates of photographs that training never saw: a little below what was measured."""
    scores = on_photographs(data_dir, shared_locator(), load_detector())
    whole = scores["all"]
    assert whole.plates == 56
    assert whole.found_half >= 52, whole.as_json()
    assert whole.found_close >= 46, whole.as_json()
    assert whole.lines_right >= whole.found_half - 2, whole.as_json()
