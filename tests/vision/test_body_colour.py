"""Paint by day, silence by night (W33: a sign beside plate and shape)."""

from __future__ import annotations

import numpy as np
import pytest

from samples.recheck.stills import Stills
from vision.body_colour import BodyColour, body_colour, differ
from vision.types import Image

STILLS = Stills()
BOX = (0.4, 0.4, 0.6, 0.6)


def street(paint: tuple[int, int, int], ground: tuple[int, int, int] = (120, 120, 120)) -> Image:
    """A patch of paint on even ground, BGR."""
    image = np.full((200, 200, 3), ground, np.uint8)
    image[80:120, 80:120] = paint
    return image


@pytest.mark.parametrize(
    ("state", "vehicle", "colours"),
    [
        ("stands", "subject", {BodyColour.WHITE, BodyColour.GREY}),
        ("painted_there", "painted", {BodyColour.BLUE}),
        ("other_there", "other", {BodyColour.RED}),
        ("stands_neighbour", "neighbour", {BodyColour.GREY, BodyColour.BLACK}),
    ],
)
def test_rendered_cars(state: str, vehicle: str, colours: set[BodyColour]) -> None:
    image = STILLS.picture("day", state)
    assert body_colour(image, STILLS.box("day", state, vehicle)) in colours


@pytest.mark.parametrize(
    ("paint", "colour"),
    [
        ((240, 240, 240), BodyColour.WHITE),
        ((25, 25, 25), BodyColour.BLACK),
        ((40, 40, 180), BodyColour.RED),
        ((170, 80, 30), BodyColour.BLUE),
        ((70, 150, 50), BodyColour.GREEN),
        ((40, 200, 230), BodyColour.YELLOW),
        ((110, 115, 112), BodyColour.GREY),
    ],
)
def test_even_paint(paint: tuple[int, int, int], colour: BodyColour) -> None:
    assert body_colour(street(paint), BOX) is colour


@pytest.mark.parametrize("ground", [(30, 30, 30), (40, 110, 200)])
def test_no_answer_at_night_or_under_a_coloured_lamp(ground: tuple[int, int, int]) -> None:
    assert body_colour(street((40, 40, 180), ground), BOX) is None


def test_what_can_differ() -> None:
    """Shades never do, neighbours never do, and nothing differs from what is not known."""
    white, grey, blue, red = (
        BodyColour.WHITE, BodyColour.GREY, BodyColour.BLUE, BodyColour.RED,
    )  # fmt: skip
    assert differ(white, blue)
    assert differ(red, blue)
    assert not differ(white, grey)
    assert not differ(BodyColour.BLACK, white)
    assert not differ(BodyColour.GREEN, blue)
    assert not differ(BodyColour.BROWN, red)
    assert not differ(None, blue)
    assert not differ(blue, blue)
