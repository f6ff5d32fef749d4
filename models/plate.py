"""What may be shown of a plate, and the public numbers of an event (domain.md 2.6, 6)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford base 32: no I, L, O, U, so that a number read over the phone stays the same."""

QUERY_LENGTH = 4


def mask(text: str) -> str:
    """First four and last one stay: 浙A12345 -> 浙A12**5, 浙AD12345 -> 浙AD1***5.

    A text too short to be a plate is hidden wholly.
    """
    if len(text) <= 5:
        return "*" * len(text)
    return f"{text[:4]}{'*' * (len(text) - 5)}{text[-1]}"


def is_nonlocal(text: str, home_prefixes: Iterable[str]) -> bool:
    """外地车辆: its plate starts with none of the city's prefixes (浙A)."""
    return not text.startswith(tuple(home_prefixes))


def new_query_no() -> str:
    """Four Crockford characters that name an event in its text message."""
    return _random_text(QUERY_LENGTH)


def new_query_code() -> str:
    """Four more that open its page; ten wrong ones lock it (models.owner_access)."""
    return _random_text(QUERY_LENGTH)


def _random_text(length: int) -> str:
    return "".join(secrets.choice(CROCKFORD) for _ in range(length))
