"""A tilted plate laid flat: where corners go, what is averaged."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from vision.picture import load_picture
from vision.plates.rectify import FLAT_HEIGHT, FLAT_WIDTH, flatten, whole
from vision.types import Image

PLATE = Path(__file__).parent / "plates" / "blue_zheA12345.jpg"


def plate() -> Image:
    return load_picture(PLATE, smallest=8)


def grey(picture: Image) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)


def alike(one: Image, other: Image) -> float:
    """Correlation of two pictures of equal size."""
    return float(np.corrcoef(grey(one).ravel(), grey(other).ravel())[0, 1])


@pytest.mark.parametrize("size", [(FLAT_WIDTH, FLAT_HEIGHT), (144, 48), (96, 30)])
@pytest.mark.parametrize(
    "corners",
    [
        [[60, 80], [260, 84], [258, 150], [58, 146]],
        [[60, 120], [240, 40], [250, 104], [66, 190]],
        [[90, 60], [220, 90], [222, 140], [86, 150]],
    ],
    ids=["nearly level", "tilted 24 degrees", "in perspective"],
)
def test_a_seen_plate_comes_back_flat(size: tuple[int, int], corners: list[list[int]]) -> None:
    """Painted into four corners and taken out of them again, it is the plate it was."""
    flat = cv2.resize(plate(), size, interpolation=cv2.INTER_AREA)
    source = plate()
    quad = np.array(corners, np.float32)
    matrix = cv2.getPerspectiveTransform(whole(source), quad)
    seen = np.asarray(cv2.warpPerspective(source, matrix, (320, 240)), np.uint8)
    back = flatten(seen, quad, size=size)
    assert back.shape == (size[1], size[0], 3)
    assert alike(back, flat) > 0.9


def test_a_large_plate_is_averaged() -> None:
    """Eight times larger than asked for, with grain: the grain averages out, the letters stay."""
    large = cv2.resize(plate(), (FLAT_WIDTH * 8, FLAT_HEIGHT * 8), interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(0).normal(0, 40, large.shape)
    noisy = np.clip(large.astype(np.float32) + grain, 0, 255).astype(np.uint8)
    wanted = cv2.resize(plate(), (FLAT_WIDTH, FLAT_HEIGHT), interpolation=cv2.INTER_AREA)
    assert alike(flatten(noisy, whole(noisy)), wanted) > 0.97


def test_growing_shows_more_around() -> None:
    """A tenth more on each side: the plate's own width is then 1 / 1.2 of the picture."""
    picture = np.zeros((200, 300, 3), np.uint8)
    picture[80:120, 100:200] = 255
    quad = np.array([[100, 80], [200, 80], [200, 120], [100, 120]], np.float32)
    assert flatten(picture, quad).mean() > 245
    grown = flatten(picture, quad, grow_x=0.1)
    assert (grown[FLAT_HEIGHT // 2, :, 0] > 128).mean() == pytest.approx(1 / 1.2, abs=0.02)


def test_beyond_the_edge_the_picture_is_repeated() -> None:
    picture = np.full((60, 100, 3), 77, np.uint8)
    quad = np.array([[-20, 10], [60, 10], [60, 40], [-20, 40]], np.float32)
    assert (flatten(picture, quad) == 77).all()
