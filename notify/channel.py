"""The seam to whoever carries a text: one protocol, and every way in which it may go wrong.

    ChannelError
    ├── TryLater         surely not accepted, may be tried again (refused connection, 429, 5xx)
    ├── Rejected         surely not accepted, and never will be (bad number, unsubscribed)
    └── OutcomeUnknown   the request was sent, the answer was lost: look it up, never send again

A provider of free words (Twilio) sends `Outgoing.body`; one of registered templates (Aliyun's
shape) sends `Outgoing.template` with `Outgoing.variables`. Neither needs the other's fields. One
that calls (`notify.twilio_voice`) says `Outgoing.body`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from models.errors import NotAllowed, QifenError
from models.notice import OPTED_OUT, NoticeStatus

OPT_OUT_CODES = frozenset({"21610", "MOBILE_IN_BLACK", "USER_REJECT"})
"""Codes of Twilio and of Aliyun's form for a phone whose owner wants nothing from this sender."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One text on its way out. Its `repr` shows neither the phone nor the words."""

    notice_id: int
    template: str
    language: str
    to: str = field(repr=False)
    """E.164"""
    body: str = field(repr=False)
    """The words, signature first"""
    variables: Mapping[str, str] = field(repr=False)
    secret: str = field(repr=False)
    """What in `body` must not be logged (the owner page's code); may be empty."""
    validity_seconds: int
    """After so long in the provider's queue it must not be sent any more."""
    signature: str = ""
    """Who sends it, for a provider that puts 【…】 in front itself."""
    first_id: str = ""
    """The provider's number of an earlier try that did not arrive (W16): it is not this one."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The provider has the text."""

    provider_id: str
    """Empty where a look-up found the text but not its number; a receipt brings it."""
    status: NoticeStatus


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider says about a text it has, as it came."""

    provider: str
    provider_id: str
    status: NoticeStatus
    provider_status: str
    error_code: str = ""
    reported_at: datetime | None = None
    """When it happened, only where the provider says so in a known time zone."""
    notice_id: int | None = None
    """Our own number, where the provider hands it back: finds a text whose answer was lost."""


@dataclass(frozen=True, slots=True)
class InboundText:
    """What somebody answered to one of our texts (上行短信). Its `repr` shows neither."""

    provider: str
    provider_id: str
    """The provider's number of it: the same one brought twice is one answer."""
    phone: str = field(repr=False)
    """E.164"""
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that a provider made to us, as it came. Header names in lower case."""

    url: str
    """As our own server saw it, query included."""
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    token: str = field(default="", repr=False)
    """What stood in the address for a provider that signs nothing (`docs/settings.md`)."""


@dataclass(frozen=True, slots=True)
class Underway:
    """A text that was accepted and whose fate is still open."""

    provider_id: str
    notice_id: int
    accepted_at: datetime


class ChannelError(QifenError):
    """A text could not be handed over. `reason` is safe to store and show: no phone, no words."""

    http_status = 502
    code = "CHANNEL"

    def __init__(self, reason: str, *, provider_code: str = "", hint: str = "") -> None:
        super().__init__(reason, hint=hint)
        if provider_code in OPT_OUT_CODES:
            reason = OPTED_OUT
        self.reason = f"{reason} ({provider_code})" if provider_code else reason
        self.provider_code = provider_code


class TryLater(ChannelError):
    code = "TRY_LATER"


class Rejected(ChannelError):
    code = "REJECTED"


class OutcomeUnknown(ChannelError):
    code = "OUTCOME_UNKNOWN"


class BadSignature(NotAllowed):
    """A call that the provider did not make; nothing was stored."""

    code = "BAD_SIGNATURE"


class Channel(Protocol):
    """One provider. Safe to use from several threads."""

    @property
    def name(self) -> str: ...

    @property
    def validity_seconds(self) -> int:
        """How long a text may wait at the provider; below the grace, so that none arrives after
        the re-check."""
        ...

    @property
    def timeout_seconds(self) -> float:
        """After so long without an answer `submit` gives up."""
        ...

    @property
    def parallel(self) -> int:
        """How many texts may be on their way to it at once."""
        ...

    def submit(self, message: Outgoing) -> Submission:
        """Hand one text over. Raises TryLater, Rejected or OutcomeUnknown."""
        ...

    def find(self, message: Outgoing, since: datetime) -> Submission | None:
        """Look up a text whose answer was lost: handed over at `since` or later.

        None: the provider does not know it. Raises TryLater if it cannot be asked now.
        """
        ...

    def receipts(self, call: Call) -> Sequence[Receipt]:
        """The receipts that the provider brought with this call, in its order.

        Raises BadSignature if the provider did not make the call, BadInput if it makes no sense.
        """
        ...

    def replies(self, call: Call) -> Sequence[InboundText]:
        """The answers of phones that the provider brought with this call, in its order.

        Raises as `receipts`.
        """
        ...

    def poll(self, underway: Sequence[Underway], now: datetime) -> Sequence[Receipt]:
        """Receipts that must be fetched, for a provider that brings none."""
        ...
