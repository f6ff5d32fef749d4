"""Scenes for the guards of `models.flows.ground_guards`, both ways."""

from __future__ import annotations

from datetime import timedelta

from models.flows import ground_guards as ground
from tests.models.guard_cases import Case, Scene, both, camera, later, nothing, put, zone

NIGHT = [{"days": ["work", "rest"], "start": "22:00", "end": "06:00"}]
UNTIL_NOON = [{"days": ["mon"], "start": "07:00", "end": "12:03"}]
"""The scenes' Monday begins at 12:00 sharp."""
BAY = [[0.3, 0.3], [0.7, 0.3], [0.7, 0.7], [0.3, 0.7]]


def long_in_use(scene: Scene) -> None:
    scene.city.camera.created_at -= timedelta(days=31)


def bay_from(begin: str) -> dict[str, object]:
    hours = [[{"days": ["work", "rest"], "start": begin, "end": "23:00"}]]
    return {"bays": [BAY], "bay_hours": hours}


GROUND_CASES: list[Case] = [
    (ground.zone_on_duty, "open", nothing, zone(schedule=NIGHT), "OUTSIDE_HOURS"),
    (ground.zone_on_duty, "open", zone(schedule=UNTIL_NOON), zone(schedule=NIGHT), "OUTSIDE_HOURS"),
    (ground.device_has_purpose, "open", nothing, camera(purpose=" "), "NO_PURPOSE"),
    (
        ground.device_filed,
        "open",
        both(long_in_use, camera(filing_no="杭公视备2026-7")),
        long_in_use,
        "DEVICE_NOT_FILED",
    ),
    (ground.device_filed, "open", nothing, long_in_use, "DEVICE_NOT_FILED"),
    (
        ground.detector_approved,
        "open",
        camera(approved_detectors=["parking"]),
        camera(approved_detectors=["crowd"]),
        "DETECTOR_NOT_APPROVED",
    ),
    (ground.sign_photographed, "open", nothing, zone(sign_photo=None), "NO_SIGN_PHOTO"),
    (ground.told_apart, "open", put(flags=["moved"]), put(flags=["ground_doubt"]), "GROUND_DOUBT"),
    (ground.grace_is_granted, "open", nothing, zone(no_grace="严管路段"), "STRICT_ROAD"),
    (
        ground.official_vehicle,
        "open",
        put(plate_kind="police"),
        put(plate_kind="small"),
        "NO_OFFICIAL_PLATE",
    ),
    (
        ground.parking_became_legal,
        "to_confirm",
        both(zone(schedule=UNTIL_NOON), later(180)),
        both(zone(schedule=UNTIL_NOON), later(179)),
        "STILL_FORBIDDEN",
    ),
    (
        ground.parking_became_legal,
        "to_confirm",
        both(zone(**bay_from("12:05")), later(300)),
        both(zone(**bay_from("12:05")), later(299)),
        "STILL_FORBIDDEN",
    ),
]
