"""From a picture's point to a place on the ground (W28): exact where it can be, else silent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import ground_plane
from models.audit import AuditEntry
from models.errors import BadInput
from models.ground_plane import GroundPoint, fit, metres_per_degree
from models.ground_reference import (
    GroundReference,
    as_json,
    check_points,
    follow_view,
    ground_of,
    remove_reference,
    save_reference,
)
from tests import rows
from tests.models.two_cameras import CORNER, SOUTH, points

NORTHWARD, EASTWARD = metres_per_degree(CORNER[0])
YARD = ((-4.0, 14.0), (5.0, 15.0), (7.0, 33.0), (-6.0, 34.0))
"""Metres to the right of and before the camera."""


class Pole:
    """A camera on a pole: what a pinhole of that height, direction and tilt sees."""

    def __init__(
        self, height: float = 6.0, heading: float = 0.0, tilt: float = 0.25, focus: float = 0.9
    ) -> None:
        self.height, self.heading, self.tilt, self.focus = height, heading, tilt, focus

    def place(self, right: float, ahead: float) -> tuple[float, float]:
        """Metres east and north of the pole."""
        c, s = math.cos(self.heading), math.sin(self.heading)
        return right * c + ahead * s, -right * s + ahead * c

    def seen(self, right: float, ahead: float) -> tuple[float, float]:
        """Where that place is in the picture (0..1, 16:9)."""
        c, s = math.cos(self.tilt), math.sin(self.tilt)
        depth, up = ahead * c + self.height * s, -self.height * c + ahead * s
        return 0.5 + self.focus * right / depth, 0.5 - self.focus * 16 / 9 * up / depth

    def point(self, right: float, ahead: float) -> GroundPoint:
        east, north = self.place(right, ahead)
        x, y = self.seen(right, ahead)
        return GroundPoint(x, y, CORNER[0] + north / NORTHWARD, CORNER[1] + east / EASTWARD)

    def points(self, places: Sequence[tuple[float, float]] = YARD) -> tuple[GroundPoint, ...]:
        return tuple(self.point(*place) for place in places)


POLES = st.builds(
    Pole,
    height=st.floats(3, 12),
    heading=st.floats(-math.pi, math.pi),
    tilt=st.floats(0.1, 0.6),
    focus=st.floats(0.5, 2),
)


@settings(max_examples=150, deadline=None)
@given(pole=POLES, a=st.floats(0.02, 0.98), b=st.floats(0.02, 0.98))
def test_w28_every_place_between_the_points_is_found_again(pole: Pole, a: float, b: float) -> None:
    """Whatever the camera's height, direction, tilt and lens: to the centimetre."""
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = YARD
    right = (1 - b) * ((1 - a) * x1 + a * x2) + b * ((1 - a) * x4 + a * x3)
    ahead = (1 - b) * ((1 - a) * y1 + a * y2) + b * ((1 - a) * y4 + a * y3)
    assume(all(triangle_is_thick(pole)))
    plane = fit(pole.points())
    assert plane.worst_residual < 1e-6
    found = plane.position(*pole.seen(right, ahead))
    assert found is not None
    east, north = pole.place(right, ahead)
    assert (found.latitude - CORNER[0]) * NORTHWARD == pytest.approx(north, abs=0.01)
    assert (found.longitude - CORNER[1]) * EASTWARD == pytest.approx(east, abs=0.01)


def triangle_is_thick(pole: Pole) -> list[bool]:
    """Seen very flat, the four points lie on a line of the picture: those are refused."""
    seen = [pole.seen(*place) for place in YARD]
    return [
        ground_plane._height([seen[i] for i in three]) >= ground_plane.LEAST_HEIGHT_PICTURE
        for three in ((0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3))
    ]


@settings(max_examples=60, deadline=None)
@given(
    pole=POLES,
    noise=st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=6, max_size=6),
)
def test_w28_what_fits_puts_every_point_near_its_place(
    pole: Pole, noise: list[tuple[float, float]]
) -> None:
    """Points that a hand has put down, each up to a metre off on the map: either they are refused,
    or each lies within the limit of where the plane has it."""
    given = pole.points([*YARD, (0.0, 22.0), (2.0, 18.0)])
    shaken = tuple(
        GroundPoint(p.x, p.y, p.latitude + n / NORTHWARD, p.longitude + e / EASTWARD)
        for p, (e, n) in zip(given, noise, strict=True)
    )
    try:
        plane = fit(shaken)
    except BadInput as refused:
        assert refused.field.startswith("points")  # noqa: PT017 (either way is right)
        return
    for point in shaken:
        found = plane.position(point.x, point.y)
        assert found is not None
        place = ground_plane.Position(point.latitude, point.longitude)
        assert found.metres_to(place) <= ground_plane.MAX_RESIDUAL_METRES + 1e-3


@pytest.mark.parametrize("wrong", [0, 1, 4, 5])
def test_w28_the_point_to_blame_is_named_with_the_residual(wrong: int) -> None:
    six = list(Pole().points([*YARD, (0.0, 22.0), (2.0, 18.0)]))
    six[wrong] = GroundPoint(
        six[wrong].x, six[wrong].y, six[wrong].latitude + 6 / NORTHWARD, six[wrong].longitude
    )
    with pytest.raises(BadInput, match=rf"miss by up to \d\.\d m, point {wrong + 1} most") as said:
        fit(tuple(six))
    assert (said.value.field, said.value.code) == (f"points[{wrong}]", "BAD_FIT")


LINES = {
    "all on a kerb": [(0.0, 14.0), (0.0, 20.0), (0.0, 26.0), (0.0, 32.0)],
    "three of four on a kerb": [(0.0, 14.0), (0.0, 20.0), (0.0, 26.0), (4.0, 20.0)],
    "nearly": [(0.0, 14.0), (0.2, 20.0), (0.0, 26.0), (0.3, 32.0)],
    "twice the same": [(-4.0, 14.0), (-4.0, 14.0), (5.0, 15.0), (7.0, 33.0)],
    "a square foot": [(0.0, 20.0), (0.3, 20.0), (0.3, 20.3), (0.0, 20.3)],
}


@pytest.mark.parametrize("case", LINES)
def test_w28_points_on_a_line_are_refused(case: str) -> None:
    with pytest.raises(BadInput) as said:
        fit(Pole().points(LINES[case]))
    assert said.value.code == "COLLINEAR"


@pytest.mark.parametrize("swapped", [(0, 1), (1, 2), (0, 2), (1, 3)])
def test_w28_mixed_up_points_are_refused(swapped: tuple[int, int]) -> None:
    """Four points always fit; but no camera sees the ground mirrored, or folded."""
    a, b = swapped
    four = list(Pole().points())
    first, second = four[a], four[b]
    four[a] = GroundPoint(first.x, first.y, second.latitude, second.longitude)
    four[b] = GroundPoint(second.x, second.y, first.latitude, first.longitude)
    with pytest.raises(BadInput) as said:
        fit(tuple(four))
    assert said.value.code == "MIRRORED"


def test_w28_outside_the_points_there_is_no_position() -> None:
    """Two metres beyond them it still answers; further on, and in the sky, it does not."""
    pole = Pole()
    plane = fit(pole.points())
    assert plane.position(*pole.seen(0.0, 35.4)) is not None
    assert plane.position(*pole.seen(0.0, 36.6)) is None
    assert plane.position(*pole.seen(0.0, 12.2)) is None
    assert plane.position(0.5, 0.05) is None


def test_w28_a_box_that_the_pictures_edge_cuts_has_no_foot() -> None:
    plane = fit(Pole(tilt=0.45).points())
    assert plane.foot((0.4, 0.3, 0.6, 0.5)) == plane.position(0.5, 0.5)
    assert plane.foot((0.4, 0.3, 0.6, 0.999)) is None
    assert plane.foot((0.0, 0.3, 0.6, 0.5)) is None
    assert plane.foot((0.4, 0.3, 1.0, 0.5)) is None


def test_w28_distances_are_metres() -> None:
    """A hundredth of a degree near Hangzhou, as surveyors' tables have it."""
    north, east = metres_per_degree(30.25)
    assert north == pytest.approx(110_860, abs=10)
    assert east == pytest.approx(96_254, abs=20)


# -- kept with the camera


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"latitude": 91.0}, "points[0].latitude"),
        ({"longitude": "120"}, "points[0].longitude"),
        ({"x": 1.2}, "points[0].x"),
        ({"y": float("nan")}, "points[0].y"),
        ({"z": 0.0}, "points[0]"),
        ({"latitude": 31.25}, "points[0]"),
    ],
)
def test_w28_a_wrong_value_is_named(change: dict[str, Any], field: str) -> None:
    given: list[dict[str, Any]] = [dict(point) for point in points(SOUTH)]
    given[0] |= change
    with pytest.raises(BadInput) as said:
        check_points(given)
    assert said.value.field == field


@pytest.mark.parametrize("value", [None, "x", {}, [], [1, 2, 3, 4], [{}] * 4, [{}] * 99])
def test_w28_anything_else_is_refused(value: object) -> None:
    with pytest.raises(BadInput) as said:
        check_points(value)
    assert said.value.field.startswith("points")


def test_w28_points_far_from_the_camera_belong_to_another(session: Session) -> None:
    camera = rows.camera(session, latitude=30.25, longitude=120.26)
    with pytest.raises(BadInput, match="from where the camera stands") as said:
        save_reference(session, camera, points(SOUTH), at=rows.NOON, actor="olive")
    assert (said.value.field, said.value.code) == ("points[0]", "TOO_FAR_APART")
    assert session.get(GroundReference, camera.id) is None


def test_w28_what_is_saved_is_read_again_and_logged(session: Session) -> None:
    camera = rows.camera(session)
    save_reference(session, camera, points(SOUTH), at=rows.NOON, actor="olive")
    row = session.get_one(GroundReference, camera.id)
    told = as_json(row, camera)
    assert told["points"] == points(SOUTH)
    assert told["in_force"] is True
    assert max(told["residuals_metres"]) < 0.01
    save_reference(session, camera, told["points"], at=rows.NOON, actor="olive")
    assert remove_reference(session, camera, at=rows.NOON, actor="olive")
    assert not remove_reference(session, camera, at=rows.NOON, actor="olive")
    assert ground_of(session, camera) is None
    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "camera.ground_reference")
    ).all()
    assert [len(entry.details["points"]) for entry in entries] == [4, 4, 0]
    assert {entry.actor for entry in entries} == {"olive"}


def test_w28_points_of_another_view_count_for_nothing(session: Session) -> None:
    """W03: a camera that was turned must be tied to the ground anew; one more light of the same
    view changes nothing."""
    camera = rows.camera(session)
    save_reference(session, camera, points(SOUTH), at=rows.NOON, actor="olive")
    camera.reference_picture = "first"
    assert ground_of(session, camera) is None
    follow_view(session, camera, None)
    assert ground_of(session, camera) is not None
    camera.reference_picture = "at night"
    follow_view(session, camera, "first")
    assert ground_of(session, camera) is not None
    camera.reference_picture = "turned"
    assert ground_of(session, camera) is None
    assert as_json(session.get(GroundReference, camera.id), camera)["in_force"] is False
