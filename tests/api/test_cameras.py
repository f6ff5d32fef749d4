"""Cameras and zones over HTTP: addresses are write-only, every wrong field is named."""

from __future__ import annotations

from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from models import registry
from models.registry import HealthReport
from pipeline.services import Services
from tests.api.conftest import SignIn, jpeg
from tests.rows import NOON, SQUARE

API = "/api/v1"
URL = "rtsp://admin:geheim@127.0.0.1:554/main"


@pytest.fixture
def olive(signed_in: SignIn) -> httpx.Client:
    """An operator with one camera, number 1."""
    client = signed_in("olive")
    body = {"name": "gate", "stream_url": URL, "evidence_url": URL, "place": "延安路"}
    assert client.post(f"{API}/cameras", json=body).status_code == 201
    return client


def field_of(answer: httpx.Response) -> str:
    assert answer.status_code == 422, answer.text
    return answer.json()["error"]["field"]


def test_an_address_is_written_but_never_read(olive: httpx.Client) -> None:
    """2.8: neither in the answer, nor in the list, nor in the audit log."""
    olive.patch(f"{API}/cameras/1", json={"stream_url": URL + "2"})
    for path in ("/cameras", "/cameras/1"):
        answer = olive.get(f"{API}{path}")
        assert "geheim" not in answer.text
        assert "rtsp://admin:***@127.0.0.1:554/main2" in answer.text


def test_wrong_fields_are_named(olive: httpx.Client) -> None:
    for change in ({"latitude": 91}, {"place": "a\x00b"}, {"time_zone": "Mars"}, {"fencing": 7}):
        assert field_of(olive.patch(f"{API}/cameras/1", json=change)) == next(iter(change))
    assert field_of(olive.post(f"{API}/cameras", json={"name": "x"})) == "stream_url"
    taken = olive.post(f"{API}/cameras", json={"name": "gate", "stream_url": URL})
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "NAME_TAKEN")
    assert olive.get(f"{API}/cameras/2").status_code == 404
    assert field_of(olive.get(f"{API}/cameras/{2**63}")) == "camera_id"


def test_the_last_picture_and_the_history_of_health(
    olive: httpx.Client, services: Services
) -> None:
    assert olive.get(f"{API}/cameras/1/picture").status_code == 404
    key = services.evidence.overwrite("camera-1", jpeg(640, 360), "jpg")
    with services.store.begin() as session:
        fencing = registry.take_over(session, registry.get_camera(session, 1))
        for health in ("up", "covered"):
            report = HealthReport(health, last_picture=key, last_frame_at=NOON)
            registry.report_health(session, 1, fencing, report, at=NOON)
    picture = olive.get(f"{API}/cameras/1/picture")
    assert picture.headers["content-type"] == "image/jpeg"
    shown = cv2.imdecode(np.frombuffer(picture.content, np.uint8), cv2.IMREAD_GRAYSCALE)
    person, car, street = shown[90:300, 35:90], shown[150:210, 260:380], shown[20:120, 260:600]
    assert person.std() < street.std() / 3, "nobody in it is anybody's subject"
    assert car.std() < street.std() / 3
    changes = olive.get(f"{API}/cameras/1/health").json()
    assert [change["health"] for change in changes] == ["covered", "up"]
    details = olive.get(f"{API}/health/details").json()
    assert details["cameras"][0]["health"] == "covered"


def test_where_cameras_stand_is_public(olive: httpx.Client, nobody: httpx.Client) -> None:
    """行政处罚法 art. 41: 设置地点应当向社会公布; nothing else of them is."""
    assert nobody.get(f"{API}/public/cameras").json() == []
    olive.patch(f"{API}/cameras/1", json={"published_at": "2026-11-22T00:00:00+08:00"})
    shown = nobody.get(f"{API}/public/cameras").json()
    assert [camera["place"] for camera in shown] == ["延安路"]
    assert not {"name", "stream_url", "id"} & set(shown[0])


BAD_POLYGONS: list[tuple[Any, str]] = [
    ([[0, 0], [1, 1], [1, 0], [0, 1]], "polygon"),
    ([[0, 0], [1, 1]], "polygon"),
    ([[0, 0], [2, 0], [1, 1]], "polygon[1]"),
    ([[0, 0], [0.5, 0.5], [1, 1]], "polygon"),
    ([[0, 0], [1, 0], [1]], "polygon[2]"),
    ([[0, 0], [1, 0], [1, "x"]], "polygon.2.1"),
    ([[0, 0], [1, 0], [1, 10**400]], "polygon.2.1"),
]


@pytest.mark.parametrize(("polygon", "field"), BAD_POLYGONS)
def test_a_bad_polygon_is_named_with_its_mend(
    olive: httpx.Client, polygon: Any, field: str
) -> None:
    """Crosses itself, too few points, outside, no area, not points."""
    body = {"name": "z", "polygon": polygon}
    answer = olive.post(f"{API}/cameras/1/zones", json=body)
    assert field_of(answer) == field
    bays = {"name": "z", "polygon": SQUARE, "bays": [SQUARE, polygon]}
    assert olive.post(f"{API}/cameras/1/zones", json=bays).status_code == 422
    assert olive.get(f"{API}/cameras/1/zones").json() == []


def test_versions_are_kept(olive: httpx.Client) -> None:
    made = olive.post(f"{API}/cameras/1/zones", json={"name": "z", "polygon": SQUARE}).json()
    zone = made["id"]
    changed = olive.post(f"{API}/zones/{zone}/versions", json={"phase": "shadow"}).json()
    assert (changed["current"]["version"], changed["current"]["phase"]) == (2, "shadow")
    whole = olive.get(f"{API}/zones/{zone}").json()
    assert [version["phase"] for version in whole["versions"]] == ["warning", "shadow"]
    assert whole["versions"][0]["created_by"] == olive.get(f"{API}/auth/me").json()["id"]
    assert field_of(olive.post(f"{API}/zones/{zone}/versions", json={"phase": "x"})) == "phase"
    assert olive.delete(f"{API}/zones/{zone}").json()["retired_at"] is not None
    assert olive.get(f"{API}/cameras/1/zones").json() == []
    assert olive.get(f"{API}/zones/99").status_code == 404


def test_zones_json_goes_in_and_out(olive: httpx.Client) -> None:
    """The form of `qifen replay --zones`; all or nothing."""
    document = {"zones": [{"name": "a", "kind": "parking", "polygon": SQUARE, "dwell_seconds": 30}]}
    url = f"{API}/cameras/1/zones.json"
    assert olive.put(url, json=document).status_code == 200
    out = olive.get(url).json()
    assert document["zones"][0].items() <= out["zones"][0].items()
    assert olive.put(url, json=out).json()[0]["current"]["version"] == 1
    crossed = [[0, 0], [1, 1], [1, 0], [0, 1]]
    bad = {"zones": [{"name": "b", "polygon": SQUARE}, {"name": "c", "polygon": crossed}]}
    assert field_of(olive.put(url, json=bad)) == "zones[1].polygon"
    worse: list[tuple[Any, str]] = [
        ({"zones": [{"name": "b", "polygon": SQUARE, "bays": 5}]}, "zones[0].bays"),
        ({"zones": [{"name": "b", "polygon": [[0, 0], [1, 10**400], [1, 1]]}]}, "zones[0].polygon"),
        ({"zones": [{"name": 5, "polygon": SQUARE}]}, "zones[0].name"),
        ({"zones": 5}, "zones"),
    ]
    for body, field in worse:
        assert field_of(olive.put(url, json=body)) == field
    assert [zone["name"] for zone in olive.get(f"{API}/cameras/1/zones").json()] == ["a"]


def test_permitted_parking_ends_a_zone(olive: httpx.Client) -> None:
    """W30: from now on it is legal here; nothing stands open, so nothing ends but the zone."""
    zone = olive.post(f"{API}/cameras/1/zones", json={"name": "z", "polygon": SQUARE}).json()["id"]
    permitted = olive.post(f"{API}/zones/{zone}/permit").json()
    assert permitted["ended"] == []
    assert permitted["retired_at"] is not None
