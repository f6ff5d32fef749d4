"""Keeping and forgetting through the front door: periods, log, holds, requests, viewings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.owner_view import OwnerView, owner_picture, owner_view
from models.audit import AuditEntry
from models.clock import FakeClock
from models.event import Event
from models.owner_requests import receive_request
from models.people import User
from models.policy import load_policy
from pipeline.services import Services
from tests.api.conftest import SignIn
from tests.models.city import City
from tests.rows import NOON

API = "/api/v1"
Make = Callable[[Callable[[City], Event]], int]


@pytest.fixture
def make(services: Services, clock: FakeClock) -> Make:
    """Make an event the real way, with stored files; the clock follows."""

    def made(way: Callable[[City], Event]) -> int:
        with services.store.begin() as session:
            city = City(session)
            city.files = services.evidence
            event = way(city)
            clock.set(city.now)
            return event.id

    return made


def left(city: City) -> Event:
    """An owner who left in time."""
    event = city.to_grace()
    city.watch(event, "absent", 40)
    return event


def days(clock: FakeClock, count: float) -> None:
    clock.advance(count * 86_400)


def test_l63_periods_and_the_log_are_shown_and_a_run_is_the_administrators(
    make: Make, signed_in: SignIn, clock: FakeClock
) -> None:
    event_id = make(left)
    days(clock, 31)
    chen, boss = signed_in("chen"), signed_in("boss")
    periods = {row["rule"]: row for row in chen.get(f"{API}/retention").json()}
    assert (periods["left"]["keep_days"], periods["left"]["least_days"]) == (30, 30)
    assert periods["texts"]["basis"].startswith("通信短信息服务管理规定")
    assert chen.post(f"{API}/retention/run").status_code == 403
    assert chen.get(f"{API}/retention/preview").status_code == 403
    due = boss.get(f"{API}/retention/preview").json()
    assert [(line["rule"], line["count"], line["pictures"]) for line in due] == [("left", 1, 2)]
    assert boss.post(f"{API}/retention/run").json() == due
    log = chen.get(f"{API}/retention/log").json()
    assert [(row["rule"], row["count"], row["actor"]) for row in log] == [
        ("daily", 1, "boss"), ("left", 1, "boss"),
    ]  # fmt: skip
    event = chen.get(f"{API}/events/{event_id}").json()
    assert (event["plate"], event["state"]) == (None, "LEFT_IN_TIME")
    gone = event["evidence"][0]["id"]
    refused = chen.get(f"{API}/evidence/{gone}/file", headers={"X-Reason": "x"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "PURGED")
    assert boss.get(f"{API}/evidence/chain?files=true").json()["intact"] is True


@pytest.mark.parametrize(
    ("change", "least"),
    [({"keep_left_days": 29}, 30), ({"keep_sms_days": 100}, 153), ({"keep_log_days": 90}, 180)],
)
def test_l72_l82_l84_a_period_under_the_law_is_refused(
    signed_in: SignIn, change: dict[str, int], least: int
) -> None:
    refused = signed_in("boss").patch(f"{API}/policy", json=change)
    error = refused.json()["error"]
    assert (refused.status_code, error["field"]) == (422, next(iter(change)))
    assert f"must be {least} or more days" in error["message"]


def test_a_hold_is_laid_and_lifted_by_officers(
    make: Make, signed_in: SignIn, clock: FakeClock
) -> None:
    event_id = make(left)
    url = f"{API}/events/{event_id}/holds"
    chen, zhao, boss = signed_in("chen"), signed_in("zhao"), signed_in("boss")
    body = {"reason": "行政复议", "document": "复议2026-7"}
    assert signed_in("olive").post(url, json=body).status_code == 403
    assert chen.post(url, json={"reason": "行政复议"}).status_code == 422
    hold = chen.post(url, json=body).json()
    assert (hold["placed_by"], hold["document"]) == ("chen", "复议2026-7")
    days(clock, 400)
    chen, zhao, boss = signed_in("chen"), signed_in("zhao"), signed_in("boss")
    run = boss.post(f"{API}/retention/run").json()
    assert "left" not in {line["rule"] for line in run}
    assert [row["id"] for row in chen.get(f"{API}/holds").json()] == [hold["id"]]
    lifted = zhao.post(f"{API}/holds/{hold['id']}/lift", json={"reason": "复议终结"}).json()
    assert (lifted["lifted_by"], lifted["lift_reason"]) == ("zhao", "复议终结")
    assert zhao.post(f"{API}/holds/{hold['id']}/lift", json={"reason": "x"}).status_code == 409
    assert chen.get(f"{API}/holds").json() == []
    assert len(chen.get(url).json()) == 1
    run = boss.post(f"{API}/retention/run").json()
    assert "left" in {line["rule"] for line in run}
    refused = chen.post(url, json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "ALREADY_PURGED")


def asked(services: Services, event_id: int, kind: str, text: str = "") -> int:
    with services.store.begin() as session:
        event = session.get_one(Event, event_id)
        request = receive_request(session, event, kind, text, at=services.clock.now())
        return request.id


def test_w53_a_deletion_is_refused_while_it_is_needed_and_done_afterwards(
    make: Make, signed_in: SignIn, services: Services, clock: FakeClock
) -> None:
    event_id = make(left)
    request = asked(services, event_id, "deletion", "请删除我的信息")
    chen = signed_in("chen")
    (shown,) = chen.get(f"{API}/owner-requests").json()
    assert (shown["kind"], shown["status"], shown["text"]) == ("deletion", "open", "请删除我的信息")
    url = f"{API}/owner-requests/{request}"
    wrong = {"granted": True, "text": "好"}
    assert chen.post(f"{url}/answer", json=wrong).status_code == 422, "nobody just grants it"
    refused = chen.post(f"{url}/decide-deletion").json()
    assert refused["status"] == "refused"
    assert refused["answer"] == "暂不能删除：保存期限未满，保存至2026-12-23。"
    assert chen.post(f"{url}/decide-deletion").status_code == 409
    assert chen.get(f"{API}/owner-requests").json() == []
    days(clock, 31)
    again = asked(services, event_id, "deletion")
    chen = signed_in("chen")
    done = chen.post(f"{API}/owner-requests/{again}/decide-deletion").json()
    assert (done["status"], done["answer"]) == ("granted", "图片、号牌等信息已删除。")
    event = chen.get(f"{API}/events/{event_id}").json()
    assert event["plate"] is None
    assert chen.get(f"{API}/retention/log").json()[0]["rule"] == "request"
    assert signed_in("boss").get(f"{API}/evidence/chain?files=true").json()["intact"] is True


def test_w53_an_answer_is_due_within_fifteen_work_days(make: Make, services: Services) -> None:
    """Received on Monday 23 November 2026: the fifteenth work day is Monday 14 December."""
    request = asked(services, make(left), "access")
    with services.store.read() as session:
        from models.owner_requests import get_request

        due = get_request(session, request).due_at
    assert due == NOON + timedelta(days=21, hours=12)


@pytest.mark.parametrize("kind", ["access", "correction"])
def test_l67_a_request_to_see_or_correct_is_answered_with_a_reason(
    make: Make, signed_in: SignIn, services: Services, kind: str
) -> None:
    event_id = make(City.to_review)
    request = asked(services, event_id, kind, "颜色写错了")
    assert asked(services, event_id, kind, "颜色写错了") == request, "the same again is one"
    chen = signed_in("chen")
    url = f"{API}/owner-requests/{request}"
    assert chen.post(f"{url}/decide-deletion").status_code == 422
    assert chen.post(f"{url}/answer", json={"granted": False, "text": ""}).status_code == 422
    olive = signed_in("olive")
    assert olive.post(f"{url}/answer", json={"granted": True, "text": "好"}).status_code == 403
    answered = chen.post(f"{url}/answer", json={"granted": False, "text": "与图片一致"}).json()
    assert (answered["status"], answered["answer"]) == ("refused", "与图片一致")
    with services.store.read() as session:
        actions = session.scalars(
            select(AuditEntry.action).where(AuditEntry.action.startswith("request."))
        ).all()
    assert actions == ["request.received", "request.refused"]


def test_l71_every_picture_needs_a_reason_and_leaves_name_and_unit(
    make: Make, signed_in: SignIn, services: Services
) -> None:
    """视频条例 art. 16: 事由、内容及调用人员的单位、姓名; read by the administrator only."""
    event_id = make(City.to_review)
    with services.store.begin() as session:
        user = session.scalars(select(User).where(User.username == "chen")).one()
        user.display_name, user.unit = "陈一", "下城城管一中队"
    chen = signed_in("chen")
    picture = chen.get(f"{API}/events/{event_id}").json()["evidence"][0]
    url = f"{API}/evidence/{picture['id']}/file"
    refused = chen.get(url)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "REASON_NEEDED")
    for reason in ("复核", "行政复议2026-7"):
        assert chen.get(url, params={"reason": reason}).status_code == 200
    assert chen.get(f"{API}/viewings").status_code == 403
    boss = signed_in("boss")
    looks = boss.get(f"{API}/viewings", params={"event_id": event_id, "viewer": "chen"}).json()
    assert [
        (look["viewer"], look["name"], look["unit"], look["kind"], look["reason"])
        for look in looks
        if look["evidence_id"]
    ] == [
        ("chen", "陈一", "下城城管一中队", picture["kind"], "行政复议2026-7"),
        ("chen", "陈一", "下城城管一中队", picture["kind"], "复核"),
    ]  # fmt: skip
    later = (services.clock.now() + timedelta(seconds=1)).isoformat()
    assert boss.get(f"{API}/viewings", params={"since": later}).json() == []
    naive = boss.get(f"{API}/viewings", params={"since": "2026-11-23T00:00:00"})
    assert naive.json()["error"]["field"] == "since"


def test_l71_clips_are_for_officers_and_operators(
    make: Make, signed_in: SignIn, services: Services
) -> None:
    from models.chain import add_evidence

    event_id = make(City.to_review)
    with services.store.begin() as session:
        event = session.get_one(Event, event_id)
        row = add_evidence(
            session, event=event, camera=event.camera, kind="V1", media_type="video/mp4",
            data=b"clip", storage_key=services.evidence.put(b"clip", "mp4"),
            captured_at=event.flagged_at,
        )  # fmt: skip
        clip_id = row.id
    chen = signed_in("chen")
    url = f"{API}/evidence/{clip_id}"
    assert chen.get(f"{url}/file").status_code == 422
    told = chen.get(f"{url}/file", params={"reason": "复核"})
    assert (told.content, told.headers["content-type"]) == (b"clip", "video/mp4")
    assert chen.get(f"{url}/thumbnail").status_code == 404, "no copy of a clip for anybody"


def test_l80_anchors_are_listed(signed_in: SignIn, services: Services) -> None:
    from pipeline.anchoring import Anchoring

    Anchoring(services).anchor()
    (anchor,) = signed_in("chen").get(f"{API}/evidence/anchors").json()
    assert (anchor["day"], anchor["stamped_at"], len(anchor["anchor_hash"])) == (
        "2026-11-23", None, 64,
    )  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
def test_l67_the_owners_page_still_opens_when_its_pictures_are_gone(
    make: Make, signed_in: SignIn, services: Services, clock: FakeClock, language: str
) -> None:
    event_id = make(left)
    with services.store.read() as session:
        before = _page(session, session.get_one(Event, event_id), services, language)
    days(clock, 31)
    assert signed_in("boss").post(f"{API}/retention/run").status_code == 200
    with services.store.read() as session:
        event = session.get_one(Event, event_id)
        after = _page(session, event, services, language)
        assert owner_picture(session, event, before.pictures[0].evidence_id) is None
    assert len(before.pictures) >= 1
    assert after.pictures == ()
    assert after.reference == before.reference
    assert "浙A" not in str(after), "nothing of the plate is left"


def _page(session: Session, event: Event, services: Services, language: str) -> OwnerView:
    policy = load_policy(session)
    return owner_view(session, event, at=services.clock.now(), language=language, policy=policy)
