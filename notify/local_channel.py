"""A channel that needs nothing: the text appears where you look, and is delivered a second later.

It is a provider of its own kind, not a mock: what it took it remembers on disk before it says so,
so that a text in flight when the process was killed is found again and not sent twice.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from models.clock import Clock
from models.notice import NoticeStatus
from notify.channel import (
    BadSignature,
    Call,
    InboundText,
    Outgoing,
    Receipt,
    Submission,
    TryLater,
    Underway,
)
from notify.phones import mask_phone

_log = structlog.get_logger(__name__)

VALIDITY_SECONDS = 300


class LocalChannel:
    """Texts shown on this machine.

    outbox: a file in which what was taken is remembered (no phone, no words); None remembers in
        memory only.
    name: "local" for texts; calls have another one, for their receipts are asked for apart.
    receipt_seconds: how long a text takes to arrive; None: it never does (a phone that is off).
    show: gets a line for people with the text in full and the phone masked, such as a demo's
        story. The log has the same line without the owner page's code.
    """

    timeout_seconds = 0.0
    """Its answer comes at once, so that what it does not know was never handed over."""
    parallel = 1
    """One after the other, so that a replay of the same film tells the same story."""

    def __init__(
        self,
        clock: Clock,
        *,
        outbox: Path | None = None,
        receipt_seconds: float | None = 1.0,
        show: Callable[[str], None] | None = None,
        validity_seconds: int = VALIDITY_SECONDS,
        name: str = "local",
    ) -> None:
        self.name = name
        self.validity_seconds = validity_seconds
        self._clock = clock
        self._outbox = outbox
        self._receipt_seconds = receipt_seconds
        self._show = show
        self._lock = threading.Lock()
        self._taken = _read(outbox)

    def submit(self, message: Outgoing) -> Submission:
        """Take the text, then show it. Raises TryLater if it cannot be remembered (full disk)."""
        provider_id = f"{self.name}-{message.notice_id}-{secrets.token_hex(4)}"
        entry: dict[str, Any] = {
            "id": provider_id,
            "notice": message.notice_id,
            "at": self._clock.now().isoformat(),
        }
        with self._lock:
            self._remember(entry)
            self._taken.append(entry)
        to = mask_phone(message.to)
        _log.info(
            "text", to=to, notice=message.notice_id, template=message.template,
            text=_without(message.body, message.secret),
        )  # fmt: skip
        if self._show is not None:
            self._show(f"{to}  {message.body}")
        return Submission(provider_id, NoticeStatus.ACCEPTED)

    def find(self, message: Outgoing, since: datetime) -> Submission | None:
        """The text of this notice, if it was taken at `since` or later."""
        with self._lock:
            for entry in reversed(self._taken):
                taken_at = datetime.fromisoformat(entry["at"])
                if entry["notice"] == message.notice_id and taken_at >= since:
                    return Submission(entry["id"], NoticeStatus.ACCEPTED)
        return None

    def receipts(self, call: Call) -> Sequence[Receipt]:
        """Nobody outside carries our texts, so nobody may report on them."""
        del call
        raise BadSignature("the local channel takes no receipts from outside")

    def replies(self, call: Call) -> Sequence[InboundText]:
        """Nor can anybody answer them."""
        del call
        raise BadSignature("the local channel takes no replies from outside")

    def poll(self, underway: Sequence[Underway], now: datetime) -> Sequence[Receipt]:
        """Delivered, `receipt_seconds` after it was taken."""
        if self._receipt_seconds is None:
            return ()
        delay = timedelta(seconds=self._receipt_seconds)
        return [
            Receipt(
                provider=self.name,
                provider_id=text.provider_id,
                status=NoticeStatus.DELIVERED,
                provider_status="delivered",
                reported_at=text.accepted_at + delay,
                notice_id=text.notice_id,
            )
            for text in underway
            if text.accepted_at + delay <= now
        ]

    def _remember(self, entry: Mapping[str, Any]) -> None:
        if self._outbox is None:
            return
        try:
            self._outbox.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._outbox, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                # The line begins with its own line end: one that a kill cut short stays alone.
                os.write(descriptor, b"\n" + json.dumps(entry).encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise TryLater(f"the outbox cannot be written: {error.strerror}") from error


def _read(outbox: Path | None) -> list[dict[str, Any]]:
    """What was taken before. A last line that a kill cut short was never answered: not taken."""
    if outbox is None or not outbox.exists():
        return []
    taken: list[dict[str, Any]] = []
    for line in outbox.read_text(encoding="utf-8").splitlines():
        try:
            taken.append(json.loads(line))
        except ValueError:
            continue
    return taken


def _without(body: str, secret: str) -> str:
    return body.replace(secret, "*" * len(secret)) if secret else body
