"""Two providers of different shapes behind one face: a real server on loopback, and a channel
that speaks to it. What a test says here holds for both."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from models.clock import Clock
from notify.aliyun_channel import AliyunChannel
from notify.channel import Call, Channel
from notify.registered import TemplateCodes
from notify.templates import load_templates
from notify.twilio_channel import REPLY_PATH, TwilioChannel
from tests import aliyun_server, twilio_server
from tests.aliyun_server import AliyunServer
from tests.twilio_server import TwilioServer

PUBLIC = "https://city.example"
TIMEOUT = 1.0


class Provider(Protocol):
    """`plan` takes words that mean the same for both: accept, busy, refused, broken,
    lost answer, nonsense, nameless, hang."""

    channel: Channel

    def plan(self, *steps: str) -> None: ...

    def bodies(self) -> list[str]:
        """What phones would show of what was taken."""
        ...

    def numbers(self) -> list[str]:
        """The provider's numbers of what was taken."""
        ...

    def submissions(self) -> int:
        """How often we tried."""
        ...

    def hide(self) -> None:
        """From now on nothing can be looked up."""
        ...

    def receipt(self, index: int, status: str, *, forged: bool = False) -> Call:
        """A call with the receipt of the text taken as number `index`: delivered, undelivered,
        pending; also of one that it does not know (index -1)."""
        ...

    def reply(self, number: str, phone: str, text: str, *, forged: bool = False) -> Call:
        """A call with what a phone (E.164) answered."""
        ...


@dataclass
class Twilio:
    server: TwilioServer
    channel: TwilioChannel

    _PLANS = {"busy": "429", "refused": "21211", "broken": "bad gateway"}  # noqa: RUF012
    _STATES = {"pending": "sent"}  # noqa: RUF012

    def plan(self, *steps: str) -> None:
        self.server.plan = [self._PLANS.get(step, step) for step in steps]

    def bodies(self) -> list[str]:
        return [message.body for message in self.server.messages]

    def numbers(self) -> list[str]:
        return [message.sid for message in self.server.messages]

    def submissions(self) -> int:
        return [method for method, _ in self.server.requests].count("POST")

    def hide(self) -> None:
        self.server.broken_for_reading = True

    def receipt(self, index: int, status: str, *, forged: bool = False) -> Call:
        if index < 0:
            form = {"StatusCallback": f"{PUBLIC}/api/v1/receipts/twilio?notice=404", "To": "+1"}
            message = twilio_server.StoredMessage("SM404", {**form, "Body": ""}, self.server.now())
        else:
            message = self.server.messages[index]
        token = "wrong" if forged else twilio_server.TOKEN
        form, headers, url = self.server.signed(
            message, self._STATES.get(status, status), token=token
        )
        return Call(url, {k.lower(): v for k, v in headers.items()}, urlencode(form).encode())

    def reply(self, number: str, phone: str, text: str, *, forged: bool = False) -> Call:
        form = {"MessageSid": number, "From": phone, "To": twilio_server.SENDER, "Body": text}
        token = "wrong" if forged else twilio_server.TOKEN
        url = PUBLIC + REPLY_PATH
        signature = RequestValidator(token).compute_signature(url, form)
        return Call(url, {"x-twilio-signature": signature}, urlencode(form).encode())


@dataclass
class Aliyun:
    server: AliyunServer
    channel: AliyunChannel

    _PLANS = {  # noqa: RUF012
        "busy": "isv.BUSINESS_LIMIT_CONTROL",
        "refused": "isv.MOBILE_NUMBER_ILLEGAL",
        "broken": "bad gateway",
    }
    _CODES = {"delivered": "DELIVERED", "undelivered": "UNDELIV", "pending": "ENROUTE"}  # noqa: RUF012

    def plan(self, *steps: str) -> None:
        self.server.plan = [self._PLANS.get(step, step) for step in steps]

    def bodies(self) -> list[str]:
        return [message.body for message in self.server.messages]

    def numbers(self) -> list[str]:
        return [message.sid for message in self.server.messages]

    def submissions(self) -> int:
        return [action for action, _ in self.server.requests].count("SendSms")

    def hide(self) -> None:
        self.server.broken_for_reading = True

    def receipt(self, index: int, status: str, *, forged: bool = False) -> Call:
        code = self._CODES[status]
        if index < 0:
            stranger = {"PhoneNumbers": "13900139000", "OutId": "404"}
            message = aliyun_server.StoredMessage("404^0", stranger, "", self.server.now())
        else:
            message = self.server.messages[index]
        return self._call([self.server.report(message, code)], forged)

    def reply(self, number: str, phone: str, text: str, *, forged: bool = False) -> Call:
        entry = {
            "phone_number": phone.removeprefix("+86"),
            "send_time": "2026-11-23 12:00:00",
            "content": text,
            "sign_name": "下城城管",
            "dest_code": "0001",
            "sequence_id": number,
        }
        return self._call([entry], forged)

    @staticmethod
    def _call(entries: Sequence[Mapping[str, object]], forged: bool) -> Call:
        token = "x" * 30 if forged else aliyun_server.PUSH_TOKEN
        return Call(PUBLIC, {}, json.dumps(entries).encode(), token)


def twilio_channel(server: TwilioServer) -> TwilioChannel:
    return TwilioChannel(
        twilio_server.ACCOUNT, twilio_server.TOKEN, twilio_server.SENDER,
        base_url=server.base_url, public_base_url=PUBLIC, timeout_seconds=TIMEOUT,
    )  # fmt: skip


def aliyun_channel(server: AliyunServer, clock: Clock) -> AliyunChannel:
    return AliyunChannel(
        aliyun_server.KEY_ID, aliyun_server.KEY_SECRET,
        TemplateCodes(aliyun_server.codes_of(), load_templates()), aliyun_server.PUSH_TOKEN,
        clock=clock, endpoint=server.base_url, timeout_seconds=TIMEOUT,
    )  # fmt: skip
