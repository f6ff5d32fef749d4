"""Zones and boxes: the mend for every wrong polygon, and the same answer at any resolution."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.errors import BadZone
from vision.geometry import (
    box_iou,
    contains,
    covers,
    foot_point,
    validate_polygon,
)
from vision.types import Box

SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
L_SHAPE = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.4), (0.5, 0.4), (0.5, 0.9), (0.1, 0.9))

unit = st.floats(0, 1, allow_nan=False)


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ([[0, 0], [1, 1]], "2 different points"),
        ([[0, 0], [1, 1], [0, 0], [1, 1]], "2 different points"),
        ([], "0 different points"),
        ([[0, 0], [1, 1], [1, 0], [0, 1]], "crosses itself"),
        # a figure of eight whose halves differ, so that its signed area is not nought
        ([[0, 0], [0.9, 1], [1, 0], [0, 0.5]], "crosses itself"),
        ([[0, 0], [0.5, 0.5], [1, 1]], "has no area"),
        ([[0, 0], [1.2, 0], [1, 1]], r"polygon\[1\] = \[1.2, 0\] lies outside"),
        ([[0, 0], [640, 0], [640, 360]], "divide pixels"),
        ([[0, 0], [-0.1, 0], [1, 1]], "outside"),
        ([[0, 0], [math.nan, 0], [1, 1]], "must be a number"),
        ([[0, 0], ["0.5", 0], [1, 1]], "must be a number"),
        ([[0, 0], [True, 0], [1, 1]], "must be a number"),
        ([[0, 0], [0.5], [1, 1]], "has 1 numbers"),
        ([[0, 0], 0.5, [1, 1]], r"polygon\[1\] is not a point"),
        ("0,0 1,1", "not a list"),
        (None, "not a list"),
    ],
)
def test_a_wrong_polygon_is_refused_with_its_reason(points: object, says: str) -> None:
    with pytest.raises(BadZone, match=says) as refused:
        validate_polygon(points)
    assert refused.value.field.startswith("polygon")


def test_a_repeated_last_point_is_dropped() -> None:
    """Drawing tools and GeoJSON close their polygons."""
    assert validate_polygon([*SQUARE, SQUARE[0]]) == SQUARE


def test_polygons_may_be_hollow_on_one_side() -> None:
    """Pavements bend: an L holds its arms and not its corner."""
    assert validate_polygon(L_SHAPE) == L_SHAPE
    assert contains(L_SHAPE, (0.8, 0.2))
    assert contains(L_SHAPE, (0.2, 0.8))
    assert not contains(L_SHAPE, (0.8, 0.8))


def test_the_edge_belongs_to_the_zone() -> None:
    assert contains(SQUARE, (0.2, 0.5))
    assert contains(SQUARE, (0.8, 0.8))
    assert not contains(SQUARE, (0.19, 0.5))


def test_a_vehicle_stands_where_its_wheels_are() -> None:
    """A tall lorry on the road reaches over the pavement behind it, but does not stand there."""
    assert foot_point((0.2, 0.1, 0.4, 0.7)) == pytest.approx((0.3, 0.7))
    pavement = ((0.0, 0.3), (1.0, 0.3), (1.0, 0.5), (0.0, 0.5))
    assert not contains(pavement, foot_point((0.2, 0.1, 0.4, 0.7)))


def test_l32_a_bay_must_hold_the_whole_car() -> None:
    assert covers(SQUARE, (0.2, 0.2, 0.8, 0.8))
    assert covers(SQUARE, (0.3, 0.3, 0.5, 0.5))
    assert not covers(SQUARE, (0.3, 0.3, 0.81, 0.5))


def boxes_at(width: int, height: int, seed: int) -> list[Box]:
    """1,000 boxes with corners on whole pixels of 640x360, at a resolution that is a multiple."""
    chance = random.Random(seed)
    factor_x, factor_y = width // 640, height // 360
    boxes: list[Box] = []
    for _ in range(1000):
        x1, y1 = chance.randrange(0, 639), chance.randrange(0, 359)
        x2, y2 = chance.randrange(x1 + 1, 641), chance.randrange(y1 + 1, 361)
        pixels = (x1 * factor_x, y1 * factor_y, x2 * factor_x, y2 * factor_y)
        boxes.append((pixels[0] / width, pixels[1] / height, pixels[2] / width, pixels[3] / height))
    return boxes


@settings(max_examples=10, deadline=None)  # each example is 2,000 boxes
@given(seed=st.integers(0, 10_000), polygon=st.sampled_from([SQUARE, L_SHAPE]))
def test_the_same_answer_at_any_resolution(
    seed: int, polygon: tuple[tuple[float, float], ...]
) -> None:
    """A camera that changes from 640x360 to 1920x1080 keeps its zones."""
    small, large = boxes_at(640, 360, seed), boxes_at(1920, 1080, seed)
    for a, b in zip(small, large, strict=True):
        assert contains(polygon, foot_point(a)) == contains(polygon, foot_point(b))
        assert covers(polygon, a) == covers(polygon, b)
    assert box_iou(small[0], small[1]) == pytest.approx(box_iou(large[0], large[1]))


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x1, y1 = draw(st.floats(0, 0.9)), draw(st.floats(0, 0.9))
    return (x1, y1, x1 + draw(st.floats(0.01, 0.1)), y1 + draw(st.floats(0.01, 0.1)))


@given(a=boxes(), b=boxes())
def test_overlap_is_a_share_and_does_not_mind_the_order(a: Box, b: Box) -> None:
    assert 0 <= box_iou(a, b) <= 1
    assert box_iou(a, b) == pytest.approx(box_iou(b, a))
    assert box_iou(a, a) == pytest.approx(1)


def test_overlap_of_a_half() -> None:
    assert box_iou((0, 0, 0.2, 0.2), (0.1, 0, 0.3, 0.2)) == pytest.approx(1 / 3)
    assert box_iou((0, 0, 0.2, 0.2), (0.2, 0, 0.3, 0.2)) == 0


@settings(deadline=None)
@given(points=st.lists(st.tuples(unit, unit), min_size=0, max_size=8))
def test_any_points_are_either_a_polygon_or_refused(points: list[tuple[float, float]]) -> None:
    """Whatever the mouse draws: no other error, and what is accepted works."""
    try:
        polygon = validate_polygon(points)
    except BadZone:
        return
    assert len(polygon) >= 3
    assert contains(polygon, polygon[0])
