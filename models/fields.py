"""Checking values from outside, one rule a field; every refusal names the field.

A rule takes the field's name and the value, and returns the value as it is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeAlias

from models.errors import BadInput

Rule: TypeAlias = Callable[[str, object], Any]


def check(rules: Mapping[str, Rule], values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` as they are stored. Raises BadInput for the first that is unknown or wrong."""
    checked: dict[str, Any] = {}
    for field, value in values.items():
        if field not in rules:
            raise BadInput(
                f"there is no field {field!r}"[:120],
                field=field,
                hint=f"known: {', '.join(rules)}",
            )
        checked[field] = rules[field](field, value)
    return checked


def line(field: str, value: object, longest: int, *, required: bool = False) -> str:
    """One line of text without control characters, at most `longest` characters."""
    if not isinstance(value, str):
        raise BadInput(f"{field} must be text", field=field)
    stripped = value.strip()
    if not stripped.isprintable():
        raise BadInput(f"{field} contains characters that cannot be printed", field=field)
    if len(stripped) > longest:
        raise BadInput(f"{field} is longer than {longest} characters", field=field)
    if required and not stripped:
        raise BadInput(f"{field} must not be empty", field=field)
    return stripped


def text(longest: int, *, required: bool = False) -> Rule:
    def rule(field: str, value: object) -> str:
        return line(field, value, longest, required=required)

    return rule


def optional(inner: Rule) -> Rule:
    """None and empty text both mean: not set."""

    def rule(field: str, value: object) -> Any:
        return None if value is None or value == "" else inner(field, value)

    return rule


def number(least: float, most: float) -> Rule:
    def rule(field: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadInput(f"{field} must be a number", field=field)
        if not least <= value <= most:  # also refuses NaN
            raise BadInput(f"{field} must lie between {least:g} and {most:g}", field=field)
        return float(value)

    return rule


def whole(least: int, most: int) -> Rule:
    inner = number(least, most)

    def rule(field: str, value: object) -> int:
        checked = inner(field, value)
        if checked != int(checked):
            raise BadInput(f"{field} must be a whole number", field=field)
        return int(checked)

    return rule


def yes_or_no(field: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadInput(f"{field} must be true or false", field=field)
    return value


def instant(field: str, value: object) -> datetime:
    """An aware datetime, or its ISO 8601 text with an offset."""
    try:
        parsed = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(parsed, datetime) and parsed.tzinfo is not None:
            return parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadInput(
        f"{field} must be a time with its offset", field=field, hint="2026-11-22T14:03:00+08:00"
    )


def one_of(choices: type[StrEnum]) -> Rule:
    known = [choice.value for choice in choices]

    def rule(field: str, value: object) -> str:
        if value not in known:
            raise BadInput(f"{field} must be one of {', '.join(known)}", field=field)
        return str(value)

    return rule


def clock_time(field: str, value: object) -> str:
    """A time of day, HH:MM from 00:00 to 24:00."""
    hours, colon, minutes = value.partition(":") if isinstance(value, str) else ("", "", "")
    digits = len(hours) == len(minutes) == 2 and (hours + minutes).isascii()
    if colon and digits and (hours + minutes).isdigit():
        of_day = int(hours) * 60 + int(minutes)
        if int(minutes) < 60 and of_day <= 24 * 60:
            return f"{hours}:{minutes}"
    raise BadInput(f"{field} must be a time of day", field=field, hint="07:00")


def polygon(field: str, value: object) -> list[list[float]]:
    """At least three [x, y] in 0..1. Whether it crosses itself is for those who can see it
    (vision.geometry.validate_polygon)."""
    wrong = BadInput(
        f"{field} must be at least three points [x, y] in 0..1",
        field=field,
        hint="0,0 is the picture's top left corner, 1,1 its bottom right",
    )
    if not isinstance(value, list | tuple) or not 3 <= len(value) <= 500:
        raise wrong
    points: list[list[float]] = []
    for point in value:
        if not isinstance(point, list | tuple) or len(point) != 2:
            raise wrong
        for coordinate in point:
            numeric = isinstance(coordinate, int | float) and not isinstance(coordinate, bool)
            if not numeric or not 0 <= coordinate <= 1:
                raise wrong
        points.append([float(point[0]), float(point[1])])
    return points


def polygons(field: str, value: object) -> list[list[list[float]]]:
    if not isinstance(value, list | tuple) or len(value) > 200:
        raise BadInput(f"{field} must be a list of polygons", field=field)
    return [polygon(f"{field}[{index}]", item) for index, item in enumerate(value)]


def shown(value: Any) -> Any:
    """A stored value as JSON can carry it."""
    return value.isoformat() if isinstance(value, datetime) else value
