"""What the plate locator learns from: cameras, brushes, composed pictures, labels, targets."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from vision.errors import BadWeights
from vision.plates.locate_grid import CHANNELS, peaks
from vision.train.locator.camera import View, moved, placed, projection
from vision.train.locator.compose import HEIGHT, LOWEST, NARROWEST, WIDTH, Composer
from vision.train.locator.evaluate import overlap, slant_degrees
from vision.train.locator.labels import photographs
from vision.train.locator.paint import cover, paste
from vision.train.locator.sources import Sources
from vision.train.split import may_train

SQUARE = np.array([[0, 0], [100, 0], [100, 40], [0, 40]], np.float32)


@pytest.fixture(scope="module")
def composer() -> Composer:
    """Plates on plain fields among signs; no photographs are needed for that."""
    return Composer(Sources((), ()), seed=3, plates=40)


def test_a_plane_seen_from_the_front_keeps_its_shape() -> None:
    flat = projection(View(0, 0, 0, 5), centre=(50, 20), width=100)
    quad = moved(placed(flat, 0.5, (30, 40)), SQUARE)
    assert np.abs(quad - [[5, 30], [55, 30], [55, 50], [5, 50]]).max() < 1e-3


def test_yaw_narrows_and_roll_tilts() -> None:
    """45 degrees of yaw leave 0.7 of the width; the near side is the taller one."""
    turned = moved(projection(View(45, 0, 0, 50), centre=(50, 20), width=100), SQUARE)
    assert turned[1, 0] - turned[0, 0] == pytest.approx(70.7, abs=2)
    near, far = turned[3, 1] - turned[0, 1], turned[2, 1] - turned[1, 1]
    assert abs(near - far) > 0.2
    rolled = moved(projection(View(0, 0, 20, 50), centre=(50, 20), width=100), SQUARE)
    assert slant_degrees(rolled) == pytest.approx(20, abs=0.5)


def test_a_pasted_thing_fills_its_corners() -> None:
    """The corners that are kept as truth are those of the pixels that were painted."""
    picture = np.zeros((120, 200, 3), np.uint8)
    quad = np.array([[40.3, 30.6], [150.2, 44.1], [148.0, 82.4], [38.9, 66.2]], np.float32)
    white = np.full((70, 220, 3), 255, np.uint8)
    paste(picture, white, quad, 1.0, np.random.default_rng(0), frame=False)
    painted = picture[:, :, 0].astype(float) / 255
    assert painted.sum() == pytest.approx(float(cv2.contourArea(quad)), rel=0.02)
    y, x = np.mgrid[:120, :200]
    centre = np.array([(x * painted).sum(), (y * painted).sum()]) / painted.sum() + 0.5
    moments = cv2.moments(quad)
    wanted = [moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]]
    assert np.abs(centre - wanted).max() < 0.15


def test_a_covered_plate_is_gone() -> None:
    picture = np.full((100, 200, 3), 90, np.uint8)
    quad = np.array([[60, 40], [140, 40], [140, 66], [60, 66]], np.float32)
    letters = np.random.default_rng(1).integers(0, 255, (56, 176, 3)).astype(np.uint8)
    paste(picture, letters, quad, 1.0, np.random.default_rng(2), frame=False)
    assert picture[42:64, 62:138].std() > 15
    cover(picture, quad, np.random.default_rng(3))
    assert picture[42:64, 62:138].reshape(-1, 3).std(axis=0).max() < 8


def test_the_same_number_gives_the_same_picture(composer: Composer) -> None:
    """And another number another one; a second composer of the same seed agrees."""
    again = Composer(Sources((), ()), seed=3, plates=40)
    first, second = composer.sample(5), again.sample(5)
    assert (first.picture == second.picture).all()
    assert len(first.plates) == len(second.plates)
    assert (first.picture != composer.sample(6).picture).any()


def test_counted_plates_are_inside_and_large_enough(composer: Composer) -> None:
    """What is asked for can be seen: inside the picture, wide and tall enough, with contrast."""
    counted = [(s, p) for s in map(composer.sample, range(120)) for p in s.plates if p.counted]
    assert len(counted) > 30
    assert any(plate.two_lines for _, plate in counted)
    for sample, plate in counted:
        assert sample.picture.shape == (HEIGHT, WIDTH, 3)
        slack = 0.03 * WIDTH + 1
        assert plate.quad.min() > -slack
        assert plate.quad[:, 0].max() < WIDTH + slack
        along, down = plate.quad[1] - plate.quad[0], plate.quad[3] - plate.quad[0]
        assert np.linalg.norm(along) > 0.6 * NARROWEST
        assert np.linalg.norm(down) > 0.6 * LOWEST


def test_peaks_give_back_what_was_put_in() -> None:
    """One cell that is sure, with corners in 16ths of its middle: that plate, and no other."""
    answer = np.full((CHANNELS, 24, 32), -9.0, np.float32)
    quad = np.array([[80, 60], [140, 66], [139, 86], [79, 80]], np.float32)
    column, row = 13, 9
    answer[0, row, column] = 3.0
    centre = np.array([column, row]) * 8 + 4
    answer[1:9, row, column] = ((quad - centre) / 16).reshape(8)
    answer[9, row, column] = 2.0
    [found] = peaks(answer, least=0.5, most=6)
    assert np.abs(found.quad - quad).max() < 0.01
    assert found.two_lines
    assert found.score == pytest.approx(0.953, abs=0.001)
    answer[1:9, row, column] *= -1  # turned inside out along both axes: still a rectangle
    answer[3:5, row, column] *= -1  # and now one that crosses itself
    assert peaks(answer, least=0.5, most=6) == []


def test_overlap() -> None:
    assert overlap(SQUARE, SQUARE) == pytest.approx(1.0)
    assert overlap(SQUARE, SQUARE + 200) == 0.0
    half = SQUARE + np.array([50, 0], np.float32)
    assert overlap(SQUARE, half) == pytest.approx(1 / 3, abs=1e-4)


@pytest.mark.data
def test_the_halves_of_the_photographs_never_meet(data_dir: Path) -> None:
    """Split by picture: none is in both halves, together they are all, and corners are sound."""
    seen = {p.path.name for p in photographs(data_dir, unseen=False)}
    unseen = {p.path.name for p in photographs(data_dir, unseen=True)}
    every = photographs(data_dir)
    assert not seen & unseen
    assert len(seen) + len(unseen) == len(every) == 100
    kept_back = photographs(data_dir, unseen=True)
    assert len(kept_back) == 53
    assert not any(may_train(photo.source, photo.path.name) for photo in kept_back)
    for photo in every:
        for plate in photo.plates:
            across = plate.quad[1] - plate.quad[0]
            assert across[0] > abs(across[1]), photo.source
            assert plate.quad[3, 1] > plate.quad[0, 1], photo.source


def test_labels_that_are_missing_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadWeights, match=r"plates/full_easypr/labels\.csv"):
        photographs(tmp_path)
