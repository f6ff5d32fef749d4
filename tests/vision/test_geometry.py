"""Zones and boxes: the mend for every wrong polygon, and the same answer at any resolution."""

from __future__ import annotations

import json
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
    dump_zones,
    foot_point,
    load_zones,
    validate_polygon,
)
from vision.types import Box, ZoneShape

SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
L_SHAPE = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.4), (0.5, 0.4), (0.5, 0.9), (0.1, 0.9))

unit = st.floats(0, 1, allow_nan=False)


def zone(**changes: object) -> dict[str, object]:
    """One zone as it stands in a zones.json."""
    entry: dict[str, object] = {
        "name": "pavement",
        "kind": "parking",
        "polygon": [list(point) for point in SQUARE],
        "dwell_seconds": 60,
    }
    return entry | changes


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


def test_zones_are_read_as_the_issue_writes_them() -> None:
    text = json.dumps(
        {"zones": [zone(threshold=0.5, area="延安路", bays=[[list(p) for p in SQUARE]])]}
    )
    (read,) = load_zones(text)
    assert read == ZoneShape(
        "pavement", "parking", SQUARE, 60, threshold=0.5, bays=(SQUARE,), area="延安路"
    )


def test_zones_come_back_as_they_were_written() -> None:
    zones = (
        ZoneShape("a", "parking", SQUARE, 60.0),
        ZoneShape("b", "crowd", L_SHAPE, 30.0, 12.0, (SQUARE,), "square", 1.78, 3),
    )
    assert load_zones(json.dumps(dump_zones(zones))) == zones
    assert list(dump_zones(zones)["zones"][0]) == ["name", "kind", "polygon", "dwell_seconds"]


@pytest.mark.parametrize(
    ("source", "says", "field"),
    [
        ("not json", "not JSON", "zones"),
        ("[]", "no zones", "zones"),
        ({"zones": []}, "no zones", "zones"),
        ({"zones": {"a": 1}}, "no zones", "zones"),
        ({"zones": ["a"]}, "not an object", "zones[0]"),
        ({"zones": [zone(name=" ")]}, "has no name", "zones[0].name"),
        ({"zones": [zone(kind="parkin")]}, "pavement: .*parkin", "zones[0].kind"),
        ({"zones": [zone(dwell_seconds="60")]}, "must be a number", "zones[0].dwell_seconds"),
        ({"zones": [zone(dwell_seconds=-1)]}, "at least 0", "zones[0].dwell_seconds"),
        ({"zones": [zone(treshold=1)]}, "treshold is not known", "zones[0].treshold"),
        ({"zones": [zone(threshold="high")]}, "must be a number", "zones[0].threshold"),
        ({"zones": [zone(aspect_ratio=0)]}, "at least 0.1", "zones[0].aspect_ratio"),
        ({"zones": [zone(area=7)]}, "must be a text", "zones[0].area"),
        ({"zones": [zone(version=0)]}, "whole number", "zones[0].version"),
        ({"zones": [zone(bays={})]}, "not a list", "zones[0].bays"),
        ({"zones": [zone(bays=[[[0, 0]]])]}, "1 different", "zones[0].bays[0]"),
        ({"zones": [zone(), zone()]}, "two zones are called pavement", "zones[1].name"),
        (
            {"zones": [zone(), zone(name="b", polygon=[[0, 0], [2, 0], [1, 1]])]},
            "zone b: .*outside",
            "zones[1].polygon[1]",
        ),
    ],
)
def test_a_wrong_zone_is_named_with_its_field(source: object, says: str, field: str) -> None:
    with pytest.raises(BadZone, match=says) as refused:
        load_zones(source)  # type: ignore[arg-type]
    assert refused.value.field == field


@pytest.mark.parametrize("missing", ["kind", "polygon", "dwell_seconds"])
def test_a_missing_field_is_named(missing: str) -> None:
    entry = zone()
    del entry[missing]
    with pytest.raises(BadZone, match=f"{missing} is missing") as refused:
        load_zones({"zones": [entry]})
    assert refused.value.field == f"zones[0].{missing}"
