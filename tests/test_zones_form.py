"""One form of zones.json everywhere: what an installation exports, `qifen replay` reads."""

from __future__ import annotations

from typing import Any

from models.zones import ZONE_FIELDS
from vision.zones_json import load_zones

SQUARE = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]


def test_every_field_of_an_export_may_stand_in_a_zones_json() -> None:
    zone: dict[str, Any] = dict.fromkeys(ZONE_FIELDS, "whatever the city decided")
    zone |= {
        "name": "A",
        "kind": "parking",
        "polygon": SQUARE,
        "bays": [],
        "dwell_seconds": 5,
        "threshold": None,
        "aspect_ratio": 1.78,
        "area": "A",
        "approved": [],
        "baseline": "",
        "bands": [],
        "area_m2": None,
        "density_threshold": None,
        "slow_look_seconds": None,
    }
    (shape,) = load_zones({"zones": [zone]})
    assert shape.name == "A"
    assert shape.dwell_seconds == 5
