"""Whole poster scenes with the shipped weights: our own sheets on a drawn facade, in weather."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks.evaluate_adverts import play
from benchmarks.poster_scenes import PUT_UP_AT, Scene, Sheet, our_sheets
from vision.detect import load_detector
from vision.rules.backdrop import Backdrop
from vision.shapes import Approval, Box
from vision.types import Detector, Image, grey_picture

LEFT: Box = (0.08, 0.50, 0.20, 0.86)
MIDDLE: Box = (0.40, 0.50, 0.52, 0.86)
RIGHT: Box = (0.72, 0.50, 0.84, 0.86)


@pytest.fixture(scope="module")
def eyes() -> Detector:
    return load_detector(threads=1)


def facade() -> Image:
    rng = np.random.default_rng(8)
    image = np.full((540, 800, 3), (120, 140, 160), np.uint8)
    image[::16], image[:, ::40] = (100, 118, 140), (104, 122, 144)
    for x in range(50, 760, 150):
        image[60:190, x : x + 80] = (70, 60, 52)
        image[60:190, x + 38 : x + 43] = 170
    coarse = cv2.resize(rng.normal(0, 9, (54, 80, 3)), (800, 540))
    return np.clip(image + coarse, 0, 255).astype(np.uint8)


def approved(box: Box) -> Approval:
    x1, y1, x2, y2 = box
    return Approval("sheet", ((x1, y1), (x2, y1), (x2, y2), (x1, y2)), "2026-1", "district")


def scene(weather: str, late: Sheet | None) -> Scene:
    """Two approved posters from the start; `late` comes after a minute and a half."""
    sheets = our_sheets()
    hung = [
        Sheet(sheets["poster_hotpot"], LEFT, approved=True),
        Sheet(sheets["poster_milk"], MIDDLE, approved=True),
    ]
    return Scene(
        "drawn", facade(), weather, hung + ([late] if late else []),
        [approved(LEFT), approved(MIDDLE)], seed=1, seconds=255.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("weather", "sheet", "box"),
    [("day", "poster_fitness", RIGHT), ("rain", "poster_flats", LEFT), ("dusk", None, RIGHT)],
    ids=["new by day", "pasted over in rain", "nothing new at dusk"],
)
def test_all_that_is_new_is_flagged_and_none_of_the_approved(
    eyes: Detector, weather: str, sheet: str | None, box: Box
) -> None:
    late = Sheet(our_sheets()[sheet], box, PUT_UP_AT) if sheet else None
    told = play(scene(weather, late), eyes)
    wanted = 1 if sheet else 0
    assert (told["wanted"], told["found"], told["false"]) == (wanted, wanted, 0)


def test_what_is_pasted_stays_changed_while_the_light_is_learned() -> None:
    """It was once learned from its edge inwards, and forgotten within five minutes."""
    late = Sheet(our_sheets()["poster_fitness"], RIGHT, PUT_UP_AT)
    shown = scene("day", late)
    zone = shown.zone()
    backdrop = Backdrop(zone.polygon, zone.baseline)
    shares: list[float] = []
    for frame in shown.frames():
        backdrop.observe(grey_picture(frame.image, 640))
        shares.append(backdrop.share_changed(RIGHT))
        assert backdrop.share_changed(MIDDLE) < 0.2
    assert max(shares[:6]) < 0.2
    assert shares[-1] > 0.8 * shares[7] > 0.4
