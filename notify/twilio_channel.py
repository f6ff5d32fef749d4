"""Texts by Twilio: the real client, with every way an answer can be lost told apart.

Twilio's messages have no idempotency key (peers.md 2.8), so a lost answer is never answered with
a second try: it is looked up. Each text carries our own number in its callback address, which is
signed with it: a receipt finds its notice even when the answer that held Twilio's id was lost.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from requests.exceptions import RequestException
from twilio.base import values
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from models.errors import BadInput
from models.notice import NoticeStatus
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

CALLBACK_PATH = "/api/v1/receipts/twilio"
REPLY_PATH = "/api/v1/replies/twilio"
"""To be entered at the number or messaging service as its webhook for incoming messages."""

VALIDITY_SECONDS = 300
"""Below the seven minutes, so that no text arrives after the re-check (peers.md 2.8)."""

STATUSES: dict[str, NoticeStatus] = {
    "accepted": NoticeStatus.ACCEPTED,
    "scheduled": NoticeStatus.ACCEPTED,
    "queued": NoticeStatus.ACCEPTED,
    "sending": NoticeStatus.ACCEPTED,
    "sent": NoticeStatus.SENT,
    "delivered": NoticeStatus.DELIVERED,
    "read": NoticeStatus.DELIVERED,
    "undelivered": NoticeStatus.UNDELIVERED,
    "failed": NoticeStatus.FAILED,
    "canceled": NoticeStatus.FAILED,
}

_CLOCK_TOLERANCE = timedelta(minutes=5)
"""Twilio's clock and ours may differ by so much; the words tell one text from another anyway."""

_LOOK_THROUGH = 200
"""How many texts to one phone a look-up reads, newest first: far more than a day may have."""

_POLL_INTERVAL = timedelta(seconds=5)


class TwilioChannel:
    """One Twilio account and sender.

    sender: a number in E.164, a short code, or a messaging service ("MG...").
    public_base_url: where Twilio reaches us, as Twilio sees it (in front of any proxy, P26).
        Empty: Twilio cannot reach us, and the receipts are fetched instead.
    base_url: another address than Twilio's own, for a proxy or a test server.
    """

    name = "twilio"
    parallel = 4

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        sender: str,
        *,
        public_base_url: str = "",
        base_url: str = "",
        validity_seconds: int = VALIDITY_SECONDS,
        timeout_seconds: float = 10.0,
    ) -> None:
        self.validity_seconds = validity_seconds
        self.timeout_seconds = timeout_seconds
        self._sender = sender
        base = public_base_url.rstrip("/")
        self._callback = base + CALLBACK_PATH if base else ""
        self._reply_address = base + REPLY_PATH if base else ""
        self._validator = RequestValidator(auth_token)
        self._client = Client(
            account_sid, auth_token, http_client=_quiet_http_client(timeout_seconds)
        )
        if base_url:
            self._client.api.base_url = base_url
        self._polled_at: datetime | None = None

    def submit(self, message: Outgoing) -> Submission:
        """Hand one text to Twilio. Raises TryLater, Rejected or OutcomeUnknown."""
        by_service = self._sender.startswith("MG")
        try:
            created = self._client.messages.create(
                to=message.to,
                body=message.body,
                from_=values.unset if by_service else self._sender,
                messaging_service_sid=self._sender if by_service else values.unset,
                validity_period=max(1, message.validity_seconds),
                status_callback=self._callback_for(message) or values.unset,
            )
        except (TwilioRestException, TwilioServiceException) as error:
            raise _refused(error) from None
        except RequestException as error:
            raise lost("Twilio", error) from None
        except (TwilioException, ValueError, TypeError) as error:
            raise OutcomeUnknown(
                "Twilio's answer cannot be read", provider_code=type(error).__name__
            ) from None
        if not created.sid:
            raise OutcomeUnknown("Twilio's answer names no message")
        return Submission(created.sid, _status(created.status))

    def find(self, message: Outgoing, since: datetime) -> Submission | None:
        """The text to the same phone, made at `since` or later, that says the same words.

        The words hold the event's query number, which is random, so that they are no one else's.
        Twilio's own filter by date is not used: it compares the date of sending, which a message
        still in the queue does not have.
        """
        words = _core(message.body)
        try:
            for candidate in self._newest_first(message.to, since):
                if candidate.sid in (None, "", message.first_id):
                    continue
                if candidate.sid and words in _core(candidate.body or ""):
                    return Submission(candidate.sid, _status(candidate.status))
        except (TwilioException, RequestException, ValueError, KeyError) as error:
            raise TryLater(
                "Twilio cannot be asked now", provider_code=type(error).__name__
            ) from None
        return None

    def _newest_first(self, to: str, since: datetime) -> Iterator[MessageInstance]:
        for candidate in self._client.messages.stream(to=to, limit=_LOOK_THROUGH, page_size=50):
            created = candidate.date_created
            if created is not None and created < since - _CLOCK_TOLERANCE:
                return
            yield candidate

    def receipts(self, call: Call) -> Sequence[Receipt]:
        """One status callback."""
        return (self.parse_receipt(_form(call), call.headers, call.url),)

    def replies(self, call: Call) -> Sequence[InboundText]:
        """One incoming message. Where Twilio cannot reach us nothing is believed."""
        form = _form(call)
        self._check(self._reply_address, form, call.headers, call.url)
        for name in ("MessageSid", "From"):
            if not form.get(name):
                raise BadInput("the incoming message is incomplete", field=name)
        phone = international(form["From"], field="From")
        return (InboundText(self.name, form["MessageSid"], phone, form.get("Body", "")),)

    def parse_receipt(
        self, form: Mapping[str, str], headers: Mapping[str, str], url: str
    ) -> Receipt:
        """A status callback that was brought to `url`. Raises BadSignature or BadInput."""
        self._check(self._callback, form, headers, url)
        query = urlsplit(url).query
        sid, status = form.get("MessageSid", ""), form.get("MessageStatus", "")
        if not sid or not status:
            field = "MessageStatus" if sid else "MessageSid"
            raise BadInput("the receipt is incomplete", field=field)
        # RawDlrDoneDate is not used: whole minutes in a time zone that differs by carrier. The
        # time of arrival is later, which is to the owner's favour.
        return Receipt(
            provider=self.name,
            provider_id=sid,
            status=_status(status),
            provider_status=status,
            error_code=form.get("ErrorCode", ""),
            notice_id=_number(parse_qs(query).get("notice", [""])[0]),
        )

    def poll(self, underway: Sequence[Underway], now: datetime) -> Sequence[Receipt]:
        """Without a callback address: ask Twilio for each open text, every five seconds."""
        asked = self._polled_at
        if self._callback or (asked is not None and abs(now - asked) < _POLL_INTERVAL):
            return ()
        self._polled_at = now
        receipts: list[Receipt] = []
        for text in underway:
            try:
                message = self._client.messages(text.provider_id).fetch()
            except (TwilioException, RequestException, ValueError):
                continue  # asked again in five seconds
            status, code = str(message.status or ""), str(message.error_code or "")
            receipts.append(Receipt(self.name, text.provider_id, _status(status), status, code))
        return receipts

    def _check(
        self, ours: str, form: Mapping[str, str], headers: Mapping[str, str], url: str
    ) -> None:
        """Refuse what Twilio did not sign. Only the query is taken from `url`: scheme, host and
        path are those that we gave to Twilio (`ours`), whatever a proxy made of them (P26)."""
        query = urlsplit(url).query
        signed_url = f"{ours}?{query}" if query else ours
        lowered = {name.lower(): value for name, value in headers.items()}
        signature = lowered.get("x-twilio-signature", "")
        if not ours or not self._validator.validate(signed_url, dict(form), signature):
            raise BadSignature(
                "this call is not signed by Twilio",
                hint="QIFEN_PUBLIC_BASE_URL must be the address that Twilio calls",
            )

    def _callback_for(self, message: Outgoing) -> str:
        if not self._callback:
            return ""
        return f"{self._callback}?{urlencode({'notice': message.notice_id})}"


def _form(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))


def _status(provider_status: Any) -> NoticeStatus:
    """A status that we do not know is one of those on the way: it ends nothing."""
    return STATUSES.get(str(provider_status or ""), NoticeStatus.ACCEPTED)


def _refused(
    error: TwilioRestException | TwilioServiceException,
) -> TryLater | Rejected | OutcomeUnknown:
    """What an HTTP error means. A body of Twilio's own making has a code that is not the status;
    an error page of something in between has not, and leaves open what Twilio did."""
    from_twilio = isinstance(error, TwilioServiceException) or error.code != error.status
    code = str(error.code or error.status)
    if error.status == 429 or (error.status >= 500 and from_twilio):
        return TryLater(f"Twilio is busy: HTTP {error.status}", provider_code=code)
    if 400 <= error.status < 500 and error.status != 408:
        return Rejected(f"Twilio refuses: HTTP {error.status}", provider_code=code)
    return OutcomeUnknown(f"no clear answer: HTTP {error.status}", provider_code=code)


def _core(body: str) -> str:
    """The words without signature and spaces: a gateway may replace the one, change the other.
    A trial account puts its own words in front."""
    words = "".join(body.split())
    return words.split("】", 1)[-1]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


class _NoPhones(logging.Filter):
    """urllib3 logs whole addresses when debugging; a look-up's address holds the phone."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "/Messages" not in record.getMessage()


_NO_PHONES = _NoPhones()


def _quiet_http_client(timeout_seconds: float) -> TwilioHttpClient:
    """Twilio's HTTP client without its log of addresses, and with a new connection each time: on
    a kept one that went stale nobody could say whether a text went out."""
    logger = logging.getLogger("qifen.twilio")
    logger.setLevel(logging.WARNING)
    logging.getLogger("urllib3.connectionpool").addFilter(_NO_PHONES)
    client = TwilioHttpClient(timeout=timeout_seconds, logger=logger)
    if client.session is not None:
        client.session.headers["Connection"] = "close"
    return client
