"""The vote over many readings: A7, W04, W07, peers.md P14, P15, P17, P19."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.plates import PlateVoter
from vision.types import Box, CharacterRead, PlateColour, PlateReading, PlateVote

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
PLATE = (0.4, 0.6, 0.5, 0.64)
VEHICLE = (0.3, 0.3, 0.6, 0.7)


def reading(
    text: str | None = "浙A12345",
    *,
    confidence: float = 0.98,
    province: float | None = None,
    colour: PlateColour = PlateColour.BLUE,
    weak: tuple[int, str, float] | None = None,
    box: Box = PLATE,
    accepted: bool = True,
) -> PlateReading:
    """A reading with every character at `confidence`; `weak` = (position, runner-up, its share)."""
    province = confidence if province is None else province
    characters = [CharacterRead(c, confidence) for c in text or "浙A12345"]
    characters[0] = CharacterRead(characters[0].best, province)
    if weak:
        position, second, share = weak
        characters[position] = CharacterRead(characters[position].best, 1 - share, second, share)
    lowest = min(c.confidence for c in characters)
    margin = min(c.confidence - c.second_confidence for c in characters)
    return PlateReading(
        text,
        colour,
        lowest,
        province,
        margin,
        box,
        tuple(characters),
        accepted=accepted,
        vehicle_box=VEHICLE,
    )


def vote(*readings: PlateReading) -> PlateVote:
    """The vote over readings a second apart."""
    voter = PlateVoter()
    for index, one in enumerate(readings):
        voter.add(one, START + timedelta(seconds=index))
    return voter.vote()


def test_five_clear_equal_reads_are_accepted() -> None:
    """A7 to the letter: five equal reads, 0.95 each, colour agrees; then reading stops (P19)."""
    voter = PlateVoter()
    for second in range(5):
        assert not voter.settled
        assert voter.add(reading(), START + timedelta(seconds=second))
    assert voter.settled
    result = voter.vote()
    assert (result.text, result.reads, result.equal_reads) == ("浙A12345", 5, 5)
    assert result.accepted
    assert result.reasons == ()
    assert result.kind == "small"


@pytest.mark.parametrize(
    ("readings", "reason"),
    [
        ([reading()] * 4, "too_few_reads"),
        ([reading(confidence=0.94)] * 9, "low_confidence"),
        ([reading(province=0.94)] * 9, "low_province"),
        ([reading(weak=(3, "8", 0.30))] * 9, "small_margin"),
        ([reading()] * 6 + [reading("浙A12346")] * 3, "disagreement"),
        ([reading(colour=PlateColour.GREEN)] * 6, "colour_mismatch"),
        ([reading(colour=PlateColour.UNKNOWN)] * 6, "colour_mismatch"),
        ([reading("粤O12345")] * 6, "office_o"),
        ([reading(accepted=False)] * 9, "unsure_alone"),
        ([reading(None)] * 6, "unreadable"),
        ([], "unreadable"),
    ],
)
def test_refusals_are_named(readings: list[PlateReading], reason: str) -> None:
    """Each condition of A7 refuses by itself and says so."""
    result = vote(*readings)
    assert not result.accepted
    assert reason in result.reasons


def test_repetition_adds_no_light() -> None:
    """Fifty identical guesses at one blur are one guess (P15): the vote stays as unsure."""
    result = vote(*[reading(province=0.6)] * 50)
    assert result.text == "浙A12345"
    assert result.province_confidence <= 0.6 + 1e-9
    assert not result.accepted


def test_a_misreading_is_not_made_true_by_repetition() -> None:
    """Glare makes the same letter of a standing car another in frame after frame (P15).

    Each reading is surer than the vote asks for, but the second opinion holds enough against it
    that none would be texted alone: then fifty are not texted either, nor where half of them are.
    """
    doubted = reading("浙A32345", confidence=0.97, accepted=False)
    assert vote(*[doubted] * 50).reasons == ("unsure_alone",)
    assert vote(*[doubted] * 10, *[reading("浙A32345")] * 10).reasons == ("unsure_alone",)
    assert vote(*[doubted] * 4, *[reading("浙A32345")] * 6).accepted


def test_one_blurred_frame_spoils_nothing() -> None:
    """A passer-by blurs two of ten frames: the clear ones carry the vote (P18)."""
    assert vote(*[reading()] * 8, *[reading(confidence=0.5)] * 2).accepted


def test_votes_character_by_character() -> None:
    """Two readings doubt different characters; the third settles each, no reading 'wins' (P14)."""
    result = vote(
        reading("浙A12345", weak=(6, "6", 0.4)),
        reading("浙A12346", weak=(6, "5", 0.45)),
        reading("浙A12345", weak=(6, "6", 0.1)),
    )
    assert result.text == "浙A12345"
    assert (result.reads, result.equal_reads) == (3, 2)


def test_w07_two_plates_disagree() -> None:
    """W07: two plates on one vehicle are for an officer, whatever their confidence."""
    result = vote(*[reading("浙A12345")] * 6, *[reading("苏B67890")] * 5)
    assert not result.accepted
    assert "disagreement" in result.reasons


def test_lengths_do_not_mix() -> None:
    """Readings of another length neither align nor vanish: they are dissent."""
    green = reading("浙AD12345", colour=PlateColour.GREEN)
    result = vote(*[reading()] * 6, *[green] * 2)
    assert result.text == "浙A12345"
    assert result.reads == 8
    assert "disagreement" in result.reasons


def test_a_plate_outside_its_vehicle_takes_no_part() -> None:
    """P17: the neighbour's plate is not this car's."""
    voter = PlateVoter()
    assert not voter.add(reading(box=(0.7, 0.6, 0.8, 0.64)), START)
    assert voter.vote().reads == 0


def test_the_same_picture_twice_is_one_witness() -> None:
    """A second reading of the same instant adds nothing."""
    voter = PlateVoter()
    assert voter.add(reading(), START)
    assert not voter.add(reading(), START)
    assert voter.vote().reads == 1


def test_keeps_the_surest_readings() -> None:
    """A car that stands all day does not fill the memory; the clear readings stay."""
    clear = [reading()] * 10
    result = vote(*clear, *[reading(confidence=0.6)] * 90)
    assert result.reads == 50
    assert sum(r.confidence > 0.9 for r in result.readings) == 10


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["浙A12345", "浙A12346", "苏A12345", "浙AD12345", None]),
            st.floats(0.5, 1.0),
        ),
        max_size=20,
    )
)
def test_never_surer_than_its_readings(cases: list[tuple[str | None, float]]) -> None:
    """Whatever comes in: confidence is at most the best reading's, acceptance has its five."""
    result = vote(*(reading(text, confidence=confidence) for text, confidence in cases))
    readable = [confidence for text, confidence in cases if text]
    assert result.confidence <= max(readable, default=0.0) + 1e-9
    assert result.equal_reads <= result.reads == len(readable)
    assert (not result.accepted) == bool(result.reasons)
    if result.accepted:
        assert result.equal_reads >= 5
        assert result.confidence >= 0.95
