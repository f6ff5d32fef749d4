"""The plate grammar against domain.md 2.6."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.plates import PLATE_PATTERNS, normalize, parse
from vision.plates.grammar import (
    COLOURS,
    PROVINCES,
    SHAPES,
    kinds_of,
    province_position,
    suspicions,
)
from vision.types import PlateColour, PlateKind


@pytest.mark.parametrize(
    ("text", "colour", "kind"),
    [
        ("浙A12345", PlateColour.BLUE, PlateKind.SMALL),
        ("浙A12345", PlateColour.YELLOW, PlateKind.LARGE),
        ("浙A1234挂", PlateColour.YELLOW, PlateKind.TRAILER),
        ("浙A1234学", PlateColour.YELLOW, PlateKind.COACH),
        ("浙AD12345", PlateColour.GREEN, PlateKind.NEV_SMALL),
        ("浙AF1B345", PlateColour.GREEN, None),  # the second serial place may be a letter, no other
        ("浙AFB1345", PlateColour.GREEN, PlateKind.NEV_SMALL),
        ("浙A12345D", PlateColour.GREEN, PlateKind.NEV_LARGE),
        ("浙A0123警", PlateColour.WHITE, PlateKind.POLICE),
        ("沪A3456领", PlateColour.BLACK, PlateKind.CONSULATE),
        ("224578领", PlateColour.BLACK, PlateKind.CONSULATE),  # before 2017
        ("使224578", PlateColour.BLACK, PlateKind.EMBASSY),
        ("224578使", PlateColour.BLACK, PlateKind.EMBASSY),  # the other order
        ("粤Z1234港", PlateColour.BLACK, PlateKind.HK_MACAO),
        ("粤Z1234澳", PlateColour.BLACK, PlateKind.HK_MACAO),
        ("京X1234应急", PlateColour.WHITE, PlateKind.EMERGENCY),
        ("WJ京12345", PlateColour.WHITE, PlateKind.ARMED_POLICE),
        ("VA12345", PlateColour.WHITE, PlateKind.MILITARY),
        # Colour and length disagree: nobody's plate.
        ("浙A12345", PlateColour.GREEN, None),
        ("浙AD12345", PlateColour.BLUE, None),
        ("浙A0123警", PlateColour.BLUE, None),
        ("浙A12345", PlateColour.BLACK, None),
        # Not a plate of any colour.
        ("X1234567", PlateColour.UNKNOWN, None),
        ("浙1A2345", PlateColour.UNKNOWN, None),
        ("浙A1234", PlateColour.UNKNOWN, None),
        ("浙I12345", PlateColour.UNKNOWN, None),
        ("", PlateColour.UNKNOWN, None),
        # Unknown colour: the text alone decides.
        ("浙A12345", PlateColour.UNKNOWN, PlateKind.SMALL),
        ("浙AD12345", PlateColour.UNKNOWN, PlateKind.NEV_SMALL),
    ],
)
def test_parse(text: str, colour: PlateColour, kind: PlateKind | None) -> None:
    """Every kind of 2.6, and what colour and length forbid."""
    assert parse(text, colour) is kind


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("浙A·12345", "浙A12345"),
        ("浙a 12-345", "浙A12345"),
        ("浙Ａ１２３４５", "浙A12345"),  # full-width
        ("浙AOI345", "浙A01345"),  # serial: O is 0, I is 1
        ("粤O12345", "粤O12345"),  # issuing letter: O stays O
        ("粤I12345", "粤I12345"),
        ("使22457O", "使224570"),
        ("  浙A•12345\n", "浙A12345"),
    ],
)
def test_normalize(written: str, normal: str) -> None:
    """domain.md 2.6: O and I are mended in the serial only."""
    assert normalize(written) == normal


@given(st.text(max_size=20))
def test_normalizing_twice_changes_nothing(text: str) -> None:
    """Whatever is typed into a form has one written form."""
    assert normalize(normalize(text)) == normalize(text)


def plates(kind: PlateKind) -> st.SearchStrategy[str]:
    """Every text that a shape of `kind` allows."""
    return st.sampled_from(SHAPES[kind]).flatmap(
        lambda shape: st.tuples(*map(st.sampled_from, shape)).map("".join)
    )


@given(st.sampled_from(list(PlateKind)).flatmap(lambda k: st.tuples(st.just(k), plates(k))))
def test_every_plate_of_a_kind_is_parsed(case: tuple[PlateKind, str]) -> None:
    """Patterns and shapes are one: what a shape builds, its pattern and its colour accept."""
    kind, text = case
    assert normalize(text) == text
    assert PLATE_PATTERNS[kind].fullmatch(text)
    found = parse(text, COLOURS[kind])
    assert found is not None
    assert COLOURS[found] is COLOURS[kind]


@given(plates(PlateKind.SMALL), st.sampled_from(list(PlateColour)))
def test_green_means_eight(text: str, colour: PlateColour) -> None:
    """Seven characters are never a green plate's."""
    found = parse(text, colour)
    assert found is None or COLOURS[found] is not PlateColour.GREEN


@given(st.text(alphabet=PROVINCES + "ABCDIO0189领挂", min_size=7, max_size=8))
def test_colour_decides(text: str) -> None:
    """A kind that is found has the colour it was looked for with."""
    for colour in PlateColour:
        found = parse(text, colour)
        if found is not None and colour is not PlateColour.UNKNOWN:
            assert COLOURS[found] is colour


def test_suspicions() -> None:
    """A retired issuing letter and a third letter in an ordinary serial are for an officer."""
    assert suspicions("浙A12345") == ()
    assert suspicions("粤O12345") == ("office_o",)
    assert suspicions("浙AAB1C5") == ("many_letters",)
    assert suspicions("浙AD12345") == ()


def test_province_position() -> None:
    """The province stands first, behind WJ third, on an embassy's plate nowhere."""
    assert province_position("浙A12345") == 0
    assert province_position("WJ京12345") == 2
    assert province_position("使224578") == -1
    assert province_position("") == -1


def test_unknown_colour_is_read_as_a_plate_with_a_province() -> None:
    """A blurred province must not turn A12345 into a military plate."""
    assert PlateKind.MILITARY not in kinds_of(PlateColour.UNKNOWN)
    assert PlateKind.SMALL in kinds_of(PlateColour.UNKNOWN)
    assert set(kinds_of(PlateColour.GREEN)) == {PlateKind.NEV_SMALL, PlateKind.NEV_LARGE}
