"""Hanging, poster and crowd events and cases over HTTP: who may do what, and nothing more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from models.clock import FakeClock
from models.event import Event
from models.evidence import Evidence
from models.people import Role
from models.place_cases import NewPlaceEvent, open_place_event
from models.policy import Policy
from models.zone import ZoneVersion
from pipeline.evidence import EvidenceStore
from pipeline.services import Services
from pipeline.sweep import Sweep
from tests import rows
from tests.api.conftest import SignIn, jpeg
from tests.models.street import BASIS, DOOR, HUNG, Street

ORDER = {
    "order_no": "下综执责改〔2026〕1号",
    "text": "责令四小时内自行收回。",
    "legal_basis": "浙江省城市市容和环境卫生管理条例 第十一条",
    "period_seconds": 14_400,
}


@pytest.fixture
def street(services: Services, clock: FakeClock) -> Callable[..., int]:
    """Make a street and bring an event to a state; gives the event's id."""

    def make(way: Callable[[Street], Event | None], kind: str = "hanging", **zone: Any) -> int:
        with services.store.begin() as session:
            made = Street(session, kind, **zone)
            made.files = services.evidence
            event = way(made)
            clock.set(made.now)
            return event.id if event is not None else 0

    return make


def _post(client: httpx.Client, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
    return client.post(f"/api/v1{path}", json=body or {})


def test_a_frontage_from_the_first_word_to_the_reminder(
    services: Services, signed_in: SignIn, street: Callable[..., int]
) -> None:
    """An operator enters shop and agreement; what hangs there is reminded; the phone stays in."""
    olive = signed_in("olive")
    street(lambda s: None)
    shop = _post(
        olive, "/frontages",
        {"kind": "shop", "name": "知味小吃", "address": "延安路88号", "phone": "13800138000"},
    )  # fmt: skip
    assert shop.status_code == 201, shop.text
    assert shop.json()["phone"] == "***8000"
    agreement = {
        "camera_id": 1, "polygon": DOOR, "document": "2026-88", "signed_on": "2026-01-01",
        "authorises_texts": True,
    }  # fmt: skip
    made = _post(olive, f"/frontages/{shop.json()['id']}/agreements", agreement)
    assert made.status_code == 201, made.text
    with services.store.begin() as session:
        version = session.scalars(select(ZoneVersion)).one()
        new = NewPlaceEvent(
            kind="hanging", camera_id=1, zone=version.zone, zone_version=version, box=HUNG,
            first_seen_at=rows.NOON - timedelta(seconds=300), flagged_at=rows.NOON,
            last_seen_at=rows.NOON, command_id="see:1", samples=11,
        )  # fmt: skip
        event = open_place_event(session, new, policy=Policy(), at=rows.NOON)
        assert event.state == "NOTICE_PENDING"
    told = olive.get(f"/api/v1/events/{event.id}/place").json()
    assert (told["party"]["name"], told["colour"], told["order"]) == ("知味小吃", "green", None)
    texts = olive.get(f"/api/v1/events/{event.id}/notices").json()
    assert [text["template"] for text in texts] == ["N7"]
    crossed = [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]
    refused = _post(olive, "/frontages/1/agreements", agreement | {"polygon": crossed})
    assert refused.status_code == 422


def test_an_order_from_the_draft_to_the_case(
    clock: FakeClock, services: Services, signed_in: SignIn, street: Callable[..., int]
) -> None:
    """B6, B7, B8 over HTTP: two officers, a document, a photo on the spot, then a case."""
    event = street(Street.to_finding)
    chen, zhao = signed_in("chen"), signed_in("zhao")
    path = f"/events/{event}"
    assert _post(chen, f"{path}/place/confirm").json() == {"state": "REVIEW_PENDING"}
    assert _post(chen, f"{path}/order", ORDER).json() == {"state": "REVIEW_PENDING"}
    alone = _post(chen, f"{path}/order/serve", {"served_how": "in_person"})
    assert alone.json()["error"]["code"] == "SAME_OFFICER"
    served = _post(zhao, f"{path}/order/serve", {"served_how": "in_person"})
    assert served.json() == {"state": "FORMAL_ORDER"}
    early = _post(chen, f"{path}/order/not-followed", {"reason": "仍在"})
    assert early.status_code == 409
    clock.advance(14_401)
    Sweep(services).run_once()
    chen, zhao = signed_in("chen"), signed_in("zhao")
    bare = _post(chen, f"{path}/order/not-followed", {"reason": "仍在"})
    assert bare.json()["error"]["code"] == "NO_ON_SITE_PHOTO"
    photo = chen.post(f"/api/v1{path}/photos?kind=ON_SITE", content=jpeg(640, 360))
    assert photo.status_code == 201, photo.text
    assert _post(chen, f"{path}/order/not-followed", {"reason": "仍在"}).json() == {
        "state": "ORDER_CHECK"
    }
    assert _post(zhao, f"{path}/order/not-followed", {"reason": "仍在"}).json() == {
        "state": "ESCALATED"
    }
    told = chen.get(f"/api/v1{path}/place").json()
    assert [s["act"] for s in told["signatures"]] == ["order", "order", "escalate", "escalate"]
    case = chen.get(f"/api/v1/cases/{told['case_id']}").json()
    assert (case["state"], case["stage"], case["event_id"]) == ("COLLECTED", "DISCOVER", event)


@pytest.mark.parametrize(
    ("body", "kind"), [(b"GIF89a", "ON_SITE"), (b"\xff\xd8\xff torn", "PAPER"), (b"", "E1")]
)
def test_only_a_picture_is_a_photo(
    signed_in: SignIn, street: Callable[..., int], body: bytes, kind: str
) -> None:
    event = street(Street.to_notice)
    answer = signed_in("chen").post(f"/api/v1/events/{event}/photos?kind={kind}", content=body)
    assert answer.status_code == 422, answer.text


def test_operators_order_and_confirm_nothing(
    signed_in: SignIn, nobody: httpx.Client, street: Callable[..., int]
) -> None:
    """Officers' acts are officers'; and nobody is nobody."""
    event = street(Street.to_finding)
    olive = signed_in("olive")
    for path, body in (
        ("place/confirm", {}), ("order", ORDER), ("order/serve", {"served_how": "post"}),
        ("order/followed", {}), ("order/not-followed", {"reason": "x"}),
        ("paper-notice", {"photo_id": 1}), ("false-alarm", {"reason": "x"}),
        ("emergency", {"reason": "x"}),
    ):  # fmt: skip
        assert _post(olive, f"/events/{event}/{path}", body).status_code == 403, path
        assert _post(nobody, f"/events/{event}/{path}", body).status_code == 401, path
    assert nobody.get("/api/v1/cases").status_code == 401


def test_a_gathering_over_http(signed_in: SignIn, street: Callable[..., int]) -> None:
    """Answer, arrive, report; there is no text anywhere."""

    def gather(s: Street) -> Event:
        s.responders()
        return s.gathering()

    event = street(gather, "crowd")
    olive = signed_in("olive")
    told = olive.get(f"/api/v1/events/{event}/place").json()
    assert (told["people"], told["threshold"], len(told["calls"])) == (80, 60, 1)
    who = told["calls"][0]["responder_id"]
    path = f"/events/{event}/calls/{who}"
    assert _post(olive, f"{path}/answer", {"accepted": True}).json() == {"state": "DISPATCHED"}
    half = _post(olive, f"{path}/arrive", {"latitude": 30.0})
    assert half.status_code == 422
    assert _post(olive, f"{path}/arrive").json() == {"state": "ON_SITE"}
    assert _post(olive, f"{path}/report", {"text": "正在疏散", "people": 70}).status_code == 200
    assert olive.get(f"/api/v1/events/{event}/notices").json() == []
    assert _post(
        signed_in("chen"), f"/events/{event}/emergency", {"reason": "STAMPEDE"}
    ).json() == {"state": "ESCALATED_EMERGENCY"}


def test_permits_and_responders(signed_in: SignIn, street: Callable[..., int]) -> None:
    street(lambda s: None, "crowd")
    chen, olive = signed_in("chen"), signed_in("olive")
    permit = {
        "document": "许可7", "approver": "公安分局", "valid_from": "2026-11-23T10:00:00+08:00",
        "valid_until": "2026-11-23T18:00:00+08:00", "max_people": 500,
    }  # fmt: skip
    assert _post(olive, "/zones/1/permits", permit).status_code == 403
    made = _post(chen, "/zones/1/permits", permit)
    assert made.status_code == 201, made.text
    assert chen.delete(f"/api/v1/permits/{made.json()['id']}").json()["ended_at"]
    assert len(olive.get("/api/v1/zones/1/permits").json()) == 1
    new = _post(olive, "/responders", {"name": "武林派出所", "kind": "police_station"})
    assert new.status_code == 201, new.text
    twice = _post(olive, "/responders", {"name": "武林派出所", "kind": "police_station"})
    assert twice.status_code == 409
    off = olive.patch(f"/api/v1/responders/{new.json()['id']}", json={"active": False})
    assert off.json()["active"] is False


def test_a_case_by_dispatcher_crew_and_patrol(services: Services, signed_in: SignIn) -> None:
    """Seven steps over HTTP, each by who has that duty."""
    with services.store.begin() as session:
        rows.user(session, "diao", Role.DISPATCHER)
        rows.user(session, "sun", Role.CREW)
        rows.user(session, "zhou", Role.PATROL)
    diao, sun, zhou = signed_in("diao"), signed_in("sun"), signed_in("zhou")
    body = {"source_category": "PATROL", "type_code": "0102", "command_id": "doubled-1"}
    case = _post(zhou, "/cases", body).json()
    assert _post(zhou, "/cases", body).json()["id"] == case["id"]
    path = f"/cases/{case['id']}"
    assert _post(zhou, f"{path}/steps/file").status_code == 409
    filled = diao.patch(
        f"/api/v1{path}",
        json={"loop": "LIMITED_TIME", "cell_code": "33010300100101", "duty_grid_code": "G017"},
    )
    assert filled.status_code == 200, filled.text
    assert _post(diao, f"{path}/steps/file").json()["state"] == "FILED"
    units = {"units": [{"name": "红旗班", "role": "LEAD"}]}
    assert diao.put(f"/api/v1{path}/units", json=units).status_code == 200
    assert _post(diao, f"{path}/steps/dispatch").json()["state"] == "DISPATCHED"
    assert _post(sun, f"{path}/steps/accept").json()["state"] == "IN_PROGRESS"
    assert _post(sun, f"{path}/steps/report", {"report": "已清理"}).json()["state"] == "REPORTED"
    assert _post(zhou, f"{path}/steps/check").json()["state"] == "CHECKING"
    found = {"time": True, "standard": True, "recurrence": True}
    assert _post(zhou, f"{path}/checks", found).status_code == 200
    assert _post(zhou, f"{path}/steps/close").json()["stage"] == "FEEDBACK"
    assert _post(diao, f"{path}/rating", {"rating": 5}).json()["stage"] == "RATE"
    done = _post(diao, f"{path}/steps/evaluate").json()
    assert (done["state"], done["stage"], len(done["timeline"])) == ("EVALUATED", "ASSESS", 8)
    assert [c["id"] for c in diao.get("/api/v1/cases?state=EVALUATED").json()] == [case["id"]]
    assert _post(diao, f"{path}/steps/event_voided").status_code == 422


def test_no_public_page_for_what_is_not_a_car(
    services: Services, nobody: httpx.Client, street: Callable[..., int]
) -> None:
    """Number and code of a shop's event open nothing: they were never given to anybody."""
    event = street(Street.to_reminded)
    with services.store.read() as session:
        row = session.get_one(Event, event)
        number, code = row.query_no, row.query_code
    answer = nobody.post("/o", data={"number": number, "code": code})
    assert answer.status_code == 401


def test_the_zone_names_its_designation(street: Callable[..., int], signed_in: SignIn) -> None:
    event = street(Street.to_notice)
    told = signed_in("chen").get(f"/api/v1/events/{event}", headers={"X-Reason": "check"}).json()
    assert told["legal_basis"] == BASIS
    assert told["plate"] is None


@pytest.mark.parametrize(
    ("way", "act", "body"),
    [
        (Street.to_review, "order/serve", {"served_how": "in_person"}),
        (Street.to_order_check, "order/not-followed", {"reason": "仍在"}),
    ],
)
def test_w52_files_are_read_again_before_a_word_against_a_shop_counts(
    services: Services, signed_in: SignIn, street: Callable[..., int], way: Callable[..., Any],
    act: str, body: dict[str, Any],
) -> None:  # fmt: skip
    """An order is not served and nobody escalated on a picture that was changed: an alarm, and the
    event ends undetermined."""
    event = street(way)
    chen = signed_in("chen")
    with services.store.read() as session:
        key = session.scalars(select(Evidence.storage_key)).first()
    assert isinstance(services.evidence, EvidenceStore)
    services.evidence.path(str(key)).write_bytes(b"another picture")
    refused = _post(chen, f"/events/{event}/{act}", body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "EVIDENCE_BROKEN")
    told = chen.get(f"/api/v1/events/{event}").json()
    assert (told["state"], told["outcome"]) == ("UNDETERMINED", "EVIDENCE_BROKEN")
    (alarm,) = chen.get("/api/v1/evidence-alarms").json()
    assert (alarm["event_id"], alarm["what"]) == (event, "file_changed")


def test_w52_a_finding_is_not_confirmed_on_a_changed_picture(
    services: Services, signed_in: SignIn, street: Callable[..., int]
) -> None:
    """B6 would tell the shop that officers come; it ends instead."""
    found = street(Street.to_finding)
    chen = signed_in("chen")
    assert isinstance(services.evidence, EvidenceStore)
    with services.store.read() as session:
        for key in session.scalars(select(Evidence.storage_key)):
            services.evidence.path(key).write_bytes(b"another picture")
    assert _post(chen, f"/events/{found}/place/confirm").status_code == 409
    assert chen.get(f"/api/v1/events/{found}").json()["outcome"] == "EVIDENCE_BROKEN"
