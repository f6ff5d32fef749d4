"""Replies and receipts over HTTP, as both providers bring them; the alarm and its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
import pytest

from api.app import create_app
from models.clock import FakeClock
from models.event import Event
from models.notice import DeliveryPause, Notice, NoticeStatus
from pipeline.sender import Sender
from pipeline.services import Services
from tests import aliyun_server
from tests.aliyun_server import AliyunServer
from tests.api.conftest import SignIn, serving
from tests.models.city import CONTACT, City
from tests.providers import Aliyun, Twilio, aliyun_channel, twilio_channel
from tests.twilio_server import TwilioServer

API = "/api/v1"
TOKEN = aliyun_server.PUSH_TOKEN


@pytest.fixture
def aliyun(services: Services, clock: FakeClock) -> Iterator[Aliyun]:
    """The installation texts through a provider of registered templates."""
    with AliyunServer(clock.now) as server:
        services.channel = aliyun_channel(server, clock)
        yield Aliyun(server, services.channel)


@pytest.fixture
def reviewed(services: Services, clock: FakeClock) -> int:
    """An event before the officers, its owner texted."""
    with services.store.begin() as session:
        city = City(session)
        city.files = services.evidence
        event = city.to_review()
        clock.set(city.now)
        return event.id


Entries = list[dict[str, object]]
TAKEN = (200, {"code": 0, "msg": "接收成功"})


def push(address: str, aliyun: Aliyun, what: str, entries: Entries, token: str = TOKEN) -> object:
    return aliyun.server.push(entries, f"{address}{API}/{what}/aliyun/{token}")


def said(words: str, number: int = 1) -> list[dict[str, object]]:
    phone = CONTACT.phone.removeprefix("+86")
    return [{"phone_number": phone, "content": words, "sequence_id": number}]


def test_a_batch_of_receipts_starts_the_clock_and_is_answered_as_the_provider_wants(
    services: Services, clock: FakeClock, aliyun: Aliyun, address: str, signed_in: SignIn
) -> None:
    """Two reports in one push, one of them senseless; the secret in the address is needed."""
    with services.store.begin() as session:
        city = City(session)
        event_id = city.to_pending().id
        clock.set(city.now)
    Sender(services.store, services.channel, clock, services.policy).run_once()
    (message,) = aliyun.server.messages
    batch = [{"biz_id": None}, aliyun.server.report(message, "DELIVERED")]
    refused, told = aliyun.server.push(batch, f"{address}{API}/receipts/aliyun/{'x' * 30}")
    assert (refused, told["error"]["code"]) == (403, "BAD_SIGNATURE")
    assert push(address, aliyun, "receipts", batch) == TAKEN
    assert signed_in("chen").get(f"{API}/events/{event_id}").json()["state"] == "GRACE"


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"null", b"\xff", b"[" * 50_000])
def test_a_push_that_makes_no_sense_is_refused_cleanly(
    aliyun: Aliyun, nobody: httpx.Client, body: bytes
) -> None:
    for what in ("receipts", "replies"):
        answer = nobody.post(f"{API}/{what}/aliyun/{TOKEN}", content=body)
        assert answer.status_code == 422, answer.text


def test_w20_a_reply_freezes_the_event_for_everybody_to_see(
    aliyun: Aliyun, address: str, signed_in: SignIn, reviewed: int
) -> None:
    """Told in GET event, refused by name, and free after an officer's answer."""
    assert push(address, aliyun, "replies", said("不是我的车")) == (
        200,
        {"code": 0, "msg": "接收成功"},
    )
    push(address, aliyun, "replies", said("不是我的车"))  # brought again
    chen = signed_in("chen")
    told = chen.get(f"{API}/events/{reviewed}").json()
    assert told["frozen"] is True
    assert "not_mine" in told["flags"]
    (reply,) = told["replies"]
    assert (reply["meanings"], reply["text"], reply["freezes"]) == (
        ["NOT_MINE"],
        "不是我的车",
        True,
    )
    ticks = {
        "kind": "escalate", "is_true": True, "is_clear": True, "is_complete": True,
        "is_accurate": True, "obstruction": True, "obstruction_reason": "行人被迫走上机动车道",
    }  # fmt: skip
    refused = chen.post(f"{API}/events/{reviewed}/decide", json=ticks)
    assert refused.status_code == 409
    assert "REPLY_OPEN" in refused.text
    (waiting,) = chen.get(f"{API}/replies", params={"waiting": True}).json()
    assert waiting["id"] == reply["id"]
    assert "138" not in str(waiting)
    body = {"contact_is_right": False, "note": "register is wrong"}
    answered = chen.post(f"{API}/replies/{reply['id']}/answer", json=body)
    assert answered.json()["answer"]["officer"] == "chen"
    assert chen.post(f"{API}/replies/{reply['id']}/answer", json=body).status_code == 409
    assert chen.get(f"{API}/replies", params={"waiting": True}).json() == []
    assert chen.get(f"{API}/events/{reviewed}").json()["frozen"] is False


def test_w20_twilio_brings_replies_signed(
    services: Services, clock: FakeClock, reviewed: int
) -> None:
    with TwilioServer(clock.now) as server:
        provider = Twilio(server, twilio_channel(server))
        made = replace(services, channel=provider.channel)
        with serving(create_app(made)) as address:
            call = provider.reply("SM77", CONTACT.phone, "I want to appeal")
            forged = provider.reply("SM78", CONTACT.phone, "我要申诉", forged=True)
            for wanted, one in ((200, call), (200, call), (403, forged)):
                answer = httpx.post(
                    f"{address}{API}/replies/twilio", content=one.body, headers=dict(one.headers)
                )
                assert answer.status_code == wanted, answer.text
            assert httpx.post(f"{address}{API}/replies/aliyun/{TOKEN}").status_code == 404
    with services.store.read() as session:
        assert "statement" in session.get_one(Event, reviewed).flags


def test_replies_are_not_for_strangers(
    aliyun: Aliyun, nobody: httpx.Client, signed_in: SignIn
) -> None:
    assert nobody.get(f"{API}/replies").status_code == 401
    body = {"contact_is_right": True, "note": "x"}
    assert signed_in("olive").post(f"{API}/replies/1/answer", json=body).status_code == 403
    assert signed_in("chen").post(f"{API}/replies/404/answer", json=body).status_code == 404


@pytest.fixture
def paused(services: Services, clock: FakeClock) -> None:
    with services.store.begin() as session:
        session.add(DeliveryPause(is_open=True, began_at=clock.now(), accepted=9, delivered=3))


def test_w48_the_alarm_is_seen_and_an_operator_ends_it(
    services: Services, paused: None, signed_in: SignIn
) -> None:
    """Status, metric, and who may let it go on."""
    olive, chen = signed_in("olive"), signed_in("chen")
    told = chen.get(f"{API}/health/details").json()["deliveries"]
    assert (told["paused"], told["paused_at"]) == (True, {"accepted": 9, "delivered": 3})
    assert 'qifen_delivery_paused{channel="local"} 1.0' in olive.get(f"{API}/metrics").text
    assert chen.post(f"{API}/texts/delivery/resume").status_code == 403
    assert olive.post(f"{API}/texts/delivery/resume").json()["paused"] is False
    assert olive.post(f"{API}/texts/delivery/resume").status_code == 409
    assert 'qifen_delivery_paused{channel="local"} 0.0' in olive.get(f"{API}/metrics").text


def test_w48_a_test_text_that_arrives_ends_it(
    services: Services, clock: FakeClock, aliyun: Aliyun, paused: None, address: str,
    signed_in: SignIn,
) -> None:  # fmt: skip
    olive = signed_in("olive")
    assert olive.post(f"{API}/texts/test", json={"phone": "12"}).status_code == 422
    asked = olive.post(f"{API}/texts/test", json={"phone": "13800138000"})
    assert asked.status_code == 201, asked.text
    sender: Callable[[], int] = Sender(
        services.store, services.channel, clock, services.policy
    ).run_once
    assert sender() == 1
    (message,) = aliyun.server.messages
    assert message.body.startswith("【下城城管】短信通道测试")
    push(address, aliyun, "receipts", [aliyun.server.report(message, "DELIVERED")])
    assert olive.get(f"{API}/texts/{asked.json()['id']}").json()["status"] == "delivered"
    assert olive.get(f"{API}/texts/delivery").json()["paused"] is False


def test_w32_misread_plates_are_counted(services: Services, signed_in: SignIn) -> None:
    """An officer corrected one before any text; one was found misread after its text."""
    with services.store.begin() as session:
        city = City(session)
        city.open().plate_original = "浙A12346"
        event = city.to_grace(plate="浙A99999", box=(0.1, 0.1, 0.2, 0.2))
        event.outcome = "PLATE_MISREAD"
        assert session.query(Notice).filter_by(status=NoticeStatus.DELIVERED).count() == 1
    told = signed_in("olive").get(f"{API}/health/details").json()
    assert told["plates_misread"] == {"before_text": 1, "after_text": 1}


def test_l66_a_channel_abroad_is_named(services: Services, signed_in: SignIn) -> None:
    assert signed_in("olive").get(f"{API}/health/details").json()["abroad"] == []
