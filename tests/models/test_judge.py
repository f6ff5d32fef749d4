"""Looks as presence, absence, or neither: examples in a table, then properties over any looks."""

from __future__ import annotations

import re
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
        camera_id=camera, answer=answer, looks=1, started_at=at(begin), ended_at=at(end),
        plate=plate, plate_confidence=confidence if plate else None,
    )  # fmt: skip


def absent(spans: Sequence[WatchSpan]) -> judge.Absence | None:
    return judge.absent_confirmed(spans, needed_seconds=30, max_gap_seconds=5)


def present(spans: Sequence[WatchSpan], after: float = 0) -> judge.Presence | None:
    return judge.present_confirmed(
        spans, after=at(after), plate=PLATE, gap_seconds=10, min_confidence=0.9
    )


def looks(text: str) -> list[WatchSpan]:
    """ "P1-11+ A12-40@2": answer (Present, Absent, Moved, Other vehicle, Unclear), seconds, what
    was read (+ its plate, ? its plate hardly, ! another one, ~ another one hardly), camera."""
    names = {"P": "present", "A": "absent", "M": "moved", "O": "other_vehicle", "U": "unclear"}
    reads = {"+": (PLATE, 0.98), "?": (PLATE, 0.5), "!": ("浙A54321", 0.98), "~": ("浙A54321", 0.5)}
    made: list[WatchSpan] = []
    for word in text.split():
        match = re.fullmatch(r"([PAMOU])(-?\d+)-(\d+)([+?!~]?)(?:@(\d))?", word)
        assert match is not None, word
        plate, confidence = reads.get(match[4], (None, None))
        made.append(
            span(
                names[match[1]], int(match[2]), int(match[3]), camera=int(match[5] or 1),
                plate=plate, confidence=confidence,
            )
        )  # fmt: skip
    return made


ABSENCES = [
    ("nothing seen", "", None),
    ("thirty seconds are enough", "A0-30", (0, 30)),
    ("twenty-nine are not", "A0-29", None),
    ("W14 another vehicle is absence", "O0-30", (0, 30)),
    ("absent, then taken", "A0-12 O13-31", (0, 31)),
    ("presence breaks it", "A0-20 P21-22 A23-40", None),
    ("unclear breaks it", "A0-20 U21-22 A23-40", None),
    ("a gap breaks it", "A0-20 A26-45", None),
    ("no gap up to five seconds", "A0-20 A25-45", (0, 45)),
    ("W08 left and returned", "A0-35 P40-90", (0, 35)),
    ("W11 moved is presence", "M0-90", None),
    ("W13 gone here, seen by the next camera", "A0-60 P20-30@2", None),
    ("two cameras see it gone", "A0-60 A5-60@2", (0, 60)),
    ("the other camera saw it before", "P0-5@2 A10-50", (10, 50)),
]


@pytest.mark.parametrize(("remark", "spans", "expected"), ABSENCES, ids=[a[0] for a in ABSENCES])
def test_absent_confirmed(remark: str, spans: str, expected: tuple[float, float] | None) -> None:
    """A14: a continuous clear view without the vehicle, 30 s long."""
    found = absent(looks(spans))
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found.started_at, found.ended_at) == (at(expected[0]), at(expected[1]))
        assert found.other_vehicle == ("O" in spans)


PRESENCES = [
    ("nothing seen", "", None),
    ("ten seconds by its plate", "P1-11+", (1, 11)),
    ("nine are too short", "P1-10+", None),
    ("W05 no plate read", "P1-60", None),
    ("the plate hardly read", "P1-60?", None),
    ("begun before the deadline", "P0-60+", None),
    ("W51 another plate, clearly", "P1-9+ P10-30!", None),
    ("another plate, hardly read", "P1-9+ P10-30~", (1, 30)),
    ("two looks with a gap between", "P1-2+ P20-21", (1, 21)),
    ("absence starts anew", "P1-6+ A7-8 P9-15+", None),
    ("W15 a bus between", "P1-6+ U7-20 P21-22", (1, 22)),
    ("W11 moved", "M1-12+", (1, 12)),
]


@pytest.mark.parametrize(("remark", "spans", "expected"), PRESENCES, ids=[p[0] for p in PRESENCES])
def test_present_confirmed(remark: str, spans: str, expected: tuple[float, float] | None) -> None:
    """A17: the same plate after the deadline, over at least ten seconds."""
    found = present(looks(spans))
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
    spans = looks("P0-10 M11-15 A16-20 U21-30")
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
        ("", 100),
        ("P0-100", 0),
        ("P-50-150", 0),
        ("P0-40 P60-100", 20),
        ("P0-40 U41-99 P100-120", 60),
        ("P30-100", 30),
        ("P0-70", 30),
        ("P0-50@1 P45-100@2", 0),
        ("P0-90 P10-20 P95-100", 5),
        ("P110-120", 100),
    ],
)
def test_gaps(spans: str, gap: float) -> None:
    """W02: an unclear look is part of the gap; another camera's clear look closes it."""
    seen = looks(spans)
    assert judge.longest_gap_seconds(seen, start=at(0), end=at(100)) == gap
    assert judge.has_gap(seen, start=at(0), end=at(100), seconds=gap - 0.001)
    assert not judge.has_gap(seen, start=at(0), end=at(100), seconds=gap)


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
