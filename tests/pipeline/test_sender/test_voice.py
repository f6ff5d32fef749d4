"""The voice call of A13 and W16 from the outbox to its outcome: one a stay, whatever happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from structlog.types import EventDict

from api.app import create_app
from api.explanation import notices_of
from models.clock import FakeClock
from models.event import Event, EventState
from models.notice import OPTED_OUT, DeliveryReceipt, Notice, NoticeStatus
from models.policy import Policy
from models.retention_rows import SORTS, forget_rows
from models.store import Store
from notify.receipts import apply_receipt
from notify.twilio_channel import TwilioChannel
from notify.twilio_voice import CALLBACK_PATH, TwilioVoice
from pipeline.pack_pdf import text_rows
from pipeline.sender import Sender
from pipeline.services import build_services
from pipeline.settings import Settings
from tests import twilio_server
from tests.api.conftest import serving
from tests.notify import desk
from tests.pipeline.test_sender.tools import change, receive
from tests.rows import NOON
from tests.twilio_server import TwilioServer, receipt_of

S = NoticeStatus
CALLS = Policy(voice_call=True)


@pytest.fixture
def voice(twilio: TwilioServer) -> TwilioVoice:
    return TwilioVoice(
        twilio_server.ACCOUNT, twilio_server.TOKEN, twilio_server.SENDER,
        base_url=twilio.base_url, public_base_url="https://city.example", timeout_seconds=1.0,
    )  # fmt: skip


@pytest.fixture
def sender(store: Store, channel: TwilioChannel, voice: TwilioVoice, clock: FakeClock) -> Sender:
    return Sender(store, channel, clock, lambda: CALLS, voice=voice)


@pytest.fixture
def endpoint(
    tmp_path: Path, store: Store, channel: TwilioChannel, voice: TwilioVoice, clock: FakeClock
) -> Iterator[str]:
    """Where a proxy forwards https://city.example to."""
    settings = Settings(data_dir=tmp_path, public_base_url="https://city.example")
    services = replace(
        build_services(settings, clock=clock), store=store, channel=channel, voice=voice
    )
    with serving(create_app(services)) as address:
        yield f"{address}{CALLBACK_PATH}"


def unreachable(store: Store, sender: Sender, twilio: TwilioServer) -> int:
    """A car whose owner's number takes no texts; a call lies in the outbox. Gives its event."""
    first = desk.queue_notice(store, policy=CALLS)
    twilio.plan = ["21211"]
    sender.run_once()
    event = desk.event_of(store, first)
    assert event.state == EventState.PATROL_ASSIGNED
    return event.id


def call_of(store: Store, event_id: int) -> Notice:
    with store.read() as session:
        query = select(Notice).where(Notice.event_id == event_id, Notice.template == "VC")
        return session.scalars(query).one()


def event_at(store: Store, event_id: int) -> Event:
    with store.read() as session:
        return session.get_one(Event, event_id)


def due(clock: FakeClock) -> None:
    """A minute after the text it is the call's turn (L88)."""
    clock.advance(60)


def test_a13_one_call_is_made_and_its_outcome_is_kept(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock, endpoint: str
) -> None:
    """Ringing, busy, busy again, late news: all signed, all stored, one counts; a patrol goes."""
    event_id = unreachable(store, sender, twilio)
    assert twilio.calls == [], "not within a minute of the text"
    due(clock)
    assert sender.run_once() == 1
    (made,) = twilio.calls
    call = call_of(store, event_id)
    assert made.form["To"] == desk.PHONE
    assert made.said() == [("zh-CN", call.body)] * 2
    assert (call.provider, call.provider_id, call.status, call.segments) == (
        "twilio-voice", made.sid, S.ACCEPTED, None,
    )  # fmt: skip
    for status in ("ringing", "busy", "busy", "in-progress"):
        clock.advance(1)
        assert twilio.call_back(made, status, to=endpoint) == 204
    assert call_of(store, event_id).status == S.UNDELIVERED
    assert desk.receipts(store) == [
        (S.SENT, True), (S.UNDELIVERED, True), (S.UNDELIVERED, False), (S.SENT, False),
    ]  # fmt: skip
    event = event_at(store, event_id)
    assert (event.state, event.grace_deadline_at) == (EventState.PATROL_ASSIGNED, None)
    clock.advance(600)
    assert sender.run_once() == 0
    assert len(twilio.calls) == 1, "nobody is rung up a second time"


def test_a13_somebody_picks_up_and_still_no_clock_runs(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock, endpoint: str
) -> None:
    event_id = unreachable(store, sender, twilio)
    due(clock)
    sender.run_once()
    clock.advance(30)
    assert twilio.call_back(twilio.calls[0], "completed", to=endpoint) == 204
    call, event = call_of(store, event_id), event_at(store, event_id)
    assert (call.status, call.delivered_at) == (S.DELIVERED, clock.now())
    assert (event.state, event.notified_at, event.grace_deadline_at) == (
        EventState.PATROL_ASSIGNED, None, None,
    )  # fmt: skip


def test_w16_the_call_comes_after_the_second_text_failed_too(
    store: Store, sender: Sender, channel: TwilioChannel, twilio: TwilioServer, clock: FakeClock
) -> None:
    notice_id = desk.queue_notice(store, policy=CALLS)
    sender.run_once()
    receive(store, channel, twilio, twilio.messages[0], "undelivered", clock)
    clock.advance(30)
    sender.run_once()
    with store.begin() as session:
        receipt = receipt_of(channel, *twilio.signed(twilio.messages[1], "undelivered"))
        apply_receipt(session, receipt, policy=CALLS, at=clock.now())
    assert desk.event_of(store, notice_id).state == EventState.PATROL_ASSIGNED
    sender.run_once()
    assert twilio.calls == []
    due(clock)
    sender.run_once()
    assert (len(twilio.messages), len(twilio.calls)) == (2, 1)


def test_a13_a_number_that_opted_out_of_texts_is_not_called(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock
) -> None:
    first = desk.queue_notice(store, policy=CALLS)
    twilio.plan = ["21610"]
    sender.run_once()
    assert desk.notice(store, first).error == f"{OPTED_OUT} (21610)"
    assert desk.event_of(store, first).state == EventState.PATROL_ASSIGNED
    due(clock)
    sender.run_once()
    assert twilio.calls == []


@pytest.mark.parametrize("plan", ["lost answer", "hang", "nonsense", "nameless"])
def test_a13_a_lost_answer_is_looked_up_and_never_answered_with_a_second_call(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock, plan: str
) -> None:
    event_id = unreachable(store, sender, twilio)
    due(clock)
    twilio.plan = [plan]
    sender.run_once()
    assert call_of(store, event_id).status == S.SENDING
    for _ in range(5):
        clock.advance(5)
        sender.run_once()
    call = call_of(store, event_id)
    assert (call.status, call.provider_id) == (S.ACCEPTED, twilio.calls[0].sid)
    assert len(twilio.calls) == 1


def test_a13_a_call_that_cannot_be_looked_up_is_unknown_until_its_outcome_comes(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock, endpoint: str
) -> None:
    """The callback carries our own number: then it is known after all."""
    event_id = unreachable(store, sender, twilio)
    due(clock)
    twilio.plan, twilio.broken_for_reading = ["lost answer"], True
    for _ in range(30):
        sender.run_once()
        clock.advance(5)
    assert call_of(store, event_id).status == S.UNKNOWN
    assert event_at(store, event_id).state == EventState.PATROL_ASSIGNED
    assert twilio.call_back(twilio.calls[0], "no-answer", to=endpoint) == 204
    call = call_of(store, event_id)
    assert (call.status, call.provider_id) == (S.UNDELIVERED, twilio.calls[0].sid)
    assert len(twilio.calls) == 1


def test_a13_a_busy_provider_is_tried_again_until_it_is_too_late(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock
) -> None:
    event_id = unreachable(store, sender, twilio)
    due(clock)
    twilio.plan = ["429"]
    sender.run_once()
    assert (call_of(store, event_id).status, twilio.calls) == (S.QUEUED, [])
    clock.advance(31)
    sender.run_once()
    call = call_of(store, event_id)
    assert (call.status, call.error, twilio.calls) == (S.CANCELLED, "too late", [])


def test_a13_where_nobody_makes_calls_none_is_made(
    store: Store, channel: TwilioChannel, twilio: TwilioServer, clock: FakeClock
) -> None:
    sender = Sender(store, channel, clock, lambda: CALLS)
    event_id = unreachable(store, sender, twilio)
    due(clock)
    sender.run_once()
    call = call_of(store, event_id)
    assert (call.status, "QIFEN_VOICE" in call.error) == (S.CANCELLED, True)
    assert len(twilio.requests) == 1
    change(store, call.id, status=S.SENDING)
    assert sender.recover() == 1
    assert call_of(store, event_id).status == S.UNKNOWN


def test_a13_a_call_switched_off_in_time_is_not_made(
    store: Store, sender: Sender, channel: TwilioChannel, voice: TwilioVoice, twilio: TwilioServer,
    clock: FakeClock,
) -> None:  # fmt: skip
    event_id = unreachable(store, sender, twilio)
    due(clock)
    Sender(store, channel, clock, Policy, voice=voice).run_once()
    assert call_of(store, event_id).error == "no call: VOICE_OFF"
    assert twilio.calls == []


def test_a13_two_cars_of_one_owner_are_one_call(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock
) -> None:
    """Of calls to one phone that wait side by side the first one goes; the others say why not."""
    event_id = unreachable(store, sender, twilio)
    second = desk.queue_notice(store, policy=CALLS, plate="浙A54321")
    twilio.plan = ["21211"]
    sender.run_once()
    other = desk.event_of(store, second)
    assert desk.count(store, event_id=other.id, template="VC") == 0
    with store.begin() as session:
        first = session.scalars(select(Notice).where(Notice.template == "VC")).one()
        values = {
            name: getattr(first, name)
            for name in ("template", "phone", "phone_hash", "variables", "created_at")
        }
        session.add(
            Notice(**values, event_id=other.id, next_attempt_at=NOON, valid_until=first.valid_until)
        )
    due(clock)
    for _ in range(3):
        sender.run_once()
    assert len(twilio.calls) == 1
    assert call_of(store, event_id).status == S.ACCEPTED
    lost = call_of(store, other.id)
    assert (lost.status, lost.error) == (S.CANCELLED, "no call: CALLED_LATELY")


# What is left of it


def test_a13_a_forged_outcome_is_refused_and_not_stored(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock, endpoint: str
) -> None:
    unreachable(store, sender, twilio)
    due(clock)
    sender.run_once()
    assert twilio.call_back(twilio.calls[0], "completed", to=endpoint, token="forged") == 403
    assert desk.receipts(store) == []
    text_door = endpoint.replace("twilio-voice", "twilio")
    assert twilio.call_back(twilio.calls[0], "completed", to=text_door) == 403


def test_a13_the_texts_log_of_the_pack_holds_the_call_and_its_outcome(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock, endpoint: str
) -> None:
    """Words as said, when, the last digits of the phone, the provider's own word; no code."""
    event_id = unreachable(store, sender, twilio)
    due(clock)
    sender.run_once()
    twilio.call_back(twilio.calls[0], "no-answer", to=endpoint)
    with store.read() as session:
        event = session.get_one(Event, event_id)
        listed = notices_of(session, event)
    assert [one["template"] for one in listed] == ["N1", "VC"]
    call = listed[1]
    assert call["body"].startswith("这里是下城城管。您的浙 A 1 2 某 某 5车")
    assert call["phone"] == f"***{desk.PHONE[-4:]}"
    assert call["status"] == "undelivered"
    assert [one["provider_status"] for one in call["receipts"]] == ["no-answer"]
    text_row, (title, said) = text_rows(listed, when=str)
    assert text_row[0] == "N1  failed"
    assert title == "VC  电话 call  no-answer"
    assert said.startswith("这里是下城城管。")
    assert "接通 picked up None" in said
    assert event.query_code not in json.dumps(call, ensure_ascii=False)
    assert desk.PHONE not in json.dumps(call)


def test_a13_a_call_is_forgotten_with_the_texts(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock, endpoint: str
) -> None:
    event_id = unreachable(store, sender, twilio)
    due(clock)
    sender.run_once()
    twilio.call_back(twilio.calls[0], "busy", to=endpoint)
    later = NOON + timedelta(days=731)
    with store.begin() as session:
        event = session.get_one(Event, event_id)
        event.state, event.ended_at = EventState.UNDETERMINED, clock.now()
        for sort in (one for one in SORTS if one.what in ("delivery_receipt", "notice")):
            forget_rows(session, sort, CALLS, at=later, actor="test", limit=100)
    with store.read() as session:
        assert session.scalars(select(Notice)).all() == []
        assert session.scalars(select(DeliveryReceipt)).all() == []


def test_a13_no_phone_in_any_log_line(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock, logs: list[EventDict],
    caplog: pytest.LogCaptureFixture, endpoint: str,
) -> None:  # fmt: skip
    caplog.set_level("DEBUG")
    unreachable(store, sender, twilio)
    due(clock)
    twilio.plan = ["lost answer"]
    sender.run_once()
    clock.advance(10)
    sender.run_once()
    twilio.call_back(twilio.calls[0], "failed", to=endpoint, ErrorCode="13224")
    written = caplog.text + json.dumps(logs, ensure_ascii=False, default=str)
    assert desk.PHONE[3:] not in written
    assert "浙A12345" not in written
    with store.read() as session:
        error = session.scalars(select(Notice.error).where(Notice.template == "VC")).one()
    assert error == "provider error 13224"
