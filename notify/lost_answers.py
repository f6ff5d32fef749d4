"""What a broken HTTP exchange leaves open: was the request ever sent?"""

from __future__ import annotations

import ssl
from collections.abc import Iterator

from requests.exceptions import RequestException
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from notify.channel import OutcomeUnknown, TryLater

_BEFORE_THE_REQUEST = (NewConnectionError, ConnectTimeoutError, ssl.SSLCertVerificationError)


def lost(provider: str, error: RequestException) -> TryLater | OutcomeUnknown:
    """What it means that no answer came. Only a connection that never stood, or was refused
    before the first byte, surely sent nothing."""
    name = type(error).__name__
    if any(isinstance(cause, _BEFORE_THE_REQUEST) for cause in _causes(error)):
        return TryLater(f"{provider} cannot be reached", provider_code=name)
    return OutcomeUnknown(f"{provider}'s answer was lost", provider_code=name)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The chain below an error of requests: urllib3 keeps its own in `args` and `reason`."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, getattr(cause, "reason", None), *cause.args]
