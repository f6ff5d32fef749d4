"""Twilio's real client makes calls at a real HTTP server: what is said, what each answer means."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from models.errors import BadInput
from models.flows.voice import CALL_LASTS
from models.notice import OPTED_OUT, NoticeStatus
from models.policy import Policy
from notify.channel import (
    BadSignature,
    Call,
    OutcomeUnknown,
    Outgoing,
    Rejected,
    Submission,
    TryLater,
    Underway,
)
from notify.templates import render
from notify.twilio_voice import (
    CALLBACK_PATH,
    RING_SECONDS,
    STATUSES,
    TALK_SECONDS,
    TwilioVoice,
    spoken,
)
from tests import twilio_server
from tests.notify.conftest import PUBLIC
from tests.notify.test_templates import VALUES
from tests.notify.test_twilio_channel import text
from tests.twilio_server import StoredCall, TwilioServer

ZH, EN = (render("VC", language, VALUES, Policy()).body for language in ("zh", "en"))
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def make(twilio: TwilioServer, public: str = PUBLIC) -> TwilioVoice:
    return TwilioVoice(
        twilio_server.ACCOUNT, twilio_server.TOKEN, twilio_server.SENDER,
        base_url=twilio.base_url, public_base_url=public, timeout_seconds=0.5,
    )  # fmt: skip


@pytest.fixture
def voice(twilio: TwilioServer) -> TwilioVoice:
    """Reachable for callbacks as https://city.example."""
    return make(twilio)


def call(**changes: object) -> Outgoing:
    return replace(text(), **({"template": "VC", "body": ZH, "secret": ""} | changes))  # type: ignore[arg-type]


def brought(twilio: TwilioServer, made: StoredCall, status: str, **extra: str) -> Call:
    """A status callback, as it comes in."""
    form, headers, url = twilio.signed_call(made, status, **extra)
    return Call(url, headers, urlencode(form).encode())


def test_a13_a_call_says_the_words_twice_in_chinese(
    twilio: TwilioServer, voice: TwilioVoice
) -> None:
    submission = voice.submit(call())
    (made,) = twilio.calls
    assert submission == Submission(made.sid, NoticeStatus.ACCEPTED)
    assert made.said() == [("zh-CN", ZH), ("zh-CN", ZH)]
    assert {name: made.form[name] for name in made.form if name != "Twiml"} == {
        "To": "+8613800138000",
        "From": twilio_server.SENDER,
        "Timeout": str(RING_SECONDS),
        "TimeLimit": str(TALK_SECONDS),
        "StatusCallback": f"{PUBLIC}{CALLBACK_PATH}?notice=7",
        "StatusCallbackEvent": "completed",
    }
    assert made.events == ["ringing", "answered", "completed"]
    assert "Record" not in made.form, "nobody is recorded"


def test_a13_an_english_call_has_a_chinese_voice_for_chinese_names(
    twilio: TwilioServer, voice: TwilioVoice
) -> None:
    voice.submit(call(language="en", body=EN))
    said = twilio.calls[0].said()
    half = said[: len(said) // 2]
    assert said == half * 2
    assert half[0] == ("en-US", "This is")
    assert half[1] == ("zh-CN", "下城城管")
    assert half[3] == ("zh-CN", "延安路人行道")
    letters = "".join(words for _, words in half)
    assert [c for c in letters if c.isalnum()] == [c for c in EN if c.isalnum()]
    for language, words in half:
        assert words.isascii() == (language == "en-US")


def test_words_cannot_break_out_of_the_twiml() -> None:
    hostile = '<Dial>+1</Dial> & "x"'
    twiml = ElementTree.fromstring(spoken(hostile, "zh"))
    assert [one.tag for one in twiml] == ["Say", "Pause", "Say"]
    assert twiml[0].text == hostile


def test_a_call_is_over_before_a_late_clock_could_count_against_anybody() -> None:
    """`models.flows.voice` counts on it: time-out of the hand-over, ringing and talking."""
    assert timedelta(seconds=2 * 10 + RING_SECONDS + TALK_SECONDS) < CALL_LASTS


@pytest.mark.parametrize(
    ("plan", "error", "stored"),
    [
        ("429", TryLater, 0),
        ("500", TryLater, 0),
        ("bad gateway", OutcomeUnknown, 0),
        ("21211", Rejected, 0),
        ("lost answer", OutcomeUnknown, 1),
        ("hang", OutcomeUnknown, 1),
        ("nonsense", OutcomeUnknown, 1),
        ("nameless", OutcomeUnknown, 1),
    ],
)
def test_each_answer_means_what_it_means(
    twilio: TwilioServer, voice: TwilioVoice, plan: str, error: type[Exception], stored: int
) -> None:
    twilio.plan = [plan]
    with pytest.raises(error) as caught:
        voice.submit(call())
    assert len(twilio.calls) == stored
    assert "138001" not in str(caught.value)
    assert len([r for r in twilio.requests if r[0] == "POST"]) == 1, "the client tried again itself"


def test_a_number_that_opted_out_is_known_by_its_reason(
    twilio: TwilioServer, voice: TwilioVoice
) -> None:
    twilio.plan = ["21610"]
    with pytest.raises(Rejected) as caught:
        voice.submit(call())
    assert caught.value.reason == f"{OPTED_OUT} (21610)"


# Looking a lost call up


def test_a_lost_call_is_found_by_phone_and_time(twilio: TwilioServer, voice: TwilioVoice) -> None:
    twilio.plan = ["lost answer"]
    with pytest.raises(OutcomeUnknown):
        voice.submit(call())
    found = voice.find(call(), since=datetime.now(UTC))
    assert found == Submission(twilio.calls[0].sid, NoticeStatus.ACCEPTED)
    assert voice.find(call(to="+8613900139000"), since=LONG_AGO) is None, "another phone"
    later = datetime.now(UTC) + timedelta(minutes=6)
    assert voice.find(call(), since=later) is None, "a call of before"


def test_of_two_calls_to_one_phone_nobody_says_which(
    twilio: TwilioServer, voice: TwilioVoice
) -> None:
    voice.submit(call())
    voice.submit(call(notice_id=8))
    assert voice.find(call(), since=LONG_AGO) is None


def test_a_provider_that_cannot_be_asked_is_asked_later(
    twilio: TwilioServer, voice: TwilioVoice
) -> None:
    twilio.broken_for_reading = True
    with pytest.raises(TryLater):
        voice.find(call(), since=LONG_AGO)


# What became of it


@pytest.mark.parametrize("status", sorted(set(STATUSES) - {"queued", "initiated"}))
def test_every_outcome_comes_as_a_signed_callback(
    twilio: TwilioServer, voice: TwilioVoice, status: str
) -> None:
    voice.submit(call())
    (receipt,) = voice.receipts(brought(twilio, twilio.calls[0], status))
    assert (receipt.provider, receipt.provider_id) == ("twilio-voice", twilio.calls[0].sid)
    assert (receipt.status, receipt.provider_status) == (STATUSES[status], status)
    assert receipt.notice_id == 7


def test_only_one_that_was_picked_up_counts_as_reached() -> None:
    reached = {name for name, status in STATUSES.items() if status is NoticeStatus.DELIVERED}
    assert reached == {"completed"}


def test_a_forged_outcome_is_refused(twilio: TwilioServer, voice: TwilioVoice) -> None:
    voice.submit(call())
    made = twilio.calls[0]
    with pytest.raises(BadSignature):
        voice.receipts(brought(twilio, made, "completed", token="forged"))
    honest = brought(twilio, made, "busy")
    changed = honest.body.replace(b"CallStatus=busy", b"CallStatus=completed")
    with pytest.raises(BadSignature):
        voice.receipts(Call(honest.url, honest.headers, changed))
    other = honest.url.replace("notice=7", "notice=8")
    with pytest.raises(BadSignature):
        voice.receipts(Call(other, honest.headers, honest.body))
    with pytest.raises(BadSignature):
        voice.replies(honest)


@pytest.mark.parametrize("missing", ["CallSid", "CallStatus"])
def test_an_incomplete_report_names_what_is_missing(
    twilio: TwilioServer, voice: TwilioVoice, missing: str
) -> None:
    voice.submit(call())
    with pytest.raises(BadInput) as caught:
        voice.receipts(brought(twilio, twilio.calls[0], "busy", **{missing: ""}))
    assert caught.value.field == missing


def test_without_a_callback_the_outcomes_are_fetched(twilio: TwilioServer) -> None:
    voice = make(twilio, public="")
    voice.submit(call())
    (made,) = twilio.calls
    assert "StatusCallback" not in made.form
    assert made.events == []
    made.status = "no-answer"
    now = datetime.now(UTC)
    underway = [Underway(made.sid, 7, now)]
    (receipt,) = voice.poll(underway, now)
    assert (receipt.status, receipt.provider_status) == (NoticeStatus.UNDELIVERED, "no-answer")
    assert voice.poll(underway, now + timedelta(seconds=4)) == ()
    twilio.broken_for_reading = True
    assert list(voice.poll(underway, now + timedelta(seconds=6))) == []


def test_with_a_callback_nothing_is_fetched(twilio: TwilioServer, voice: TwilioVoice) -> None:
    voice.submit(call())
    now = datetime.now(UTC)
    assert voice.poll([Underway(twilio.calls[0].sid, 7, now)], now) == ()


def test_no_phone_in_the_log(
    twilio: TwilioServer, voice: TwilioVoice, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    voice.submit(call())
    voice.find(call(), since=LONG_AGO)
    twilio.plan = ["21211"]
    with pytest.raises(Rejected):
        voice.submit(call())
    assert "138001" not in caplog.text
    assert "138001" not in repr(call())
