"""zones.json: read as it is written, and every wrong entry named with its field."""

from __future__ import annotations

import json
from datetime import date

import pytest

from vision.errors import BadZone
from vision.shapes import Approval, CrowdBand, ZoneShape
from vision.zones_json import dump_zones, load_zones

SQUARE = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
L_SHAPE = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.4), (0.5, 0.4), (0.5, 0.9), (0.1, 0.9))


def zone(**changes: object) -> dict[str, object]:
    """One zone as it stands in a zones.json."""
    entry: dict[str, object] = {
        "name": "pavement",
        "kind": "parking",
        "polygon": [list(point) for point in SQUARE],
        "dwell_seconds": 60,
    }
    return entry | changes


def approval(**changes: object) -> dict[str, object]:
    entry: dict[str, object] = {"label": "bank", "polygon": [list(p) for p in SQUARE]}
    return entry | changes


def band(**changes: object) -> dict[str, object]:
    return {"start": "07:00", "end": "09:00", "threshold": 30} | changes


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
        ZoneShape(
            "c",
            "crowd",
            SQUARE,
            60.0,
            bands=(CrowdBand("22:00", "06:00", 20.0),),
            area_m2=400.0,
            density_threshold=0.5,
        ),
        ZoneShape(
            "d",
            "poster",
            SQUARE,
            300.0,
            0.4,
            slow_look_seconds=20.0,
            baseline="abcd",
            approved=(
                Approval("bank", L_SHAPE, "2026-17", "district", date(2026, 1, 1)),
                Approval("lanterns", SQUARE, valid_until=date(2026, 3, 3)),
            ),
        ),
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
        ({"zones": [zone(kind="crowd")]}, "how many people", "zones[0].threshold"),
        ({"zones": [zone(kind="poster", threshold=3)]}, "a confidence", "zones[0].threshold"),
        ({"zones": [zone(approved={})]}, "not a list", "zones[0].approved"),
        ({"zones": [zone(approved=[7])]}, "not an object", "zones[0].approved[0]"),
        ({"zones": [zone(approved=[approval(label="")])]}, "text", "zones[0].approved[0].label"),
        (
            {"zones": [zone(approved=[approval(valid_until="Friday")])]},
            "must be a day",
            "zones[0].approved[0].valid_until",
        ),
        (
            {"zones": [zone(approved=[approval(polygon=[[0, 0]])])]},
            "1 different",
            "zones[0].approved[0].polygon",
        ),
        ({"zones": [zone(bands=[band(start="7")])]}, "time of day", "zones[0].bands[0].start"),
        ({"zones": [zone(bands=[band(threshold=0)])]}, "at least 1", "zones[0].bands[0].threshold"),
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
