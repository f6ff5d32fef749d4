"""Cameras and zones: every wrong value is named, every version stays, a late worker is fenced."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import fields, registry
from models.audit import AuditEntry
from models.camera import Camera, CameraHealthChange
from models.errors import BadInput, Conflict, NotFound
from models.people import Role
from models.registry import HealthReport
from models.zone import Zone, ZonePhase
from tests import rows
from tests.rows import NOON, SQUARE

URL = "rtsp://admin:secret@127.0.0.1:554/main"


@pytest.fixture
def camera(session: Session) -> Camera:
    return rows.camera(session, name="gate", place="延安路")


BAD_CAMERA = [
    ("name", ""), ("name", "  "), ("name", "x" * 81), ("name", "a\x00b"), ("name", 5),
    ("stream_url", ""), ("stream_url", "not a url"), ("stream_url", "rtsp://"),
    ("stream_url", "file:///etc/passwd"), ("stream_url", "rtsp://h:99999/1"),
    ("stream_url", "rtsp://[::1/x"), ("stream_url", "rtsp://h/" + "x" * 500),
    ("evidence_url", "ftp://h/1"), ("time_zone", "Mars/Olympus"), ("time_zone", "../etc"),
    ("gb_id", "123"), ("gb_id", "x" * 20), ("latitude", 91), ("latitude", float("nan")),
    ("longitude", "120"), ("looks_per_second", 0), ("looks_per_second", 10**400),
    ("enabled", 1), ("published_at", "2026-11-22"), ("published_at", "yesterday"),
    ("published_at", "0001-01-01T00:00:00+23:00"), ("clock_offset_seconds", True),
    ("purpose", "x" * 201), ("fencing", 9), ("health", "up"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), BAD_CAMERA)
def test_a_wrong_value_is_named_and_changes_nothing(
    session: Session, camera: Camera, field: str, value: object
) -> None:
    """The last two are the worker's to write, nobody else's."""
    with pytest.raises(BadInput) as caught:
        registry.update_camera(session, camera, {field: value}, at=NOON, actor="olive")
    assert caught.value.field == field
    assert not session.dirty


def test_good_values_are_kept_in_one_spelling(session: Session, camera: Camera) -> None:
    changes = {
        "name": " north gate ", "gb_id": "34020000001320000001", "latitude": 30,
        "published_at": "2026-11-22T08:00:00+08:00", "weights": "", "evidence_url": None,
        "time_zone": "Asia/Shanghai", "enabled": False,
    }  # fmt: skip
    registry.update_camera(session, camera, changes, at=NOON, actor="olive")
    assert (camera.name, camera.latitude, camera.weights) == ("north gate", 30.0, None)
    assert camera.published_at is not None
    assert camera.published_at.isoformat() == "2026-11-22T00:00:00+00:00"
    assert not camera.enabled


def test_the_log_names_fields_but_no_address(session: Session, camera: Camera) -> None:
    """2.8: an address may carry a password."""
    # NOON is when the camera was published already: that field does not change.
    changes = {"stream_url": URL, "place": "体育场路", "published_at": NOON}
    registry.update_camera(session, camera, changes, at=NOON, actor="olive")
    registry.update_camera(session, camera, changes, at=NOON, actor="olive")
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "camera.change")).all()
    assert len(entries) == 1, "the second time nothing changed"
    assert entries[0].details["fields"] == ["stream_url", "place"]
    assert "secret" not in json.dumps(entries[0].details)


def test_names_are_unique(session: Session, camera: Camera) -> None:
    with pytest.raises(Conflict):
        registry.add_camera(session, "gate", URL, at=NOON, actor="olive")
    other = registry.add_camera(session, "other", URL, at=NOON, actor="olive", enabled=False)
    with pytest.raises(Conflict):
        registry.update_camera(session, other, {"name": "gate"}, at=NOON, actor="olive")
    registry.update_camera(session, other, {"name": "other"}, at=NOON, actor="olive")
    assert [c.name for c in registry.list_cameras(session)] == ["gate", "other"]
    assert [c.name for c in registry.list_cameras(session, enabled_only=True)] == ["gate"]
    assert registry.get_camera(session, "other") is registry.get_camera(session, other.id)
    for key in (99, "nowhere"):
        with pytest.raises(NotFound):
            registry.get_camera(session, key)


def test_a_late_worker_is_refused(session: Session, camera: Camera) -> None:
    """The fencing number: who took over last may write, everybody before may not."""
    old = registry.take_over(session, camera)
    new = registry.take_over(session, camera)
    assert (old, new) == (1, 2)
    with pytest.raises(Conflict) as caught:
        registry.report_health(session, camera.id, old, HealthReport("up"), at=NOON)
    assert caught.value.code == "FENCED"
    registry.report_health(session, camera.id, new, HealthReport("up"), at=NOON)
    with pytest.raises(NotFound):
        registry.check_fencing(session, 99, 1)
    with pytest.raises(NotFound):
        registry.take_over(session, Camera(id=99, name="gone"))


def test_each_change_of_health_is_one_row(session: Session, camera: Camera) -> None:
    fencing = registry.take_over(session, camera)
    reports = [
        HealthReport("up", last_frame_at=NOON, last_picture="latest/1.jpg", reconnects=1),
        HealthReport("up"),
        HealthReport("covered", reason="x" * 400, details={"mean": 3}),
    ]
    for report in reports:
        registry.report_health(session, camera.id, fencing, report, at=NOON)
    changes = session.scalars(select(CameraHealthChange).order_by(CameraHealthChange.id)).all()
    assert [change.health for change in changes] == ["up", "covered"]
    assert (camera.health, camera.last_picture, camera.reconnects) == ("covered", "latest/1.jpg", 1)
    assert camera.last_frame_at == NOON
    assert len(camera.health_reason) == 300


BAD_ZONE = [
    ("name", ""), ("name", None), ("kind", "garden"), ("area", "x" * 81), ("place", "x" * 11),
    ("polygon", []), ("polygon", [[0, 0], [1, 1]]), ("polygon", [[0, 0], [1, 1], [2, 1]]),
    ("polygon", [[0, 0], [1, 1], [1]]), ("polygon", "square"), ("polygon", [[0, 0], [1, 1], "x"]),
    ("polygon", [[0, 0], [1, 1], [True, 0]]), ("polygon", [[0, 0], [1, 1], [float("nan"), 0]]),
    ("polygon", [[0, 0]] * 501), ("bays", 5), ("bays", [[[0, 0]]]), ("aspect_ratio", 0),
    ("dwell_seconds", 0), ("threshold", -1), ("grace_seconds", 4), ("grace_seconds", 60.5),
    ("confirm_mode", "robot"), ("phase", "loud"), ("surface", "roof"), ("authority", "me"),
    ("sms_from", "7:00"), ("sms_from", "25:00"), ("sms_until", "24:01"), ("sms_until", "aa:bb"),
    ("sms_until", 7), ("sms_from", "٠٧:٠٠"), ("legal_basis", "x" * 201), ("version", 3),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), BAD_ZONE)
def test_a_wrong_zone_is_named(session: Session, camera: Camera, field: str, value: object) -> None:
    with pytest.raises(BadInput) as caught:
        registry.save_zone(
            session, camera, {"name": "z", "polygon": SQUARE, field: value}, at=NOON, actor="x"
        )
    assert caught.value.field.split("[")[0] == field
    assert session.scalars(select(Zone)).all() == []


def test_editing_adds_a_version_and_keeps_the_old(session: Session, camera: Camera) -> None:
    """An event keeps the version under which it was seen; nothing new adds none."""
    user = rows.user(session, "olive", Role.OPERATOR, password=None)
    first = registry.save_zone(
        session, camera, {"name": "z", "polygon": SQUARE, "dwell_seconds": 30}, at=NOON,
        actor="olive", user=user,
    )  # fmt: skip
    same = registry.save_zone(session, camera, {"name": "z"}, at=NOON, actor="olive")
    second = registry.save_zone(
        session, camera, {"name": "z", "phase": "live"}, at=NOON, actor="olive"
    )
    assert same is first
    assert (first.version, first.phase, first.created_by) == (1, "warning", user.id)
    assert (second.version, second.phase, second.dwell_seconds) == (2, ZonePhase.LIVE, 30)
    assert registry.zones_for(session, camera) == [second]
    assert first.zone.area.name == "gate/z"
    assert first.zone.area.place == "延安路"


def test_a_zone_keeps_its_kind_and_may_change_its_area(session: Session, camera: Camera) -> None:
    version = rows.zone(session, camera, name="z")
    with pytest.raises(BadInput) as caught:
        registry.save_zone(session, camera, {"name": "z", "kind": "crowd"}, at=NOON, actor="x")
    assert caught.value.field == "kind"
    registry.save_zone(
        session,
        camera,
        {"name": "z", "area": "延安路东侧", "place": "东侧"},
        at=NOON,
        actor="x",
    )
    assert (version.zone.area.name, version.zone.area.place) == ("延安路东侧", "东侧")
    other = rows.zone(session, camera, name="y", area="延安路东侧", place=None)
    assert other.zone.area is version.zone.area


def test_a_new_zone_needs_a_polygon(session: Session, camera: Camera) -> None:
    with pytest.raises(BadInput) as caught:
        registry.save_zone(session, camera, {"name": "z"}, at=NOON, actor="x")
    assert caught.value.field == "polygon"


def test_a_retired_zone_rests_until_it_is_drawn_again(session: Session, camera: Camera) -> None:
    version = rows.zone(session, camera, name="z")
    zone = registry.get_zone(session, version.zone_id)
    registry.retire_zone(session, zone, at=NOON, actor="x")
    registry.retire_zone(session, zone, at=NOON, actor="x")
    assert registry.zones_for(session, camera) == []
    again = registry.save_zone(session, camera, {"name": "z"}, at=NOON, actor="x")
    assert (again.version, zone.retired_at) == (2, None)
    with pytest.raises(NotFound):
        registry.get_zone(session, 99)


def test_zones_json_comes_back_as_it_went_out(session: Session, camera: Camera) -> None:
    document = {
        "zones": [
            {"name": "a", "kind": "parking", "polygon": SQUARE, "dwell_seconds": 60},
            {
                "name": "b", "kind": "crowd", "polygon": SQUARE, "dwell_seconds": 9, "threshold": 5,
                "bays": [SQUARE], "phase": "live", "sms_until": "21:00",
            },
        ]
    }  # fmt: skip
    saved = registry.import_zones(session, camera, json.dumps(document), at=NOON, actor="x")
    out = registry.export_zones(session, camera)
    assert [version.zone.name for version in saved] == ["a", "b"]
    for before, after in zip(document["zones"], out["zones"], strict=True):
        assert before.items() <= after.items()
    registry.import_zones(session, camera, out, at=NOON, actor="x")
    assert registry.export_zones(session, camera) == out
    assert [version.version for version in registry.zones_for(session, camera)] == [1, 1]


BAD_JSON: list[tuple[Any, str]] = [
    ("{", "zones"), (b"\xff", "zones"), ("[]", "zones"), ({}, "zones"), ({"zones": {}}, "zones"),
    ({"zones": ["x"]}, "zones"),
    ({"zones": [{"name": "a"}, {"name": "a"}]}, "zones[1].name"),
    ({"zones": [{"name": "a", "polygon": SQUARE}, {"name": "b", "polygon": 1}]},
     "zones[1].polygon"),
    ({"zones": [{"kind": "parking"}]}, "zones[0].name"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "field"), BAD_JSON)
def test_a_wrong_zones_json_is_named(
    session: Session, camera: Camera, document: Any, field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        registry.import_zones(session, camera, document, at=NOON, actor="x")
    assert caught.value.field == field


def test_rules_of_fields() -> None:
    """Whole numbers stay whole, times of day end at 24:00."""
    assert fields.whole(1, 9)("n", 3.0) == 3
    assert fields.clock_time("t", "24:00") == "24:00"
    assert fields.shown(NOON) == NOON.isoformat()
    with pytest.raises(BadInput):
        fields.line("n", "", 5, required=True)
