"""From a point of a camera's picture to a place on the ground, and how far that can be trusted.

A camera sees a street's surface as a plane. Points that a person has named in both (a corner of
the kerb: here in the picture, there on the map) give the homography between them. Whatever would
make a position doubtful is refused or left unanswered: too few points, points on a line, points
that do not fit together, a foot outside what the points enclose.

Coordinates are latitude and longitude in degrees as one map shows them. Only differences between
them are used, so any map does, if it is the same one for every camera of an enforcement area.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from shapely.geometry import MultiPoint, Point

from models.errors import BadInput

LEAST_POINTS, MOST_POINTS = 4, 12
MAX_RESIDUAL_METRES = 0.5
"""A point may lie so far from where all of them together put it: a sixth of the 3 m of W28."""
OUTSIDE_METRES = 2.0
"""A foot further than this from what the points enclose is extrapolated: it has no position."""
MAX_SPREAD_METRES = 500.0
"""Points further from their middle were mistyped: no camera tells cars apart at that distance."""
LEAST_HEIGHT_PICTURE = 0.02
LEAST_HEIGHT_METRES = 0.5
"""A triangle that is flatter lies on a line (share of the picture; metres on the ground)."""
EDGE = 0.005
"""A box that reaches so near to the picture's edge is cut: where it stands is not seen."""
FIELD = "points"


class BadFit(BadInput):
    """Points that do not fit together: by how many metres each misses, and which is to blame."""

    code = "BAD_FIT"

    def __init__(self, residuals: Sequence[float], worst: int) -> None:
        self.residuals, self.worst = tuple(residuals), worst
        super().__init__(
            f"the points do not fit together: they miss by up to {max(residuals):.1f} m, point "
            f"{worst + 1} most ({MAX_RESIDUAL_METRES:g} m are allowed)",
            field=f"{FIELD}[{worst}]",
            hint="check that point in the picture and on the map",
        )


@dataclass(frozen=True, slots=True)
class GroundPoint:
    """One place, in the picture (0..1) and on the map (degrees)."""

    x: float
    y: float
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Position:
    """A place on the ground, in degrees."""

    latitude: float
    longitude: float

    def metres_to(self, other: Position) -> float:
        """Distance in metres (WGS 84, flat: for some hundred metres)."""
        north, east = metres_per_degree((self.latitude + other.latitude) / 2)
        return math.hypot(
            (other.latitude - self.latitude) * north, (other.longitude - self.longitude) * east
        )


def metres_per_degree(latitude: float) -> tuple[float, float]:
    """Length of a degree of latitude and of longitude in metres (WGS 84 series)."""
    phi = math.radians(latitude)
    north = 111_132.92 - 559.82 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi)
    east = 111_412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi)
    return north, max(east, 1.0)


class GroundPlane:
    """The ground as one camera sees it, made of points by `fit`."""

    def __init__(self, points: Sequence[GroundPoint], matrix: np.ndarray, middle: Position) -> None:
        self._matrix = matrix
        self._middle = middle
        self._scale = metres_per_degree(middle.latitude)
        ground = [_metres(point, middle) for point in points]
        self._hull = MultiPoint(ground).convex_hull
        self.residuals = tuple(
            math.dist(_mapped(matrix, p.x, p.y) or (math.inf, math.inf), g)
            for p, g in zip(points, ground, strict=True)
        )
        """Metres by which each point misses, in the order given."""

    @property
    def worst_residual(self) -> float:
        return max(self.residuals)

    def position(self, x: float, y: float) -> Position | None:
        """Where a point of the picture lies; None above the horizon or outside the points by more
        than `OUTSIDE_METRES`."""
        ground = _mapped(self._matrix, x, y)
        if ground is None or self._hull.distance(Point(ground)) > OUTSIDE_METRES:
            return None
        north, east = self._scale
        return Position(
            self._middle.latitude + ground[1] / north, self._middle.longitude + ground[0] / east
        )

    def foot(self, box: Sequence[float]) -> Position | None:
        """Where a box stands: the middle of its lower edge (W28). None where the picture's edge
        cuts it off below or at a side."""
        x1, _, x2, y2 = box
        if y2 > 1 - EDGE or x1 < EDGE or x2 > 1 - EDGE:
            return None
        return self.position((x1 + x2) / 2, y2)


@lru_cache(maxsize=256)
def fit(points: tuple[GroundPoint, ...]) -> GroundPlane:
    """The ground plane through `points`.

    Raises BadInput (field points, or points[n] for the one that is to blame) for too few or too
    many, COLLINEAR, MIRRORED (two were mixed up), TOO_FAR_APART, and BadFit with the residual in
    metres and the worst point.
    """
    if not LEAST_POINTS <= len(points) <= MOST_POINTS:
        raise BadInput(
            f"{LEAST_POINTS} to {MOST_POINTS} points are needed", field=FIELD,
            hint="name corners that can be seen in the picture and on the map",
        )  # fmt: skip
    middle = _middle(points)
    ground = [_metres(point, middle) for point in points]
    picture = [(point.x, point.y) for point in points]
    _refuse_far(ground)
    _refuse_lines(picture, ground)
    plane = _plane(points, middle)
    if plane is None:
        raise BadInput(
            "the points are mixed up: no view from above the ground shows them like this",
            field=FIELD, code="MIRRORED", hint="check which of them was given whose coordinates",
        )  # fmt: skip
    if plane.worst_residual > MAX_RESIDUAL_METRES:
        raise BadFit(plane.residuals, _worst(points, middle, plane))
    return plane


def _middle(points: Sequence[GroundPoint]) -> Position:
    count = len(points)
    return Position(
        sum(point.latitude for point in points) / count,
        sum(point.longitude for point in points) / count,
    )


def _metres(point: GroundPoint, middle: Position) -> tuple[float, float]:
    """Metres east and north of `middle`."""
    north, east = metres_per_degree(middle.latitude)
    return (point.longitude - middle.longitude) * east, (point.latitude - middle.latitude) * north


def _refuse_far(ground: Sequence[tuple[float, float]]) -> None:
    distances = [math.hypot(*point) for point in ground]
    worst = max(range(len(ground)), key=distances.__getitem__)
    if distances[worst] > MAX_SPREAD_METRES:
        raise BadInput(
            f"point {worst + 1} lies {distances[worst]:,.0f} m from the middle of all",
            field=f"{FIELD}[{worst}]", code="TOO_FAR_APART",
            hint="check its latitude and longitude",
        )  # fmt: skip


def _refuse_lines(
    picture: Sequence[tuple[float, float]], ground: Sequence[tuple[float, float]]
) -> None:
    """Four of the points must be corners of a real quadrangle, in the picture and on the ground:
    no three of them on a line, nearly or quite."""
    for four in combinations(range(len(picture)), 4):
        triangles = list(combinations(four, 3))
        if all(
            _height([picture[i] for i in three]) >= LEAST_HEIGHT_PICTURE
            and _height([ground[i] for i in three]) >= LEAST_HEIGHT_METRES
            for three in triangles
        ):
            return
    raise BadInput(
        "the points lie on a line, or too near to each other", field=FIELD, code="COLLINEAR",
        hint="name four corners of a place, no three of them along one kerb",
    )  # fmt: skip


def _height(triangle: Sequence[tuple[float, float]]) -> float:
    """The shortest height of a triangle: 0 where its corners lie on a line."""
    (ax, ay), (bx, by), (cx, cy) = triangle
    longest = max(math.dist(p, q) for p, q in combinations(triangle, 2))
    doubled = abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay))
    return doubled / longest if longest > 0 else 0.0


def _plane(points: Sequence[GroundPoint], middle: Position) -> GroundPlane | None:
    """None where it would show the ground from below, or some points behind the camera."""
    ground = [_metres(point, middle) for point in points]
    matrix = _homography([(point.x, point.y) for point in points], ground)
    depths = [float(matrix[2] @ (point.x, point.y, 1.0)) for point in points]
    if depths[0] < 0:
        matrix, depths = -matrix, [-depth for depth in depths]
    # The picture's y goes down, north goes up: a view from above turns the plane over.
    if min(depths) <= 0 or float(np.linalg.det(matrix)) >= 0:
        return None
    return GroundPlane(points, matrix, middle)


def _homography(
    picture: Sequence[tuple[float, float]], ground: Sequence[tuple[float, float]]
) -> np.ndarray:
    """Direct linear transformation on normalised coordinates (Hartley and Zisserman, 4.4.4)."""
    to_picture, to_ground = _normaliser(picture), _normaliser(ground)
    rows: list[list[float]] = []
    for source, target in zip(picture, ground, strict=True):
        x, y, _ = to_picture @ (*source, 1.0)
        u, v, _ = to_ground @ (*target, 1.0)
        rows.append([-x, -y, -1, 0, 0, 0, u * x, u * y, u])
        rows.append([0, 0, 0, -x, -y, -1, v * x, v * y, v])
    _, _, directions = np.linalg.svd(np.array(rows, dtype=float))
    matrix = np.linalg.inv(to_ground) @ directions[-1].reshape(3, 3) @ to_picture
    return matrix / np.linalg.norm(matrix)


def _normaliser(points: Sequence[tuple[float, float]]) -> np.ndarray:
    """Moves the points around 0 and makes their mean distance from it the root of 2."""
    array = np.array(points, dtype=float)
    centre = array.mean(axis=0)
    scale = math.sqrt(2) / float(np.linalg.norm(array - centre, axis=1).mean())
    return np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])


def _mapped(matrix: np.ndarray, x: float, y: float) -> tuple[float, float] | None:
    """Metres east and north; None at or above the horizon."""
    east, north, depth = (float(value) for value in matrix @ (x, y, 1.0))
    if depth <= 1e-12:
        return None
    return east / depth, north / depth


def _worst(points: Sequence[GroundPoint], middle: Position, plane: GroundPlane) -> int:
    """Which point is to blame: the one without which the others fit best. With five points each
    four of them fit, so the one that misses most is named."""
    if len(points) <= LEAST_POINTS + 1:
        return max(range(len(points)), key=plane.residuals.__getitem__)

    def without(index: int) -> float:
        rest = _plane([*points[:index], *points[index + 1 :]], middle)
        return math.inf if rest is None else rest.worst_residual

    return min(range(len(points)), key=without)
