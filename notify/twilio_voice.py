"""Voice calls by Twilio (A13): our words are said twice, and what became of the call is reported.

A call is no more idempotent than a text: a lost answer is looked up, never answered with a second
call. Twilio does not tell what a call said, so it is known by its phone and its time; calls to one
phone are far enough apart for that (`models.flows.voice.CALLS_APART`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from twilio.base import values
from twilio.twiml.voice_response import VoiceResponse

from models.notice import NoticeStatus
from notify.channel import (
    BadSignature,
    Call,
    InboundText,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    Submission,
    Underway,
)
from notify.templates.speech import voiced
from notify.twilio_account import (
    CLOCK_TOLERANCE,
    UNREADABLE,
    TwilioAccount,
    cannot_ask,
    failed,
    state_of,
)

CALLBACK_PATH = "/api/v1/receipts/twilio-voice"

STATUSES: dict[str, NoticeStatus] = {
    "queued": NoticeStatus.ACCEPTED,
    "initiated": NoticeStatus.ACCEPTED,
    "ringing": NoticeStatus.SENT,
    "in-progress": NoticeStatus.SENT,
    "completed": NoticeStatus.DELIVERED,
    "busy": NoticeStatus.UNDELIVERED,
    "no-answer": NoticeStatus.UNDELIVERED,
    "failed": NoticeStatus.FAILED,
    "canceled": NoticeStatus.FAILED,
}
"""Completed: somebody, or a voice mailbox, picked up. It starts no clock for that reason."""

RING_SECONDS = 30
TALK_SECONDS = 90
"""Our words, twice; both together stay below `models.flows.voice.CALL_LASTS`."""

_LOOK_THROUGH = 20


class TwilioVoice:
    """One Twilio account and the number that calls (E.164; it must be able to).

    public_base_url, base_url: as `TwilioAccount`.
    """

    name = "twilio-voice"
    parallel = 4
    validity_seconds = RING_SECONDS
    """A call that is not picked up in this time is over."""

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        caller: str,
        *,
        public_base_url: str = "",
        base_url: str = "",
        timeout_seconds: float = 10.0,
    ) -> None:
        self.timeout_seconds = timeout_seconds
        self._caller = caller
        self._account = TwilioAccount(
            account_sid, auth_token, public_base_url=public_base_url,
            callback_path=CALLBACK_PATH, base_url=base_url, timeout_seconds=timeout_seconds,
        )  # fmt: skip
        self._calls = self._account.client.calls

    def submit(self, message: Outgoing) -> Submission:
        """Have one call made. Raises TryLater, Rejected or OutcomeUnknown."""
        callback = self._account.callback_for(message.notice_id)
        try:
            created = self._calls.create(
                to=message.to,
                from_=self._caller,
                twiml=spoken(message.body, message.language),
                timeout=RING_SECONDS,
                time_limit=TALK_SECONDS,
                status_callback=callback or values.unset,
                status_callback_event=["ringing", "answered", "completed"]
                if callback
                else values.unset,
            )
        except Exception as error:
            raise failed(error) from None
        if not created.sid:
            raise OutcomeUnknown("Twilio's answer names no call")
        return Submission(created.sid, state_of(STATUSES, created.status))

    def find(self, message: Outgoing, since: datetime) -> Submission | None:
        """The one call from our number to this phone that was made at `since` or later. Of two of
        them nobody can say which it is: then it is not known."""
        try:
            listed = self._calls.list(to=message.to, from_=self._caller, limit=_LOOK_THROUGH)
            known = [
                one for one in listed
                if one.sid and (one.date_created or since) >= since - CLOCK_TOLERANCE
            ]  # fmt: skip
        except UNREADABLE as error:
            raise cannot_ask(error) from None
        if len(known) != 1 or not known[0].sid:
            return None
        return Submission(known[0].sid, state_of(STATUSES, known[0].status))

    def receipts(self, call: Call) -> Sequence[Receipt]:
        """One status callback. Raises BadSignature or BadInput."""
        return (self._account.reported(self.name, "Call", STATUSES, call),)

    def replies(self, call: Call) -> Sequence[InboundText]:
        """Nobody answers a call in writing."""
        del call
        raise BadSignature("calls bring no replies")

    def poll(self, underway: Sequence[Underway], now: datetime) -> Sequence[Receipt]:
        """Without a callback address: ask Twilio for each open call, every five seconds."""

        def fetch(sid: str) -> tuple[object, object]:
            return self._calls(sid).fetch().status, ""

        return self._account.ask_each(self.name, STATUSES, underway, now, fetch)


def spoken(words: str, language: str) -> str:
    """TwiML that says `words` twice, Chinese by a Chinese voice. A phone is not to be recorded."""
    response = VoiceResponse()
    for turn in (1, 2):
        for voice, part in voiced(words, language):
            response.say(part, language=voice)
        if turn == 1:
            response.pause(length=1)
    return str(response)
