"""Twilio's real client against a real HTTP server: what each answer means, and each silence."""

from __future__ import annotations

import logging
import socket
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from models.errors import BadInput
from models.notice import NoticeStatus
from notify.channel import (
    BadSignature,
    OutcomeUnknown,
    Outgoing,
    Rejected,
    Submission,
    TryLater,
    Underway,
)
from notify.twilio_channel import CALLBACK_PATH, STATUSES, TwilioChannel
from tests import twilio_server
from tests.notify.conftest import PUBLIC
from tests.twilio_server import StoredMessage, TwilioServer, receipt_of

BODY = (
    "【下城城管】浙A12**5于14:03停延安路人行道，请7分钟内驶离，不予处罚。"
    "申辩0571-12345678号K7Q2码9F3M"
)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def text(notice_id: int = 7, **changes: object) -> Outgoing:
    values: dict[str, object] = {
        "notice_id": notice_id,
        "template": "N1",
        "language": "zh",
        "to": "+8613800138000",
        "body": BODY,
        "variables": {},
        "secret": "9F3M",
        "validity_seconds": 300,
    }
    return Outgoing(**(values | changes))  # type: ignore[arg-type]


def make(twilio: TwilioServer, **changes: object) -> TwilioChannel:
    values: dict[str, object] = {"base_url": twilio.base_url, "timeout_seconds": 0.5}
    return TwilioChannel(
        twilio_server.ACCOUNT, twilio_server.TOKEN, twilio_server.SENDER,
        **(values | changes),  # type: ignore[arg-type]
    )  # fmt: skip


# Handing over


def test_a_text_goes_out_with_validity_and_callback(
    twilio: TwilioServer, channel: TwilioChannel
) -> None:
    submission = channel.submit(text())
    (message,) = twilio.messages
    assert submission == Submission(message.sid, NoticeStatus.ACCEPTED)
    assert message.form == {
        "To": "+8613800138000",
        "From": twilio_server.SENDER,
        "Body": BODY,
        "ValidityPeriod": "300",
        "StatusCallback": f"{PUBLIC}{CALLBACK_PATH}?notice=7",
    }


def test_a_messaging_service_may_be_the_sender(twilio: TwilioServer) -> None:
    service = "MG" + "1" * 32
    by_service = TwilioChannel(
        twilio_server.ACCOUNT, twilio_server.TOKEN, service, base_url=twilio.base_url
    )
    by_service.submit(text())
    assert twilio.messages[0].form["MessagingServiceSid"] == service
    assert "From" not in twilio.messages[0].form
    assert "StatusCallback" not in twilio.messages[0].form


@pytest.mark.parametrize(
    ("plan", "error", "stored"),
    [
        ("429", TryLater, 0),  # busy; surely not taken
        ("500", TryLater, 0),  # Twilio's own error JSON: surely not taken
        ("bad gateway", OutcomeUnknown, 0),  # something in between: who knows
        ("21211", Rejected, 0),  # no such number
        ("21610", Rejected, 0),  # unsubscribed
        ("lost answer", OutcomeUnknown, 1),  # taken, and the connection breaks
        ("hang", OutcomeUnknown, 1),  # taken, and no answer in time
        ("nonsense", OutcomeUnknown, 1),  # taken, and the answer cannot be read
        ("nameless", OutcomeUnknown, 1),  # taken, and the answer names nothing
    ],
)
def test_each_answer_means_what_it_means(
    twilio: TwilioServer, channel: TwilioChannel, plan: str, error: type[Exception], stored: int
) -> None:
    twilio.plan = [plan]
    with pytest.raises(error) as caught:
        channel.submit(text())
    assert len(twilio.messages) == stored
    assert "138001" not in str(caught.value)
    assert len([r for r in twilio.requests if r[0] == "POST"]) == 1, "the client tried again itself"


def test_a_refusal_keeps_twilios_code(twilio: TwilioServer, channel: TwilioChannel) -> None:
    twilio.plan = ["21211"]
    with pytest.raises(Rejected) as caught:
        channel.submit(text())
    assert caught.value.provider_code == "21211"
    assert caught.value.reason == "Twilio refuses: HTTP 400 (21211)"


def test_wrong_credentials_are_a_refusal(twilio: TwilioServer) -> None:
    stranger = TwilioChannel(twilio_server.ACCOUNT, "wrong", "+1", base_url=twilio.base_url)
    with pytest.raises(Rejected, match="401"):
        stranger.submit(text())


def test_a_refused_connection_surely_sent_nothing() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    nobody = TwilioChannel(
        twilio_server.ACCOUNT, twilio_server.TOKEN, "+1", base_url=f"http://127.0.0.1:{port}"
    )
    with pytest.raises(TryLater, match="cannot be reached"):
        nobody.submit(text())
    with pytest.raises(TryLater):
        nobody.find(text(), since=LONG_AGO)


# Looking up what may have been sent


def test_a_text_whose_answer_was_lost_is_found(
    twilio: TwilioServer, channel: TwilioChannel
) -> None:
    twilio.plan = ["lost answer"]
    with pytest.raises(OutcomeUnknown):
        channel.submit(text())
    message = twilio.messages[0]
    assert channel.find(text(), since=datetime.now(UTC)) == Submission(
        message.sid, NoticeStatus.ACCEPTED
    )


def test_a_text_still_in_twilios_queue_is_found(
    twilio: TwilioServer, channel: TwilioChannel
) -> None:
    """It has no date of sending yet, so that a filter by that date would hide it."""
    channel.submit(text())
    assert twilio.messages[0].sent_at is None
    assert channel.find(text(), since=datetime.now(UTC)) is not None


def test_the_status_found_is_the_present_one(twilio: TwilioServer, channel: TwilioChannel) -> None:
    channel.submit(text())
    twilio.messages[0].status = "delivered"
    found = channel.find(text(), since=datetime.now(UTC))
    assert found is not None
    assert found.status is NoticeStatus.DELIVERED


def test_words_that_a_gateway_changed_a_little_are_still_ours(
    twilio: TwilioServer, channel: TwilioChannel
) -> None:
    """Another signature in front, a trial account's words, other spaces."""
    channel.submit(text())
    twilio.messages[0].body = "Sent from a trial account - 【城管】" + BODY.split("】")[1] + " "
    assert channel.find(text(), since=datetime.now(UTC)) is not None


@pytest.mark.parametrize(
    ("body", "to"),
    [
        (BODY.replace("K7Q2", "AAAA"), "+8613800138000"),  # another event's
        (BODY, "+8613900139000"),  # another phone
        ("【下城城管】浙A12**5已于14:08驶离延安路人行道，本次不予处罚。", "+8613800138000"),  # N2
        ("", "+8613800138000"),  # hidden by the account's settings
    ],
)
def test_what_is_not_this_text_is_not_taken_for_it(
    twilio: TwilioServer, channel: TwilioChannel, body: str, to: str
) -> None:
    channel.submit(text(body=body or BODY, to=to))
    twilio.messages[0].body = body
    assert channel.find(text(), since=datetime.now(UTC)) is None


def test_an_old_text_with_the_same_words_is_not_this_one(
    twilio: TwilioServer, channel: TwilioChannel
) -> None:
    channel.submit(text())
    twilio.messages[0].created_at -= timedelta(hours=1)
    assert channel.find(text(), since=datetime.now(UTC)) is None


def test_a_look_up_reads_on_through_the_pages(twilio: TwilioServer, channel: TwilioChannel) -> None:
    channel.submit(text())
    for number in range(60):
        channel.submit(text(body=f"another text, number {number}"))
    assert channel.find(text(), since=datetime.now(UTC)) is not None


def test_a_look_up_that_twilio_cannot_answer_now_is_tried_later(
    twilio: TwilioServer, channel: TwilioChannel
) -> None:
    twilio.broken_for_reading = True
    with pytest.raises(TryLater):
        channel.find(text(), since=LONG_AGO)


# Receipts


def taken(twilio: TwilioServer, channel: TwilioChannel) -> StoredMessage:
    channel.submit(text())
    return twilio.messages[-1]


@pytest.mark.parametrize(("status", "ours"), STATUSES.items())
def test_every_status_of_twilio_is_one_of_ours(
    twilio: TwilioServer, channel: TwilioChannel, status: str, ours: NoticeStatus
) -> None:
    receipt = receipt_of(channel, *twilio.signed(taken(twilio, channel), status))
    assert receipt.status is ours
    assert receipt.provider_status == status
    assert receipt.notice_id == 7
    assert receipt.reported_at is None


def test_a_status_that_twilio_invents_tomorrow_ends_nothing(
    twilio: TwilioServer, channel: TwilioChannel
) -> None:
    receipt = receipt_of(channel, *twilio.signed(taken(twilio, channel), "pondering"))
    assert receipt.status is NoticeStatus.ACCEPTED


def test_an_error_code_is_kept(twilio: TwilioServer, channel: TwilioChannel) -> None:
    signed = twilio.signed(taken(twilio, channel), "undelivered", ErrorCode="30003")
    assert receipt_of(channel, *signed).error_code == "30003"


@pytest.mark.parametrize("prefix", ["http://10.0.0.5:8080", "http://127.0.0.1/inner", ""])
def test_p26_a_proxy_may_change_scheme_host_and_path(
    twilio: TwilioServer, channel: TwilioChannel, prefix: str
) -> None:
    """Twilio signs the public address; what arrives behind a proxy has another one (P26)."""
    form, headers, url = twilio.signed(taken(twilio, channel), "delivered")
    parts = urlsplit(url)
    lowered = {name.lower(): value for name, value in headers.items()}
    behind = f"{prefix}{parts.path}?{parts.query}"
    assert receipt_of(channel, form, lowered, behind).status is NoticeStatus.DELIVERED


def test_a_public_address_with_a_path_is_signed_whole(twilio: TwilioServer) -> None:
    below = make(twilio, public_base_url="https://city.example/qifen/")
    below.submit(text())
    form, headers, url = twilio.signed(twilio.messages[0], "sent")
    assert url == f"https://city.example/qifen{CALLBACK_PATH}?notice=7"
    inside = f"http://127.0.0.1:8080{CALLBACK_PATH}?notice=7"
    assert receipt_of(below, form, headers, inside).status is NoticeStatus.SENT


def test_a_forged_receipt_is_refused(twilio: TwilioServer, channel: TwilioChannel) -> None:
    """Wrong key, no signature, changed words, another notice's number in the address."""
    message = taken(twilio, channel)
    form, headers, url = twilio.signed(message, "delivered", token="another key")
    with pytest.raises(BadSignature):
        receipt_of(channel, form, headers, url)
    form, headers, url = twilio.signed(message, "undelivered")
    for changed in (
        (form, {}, url),
        ({**form, "MessageStatus": "delivered"}, headers, url),
        (form, headers, url.replace("notice=7", "notice=8")),
        (form, headers, url.split("?")[0]),
    ):
        with pytest.raises(BadSignature):
            receipt_of(channel, *changed)


def test_without_a_public_address_no_receipt_is_believed(twilio: TwilioServer) -> None:
    unreachable = make(twilio)
    with pytest.raises(BadSignature, match="PUBLIC_BASE_URL"):
        receipt_of(unreachable, {}, {}, CALLBACK_PATH)


@pytest.mark.parametrize("missing", ["MessageSid", "MessageStatus"])
def test_a_receipt_that_lacks_a_field_says_which(
    twilio: TwilioServer, channel: TwilioChannel, missing: str
) -> None:
    form, _, url = twilio.signed(taken(twilio, channel), "sent")
    del form[missing]
    from twilio.request_validator import RequestValidator

    signature = RequestValidator(twilio_server.TOKEN).compute_signature(url, form)
    with pytest.raises(BadInput) as caught:
        receipt_of(channel, form, {"X-Twilio-Signature": signature}, url)
    assert caught.value.field == missing


# Fetching receipts where Twilio cannot reach us


def test_without_a_callback_the_receipts_are_fetched(twilio: TwilioServer) -> None:
    unreachable = make(twilio)
    sid = unreachable.submit(text()).provider_id
    now = datetime.now(UTC)
    underway = [Underway(sid, 7, now), Underway("SMgone", 8, now)]
    twilio.messages[0].status, twilio.messages[0].error_code = "undelivered", 30003
    (receipt,) = unreachable.poll(underway, now)
    assert (receipt.provider_id, receipt.status, receipt.error_code) == (
        sid, NoticeStatus.UNDELIVERED, "30003",
    )  # fmt: skip
    assert unreachable.poll(underway, now + timedelta(seconds=4)) == ()
    assert len(unreachable.poll(underway, now + timedelta(seconds=5))) == 1


def test_with_a_callback_nothing_is_fetched(twilio: TwilioServer, channel: TwilioChannel) -> None:
    sid = channel.submit(text()).provider_id
    assert channel.poll([Underway(sid, 7, LONG_AGO)], datetime.now(UTC)) == ()


# What must not be logged


def test_no_phone_and_no_words_reach_a_log(
    twilio: TwilioServer, channel: TwilioChannel, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither from us, nor Twilio's client, nor urllib3, however much they are asked to say."""
    caplog.set_level(logging.DEBUG)
    twilio.plan = ["accept", "21211"]
    channel.submit(text())
    with pytest.raises(Rejected):
        channel.submit(text())
    channel.find(text(), since=LONG_AGO)
    assert "13800138000" not in caplog.text
    assert "K7Q2" not in caplog.text
    assert "13800138000" not in repr(text())
