"""One voice call a stay (A13), however many senders there are and whenever they are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from models import casework
from models.clock import FakeClock
from models.event import EventState
from models.notice import Notice, NoticeStatus
from models.store import Store
from notify.local_channel import LocalChannel
from notify.twilio_channel import TwilioChannel
from pipeline.sender import Sender
from tests.notify import desk
from tests.pipeline.test_sender.test_trouble import file_store, process
from tests.pipeline.test_sender.test_voice import CALLS, call_of, due, event_at, unreachable
from tests.postgres import postgres_cluster, postgres_url
from tests.twilio_server import StoredCall, TwilioServer

__all__ = ["file_store", "postgres_cluster", "postgres_url"]

S = NoticeStatus


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a13_many_senders_make_one_call(
    engine: str, tmp_path: Path, clock: FakeClock, request: pytest.FixtureRequest
) -> None:
    file = f"sqlite:///{tmp_path / 'q.db'}"
    store = Store(file if engine == "sqlite" else request.getfixturevalue("postgres_url"))
    store.migrate()
    shown: list[str] = []
    calls = [LocalChannel(clock, show=shown.append, name="local-voice") for _ in range(4)]
    senders = [
        Sender(store, LocalChannel(clock, receipt_seconds=None), clock, lambda: CALLS, voice=one)
        for one in calls
    ]
    first = desk.queue_notice(store, policy=CALLS)
    senders[0].run_once()
    with store.begin() as session:
        notice = session.get_one(Notice, first)
        casework.notice_failed(session, notice, reason="X", policy=CALLS, at=clock.now())
    due(clock)
    threads = [threading.Thread(target=sender.run_once) for sender in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(shown) == 1
    assert "这里是下城城管" in shown[0]
    store.dispose()


def test_a13_killed_while_the_call_is_on_its_way(
    file_store: tuple[Store, str], channel: TwilioChannel, twilio: TwilioServer, clock: FakeClock
) -> None:
    """SIGKILL while the provider has it and we have no answer: found, and not made again."""
    store, key = file_store
    event_id = unreachable(store, Sender(store, channel, clock, lambda: CALLS), twilio)
    started: list[subprocess.Popen[bytes]] = []
    ready = threading.Event()

    def kill(_: StoredCall) -> None:
        ready.wait(30)
        os.kill(started[0].pid, signal.SIGKILL)
        started[0].wait(30)

    twilio.plan = [kill]
    clock.advance(61)
    with subprocess.Popen(process(store, key, twilio, 61, "run")) as victim:
        started.append(victim)
        ready.set()
        assert victim.wait(60) == -signal.SIGKILL
    assert call_of(store, event_id).status == S.SENDING
    for seconds in (63, 90, 200):
        subprocess.run(process(store, key, twilio, seconds, "recover"), check=True, timeout=60)
    call = call_of(store, event_id)
    assert (call.status, call.provider_id) == (S.ACCEPTED, twilio.calls[0].sid)
    assert len(twilio.calls) == 1


def test_a13_killed_before_the_call_left_the_house(
    file_store: tuple[Store, str], channel: TwilioChannel, twilio: TwilioServer, clock: FakeClock
) -> None:
    """Claimed, then killed: nobody knows for sure, so nobody is called; the patrol goes."""
    store, key = file_store
    event_id = unreachable(store, Sender(store, channel, clock, lambda: CALLS), twilio)
    killed = subprocess.run(
        process(store, key, twilio, 61, "die-before-calling"), check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    assert call_of(store, event_id).status == S.SENDING
    for seconds in (90, 200):
        subprocess.run(process(store, key, twilio, seconds, "recover"), check=True, timeout=60)
    assert call_of(store, event_id).status == S.UNKNOWN
    assert event_at(store, event_id).state == EventState.PATROL_ASSIGNED
    assert twilio.calls == []
