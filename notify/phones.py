"""Phone numbers: checked once when they come in, E.164 from there on, never whole in a log."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from models.errors import BadInput

_TEXTABLE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


def mobile_number(text: str, *, region: str = "CN", field: str = "phone") -> str:
    """`text` as E.164. `region` says where a number without a country code is at home.

    Raises BadInput naming `field` if it is no valid number, or one that cannot get a text.
    """
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        raise BadInput(
            "this is no phone number", field=field, hint="write 13800138000 or +8613800138000"
        ) from None
    if not phonenumbers.is_valid_number(number):
        raise BadInput("no such phone number exists", field=field, hint="check its digits")
    if phonenumbers.number_type(number) not in _TEXTABLE:
        raise BadInput(
            "a landline or service number gets no text", field=field, hint="give a mobile number"
        )
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def mask_phone(number: str) -> str:
    """+8613800138000 -> +86138****8000. A short or odd number is hidden wholly."""
    if len(number) < 10:
        return "*" * len(number)
    return f"{number[:-8]}****{number[-4:]}"


def international(number: str, *, field: str = "phone") -> str:
    """A number as a provider brings it (with or without +86) as E.164; any kind of number, for
    what has written to us is reachable.

    Raises BadInput naming `field`.
    """
    try:
        return phonenumbers.format_number(phonenumbers.parse(number, "CN"), PhoneNumberFormat.E164)
    except NumberParseException:
        raise BadInput("this is no phone number", field=field) from None
