"""The signature of requests to Aliyun's APIs, third version: ACS3-HMAC-SHA256.

The provider's own client does this too, and brings thirteen packages and a second HTTP stack for
it (0012). These few lines are held against the worked example of its documentation.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

_ALGORITHM = "ACS3-HMAC-SHA256"


def signed_request(
    endpoint: str,
    action: str,
    version: str,
    query: Mapping[str, str],
    *,
    key: tuple[str, str],
    at: datetime,
    nonce: str = "",
) -> tuple[str, dict[str, str]]:
    """Address and headers of a POST without a body, signed with `key` (id, secret) at `at` (any
    zone). `nonce` is for tests."""
    headers = {
        "host": urlsplit(endpoint).netloc,
        "x-acs-action": action,
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce or secrets.token_hex(16),
        "x-acs-version": version,
    }
    names, signature = sign("POST", "/", encoded(query), headers, key[1])
    headers["Authorization"] = (
        f"{_ALGORITHM} Credential={key[0]},SignedHeaders={names},Signature={signature}"
    )
    return f"{endpoint}/?{encoded(query)}", headers


def sign(
    method: str, path: str, query: str, headers: Mapping[str, str], secret: str
) -> tuple[str, str]:
    """The names of the signed headers, and the signature in hex. `query` is already encoded."""
    ordered = sorted((name.lower(), value.strip()) for name, value in headers.items())
    names = ";".join(name for name, _ in ordered)
    lines = "".join(f"{name}:{value}\n" for name, value in ordered)
    payload = headers["x-acs-content-sha256"]
    request = "\n".join((method, path, query, lines, names, payload))
    text = f"{_ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    return names, hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def encoded(query: Mapping[str, str]) -> str:
    """Names and values percent-encoded as RFC 3986 wants it, in the order of the names."""
    return "&".join(
        f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(query.items())
    )
