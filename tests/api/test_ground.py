"""Zones and cameras as the law sees them, over HTTP: phases, approvals, exemptions, filings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from models import precision
from models.audit import AuditEntry
from models.calendar import PUBLISHED
from models.people import User
from models.policy import load_policy, save_policy
from models.registry import get_zone
from models.zones import save_zone
from pipeline.services import Services
from pipeline.zone_trials import ZoneTrials
from tests import rows
from tests.api.conftest import SignIn, jpeg
from tests.rows import NOON, SQUARE

API = "/api/v1"
STREAM = "rtsp://127.0.0.1:554/main"


@pytest.fixture
def olive(signed_in: SignIn) -> httpx.Client:
    """An operator with one bare camera, number 1, and one zone in it, number 1."""
    client = signed_in("olive")
    body = {"name": "gate", "stream_url": STREAM, "place": "延安路"}
    assert client.post(f"{API}/cameras", json=body).status_code == 201
    zone = {"name": "z", "polygon": SQUARE, "place": "延安路人行道"}
    assert client.post(f"{API}/cameras/1/zones", json=zone).status_code == 201
    return client


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


REVIEWED = {
    "legal_review": "法审1", "technical_review": "技审1", "sign_installed": True,
    "published_at": "2026-11-01T00:00:00+08:00", "purpose": "违停提醒",
}  # fmt: skip


def test_live_only_with_a_trial_and_everything_the_law_asks(
    olive: httpx.Client, signed_in: SignIn, services: Services
) -> None:
    """B11, B24: the refusal has the numbers and each gap; answers of officers open the way; a fall
    closes it again, and the staff are told."""
    with services.store.begin() as session:
        changes = {"trial_answers": 4, "trial_precision": 0.5}
        save_policy(session, changes, at=NOON, actor="test")
    refused = olive.post(f"{API}/zones/1/versions", json={"phase": "live"})
    assert code_of(refused) == (409, "ZONE_NOT_PROVEN")
    codes = [entry["code"] for entry in refused.json()["error"]["refusals"]]
    assert codes == [
        "ZONE_NOT_PROVEN", "DEVICE_NOT_REVIEWED", "NO_PURPOSE", "NO_LEGAL_BASIS", "NO_SIGN_PHOTO"
    ]  # fmt: skip
    assert "0 of 4 events answered" in refused.json()["error"]["message"]
    assert olive.get(f"{API}/zones/1").json()["current"]["version"] == 1, "nothing was saved"
    assert olive.patch(f"{API}/cameras/1", json=REVIEWED).status_code == 200
    photo = {"photo": ("sign.jpg", jpeg(64, 48), "image/jpeg")}
    assert olive.post(f"{API}/zones/1/sign-photo", files=photo).status_code == 201
    basis = {"legal_basis": "《道路交通安全法》第五十六条"}
    assert olive.post(f"{API}/zones/1/versions", json=basis).json()["current"]["has_sign_photo"]
    assert olive.get(f"{API}/zones/1").json()["gaps"] == []
    with services.store.begin() as session:
        version = get_zone(session, 1).current
        events = [rows.event(session, version, plate=f"浙A0000{n}").id for n in range(9)]
    officer = signed_in("chen")
    waiting = officer.get(f"{API}/zones/1/trial").json()["waiting"]
    assert [event["id"] for event in waiting] == events
    assert "浙A00000" not in str(waiting), "plates are masked"
    for event in events[:4]:
        told = officer.post(f"{API}/events/{event}/trial-answer", json={"right": True})
        assert told.status_code == 201
    assert told.json()["proven"] is True
    live = olive.post(f"{API}/zones/1/versions", json={"phase": "live"})
    assert live.json()["current"]["phase"] == "live"
    for event in events[4:7]:
        wrong = {"right": False, "reason": "树影"}
        officer.post(f"{API}/events/{event}/trial-answer", json=wrong)
    assert ZoneTrials(services).run_once() == 1
    assert olive.get(f"{API}/zones/1").json()["current"]["phase"] == "warning"
    (fallen,) = olive.get(f"{API}/health/details").json()["zones_fallen"]
    assert (fallen["zone"], fallen["trial"]["answered"]) == ("z", 7)
    assert ZoneTrials(services).run_once() == 0


def test_a_live_zone_redrawn_begins_its_trial_anew(olive: httpx.Client, services: Services) -> None:
    """What is no rule may be changed; a new shape may not stay live by itself."""
    with services.store.begin() as session:
        camera = get_zone(session, 1).camera
        values = {"name": "z", "phase": "live", "dwell_seconds": 60.0}
        save_zone(session, camera, values, at=NOON, actor="test")
    hours = olive.post(f"{API}/zones/1/versions", json={"sms_until": "21:00"})
    assert hours.json()["current"]["phase"] == "live"
    smaller = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8]]
    redrawn = olive.post(f"{API}/zones/1/versions", json={"polygon": smaller})
    assert code_of(redrawn) == (409, "ZONE_NOT_PROVEN")
    again = {"polygon": smaller, "phase": "warning"}
    assert olive.post(f"{API}/zones/1/versions", json=again).status_code == 201


def test_8_1_a_new_zone_is_confirmed_by_an_officer(olive: httpx.Client) -> None:
    early = olive.post(f"{API}/zones/1/versions", json={"confirm_mode": "auto"})
    assert code_of(early) == (409, "ZONE_TOO_NEW")


def test_trial_answers_are_an_officers(olive: httpx.Client, services: Services) -> None:
    with services.store.begin() as session:
        event = rows.event(session, get_zone(session, 1).current).id
    answer = olive.post(f"{API}/events/{event}/trial-answer", json={"right": True})
    assert answer.status_code == 403


@pytest.mark.parametrize("place", ["toilet", "changing_room", "guest_room", "dormitory"])
def test_l70_no_camera_in_forbidden_places(olive: httpx.Client, place: str) -> None:
    """视频条例 art. 8: refused when it is added and when it is changed, by name."""
    body = {"name": "x", "stream_url": STREAM, "place_kind": place}
    refused = olive.post(f"{API}/cameras", json=body)
    assert code_of(refused) == (422, "FORBIDDEN_PLACE")
    assert refused.json()["error"]["field"] == "place_kind"
    assert code_of(olive.patch(f"{API}/cameras/1", json={"place_kind": place})) == (
        422, "FORBIDDEN_PLACE"
    )  # fmt: skip
    assert [camera["name"] for camera in olive.get(f"{API}/cameras").json()] == ["gate"]


def test_l69_a_camera_without_filing_warns(olive: httpx.Client) -> None:
    """And one without an assessment of its effects (L64)."""
    codes = [entry["code"] for entry in olive.get(f"{API}/cameras/1").json()["warnings"]]
    assert codes == ["NO_FILING", "NO_IMPACT_ASSESSMENT"]
    done = {"filing_no": "杭公视备2026-7", "impact_assessment": "影评2026-3"}
    olive.patch(f"{API}/cameras/1", json=done)
    assert olive.get(f"{API}/cameras/1").json()["warnings"] == []


def test_l60_approvals_are_known_kinds(olive: httpx.Client) -> None:
    assert olive.get(f"{API}/cameras/1").json()["approved_detectors"] == ["parking"]
    wrong = olive.patch(f"{API}/cameras/1", json={"approved_detectors": ["faces"]})
    assert (wrong.status_code, wrong.json()["error"]["field"]) == (422, "approved_detectors")
    right = olive.patch(f"{API}/cameras/1", json={"approved_detectors": ["crowd", "parking"]})
    assert right.json()["approved_detectors"] == ["parking", "crowd"]


ENTRY: dict[str, Any] = {
    "kind": "SANITATION", "plate": "浙a·12345", "zone_id": 1, "task": "清运垃圾",
    "document": "城管作业2026-9", "approver": "下城环卫所",
    "valid_from": "2026-11-01T00:00:00+08:00", "valid_until": "2026-12-01T00:00:00+08:00",
}  # fmt: skip


def test_w24_exemptions_are_listed_added_and_ended(olive: httpx.Client, services: Services) -> None:
    added = olive.post(f"{API}/exemptions", json=ENTRY)
    assert added.status_code == 201, added.text
    assert (added.json()["plate"], added.json()["zone_id"]) == ("浙A12**5", 1)
    assert [row["id"] for row in olive.get(f"{API}/exemptions?only_valid=true").json()] == [1]
    ended = olive.post(f"{API}/exemptions/1/end", json={"reason": "作业结束"})
    assert ended.json()["ended_reason"] == "作业结束"
    assert code_of(olive.post(f"{API}/exemptions/1/end", json={"reason": "x"})) == (
        409, "ALREADY_ENDED"
    )  # fmt: skip
    assert olive.get(f"{API}/exemptions?only_valid=true").json() == []
    assert len(olive.get(f"{API}/exemptions").json()) == 1, "ended, never deleted"
    with services.store.read() as session:
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.action.startswith("exemption"))
        ).all()
        assert [entry.action for entry in entries] == ["exemption.add", "exemption.end"]
        assert "12345" not in str([entry.details for entry in entries])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"document": " "}, "document"),
        ({"approver": ""}, "approver"),
        ({"plate": None}, "plate"),
        ({"plate": "not a plate"}, "plate"),
        ({"zone_id": None}, "area_id"),
        ({"valid_until": "2026-10-01T00:00:00+08:00"}, "valid_until"),
        ({"valid_until": "2036-10-01T00:00:00+08:00"}, "valid_until"),
        ({"valid_from": "2026-11-01"}, "valid_from"),
        ({"kind": "FRIEND"}, "kind"),
        ({"hours": [{"days": ["someday"], "start": "05:00", "end": "07:00"}]}, "hours[0].days"),
    ],
)
def test_w25_an_exemption_needs_its_papers(
    olive: httpx.Client, change: dict[str, Any], field: str
) -> None:
    """L43: by task, with document, place, period and approver; a plate alone is refused."""
    body = {key: value for key, value in {**ENTRY, **change}.items() if value is not None}
    refused = olive.post(f"{API}/exemptions", json=body)
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, field)
    assert olive.get(f"{API}/exemptions").json() == []


def test_l43_only_operators_add_exemptions(signed_in: SignIn, olive: httpx.Client) -> None:
    assert signed_in("chen").post(f"{API}/exemptions", json=ENTRY).status_code == 403


def test_the_calendar_says_when_it_ends(olive: httpx.Client, services: Services) -> None:
    """L18: sixty days before the known holidays end somebody is told, whatever year the installed
    package reaches; a table for the year after it moves that."""
    last = PUBLISHED.known_until(NOON.date())
    told = olive.get(f"{API}/health/details").json()["calendar"]
    assert told == {
        "known_until": last.isoformat(), "ends_soon": last - NOON.date() <= timedelta(days=60)
    }  # fmt: skip
    year = last.year + 1
    days = [f"{year}-01-{n:02d}" for n in range(1, 4)]
    days += [f"{year}-02-{n:02d}" for n in range(5, 13)]
    with services.store.begin() as session:
        save_policy(session, {"holidays": days}, at=NOON, actor="test")
        assert load_policy(session).calendar.knows(year)
    told = olive.get(f"{API}/health/details").json()["calendar"]
    assert told == {"known_until": f"{year}-12-31", "ends_soon": False}


def test_the_author_of_a_zone_does_not_judge_it(
    olive: httpx.Client, signed_in: SignIn, services: Services
) -> None:
    """Boss may do everything, and drew the zone: another officer has to answer."""
    boss = signed_in("boss")
    boss.post(f"{API}/zones/1/versions", json={"dwell_seconds": 90})
    with services.store.begin() as session:
        version = get_zone(session, 1).current
        assert version.created_by == session.scalar(select(User.id).where(User.username == "boss"))
        event = rows.event(session, version).id
    answer = boss.post(f"{API}/events/{event}/trial-answer", json={"right": True})
    assert code_of(answer) == (403, "ZONE_AUTHOR")
    with services.store.read() as session:
        assert (
            precision.trial(session, get_zone(session, 1), policy=load_policy(session)).answered
            == 0
        )
