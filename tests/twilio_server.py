"""A real HTTP server on loopback that answers like Twilio's API of messages and calls, told how to
behave.

`plan` holds how the next submissions go (one entry each, "accept" when it is empty):

    accept                201, the message (or the call) is stored
    429 | 500             refused with Twilio's error JSON, nothing stored
    bad gateway           502 with an HTML page of something in between, nothing stored
    21211 | 21610 ...     400 with this Twilio error, nothing stored
    lost answer           stored, then the connection is closed without an answer
    hang                  stored, then no answer until `release` is set
    nonsense              stored, 201 with a body that is not JSON
    nameless              stored, 201 with JSON that names no message

A callable entry runs after the message is stored and before the answer (a SIGKILL, say).
"""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, cast
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree

from twilio.request_validator import RequestValidator

from notify.channel import Call, Channel, Receipt
from tests.provider_server import Handler, Http, ProviderServer

ACCOUNT = "AC" + "0" * 32
TOKEN = "a-token-for-tests"
SENDER = "+15005550006"

_REFUSALS = {"429": (429, 20429), "500": (500, 20500)}

Plan = str | Callable[[Any], None]


@dataclass
class StoredMessage:
    """What the server took."""

    sid: str
    form: dict[str, str]
    created_at: datetime
    status: str = "queued"
    sent_at: datetime | None = None
    error_code: int | None = None
    body: str = field(init=False)

    def __post_init__(self) -> None:
        self.body = self.form["Body"]

    def as_json(self) -> dict[str, Any]:
        return {
            "sid": self.sid,
            "account_sid": ACCOUNT,
            "to": self.form["To"],
            "from": self.form.get("From"),
            "body": self.body,
            "status": self.status,
            "error_code": self.error_code,
            "date_created": format_datetime(self.created_at),
            "date_sent": format_datetime(self.sent_at) if self.sent_at else None,
            "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{self.sid}.json",
        }


@dataclass
class StoredCall:
    """A call that the server made. As at Twilio, nobody is told afterwards what was said."""

    sid: str
    form: dict[str, str]
    created_at: datetime
    events: list[str]
    """Which of its states are reported."""
    status: str = "queued"

    @property
    def twiml(self) -> str:
        return self.form["Twiml"]

    def said(self) -> list[tuple[str, str]]:
        """(language, words) of each <Say>, in order."""
        said = ElementTree.fromstring(self.twiml).iter("Say")
        return [(one.attrib["language"], one.text or "") for one in said]

    def as_json(self) -> dict[str, Any]:
        return {
            "sid": self.sid,
            "account_sid": ACCOUNT,
            "to": self.form["To"],
            "from": self.form["From"],
            "status": self.status,
            "direction": "outbound-api",
            "date_created": format_datetime(self.created_at),
            "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{self.sid}.json",
        }


class TwilioServer(ProviderServer[Any]):
    """Use as a context manager. `base_url` is for the channel; `messages` and `calls` are what was
    taken."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__(_Handler, now)
        self.plan: list[Plan] = []
        self.messages: list[StoredMessage] = []
        self.calls: list[StoredCall] = []

    def callback(
        self, message: StoredMessage, status: str, *, to: str = "", token: str = TOKEN, **extra: str
    ) -> int:
        """Report `status` to the message's callback address, signed over that address.

        to: where the request really goes (a proxy forwards to another scheme, host and path).
        Returns the HTTP status of the answer.
        """
        return self._bring(*self.signed(message, status, token=token, **extra), to)

    def call_back(
        self, call: StoredCall, status: str, *, to: str = "", token: str = TOKEN, **extra: str
    ) -> int:
        """The same for a call."""
        return self._bring(*self.signed_call(call, status, token=token, **extra), to)

    @staticmethod
    def _bring(form: dict[str, str], headers: dict[str, str], url: str, to: str) -> int:
        parts = urlsplit(url)
        target = f"{to}?{parts.query}" if to else url
        request = urllib.request.Request(target, urlencode(form).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    def signed(
        self, message: StoredMessage, status: str, *, token: str = TOKEN, **extra: str
    ) -> tuple[dict[str, str], dict[str, str], str]:
        """Form, headers and address of one status callback, as Twilio makes them."""
        url = message.form["StatusCallback"]
        form = {
            "AccountSid": ACCOUNT,
            "ApiVersion": "2010-04-01",
            "From": SENDER,
            "MessageSid": message.sid,
            "MessageStatus": status,
            "SmsSid": message.sid,
            "SmsStatus": status,
            "To": message.form["To"],
            **extra,
        }
        signature = RequestValidator(token).compute_signature(url, form)
        return form, {"X-Twilio-Signature": signature}, url

    def signed_call(
        self, call: StoredCall, status: str, *, token: str = TOKEN, **extra: str
    ) -> tuple[dict[str, str], dict[str, str], str]:
        """As `signed`. Only states that were asked for are ever reported."""
        over = status in ("completed", "busy", "no-answer", "failed", "canceled")
        asked = "completed" if over else {"in-progress": "answered"}.get(status, status)
        assert asked in call.events, f"nobody asked for {asked}"
        url = call.form["StatusCallback"]
        form = {
            "AccountSid": ACCOUNT,
            "ApiVersion": "2010-04-01",
            "CallbackSource": "call-progress-events",
            "CallSid": call.sid,
            "CallStatus": status,
            "Direction": "outbound-api",
            "From": SENDER,
            "To": call.form["To"],
            **extra,
        }
        signature = RequestValidator(token).compute_signature(url, form)
        return form, {"X-Twilio-Signature": signature}, url

    def take_call(self, form: dict[str, str], events: list[str]) -> StoredCall:
        with self._lock:
            call = StoredCall(f"CA{len(self.calls) + 1:032x}", form, self.now(), events)
            self.calls.append(call)
            return call

    def listed_calls(self, query: dict[str, list[str]]) -> list[StoredCall]:
        """Newest first."""
        return [
            call for call in reversed(self.calls)
            if all(call.form[name] == query[name][0] for name in ("To", "From") if name in query)
        ]  # fmt: skip

    def take(self, form: dict[str, str]) -> StoredMessage:
        with self._lock:
            sid = f"SM{len(self.messages) + 1:032x}"
            message = StoredMessage(sid, form, self.now())
            self.messages.append(message)
            return message

    def listed(self, query: dict[str, list[str]]) -> list[StoredMessage]:
        """Newest first. A filter by date leaves out what has not been sent yet, as Twilio's."""
        return list(self._matching(query))

    def _matching(self, query: dict[str, list[str]]) -> Iterator[StoredMessage]:
        for message in reversed(self.messages):
            if "To" in query and message.form["To"] != query["To"][0]:
                continue
            if "DateSent" in query and (
                message.sent_at is None
                or message.sent_at.date().isoformat() != query["DateSent"][0][:10]
            ):
                continue
            yield message


class _Handler(Handler):
    @property
    def twilio(self) -> TwilioServer:
        return cast("TwilioServer", cast("Http", self.server).provider)

    def do_POST(self) -> None:  # noqa: N802 (http.server calls it so)
        twilio = self.twilio
        length = int(self.headers["Content-Length"])
        pairs = parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True)
        form, is_call = dict(pairs), self.path.endswith("/Calls.json")
        twilio.requests.append(("POST", self.path))
        if not self._signed_in():
            self._error(401, 20003)
            return
        plan = twilio.next_plan()
        if isinstance(plan, str) and plan in _REFUSALS:
            self._error(*_REFUSALS[plan])
        elif plan == "bad gateway":
            self.answer(502, b"<html>Bad Gateway</html>")
        elif isinstance(plan, str) and plan.isdigit():
            self._error(400, int(plan))
        elif is_call:
            events = [value for name, value in pairs if name == "StatusCallbackEvent"]
            self._answer(plan, twilio.take_call(form, events))
        else:
            self._answer(plan, twilio.take(form))

    def _answer(self, plan: Plan, message: StoredMessage | StoredCall) -> None:
        """It is stored; now what does the client learn of it?"""
        if callable(plan):
            plan(message)
        if plan in ("lost answer", "hang"):
            if plan == "hang":
                self.twilio.release.wait(30)
            self.close_connection = True
        else:
            body = json.dumps(message.as_json()).encode()
            self.answer(201, {"nonsense": b"created", "nameless": b"{}"}.get(str(plan), body))

    def do_GET(self) -> None:  # noqa: N802 (http.server calls it so)
        twilio = self.twilio
        twilio.requests.append(("GET", self.path))
        parts = urlsplit(self.path)
        if not self._signed_in():
            self._error(401, 20003)
        elif twilio.broken_for_reading:
            self._error(503, 20503)
        elif parts.path.endswith(("/Messages.json", "/Calls.json")):
            self.answer(200, json.dumps(self._page(parts.path, parse_qs(parts.query))).encode())
        else:
            sid = parts.path.rsplit("/", 1)[-1].removesuffix(".json")
            one = [one for one in (*twilio.messages, *twilio.calls) if one.sid == sid]
            if one:
                self.answer(200, json.dumps(one[0].as_json()).encode())
            else:
                self._error(404, 20404)

    def _page(self, path: str, query: dict[str, list[str]]) -> dict[str, Any]:
        is_call = path.endswith("/Calls.json")
        found = self.twilio.listed_calls(query) if is_call else self.twilio.listed(query)
        size, page = int(query["PageSize"][0]), int(query.get("Page", ["0"])[0])
        following = urlencode({**{k: v[0] for k, v in query.items()}, "Page": page + 1})
        return {
            "calls" if is_call else "messages": [
                one.as_json() for one in found[page * size : (page + 1) * size]
            ],
            "page": page,
            "page_size": size,
            "next_page_uri": f"{path}?{following}" if (page + 1) * size < len(found) else None,
            "uri": self.path,
        }

    def _signed_in(self) -> bool:
        wanted = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        return self.headers.get("Authorization") == f"Basic {wanted}"

    def _error(self, status: int, code: int) -> None:
        body = {"code": code, "message": "Refused", "more_info": "", "status": status}
        self.answer(status, json.dumps(body).encode())


def receipt_of(
    channel: Channel, form: Mapping[str, str], headers: Mapping[str, str], url: str
) -> Receipt:
    """What the channel makes of one callback."""
    (receipt,) = channel.receipts(Call(url, headers, urlencode(form).encode()))
    return receipt
