"""Texts by a mainland provider of registered templates, in the form of Aliyun's SMS service.

It takes a template's number and variables, never free words, puts the signature in front itself,
and stays in the country (L66). Differences to Twilio that matter:

- Requests are signed (ACS3-HMAC-SHA256); the answer is HTTP 200 also for most refusals, which
  have a `Code` of their own.
- There is no idempotency key and no address for receipts in the request. `OutId` is handed back
  with every receipt and look-up: it is our own number with a keyed mark, so that a number of
  somebody else's, or a made-up one, is never taken for ours.
- Receipts and replies come as JSON arrays, several at once, unsigned. What keeps others out is a
  secret in the address that is entered at the provider, compared in constant time (0012).
- A text waits in the provider's queue as long as carriers let it; it takes no validity. One that
  arrives late is late (W17): the seven minutes start at its receipt, or a patrol is there.
"""

from __future__ import annotations

import hmac
import json
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from requests import Response, Session
from requests.exceptions import RequestException

from models.clock import Clock
from models.deadlines import local
from models.errors import BadInput
from models.notice import NoticeStatus
from models.secret import keyed_hash
from notify.aliyun_signature import signed_request
from notify.channel import (
    BadSignature,
    Call,
    InboundText,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    Rejected,
    Submission,
    TryLater,
    Underway,
)
from notify.lost_answers import lost
from notify.phones import international
from notify.registered import TemplateCodes

_log = structlog.get_logger(__name__)

ENDPOINT = "https://dysmsapi.aliyuncs.com"
VERSION = "2017-05-25"

BUSY = frozenset(
    {
        "Throttling",
        "Throttling.Api",
        "Throttling.User",
        "ServiceUnavailable",
        "isv.BUSINESS_LIMIT_CONTROL",
    }
)
"""Surely not taken, and soon over: too many a second, or to this phone in this minute."""

UNCLEAR = frozenset({"isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR", "InternalError", "UnknownError"})
"""Something broke inside the provider: who knows how far the text had come."""

DELIVERED = frozenset({"DELIVERED", "DELIVRD"})
PENDING = frozenset({"ACCEPTD", "UNKNOWN", "ENROUTE"})
"""Codes of carriers that end nothing (domain.md 6)."""

_SEND_STATUS: Mapping[int, NoticeStatus] = {
    1: NoticeStatus.ACCEPTED,
    2: NoticeStatus.UNDELIVERED,
    3: NoticeStatus.DELIVERED,
}
_PAGE = 50
_PAGES = 4
"""How many texts to one phone on one day a look-up reads: far more than a day may have (L88)."""


class AliyunChannel:
    """One account of a provider of this form.

    codes: the provider's number of every text.
    push_token: the secret in the address at which the provider brings receipts and replies.
    endpoint: where requests go.
    """

    name = "aliyun"
    parallel = 4
    validity_seconds = 300

    def __init__(
        self,
        access_key_id: str,
        access_key_secret: str,
        codes: TemplateCodes,
        push_token: str,
        *,
        clock: Clock,
        endpoint: str = ENDPOINT,
        timeout_seconds: float = 10.0,
    ) -> None:
        self.timeout_seconds = timeout_seconds
        self._key = (access_key_id, access_key_secret)
        self._codes = codes
        self._push_token = push_token
        self._clock = clock
        self._endpoint = endpoint.rstrip("/")
        logging.getLogger("urllib3.connectionpool").addFilter(_NO_PHONES)

    def submit(self, message: Outgoing) -> Submission:
        """Hand one text over. Raises TryLater, Rejected or OutcomeUnknown."""
        try:
            values = self._codes.values(message.template, message.language, message.variables)
        except BadInput as error:
            raise Rejected(str(error)) from None
        answer = self._ask(
            "SendSms",
            {
                "PhoneNumbers": _national(message.to),
                "SignName": message.signature,
                "TemplateCode": self._codes.code(message.template, message.language),
                "TemplateParam": json.dumps(values, ensure_ascii=False),
                "OutId": out_id(message.notice_id, bool(message.first_id)),
            },
        )
        number = answer.get("BizId")
        if not isinstance(number, str) or not number:
            raise OutcomeUnknown("the provider's answer names no message")
        return Submission(number, NoticeStatus.ACCEPTED)

    def find(self, message: Outgoing, since: datetime) -> Submission | None:
        """The text with our number among those of this phone, on the days since it was handed
        over. The provider says how it is doing, not which number of its own it has."""
        ours = out_id(message.notice_id, bool(message.first_id))
        day, today = local(since).date(), local(self._clock.now()).date()
        while day <= today:
            for page in range(1, _PAGES + 1):
                rows = self._details(message.to, day.strftime("%Y%m%d"), page)
                for row in rows:
                    if row.get("OutId") == ours:
                        status = _SEND_STATUS.get(row.get("SendStatus", 0), NoticeStatus.ACCEPTED)
                        return Submission("", status)
                if len(rows) < _PAGE:
                    break
            day += timedelta(days=1)
        return None

    def receipts(self, call: Call) -> Sequence[Receipt]:
        """A batch of status reports. One that makes no sense does not lose the others."""
        found: list[Receipt] = []
        for entry in self._entries(call):
            number = entry.get("biz_id")
            if not isinstance(number, str) or not 0 < len(number) <= 80:
                _log.warning("receipt without a number", provider=self.name)
                continue
            code = str(entry.get("err_code") or "")
            found.append(
                Receipt(
                    provider=self.name,
                    provider_id=number,
                    status=report_status(entry.get("success"), code),
                    provider_status=code,
                    error_code="" if code in DELIVERED else code,
                    # `report_time` has no zone, and pushes come late: the time of arrival is
                    # later, which is to the owner's favour.
                    notice_id=our_number(entry.get("out_id")),
                )
            )
        return found

    def replies(self, call: Call) -> Sequence[InboundText]:
        """A batch of answers of phones."""
        found: list[InboundText] = []
        for entry in self._entries(call):
            number = str(entry.get("sequence_id") or "")
            try:
                phone = international(str(entry.get("phone_number") or ""), field="phone_number")
            except BadInput:
                phone = ""
            if not phone or not 0 < len(number) <= 80:
                _log.warning("reply without a number or phone", provider=self.name)
                continue
            found.append(InboundText(self.name, number, phone, str(entry.get("content") or "")))
        return found

    def poll(self, underway: Sequence[Underway], now: datetime) -> Sequence[Receipt]:
        """Receipts are brought."""
        del underway, now
        return ()

    def _entries(self, call: Call) -> list[dict[str, Any]]:
        if not hmac.compare_digest(call.token.encode(), self._push_token.encode()):
            raise BadSignature(
                "this address is not the one that the provider was given",
                hint="it ends with QIFEN_ALIYUN_PUSH_TOKEN",
            )
        try:
            loaded: Any = json.loads(call.body)
        except (ValueError, RecursionError):
            raise BadInput("the body is no JSON", field="body") from None
        if not isinstance(loaded, list):
            raise BadInput("the body is no list", field="body", hint="a JSON array is pushed")
        return [
            cast("dict[str, Any]", entry)
            for entry in cast("list[Any]", loaded)
            if isinstance(entry, dict)
        ]

    def _details(self, to: str, day: str, page: int) -> list[dict[str, Any]]:
        """One page of the texts to one phone on one day. Raises TryLater."""
        query = {
            "PhoneNumber": _national(to),
            "SendDate": day,
            "PageSize": str(_PAGE),
            "CurrentPage": str(page),
        }
        try:
            answer = self._ask("QuerySendDetails", query)
            rows: Any = answer["SmsSendDetailDTOs"]["SmsSendDetailDTO"]
        except (TryLater, Rejected, OutcomeUnknown, KeyError, TypeError) as error:
            raise TryLater(
                "the provider cannot be asked now", provider_code=type(error).__name__
            ) from None
        return [row for row in rows if isinstance(row, dict)]

    def _ask(self, action: str, query: Mapping[str, str]) -> dict[str, Any]:
        """One signed request. Raises TryLater, Rejected or OutcomeUnknown.

        A new connection each time: on a kept one that went stale nobody could say whether a text
        went out.
        """
        address, headers = signed_request(
            self._endpoint, action, VERSION, query, key=self._key, at=self._clock.now()
        )
        try:
            with Session() as session:
                response = session.post(
                    address, headers={**headers, "Connection": "close"},
                    timeout=self.timeout_seconds, allow_redirects=False,
                )  # fmt: skip
        except RequestException as error:
            raise lost("the provider", error) from None
        return _answer(response)


def out_id(notice_id: int, again: bool = False) -> str:
    """Our number with a mark that only this installation can make; another one for the second
    try of a text (W16), so that a look-up never takes the first for it."""
    number = f"{notice_id}.2" if again else f"{notice_id}"
    return f"{number}-{keyed_hash(f'out-id:{number}')[:12]}"


def our_number(value: object) -> int | None:
    """The notice of an `out_id` of ours; None for anything else."""
    number, _, _ = str(value or "").partition("-")
    number, _, again = number.partition(".")
    if not (number.isascii() and number.isdigit()) or len(number) > 9:
        return None
    ours = out_id(int(number), bool(again))
    return int(number) if hmac.compare_digest(ours.encode(), str(value).encode()) else None


def report_status(success: object, code: str) -> NoticeStatus:
    """Delivered only where both say so: what starts a clock must be beyond doubt."""
    if success is True and code in DELIVERED:
        return NoticeStatus.DELIVERED
    if success is True or code in PENDING:
        return NoticeStatus.ACCEPTED
    return NoticeStatus.UNDELIVERED


def _answer(response: Response) -> dict[str, Any]:
    """The JSON of a yes; what else may come is told apart by its own code, else by HTTP's."""
    try:
        loaded: Any = response.json()
    except RequestException:
        loaded = None
    answer = cast("dict[str, Any]", loaded) if isinstance(loaded, dict) else {}
    code = str(answer.get("Code") or "")
    if response.status_code == 200 and code == "OK":
        return answer
    status = f"HTTP {response.status_code}"
    if code in BUSY or code.startswith("Throttling."):
        raise TryLater(f"the provider is busy: {status}", provider_code=code)
    if code and code != "OK" and code not in UNCLEAR and response.status_code < 500:
        raise Rejected(f"the provider refuses: {status}", provider_code=code[:40])
    raise OutcomeUnknown(f"no clear answer: {status}", provider_code=code[:40])


def _national(number: str) -> str:
    """As the provider wants it: a mainland number without +86, any other one with its code."""
    return number.removeprefix("+86") if number.startswith("+86") else number.removeprefix("+")


class _NoPhones(logging.Filter):
    """urllib3 logs whole addresses when debugging; ours hold the phone and the words."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "PhoneNumber" not in record.getMessage()


_NO_PHONES = _NoPhones()
