"""Owners' numbers: E.164 once and for all, and only those that can get a text."""

from __future__ import annotations

import pytest

from models.errors import BadInput
from notify.phones import mask_phone, mobile_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13800138000", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("0086-13800138000", "+8613800138000"),
        ("+852 9123 4567", "+85291234567"),
        ("+1 212 555 2368", "+12125552368"),  # North America does not tell mobiles apart
    ],
)
def test_a_mobile_number_becomes_e164(text: str, number: str) -> None:
    assert mobile_number(text) == number


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no phone number"),
        ("abc", "no phone number"),
        ("1380013", "no such phone number"),
        ("10086", "no such phone number"),
        ("0571-87654321", "landline"),
        ("400-820-8820", "landline or service"),
    ],
)
def test_what_cannot_get_a_text_is_refused(text: str, fault: str) -> None:
    with pytest.raises(BadInput, match=fault) as caught:
        mobile_number(text, field="phone")
    assert caught.value.field == "phone"
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+8613800138000", "+86138****8000"), ("+12125552368", "+121****2368"), ("12345", "*****")],
)
def test_a_masked_number_hides_its_middle(number: str, shown: str) -> None:
    assert mask_phone(number) == shown
