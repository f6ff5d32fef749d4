"""A sender in a process of its own, to be killed: `python -m tests.pipeline.test_sender.process`
URL KEY TWILIO_URL SECONDS_AFTER_NOON run|recover|die-before-handing-over|die-before-calling

It stands at a fixed time, so that a test says when things happen. What it did is its exit code:
0 when it came to the end.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta

from models.clock import FakeClock
from models.policy import Policy
from models.secret import set_secret_key
from models.store import Store
from notify.channel import Outgoing, Submission
from notify.twilio_channel import TwilioChannel
from notify.twilio_voice import TwilioVoice
from pipeline.sender import Sender
from tests import twilio_server
from tests.rows import NOON


class _DiesFirst(TwilioChannel):
    """Killed after the row was claimed and before a byte left the house."""

    def submit(self, message: Outgoing) -> Submission:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("still alive")


class _DiesBeforeCalling(TwilioVoice):
    """The same with a call."""

    def submit(self, message: Outgoing) -> Submission:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("still alive")


def main(url: str, key: str, twilio_url: str, seconds: str, what: str) -> None:
    set_secret_key(key)
    channel_class = _DiesFirst if what == "die-before-handing-over" else TwilioChannel
    channel = channel_class(
        twilio_server.ACCOUNT, twilio_server.TOKEN, twilio_server.SENDER, base_url=twilio_url,
        public_base_url="https://city.example", timeout_seconds=5.0,
    )  # fmt: skip
    voice_class = _DiesBeforeCalling if what == "die-before-calling" else TwilioVoice
    voice = voice_class(
        twilio_server.ACCOUNT, twilio_server.TOKEN, twilio_server.SENDER, base_url=twilio_url,
        public_base_url="https://city.example", timeout_seconds=5.0,
    )  # fmt: skip
    clock = FakeClock(NOON + timedelta(seconds=float(seconds)))
    sender = Sender(Store(url), channel, clock, lambda: Policy(voice_call=True), voice=voice)
    if what == "recover":
        sender.recover()
    sender.run_once()


if __name__ == "__main__":
    main(*sys.argv[1:])
