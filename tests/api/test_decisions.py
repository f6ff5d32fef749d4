"""Recusal, lease, pre-notice and hand-over through the front door."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from models import recusal
from models.audit import Viewing
from models.clock import FakeClock
from models.event import Event
from pipeline.services import Services
from tests.api.conftest import SignIn
from tests.models.city import City
from tests.pipeline.test_pack_phones import words

API = "/api/v1"
Make = Callable[[Callable[[City], Event]], int]


@pytest.fixture
def make(services: Services, clock: FakeClock) -> Make:
    """Make an event the real way; the clock follows."""

    def made(way: Callable[[City], Event]) -> int:
        with services.store.begin() as session:
            city = City(session)
            city.files = services.evidence
            event = way(city)
            clock.set(city.now)
            return event.id

    return made


def test_w42_a_lease_is_seen_and_refuses_others(
    make: Make, signed_in: SignIn, clock: FakeClock
) -> None:
    """The second officer is told who has it, by a 409; a quarter of an hour later it is free."""
    url = f"{API}/events/{make(City.to_review)}"
    chen, zhao = signed_in("chen"), signed_in("zhao")
    assert chen.post(f"{url}/lease").status_code == 200
    assert zhao.get(f"{url}/standing").json()["holder"]["officer"] == "chen"
    refused = zhao.post(f"{url}/lease")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "LEASED")
    decision = {"reason_code": "MINOR"}
    assert zhao.post(f"{url}/reject", json=decision).status_code == 409
    clock.advance(901)
    assert zhao.post(f"{url}/lease").status_code == 200
    assert zhao.delete(f"{url}/lease").status_code == 204
    assert chen.get(f"{url}/standing").json()["holder"] is None
    assert signed_in("olive").post(f"{url}/lease").status_code == 403


def test_l09_declared_over_http(make: Make, signed_in: SignIn) -> None:
    url = f"{API}/events/{make(City.to_review)}"
    chen = signed_in("chen")
    assert chen.post(f"{url}/recusal", json={"reason_code": "FRIEND"}).status_code == 422
    told = chen.post(f"{url}/recusal", json={"reason_code": "OWN_VEHICLE"}).json()
    assert [row["officer"] for row in told["recusals"]] == ["chen"]
    refused = chen.post(f"{url}/reject", json={"reason_code": "MINOR"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "RECUSED")
    assert signed_in("zhao").post(f"{url}/reject", json={"reason_code": "MINOR"}).status_code == 200


def test_l09_a_partys_request_is_answered(
    make: Make, signed_in: SignIn, services: Services, clock: FakeClock
) -> None:
    event_id = make(City.to_review)
    with services.store.begin() as session:
        row = recusal.request(
            session, session.get_one(Event, event_id), "陈警官是邻居", at=clock.now()
        )
        request_id = row.id
    url = f"{API}/events/{event_id}"
    answer = {"text": "同意回避", "officers": ["chen"]}
    zhao = signed_in("zhao")
    told = zhao.post(f"{url}/recusal-requests/{request_id}/answer", json=answer).json()
    assert told["recusal_requests"][0]["status"] == "granted"
    assert [(r["officer"], r["asked_for"]) for r in told["recusals"]] == [("chen", True)]
    again = zhao.post(f"{url}/recusal-requests/{request_id}/answer", json={"text": "不同意"})
    assert again.status_code == 409
    assert zhao.post(f"{url}/recusal-requests/99/answer", json=answer).status_code == 404


def test_l10_from_the_sheet_to_the_hand_over(
    make: Make, signed_in: SignIn, services: Services, clock: FakeClock
) -> None:
    """Told, waited, handed over; each step too early is a 409 that says what is missing."""
    event_id = make(City.to_escalated)
    url = f"{API}/events/{event_id}"
    chen = signed_in("chen")
    refused = chen.post(f"{url}/handover/export")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "PRE_NOTICE_MISSING")
    sheet = {"sanction": "FINE", "content": "拟罚款200元", "reasons": "占用人行道"}
    money = chen.post(f"{url}/pre-notice", json=sheet)
    assert (money.status_code, money.json()["error"]["code"]) == (422, "NAMES_MONEY")
    sheet["content"] = "拟给予罚款的行政处罚，数额见处罚文书"
    told = chen.post(f"{url}/pre-notice", json=sheet).json()["handover"]
    assert "听证" in told["pre_notice"]["rights"]
    assert [r["code"] for r in told["refusals"]] == ["PRE_NOTICE_NOT_DELIVERED"]
    delivered = {"how": "post", "proof": "EMS 7", "received_by": "family"}
    assert chen.post(f"{url}/pre-notice/deliver", json=delivered).status_code == 200
    assert chen.post(f"{url}/handover/export").json()["error"]["code"] == "REPLY_TIME"
    clock.advance(8 * 86_400)
    chen = signed_in("chen")
    exported = chen.post(f"{url}/handover/export")
    assert exported.status_code == 200
    assert exported.json()["plate"] == "浙A12345"
    told = chen.get(f"{url}/standing").json()["handover"]
    assert told["sheet_sha256"] == exported.headers["x-content-sha256"]
    with services.store.read() as session:
        reasons = session.scalars(select(Viewing.reason)).all()
    assert "hand-over" in reasons
    decided = {"decision_no": "下综执罚决〔2026〕7号"}
    assert chen.post(f"{url}/handover/decision", json=decided).status_code == 200
    taken = {"proof": "1", "received_by": "party"}
    by_text = chen.post(f"{url}/handover/service", json=taken | {"how": "sms"})
    assert (by_text.status_code, by_text.json()["error"]["field"]) == (422, "how")
    silent = chen.post(f"{url}/handover/service", json=taken | {"how": "electronic"})
    assert silent.json()["error"]["code"] == "NO_CONSENT"
    assert chen.post(f"{url}/handover/consent", json={"consent": "确认书 3"}).status_code == 200
    served = chen.post(f"{url}/handover/service", json=taken | {"how": "electronic"})
    assert served.json()["handover"]["served_how"] == "electronic"


def test_l12_a_waiver_over_http(make: Make, signed_in: SignIn) -> None:
    url = f"{API}/events/{make(City.to_escalated)}"
    chen = signed_in("chen")
    sheet = {"sanction": "WARNING", "content": "拟给予警告", "reasons": "占用人行道"}
    assert chen.post(f"{url}/pre-notice", json=sheet).status_code == 201
    assert chen.post(f"{url}/pre-notice/waive", json={"waiver": ""}).status_code == 422
    assert chen.post(f"{url}/pre-notice/waive", json={"waiver": "声明 7"}).status_code == 200
    assert chen.post(f"{url}/handover/export").status_code == 200


def test_l39_verified_and_voided(make: Make, signed_in: SignIn) -> None:
    url = f"{API}/events/{make(City.to_review)}"
    chen = signed_in("chen")
    ground = {"reason": "STOLEN_OR_ABUSED", "note": "报案回执"}
    assert chen.post(f"{url}/ground", json=ground).json()["ground"]["reason"] == ground["reason"]
    assert chen.post(f"{url}/void", json={"reason": "BAD_DAY"}).status_code == 422
    assert chen.post(f"{url}/void", json={"reason": "STOLEN_OR_ABUSED"}).json() == {
        "state": "VOIDED"
    }
    assert signed_in("olive").post(f"{url}/void", json=ground).status_code in (403, 422)


def test_l10_numbered_printed_and_delivered_over_http(
    make: Make, signed_in: SignIn, services: Services
) -> None:
    """The sheet on paper is an officer's, with a line in the viewing log; a number is one sheet's,
    and the receipt says who took it."""
    event_id = make(City.to_escalated)
    url = f"{API}/events/{event_id}/pre-notice"
    chen, olive = signed_in("chen"), signed_in("olive")
    assert chen.post(f"{url}/print").status_code == 404
    sheet = {"sanction": "WARNING", "content": "拟给予警告", "reasons": "占用人行道"}
    plate = chen.post(url, json=sheet | {"reasons": "浙A12345占用人行道"})
    assert (plate.status_code, plate.json()["error"]["code"]) == (422, "NAMES_PLATE")
    assert chen.post(url, json=sheet).status_code == 201
    numbered = chen.post(f"{url}/number", json={"number": "先告〔2026〕7号"})
    assert numbered.json()["handover"]["pre_notice"]["number"] == "先告〔2026〕7号"
    for path, body in (("print", None), ("number", {"number": "8"})):
        assert olive.post(f"{url}/{path}", json=body).status_code == 403
    printed = chen.post(f"{url}/print")
    assert (printed.status_code, printed.headers["content-type"]) == (200, "application/pdf")
    assert "先告〔2026〕7号" in words(printed.content)
    with services.store.read() as session:
        assert "pre-notice" in session.scalars(select(Viewing.reason)).all()
    unsaid = chen.post(f"{url}/deliver", json={"how": "post", "proof": "EMS 7"})
    assert (unsaid.status_code, unsaid.json()["error"]["field"]) == (422, "received_by")
    taken = {"how": "post", "proof": "EMS 7", "received_by": "unit"}
    told = chen.post(f"{url}/deliver", json=taken).json()["handover"]["pre_notice"]
    assert (told["delivered_how"], told["received_by"]) == ("post", "unit")
    late = chen.post(f"{url}/number", json={"number": "8"})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "DELIVERED_ALREADY")


def test_l19_what_comes_near_its_two_years_is_listed(
    make: Make, signed_in: SignIn, clock: FakeClock
) -> None:
    """For the office, plates masked, the day and what is missing beside it."""
    event_id = make(City.to_escalated)
    assert signed_in("chen").get(f"{API}/review/two-years").json() == []
    clock.advance(700 * 86_400)
    for name in ("chen", "olive"):
        (told,) = signed_in(name).get(f"{API}/review/two-years").json()
        assert (told["id"], told["waits_for"], told["two_years_over"]) == (
            event_id, "HANDOVER", False
        )  # fmt: skip
        assert (told["plate"], told["two_years_until"][:10]) == ("浙A12**5", "2028-11-23")
    clock.advance(31 * 86_400)
    (told,) = signed_in("chen").get(f"{API}/review/two-years").json()
    assert told["two_years_over"] is True
