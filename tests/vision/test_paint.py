"""A sheet of the same form in other colours is another sheet; the same in other light is not."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest

from vision.rules.baseline import baseline_of, colour_of, grey_of, renewed
from vision.rules.paint import ZonePaint
from vision.types import Box, Image

WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
PLACE: Box = (0.4, 0.4, 0.6, 0.6)
YELLOW, WHITE, BLUE = (40, 200, 230), (225, 225, 225), (190, 90, 30)


def facade(paper: tuple[int, int, int]) -> Image:
    image = np.full((360, 640, 3), (110, 125, 140), np.uint8)
    image[40:120, 60:580:2] = (70, 80, 95)
    image[144:216, 256:384] = paper
    cv2.putText(image, "TO LET", (266, 190), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (40, 40, 170), 3)
    return image


def lit(image: Image, gain: tuple[float, float, float], veil: float = 0.0) -> Image:
    return np.clip(image * np.array(gain) + veil, 0, 255).astype(np.uint8)


def repainted(before: Image, now: Image) -> bool:
    paint = ZonePaint(WHOLE, baseline_of(before, WHOLE))
    paint.observe(now)
    return paint.repainted(PLACE)


@pytest.mark.parametrize(
    ("before", "after"), [(WHITE, YELLOW), (YELLOW, WHITE), (YELLOW, BLUE), (BLUE, WHITE)]
)
@pytest.mark.parametrize(
    ("gain", "veil"),
    [((1, 1, 1), 0.0), ((0.4, 0.4, 0.4), 0.0), ((0.45, 0.5, 0.55), 0.0), ((0.7, 0.7, 0.7), 45.0)],
    ids=["day", "dusk", "evening sun", "rain"],
)
def test_other_colours_are_seen_in_any_light_and_the_same_ones_are_the_same(
    before: tuple[int, int, int],
    after: tuple[int, int, int],
    gain: tuple[float, float, float],
    veil: float,
) -> None:
    assert repainted(facade(before), lit(facade(after), gain, veil))
    assert not repainted(facade(before), lit(facade(before), gain, veil))


def test_where_nothing_can_be_told_nobody_is_accused() -> None:
    dark = lit(facade(YELLOW), (0.08, 0.08, 0.08))
    assert not repainted(facade(WHITE), dark), "colours in the dark are noise"
    grey = np.repeat(cv2.cvtColor(facade(WHITE), cv2.COLOR_BGR2GRAY)[:, :, None], 3, axis=2)
    assert not repainted(np.asarray(grey, np.uint8), facade(YELLOW)), "a baseline of old"
    fresh = ZonePaint(WHOLE, "")
    fresh.observe(facade(YELLOW))
    assert not fresh.repainted(PLACE)
    assert not ZonePaint(WHOLE, baseline_of(facade(WHITE), WHOLE)).repainted(PLACE)


def test_a_renewed_piece_does_not_colour_a_grey_baseline() -> None:
    grey = cv2.cvtColor(facade(WHITE), cv2.COLOR_BGR2GRAY)
    _, data = cv2.imencode(".jpg", cv2.resize(grey, (480, 270)))
    old = base64.b64encode(data.tobytes()).decode()
    assert colour_of(old) is None
    new = renewed(old, facade(YELLOW), WHOLE, ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)))
    assert colour_of(new) is None
    before, after = grey_of(old), grey_of(new)
    assert before is not None
    assert after is not None
    assert abs(int(before[20, 20]) - int(after[20, 20])) < 6
