"""An account at Twilio: the real client, the signatures of its callbacks, what its errors mean.

Texts (`notify.twilio_channel`) and calls (`notify.twilio_voice`) stand on it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from requests.exceptions import RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from models.errors import BadInput
from models.notice import NoticeStatus
from notify.channel import (
    BadSignature,
    Call,
    ChannelError,
    OutcomeUnknown,
    Receipt,
    Rejected,
    TryLater,
    Underway,
)
from notify.lost_answers import lost

CLOCK_TOLERANCE = timedelta(minutes=5)
"""Twilio's clock and ours may differ by so much."""

UNREADABLE = (TwilioException, RequestException, ValueError, KeyError)
"""How a look-up or a question may fail; it is asked again."""

_POLL_INTERVAL = timedelta(seconds=5)

States: TypeAlias = Mapping[str, NoticeStatus]
"""What each of Twilio's states is to us."""


class TwilioAccount:
    """public_base_url: where Twilio reaches us, as Twilio sees it (in front of any proxy, P26);
    empty: it cannot, and what it would report is fetched instead.
    callback_path: below that address, where states are reported.
    base_url: another address than Twilio's own, for a proxy or a test server.
    """

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        public_base_url: str,
        callback_path: str,
        base_url: str,
        timeout_seconds: float,
    ) -> None:
        self.public_base_url = public_base_url.rstrip("/")
        self.callback = self.public_base_url + callback_path if self.public_base_url else ""
        self._validator = RequestValidator(auth_token)
        self.client = Client(
            account_sid, auth_token, http_client=_quiet_http_client(timeout_seconds)
        )
        if base_url:
            self.client.api.base_url = base_url
        self._polled_at: datetime | None = None

    def callback_for(self, notice_id: int) -> str:
        """Our own number stands in the address, which is signed with it: a report finds its notice
        even when the answer that held Twilio's id was lost."""
        return f"{self.callback}?{urlencode({'notice': notice_id})}" if self.callback else ""

    def check(self, ours: str, form: Mapping[str, str], call: Call) -> None:
        """Refuse what Twilio did not sign. Only the query is taken from the call's address: scheme,
        host and path are those that we gave to Twilio (`ours`), whatever a proxy made of them."""
        query = urlsplit(call.url).query
        signed_url = f"{ours}?{query}" if query else ours
        lowered = {name.lower(): value for name, value in call.headers.items()}
        signature = lowered.get("x-twilio-signature", "")
        if not ours or not self._validator.validate(signed_url, dict(form), signature):
            raise BadSignature(
                "this call is not signed by Twilio",
                hint="QIFEN_PUBLIC_BASE_URL must be the address that Twilio calls",
            )

    def reported(self, provider: str, what: str, states: States, call: Call) -> Receipt:
        """What one status callback says; `what` it is about: Message or Call.

        Raises BadSignature, and BadInput where its number or state is missing. RawDlrDoneDate is
        not used: whole minutes in a time zone that differs by carrier. The time of arrival is
        later, which is to the owner's favour.
        """
        form = form_of(call)
        self.check(self.callback, form, call)
        sid, said = form.get(f"{what}Sid", ""), form.get(f"{what}Status", "")
        if not sid or not said:
            field = f"{what}Status" if sid else f"{what}Sid"
            raise BadInput("the receipt is incomplete", field=field)
        return Receipt(
            provider=provider,
            provider_id=sid,
            status=state_of(states, said),
            provider_status=said,
            error_code=form.get("ErrorCode", ""),
            notice_id=_notice_number(call.url),
        )

    def ask_each(
        self,
        provider: str,
        states: States,
        underway: Sequence[Underway],
        now: datetime,
        fetch: Callable[[str], tuple[object, object]],
    ) -> Sequence[Receipt]:
        """Without a callback address, every five seconds: what became of each that is open.
        `fetch` gives the state and the error code of one, by Twilio's number."""
        asked = self._polled_at
        if self.callback or (asked is not None and abs(now - asked) < _POLL_INTERVAL):
            return ()
        self._polled_at = now
        receipts: list[Receipt] = []
        for one in underway:
            try:
                state, code = (str(said or "") for said in fetch(one.provider_id))
            except UNREADABLE:
                continue  # asked again in five seconds
            receipts.append(
                Receipt(provider, one.provider_id, state_of(states, state), state, code)
            )
        return receipts


def form_of(call: Call) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))


def state_of(states: States, reported: object) -> NoticeStatus:
    """A state that we do not know is one of those on the way: it ends nothing."""
    return states.get(str(reported or ""), NoticeStatus.ACCEPTED)


def _notice_number(url: str) -> int | None:
    """Our own number in a callback's address."""
    text = parse_qs(urlsplit(url).query).get("notice", [""])[0]
    return int(text) if text.isascii() and text.isdigit() else None


def failed(error: Exception) -> ChannelError:
    """What it means that handing over raised `error`. Raises what is no fault of theirs."""
    if isinstance(error, TwilioRestException | TwilioServiceException):
        return _refused(error)
    if isinstance(error, RequestException):
        return lost("Twilio", error)
    if isinstance(error, TwilioException | ValueError | TypeError):
        name = type(error).__name__
        return OutcomeUnknown("Twilio's answer cannot be read", provider_code=name)
    raise error


def cannot_ask(error: Exception) -> TryLater:
    return TryLater("Twilio cannot be asked now", provider_code=type(error).__name__)


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


class _NoPhones(logging.Filter):
    """urllib3 logs whole addresses when debugging; a look-up's address holds the phone."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        return "/Messages" not in said and "/Calls" not in said


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
