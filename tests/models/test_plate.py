"""Masks, home plates, what an officer may type, public numbers."""

from __future__ import annotations

import re

import pytest

from models.errors import BadInput
from models.plate import check_plate, is_nonlocal, mask, new_query_code, new_query_no


@pytest.mark.parametrize(
    ("plate", "masked"),
    [
        ("浙A12345", "浙A12**5"),
        ("浙AD12345", "浙AD1***5"),
        ("使123456", "使123**6"),
        ("浙A123", "*****"),
        ("", ""),
    ],
)
def test_mask(plate: str, masked: str) -> None:
    """First four and last one; what is too short to be a plate is hidden wholly."""
    assert mask(plate) == masked
    assert len(masked) == len(plate)


def test_nonlocal() -> None:
    assert is_nonlocal("沪A12345", ["浙A", "浙B"])
    assert not is_nonlocal("浙B12345", ["浙A", "浙B"])


@pytest.mark.parametrize(
    ("typed", "plate"),
    [
        ("浙A12345", "浙A12345"),
        (" 浙a·12345 ", "浙A12345"),
        ("浙Ａ１２３４５", "浙A12345"),
        ("浙A-D123学", "浙AD123学"),
        ("浙AD12345", "浙AD12345"),
        ("浙A12345D", "浙A12345D"),
        ("使123456", "使123456"),
        ("WJ浙12345", "WJ浙12345"),
        ("浙X1234应急", "浙X1234应急"),
        ("粤Z1234港", "粤Z1234港"),
        ("KA12345", "KA12345"),
    ],
)
def test_plates_that_are(typed: str, plate: str) -> None:
    """Normalised, never corrected."""
    assert check_plate(typed) == plate


@pytest.mark.parametrize("typed", ["", "浙A1234", "浙A1234I", "浙A1234O", "AA12345X", "浙A1234567"])
def test_plates_that_are_not(typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_plate(typed)
    assert refused.value.field == "plate"
    assert "浙A12345" in refused.value.hint


def test_public_numbers_can_be_read_aloud() -> None:
    """Crockford base 32: no I, L, O, U; and hardly ever the same twice."""
    numbers = [new_query_no() for _ in range(200)] + [new_query_code() for _ in range(200)]
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}", n) for n in numbers)
    assert len(set(numbers)) > 390
