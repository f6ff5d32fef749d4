"""One contract for providers of both shapes: whatever they answer, bring or forget, an event has
exactly one notice of a kind, and only a receipt of theirs starts its clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import select

from models.clock import FakeClock
from models.event import EventState
from models.notice import Notice, NoticeStatus
from models.policy import Policy
from models.store import Store
from notify.channel import BadSignature
from notify.receipts import apply_receipt
from pipeline.sender import Sender
from tests.aliyun_server import AliyunServer
from tests.notify import desk
from tests.providers import Aliyun, Provider, Twilio, aliyun_channel, twilio_channel
from tests.rows import NOON
from tests.twilio_server import TwilioServer

S = NoticeStatus


@pytest.fixture(params=["twilio", "aliyun"])
def provider(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Provider]:
    if request.param == "twilio":
        with TwilioServer(clock.now) as server:
            yield Twilio(server, twilio_channel(server))
    else:
        with AliyunServer(clock.now) as other:
            yield Aliyun(other, aliyun_channel(other, clock))


@pytest.fixture
def sender(store: Store, provider: Provider, clock: FakeClock) -> Sender:
    return Sender(store, provider.channel, clock, Policy)


@pytest.fixture
def notice_id(store: Store) -> int:
    return desk.queue_notice(store)


def bring(store: Store, provider: Provider, clock: FakeClock, index: int, status: str) -> bool:
    """A receipt comes in, as the API's endpoint takes it; does it count?"""
    counted = False
    for receipt in provider.channel.receipts(provider.receipt(index, status)):
        with store.begin() as session:
            row = apply_receipt(session, receipt, policy=Policy(), at=clock.now())
            counted = counted or row.counted
    return counted


def state(store: Store, notice_id: int) -> tuple[str, str]:
    return desk.notice(store, notice_id).status, desk.event_of(store, notice_id).state


def test_accepted_and_delivered(
    store: Store, sender: Sender, provider: Provider, clock: FakeClock, notice_id: int
) -> None:
    """The phone shows the words that we keep as evidence, whoever put them together (L84)."""
    assert sender.run_once() == 1
    assert provider.bodies() == [desk.notice(store, notice_id).body]
    assert state(store, notice_id) == (S.ACCEPTED, EventState.NOTICE_PENDING)
    clock.advance(3)
    assert bring(store, provider, clock, 0, "delivered")
    event = desk.event_of(store, notice_id)
    assert (event.state, event.grace_deadline_at) == (
        EventState.GRACE, NOON + timedelta(seconds=423),
    )  # fmt: skip


def test_rejected_is_never_tried_again_and_a_patrol_goes(
    store: Store, sender: Sender, provider: Provider, clock: FakeClock, notice_id: int
) -> None:
    provider.plan("refused")
    for _ in range(3):
        sender.run_once()
        clock.advance(40)
    assert (provider.bodies(), provider.submissions()) == ([], 1)
    assert state(store, notice_id) == (S.FAILED, EventState.PATROL_ASSIGNED)


def test_throttled_is_tried_again_and_taken_once(
    store: Store, sender: Sender, provider: Provider, clock: FakeClock, notice_id: int
) -> None:
    provider.plan("busy", "busy", "accept")
    for _ in range(4):
        sender.run_once()
        clock.advance(10)
    assert (len(provider.bodies()), provider.submissions()) == (1, 3)
    assert state(store, notice_id) == (S.ACCEPTED, EventState.NOTICE_PENDING)


@pytest.mark.parametrize("step", ["lost answer", "hang", "nonsense", "nameless"])
def test_a_time_out_after_it_was_accepted_is_looked_up(
    store: Store, sender: Sender, provider: Provider, clock: FakeClock, notice_id: int, step: str
) -> None:
    """Found again, never sent again, and its receipt is ours."""
    provider.plan(step)
    assert sender.run_once() == 0
    assert desk.notice(store, notice_id).status == S.SENDING
    clock.advance(5)
    sender.run_once()
    assert state(store, notice_id) == (S.ACCEPTED, EventState.NOTICE_PENDING)
    assert bring(store, provider, clock, 0, "delivered")
    notice = desk.notice(store, notice_id)
    assert (notice.provider_id, notice.status) == (provider.numbers()[0], S.DELIVERED)
    assert (len(provider.bodies()), provider.submissions()) == (1, 1)


def test_what_nobody_can_find_is_not_sent_again(
    store: Store, sender: Sender, provider: Provider, clock: FakeClock, notice_id: int
) -> None:
    provider.plan("broken")
    sender.run_once()
    for _ in range(4):
        clock.advance(5)
        sender.run_once()
    assert provider.submissions() == 1
    assert state(store, notice_id) == (S.UNKNOWN, EventState.PATROL_ASSIGNED)


def test_a_receipt_finds_a_text_that_cannot_be_looked_up(
    store: Store, sender: Sender, provider: Provider, clock: FakeClock, notice_id: int
) -> None:
    provider.plan("lost answer")
    provider.hide()
    sender.run_once()
    clock.advance(6)
    sender.run_once()
    assert bring(store, provider, clock, 0, "delivered")
    assert state(store, notice_id) == (S.DELIVERED, EventState.GRACE)


def test_w39_a_doubled_send_of_one_key_is_one_text(
    store: Store, sender: Sender, provider: Provider, clock: FakeClock, notice_id: int
) -> None:
    """Two senders, one killed in between; and the outbox takes no second row of the kind."""
    provider.plan("lost answer")
    sender.run_once()
    second = Sender(store, provider.channel, clock, Policy)
    second.recover()
    second.run_once()
    sender.run_once()
    assert (len(provider.bodies()), provider.submissions()) == (1, 1)
    event_id = desk.event_of(store, notice_id).id
    assert desk.count(store, event_id=event_id, template="N1") == 1


def test_w18_doubled_shuffled_and_late_receipts_give_one_clock(
    store: Store, sender: Sender, provider: Provider, clock: FakeClock, notice_id: int
) -> None:
    sender.run_once()
    clock.advance(2)
    counted = [
        bring(store, provider, clock, 0, status)
        for status in ("pending", "delivered", "pending", "delivered", "undelivered")
    ]
    assert counted[1] is True
    assert counted[2:] == [False, False, False]
    event = desk.event_of(store, notice_id)
    assert event.grace_deadline_at == NOON + timedelta(seconds=422)
    assert len(desk.receipts(store)) == 5, "all of them are kept"


@pytest.mark.parametrize("order", list(permutations(("pending", "delivered", "undelivered"))))
def test_w18_whatever_order_they_come_in_it_was_delivered(
    store: Store, sender: Sender, provider: Provider, clock: FakeClock, notice_id: int,
    order: tuple[str, ...],
) -> None:  # fmt: skip
    sender.run_once()
    for status in order:
        bring(store, provider, clock, 0, status)
    sender.run_once()
    assert state(store, notice_id) == (S.DELIVERED, EventState.GRACE)
    assert len(provider.bodies()) == 1


def test_w16_what_did_not_arrive_is_handed_over_once_more(
    store: Store, sender: Sender, provider: Provider, clock: FakeClock, notice_id: int
) -> None:
    """Thirty seconds later, the same words; then, if that does not arrive either, a patrol."""
    sender.run_once()
    clock.advance(4)
    assert bring(store, provider, clock, 0, "undelivered")
    clock.advance(29)
    assert sender.run_once() == 0
    clock.advance(1)
    assert sender.run_once() == 1
    first, again = provider.bodies()
    assert first == again
    assert not bring(store, provider, clock, 0, "undelivered"), "still of the first"
    assert bring(store, provider, clock, 1, "undelivered")
    clock.advance(60)
    sender.run_once()
    assert provider.submissions() == 2
    event = desk.event_of(store, notice_id)
    assert (event.state, event.grace_deadline_at) == (EventState.PATROL_ASSIGNED, None)


def test_w16_a_second_try_whose_answer_was_lost_is_not_mistaken_for_the_first(
    store: Store, sender: Sender, provider: Provider, clock: FakeClock, notice_id: int
) -> None:
    sender.run_once()
    bring(store, provider, clock, 0, "undelivered")
    clock.advance(30)
    provider.plan("lost answer")
    sender.run_once()
    clock.advance(5)
    sender.run_once()
    assert bring(store, provider, clock, 1, "delivered")
    notice = desk.notice(store, notice_id)
    assert (notice.provider_id, notice.first_provider_id) == tuple(reversed(provider.numbers()))
    assert desk.event_of(store, notice_id).state == EventState.GRACE


def test_a_receipt_of_an_unknown_text_is_kept_and_counts_for_nothing(
    store: Store, sender: Sender, provider: Provider, clock: FakeClock, notice_id: int
) -> None:
    sender.run_once()
    assert not bring(store, provider, clock, -1, "delivered")
    assert desk.receipts(store) == [(S.DELIVERED, False)]
    assert state(store, notice_id) == (S.ACCEPTED, EventState.NOTICE_PENDING)


def test_w17_a_late_receipt_starts_nothing_for_a_car_that_nobody_sees(
    store: Store, sender: Sender, provider: Provider, clock: FakeClock, notice_id: int
) -> None:
    provider.plan("lost answer")
    provider.hide()
    sender.run_once()
    clock.advance(121)
    sender.run_once()
    assert state(store, notice_id) == (S.UNKNOWN, EventState.PATROL_ASSIGNED)
    assert bring(store, provider, clock, 0, "delivered")
    assert state(store, notice_id) == (S.DELIVERED, EventState.PATROL_ASSIGNED)


def test_what_the_provider_did_not_sign_is_refused(
    store: Store, sender: Sender, provider: Provider, notice_id: int
) -> None:
    sender.run_once()
    with pytest.raises(BadSignature):
        provider.channel.receipts(provider.receipt(0, "delivered", forged=True))
    with pytest.raises(BadSignature):
        provider.channel.replies(provider.reply("R1", desk.PHONE, "不是我的车", forged=True))
    assert desk.receipts(store) == []
    assert desk.event_of(store, notice_id).state == EventState.NOTICE_PENDING


def test_a_reply_is_read_alike(provider: Provider) -> None:
    call = provider.reply("7001", "+8613800138000", "不是我的车")
    (reply,) = provider.channel.replies(call)
    assert (reply.provider_id, reply.phone, reply.text) == (
        "7001", "+8613800138000", "不是我的车",
    )  # fmt: skip
    assert "138" not in repr(reply)


def test_every_text_of_an_event_goes_through(
    store: Store, sender: Sender, provider: Provider, clock: FakeClock, notice_id: int
) -> None:
    """Each kind in both languages: the words that were sent are the words that arrive."""
    with store.begin() as session:
        first = session.get_one(Notice, notice_id)
        for template in ("N1L", "N1b", "N2", "N3", "N3b", "N4", "N5", "N6", "N8"):
            for language in ("zh", "en"):
                session.add(
                    Notice(
                        event_id=first.event_id, template=template, language=language,
                        addressee=language, phone=first.phone, variables=first.variables,
                        next_attempt_at=NOON, created_at=NOON,
                    )
                )  # fmt: skip
    assert sender.run_once() == 19
    with store.read() as session:
        kept = session.scalars(select(Notice)).all()
        assert sorted(provider.bodies()) == sorted(notice.body or "" for notice in kept)
