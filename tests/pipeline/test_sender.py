"""The outbox against a real HTTP provider: at most one text, whatever happens in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from models.clock import FakeClock
from models.errors import Unavailable
from models.event import Deadline, DeadlineKind, Event, EventState
from models.notice import Notice, NoticeStatus
from models.policy import Policy
from models.secret import new_secret_key, set_secret_key
from models.store import Store
from notify.channel import Outgoing, Receipt, Rejected, Submission, TryLater
from notify.local_channel import LocalChannel
from notify.receipts import apply_receipt
from notify.twilio_channel import TwilioChannel
from pipeline.sender import Sender
from tests import twilio_server
from tests.notify import desk
from tests.postgres import postgres_cluster, postgres_url
from tests.rows import NOON
from tests.twilio_server import StoredMessage, TwilioServer

__all__ = ["postgres_cluster", "postgres_url"]

S = NoticeStatus
PUBLIC = "https://city.example"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def store() -> Store:
    return Store.memory()


@pytest.fixture
def twilio(clock: FakeClock) -> Iterator[TwilioServer]:
    with TwilioServer(clock.now) as server:
        yield server


@pytest.fixture
def channel(twilio: TwilioServer) -> TwilioChannel:
    return TwilioChannel(
        twilio_server.ACCOUNT, twilio_server.TOKEN, twilio_server.SENDER,
        base_url=twilio.base_url, public_base_url=PUBLIC, timeout_seconds=1.0,
    )  # fmt: skip


@pytest.fixture
def sender(store: Store, channel: TwilioChannel, clock: FakeClock) -> Sender:
    return Sender(store, channel, clock, Policy)


def receive(
    store: Store, channel: TwilioChannel, twilio: TwilioServer, message: StoredMessage,
    status: str, clock: FakeClock,
) -> bool:  # fmt: skip
    """A signed callback, as the API's endpoint takes it; does it count?"""
    receipt = channel.parse_receipt(*twilio.signed(message, status))
    with store.begin() as session:
        return apply_receipt(session, receipt, policy=Policy(), at=clock.now()).counted


def change(store: Store, notice_id: int, **values: object) -> None:
    with store.begin() as session:
        session.execute(update(Notice).where(Notice.id == notice_id).values(**values))


class Scripted(LocalChannel):
    """The local channel, which does what the test says first."""

    def __init__(self, clock: FakeClock, first: Callable[[Outgoing], None]) -> None:
        super().__init__(clock)
        self.first = first

    def submit(self, message: Outgoing) -> Submission:
        self.first(message)
        return super().submit(message)


# The way it should go


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


# The answer is lost


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


# One notice's trouble stays its own


def test_an_unreadable_notice_holds_no_other_up(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock
) -> None:
    """A phone written with a lost key: put off, given up after three tries; the next one goes."""
    broken, good = desk.queue_notice(store), desk.queue_notice(store, plate="浙A54321")
    with store.begin() as session:
        session.execute(text("UPDATE notice SET phone = 'x' WHERE id = :id"), {"id": broken})
    assert sender.run_once() == 1
    assert len(twilio.messages) == 1
    assert desk.notice(store, good).status == S.ACCEPTED
    for _ in range(3):
        clock.advance(10)
        sender.run_once()
    with store.read() as session:
        row = session.execute(
            select(Notice.status, Notice.attempts, Notice.error).where(Notice.id == broken)
        ).one()
    assert row == (S.FAILED, 3, "Unavailable")
    with store.read() as session:
        submit = select(Deadline).where(Deadline.kind == DeadlineKind.SMS_SUBMIT)
        waiting = [d for d in session.scalars(submit) if d.done_at is None]
    assert len(waiting) == 1, "the event's own deadline brings a person"


def test_a_slow_provider_takes_several_texts_at_once(store: Store, clock: FakeClock) -> None:
    """Two requests are under way at the same time, or the barrier would break."""
    both = threading.Barrier(2)
    with TwilioServer(clock.now) as twilio:
        channel = TwilioChannel(
            twilio_server.ACCOUNT, twilio_server.TOKEN, "+1", base_url=twilio.base_url,
            timeout_seconds=20.0,
        )  # fmt: skip
        desk.queue_notice(store)
        desk.queue_notice(store, plate="浙A54321")
        twilio.plan = [lambda _: both.wait(10) and None] * 2
        assert Sender(store, channel, clock, Policy).run_once() == 2
    assert not both.broken


def test_a_channel_that_cannot_fetch_receipts_still_sends(store: Store, clock: FakeClock) -> None:
    class Broken(LocalChannel):
        def poll(self, underway: object, now: object) -> list[Receipt]:
            raise KeyError("surprise")

    sender = Sender(store, Broken(clock), clock, Policy)
    desk.queue_notice(store)
    assert sender.run_once() == 1
    desk.queue_notice(store, plate="浙A54321")
    assert sender.run_once() == 1


def test_one_receipt_that_cannot_be_applied_holds_no_other_up(
    store: Store, clock: FakeClock
) -> None:
    class Two(LocalChannel):
        def poll(self, underway: object, now: object) -> list[Receipt]:
            good = super().poll(underway, now)  # type: ignore[arg-type]
            bad = replace(good[0], reported_at=NOON.replace(tzinfo=None))  # refused: naive
            return [bad, *good]

    sender = Sender(store, Two(clock, receipt_seconds=0), clock, Policy)
    notice_id = desk.queue_notice(store)
    sender.run_once()
    sender.run_once()
    assert desk.event_of(store, notice_id).state == EventState.GRACE


def test_a_database_that_is_away_is_said_so() -> None:
    store = Store("sqlite:////nowhere/at/all/q.db")
    clock = FakeClock(NOON)
    with pytest.raises(Unavailable):
        Sender(store, LocalChannel(clock), clock, Policy).run_once()


def test_a_notice_that_another_sender_took_is_left_alone(store: Store, clock: FakeClock) -> None:
    """While the first sender hands the first text over, a second one takes the other."""
    first, second = desk.queue_notice(store), desk.queue_notice(store, plate="浙A54321")
    other = Sender(store, LocalChannel(clock), clock, Policy)
    taken: list[int] = []
    scripted = Scripted(clock, lambda _: taken.append(other.run_once()))
    assert Sender(store, scripted, clock, Policy).run_once() == 1
    assert taken == [1]
    for notice_id in (first, second):
        assert desk.notice(store, notice_id).attempts == 1


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_many_senders_send_each_text_once(
    engine: str, tmp_path: Path, clock: FakeClock, request: pytest.FixtureRequest
) -> None:
    url = (
        f"sqlite:///{tmp_path / 'q.db'}"
        if engine == "sqlite"
        else request.getfixturevalue("postgres_url")
    )
    store = Store(url)
    store.migrate()
    ids = [desk.queue_notice(store, plate=f"浙A{n:05d}") for n in range(12)]
    shown: list[str] = []
    senders = [
        Sender(store, LocalChannel(clock, show=shown.append), clock, Policy) for _ in range(3)
    ]
    threads = [threading.Thread(target=sender.run_once) for sender in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(shown) == len(ids)
    assert {desk.notice(store, n).attempts for n in ids} == {1}
    store.dispose()


# Killed


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[tuple[Store, str]]:
    """A database on disk, and the key that a second process needs."""
    from models import secret

    before = secret._fernet, secret._hash_key
    key = new_secret_key()
    set_secret_key(key)
    store = Store(f"sqlite:///{tmp_path / 'q.db'}")
    store.migrate()
    yield store, key
    store.dispose()
    secret._fernet, secret._hash_key = before


def process(store: Store, key: str, twilio: TwilioServer, after: int, what: str) -> list[str]:
    return [
        sys.executable, "-m", "tests.pipeline.sender_process",
        str(store.url), key, twilio.base_url, str(after), what,
    ]  # fmt: skip


def test_killed_while_the_text_is_on_its_way(
    file_store: tuple[Store, str], twilio: TwilioServer, channel: TwilioChannel, clock: FakeClock
) -> None:
    """SIGKILL while the provider has the text and we have no answer; a new process finds it:
    exactly one text, and its delivery starts the clock."""
    store, key = file_store
    notice_id = desk.queue_notice(store)
    started: list[subprocess.Popen[bytes]] = []
    ready = threading.Event()

    def kill(_: StoredMessage) -> None:
        ready.wait(30)
        os.kill(started[0].pid, signal.SIGKILL)
        started[0].wait(30)

    twilio.plan = [kill]
    with subprocess.Popen(process(store, key, twilio, 0, "run")) as victim:
        started.append(victim)
        ready.set()
        assert victim.wait(60) == -signal.SIGKILL
    assert desk.notice(store, notice_id).status == S.SENDING
    subprocess.run(process(store, key, twilio, 2, "recover"), check=True, timeout=60)
    notice = desk.notice(store, notice_id)
    assert (notice.status, notice.provider_id) == (S.ACCEPTED, twilio.messages[0].sid)
    assert len(twilio.messages) == 1
    assert receive(store, channel, twilio, twilio.messages[0], "delivered", clock)
    assert desk.event_of(store, notice_id).state == EventState.GRACE


def test_killed_before_the_text_left_the_house(
    file_store: tuple[Store, str], twilio: TwilioServer
) -> None:
    """Claimed, then killed: nobody knows for sure, so a person goes and nothing is sent."""
    store, key = file_store
    notice_id = desk.queue_notice(store)
    killed = subprocess.run(
        process(store, key, twilio, 0, "die-before-handing-over"), check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    assert desk.notice(store, notice_id).status == S.SENDING
    subprocess.run(process(store, key, twilio, 20, "recover"), check=True, timeout=60)
    assert desk.notice(store, notice_id).status == S.UNKNOWN
    assert desk.event_of(store, notice_id).state == EventState.PATROL_ASSIGNED
    assert twilio.messages == []


def test_at_start_whatever_was_on_its_way_is_looked_up_at_once(
    store: Store, sender: Sender, twilio: TwilioServer
) -> None:
    notice_id = desk.queue_notice(store)
    twilio.plan = ["lost answer"]
    sender.run_once()
    assert sender.recover() == 1
    assert desk.notice(store, notice_id).status == S.ACCEPTED
    assert sender.recover() == 0


# Everything at once

PLANS = [
    "accept", "429", "500", "bad gateway", "21211", "lost answer", "nonsense", "nameless",
]  # fmt: skip
REPORTS = ["queued", "sent", "delivered", "undelivered", "failed", "read"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_whatever_happens_there_is_at_most_one_text(
    data: st.DataObject, channel: TwilioChannel, twilio: TwilioServer, store: Store
) -> None:
    """Property (B8, invariant 5): any answers, restarts and receipts in any order and number."""
    number = len(twilio.requests) + data.draw(st.just(0))
    clock = FakeClock(NOON + timedelta(minutes=10 * len(twilio.messages) % 300))
    notice_id = desk.queue_notice(store, clock.now(), plate=f"浙A{number:05d}")
    before = len(twilio.messages)
    twilio.plan = data.draw(st.lists(st.sampled_from(PLANS), max_size=4))
    twilio.broken_for_reading = data.draw(st.booleans())
    for step in data.draw(
        st.lists(st.sampled_from(["run", "restart", "wait", *REPORTS]), max_size=14)
    ):
        sender = Sender(store, channel, clock, Policy)
        mine = twilio.messages[before:]
        if step == "run":
            sender.run_once()
        elif step == "restart":
            sender.recover()
        elif step == "wait":
            clock.advance(5)
            twilio.broken_for_reading = False
        elif mine:
            receive(store, channel, twilio, mine[0], step, clock)
        assert len(twilio.messages) - before <= 1
    clock.advance(125)
    twilio.plan, twilio.broken_for_reading = [], False
    Sender(store, channel, clock, Policy).run_once()
    assert len(twilio.messages) - before <= 1
    notice, event = desk.notice(store, notice_id), desk.event_of(store, notice_id)
    assert notice.status not in {S.QUEUED, S.SENDING}, "every notice ends somewhere"
    if notice.status == S.DELIVERED:
        assert event.state in {EventState.GRACE, EventState.PATROL_ASSIGNED}
    if event.state == EventState.GRACE:
        assert notice.delivered_at is not None
