"""A plate that leans is looked at once more; two looks that contradict each other send nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest

from vision.picture import load_picture
from vision.plates.askew import leanings
from vision.plates.colour import overexposed
from vision.plates.network import VIEWS, PlateNetwork, Seen
from vision.plates.read import SYMBOLS, Line, Recogniser
from vision.plates.reader import NetworkPlateReader, default_reader
from vision.plates.symbols import COLOURS, END, MARKS, POSITIONS
from vision.types import Image, PlateColour

DRAWN = Path(__file__).parent / "plates"


def drawn(name: str) -> Image:
    return load_picture(DRAWN / f"{name}.jpg", smallest=8)


def said(text: str, sure: float) -> Seen:
    """A network's answer: every character of a blue plate at `sure`, the rest spread evenly."""
    characters = np.full((VIEWS, POSITIONS, END + 1), (1 - sure) / END, np.float32)
    for position in range(POSITIONS):
        mark = MARKS.index(text[position]) if position < len(text) else END
        characters[:, position, mark] = sure
    colours = np.full((VIEWS, len(COLOURS)), 0.002, np.float32)
    colours[:, COLOURS.index(PlateColour.BLUE)] = 0.99
    return Seen(characters, colours, np.zeros(VIEWS, np.float32))


class Scripted:
    """A network that gives one answer after the other; second and third are the leaned looks."""

    def __init__(self, first: Seen, again: Seen) -> None:
        self.answers = [first, again, again, again]

    def look(self, views: Sequence[Image]) -> Seen:
        assert len(views) == VIEWS
        return self.answers.pop(0)


class Indifferent:
    """A second opinion that finds every text equally likely."""

    def read(self, picture: Image) -> Line:
        assert picture.shape[2] == 3
        steps = np.full((20, 1 + len(SYMBOLS)), 1 / (1 + len(SYMBOLS)), np.float32)
        return Line(steps, "", float(20 * np.log(1 / (1 + len(SYMBOLS)))))


def read(first: Seen, again: Seen) -> tuple[str | None, bool, int]:
    """Text, whether accepted, and how many answers were not asked for."""
    network = Scripted(first, again)
    reader = NetworkPlateReader(cast("PlateNetwork", network), cast("Recogniser", Indifferent()))
    reading = reader.read_located(drawn("blue_zheA12345"))
    return reading.text, reading.accepted, len(network.answers)


def test_a_doubtful_plate_is_looked_at_once_more() -> None:
    """Unreadable at first, sure with its lean taken out: sent."""
    assert read(said("浙A12345", 0.3), said("浙A12345", 0.9999)) == ("浙A12345", True, 0)


def test_a_sure_plate_is_looked_at_once() -> None:
    assert read(said("浙A12345", 0.9999), said("浙A12346", 0.9999)) == ("浙A12345", True, 3)


def test_two_looks_that_contradict_send_nothing() -> None:
    """The surer one is shown; however sure it is, no text is sent on it."""
    assert read(said("浙A12345", 0.9), said("浙A12346", 0.9999)) == ("浙A12346", False, 0)
    assert read(said("浙A12345", 0.9), said("浙A12345", 0.9999)) == ("浙A12345", True, 0)


def test_leanings_keep_the_middle_and_the_size() -> None:
    """Six other ways to see the same plate, none of them the one that was given."""
    quad = np.array([[10, 20], [110, 20], [110, 50], [10, 50]], np.float32)
    ways = leanings(quad)
    assert len(ways) % VIEWS == 0
    for way in ways:
        assert way.mean(axis=0) == pytest.approx([60, 35], abs=1e-3)
        assert cv2.contourArea(way) == pytest.approx(3000, rel=0.03)
        assert np.abs(way - quad).max() > 2


@pytest.mark.parametrize("name", ["blue_zheA12345", "blue_suE7K3M9", "black_huA3456ling"])
def test_white_that_runs_over_is_not_sent(name: str) -> None:
    """Strokes swollen by glare: a 6 may be a G, so nothing is sent, whatever is read."""
    plate = drawn(name)
    assert not overexposed(plate)
    assert default_reader().read_located(plate).accepted
    side = round(plate.shape[1] / 40)
    swollen = np.asarray(cv2.dilate(plate, np.ones((side, side), np.uint8)), np.uint8)
    assert overexposed(swollen)
    assert not default_reader().read_located(swollen).accepted
