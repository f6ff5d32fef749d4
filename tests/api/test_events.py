"""Events over HTTP: the whole explanation, the officer's acts, evidence with its reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from sqlalchemy import select

from models import statements
from models.audit import Viewing
from models.chain import add_evidence
from models.clock import FakeClock
from models.event import Event
from models.evidence import Evidence
from models.notice import Notice
from notify.twilio_channel import TwilioChannel
from pipeline.evidence import EvidenceStore
from pipeline.services import Services
from tests.api.conftest import SignIn, jpeg
from tests.models.city import City

API = "/api/v1"
PLATE = "浙A12345"
TICKS = {
    "kind": "escalate", "is_true": True, "is_clear": True, "is_complete": True,
    "is_accurate": True, "obstruction": True, "obstruction_reason": "行人被迫走上机动车道",
}  # fmt: skip

Make = Callable[[Callable[[City], Event]], int]


@pytest.fixture
def make(services: Services, clock: FakeClock) -> Make:
    """Make an event the real way: `make(City.to_review)`; the clock follows."""

    def made(way: Callable[[City], Event]) -> int:
        with services.store.begin() as session:
            city = City(session)
            city.files = services.evidence
            event = way(city)
            clock.set(city.now)
            return event.id

    return made


@pytest.fixture
def picture(services: Services, make: Make) -> int:
    """One picture whose bytes are really there; gives its number."""
    event_id = make(City.to_confirm)
    data = jpeg()
    key = services.evidence.put(data, "jpg")
    with services.store.begin() as session:
        event = session.get_one(Event, event_id)
        row = add_evidence(
            session, event=event, camera=event.camera, kind="E1", media_type="image/jpeg",
            data=data, storage_key=key, captured_at=event.flagged_at,
            details={"read": PLATE},
        )  # fmt: skip
    return row.id


def code_of(answer: httpx.Response) -> str:
    return answer.json()["error"]["code"]


def test_lists_are_masked_and_the_explanation_is_whole(make: Make, signed_in: SignIn) -> None:
    """L64: everything that led here. The full plate is for a person who opens one event."""
    event_id = make(City.to_review)
    chen = signed_in("chen")
    listed = chen.get(f"{API}/events", params={"state": "REVIEW_PENDING"})
    assert PLATE not in listed.text
    assert listed.json()[0]["plate"] == "浙A12**5"
    assert PLATE not in chen.get(f"{API}/review/queue").text
    told = chen.get(f"{API}/events/{event_id}").json()
    assert told["plate"] == PLATE
    assert [step["to"] for step in told["timeline"]][-1] == "REVIEW_PENDING"
    assert told["confirm_gates"]
    assert told["zone_version"]["version"] == 1
    assert told["watch"]
    assert {row["kind"] for row in told["evidence"]} >= {"E1", "E3", "E4", "E6"}
    assert [notice["template"] for notice in told["notices"]] == ["N1", "N3"]
    assert told["pack"]["complete"]
    assert told["device_reviewed"]


def test_each_look_at_a_plate_is_written_down(
    make: Make, signed_in: SignIn, services: Services
) -> None:
    event_id = make(City.to_confirm)
    chen = signed_in("chen")
    chen.get(f"{API}/events/{event_id}")
    chen.get(f"{API}/events/{event_id}", headers={"X-Reason": "复核".encode()})
    with services.store.read() as session:
        seen = session.scalars(select(Viewing).order_by(Viewing.id)).all()
    assert [(row.viewer, row.reason) for row in seen] == [
        ("chen", "explanation"), ("chen", "复核"),
    ]  # fmt: skip


def test_a_machine_sees_no_full_plate(
    make: Make, signed_in: SignIn, address: str, picture: int, services: Services
) -> None:
    """Not in the event, not in measured values, not in a picture (L65)."""
    boss = signed_in("boss")
    key = boss.post(f"{API}/keys", json={"name": "vms", "roles": ["operator"]}).json()["secret"]
    with services.store.begin() as session:
        event = session.scalars(select(Event)).one()
        event.measured = {"plate": {"text": PLATE, "reads": [PLATE, "浙A1234挂"]}}
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=address, headers=headers) as machine:
        told = machine.get(f"{API}/events/{event.id}")
        assert told.status_code == 200
        assert "12345" not in told.text
        assert "1234挂" not in told.text
        assert told.json()["measured"]["plate"]["text"] == "浙A12**5"
        assert machine.get(f"{API}/evidence/{picture}").json()["details"] == {}
        answer = machine.get(f"{API}/evidence/{picture}/file", params={"reason": "sync"})
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.content != jpeg()


def test_there_is_no_search_by_plate(make: Make, signed_in: SignIn) -> None:
    """L62: whoever asks for a plate gets the same list as everybody."""
    make(City.to_confirm)
    chen = signed_in("chen")
    listed = chen.get(f"{API}/events").json()
    assert len(listed) == 1
    assert chen.get(f"{API}/events", params={"plate": "浙B99999"}).json() == listed
    spec = chen.get(f"{API}/openapi.json").json()
    names = {p["name"] for p in spec["paths"][f"{API}/events"]["get"]["parameters"]}
    assert "plate" not in names


def test_filters(make: Make, signed_in: SignIn) -> None:
    make(City.to_confirm)
    chen = signed_in("chen")
    found: list[tuple[dict[str, Any], int]] = [
        ({"state": "CONFIRM_PENDING", "camera_id": 1, "zone_id": 1}, 1),
        ({"camera_id": 2}, 0), ({"zone_id": 2}, 0), ({"state": "GRACE"}, 0),
        ({"since": "2026-11-23T12:00:00+08:00", "until": "2026-11-23T12:01:00+08:00"}, 1),
        ({"until": "2026-11-23T12:00:00+08:00"}, 0), ({"offset": 1}, 0),
    ]  # fmt: skip
    for params, count in found:
        assert len(chen.get(f"{API}/events", params=params).json()) == count, params
    for params in ({"since": "noon"}, {"until": "9999-12-31T23:59:59-23:00"}, {"limit": 0}):
        assert chen.get(f"{API}/events", params=params).status_code == 422
    assert len(chen.get(f"{API}/review/queue").json()) == 1
    assert chen.get(f"{API}/review/queue", params={"state": "GRACE"}).json() == []


def test_evidence_needs_a_reason_and_leaves_a_trace(
    picture: int, signed_in: SignIn, services: Services
) -> None:
    """L71: 事由; the original bytes, to a person, with the reason in header or address."""
    chen = signed_in("chen")
    url = f"{API}/evidence/{picture}/file"
    refused = chen.get(url)
    assert (refused.status_code, code_of(refused)) == (422, "REASON_NEEDED")
    assert chen.get(url, params={"reason": "a\x00b"}).status_code == 422
    shown = chen.get(url, params={"reason": "review"})
    assert shown.content == jpeg()
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["cache-control"] == "no-store"
    with services.store.read() as session:
        row = session.scalars(select(Viewing)).one()
    assert (row.evidence_id, row.viewer, row.reason) == (picture, "chen", "review")
    assert chen.get(f"{API}/evidence/99/file?reason=x").status_code == 404
    assert len(chen.get(f"{API}/evidence/{picture}").json()["sha256"]) == 64


def test_a_list_shows_small_blurred_copies(
    picture: int, signed_in: SignIn, services: Services
) -> None:
    """Pictures in lists are for choosing: no original leaves for them, and no reason is asked."""
    chen = signed_in("chen")
    answer = chen.get(f"{API}/evidence/{picture}/thumbnail")
    assert answer.headers["content-type"] == "image/jpeg"
    shown = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown.shape == (189, 336)
    person, street = shown[45:165, 20:48], shown[5:60, 100:320]
    assert person.std() < street.std() / 2
    with services.store.read() as session:
        assert session.scalars(select(Viewing)).all() == []
    assert chen.get(f"{API}/evidence/99/thumbnail").status_code == 404


def test_the_chain_can_be_verified(picture: int, signed_in: SignIn, services: Services) -> None:
    boss = signed_in("boss")
    assert boss.get(f"{API}/evidence/chain", params={"files": True}).json()["intact"]
    with services.store.read() as session:
        services.evidence.remove(session.get_one(Evidence, picture).storage_key)
    assert boss.get(f"{API}/evidence/chain").json()["intact"]
    with_files = boss.get(f"{API}/evidence/chain", params={"files": True}).json()
    assert {problem["what"] for problem in with_files["problems"]} == {"file_missing"}


def test_a_clip_is_for_people(
    signed_in: SignIn, services: Services, make: Make, address: str
) -> None:
    event_id = make(City.to_confirm)
    key = services.evidence.put(b"\x00" * 100, "bin")
    with services.store.begin() as session:
        event = session.get_one(Event, event_id)
        for media_type in ("video/mp4", "text/html"):
            add_evidence(
                session, event=event, camera=None, kind="V1", media_type=media_type,
                data=b"\x00" * 100, storage_key=key, captured_at=event.flagged_at,
            )  # fmt: skip
    chen, boss = signed_in("chen"), signed_in("boss")
    clip = chen.get(f"{API}/evidence/2/file?reason=x")
    assert clip.headers["content-disposition"].startswith("inline")
    page = chen.get(f"{API}/evidence/3/file?reason=x")
    assert page.headers["content-disposition"].startswith("attachment")
    secret_ = boss.post(f"{API}/keys", json={"name": "k", "roles": ["operator"]}).json()["secret"]
    headers = {"Authorization": f"Bearer {secret_}"}
    refused = httpx.get(f"{address}{API}/evidence/2/file?reason=x", headers=headers)
    assert refused.status_code == 404


def test_an_officer_confirms_with_a_corrected_plate(make: Make, signed_in: SignIn) -> None:
    """A8: the old reading is kept; a doubled click is one act; an old screen is refused."""
    event_id = make(City.to_confirm)
    chen = signed_in("chen")
    version = chen.get(f"{API}/events/{event_id}").json()["version"]
    body = {"plate": "浙A12346", "expected_version": version}
    told = chen.post(f"{API}/events/{event_id}/confirm", json=body).json()
    assert (told["plate"], told["plate_original"]) == ("浙A12346", PLATE)
    assert told["state"] in {"NOTICE_PENDING", "PATROL_ASSIGNED"}
    assert chen.post(f"{API}/events/{event_id}/confirm", json=body).status_code == 200
    stale = signed_in("zhao").post(f"{API}/events/{event_id}/confirm", json=body)
    assert stale.status_code == 409


@pytest.mark.parametrize(
    ("act", "body", "state"),
    [
        ("discard", {"reason": "NOT_AN_OFFENCE"}, "DISCARDED"),
        ("patrol", {"reason": "plate is dirty"}, "PATROL_ASSIGNED"),
        ("transfer", {"reason": "TRAFFIC_POLICE"}, "TRANSFERRED"),
    ],
)
def test_other_ways_out(
    make: Make, signed_in: SignIn, act: str, body: dict[str, str], state: str
) -> None:
    event_id = make(City.to_confirm)
    chen = signed_in("chen")
    assert chen.post(f"{API}/events/{event_id}/{act}", json={}).status_code == 422
    told = chen.post(f"{API}/events/{event_id}/{act}", json=body)
    assert told.json().get("state") == state, told.text


def test_l08_two_officers_decide(make: Make, signed_in: SignIn) -> None:
    """One signature opens nothing, the same officer's twice neither; the second one's does."""
    event_id = make(City.to_review)
    url = f"{API}/events/{event_id}/decide"
    chen, zhao = signed_in("chen"), signed_in("zhao")
    incomplete = {**TICKS, "is_clear": False}
    refused = chen.post(url, json=incomplete)
    assert refused.status_code in (409, 422)
    assert chen.post(url, json=TICKS).json()["state"] == "REVIEW_PENDING"
    assert chen.post(url, json={**TICKS, "expected_version": 9}).status_code in (409, 422)
    done = zhao.post(url, json=TICKS).json()
    assert done["state"] == "ESCALATED"
    assert [decision["officer"] for decision in done["decisions"]] == ["chen", "zhao"]


def test_one_officer_rejects_with_a_reason(make: Make, signed_in: SignIn) -> None:
    event_id = make(City.to_review)
    chen = signed_in("chen")
    assert chen.post(f"{API}/events/{event_id}/reject", json={}).status_code == 422
    body = {"reason_code": "NO_OBSTRUCTION", "reason": "路面够宽"}
    assert chen.post(f"{API}/events/{event_id}/reject", json=body).json()["state"] == "REJECTED"


def test_a_statement_is_answered(make: Make, signed_in: SignIn, services: Services) -> None:
    """Upheld, the event is void (A23)."""
    event_id = make(City.to_review)
    policy = services.policy()
    with services.store.begin() as session:
        event = session.get_one(Event, event_id)
        statements.receive(session, event, "车已卖", at=services.clock.now(), policy=policy)
    chen = signed_in("chen")
    assert chen.get(f"{API}/review/queue").json()[0]["open_statements"] == 1
    url = f"{API}/events/{event_id}/statements/1/answer"
    told = chen.post(url, json={"upheld": True, "text": "属实\n已撤销"}).json()
    assert (told["state"], told["statements"][0]["status"]) == ("VOIDED", "upheld")
    missing = f"{API}/events/{event_id}/statements/7/answer"
    assert chen.post(missing, json={"upheld": True, "text": "x"}).status_code == 404


def test_texts_are_shown_without_phone_and_code(
    make: Make, signed_in: SignIn, services: Services
) -> None:
    event_id = make(City.to_grace)
    with services.store.begin() as session:
        event = session.get_one(Event, event_id)
        notice = session.scalars(select(Notice)).one()
        notice.body = f"【下城城管】…号{event.query_no}码{event.query_code}"
    shown = signed_in("chen").get(f"{API}/events/{event_id}/notices").json()[0]
    assert shown["phone"] == "***0000"
    assert shown["body"].endswith("码****")


def test_receipts_must_be_signed(services: Services, nobody: httpx.Client, make: Make) -> None:
    """Without Twilio there is no such address; with it, only what Twilio signed counts."""
    url = f"{API}/receipts/twilio"
    form = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    assert nobody.post(url, data=form).status_code == 404
    call = {"CallSid": "CA1", "CallStatus": "completed"}
    assert nobody.post(f"{url}-voice", data=call).status_code == 404, "nobody makes calls here"
    services.channel = TwilioChannel(
        "AC1", "token", "+12025550100", public_base_url="http://q.example"
    )
    assert nobody.post(url, data=form).status_code == 403
    signed = {"X-Twilio-Signature": "x"}
    assert nobody.post(url, data=form, headers=signed).status_code == 403


def test_health_and_policy(signed_in: SignIn, nobody: httpx.Client, make: Make) -> None:
    """Anybody may ask whether it lives; only an admin changes what the city has chosen."""
    make(City.to_grace)
    assert nobody.get(f"{API}/health").json() == {"status": "ok"}
    boss = signed_in("boss")
    assert boss.patch(f"{API}/policy", json={"landline": "0571-87654321"}).status_code == 200
    assert boss.get(f"{API}/policy").json()["landline"] == "0571-87654321"
    wrong = boss.patch(f"{API}/policy", json={"grace_seconds": -1})
    assert wrong.json()["error"]["field"] == "grace_seconds"
    assert signed_in("chen").patch(f"{API}/policy", json={}).status_code == 403
    assert boss.get(f"{API}/audit").json()[0]["action"] == "signin"
    assert boss.get(f"{API}/audit", params={"before": 1}).json() == []
    metrics = boss.get(f"{API}/metrics").text
    assert 'qifen_events{state="GRACE"} 1.0' in metrics
    assert boss.get(f"{API}/health/details").json()["events"] == {"GRACE": 1}


def test_a_database_that_is_away_is_503(services: Services, nobody: httpx.Client) -> None:
    """With the mend, without details; and the load balancer is told."""
    with services.store.connection() as connection:
        for table in ("login_failure", "user_session", "user"):
            connection.exec_driver_sql(f'ALTER TABLE "{table}" RENAME TO "{table}_away"')
    body = {"username": "olive", "password": "x"}
    answer = nobody.post(f"{API}/auth/sign-in", json=body)
    assert (answer.status_code, code_of(answer)) == (503, "UNAVAILABLE")
    assert "login_failure" not in answer.text


def test_w52_files_are_read_again_before_an_escalation_counts(
    make: Make, signed_in: SignIn, services: Services
) -> None:
    """Between two signatures a stored file was changed: refused, undetermined, an alarm."""
    event_id = make(City.to_review)
    url = f"{API}/events/{event_id}/decide"
    chen, zhao = signed_in("chen"), signed_in("zhao")
    assert chen.post(url, json=TICKS).json()["state"] == "REVIEW_PENDING"
    with services.store.read() as session:
        key = session.scalars(select(Evidence.storage_key)).first()
    assert isinstance(services.evidence, EvidenceStore)
    services.evidence.path(str(key)).write_bytes(b"another picture")
    refused = zhao.post(url, json=TICKS)
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "EVIDENCE_BROKEN"
    assert chen.get(f"{API}/events/{event_id}").json()["state"] == "UNDETERMINED"
    (alarm,) = chen.get(f"{API}/evidence-alarms").json()
    assert (alarm["event_id"], alarm["what"]) == (event_id, "file_changed")
    health = chen.get(f"{API}/health/details").json()
    assert (health["evidence_alarms"], health["owner_requests_overdue"]) == (1, 0)
    metrics = signed_in("olive").get(f"{API}/metrics").text
    assert 'qifen_evidence_alarms{kind="open"} 1.0' in metrics
    seen = chen.post(f"{API}/evidence-alarms/{alarm['id']}/seen", json={"remark": "已报修"})
    assert seen.json()["remark"] == "已报修"
    assert chen.get(f"{API}/evidence-alarms").json() == []
