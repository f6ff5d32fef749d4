"""Time stamps of another authority (RFC 3161) over the daily anchors: asked for, and checked.

An authority that is down or answers wrongly never holds anything up: the anchor stands without a
stamp, and it is asked again.
"""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from datetime import datetime
from pathlib import Path

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from models.errors import BadInput, Unavailable

ASK_SECONDS = 10.0
_LARGEST_ANSWER = 1 << 20


def ask(url: str, data: bytes, roots: list[Certificate]) -> bytes:
    """A stamp over `data` (hashed with SHA-256 here; only the hash goes out).

    The answer is checked before it is given: granted, over this hash, to this question and, where
    `roots` are known, signed by one of them. Raises Unavailable.
    """
    request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
    question = urllib.request.Request(  # noqa: S310 (settings let only http and https through)
        url, request.as_bytes(), {"Content-Type": "application/timestamp-query"}
    )
    try:
        with urllib.request.urlopen(question, timeout=ASK_SECONDS) as answer:  # noqa: S310
            token = answer.read(_LARGEST_ANSWER)
    except (OSError, urllib.error.URLError, ValueError) as error:
        raise Unavailable(f"the time stamp authority does not answer: {error}") from None
    problem = check(token, data, roots)
    if not problem and _read(token).tst_info.nonce != request.nonce:
        problem = "the stamp answers another question"
    if problem:
        raise Unavailable(f"the time stamp authority's answer is of no use: {problem}")
    return token


def check(token: bytes, data: bytes, roots: list[Certificate]) -> str:
    """What is wrong with a stamp over `data`; empty where nothing is. Without `roots` only that it
    is about these bytes can be told, not who signed it."""
    try:
        read = _read(token)
        if read.tst_info.message_imprint.message != hashlib.sha256(data).digest():
            return "it is about other bytes"
        if roots:
            builder = VerifierBuilder()
            for root in roots:
                builder = builder.add_root_certificate(root)
            builder.build().verify_message(read, data)
    except VerificationError as error:
        return f"its signature does not hold: {error}"
    except ValueError as error:
        return f"it cannot be read: {error}"
    return ""


def stamped_at(token: bytes) -> datetime:
    """When the authority says that it saw the hash (aware, UTC)."""
    return _read(token).tst_info.gen_time


def read_roots(path: Path | None) -> list[Certificate]:
    """The trusted certificates of a PEM file; none for None. Raises BadInput (field tsa_ca)."""
    if path is None:
        return []
    try:
        return load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{path} holds no certificate: {error}",
            field="tsa_ca",
            hint="give the authority's root certificate as a PEM file",
        ) from None


def _read(token: bytes) -> TimeStampResponse:
    """Parsed anew each time: checking uses up what is parsed."""
    try:
        read = decode_timestamp_response(token)
        if read.status != 0:
            raise ValueError(f"refused with status {read.status}")
        return read
    except ValueError:
        raise
    except Exception as error:
        # The parser's own errors have no common root; to us each means the same.
        raise ValueError(str(error)) from None
