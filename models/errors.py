"""Every refusal has a name.

QifenError                    code, http_status, hint
├── BadInput            422   a field is wrong; `field` names it
├── NotFound            404
├── NotAllowed          403   signed in, but not for this
├── NotSignedIn         401
├── Locked              429   too many wrong tries; `retry_after_seconds`
├── Conflict            409
│   ├── StaleVersion          somebody else acted first (W43)
│   └── FlowRefused           no such step from this state, or a guard said no; `refusals`
└── Unavailable         503   database, disk, provider: try again
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class QifenError(Exception):
    """Root of all errors that Qifen raises on purpose."""

    http_status = 500
    code = "ERROR"
    keeps_writes = False
    """True: `Store.begin` commits what was written before this error, then raises it."""

    def __init__(self, message: str, *, code: str | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class BadInput(QifenError):
    """A value from outside is wrong; nothing was changed."""

    http_status = 422
    code = "BAD_INPUT"

    def __init__(
        self, message: str, *, field: str = "", code: str | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.field = field


class NotFound(QifenError):
    http_status = 404
    code = "NOT_FOUND"


class NotAllowed(QifenError):
    http_status = 403
    code = "NOT_ALLOWED"


class NotSignedIn(QifenError):
    http_status = 401
    code = "NOT_SIGNED_IN"


class WrongSecret(NotSignedIn):
    """A wrong password or code. Its transaction is kept, or the wrong try would not be counted."""

    code = "WRONG_SECRET"
    keeps_writes = True


class Locked(QifenError):
    http_status = 429
    code = "LOCKED"

    def __init__(self, message: str, *, retry_after_seconds: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after_seconds = retry_after_seconds


class Conflict(QifenError):
    http_status = 409
    code = "CONFLICT"


class StaleVersion(Conflict):
    code = "STALE_VERSION"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a guard said no: a stable code for machines, a sentence for people."""

    code: str
    message: str


class FlowRefused(Conflict):
    code = "FLOW_REFUSED"

    def __init__(self, message: str, refusals: Sequence[Refusal] = (), *, hint: str = "") -> None:
        super().__init__(message, code=refusals[0].code if refusals else None, hint=hint)
        self.refusals = tuple(refusals)


class Unavailable(QifenError):
    http_status = 503
    code = "UNAVAILABLE"
