"""Receipts doubled, late, in any order: all kept, each counted once, status only forward."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import casework
from models.event import EventState
from models.notice import RANK, NoticeStatus
from models.policy import Policy
from models.store import Store
from notify.receipts import adopt, advance
from tests.notify import desk
from tests.rows import NOON

S = NoticeStatus
_numbers = itertools.count(10000)
FROM_PROVIDER = (S.ACCEPTED, S.SENT, S.DELIVERED, S.UNDELIVERED, S.FAILED)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def store() -> Store:
    return Store.memory()


def test_the_clock_starts_at_the_delivery_receipt(store: Store) -> None:
    notice_id = desk.taken_notice(store)
    assert desk.report(store, S.DELIVERED, at=later(4))
    event = desk.event_of(store, notice_id)
    assert event.state == EventState.GRACE
    assert event.grace_deadline_at == later(4 + 420)
    notice = desk.notice(store, notice_id)
    assert (notice.status, notice.delivered_at) == (S.DELIVERED, later(4))


def test_w18_the_first_of_doubled_receipts_counts(store: Store) -> None:
    notice_id = desk.taken_notice(store)
    assert desk.report(store, S.DELIVERED, at=later(4))
    assert not desk.report(store, S.DELIVERED, at=later(9))
    assert desk.event_of(store, notice_id).grace_deadline_at == later(424)
    assert desk.receipts(store) == [(S.DELIVERED, True), (S.DELIVERED, False)]


def test_w18_receipts_out_of_order_never_go_backwards(store: Store) -> None:
    notice_id = desk.taken_notice(store)
    counted = [desk.report(store, s, at=later(3)) for s in (S.DELIVERED, S.SENT, S.ACCEPTED)]
    assert counted == [True, False, False]
    assert desk.notice(store, notice_id).status == S.DELIVERED
    assert len(desk.receipts(store)) == 3


def test_w16_an_undelivered_text_is_tried_once_more_and_then_a_person_goes(store: Store) -> None:
    """The same row, 30 s later, with the number of the first try kept; no clock by either."""
    notice_id = desk.taken_notice(store)
    assert desk.report(store, S.UNDELIVERED, error_code="30003", at=later(5))
    notice = desk.notice(store, notice_id)
    assert (notice.status, notice.first_provider_id, notice.provider_id) == (S.QUEUED, "SM1", None)
    assert (notice.next_attempt_at, notice.valid_until) == (later(35), later(65))
    assert notice.error == "provider error 30003"
    assert desk.event_of(store, notice_id).state == EventState.NOTICE_PENDING
    assert not desk.report(store, S.FAILED, at=later(6)), "of the first try nothing new"
    desk.take_again(store, notice_id, "SM2", later(36))
    assert not desk.report(store, S.UNDELIVERED, at=later(37)), "still the first try"
    assert desk.report(store, S.UNDELIVERED, provider_id="SM2", at=later(40))
    event = desk.event_of(store, notice_id)
    assert event.state == EventState.PATROL_ASSIGNED
    assert event.grace_deadline_at is None
    assert desk.count(store, event_id=event.id, template="N1") == 1


def test_w16_a_first_try_that_arrived_after_all_starts_the_clock_and_stops_the_second(
    store: Store,
) -> None:
    notice_id = desk.taken_notice(store)
    desk.report(store, S.UNDELIVERED, at=later(5))
    assert desk.report(store, S.DELIVERED, at=later(9))
    event = desk.event_of(store, notice_id)
    assert (event.state, event.grace_deadline_at) == (EventState.GRACE, later(429))
    assert desk.notice(store, notice_id).status == S.DELIVERED, "nothing is left in the queue"


def test_w17_a_late_receipt_starts_the_clock_only_while_the_car_is_seen(store: Store) -> None:
    """Reported undelivered, then delivered after all: nothing was seen since, so the patrol goes
    on; with a clear look at the car the seven minutes start at that receipt."""
    unseen = desk.failed_twice(store, "SM1", later(60))
    assert desk.report(store, S.DELIVERED, at=later(200))
    assert desk.notice(store, unseen).status == S.DELIVERED
    assert desk.event_of(store, unseen).state == EventState.PATROL_ASSIGNED

    store = Store.memory()
    seen = desk.failed_twice(store, "SM2", later(60))
    with store.begin() as session:
        event = desk.event_of_session(session, seen)
        for second in range(190, 201):
            casework.add_look(
                session, event, camera_id=event.camera_id, answer="present", reason="",
                at=later(second), plate="浙A12345", plate_confidence=0.99, similarity=0.95,
                box=event.box, policy=desk.POLICY,
            )  # fmt: skip
    assert desk.report(store, S.DELIVERED, provider_id="SM2", at=later(200))
    event = desk.event_of(store, seen)
    assert event.state == EventState.GRACE
    assert event.grace_deadline_at == later(200 + 420)


def test_a_receipt_finds_its_notice_though_the_answer_was_lost(store: Store) -> None:
    """The provider hands our own number back: its own is adopted from the receipt."""
    notice_id = desk.queue_notice(store)
    with store.begin() as session:
        notice = session.get_one(desk.Notice, notice_id)
        notice.provider, notice.status, notice.sending_at = "twilio", S.SENDING, NOON
    assert desk.report(store, S.SENT, notice_id=notice_id, at=later(1))
    notice = desk.notice(store, notice_id)
    assert (notice.provider_id, notice.status, notice.accepted_at) == ("SM1", S.SENT, later(1))
    assert desk.report(store, S.DELIVERED, at=later(2))
    assert desk.event_of(store, notice_id).state == EventState.GRACE


def test_a_second_number_for_the_same_notice_is_kept_but_does_not_count(store: Store) -> None:
    notice_id = desk.taken_notice(store, "SM1")
    assert not desk.report(store, S.DELIVERED, provider_id="SM9", notice_id=notice_id)
    assert desk.notice(store, notice_id).status == S.ACCEPTED


def test_a_receipt_for_a_stranger_is_kept(store: Store) -> None:
    assert not desk.report(store, S.DELIVERED, provider_id="SM404", notice_id=404)
    assert desk.receipts(store) == [(S.DELIVERED, False)]


def test_a_receipt_faster_than_the_answer_counts_when_the_number_is_known(store: Store) -> None:
    """A provider that hands nothing of ours back: the receipt waits for the number."""
    notice_id = desk.queue_notice(store)
    assert not desk.report(store, S.DELIVERED, at=later(1))
    with store.begin() as session:
        notice = session.get_one(desk.Notice, notice_id)
        notice.provider, notice.status, notice.sending_at = "twilio", S.SENDING, NOON
        adopt(session, notice, "SM1", policy=desk.POLICY)
        assert not advance(session, notice, S.ACCEPTED, policy=desk.POLICY, at=later(2))
    assert desk.receipts(store) == [(S.DELIVERED, True)]
    event = desk.event_of(store, notice_id)
    assert (event.state, event.grace_deadline_at) == (EventState.GRACE, later(421))


def test_where_acceptance_counts_the_clock_starts_with_it(store: Store) -> None:
    policy = replace(Policy(), grace_policy="accepted")
    notice_id = desk.queue_notice(store, policy=policy)
    with store.begin() as session:
        notice = session.get_one(desk.Notice, notice_id)
        notice.provider, notice.status, notice.sending_at = "twilio", S.SENDING, NOON
        adopt(session, notice, "SM1", policy=policy)
        advance(session, notice, S.ACCEPTED, policy=policy, at=later(2))
    event = desk.event_of(store, notice_id)
    assert (event.state, event.grace_deadline_at) == (EventState.GRACE, later(422))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_order_of_receipts_goes_backwards_or_counts_twice(
    data: st.DataObject, store: Store
) -> None:
    """Property (B8): receipts shuffled and doubled; the rank falls once at most, where the text
    is to be tried once more (W16), each step forward counts once, the first delivery decides the
    deadline, and there is one N1."""
    bag = data.draw(st.lists(st.sampled_from(FROM_PROVIDER), min_size=1, max_size=12))
    number = next(_numbers)
    sid = f"SM{number}"
    notice_id = desk.taken_notice(store, sid, plate=f"浙A{number:05d}")
    known = len(desk.receipts(store))
    rank, counted, first_delivery = RANK[S.ACCEPTED], [], None
    for number, status in enumerate(bag):
        at = later(number + 1)
        if desk.report(store, status, provider_id=sid, at=at):
            counted.append(status)
        if status is S.DELIVERED and first_delivery is None:
            first_delivery = at
        notice = desk.notice(store, notice_id)
        now = RANK[notice.status]
        assert now >= rank or (notice.first_provider_id == sid and now == RANK[S.QUEUED])
        rank = now
    event = desk.event_of(store, notice_id)
    if S.DELIVERED in bag:
        assert rank == RANK[S.DELIVERED]
    elif {S.UNDELIVERED, S.FAILED} & set(bag):
        assert rank == RANK[S.QUEUED], "in the queue for its second try"
    else:
        assert rank == max(RANK[S.ACCEPTED], *(RANK[status] for status in bag))
    assert len(counted) == len(set(counted))
    assert len(desk.receipts(store)) - known == len(bag)
    assert desk.count(store, event_id=event.id, template="N1") == 1
    if event.state == EventState.GRACE:
        assert first_delivery is not None
        assert event.grace_deadline_at == first_delivery + timedelta(seconds=420)
