"""L69: privacy masks over HTTP and in zones.json: who may, what is refused, what loses what it
showed."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from api.cli import app
from api.zoning import polygon_of
from models import registry
from models.audit import AuditEntry
from models.event import EventState
from models.registry import HealthReport, get_camera, get_zone, save_zone
from pipeline.evidence import decode_jpeg
from pipeline.services import Services, build_services
from pipeline.settings import load_settings
from tests import rows
from tests.api.conftest import SignIn, jpeg
from tests.rows import NOON
from vision.rules.baseline import baseline_of
from vision.types import Image
from vision.zones_json import load_zones

API = "/api/v1"
KERB = [[0.1, 0.6], [0.9, 0.6], [0.9, 0.9], [0.1, 0.9]]
HOUSE = [[0.0, 0.0], [1.0, 0.0], [1.0, 0.4], [0.0, 0.4]]
OVER_KERB = [[0.1, 0.5], [0.7, 0.5], [0.7, 1.0], [0.1, 1.0]]


@pytest.fixture
def olive(signed_in: SignIn, services: Services) -> httpx.Client:
    """An operator with one camera that works, its latest picture and one zone along the kerb."""
    client = signed_in("olive")
    body = {"name": "gate", "stream_url": "rtsp://127.0.0.1:554/main", "place": "延安路"}
    assert client.post(f"{API}/cameras", json=body).status_code == 201
    key = services.evidence.overwrite("camera-1", jpeg(640, 360), "jpg")
    with services.store.begin() as session:
        fencing = registry.take_over(session, get_camera(session, 1))
        report = HealthReport("up", last_picture=key, last_frame_at=NOON)
        registry.report_health(session, 1, fencing, report, at=NOON)
    zone = {"name": "kerb", "polygon": KERB, "place": "延安路人行道"}
    assert client.post(f"{API}/cameras/1/zones", json=zone).status_code == 201
    return client


def masked(client: httpx.Client, *masks: Any, camera: int = 1) -> httpx.Response:
    return client.patch(f"{API}/cameras/{camera}", json={"privacy_masks": list(masks)})


def refused(answer: httpx.Response) -> tuple[str, str, str]:
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    return error["code"], error["field"], error["message"]


def shown(answer: httpx.Response) -> Image:
    assert answer.status_code == 200, answer.text
    return np.asarray(cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR))


def test_l69_operators_and_administrators_draw_masks_and_it_is_on_record(
    olive: httpx.Client, signed_in: SignIn, services: Services
) -> None:
    assert olive.get(f"{API}/cameras/1").json()["privacy_masks"] == []
    assert masked(olive, HOUSE).json()["privacy_masks"] == [HOUSE]
    assert olive.get(f"{API}/cameras/1").json()["privacy_masks"] == [HOUSE]
    assert masked(signed_in("chen")).status_code == 403
    assert olive.get(f"{API}/cameras/1").json()["privacy_masks"] == [HOUSE]
    assert masked(signed_in("boss")).json()["privacy_masks"] == []
    with services.store.read() as session:
        query = select(AuditEntry).where(AuditEntry.action == "camera.change")
        told = [
            (entry.actor, entry.at, entry.subject, entry.details["values"])
            for entry in session.scalars(query.order_by(AuditEntry.id))
        ]
    assert told == [
        ("olive", NOON, "camera:1", {"privacy_masks": [HOUSE]}),
        ("boss", NOON, "camera:1", {"privacy_masks": []}),
    ]
    body = {"name": "new", "stream_url": "rtsp://127.0.0.1/2", "privacy_masks": [HOUSE]}
    assert olive.post(f"{API}/cameras", json=body).json()["privacy_masks"] == [HOUSE]


def test_l69_what_is_no_mask_is_refused_by_its_field(olive: httpx.Client) -> None:
    assert refused(masked(olive, HOUSE, [[0.1, 0.1], [0.2, 0.2]]))[1] == "privacy_masks[1]"
    crossing = [[0.1, 0.1], [0.5, 0.3], [0.5, 0.1], [0.1, 0.3]]
    code, field, message = refused(masked(olive, crossing))
    assert (code, field) == ("BAD_ZONE", "privacy_masks[0]")
    assert "crosses itself" in message
    outside = [[0.1, 0.1], [1.2, 0.1], [0.5, 0.3]]
    assert refused(masked(olive, outside))[1].startswith("privacy_masks[0]")
    null = olive.patch(f"{API}/cameras/1", json={"privacy_masks": None})
    assert refused(null)[1] == "privacy_masks"
    assert olive.get(f"{API}/cameras/1").json()["privacy_masks"] == []


def test_l69_a_zone_and_a_mask_do_not_take_the_same_place(olive: httpx.Client) -> None:
    """A zone that is hardly seen would look empty for ever: somebody has to decide which."""
    code, field, message = refused(masked(olive, HOUSE, OVER_KERB))
    assert (code, field) == ("MASK_OVER_ZONE", "privacy_masks")
    assert "zone kerb" in message
    assert "75%" in message
    assert olive.get(f"{API}/cameras/1").json()["privacy_masks"] == []
    assert olive.delete(f"{API}/zones/1").status_code == 200
    assert masked(olive, HOUSE, OVER_KERB).status_code == 200
    again = olive.post(f"{API}/cameras/1/zones", json={"name": "kerb", "polygon": KERB})
    assert refused(again)[:2] == ("ZONE_UNDER_MASK", "polygon")
    assert masked(olive, HOUSE).status_code == 200
    beside = olive.post(f"{API}/cameras/1/zones", json={"name": "kerb", "polygon": KERB})
    assert beside.status_code == 201
    half = [[0.1, 0.5], [0.45, 0.5], [0.45, 1.0], [0.1, 1.0]]
    assert masked(olive, HOUSE, half).status_code == 200, "less than half of it is hidden"


def test_l69_no_way_out_shows_what_lies_under_a_new_mask(
    olive: httpx.Client, services: Services
) -> None:
    """Also where the camera is down and its worker overwrites nothing: picture, glance, reference
    view and the file itself."""
    before = shown(olive.get(f"{API}/cameras/1/picture"))
    assert before[:130].std() > 20
    old = olive.get(f"{API}/cameras/1/reference").content
    masked(olive, HOUSE)
    for path in ("picture", "glance"):
        picture = shown(olive.get(f"{API}/cameras/1/{path}"))
        # What stands across the mask's edge is made coarse, and its cells reach over it.
        hidden = int(0.3 * picture.shape[0])
        assert picture[:hidden].max() < 12, path
        assert picture[int(0.5 * picture.shape[0]) :].std() > 10, path
    reference = shown(olive.get(f"{API}/cameras/1/reference"))
    assert olive.get(f"{API}/cameras/1/reference").content != old
    assert np.abs(np.diff(reference[:68].astype(int), axis=1)).max() < 8
    kept = decode_jpeg(services.evidence.get("latest/camera-1.jpg"))
    assert kept is not None
    assert kept[:130].max() < 30
    # The worker has not taken the mask up yet and writes once more what it saw before.
    services.evidence.overwrite("camera-1", jpeg(640, 360), "jpg")
    assert shown(olive.get(f"{API}/cameras/1/picture"))[:108].max() < 12


def test_l69_the_baseline_of_a_facade_loses_what_is_masked(
    olive: httpx.Client, services: Services
) -> None:
    """The approved look of a poster zone goes out with zones.json: no window is on it."""
    facade = [[0.5, 0.0], [1.0, 0.0], [1.0, 0.5], [0.5, 0.5]]
    street = decode_jpeg(jpeg(640, 360))
    assert street is not None
    with services.store.begin() as session:
        values = {
            "name": "facade", "kind": "poster", "polygon": facade,
            "baseline": baseline_of(street, polygon_of(facade)),
        }  # fmt: skip
        save_zone(session, get_camera(session, 1), values, at=NOON, actor="test")
    window = [[0.5, 0.0], [0.7, 0.0], [0.7, 0.25], [0.5, 0.25]]
    before = facade_of(olive)
    masked(olive, window)
    after = facade_of(olive)
    high, wide = after.shape[0] // 2, after.shape[1] * 2 // 5
    assert before[: high - 10, : wide - 10].std() > 10
    assert after[: high - 10, : wide - 10].max() < 30
    rest = np.s_[high + 20 :, wide + 20 :]
    assert np.abs(after[rest].astype(int) - before[rest]).mean() < 4
    elsewhere = [[0.0, 0.0], [0.2, 0.0], [0.2, 0.2]]
    masked(olive, window, elsewhere)
    assert olive.get(f"{API}/zones/2").json()["current"]["version"] <= 3


def facade_of(client: httpx.Client) -> Image:
    """The baseline of the facade as zones.json carries it."""
    zones = client.get(f"{API}/cameras/1/zones.json").json()["zones"]
    data = base64.b64decode(next(z["baseline"] for z in zones if z["name"] == "facade"))
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))


def test_l69_a_camera_that_is_not_well_learns_its_view_anew(
    olive: httpx.Client, services: Services
) -> None:
    """Its latest picture may show a hand before the lens: that is no reference."""
    with services.store.begin() as session:
        camera = get_camera(session, 1)
        report = HealthReport("covered")
        registry.report_health(session, 1, camera.fencing, report, at=NOON)
    assert olive.get(f"{API}/cameras/1").json()["reference_by"] == "olive"
    masked(olive, HOUSE)
    assert olive.get(f"{API}/cameras/1").json()["reference_by"] is None
    assert olive.get(f"{API}/cameras/1/reference").status_code == 404


def test_l69_w31_events_whose_place_is_masked_end_in_the_owners_favour(
    olive: httpx.Client, services: Services
) -> None:
    """Nobody can tell any more whether the vehicle has left; its neighbour stays."""
    corner = [[0.1, 0.55], [0.3, 0.55], [0.3, 1.0], [0.1, 1.0]]
    with services.store.begin() as session:
        version = get_zone(session, 1).current
        boxes = {"浙A00001": [0.12, 0.6, 0.24, 0.8], "浙A00002": [0.6, 0.6, 0.8, 0.8]}
        events = [rows.event(session, version, box=boxes[plate], plate=plate) for plate in boxes]
        for event in events:
            event.state, event.version = EventState.CONFIRM_PENDING, 1
        ids = [event.id for event in events]
    assert masked(olive, corner).status_code == 200
    told = [olive.get(f"{API}/events/{event}").json() for event in ids]
    assert [event["open"] for event in told] == [False, True]
    assert told[0]["timeline"][-1]["trigger"] == "zone_lifted"


def test_l69_masks_go_out_and_come_in_with_the_zones(olive: httpx.Client) -> None:
    """zones.json carries them, all or nothing; what is not named stays; replay reads past them."""
    assert "privacy_masks" not in olive.get(f"{API}/cameras/1/zones.json").json()
    masked(olive, HOUSE)
    out = olive.get(f"{API}/cameras/1/zones.json").json()
    assert out["privacy_masks"] == [HOUSE]
    assert [zone.name for zone in load_zones(out)] == ["kerb"]
    other = {"name": "other", "stream_url": "rtsp://127.0.0.1:554/2"}
    assert olive.post(f"{API}/cameras", json=other).status_code == 201
    assert olive.put(f"{API}/cameras/2/zones.json", json=out).status_code == 200
    assert olive.get(f"{API}/cameras/2").json()["privacy_masks"] == [HOUSE]
    zones_only = {"zones": out["zones"]}
    assert olive.put(f"{API}/cameras/2/zones.json", json=zones_only).status_code == 200
    assert olive.get(f"{API}/cameras/2").json()["privacy_masks"] == [HOUSE]
    wrong = {**out, "privacy_masks": [OVER_KERB]}
    answer = olive.put(f"{API}/cameras/2/zones.json", json=wrong)
    assert refused(answer)[:2] == ("ZONE_UNDER_MASK", "zones[0].polygon")
    bad = olive.put(f"{API}/cameras/2/zones.json", json={**out, "privacy_masks": "x"})
    assert refused(bad)[1] == "privacy_masks"
    assert olive.get(f"{API}/cameras/2").json()["privacy_masks"] == [HOUSE]
    none = {"zones": [], "privacy_masks": []}
    assert olive.put(f"{API}/cameras/2/zones.json", json=none).status_code == 200
    assert olive.get(f"{API}/cameras/2").json()["privacy_masks"] == []


def test_l69_the_command_line_brings_masks_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QIFEN_DATA_DIR", str(tmp_path / "data"))
    made = build_services(load_settings())
    made.store.migrate()
    with made.store.begin() as session:
        rows.camera(session, name="c1")
    made.close()
    file = tmp_path / "zones.json"
    file.write_text(json.dumps({"zones": [], "privacy_masks": [HOUSE]}), encoding="utf-8")
    come = CliRunner().invoke(app, ["zones", "import", "c1", str(file)])
    assert (come.exit_code, come.stdout) == (0, "privacy masks: 1\n"), come.output
    out = CliRunner().invoke(app, ["zones", "export", "c1"])
    assert json.loads(out.stdout)["privacy_masks"] == [HOUSE]
