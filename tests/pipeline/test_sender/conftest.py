"""An outbox, a Twilio on loopback, and a clock that stands still between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from models.clock import FakeClock
from models.policy import Policy
from models.store import Store
from notify.twilio_channel import TwilioChannel
from pipeline.sender import Sender
from tests import twilio_server
from tests.rows import NOON
from tests.twilio_server import TwilioServer


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
        base_url=twilio.base_url, public_base_url="https://city.example", timeout_seconds=1.0,
    )  # fmt: skip


@pytest.fixture
def sender(store: Store, channel: TwilioChannel, clock: FakeClock) -> Sender:
    return Sender(store, channel, clock, Policy)


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[structlog.types.EventDict]]:
    """What was logged, kept instead of printed."""
    with structlog.testing.capture_logs() as captured:
        yield captured
