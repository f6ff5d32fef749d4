"""Texts by Twilio: the real client, with every way an answer can be lost told apart.

Twilio's messages have no idempotency key (peers.md 2.8), so a lost answer is never answered with
a second try: it is looked up. Each text carries our own number in its callback address, which is
signed with it: a receipt finds its notice even when the answer that held Twilio's id was lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from twilio.base import values
from twilio.rest.api.v2010.account.message import MessageInstance

from models.errors import BadInput
from models.notice import NoticeStatus
from notify.channel import (
    Call,
    InboundText,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    Submission,
    Underway,
)
from notify.phones import international
from notify.twilio_account import (
    CLOCK_TOLERANCE,
    UNREADABLE,
    TwilioAccount,
    cannot_ask,
    failed,
    form_of,
    state_of,
)

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

_LOOK_THROUGH = 200
"""How many texts to one phone a look-up reads, newest first: far more than a day may have."""


class TwilioChannel:
    """One Twilio account and sender.

    sender: a number in E.164, a short code, or a messaging service ("MG...").
    public_base_url, base_url: as `TwilioAccount`.
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
        self._account = TwilioAccount(
            account_sid, auth_token, public_base_url=public_base_url,
            callback_path=CALLBACK_PATH, base_url=base_url, timeout_seconds=timeout_seconds,
        )  # fmt: skip
        base = self._account.public_base_url
        self._reply_address = base + REPLY_PATH if base else ""
        self._messages = self._account.client.messages

    def submit(self, message: Outgoing) -> Submission:
        """Hand one text to Twilio. Raises TryLater, Rejected or OutcomeUnknown."""
        by_service = self._sender.startswith("MG")
        try:
            created = self._messages.create(
                to=message.to,
                body=message.body,
                from_=values.unset if by_service else self._sender,
                messaging_service_sid=self._sender if by_service else values.unset,
                validity_period=max(1, message.validity_seconds),
                status_callback=self._account.callback_for(message.notice_id) or values.unset,
            )
        except Exception as error:
            raise failed(error) from None
        if not created.sid:
            raise OutcomeUnknown("Twilio's answer names no message")
        return Submission(created.sid, state_of(STATUSES, created.status))

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
                    return Submission(candidate.sid, state_of(STATUSES, candidate.status))
        except UNREADABLE as error:
            raise cannot_ask(error) from None
        return None

    def _newest_first(self, to: str, since: datetime) -> Iterator[MessageInstance]:
        for candidate in self._messages.stream(to=to, limit=_LOOK_THROUGH, page_size=50):
            created = candidate.date_created
            if created is not None and created < since - CLOCK_TOLERANCE:
                return
            yield candidate

    def receipts(self, call: Call) -> Sequence[Receipt]:
        """One status callback. Raises BadSignature or BadInput."""
        return (self._account.reported(self.name, "Message", STATUSES, call),)

    def replies(self, call: Call) -> Sequence[InboundText]:
        """One incoming message. Where Twilio cannot reach us nothing is believed."""
        form = form_of(call)
        self._account.check(self._reply_address, form, call)
        for name in ("MessageSid", "From"):
            if not form.get(name):
                raise BadInput("the incoming message is incomplete", field=name)
        phone = international(form["From"], field="From")
        return (InboundText(self.name, form["MessageSid"], phone, form.get("Body", "")),)

    def poll(self, underway: Sequence[Underway], now: datetime) -> Sequence[Receipt]:
        """Without a callback address: ask Twilio for each open text, every five seconds."""

        def fetch(sid: str) -> tuple[object, object]:
            message = self._messages(sid).fetch()
            return message.status, message.error_code

        return self._account.ask_each(self.name, STATUSES, underway, now, fetch)


def _core(body: str) -> str:
    """The words without signature and spaces: a gateway may replace the one, change the other.
    A trial account puts its own words in front."""
    words = "".join(body.split())
    return words.split("】", 1)[-1]
