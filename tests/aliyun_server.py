"""A real HTTP server on loopback that answers like Aliyun's SMS service, told how to behave.

It checks the signature of every request by its own reading of the rules, holds the registered
words, and puts the messages together itself, as the provider does. `plan` holds how the next
submissions go (one entry each, "accept" when it is empty):

    accept              200, Code OK, the message is stored
    Throttling.User | isv.BUSINESS_LIMIT_CONTROL | isv.MOBILE_NUMBER_ILLEGAL ...
                        this Code, nothing stored
    isp.SYSTEM_ERROR    this Code, nothing stored, though nobody could know
    bad gateway         502 with an HTML page of something in between, nothing stored
    lost answer         stored, then the connection is closed without an answer
    hang                stored, then no answer until `release` is set
    nonsense            stored, 200 with a body that is not JSON
    nameless            stored, 200 with JSON that names no message

A callable entry runs after the message is stored and before the answer.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, quote, urlsplit

from models.policy import Policy
from notify.registered import registered_words
from notify.templates import TemplateSet, load_templates
from tests.provider_server import Handler, Http, ProviderServer

KEY_ID = "a-key-id"
KEY_SECRET = "a-key-secret-for-tests"
PUSH_TOKEN = "push-token-of-tests-0123456789"
BEIJING = timezone(timedelta(hours=8))

_NOT_OK = re.compile(r"(?:isv|isp)\.|Throttling|SignatureDoesNotMatch|InternalError")

Plan = str | Callable[["StoredMessage"], None]


def codes_of(templates: TemplateSet | None = None) -> dict[str, dict[str, str]]:
    """A number for every text, as a city's file has them."""
    found: dict[str, dict[str, str]] = {}
    for number, template in enumerate(templates or load_templates()):
        found.setdefault(template.language, {})[template.name] = f"SMS_{480000000 + number}"
    return found


def write_codes(path: Path, codes: dict[str, dict[str, str]]) -> Path:
    lines: list[str] = []
    for language, table in codes.items():
        lines += [f"[{language}]", *(f'{name} = "{code}"' for name, code in table.items())]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@dataclass
class StoredMessage:
    """What the server took. `body` is what a phone would show."""

    sid: str
    query: dict[str, str]
    body: str
    created_at: datetime
    send_status: int = 1
    err_code: str = ""

    @property
    def out_id(self) -> str:
        return self.query["OutId"]

    def as_detail(self) -> dict[str, Any]:
        return {
            "OutId": self.out_id,
            "PhoneNum": self.query["PhoneNumbers"],
            "Content": self.body,
            "SendStatus": self.send_status,
            "ErrCode": self.err_code,
            "SendDate": self.created_at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
            "TemplateCode": self.query["TemplateCode"],
        }


class AliyunServer(ProviderServer[StoredMessage]):
    """Use as a context manager. `base_url` is for the channel; `messages` is what was taken."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__(_Handler, now)
        codes = codes_of()
        self._words = {
            codes[t.language][t.name]: registered_words(t, Policy().landline)
            for t in load_templates()
        }

    def report(self, message: StoredMessage, code: str, **changes: Any) -> dict[str, Any]:
        """One status report, as a batch holds them."""
        at = self.now().astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
        return {
            "phone_number": message.query["PhoneNumbers"],
            "send_time": at,
            "report_time": at,
            "success": code == "DELIVERED",
            "err_code": code,
            "err_msg": "",
            "sms_size": "1",
            "biz_id": message.sid,
            "out_id": message.out_id,
            **changes,
        }

    def push(self, entries: list[dict[str, Any]], to: str) -> tuple[int, Any]:
        """Bring a batch to an address. Returns the HTTP status and the answer's JSON."""
        body = json.dumps(entries, ensure_ascii=False).encode()
        request = urllib.request.Request(to, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def take(self, query: dict[str, str]) -> StoredMessage:
        values: dict[str, str] = json.loads(query["TemplateParam"])
        words = self._words[query["TemplateCode"]]
        for name, value in values.items():
            words = words.replace(f"${{{name}}}", value)
        assert "${" not in words, "a registered variable was not filled in"
        with self._lock:
            sid = f"{900000000000000000 + len(self.messages)}^0"
            message = StoredMessage(sid, query, f"【{query['SignName']}】{words}", self.now())
            self.messages.append(message)
            return message

    def details(self, query: dict[str, str]) -> dict[str, Any]:
        """A page of the texts to one phone on one day of Beijing's, newest first."""
        found = [
            m
            for m in reversed(self.messages)
            if m.query["PhoneNumbers"] == query["PhoneNumber"]
            and m.created_at.astimezone(BEIJING).strftime("%Y%m%d") == query["SendDate"]
        ]
        size, page = int(query["PageSize"]), int(query["CurrentPage"])
        rows = [m.as_detail() for m in found[(page - 1) * size : page * size]]
        return {
            "Code": "OK",
            "Message": "OK",
            "TotalCount": str(len(found)),
            "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows},
        }


class _Handler(Handler):
    @property
    def aliyun(self) -> AliyunServer:
        return cast("AliyunServer", cast("Http", self.server).provider)

    def do_POST(self) -> None:  # noqa: N802 (http.server calls it so)
        aliyun = self.aliyun
        action = self.headers.get("x-acs-action", "")
        query = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        aliyun.requests.append((action, self.path))
        if not self._signed():
            self._refuse(400, "SignatureDoesNotMatch")
        elif action == "QuerySendDetails":
            if aliyun.broken_for_reading:
                self._refuse(503, "ServiceUnavailable")
            else:
                self.answer(200, json.dumps(aliyun.details(query)).encode())
        elif action == "SendSms":
            self._take(aliyun.next_plan(), query)
        else:
            self._refuse(404, "InvalidAction.NotFound")

    def _take(self, plan: Plan, query: dict[str, str]) -> None:
        if plan == "bad gateway":
            self.answer(502, b"<html>Bad Gateway</html>")
        elif isinstance(plan, str) and _NOT_OK.match(plan):
            self._refuse(400 if plan.startswith("Throttling") else 200, plan)
        else:
            self._answer(plan, self.aliyun.take(query))

    def _answer(self, plan: Plan, message: StoredMessage) -> None:
        if callable(plan):
            plan(message)
        if plan in ("lost answer", "hang"):
            if plan == "hang":
                self.aliyun.release.wait(30)
            self.close_connection = True
            return
        answer = {"Code": "OK", "Message": "OK", "RequestId": "R", "BizId": message.sid}
        if plan == "nameless":
            del answer["BizId"]
        self.answer(200, b"created" if plan == "nonsense" else json.dumps(answer).encode())

    def _signed(self) -> bool:
        """ACS3-HMAC-SHA256, read anew from the provider's documentation."""
        given = dict(
            part.split("=", 1)
            for part in self.headers.get("Authorization", "= ").split(" ", 1)[1].split(",")
            if "=" in part
        )
        names = given.get("SignedHeaders", "").split(";")
        pairs = sorted(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        query = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in pairs)
        headers = "".join(f"{n}:{self.headers.get(n, '').strip()}\n" for n in names)
        body = self.headers.get("x-acs-content-sha256", "")
        canonical = f"POST\n/\n{query}\n{headers}\n{';'.join(names)}\n{body}"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        wanted = hmac.new(
            KEY_SECRET.encode(), f"ACS3-HMAC-SHA256\n{digest}".encode(), hashlib.sha256
        ).hexdigest()
        return (
            given.get("Credential") == KEY_ID
            and body == hashlib.sha256(b"").hexdigest()
            and {"host", "x-acs-action", "x-acs-date", "x-acs-signature-nonce"} <= set(names)
            and hmac.compare_digest(wanted, given.get("Signature", ""))
        )

    def _refuse(self, status: int, code: str) -> None:
        body = {"Code": code, "Message": "Refused", "RequestId": "R"}
        self.answer(status, json.dumps(body).encode())
