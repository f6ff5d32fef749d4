"""The provider of registered templates: its signature, its codes, its batches, its silences."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.clock import FakeClock, SystemClock
from models.errors import BadInput
from models.notice import NoticeStatus
from notify.aliyun_channel import BUSY, AliyunChannel, our_number, out_id
from notify.aliyun_signature import encoded, sign, signed_request
from notify.channel import Call, OutcomeUnknown, Outgoing, Rejected, Submission, TryLater
from notify.registered import TemplateCodes
from notify.templates import load_templates
from pipeline.services import build_services
from pipeline.settings import load_settings
from tests import aliyun_server
from tests.aliyun_server import PUSH_TOKEN, AliyunServer
from tests.providers import aliyun_channel
from tests.rows import NOON

VALUES = {
    "plate": "浙A12**5", "time": "14:03", "place": "延安路人行道", "grace": "7分钟",
    "number": "K7Q2", "code": "9F3M",
}  # fmt: skip
S = NoticeStatus


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def server(clock: FakeClock) -> Iterator[AliyunServer]:
    with AliyunServer(clock.now) as opened:
        yield opened


@pytest.fixture
def channel(server: AliyunServer, clock: FakeClock) -> AliyunChannel:
    return aliyun_channel(server, clock)


def text(notice_id: int = 7, **changes: object) -> Outgoing:
    values: dict[str, object] = {
        "notice_id": notice_id, "template": "N1", "language": "zh", "to": "+8613800138000",
        "body": "", "variables": VALUES, "secret": "9F3M", "validity_seconds": 300,
        "signature": "下城城管",
    }  # fmt: skip
    return Outgoing(**(values | changes))  # type: ignore[arg-type]


def test_the_signature_is_that_of_the_providers_worked_example() -> None:
    """Its documentation signs a RunInstances with these very values."""
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    query = {
        "RegionId": "cn-shanghai",
        "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
    }
    _, signature = sign("POST", "/", encoded(query), headers, "YourAccessKeySecret")
    assert signature == "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"


def test_no_two_requests_are_signed_alike() -> None:
    """A nonce each: a request that somebody recorded cannot be played again."""
    asked = [
        signed_request("https://x.cn", "SendSms", "v", {"a": "b c"}, key=("i", "s"), at=NOON)
        for _ in range(2)
    ]
    assert asked[0][0] == asked[1][0] == "https://x.cn/?a=b%20c"
    assert asked[0][1]["Authorization"] != asked[1][1]["Authorization"]


def test_number_and_variables_go_out_and_words_arrive(
    server: AliyunServer, channel: AliyunChannel
) -> None:
    """L86: no landline, no link and no words among the variables."""
    submission = channel.submit(text())
    (message,) = server.messages
    assert submission == Submission(message.sid, S.ACCEPTED)
    assert json.loads(message.query["TemplateParam"]) == VALUES
    assert message.query["PhoneNumbers"] == "13800138000"
    assert message.body == (
        "【下城城管】浙A12**5于14:03停延安路人行道，请7分钟内驶离，不予处罚。"
        "申辩0571-12345678号K7Q2码9F3M"
    )


@pytest.mark.parametrize(
    ("plan", "error", "stored"),
    [
        *((code, TryLater, 0) for code in sorted(BUSY) if code != "ServiceUnavailable"),
        ("isp.SYSTEM_ERROR", OutcomeUnknown, 0),  # broke inside the provider: who knows
        ("InternalError", OutcomeUnknown, 0),
        ("bad gateway", OutcomeUnknown, 0),
        ("isv.MOBILE_NUMBER_ILLEGAL", Rejected, 0),
        ("isv.AMOUNT_NOT_ENOUGH", Rejected, 0),
        ("isv.SMS_TEMPLATE_ILLEGAL", Rejected, 0),
        ("isv.DAY_LIMIT_CONTROL", Rejected, 0),
        ("lost answer", OutcomeUnknown, 1),
        ("hang", OutcomeUnknown, 1),
        ("nonsense", OutcomeUnknown, 1),
        ("nameless", OutcomeUnknown, 1),
    ],
)
def test_each_answer_means_what_it_means(
    server: AliyunServer, channel: AliyunChannel, plan: str, error: type[Exception], stored: int
) -> None:
    server.plan = [plan]
    with pytest.raises(error) as caught:
        channel.submit(text())
    assert len(server.messages) == stored
    assert "13800138000" not in str(caught.value)
    assert len(server.requests) == 1, "the client tried again itself"


def test_a_wrong_secret_is_a_refusal(server: AliyunServer, clock: FakeClock) -> None:
    codes = TemplateCodes(aliyun_server.codes_of(), load_templates())
    stranger = AliyunChannel(
        aliyun_server.KEY_ID, "wrong", codes, PUSH_TOKEN, clock=clock, endpoint=server.base_url
    )
    with pytest.raises(Rejected) as caught:
        stranger.submit(text())
    assert caught.value.provider_code == "SignatureDoesNotMatch"
    assert server.messages == []


def test_a_value_that_cannot_be_sent_never_leaves_the_house(
    server: AliyunServer, channel: AliyunChannel
) -> None:
    with pytest.raises(Rejected, match="place"):
        channel.submit(text(variables={**VALUES, "place": ""}))
    assert server.requests == []


def test_a_refused_connection_surely_sent_nothing(clock: FakeClock) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    codes = TemplateCodes(aliyun_server.codes_of(), load_templates())
    nobody = AliyunChannel(
        "id", "secret", codes, PUSH_TOKEN, clock=clock, endpoint=f"http://127.0.0.1:{port}"
    )
    with pytest.raises(TryLater, match="cannot be reached"):
        nobody.submit(text())
    with pytest.raises(TryLater):
        nobody.find(text(), since=NOON)


def test_a_look_up_goes_by_our_number_over_midnight_and_through_the_pages(
    server: AliyunServer, channel: AliyunChannel, clock: FakeClock
) -> None:
    """Days are Beijing's: what was sent at 23:59 is looked for on that day and the next."""
    clock.set(datetime(2026, 11, 23, 15, 59, tzinfo=UTC))
    channel.submit(text())
    for number in range(60):
        channel.submit(text(notice_id=100 + number))
    sent_at = clock.now()
    clock.advance(120)
    assert channel.find(text(), since=sent_at) == Submission("", S.ACCEPTED)
    assert channel.find(text(notice_id=8), since=sent_at) is None
    assert channel.find(text(first_id="900^0"), since=sent_at) is None, "the second try is another"
    server.messages[0].send_status = 3
    assert channel.find(text(), since=sent_at) == Submission("", S.DELIVERED)
    assert channel.find(text(), since=clock.now()) is None, "only on the days since"
    server.broken_for_reading = True
    with pytest.raises(TryLater):
        channel.find(text(), since=sent_at)


@pytest.mark.parametrize(
    ("success", "code", "ours"),
    [
        (True, "DELIVERED", S.DELIVERED),
        (True, "DELIVRD", S.DELIVERED),
        (False, "UNDELIV", S.UNDELIVERED),
        (False, "EXPIRED", S.UNDELIVERED),
        (False, "DELETED", S.UNDELIVERED),
        (False, "REJECTD", S.UNDELIVERED),
        (False, "NOROUTE", S.UNDELIVERED),
        (False, "MK:0001", S.UNDELIVERED),
        (False, "", S.UNDELIVERED),
        (False, "ACCEPTD", S.ACCEPTED),
        (False, "UNKNOWN", S.ACCEPTED),
        (False, "ENROUTE", S.ACCEPTED),
        (True, "UNDELIV", S.ACCEPTED),  # it contradicts itself: nothing is sure
        (False, "DELIVERED", S.UNDELIVERED),
        ("true", "DELIVERED", S.UNDELIVERED),
    ],
)
def test_codes_of_receipts(
    server: AliyunServer, channel: AliyunChannel, success: object, code: str, ours: NoticeStatus
) -> None:
    """domain.md 6; what starts a clock must be beyond doubt."""
    channel.submit(text())
    report = server.report(server.messages[0], code, success=success)
    (receipt,) = channel.receipts(Call("", {}, json.dumps([report]).encode(), PUSH_TOKEN))
    assert (receipt.status, receipt.provider_status, receipt.notice_id) == (ours, code, 7)
    assert receipt.reported_at is None


def test_one_senseless_report_does_not_lose_the_others(
    server: AliyunServer, channel: AliyunChannel
) -> None:
    channel.submit(text())
    good = server.report(server.messages[0], "DELIVERED")
    batch = [None, 7, {}, {**good, "biz_id": ["x"]}, {**good, "biz_id": "x" * 81}, good]
    (receipt,) = channel.receipts(Call("", {}, json.dumps(batch).encode(), PUSH_TOKEN))
    assert receipt.provider_id == server.messages[0].sid
    assert channel.replies(Call("", {}, json.dumps(batch).encode(), PUSH_TOKEN)) == []


def test_a_number_that_is_not_marked_by_us_is_nobodys() -> None:
    """An installation that shares the account, or somebody who learnt the address."""
    assert our_number(out_id(7)) == our_number(out_id(7, again=True)) == 7
    assert out_id(7) != out_id(7, again=True)
    for made_up in ("7", "7-", "7-000000000000", f"8{out_id(7)[1:]}", "", None, 7, "²-x", "7é"):
        assert our_number(made_up) is None, made_up


def test_no_phone_and_no_words_reach_a_log(
    server: AliyunServer, channel: AliyunChannel, caplog: pytest.LogCaptureFixture
) -> None:
    """However much urllib3 is asked to say: its addresses hold phone and variables."""
    caplog.set_level(logging.DEBUG)
    channel.submit(text())
    channel.find(text(), since=NOON - timedelta(days=1))
    assert "13800138000" not in caplog.text
    assert "9F3M" not in caplog.text
    assert PUSH_TOKEN not in caplog.text
    assert "9F3M" not in repr(text())


def test_settings_choose_it_and_name_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At start, before anything runs: a variable, or a text without its number."""
    from models import secret

    monkeypatch.setattr(secret, "_fernet", secret._fernet)
    monkeypatch.setattr(secret, "_hash_key", secret._hash_key)
    codes = aliyun_server.codes_of()
    chosen = {
        "data_dir": tmp_path, "channel": "aliyun", "aliyun_access_key_id": "id",
        "aliyun_access_key_secret": "secret", "aliyun_push_token": PUSH_TOKEN,
        "aliyun_templates": aliyun_server.write_codes(tmp_path / "codes.toml", codes),
    }  # fmt: skip
    services = build_services(load_settings(**chosen), clock=SystemClock())
    assert services.channel.name == "aliyun"
    services.close()
    for name in ("aliyun_access_key_id", "aliyun_templates", "aliyun_push_token"):
        with pytest.raises(BadInput, match=f"QIFEN_{name.upper()}"):
            load_settings(**{key: value for key, value in chosen.items() if key != name})
    with pytest.raises(BadInput, match="24 to 128"):
        load_settings(**(chosen | {"aliyun_push_token": "short"}))
    del codes["zh"]["N1"]
    aliyun_server.write_codes(tmp_path / "codes.toml", codes)
    with pytest.raises(BadInput, match=r"zh\.N1 has no template number"):
        build_services(load_settings(**chosen))
