"""A camera's points on the ground over HTTP and in zones.json: checked, refused by name, logged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from api.cli import app
from models.audit import AuditEntry
from models.ground_plane import metres_per_degree
from models.registry import HealthReport, get_camera, report_health, take_over
from pipeline.services import Services, build_services
from pipeline.settings import load_settings
from tests import rows
from tests.api.conftest import SignIn, jpeg
from tests.models.two_cameras import CORNER, SOUTH, points
from tests.rows import NOON

API = "/api/v1"
URL = "rtsp://127.0.0.1:554/main"
GROUND = f"{API}/cameras/1/ground-reference"


@pytest.fixture
def olive(signed_in: SignIn) -> httpx.Client:
    """An operator with one camera, number 1."""
    client = signed_in("olive")
    answer = client.post(f"{API}/cameras", json={"name": "gate", "stream_url": URL})
    assert answer.status_code == 201
    return client


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["field"]


def test_w28_points_are_saved_read_and_taken_away(olive: httpx.Client, services: Services) -> None:
    assert olive.get(GROUND).json() == {"points": [], "in_force": False}
    saved = olive.put(GROUND, json={"points": points(SOUTH)})
    assert saved.status_code == 200, saved.text
    told = olive.get(GROUND).json()
    assert told == saved.json()
    assert (told["points"], told["in_force"], told["saved_by"]) == (points(SOUTH), True, "olive")
    assert max(told["residuals_metres"]) < 0.01
    assert olive.delete(GROUND).json() == {"points": [], "in_force": False}
    with services.store.read() as session:
        entries = session.query(AuditEntry).filter_by(action="camera.ground_reference").all()
        assert [(e.actor, e.subject, len(e.details["points"])) for e in entries] == [
            ("olive", "camera:1", 4),
            ("olive", "camera:1", 0),
        ]


def test_w28_a_bad_fit_is_refused_with_metres_and_point(olive: httpx.Client) -> None:
    north, _ = metres_per_degree(CORNER[0])
    six = points(SOUTH, (2, 2), (38, 2), (38, 38), (2, 38), (20, 20), (30, 15))
    six[4] = {**six[4], "latitude": six[4]["latitude"] + 6 / north}
    answer = olive.put(GROUND, json={"points": six})
    assert refused(answer) == (422, "BAD_FIT", "points[4]")
    assert " m, point 5 most (0.5 m are allowed)" in answer.json()["error"]["message"]
    line = points(SOUTH, (2, 2), (10, 2), (20, 2), (38, 2))
    assert refused(olive.put(GROUND, json={"points": line})) == (422, "COLLINEAR", "points")
    three = olive.put(GROUND, json={"points": points(SOUTH)[:3]})
    assert three.status_code == 422
    assert olive.get(GROUND).json()["points"] == []


def test_w28_only_operators_set_points(signed_in: SignIn, olive: httpx.Client) -> None:
    chen = signed_in("chen")
    assert chen.put(GROUND, json={"points": points(SOUTH)}).status_code == 403
    assert chen.delete(GROUND).status_code == 403
    assert chen.get(GROUND).status_code == 200


def test_w28_another_view_needs_other_points(olive: httpx.Client, services: Services) -> None:
    """W03: saving accepts the view; another light of it changes nothing, another view does."""
    key = services.evidence.overwrite("camera-1", jpeg(640, 360), "jpg")
    with services.store.begin() as session:
        fencing = take_over(session, get_camera(session, 1))
        report = HealthReport("up", last_picture=key, last_frame_at=NOON)
        report_health(session, 1, fencing, report, at=NOON)
    olive.put(GROUND, json={"points": points(SOUTH)})
    with services.store.read() as session:
        assert get_camera(session, 1).reference_by == "olive"
    for how, in_force in (("same_view", True), ("accept", True), ("learn", False)):
        assert olive.post(f"{API}/cameras/1/reference", json={"how": how}).status_code == 200
        if how == "same_view":
            assert olive.get(GROUND).json()["in_force"] is in_force
    assert olive.get(GROUND).json()["in_force"] is False


def _with_ground(document: dict[str, Any], value: object) -> dict[str, Any]:
    return {**document, "ground_reference": value}


def test_w28_zones_json_carries_the_points(olive: httpx.Client) -> None:
    """Out and in again; a wrong point is named and nothing of the file is taken."""
    zone = {"name": "z", "polygon": rows.SQUARE, "place": "延安路"}
    olive.put(f"{API}/cameras/1/zones.json", json=_with_ground({"zones": [zone]}, points(SOUTH)))
    out = olive.get(f"{API}/cameras/1/zones.json").json()
    assert out["ground_reference"] == points(SOUTH)
    wrong = [dict(point) for point in points(SOUTH)]
    wrong[2]["latitude"] = 95.0
    other = {"zones": [{**zone, "name": "y"}]}
    answer = olive.put(f"{API}/cameras/1/zones.json", json=_with_ground(other, wrong))
    assert refused(answer)[::2] == (422, "ground_reference[2].latitude")
    assert olive.get(f"{API}/cameras/1/zones.json").json() == out
    cleared = olive.put(f"{API}/cameras/1/zones.json", json=_with_ground({"zones": []}, []))
    assert cleared.status_code == 200
    assert "ground_reference" not in olive.get(f"{API}/cameras/1/zones.json").json()


def test_w28_the_command_line_brings_points_in_and_says_how_they_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QIFEN_DATA_DIR", str(tmp_path / "data"))
    services = build_services(load_settings())
    services.store.migrate()
    with services.store.begin() as session:
        rows.camera(session, name="c1")
    services.close()
    file = tmp_path / "zones.json"
    file.write_text(json.dumps(_with_ground({"zones": []}, points(SOUTH))), encoding="utf-8")
    come = CliRunner().invoke(app, ["zones", "import", "c1", str(file)])
    assert come.exit_code == 0, come.output
    assert come.stdout == "ground reference: 4 points, each within 0.00 m\n"
    out = CliRunner().invoke(app, ["zones", "export", "c1"])
    assert json.loads(out.stdout)["ground_reference"] == points(SOUTH)
