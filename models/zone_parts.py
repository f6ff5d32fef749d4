"""What a zone of things that hang, adverts or crowds says besides: approvals, hours, defaults."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, cast

from models import fields
from models.errors import BadInput
from models.zone import ZoneKind

LONGEST_BASELINE = 200_000
"""Characters: 480 x 480 grey pixels take some 40,000."""
DWELL_SECONDS: Mapping[str, float] = {
    ZoneKind.PARKING: 60.0,
    ZoneKind.HANGING: 300.0,
    ZoneKind.POSTER: 300.0,
    ZoneKind.CROWD: 60.0,
}
"""domain.md A3, B1 (`dwell_hang`), C2 (`hold`)."""


def approvals(field: str, value: object) -> list[dict[str, Any]]:
    """What may hang or stick in the zone (B1, L51): [{"label", "polygon", "document", "approver",
    "valid_from", "valid_until"}], the days as 2026-11-22 or None."""
    return _each(field, value, _approval)


def bands(field: str, value: object) -> list[dict[str, Any]]:
    """Hours with a crowd threshold of their own (C2): [{"start", "end", "threshold"}]."""
    return _each(field, value, _band)


def baseline(field: str, value: object) -> str:
    """Base64 of a small JPEG, as the eyes made it (vision.rules.backdrop)."""
    wrong = BadInput(f"{field} is no picture", field=field, hint="leave it out: Qifen makes it")
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_BASELINE:
        raise wrong
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise wrong from None
    if not data.startswith(b"\xff\xd8\xff"):
        raise wrong
    return value


def check_kind(kind: str, values: Mapping[str, Any]) -> None:
    """What only makes sense for one kind of zone. Raises BadInput naming the field."""
    threshold = values["threshold"]
    if kind == ZoneKind.CROWD:
        density = values["density_threshold"] and values["area_m2"]
        if not (threshold or values["bands"] or density):
            raise BadInput(
                "a crowd zone must say how many people are too many",
                field="threshold",
                hint="give threshold, bands, or density_threshold with area_m2",
            )
        if values["density_threshold"] and not values["area_m2"]:
            raise BadInput("a density needs the zone's area", field="area_m2", hint="give area_m2")
    elif kind != ZoneKind.PARKING and threshold is not None and threshold > 1:
        raise BadInput(
            f"threshold of a {kind} zone is a confidence between 0 and 1",
            field="threshold",
            hint="leave it out for the model's own",
        )
    if len(values["bay_hours"]) > len(values["bays"]):
        raise BadInput(
            f"there are {len(values['bays'])} bays, but hours for {len(values['bay_hours'])}",
            field="bay_hours", hint="one schedule a bay, in the order of the bays",
        )  # fmt: skip
    if values["designation_document"] and kind != ZoneKind.HANGING:
        raise BadInput("only streets for hanging are designated", field="designation_document")
    if values["approved"] and kind not in (ZoneKind.HANGING, ZoneKind.POSTER):
        raise BadInput(f"nothing is approved in a {kind} zone", field="approved")
    if values["bands"] and kind != ZoneKind.CROWD:
        raise BadInput("only crowd zones have bands", field="bands")


def _each(
    field: str, value: object, rule: Callable[[str, Mapping[str, Any]], dict[str, Any]]
) -> list[dict[str, Any]]:
    if not isinstance(value, list | tuple) or len(value) > 200:
        raise BadInput(f"{field} must be a list", field=field, hint="[{...}, ...]")
    checked: list[dict[str, Any]] = []
    for index, entry in enumerate(cast("Sequence[object]", value)):
        where = f"{field}[{index}]"
        if not isinstance(entry, Mapping):
            raise BadInput(f"{where} must be an object", field=where, hint="{...}")
        checked.append(rule(where, cast("Mapping[str, Any]", entry)))
    return checked


def _approval(where: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    rules: dict[str, fields.Rule] = {
        "label": fields.text(60, required=True),
        "polygon": fields.polygon,
        "document": fields.text(60),
        "approver": fields.text(60),
        "valid_from": fields.optional(_day),
        "valid_until": fields.optional(_day),
    }
    checked = _checked(where, rules, entry, required=("label", "polygon"))
    begin, end = checked.get("valid_from"), checked.get("valid_until")
    if begin and end and end < begin:
        raise BadInput(
            f"{where} ends before it begins", field=f"{where}.valid_until", hint="swap the days"
        )
    empty = {"document": "", "approver": "", "valid_from": None, "valid_until": None}
    return empty | checked


def _band(where: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    rules: dict[str, fields.Rule] = {
        "start": fields.clock_time,
        "end": fields.clock_time,
        "threshold": fields.number(1, 100_000),
    }
    checked = _checked(where, rules, entry, required=tuple(rules))
    if checked["start"] == checked["end"]:
        raise BadInput(
            f"{where} has no length", field=f"{where}.end", hint="00:00 to 24:00 is a whole day"
        )
    return checked


def _checked(
    where: str,
    rules: Mapping[str, fields.Rule],
    entry: Mapping[str, Any],
    *,
    required: Sequence[str],
) -> dict[str, Any]:
    for key in required:
        if key not in entry:
            raise BadInput(f"{where}.{key} is missing", field=f"{where}.{key}")
    try:
        return fields.check(rules, entry)
    except BadInput as error:
        raise BadInput(
            f"{where}: {error.message}", field=f"{where}.{error.field}", hint=error.hint
        ) from error


def _day(field: str, value: object) -> str:
    try:
        return date.fromisoformat(value if isinstance(value, str) else "").isoformat()
    except ValueError:
        raise BadInput(f"{field} must be a day", field=field, hint="2026-11-22") from None
