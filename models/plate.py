"""What may be shown of a plate, and the public numbers of an event (domain.md 2.6, 6)."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable

from models.errors import BadInput

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


_PROVINCE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
_SERIAL = "[A-HJ-NP-Z0-9]"
_FORMS = re.compile(
    f"{_PROVINCE}[A-HJ-NP-Z]{_SERIAL}{{4}}[A-HJ-NP-Z0-9挂学警港澳领]"  # ordinary
    rf"|{_PROVINCE}[A-HJ-NP-Z](?:[A-HJK]{_SERIAL}\d{{4}}|\d{{5}}[A-HJK])"  # new energy
    rf"|{_PROVINCE}[XS]{_SERIAL}{{4}}应急"
    r"|使\d{6}|\d{6}使"
    f"|WJ{_PROVINCE}{_SERIAL}{{5}}"
    r"|[A-Z]{2}\d{5}"
)


def check_plate(text: str) -> str:
    """What an officer typed, normalised (浙a·12345 -> 浙A12345); nothing is guessed or replaced.

    Raises BadInput (field plate) for a text that has no form of domain.md 2.6.
    """
    plain = re.sub(r"[·•.\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    if _FORMS.fullmatch(plain) is None:
        raise BadInput(
            "this is no plate",
            field="plate",
            hint="province, letter and five or six characters without I and O, such as 浙A12345",
        )
    return plain


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
