"""`qifen zones`: what one installation exports another one imports, by the same way of saving."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from models.registry import export_zones, get_camera
from models.zones import save_zone
from pipeline.services import build_services
from pipeline.settings import load_settings
from tests import rows
from tests.rows import NOON

SQUARE = [[0.1, 0.2], [0.6, 0.2], [0.6, 0.9], [0.1, 0.9]]


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a camera c1 that has a zone, and a camera c2 that has none."""
    monkeypatch.setenv("QIFEN_DATA_DIR", str(tmp_path / "data"))
    services = build_services(load_settings())
    services.store.migrate()
    with services.store.begin() as session:
        first = rows.camera(session, name="c1")
        rows.camera(session, name="c2")
        values = {
            "name": "z", "polygon": SQUARE, "area": "east", "place": "延安路",
            "phase": "warning", "legal_basis": "《道路交通安全法》第五十六条", "sms_until": "24:00",
        }  # fmt: skip
        save_zone(session, first, values, at=NOON, actor="test")
    services.close()
    return tmp_path


def _zones(camera: str) -> dict[str, object]:
    services = build_services(load_settings())
    with services.store.read() as session:
        found = export_zones(session, get_camera(session, camera))
    services.close()
    return found


def test_what_is_exported_comes_in_elsewhere_as_it_was(installation: Path) -> None:
    out = CliRunner().invoke(app, ["zones", "export", "c1"])
    assert out.exit_code == 0, out.output
    file = installation / "zones.json"
    file.write_text(out.stdout, encoding="utf-8")
    come = CliRunner().invoke(app, ["zones", "import", "c2", str(file)])
    assert come.exit_code == 0, come.output
    assert come.stdout == "z: version 1\n"
    assert _zones("c2") == _zones("c1")


def test_a_live_zone_is_not_live_elsewhere(installation: Path) -> None:
    """B11: another camera's street has no trial behind it; one line says what is missing."""
    file = installation / "zones.json"
    zone = {"name": "z", "kind": "parking", "polygon": SQUARE, "dwell_seconds": 60, "phase": "live"}
    file.write_text(json.dumps({"zones": [zone]}), encoding="utf-8")
    come = CliRunner().invoke(app, ["zones", "import", "c2", str(file)])
    assert come.exit_code == 2
    assert "0 of 50 events answered" in come.output
    assert _zones("c2") == {"zones": []}


@pytest.mark.parametrize(
    ("zones", "said"),
    [
        (
            [{"name": "x", "kind": "parking", "polygon": [[0, 0], [1, 1], [1, 0], [0, 1]]}],
            "crosses itself",
        ),
        ([], "no zones are given"),
    ],
)
def test_bad_zones_are_refused_in_one_line_and_nothing_comes_in(
    installation: Path, zones: list[object], said: str
) -> None:
    file = installation / "zones.json"
    good = [{"name": "good", "kind": "parking", "polygon": SQUARE}] if zones else []
    file.write_text(json.dumps({"zones": [*good, *zones]}), encoding="utf-8")
    come = CliRunner().invoke(app, ["zones", "import", "c2", str(file)])
    assert come.exit_code == 2
    assert said in come.output
    assert "hint:" in come.output
    assert "Traceback" not in come.output
    assert _zones("c2") == {"zones": []}
