"""A Twilio on loopback, and a channel that speaks to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from notify.twilio_channel import TwilioChannel
from tests import twilio_server
from tests.twilio_server import TwilioServer

PUBLIC = "https://city.example"


@pytest.fixture
def twilio() -> Iterator[TwilioServer]:
    with TwilioServer() as server:
        yield server


@pytest.fixture
def channel(twilio: TwilioServer) -> TwilioChannel:
    """Reachable for callbacks as https://city.example."""
    return TwilioChannel(
        twilio_server.ACCOUNT,
        twilio_server.TOKEN,
        twilio_server.SENDER,
        base_url=twilio.base_url,
        public_base_url=PUBLIC,
        timeout_seconds=0.5,
    )
