"""zones.json: the zones of one camera as text, read with clear refusals and written back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, time
from typing import Any, cast

from vision.errors import BadZone
from vision.geometry import number, validate_polygon
from vision.shapes import Approval, CrowdBand, Polygon, ZoneShape

ZONE_KINDS = ("parking", "hanging", "poster", "crowd")

_REQUIRED = ("name", "kind", "polygon", "dwell_seconds")
_NUMBERS = ("area_m2", "density_threshold", "slow_look_seconds")
_OPTIONAL = (
    "threshold",
    "bays",
    "area",
    "aspect_ratio",
    "version",
    "approved",
    "baseline",
    "bands",
    *_NUMBERS,
)
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
    "designation_document",
    "sign_photo",
    "schedule",
    "bay_hours",
    "no_grace",
)
"""What an installation's own export says besides: law and texts, of no concern to the eyes."""


def load_zones(source: str | bytes | Mapping[str, Any]) -> tuple[ZoneShape, ...]:
    """Zones of a zones.json: its text, or the mapping read from it.

    {"zones": [{"name", "kind": "parking|hanging|poster|crowd", "polygon": [[x,y],...],
    "dwell_seconds", "threshold"?, "bays"?, "area"?, "aspect_ratio"?, "version"?,
    "approved"?: [{"label", "polygon", "document"?, "approver"?, "valid_from"?: "2026-11-22",
    "valid_until"?}], "baseline"?, "bands"?: [{"start": "07:00", "end": "09:00", "threshold"}],
    "area_m2"?, "density_threshold"?, "slow_look_seconds"?}]}
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
    zone = ZoneShape(
        name=name,
        kind=cast("str", kind),
        polygon=validate_polygon(fields["polygon"], field=f"{where}.polygon"),
        dwell_seconds=_at_least(fields["dwell_seconds"], 0, f"{where}.dwell_seconds"),
        threshold=_optional(fields, "threshold", where),
        bays=_bays(fields.get("bays"), f"{where}.bays"),
        area=area,
        aspect_ratio=_optional(fields, "aspect_ratio", where, low=0.1),
        version=_version(fields.get("version", 1), f"{where}.version"),
        approved=_approvals(fields.get("approved"), f"{where}.approved"),
        baseline=_text(fields, "baseline", where),
        bands=_bands(fields.get("bands"), f"{where}.bands"),
        area_m2=_optional(fields, "area_m2", where, low=1),
        density_threshold=_optional(fields, "density_threshold", where, low=0.01),
        slow_look_seconds=_optional(fields, "slow_look_seconds", where, low=1),
    )
    _fits_its_kind(zone, where)
    return zone


def _fits_its_kind(zone: ZoneShape, where: str) -> None:
    """A crowd zone says how many are too many; the threshold of what hangs is a confidence."""
    if zone.kind == "crowd":
        stated = zone.bands or zone.threshold or (zone.density_threshold and zone.area_m2)
        if not stated:
            raise BadZone(
                f"{where}.threshold is missing: a crowd zone must say how many people are too many",
                hint="give threshold, bands, or density_threshold with area_m2",
                field=f"{where}.threshold",
            )
    elif zone.kind != "parking" and zone.threshold is not None and zone.threshold > 1:
        raise BadZone(
            f"{where}.threshold of a {zone.kind} zone is a confidence, not {zone.threshold:g}",
            hint="between 0 and 1; leave it out for the model's own",
            field=f"{where}.threshold",
        )


def _approvals(value: object, field: str) -> tuple[Approval, ...]:
    return tuple(
        Approval(
            label=_text(entry, "label", where, required=True),
            polygon=validate_polygon(entry.get("polygon"), field=f"{where}.polygon"),
            document=_text(entry, "document", where),
            approver=_text(entry, "approver", where),
            valid_from=_day(entry.get("valid_from"), f"{where}.valid_from"),
            valid_until=_day(entry.get("valid_until"), f"{where}.valid_until"),
        )
        for entry, where in _entries(value, field)
    )


def _bands(value: object, field: str) -> tuple[CrowdBand, ...]:
    return tuple(
        CrowdBand(
            start=_time_of_day(entry.get("start"), f"{where}.start"),
            end=_time_of_day(entry.get("end"), f"{where}.end"),
            threshold=_at_least(entry.get("threshold"), 1, f"{where}.threshold"),
        )
        for entry, where in _entries(value, field)
    )


def _entries(value: object, field: str) -> list[tuple[Mapping[str, Any], str]]:
    """The objects of a list, each with where it stands; none where the list is left out."""
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise BadZone(f"{field} is not a list", hint="write [{...}, ...]", field=field)
    entries: list[tuple[Mapping[str, Any], str]] = []
    for index, entry in enumerate(cast("Sequence[object]", value)):
        where = f"{field}[{index}]"
        if not isinstance(entry, Mapping):
            raise BadZone(f"{where} is not an object", hint="write {...}", field=where)
        entries.append((cast("Mapping[str, Any]", entry), where))
    return entries


def _text(entry: Mapping[str, Any], key: str, where: str, *, required: bool = False) -> str:
    value = entry.get(key) or ""
    if not isinstance(value, str) or (required and not value.strip()):
        raise BadZone(f"{where}.{key} must be a text", field=f"{where}.{key}")
    return value.strip()


def _day(value: object, field: str) -> date | None:
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise BadZone(f"{field} must be a day", hint="2026-11-22", field=field) from None


def _time_of_day(value: object, field: str) -> str:
    if value == "24:00":
        return "24:00"
    try:
        return time.fromisoformat(value if isinstance(value, str) else "").strftime("%H:%M")
    except ValueError:
        raise BadZone(f"{field} must be a time of day", hint="07:00", field=field) from None


def _bays(value: object, field: str) -> tuple[Polygon, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise BadZone(f"{field} is not a list of polygons", field=field)
    bays = cast("Sequence[object]", value)
    return tuple(validate_polygon(bay, field=f"{field}[{i}]") for i, bay in enumerate(bays))


def _at_least(value: object, low: float, field: str) -> float:
    amount = number(value, field)
    if amount < low:
        raise BadZone(f"{field} must be at least {low:g}, not {amount:g}", field=field)
    return amount


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
    for key in ("threshold", "area", "aspect_ratio", *_NUMBERS):
        if getattr(zone, key) is not None:
            entry[key] = getattr(zone, key)
    if zone.version != 1:
        entry["version"] = zone.version
    if zone.baseline:
        entry["baseline"] = zone.baseline
    lists: dict[str, list[Any]] = {
        "bays": [[list(point) for point in bay] for bay in zone.bays],
        "approved": [_dump_approval(approval) for approval in zone.approved],
        "bands": [asdict(band) for band in zone.bands],
    }
    entry.update({key: value for key, value in lists.items() if value})
    return entry


def _dump_approval(approval: Approval) -> dict[str, Any]:
    entry: dict[str, Any] = {"label": approval.label}
    entry["polygon"] = [list(point) for point in approval.polygon]
    for key in ("document", "approver"):
        if getattr(approval, key):
            entry[key] = getattr(approval, key)
    for key, day in (("valid_from", approval.valid_from), ("valid_until", approval.valid_until)):
        if day is not None:
            entry[key] = day.isoformat()
    return entry
