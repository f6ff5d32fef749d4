"""Looking closer: windows that cover, boxes that come back whole, people counted once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from vision.looker_closer import CloserLook, CrowdSettings
from vision.shapes import Box, ZoneShape
from vision.tiles import detect_in, windows
from vision.types import Detection, Image, WeightsInfo

SQUARE = ZoneShape("square", "crowd", ((0, 0), (1, 0), (1, 1), (0, 1)), 60.0, threshold=10.0)
WIDE, HIGH = 1280, 720


@dataclass
class Painted:
    """Sees what is painted: every grey value is one person, however much of it is in the picture.

    `least`: pixels of height, as a share of the picture it is given, below which it sees nothing.
    """

    least: float = 0.0
    confidence: float = 0.8
    calls: int = 0

    @property
    def info(self) -> WeightsInfo:
        return WeightsInfo("painted", "0" * 64, "v8", ("person",), 640)

    def detect(self, image: Image) -> list[Detection]:
        self.calls += 1
        height, width = image.shape[:2]
        found: list[Detection] = []
        for value in np.unique(image[..., 0]):
            rows, columns = np.nonzero(image[..., 0] == value)
            if value == 0 or (rows.max() + 1 - rows.min()) < self.least * height:
                continue
            box = (
                columns.min() / width, rows.min() / height,
                (columns.max() + 1) / width, (rows.max() + 1) / height,
            )  # fmt: skip
            found.append(Detection("person", self.confidence, box))
        return found


def painted(boxes: Sequence[Box]) -> Image:
    image = np.zeros((HIGH, WIDE, 3), np.uint8)
    for value, (x1, y1, x2, y2) in enumerate(boxes, start=1):
        image[round(y1 * HIGH) : round(y2 * HIGH), round(x1 * WIDE) : round(x2 * WIDE)] = value
    return image


def people(count: int, height: float, *, seed: int = 4) -> list[Box]:
    """Separate people somewhere in the picture, on the cells of a grid."""
    rng = np.random.default_rng(seed)
    columns, rows = 12, int(0.9 / height)
    cells = rng.choice(columns * rows, count, replace=False)
    return [
        (x, y, x + height / 4, y + height * 0.9)
        for x, y in ((0.01 + c % columns * 0.08, 0.03 + c // columns * height) for c in cells)
    ]


@pytest.mark.parametrize("side", [0.34, 0.5, 0.6, 1.0])
@pytest.mark.parametrize("region", [(0.0, 0.0, 1.0, 1.0), (0.62, 0.1, 0.97, 0.93)])
def test_windows_cover_the_region_and_overlap(region: Box, side: float) -> None:
    parts = windows(region, side, 0.25)
    assert all(p[0] >= -1e-9 and p[2] <= 1 + 1e-9 and p[3] <= 1 + 1e-9 for p in parts)
    x, y = np.meshgrid(np.linspace(region[0], region[2], 60), np.linspace(region[1], region[3], 60))
    inside = [
        (x >= p[0] - 1e-9) & (x <= p[2] + 1e-9) & (y >= p[1] - 1e-9) & (y <= p[3] + 1e-9)
        for p in parts
    ]
    assert np.logical_or.reduce(inside).all()
    columns = sorted({round(p[0], 9) for p in parts})
    assert all(b - a <= 0.75 * side + 1e-9 for a, b in itertools.pairwise(columns))


def test_what_several_windows_see_or_cut_is_one_thing_where_it_is() -> None:
    boxes: list[Box] = [
        (0.45, 0.43, 0.55, 0.57),  # in the middle, where all four windows see it whole
        (0.36, 0.70, 0.45, 0.95),  # cut by the window on the right
        (0.05, 0.10, 0.10, 0.30),
        (0.60, 0.10, 0.66, 0.30),
        (0.667, 0.10, 0.72, 0.30),  # beside the one before
    ]
    found = detect_in(Painted(), painted(boxes), windows((0, 0, 1, 1), 0.58, 0.25))
    assert len(found) == len(boxes)
    for box in boxes:
        assert min(np.abs(np.subtract(d.box, box)).max() for d in found) < 2 / HIGH


def test_what_is_known_of_the_whole_picture_is_not_counted_again() -> None:
    boxes = people(9, 0.2)
    image, eyes = painted(boxes), Painted()
    known = eyes.detect(image)
    parts = windows((0, 0, 1, 1), 0.5, 0.25)
    assert len(detect_in(eyes, image, parts, known=known)) == len(boxes)
    assert detect_in(eyes, image, [(0.5, 0.5, 0.51, 0.51)], known=known) == sorted(
        known, key=lambda d: (-d.confidence, d.kind, d.box)
    ), "too small a window is passed over"


@pytest.mark.parametrize("count", [5, 12, 30, 60])
def test_a_crowd_of_far_people_is_counted_in_windows(count: int) -> None:
    """Six in ten of the people are too far for the whole picture; windows bring all of them."""
    boxes = people(count, 0.09)
    closer = CloserLook(Painted(least=0.11), CrowdSettings())
    near: Box = (0.97, 0.80, 0.99, 0.92)
    closer.begin(painted([*boxes, near]))
    found, tiled = closer.people(SQUARE)
    assert tiled
    assert len(found) == count + 1


def test_a_few_near_people_need_no_windows_and_the_weak_do_not_count() -> None:
    eyes = Painted()
    closer = CloserLook(eyes, CrowdSettings())
    closer.begin(painted([(0.1, 0.3, 0.2, 0.8), (0.4, 0.3, 0.5, 0.8), (0.7, 0.3, 0.8, 0.8)]))
    found, tiled = closer.people(SQUARE)
    assert (len(found), tiled, eyes.calls) == (3, False, 1)
    eyes.confidence = 0.5 * CrowdSettings().person_confidence
    closer.begin(painted([(0.1, 0.3, 0.2, 0.8)]))
    assert closer.people(SQUARE) == ([], False)
