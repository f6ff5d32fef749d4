"""Zones and boxes on the ground of the picture, all in 0..1, so that they hold at any resolution.

A vehicle stands where its wheels stand: a box is judged by the middle of its lower edge
(domain.md A1), a marked bay by whether it holds the whole box (L32).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

import shapely
from shapely.geometry import Polygon as ShapelyPolygon
from shapely.geometry import box as shapely_box
from shapely.validation import explain_validity

from vision.errors import BadZone
from vision.types import Box, Point, Polygon, ZoneShape

ZONE_KINDS = ("parking", "hanging", "poster", "crowd")
SMALLEST_AREA = 1e-5
"""Share of the picture: about 5 x 4 pixels of a 1080p picture; less is a slip of the mouse."""

_REQUIRED = ("name", "kind", "polygon", "dwell_seconds")
_OPTIONAL = ("threshold", "bays", "area", "aspect_ratio", "version")
_NOT_OURS = (
    "place",
    "grace_seconds",
    "confirm_mode",
    "phase",
    "surface",
    "authority",
    "sms_from",
    "sms_until",
    "legal_basis",
    "reference_picture",
)
"""What an installation's own export says besides: law and texts, of no concern to the eyes."""


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
        x, y = (_number(value, where) for value in numbers)
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise BadZone(
                f"{where} = [{x:g}, {y:g}] lies outside the picture",
                hint="coordinates run from 0 to 1: divide pixels by the picture's width and height",
                field=where,
            )
        polygon.append((x, y))
    return tuple(polygon)


def _number(value: object, field: str) -> float:
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


def load_zones(source: str | bytes | Mapping[str, Any]) -> tuple[ZoneShape, ...]:
    """Zones of a zones.json: its text, or the mapping read from it.

    {"zones": [{"name", "kind": "parking|hanging|poster|crowd", "polygon": [[x,y],...],
    "dwell_seconds", "threshold"?, "bays"?, "area"?, "aspect_ratio"?, "version"?}]}
    Raises BadZone that names the zone and the field, e.g. zones[1].polygon[2].
    """
    document = _document(source)
    zones = tuple(_zone(entry, f"zones[{index}]") for index, entry in enumerate(document))
    seen: set[str] = set()
    for index, zone in enumerate(zones):
        if zone.name in seen:
            raise BadZone(
                f"two zones are called {zone.name}",
                hint="give each zone a name of its own",
                field=f"zones[{index}].name",
            )
        seen.add(zone.name)
    return zones


def _document(source: str | bytes | Mapping[str, Any]) -> Sequence[object]:
    document: object = source
    if isinstance(source, str | bytes):
        try:
            document = json.loads(source)
        except ValueError as error:
            raise BadZone(f"this is not JSON: {error}", field="zones") from error
    zones = cast("Mapping[str, Any]", document).get("zones") if _is_mapping(document) else None
    if not isinstance(zones, list | tuple) or not zones:
        raise BadZone(
            "no zones are given", hint='write {"zones": [{"name": ..., ...}]}', field="zones"
        )
    return cast("Sequence[object]", zones)


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping)


def _zone(entry: object, where: str) -> ZoneShape:
    if not isinstance(entry, Mapping):
        raise BadZone(f"{where} is not an object", hint="write {...}", field=where)
    fields = cast("Mapping[str, Any]", entry)
    name = fields.get("name")
    if not isinstance(name, str) or not name.strip():
        raise BadZone(f"{where} has no name", field=f"{where}.name")
    try:
        return _read_zone(fields, name.strip(), where)
    except BadZone as error:
        raise BadZone(
            f"zone {name.strip()}: {error.message}", hint=error.hint, field=error.field
        ) from error


def _read_zone(fields: Mapping[str, Any], name: str, where: str) -> ZoneShape:
    for key in _REQUIRED:
        if key not in fields:
            raise BadZone(f"{where}.{key} is missing", field=f"{where}.{key}")
    for key in fields:
        if key not in _REQUIRED + _OPTIONAL + _NOT_OURS:
            raise BadZone(
                f"{where}.{key} is not known",
                hint=f"known: {', '.join(_REQUIRED + _OPTIONAL)}",
                field=f"{where}.{key}",
            )
    kind = fields["kind"]
    if kind not in ZONE_KINDS:
        raise BadZone(
            f"{where}.kind {kind!r} is not known",
            hint=f"one of {', '.join(ZONE_KINDS)}",
            field=f"{where}.kind",
        )
    area = fields.get("area")
    if area is not None and not isinstance(area, str):
        raise BadZone(f"{where}.area must be a text", field=f"{where}.area")
    return ZoneShape(
        name=name,
        kind=cast("str", kind),
        polygon=validate_polygon(fields["polygon"], field=f"{where}.polygon"),
        dwell_seconds=_at_least(fields["dwell_seconds"], 0, f"{where}.dwell_seconds"),
        threshold=_optional(fields, "threshold", where),
        bays=_bays(fields.get("bays"), f"{where}.bays"),
        area=area,
        aspect_ratio=_optional(fields, "aspect_ratio", where, low=0.1),
        version=_version(fields.get("version", 1), f"{where}.version"),
    )


def _bays(value: object, field: str) -> tuple[Polygon, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise BadZone(f"{field} is not a list of polygons", field=field)
    bays = cast("Sequence[object]", value)
    return tuple(validate_polygon(bay, field=f"{field}[{i}]") for i, bay in enumerate(bays))


def _at_least(value: object, low: float, field: str) -> float:
    number = _number(value, field)
    if number < low:
        raise BadZone(f"{field} must be at least {low:g}, not {number:g}", field=field)
    return number


def _optional(fields: Mapping[str, Any], key: str, where: str, low: float = 0) -> float | None:
    value = fields.get(key)
    return None if value is None else _at_least(value, low, f"{where}.{key}")


def _version(value: object, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BadZone(f"{field} must be a whole number from 1, not {value!r}", field=field)
    return value


def dump_zones(zones: Sequence[ZoneShape]) -> dict[str, Any]:
    """The mapping that `load_zones` reads back to equal zones; optional fields only where set."""
    return {"zones": [_dump(zone) for zone in zones]}


def _dump(zone: ZoneShape) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": zone.name,
        "kind": zone.kind,
        "polygon": [list(point) for point in zone.polygon],
        "dwell_seconds": zone.dwell_seconds,
    }
    if zone.threshold is not None:
        entry["threshold"] = zone.threshold
    if zone.bays:
        entry["bays"] = [[list(point) for point in bay] for bay in zone.bays]
    if zone.area is not None:
        entry["area"] = zone.area
    if zone.aspect_ratio is not None:
        entry["aspect_ratio"] = zone.aspect_ratio
    if zone.version != 1:
        entry["version"] = zone.version
    return entry
