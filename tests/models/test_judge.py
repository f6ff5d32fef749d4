"""Looks as presence, absence, or neither: examples in a table, then properties over any looks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import judge
from models.event import WatchSpan

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
PLATE = "浙A12345"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def span(
    answer: str, begin: float, end: float, *, camera: int = 1, plate: str | None = None,
    confidence: float | None = 0.98,
) -> WatchSpan:  # fmt: skip
    return WatchSpan(
        camera_id=camera, answer=answer, started_at=at(begin), ended_at=at(end),
        plate=plate, plate_confidence=confidence if plate else None,
    )  # fmt: skip


def absent(spans: Sequence[WatchSpan]) -> judge.Absence | None:
    return judge.absent_confirmed(spans, needed_seconds=30, max_gap_seconds=5)


def present(spans: Sequence[WatchSpan], after: float = 0) -> judge.Presence | None:
    return judge.present_confirmed(
        spans, after=at(after), plate=PLATE, gap_seconds=10, min_confidence=0.9
    )


ABSENCES: list[tuple[str, list[WatchSpan], tuple[float, float] | None]] = [
    ("nothing seen", [], None),
    ("thirty seconds are enough", [span("absent", 0, 30)], (0, 30)),
    ("twenty-nine are not", [span("absent", 0, 29)], None),
    ("W14 another vehicle is absence", [span("other_vehicle", 0, 30)], (0, 30)),
    ("absent, then taken", [span("absent", 0, 12), span("other_vehicle", 13, 31)], (0, 31)),
    ("presence breaks it", [span("absent", 0, 20), span("present", 21, 22), span("absent", 23, 40)], None),
    ("unclear breaks it", [span("absent", 0, 20), span("unclear", 21, 22), span("absent", 23, 40)], None),
    ("a gap breaks it", [span("absent", 0, 20), span("absent", 26, 45)], None),
    ("no gap up to five seconds", [span("absent", 0, 20), span("absent", 25, 45)], (0, 45)),
    ("W08 left and returned", [span("absent", 0, 35), span("present", 40, 90)], (0, 35)),
    ("W11 moved is presence", [span("moved", 0, 90)], None),
    ("W13 gone here, seen by the next camera", [span("absent", 0, 60), span("present", 20, 30, camera=2)], None),
    ("two cameras see it gone", [span("absent", 0, 60), span("absent", 5, 60, camera=2)], (0, 60)),
    ("the other camera saw it before", [span("present", 0, 5, camera=2), span("absent", 10, 50)], (10, 50)),
]  # fmt: skip


@pytest.mark.parametrize(("remark", "spans", "expected"), ABSENCES, ids=[a[0] for a in ABSENCES])
def test_absent_confirmed(
    remark: str, spans: list[WatchSpan], expected: tuple[float, float] | None
) -> None:
    """A14: a continuous clear view without the vehicle, 30 s long."""
    found = absent(spans)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found.started_at, found.ended_at) == (at(expected[0]), at(expected[1]))
        assert found.other_vehicle == any(s.answer == "other_vehicle" for s in spans)


PRESENCES: list[tuple[str, list[WatchSpan], tuple[float, float] | None]] = [
    ("nothing seen", [], None),
    ("ten seconds by its plate", [span("present", 1, 11, plate=PLATE)], (1, 11)),
    ("nine are too short", [span("present", 1, 10, plate=PLATE)], None),
    ("W05 no plate read", [span("present", 1, 60)], None),
    ("the plate hardly read", [span("present", 1, 60, plate=PLATE, confidence=0.5)], None),
    ("begun before the deadline", [span("present", 0, 60, plate=PLATE)], None),
    ("W51 another plate, clearly", [span("present", 1, 9, plate=PLATE), span("present", 10, 30, plate="浙A54321")], None),
    ("another plate, hardly read", [span("present", 1, 9, plate=PLATE), span("present", 10, 30, plate="浙A12346", confidence=0.5)], (1, 30)),
    ("two looks with a gap between", [span("present", 1, 2, plate=PLATE), span("present", 20, 21)], (1, 21)),
    ("absence starts anew", [span("present", 1, 6, plate=PLATE), span("absent", 7, 8), span("present", 9, 15, plate=PLATE)], None),
    ("W15 a bus between", [span("present", 1, 6, plate=PLATE), span("unclear", 7, 20), span("present", 21, 22)], (1, 22)),
    ("W11 moved", [span("moved", 1, 12, plate=PLATE)], (1, 12)),
]  # fmt: skip


@pytest.mark.parametrize(("remark", "spans", "expected"), PRESENCES, ids=[p[0] for p in PRESENCES])
def test_present_confirmed(
    remark: str, spans: list[WatchSpan], expected: tuple[float, float] | None
) -> None:
    """A17: the same plate after the deadline, over at least ten seconds."""
    found = present(spans)
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found.started_at, found.ended_at) == (at(expected[0]), at(expected[1]))
        assert found.seconds == expected[1] - expected[0]


def test_without_a_plate_nobody_is_said_to_have_stayed() -> None:
    """4.2: appearance alone is never enough for STAYED."""
    spans = [span("present", 1, 60, plate=PLATE)]
    assert (
        judge.present_confirmed(spans, after=at(0), plate=None, gap_seconds=10, min_confidence=0.9)
        is None
    )


def test_last_present_and_last_clear() -> None:
    spans = [span("present", 0, 10), span("moved", 11, 15), span("absent", 16, 20), span("unclear", 21, 30)]  # fmt: skip
    assert judge.last_present_at(spans) == at(15)
    assert judge.last_clear(spans) is spans[2]
    assert judge.is_gone(spans)
    assert not judge.is_gone(spans[:2])
    assert judge.last_present_at([]) is None
    assert judge.last_clear([span("unclear", 0, 5)]) is None
    assert not judge.is_gone([])


@pytest.mark.parametrize(
    ("spans", "gap"),
    [
        ([], 100),
        ([span("present", 0, 100)], 0),
        ([span("present", -50, 150)], 0),
        ([span("present", 0, 40), span("present", 60, 100)], 20),
        ([span("present", 0, 40), span("unclear", 41, 99), span("present", 100, 120)], 60),
        ([span("present", 30, 100)], 30),
        ([span("present", 0, 70)], 30),
        ([span("present", 0, 50, camera=1), span("present", 45, 100, camera=2)], 0),
        ([span("present", 0, 90), span("present", 10, 20), span("present", 95, 100)], 5),
        ([span("present", -20, -10), span("present", 110, 120)], 100),
    ],
)  # fmt: skip
def test_gaps(spans: list[WatchSpan], gap: float) -> None:
    """W02: an unclear look is part of the gap; another camera's clear look closes it."""
    assert judge.longest_gap_seconds(spans, start=at(0), end=at(100)) == gap
    assert judge.has_gap(spans, start=at(0), end=at(100), seconds=gap - 0.001)
    assert not judge.has_gap(spans, start=at(0), end=at(100), seconds=gap)


def test_no_time_has_no_gap() -> None:
    assert judge.longest_gap_seconds([], start=at(5), end=at(5)) == 0


@st.composite
def histories(draw: st.DrawFn) -> list[WatchSpan]:
    """Looks of one camera: answers of any length, with and without gaps."""
    clock, spans = 0.0, list[WatchSpan]()
    for _ in range(draw(st.integers(0, 12))):
        clock += draw(st.sampled_from([1.0, 1.0, 3.0, 5.0, 6.0, 40.0]))
        length = draw(st.sampled_from([0.0, 2.0, 9.0, 10.0, 29.0, 30.0, 31.0]))
        answer = draw(st.sampled_from(["present", "absent", "moved", "other_vehicle", "unclear"]))
        plate = draw(st.sampled_from([PLATE, PLATE, None]))
        readable = answer in judge.PRESENT
        spans.append(span(answer, clock, clock + length, plate=plate if readable else None))
        clock += length
    return spans


@given(histories())
def test_absence_is_never_made_of_gaps(spans: list[WatchSpan]) -> None:
    """Whatever is confirmed was seen: inside it there is no presence, nothing unclear, no gap."""
    found = absent(spans)
    if found is None:
        return
    inside = [s for s in spans if s.started_at <= found.ended_at and s.ended_at >= found.started_at]
    assert all(s.answer in judge.ABSENT for s in inside)
    seen = sum((s.ended_at - s.started_at).total_seconds() for s in inside)
    assert found.seconds - seen <= 5 * (len(inside) - 1)


@given(histories(), st.floats(0, 200))
def test_presence_needs_looks_after_the_deadline(spans: list[WatchSpan], deadline: float) -> None:
    found = present(spans, after=deadline)
    if found is not None:
        assert found.started_at > at(deadline)
        assert found.seconds >= 10


@given(histories(), st.integers(0, 12))
def test_a_lost_look_never_makes_it_worse(spans: list[WatchSpan], drop: int) -> None:
    """Taking away what was seen of the vehicle never adds a presence."""
    fewer = [s for n, s in enumerate(spans) if n != drop]
    lost_absence = drop < len(spans) and spans[drop].answer in judge.ABSENT
    if present(fewer) is not None and not lost_absence:
        assert present(spans) is not None


@given(histories())
def test_order_of_arrival_does_not_matter(spans: list[WatchSpan]) -> None:
    """A worker that sends late what it held changes nothing."""
    backwards = list(reversed(spans))
    assert absent(spans) == absent(backwards)
    assert present(spans) == present(backwards)
    assert judge.longest_gap_seconds(spans, start=at(0), end=at(300)) == judge.longest_gap_seconds(
        backwards, start=at(0), end=at(300)
    )
