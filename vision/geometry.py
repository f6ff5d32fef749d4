"""Zones and boxes on the ground of the picture, all in 0..1, so that they hold at any resolution.

A vehicle stands where its wheels stand: a box is judged by the middle of its lower edge
(domain.md A1), a marked bay by whether it holds the whole box (L32).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import cast

import shapely
from shapely.geometry import Polygon as ShapelyPolygon
from shapely.geometry import box as shapely_box
from shapely.validation import explain_validity

from vision.errors import BadZone
from vision.types import Box, Point, Polygon

SMALLEST_AREA = 1e-5
"""Share of the picture: about 5 x 4 pixels of a 1080p picture; less is a slip of the mouse."""


def validate_polygon(points: object, *, field: str = "polygon") -> Polygon:
    """The polygon as a tuple of (x, y) floats; a repeated last point (GeoJSON's habit) is dropped.

    Raises BadZone with `field` and the mend: fewer than 3 points, outside 0..1, crossing itself,
    no area.
    """
    polygon = _points(points, field)
    if len(polygon) > 1 and polygon[-1] == polygon[-len(polygon)]:
        polygon = polygon[:-1]
    if len(set(polygon)) < 3:
        raise BadZone(
            f"{field} has {len(set(polygon))} different points",
            hint="a zone needs at least 3",
            field=field,
        )
    shape = ShapelyPolygon(polygon)
    if shape.convex_hull.area < SMALLEST_AREA:
        raise BadZone(
            f"{field} has no area", hint="its points lie on a line: draw it wider", field=field
        )
    if not shape.is_valid:
        raise BadZone(
            f"{field} crosses itself: {explain_validity(shape)}",
            hint="draw the corners in order around the zone",
            field=field,
        )
    return polygon


def _points(points: object, field: str) -> Polygon:
    if not isinstance(points, Sequence) or isinstance(points, str | bytes):
        raise BadZone(f"{field} is not a list of points", hint="write [[x,y],...]", field=field)
    polygon: list[Point] = []
    for index, point in enumerate(cast("Sequence[object]", points)):
        where = f"{field}[{index}]"
        if not isinstance(point, Sequence) or isinstance(point, str | bytes):
            raise BadZone(f"{where} is not a point", hint="write [x,y]", field=where)
        numbers = cast("Sequence[object]", point)
        if len(numbers) != 2:
            raise BadZone(f"{where} has {len(numbers)} numbers", hint="write [x,y]", field=where)
        x, y = (number(value, where) for value in numbers)
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise BadZone(
                f"{where} = [{x:g}, {y:g}] lies outside the picture",
                hint="coordinates run from 0 to 1: divide pixels by the picture's width and height",
                field=where,
            )
        polygon.append((x, y))
    return tuple(polygon)


def number(value: object, field: str) -> float:
    """The value as a float. Raises BadZone naming `field`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadZone(f"{field} must be a number, not {value!r}", field=field)
    return float(value)


def foot_point(box: Box) -> Point:
    """Where the object stands on the ground: the middle of the box's lower edge."""
    return ((box[0] + box[2]) / 2, box[3])


@lru_cache(maxsize=1024)
def _shape(polygon: Polygon) -> ShapelyPolygon:
    shape = ShapelyPolygon(polygon)
    shapely.prepare(shape)
    return shape


def contains(polygon: Polygon, point: Point) -> bool:
    """Whether the point lies in the polygon; its edge belongs to it."""
    return bool(shapely.intersects_xy(_shape(polygon), point[0], point[1]))


def covers(polygon: Polygon, box: Box) -> bool:
    """Whether the whole box lies in the polygon, edges included (L32: wholly inside a bay)."""
    return bool(_shape(polygon).covers(shapely_box(*box)))


def box_iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0..1."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union


def bounds(polygon: Polygon) -> Box:
    """The smallest box around a polygon."""
    xs, ys = [p[0] for p in polygon], [p[1] for p in polygon]
    return min(xs), min(ys), max(xs), max(ys)


def share_in_polygon(box: Box, polygon: Polygon) -> float:
    """Share of the box that lies in the polygon, 0..1."""
    area = (box[2] - box[0]) * (box[3] - box[1])
    return _shape(polygon).intersection(shapely_box(*box)).area / area if area > 0 else 0.0


def share_of_polygon(polygon: Polygon, box: Box) -> float:
    """Share of the polygon that lies in the box, 0..1."""
    shape = _shape(polygon)
    return shape.intersection(shapely_box(*box)).area / shape.area if shape.area > 0 else 0.0
