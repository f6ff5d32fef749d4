"""What the looks of a watch amount to: pure functions over spans, no session, no clock.

A span is time really seen (models.event.WatchSpan); what lies between two spans counts neither
as presence nor as absence (design.md 2). `moved` is presence in the same area (W11);
`other_vehicle` is absence of the subject (W14); `unclear` is nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.event import WatchSpan

PRESENT = frozenset({"present", "moved"})
ABSENT = frozenset({"absent", "other_vehicle"})


@dataclass(frozen=True, slots=True)
class Absence:
    """A continuous clear view without the vehicle."""

    camera_id: int
    started_at: datetime
    ended_at: datetime
    other_vehicle: bool
    looks: int = 0

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Presence:
    """The vehicle, identified by its plate, seen over some time."""

    started_at: datetime
    ended_at: datetime

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.started_at).total_seconds()


def absences(spans: Iterable[WatchSpan], *, max_gap_seconds: float) -> list[Absence]:
    """Every continuous clear absence, earliest first, one camera's view at a time.

    Presence, an unclear look or a gap of more than `max_gap_seconds` ends a run. A run during
    which another camera saw the vehicle is none: it has only moved out of this view (W13).
    """
    ordered = _ordered(spans)
    found: list[Absence] = []
    for camera_id in sorted({span.camera_id for span in ordered}):
        own = [span for span in ordered if span.camera_id == camera_id]
        for run in _absent_runs(own, timedelta(seconds=max_gap_seconds)):
            elsewhere = (s for s in ordered if s.camera_id != camera_id and s.answer in PRESENT)
            if any(_overlap(span, run[0].started_at, run[-1].ended_at) for span in elsewhere):
                continue
            other = any(span.answer == "other_vehicle" for span in run)
            looks = sum(span.looks for span in run)
            found.append(Absence(camera_id, run[0].started_at, run[-1].ended_at, other, looks))
    return sorted(found, key=lambda absence: absence.started_at)


def _absent_runs(spans: Sequence[WatchSpan], max_gap: timedelta) -> list[list[WatchSpan]]:
    runs: list[list[WatchSpan]] = []
    previous: WatchSpan | None = None
    for span in spans:
        if span.answer in ABSENT:
            joins = (
                previous is not None
                and previous.answer in ABSENT
                and span.started_at - previous.ended_at <= max_gap
            )
            if joins:
                runs[-1].append(span)
            else:
                runs.append([span])
        previous = span
    return runs


def absent_confirmed(
    spans: Iterable[WatchSpan],
    *,
    needed_seconds: float,
    max_gap_seconds: float,
    needed_looks: int = 1,
) -> Absence | None:
    """The first absence that lasted `needed_seconds` (30 s, A14), or None. What hangs or is posted
    must be missing in `needed_looks` of them (three over 60 s, B5).

    It counts whenever it happened: who left for half a minute has left, also if the car came
    back before the deadline (W08).
    """
    for absence in absences(spans, max_gap_seconds=max_gap_seconds):
        if absence.seconds >= needed_seconds and absence.looks >= needed_looks:
            return absence
    return None


def present_confirmed(
    spans: Iterable[WatchSpan],
    *,
    after: datetime,
    plate: str | None,
    gap_seconds: float,
    min_confidence: float,
) -> Presence | None:
    """The vehicle seen after the deadline over at least `gap_seconds`, by its plate (A17), or None.

    Only what was seen strictly after `after` counts. Any clear absence starts the count anew. A
    plate that reads differently with `min_confidence` or more refutes it (4.2, identity), and
    without any reading of the right plate it is never confirmed (W05).
    """
    if plate is None:
        return None
    later = [span for span in _ordered(spans) if span.started_at > after]
    stay: list[WatchSpan] = []
    for span in later:
        if span.answer in ABSENT:
            stay = []
        elif span.answer in PRESENT:
            stay.append(span)
            presence = Presence(stay[0].started_at, max(s.ended_at for s in stay))
            sure = [s.plate for s in stay if (s.plate_confidence or 0.0) >= min_confidence]
            if presence.seconds >= gap_seconds and plate in sure and set(sure) == {plate}:
                return presence
    return None


def still_there_after(
    spans: Iterable[WatchSpan], *, after: datetime, gap_seconds: float
) -> Presence | None:
    """Something without a plate (B6), seen in two looks after `after` at least `gap_seconds` apart
    and never seen missing between them; or None."""
    stay: list[WatchSpan] = []
    for span in _ordered(spans):
        if span.started_at <= after:
            continue
        if span.answer in ABSENT:
            stay = []
        elif span.answer in PRESENT:
            stay.append(span)
            presence = Presence(stay[0].started_at, max(s.ended_at for s in stay))
            if presence.seconds >= gap_seconds:
                return presence
    return None


def last_present_at(spans: Iterable[WatchSpan]) -> datetime | None:
    """The last instant at which any camera saw the vehicle (W09, W10 turn on it)."""
    return max((span.ended_at for span in spans if span.answer in PRESENT), default=None)


def last_clear(spans: Iterable[WatchSpan]) -> WatchSpan | None:
    """The latest span that says anything: not `unclear`."""
    clear = [span for span in spans if span.answer in PRESENT | ABSENT]
    return max(clear, key=lambda span: span.ended_at, default=None)


def is_gone(spans: Iterable[WatchSpan]) -> bool:
    """Whether the latest clear look found the vehicle gone."""
    span = last_clear(spans)
    return span is not None and span.answer in ABSENT


def longest_gap_seconds(spans: Iterable[WatchSpan], *, start: datetime, end: datetime) -> float:
    """The longest time between `start` and `end` in which no camera saw the place clearly.

    An unclear look is part of the gap: behind a bus one may leave and return as well (W02).
    """
    if end <= start:
        return 0.0
    covered = [start]
    gaps: list[float] = []
    for span in _ordered(s for s in spans if s.answer in PRESENT | ABSENT):
        if span.ended_at <= start or span.started_at >= end:
            continue
        gaps.append((span.started_at - max(covered)).total_seconds())
        covered.append(span.ended_at)
    gaps.append((end - max(covered)).total_seconds())
    return max(0.0, *gaps)


def has_gap(spans: Iterable[WatchSpan], *, start: datetime, end: datetime, seconds: float) -> bool:
    """Whether the place went unseen for more than `seconds` at a stretch."""
    return longest_gap_seconds(spans, start=start, end=end) > seconds


def _ordered(spans: Iterable[WatchSpan]) -> list[WatchSpan]:
    return sorted(spans, key=lambda span: (span.started_at, span.ended_at))


def _overlap(span: WatchSpan, start: datetime, end: datetime) -> bool:
    return span.started_at <= end and span.ended_at >= start
