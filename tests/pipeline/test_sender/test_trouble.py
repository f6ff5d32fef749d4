"""One notice's trouble stays its own; many senders; a process that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text

from models import secret
from models.clock import FakeClock
from models.errors import Unavailable
from models.event import Deadline, DeadlineKind, EventState
from models.notice import Notice, NoticeStatus
from models.policy import Policy
from models.secret import new_secret_key, set_secret_key
from models.store import Store
from notify.channel import Receipt
from notify.local_channel import LocalChannel
from notify.twilio_channel import TwilioChannel
from pipeline.metrics import Metrics
from pipeline.sender import Sender
from tests import twilio_server
from tests.notify import desk
from tests.pipeline.test_sender.tools import Scripted, receive
from tests.postgres import postgres_cluster, postgres_url
from tests.rows import NOON
from tests.twilio_server import StoredMessage, TwilioServer

__all__ = ["postgres_cluster", "postgres_url"]

S = NoticeStatus


def _errors(metrics: Metrics, where: str) -> float | None:
    return metrics.registry.get_sample_value("qifen_errors_total", {"where": where})


def test_an_unreadable_notice_holds_no_other_up(
    store: Store, channel: TwilioChannel, twilio: TwilioServer, clock: FakeClock
) -> None:
    """A phone written with a lost key: put off, given up after three tries; the next one goes."""
    metrics = Metrics()
    sender = Sender(store, channel, clock, Policy, metrics=metrics)
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
    assert _errors(metrics, "notice") == 3, "an operator sees it"
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

    metrics = Metrics()
    sender = Sender(store, Broken(clock), clock, Policy, metrics=metrics)
    desk.queue_notice(store)
    assert sender.run_once() == 1
    desk.queue_notice(store, plate="浙A54321")
    assert sender.run_once() == 1
    assert _errors(metrics, "receipts") == 1


def test_one_receipt_that_cannot_be_applied_holds_no_other_up(
    store: Store, clock: FakeClock
) -> None:
    class Two(LocalChannel):
        def poll(self, underway: object, now: object) -> list[Receipt]:
            good = super().poll(underway, now)  # type: ignore[arg-type]
            bad = replace(good[0], reported_at=NOON.replace(tzinfo=None))  # refused: naive
            return [bad, *good]

    metrics = Metrics()
    sender = Sender(store, Two(clock, receipt_seconds=0), clock, Policy, metrics=metrics)
    notice_id = desk.queue_notice(store)
    sender.run_once()
    sender.run_once()
    assert _errors(metrics, "receipts") == 1
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
        sys.executable, "-m", "tests.pipeline.test_sender.process",
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
