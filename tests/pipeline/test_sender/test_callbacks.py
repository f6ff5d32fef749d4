"""Twilio's signed callbacks through the real API, as they come in behind a proxy (P26)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from api.app import create_app
from models.clock import FakeClock
from models.event import EventState
from models.notice import NoticeStatus
from models.store import Store
from notify.twilio_channel import CALLBACK_PATH, TwilioChannel
from pipeline.sender import Sender
from pipeline.services import build_services
from pipeline.settings import Settings
from tests.api.conftest import serving
from tests.notify import desk
from tests.twilio_server import TwilioServer

S = NoticeStatus


@pytest.fixture
def endpoint(
    tmp_path: Path, store: Store, channel: TwilioChannel, clock: FakeClock
) -> Iterator[str]:
    """Where a proxy forwards https://city.example to: plain HTTP, another host and port."""
    settings = Settings(data_dir=tmp_path, public_base_url="https://city.example")
    services = replace(build_services(settings, clock=clock), store=store, channel=channel)
    with serving(create_app(services)) as address:
        yield f"{address}{CALLBACK_PATH}"


def test_p26_signed_callbacks_behind_a_proxy_out_of_order_and_doubled(
    store: Store, sender: Sender, twilio: TwilioServer, clock: FakeClock, endpoint: str
) -> None:
    """sent, delivered, delivered, sent, undelivered: all stored, two count, one clock."""
    notice_id = desk.queue_notice(store)
    sender.run_once()
    (message,) = twilio.messages
    for status in ("sent", "delivered", "delivered", "sent", "undelivered"):
        clock.advance(1)
        assert twilio.callback(message, status, to=endpoint) == 204
    event = desk.event_of(store, notice_id)
    assert event.state == EventState.GRACE
    assert event.grace_deadline_at is not None
    assert (event.grace_deadline_at - clock.now()).total_seconds() == 420 - 3
    assert desk.receipts(store) == [
        (S.SENT, True), (S.DELIVERED, True), (S.DELIVERED, False), (S.SENT, False),
        (S.UNDELIVERED, False),
    ]  # fmt: skip


def test_a_forged_callback_is_refused_and_not_stored(
    store: Store, sender: Sender, twilio: TwilioServer, endpoint: str
) -> None:
    desk.queue_notice(store)
    sender.run_once()
    assert twilio.callback(twilio.messages[0], "delivered", to=endpoint, token="forged") == 403
    assert desk.receipts(store) == []
