"""A real HTTP server on loopback that answers like Twilio's message API, told how to behave.

`plan` holds how the next submissions go (one entry each, "accept" when it is empty):

    accept                201, the message is stored
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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, cast
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from twilio.request_validator import RequestValidator

from tests.provider_server import Handler, Http, ProviderServer

ACCOUNT = "AC" + "0" * 32
TOKEN = "a-token-for-tests"
SENDER = "+15005550006"

_REFUSALS = {"429": (429, 20429), "500": (500, 20500)}

Plan = str | Callable[["StoredMessage"], None]


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


class TwilioServer(ProviderServer[StoredMessage]):
    """Use as a context manager. `base_url` is for the channel; `messages` is what was taken."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__(_Handler, now)

    def callback(
        self, message: StoredMessage, status: str, *, to: str = "", token: str = TOKEN, **extra: str
    ) -> int:
        """Report `status` to the message's callback address, signed over that address.

        to: where the request really goes (a proxy forwards to another scheme, host and path).
        Returns the HTTP status of the answer.
        """
        form, headers, url = self.signed(message, status, token=token, **extra)
        parts = urlsplit(url)
        target = f"{to}?{parts.query}" if to else url
        request = urllib.request.Request(target, urlencode(form).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
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
        form = dict(parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
        twilio.requests.append(("POST", self.path))
        if not self._signed_in():
            self._error(401, 20003)
            return
        plan = twilio.next_plan()
        if plan in _REFUSALS:
            self._error(*_REFUSALS[plan])
        elif plan == "bad gateway":
            self.answer(502, b"<html>Bad Gateway</html>")
        elif isinstance(plan, str) and plan.isdigit():
            self._error(400, int(plan))
        else:
            self._answer(plan, twilio.take(form))

    def _answer(self, plan: Plan, message: StoredMessage) -> None:
        """The message is stored; now what does the client learn of it?"""
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
        elif parts.path.endswith("/Messages.json"):
            self.answer(200, json.dumps(self._page(parts.path, parse_qs(parts.query))).encode())
        else:
            sid = parts.path.rsplit("/", 1)[-1].removesuffix(".json")
            one = [message for message in twilio.messages if message.sid == sid]
            if one:
                self.answer(200, json.dumps(one[0].as_json()).encode())
            else:
                self._error(404, 20404)

    def _page(self, path: str, query: dict[str, list[str]]) -> dict[str, Any]:
        found = self.twilio.listed(query)
        size, page = int(query["PageSize"][0]), int(query.get("Page", ["0"])[0])
        following = urlencode({**{k: v[0] for k, v in query.items()}, "Page": page + 1})
        return {
            "messages": [one.as_json() for one in found[page * size : (page + 1) * size]],
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
