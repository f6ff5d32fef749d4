"""A new zone begins as carefully as its eyes have been measured."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from models.registry import add_camera, export_zones, import_zones, save_zone, zones_for
from models.zone import FIRST_PHASE, ZoneKind, ZonePhase
from tests.rows import NOON, SQUARE

NEEDS = {"crowd": {"threshold": 20}}


@pytest.mark.parametrize("kind", ZoneKind)
def test_a_new_zone_begins_in_the_phase_of_its_kind(session: Session, kind: ZoneKind) -> None:
    camera = add_camera(session, "gate", "rtsp://127.0.0.1/1", at=NOON, actor="olive")
    values = {"name": "z", "kind": kind.value, "polygon": SQUARE, **NEEDS.get(kind, {})}
    first = save_zone(session, camera, values, at=NOON, actor="olive")
    wanted = ZonePhase.WARNING if kind is ZoneKind.PARKING else ZonePhase.SHADOW
    assert first.phase == wanted == FIRST_PHASE[kind]
    assert "phase" not in export_zones(session, camera)["zones"][0]
    chosen = {**values, "phase": "warning"}
    assert save_zone(session, camera, chosen, at=NOON, actor="olive").phase == "warning"
    moved = {**values, "dwell_seconds": 77}
    assert save_zone(session, camera, moved, at=NOON, actor="olive").phase == "warning", "it stays"


def test_what_a_person_chose_comes_through_export_and_import(session: Session) -> None:
    old = add_camera(session, "old", "rtsp://127.0.0.1/1", at=NOON, actor="olive")
    new = add_camera(session, "new", "rtsp://127.0.0.1/2", at=NOON, actor="olive")
    for kind in ("hanging", "poster"):
        values = {"name": kind, "kind": kind, "polygon": SQUARE, "phase": "warning"}
        save_zone(session, old, values, at=NOON, actor="olive")
    import_zones(session, new, export_zones(session, old), at=NOON, actor="olive")
    assert [version.phase for version in zones_for(session, new)] == ["warning", "warning"]
