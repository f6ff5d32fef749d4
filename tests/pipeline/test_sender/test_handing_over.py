"""The outbox against a real HTTP provider: the way it should go, and clear refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from structlog.types import EventDict

from models.clock import FakeClock
from models.event import Event, EventState
from models.notice import Notice, NoticeStatus
from models.policy import Policy
from models.store import Store
from notify.local_channel import LocalChannel
from notify.twilio_channel import TwilioChannel
from pipeline.sender import Sender
from tests.notify import desk
from tests.pipeline.test_sender.tools import change, receive
from tests.rows import NOON
from tests.twilio_server import TwilioServer

S = NoticeStatus


def test_a_queued_notice_is_sent_once_and_starts_the_clock_when_delivered(
    store: Store, sender: Sender, channel: TwilioChannel, twilio: TwilioServer, clock: FakeClock
) -> None:
    notice_id = desk.queue_notice(store)
    assert sender.run_once() == 1
    assert sender.run_once() == 0
    (message,) = twilio.messages
    notice, event = desk.notice(store, notice_id), desk.event_of(store, notice_id)
    assert message.form["To"] == desk.PHONE
    assert message.form["ValidityPeriod"] == "300"
    assert (
        message.body
        == notice.body
        == (
            f"【下城城管】浙A12**5于12:00停延安路人行道，请7分钟内驶离，不予处罚。"
            f"申辩0571-12345678号{event.query_no}码{event.query_code}"
        )
    )
    assert (notice.status, notice.provider, notice.provider_id) == (
        S.ACCEPTED,
        "twilio",
        message.sid,
    )
    assert (notice.segments, notice.attempts, notice.sending_at) == (1, 1, NOON)
    clock.advance(3)
    assert receive(store, channel, twilio, message, "delivered", clock)
    event = desk.event_of(store, notice_id)
    assert (event.state, event.grace_deadline_at) == (
        EventState.GRACE, NOON + timedelta(seconds=423),
    )  # fmt: skip


def test_the_local_channel_delivers_by_itself(store: Store, clock: FakeClock) -> None:
    """Sent, and a second later delivered, through the same path of receipts."""
    shown: list[str] = []
    sender = Sender(store, LocalChannel(clock, show=shown.append), clock, Policy)
    notice_id = desk.queue_notice(store)
    assert sender.run_once() == 1
    assert len(shown) == 1
    sender.run_once()
    assert desk.event_of(store, notice_id).state == EventState.NOTICE_PENDING
    clock.advance(1)
    sender.run_once()
    event = desk.event_of(store, notice_id)
    assert (event.state, event.notified_at) == (EventState.GRACE, NOON + timedelta(seconds=1))
    assert desk.receipts(store) == [(S.DELIVERED, True)]


def test_a_shortened_grace_is_printed_and_bounds_the_validity(
    store: Store, channel: TwilioChannel, twilio: TwilioServer, clock: FakeClock
) -> None:
    policy = replace(Policy(), grace_seconds=20.0)
    desk.queue_notice(store, policy=policy)
    Sender(store, channel, clock, lambda: policy).run_once()
    assert "请20秒内驶离" in twilio.messages[0].body
    assert twilio.messages[0].form["ValidityPeriod"] == "19"


def test_a_later_text_is_sent_in_its_own_words(
    store: Store, sender: Sender, channel: TwilioChannel, twilio: TwilioServer, clock: FakeClock
) -> None:
    """N3 to the same phone; it bears number and code again, and starts no clock."""
    first = desk.queue_notice(store)
    sender.run_once()
    receive(store, channel, twilio, twilio.messages[0], "delivered", clock)
    with store.begin() as session:
        notice = session.get_one(Notice, first)
        session.add(
            Notice(
                event_id=notice.event_id, template="N3", language="en", phone=notice.phone,
                variables=notice.variables, next_attempt_at=NOON, created_at=NOON,
            )
        )  # fmt: skip
    assert sender.run_once() == 1
    event = desk.event_of(store, first)
    assert "An officer will review; no penalty yet" in twilio.messages[1].body
    assert f"no. {event.query_no} code {event.query_code}" in twilio.messages[1].body
    assert receive(store, channel, twilio, twilio.messages[1], "delivered", clock)
    assert desk.event_of(store, first).grace_deadline_at == event.grace_deadline_at


# Surely not accepted


@pytest.mark.parametrize("plan", ["429", "500"])
def test_a_busy_provider_is_tried_again(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock, plan: str
) -> None:
    """Two refusals that surely stored nothing, ten seconds apart, then it works: one text."""
    notice_id = desk.queue_notice(store)
    twilio.plan = [plan, plan]
    assert sender.run_once() == 0
    assert desk.notice(store, notice_id).status == S.QUEUED
    assert sender.run_once() == 0, "not before ten seconds have passed"
    assert len(twilio.requests) == 1
    clock.advance(10)
    assert sender.run_once() == 0
    clock.advance(9.9)
    assert sender.run_once() == 0
    clock.advance(0.1)
    assert sender.run_once() == 1
    assert len(twilio.messages) == 1
    assert desk.notice(store, notice_id).attempts == 3


def test_after_three_tries_a_person_goes(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock
) -> None:
    notice_id = desk.queue_notice(store)
    twilio.plan = ["429"] * 9
    for _ in range(5):
        sender.run_once()
        clock.advance(10)
    notice = desk.notice(store, notice_id)
    assert (notice.status, notice.attempts) == (S.FAILED, 3)
    assert "20429" in notice.error
    assert desk.event_of(store, notice_id).state == EventState.PATROL_ASSIGNED
    assert len(twilio.requests) == 3


def test_a_refused_connection_is_tried_again(store: Store, clock: FakeClock) -> None:
    with TwilioServer() as gone:
        address = gone.base_url
    channel = TwilioChannel("AC1", "t", "+1", base_url=address)
    notice_id = desk.queue_notice(store)
    Sender(store, channel, clock, Policy).run_once()
    assert desk.notice(store, notice_id).status == S.QUEUED


@pytest.mark.parametrize("plan", ["21211", "21610"])
def test_w16_a_refused_number_is_never_tried_again(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock, plan: str
) -> None:
    notice_id = desk.queue_notice(store)
    twilio.plan = [plan]
    sender.run_once()
    clock.advance(30)
    sender.run_once()
    notice = desk.notice(store, notice_id)
    assert notice.status == S.FAILED
    assert plan in notice.error
    assert desk.event_of(store, notice_id).state == EventState.PATROL_ASSIGNED
    assert len(twilio.requests) == 1


# Not sent any more


def test_a_text_that_would_come_too_late_is_not_sent(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock
) -> None:
    notice_id = desk.queue_notice(store)
    clock.advance(30)
    assert sender.run_once() == 0
    notice = desk.notice(store, notice_id)
    assert (notice.status, notice.error) == (S.CANCELLED, "too late")
    assert desk.event_of(store, notice_id).state == EventState.PATROL_ASSIGNED
    assert twilio.requests == []


@pytest.mark.parametrize(
    ("state", "template", "sent"),
    [
        (EventState.PATROL_ASSIGNED, "N1", False),  # somebody goes there already
        (EventState.PATROL_ASSIGNED, "N1b", True),  # the text without a promise
        (EventState.VOIDED, "N1", False),
        (EventState.VOIDED, "N1b", False),
        (EventState.VOIDED, "N5", True),  # tells of the end
        (EventState.GRACE, "N6", True),  # W21: heard, and it runs on
        (EventState.REVIEW_PENDING, "N6", True),
        (EventState.LEFT_IN_TIME, "N6", False),  # nothing is proposed any more
        (EventState.VOIDED, "N6", False),
    ],
)
def test_a_text_that_is_no_longer_true_is_not_sent(
    store: Store, sender: Sender, twilio: TwilioServer, state: str, template: str, sent: bool
) -> None:
    notice_id = desk.queue_notice(store)
    change(store, notice_id, template=template)
    event_id = desk.event_of(store, notice_id).id
    with store.begin() as session:
        session.execute(update(Event).where(Event.id == event_id).values(state=state))
    sender.run_once()
    assert len(twilio.messages) == int(sent)
    expected = S.ACCEPTED if sent else S.CANCELLED
    assert desk.notice(store, notice_id).status == expected


def test_a_notice_that_cannot_be_worded_goes_to_a_person(
    store: Store, sender: Sender, twilio: TwilioServer
) -> None:
    notice_id = desk.queue_notice(store)
    change(store, notice_id, variables={"plate": "浙A12345", "place": "x", "time": "12:00"})
    sender.run_once()
    notice = desk.notice(store, notice_id)
    assert notice.status == S.FAILED
    assert "not masked" in notice.error
    assert desk.event_of(store, notice_id).state == EventState.PATROL_ASSIGNED
    assert twilio.requests == []


def test_a_signature_that_is_too_long_is_told_at_start_and_stops_nothing(
    store: Store, channel: TwilioChannel, twilio: TwilioServer, clock: FakeClock,
    logs: list[EventDict],
) -> None:  # fmt: skip
    policy = replace(Policy(), signature="杭州市下城区综合行政执法局某队")
    desk.queue_notice(store, policy=policy)
    sender = Sender(store, channel, clock, lambda: policy)
    assert sender.recover() == 0
    assert [line["event"] for line in logs] == ["texts do not fit"]
    assert sender.run_once() == 1
    assert "不予处罚" in twilio.messages[0].body
