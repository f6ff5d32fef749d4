"""The provider may or may not have the text: look it up, never send it again."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.clock import FakeClock
from models.event import EventState
from models.notice import NoticeStatus
from models.policy import Policy
from models.store import Store
from notify.channel import Outgoing, Receipt, Rejected, TryLater
from notify.receipts import apply_receipt
from notify.twilio_channel import TwilioChannel
from pipeline.sender import Sender
from tests.notify import desk
from tests.pipeline.test_sender.tools import Scripted, receive
from tests.rows import NOON
from tests.twilio_server import StoredMessage, TwilioServer

S = NoticeStatus


@pytest.mark.parametrize("plan", ["lost answer", "hang", "nonsense", "nameless"])
def test_a_text_whose_answer_was_lost_is_found_and_not_sent_again(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock, plan: str
) -> None:
    notice_id = desk.queue_notice(store)
    twilio.plan = [plan]
    assert sender.run_once() == 0
    assert desk.notice(store, notice_id).status == S.SENDING
    clock.advance(5)
    sender.run_once()
    notice = desk.notice(store, notice_id)
    assert (notice.status, notice.provider_id) == (S.ACCEPTED, twilio.messages[0].sid)
    assert len(twilio.messages) == 1
    assert desk.event_of(store, notice_id).state == EventState.NOTICE_PENDING


def test_a_receipt_finds_a_text_whose_answer_was_lost(
    store: Store, sender: Sender, channel: TwilioChannel, twilio: TwilioServer, clock: FakeClock
) -> None:
    """The callback comes while we still wait for the answer that never comes."""
    notice_id = desk.queue_notice(store)

    def delivered_at_once(message: StoredMessage) -> None:
        receive(store, channel, twilio, message, "delivered", clock)
        twilio.release.wait(5)

    twilio.plan = [delivered_at_once]
    sender.run_once()
    notice = desk.notice(store, notice_id)
    assert (notice.status, notice.provider_id) == (S.DELIVERED, twilio.messages[0].sid)
    assert desk.event_of(store, notice_id).state == EventState.GRACE


def test_a_receipt_faster_than_the_answer_is_not_taken_back(
    store: Store, sender: Sender, channel: TwilioChannel, twilio: TwilioServer, clock: FakeClock
) -> None:
    notice_id = desk.queue_notice(store)
    twilio.plan = [lambda m: receive(store, channel, twilio, m, "delivered", clock)]
    assert sender.run_once() == 1
    assert desk.notice(store, notice_id).status == S.DELIVERED
    assert desk.event_of(store, notice_id).state == EventState.GRACE


def test_a_text_that_is_nowhere_found_is_never_sent_again(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock
) -> None:
    """An error page of something in between: looked up until the provider would surely list it,
    then a person goes. Nothing is sent a second time."""
    notice_id = desk.queue_notice(store)
    twilio.plan = ["bad gateway"]
    sender.run_once()
    for _ in range(4):
        clock.advance(5)
        sender.run_once()
    assert desk.notice(store, notice_id).status == S.UNKNOWN
    assert desk.event_of(store, notice_id).state == EventState.PATROL_ASSIGNED
    assert [method for method, _ in twilio.requests].count("POST") == 1


def test_while_the_provider_cannot_be_asked_the_question_stays(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock
) -> None:
    """Until the time-out for receipts: then a person goes, and still nothing is sent again."""
    notice_id = desk.queue_notice(store)
    twilio.plan = ["lost answer"]
    twilio.broken_for_reading = True
    sender.run_once()
    clock.advance(60)
    sender.run_once()
    assert desk.notice(store, notice_id).status == S.SENDING
    clock.advance(60)
    sender.run_once()
    assert desk.notice(store, notice_id).status == S.UNKNOWN
    assert len(twilio.messages) == 1


def test_a_late_receipt_moves_even_an_unknown_one_forward(
    store: Store, sender: Sender, channel: TwilioChannel, twilio: TwilioServer, clock: FakeClock
) -> None:
    """W17: it did arrive after all; the event is with a patrol and stays there unless seen."""
    notice_id = desk.queue_notice(store)
    twilio.plan = ["lost answer"]
    twilio.broken_for_reading = True
    sender.run_once()
    clock.advance(121)
    sender.run_once()
    assert receive(store, channel, twilio, twilio.messages[0], "delivered", clock)
    assert desk.notice(store, notice_id).status == S.DELIVERED
    assert desk.event_of(store, notice_id).state == EventState.PATROL_ASSIGNED


def test_an_adapter_that_breaks_counts_as_outcome_unknown(store: Store, clock: FakeClock) -> None:
    """Whatever is no clear refusal may hide a sent text."""

    def breaks(_: Outgoing) -> None:
        raise KeyError("surprise")

    notice_id = desk.queue_notice(store)
    sender = Sender(store, Scripted(clock, breaks), clock, Policy)
    assert sender.run_once() == 0
    assert desk.notice(store, notice_id).status == S.SENDING


@pytest.mark.parametrize("error", [TryLater("busy"), Rejected("no")])
def test_a_refusal_that_comes_after_a_receipt_changes_nothing(
    store: Store, clock: FakeClock, error: Exception
) -> None:
    """A provider that contradicts itself: the receipt is the better witness."""

    def reported_then_refused(message: Outgoing) -> None:
        receipt = Receipt("local", "L1", S.DELIVERED, "delivered", notice_id=message.notice_id)
        with store.begin() as session:
            apply_receipt(session, receipt, policy=Policy(), at=NOON)
        raise error

    notice_id = desk.queue_notice(store)
    Sender(store, Scripted(clock, reported_then_refused), clock, Policy).run_once()
    assert desk.notice(store, notice_id).status == S.DELIVERED


# Everything at once

_plates = itertools.count(10000)

PLANS = [
    "accept", "429", "500", "bad gateway", "21211", "lost answer", "nonsense", "nameless",
]  # fmt: skip
STEPS = [
    *["run"] * 6, "restart",
    "queued", "sent", "delivered", "undelivered", "failed", "read",
]  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_happens_there_is_at_most_one_text(
    data: st.DataObject, channel: TwilioChannel, twilio: TwilioServer, store: Store
) -> None:
    """Property (B8, invariant 5): any answers, restarts and receipts in any order and number. A
    second one only after the provider itself said that the first did not arrive (W16)."""
    policy = replace(Policy(), delivery_least=10**6)  # the monitor is not what is asked here
    said_no: set[str] = set()
    twilio.plan = data.draw(st.lists(st.sampled_from(PLANS), min_size=1, max_size=4))
    twilio.broken_for_reading = data.draw(st.booleans())
    steps = data.draw(st.lists(st.sampled_from(STEPS), min_size=3, max_size=14))
    clock = FakeClock(NOON)
    notice_id = desk.queue_notice(store, plate=f"浙A{next(_plates):05d}")
    for step in [*steps, "heal", "run", "end"]:
        sender = Sender(store, channel, clock, lambda: policy)
        taken = [m for m in twilio.messages if m.form["StatusCallback"].endswith(f"={notice_id}")]
        assert len(taken) <= 1 or (len(taken) == 2 and taken[0].sid in said_no)
        if step == "run":
            sender.run_once()
            clock.advance(10)
        elif step == "restart":
            sender.recover()
        elif step == "heal":
            twilio.plan, twilio.broken_for_reading = [], False
            clock.advance(125)
        elif taken and step != "end":
            if step in ("undelivered", "failed"):
                said_no.add(taken[0].sid)
            receive(store, channel, twilio, taken[0], step, clock)
    notice, event = desk.notice(store, notice_id), desk.event_of(store, notice_id)
    assert notice.status not in {S.QUEUED, S.SENDING}, "every notice ends somewhere"
    if notice.status == S.DELIVERED:
        assert event.state in {EventState.GRACE, EventState.PATROL_ASSIGNED}
    if event.state == EventState.GRACE:
        assert notice.delivered_at is not None
