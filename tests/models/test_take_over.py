"""An installation of before: what it ran goes on under the new rules (revision 0007)."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError

from models.migrations.upgrade import alembic_config

CAMERA = (
    "INSERT INTO camera (id, name, stream_url, place, direction, time_zone, looks_per_second,"
    " enabled, sign_installed, purpose, clock_offset_seconds, health, health_reason, reconnects,"
    " fencing, created_at) VALUES ({0}, 'c{0}', 'x', '', '', 'Asia/Shanghai', 1, 1, 1, '', 0,"
    " 'up', '', 0, 0, '2026-01-01 00:00:00')"
)
ZONE = "INSERT INTO zone (id, camera_id, area_id, name, kind) VALUES ({0}, {0}, 1, 'z', '{1}')"
VERSION = (
    "INSERT INTO zone_version (id, zone_id, version, polygon, bays, dwell_seconds, grace_seconds,"
    " confirm_mode, phase, surface, authority, sms_from, sms_until, legal_basis, created_at)"
    " VALUES ({0}, {0}, 1, '[]', '[]', 60, 420, 'officer', 'warning', 'sidewalk', 'chengguan',"
    " '07:00', '22:00', '{1}', '2026-01-01 00:00:00')"
)


def test_l50_l60_what_ran_before_goes_on(tmp_path: Path) -> None:
    """A hanging zone's basis was its designation; its camera stays approved for it; another camera
    is approved for parking alone; and a version is append-only again."""
    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0006")
        connection.execute(
            text("INSERT INTO enforcement_area (id, name, place) VALUES (1, 'a', '')")
        )
        for number, kind, basis in ((1, "hanging", "杭政函12号"), (2, "parking", "第五十六条")):
            connection.execute(text(CAMERA.format(number)))
            connection.execute(text(ZONE.format(number, kind)))
            connection.execute(text(VERSION.format(number, basis)))
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "head")
        query = "SELECT designation_document, legal_basis FROM zone_version ORDER BY id"
        assert connection.execute(text(query)).all() == [
            ("杭政函12号", "杭政函12号"), ("", "第五十六条")
        ]  # fmt: skip
        query = "SELECT approved_detectors FROM camera ORDER BY id"
        first, second = connection.execute(text(query)).scalars().all()
        assert "hanging" in first
        assert second == '["parking"]'
    with engine.connect() as connection, pytest.raises(IntegrityError, match="append-only"):
        connection.execute(text("UPDATE zone_version SET phase = 'live'"))
    engine.dispose()
