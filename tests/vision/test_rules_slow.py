"""Slow looks: what hangs, what is posted, how many gather. Facades are drawn, boxes scripted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import pytest

from vision.appearance import GREY_WIDTH
from vision.looker_slow import SlowDesk, SlowResult, SlowSettings
from vision.rules.backdrop import Backdrop
from vision.rules.baseline import baseline_of, renewed
from vision.rules.hanging import one_a_line
from vision.shapes import Approval, Box, ZoneShape
from vision.text import TextLine
from vision.types import (
    Detection,
    Frame,
    Image,
    ViewHealth,
    WatchAnswer,
    WatchSubject,
    WeightsInfo,
)

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
LINE: Box = (0.2, 0.2, 0.5, 0.4)
PLACE: Box = (0.55, 0.5, 0.7, 0.7)
NAMES = ("person", "car", "bus", "hanging", "advert")
HANGING = ZoneShape("line", "hanging", WHOLE, 300.0, slow_look_seconds=15.0)
POSTER = ZoneShape("wall", "poster", WHOLE, 120.0, slow_look_seconds=15.0)
CROWD = ZoneShape("square", "crowd", WHOLE, 60.0, threshold=10.0, area_m2=100.0)


@cache
def grain(number: int) -> Image:
    """A sensor's noise."""
    return np.random.default_rng(number).integers(0, 9, (360, 640, 3)).astype(np.uint8)


def wall() -> Image:
    return _wall().copy()


@cache
def _wall() -> Image:
    """Brickwork with windows: a facade that has something to compare."""
    rng = np.random.default_rng(5)
    image = np.full((360, 640, 3), 120, np.uint8)
    image[::12] = 90
    image[:, ::24] = 96
    for x in range(40, 620, 110):
        image[60:130, x : x + 50] = (60, 50, 40)
        image[66:124, x + 22 : x + 26] = 150
    noise = rng.normal(0, 6, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def put(image: Image, box: Box, seed: int) -> None:
    """A sheet or a cloth of its own pattern."""
    x1, y1, x2, y2 = (round(v * s) for v, s in zip(box, (640, 360, 640, 360), strict=True))
    pattern = np.random.default_rng(seed).integers(20, 235, (6, 6, 3)).astype(np.uint8)
    image[y1:y2, x1:x2] = cv2.resize(pattern, (x2 - x1, y2 - y1), interpolation=cv2.INTER_NEAREST)


@dataclass
class Script:
    """A detector that sees what the script says, and a facade that shows it."""

    thresholds: dict[str, float] = field(default_factory=dict[str, float])
    seen: list[Detection] = field(default_factory=list[Detection])
    names: tuple[str, ...] = NAMES
    calls: int = 0
    close: float = 0.0
    """How sure of an advert it is where it sees one place alone."""

    @property
    def info(self) -> WeightsInfo:
        return WeightsInfo("script", "0" * 64, "v8", self.names, 640, thresholds=self.thresholds)

    def detect(self, image: Image) -> list[Detection]:
        """Of the whole picture, and of one place alone: the windows between add nothing."""
        self.calls += 1
        if image.shape[1] < 330 and self.close:
            return [Detection("advert", self.close, (0.25, 0.25, 0.75, 0.75))]
        return list(self.seen) if image.shape[:2] == (360, 640) else []


Painter = Callable[[Image, float], Sequence[Detection]]


def play(
    desk: SlowDesk, script: Script, seconds: Sequence[float], paint: Painter
) -> list[tuple[float, SlowResult]]:
    """Offer the desk one frame a second; it takes those for which it is time."""
    shown: list[tuple[float, SlowResult]] = []
    for second in seconds:
        at = START + timedelta(seconds=second)
        if not desk.due(at):
            continue
        image = wall()
        script.seen = list(paint(image, second))
        frame = Frame("c", at, cv2.add(image, grain(int(second) % 8)), pts=second)
        shown.append((second, desk.look(frame, frame.grey(GREY_WIDTH))))
    return shown


def flagged(shown: Sequence[tuple[float, SlowResult]]) -> list[float]:
    return [second for second, result in shown for _ in result.sightings]


def clothes(
    image: Image, second: float, *, since: float = 30.0, until: float = 1e9
) -> list[Detection]:
    if not since <= second < until:
        return []
    put(image, LINE, 7)
    return [Detection("hanging", 0.8, LINE)]


# -- hanging ----------------------------------------------------------------------------------


def test_b1_something_new_hangs_for_five_minutes_and_is_flagged_once() -> None:
    script = Script()
    shown = play(SlowDesk([HANGING], script), script, range(700), clothes)
    (at,) = flagged(shown)
    assert 30 + 300 <= at <= 30 + 300 + 2 * 15
    (seen,) = [s for _, r in shown for s in r.sightings]
    assert (seen.kind, seen.zone, seen.plate) == ("hanging", "line", None)
    assert seen.samples_seen >= 3


def test_slow_zones_are_looked_at_every_fifteen_seconds_and_never_starved() -> None:
    script = Script()
    shown = play(SlowDesk([HANGING], script), script, range(120), clothes)
    looked = [second for second, result in shown if result.looked]
    gaps = {b - a for a, b in pairwise(looked)}
    assert gaps <= {14, 15}
    assert len(looked) >= 8


def test_a_shirt_for_a_minute_is_no_matter() -> None:
    script = Script()
    desk = SlowDesk([HANGING], script)
    assert flagged(play(desk, script, range(600), lambda i, s: clothes(i, s, until=90))) == []


def test_b1_what_is_on_the_list_is_not_flagged_until_its_period_ends() -> None:
    place = ((0.15, 0.15), (0.55, 0.15), (0.55, 0.45), (0.15, 0.45))
    lanterns = Approval("lanterns", place, "2026-3", "district", valid_until=date(2026, 11, 20))
    script = Script()
    zone = replace(HANGING, approved=(lanterns,))
    assert flagged(play(SlowDesk([zone], script), script, range(500), clothes)) == []
    late = replace(zone, approved=(replace(lanterns, valid_until=date(2026, 11, 19)),))
    assert len(flagged(play(SlowDesk([late], script), script, range(500), clothes))) == 1


def test_a_bus_in_front_is_no_absence_and_taking_it_down_is() -> None:
    """B5: three looks over a minute in which nothing hides the place."""
    script = Script()
    desk = SlowDesk([replace(HANGING, dwell_seconds=60.0)], script)

    def paint(image: Image, second: float) -> list[Detection]:
        seen = clothes(image, second, since=0, until=400)
        if 200 <= second < 300:
            put(image, (0.1, 0.1, 0.6, 0.95), 9)
            return [Detection("bus", 0.9, (0.1, 0.1, 0.6, 0.95))]
        return seen

    shown = play(desk, script, range(560), paint)
    assert len(flagged(shown)) == 1
    (gone,) = [(second, d) for second, r in shown for d in r.departures]
    assert gone[0] == pytest.approx(465, abs=25)
    assert (gone[1].gone_at - START).total_seconds() == pytest.approx(405, abs=16)


def test_watches_answer_present_hidden_and_absent() -> None:
    script = Script()
    desk = SlowDesk([replace(HANGING, dwell_seconds=60.0)], script)
    picture = wall()
    put(picture, LINE, 7)
    crop = picture[72:144, 128:320].copy()
    desk.set_watches([WatchSubject("1", "line", "hanging", LINE, None, appearance=crop,
                                   kind="hanging")])  # fmt: skip

    def paint(image: Image, second: float) -> list[Detection]:
        if 60 <= second < 120:
            put(image, (0.1, 0.1, 0.6, 0.95), 9)
            return [Detection("bus", 0.9, (0.1, 0.1, 0.6, 0.95))]
        return clothes(image, second, since=0, until=180)

    shown = play(desk, script, range(300), paint)
    answers = {second: look.answer for second, r in shown for look in r.watch_looks}
    assert {a for s, a in answers.items() if s < 60} == {WatchAnswer.PRESENT}
    assert {a for s, a in answers.items() if 60 <= s < 120} == {WatchAnswer.UNCLEAR}
    assert {a for s, a in answers.items() if s >= 180} == {WatchAnswer.ABSENT}


def test_a_sick_view_answers_unclear_and_counts_nothing() -> None:
    script = Script()
    desk = SlowDesk([HANGING, CROWD], script)
    desk.set_watches([WatchSubject("1", "line", "hanging", LINE, None, kind="hanging")])
    result = desk.blind(Frame("c", START, wall()), ViewHealth.COVERED)
    (look,) = result.watch_looks
    assert (look.answer, look.reason) == (WatchAnswer.UNCLEAR, "covered")
    assert result.counts[0].unclear == "covered"
    assert script.calls == 0


def test_pieces_on_one_line_are_one() -> None:
    pieces = [Detection("hanging", c, (x, 0.2, x + 0.05, 0.32)) for x, c in
              ((0.1, 0.5), (0.18, 0.9), (0.26, 0.6))]  # fmt: skip
    below = Detection("hanging", 0.7, (0.1, 0.6, 0.2, 0.7))
    lines = one_a_line([*pieces, below])
    assert sorted(line.box for line in lines) == [(0.1, 0.2, 0.31, 0.32), (0.1, 0.6, 0.2, 0.7)]
    assert max(line.confidence for line in lines) == 0.9


def test_the_model_s_own_threshold_counts_unless_the_zone_says_otherwise() -> None:
    script = Script(thresholds={"hanging": 0.85})
    short = replace(HANGING, dwell_seconds=60.0)
    assert flagged(play(SlowDesk([short], script), script, range(200), clothes)) == []
    strict = replace(short, threshold=0.7)
    assert len(flagged(play(SlowDesk([strict], script), script, range(200), clothes))) == 1


def test_weights_without_the_class_are_named() -> None:
    script = Script(names=("car", "person"))
    desk = SlowDesk([HANGING, CROWD], script)
    (why,) = desk.unserved
    assert "know no `hanging`" in why
    assert "street-n" in why


# -- posters ----------------------------------------------------------------------------------


class Letters:
    """A text reader that knows one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def read(self, image: Image, box: Box) -> list[TextLine]:
        return [TextLine(self.text, 0.95)] if self.text else []


def posters(confidence: float, *, since: float = 45.0, seed: int = 3) -> Painter:
    def paint(image: Image, second: float) -> list[Detection]:
        put(image, PLACE, seed if second >= since else 2)
        return [Detection("advert", confidence, PLACE)]

    return paint


def approved_zone() -> ZoneShape:
    x1, y1, x2, y2 = PLACE
    image = wall()
    put(image, PLACE, 2)
    place = ((x1, y1), (x2, y1), (x2, y2), (x1, y2))
    return replace(POSTER, approved=(Approval("bank", place),), baseline=baseline_of(image, WHOLE))


def test_what_is_approved_is_never_flagged_and_what_is_pasted_over_it_is() -> None:
    script = Script()
    zone = approved_zone()

    def texts() -> Letters:
        return Letters("开锁换锁")

    kept = play(SlowDesk([zone], script, texts=texts), script, range(400), posters(0.9, seed=2))
    assert flagged(kept) == []
    over = play(SlowDesk([zone], script, texts=texts), script, range(400), posters(0.3))
    (seen,) = [s for _, r in over for s in r.sightings]
    assert seen.details["reason"] == "replaced"
    assert seen.details["text"] == ["开锁换锁"]
    assert seen.details["approvals"][0]["label"] == "bank"


def test_an_advert_that_nobody_approved_needs_the_model_s_confidence() -> None:
    """It was there from the start: nothing has changed, so the detector must be sure."""
    script = Script()
    old = posters(0.4, seed=2)
    assert flagged(play(SlowDesk([POSTER], script, texts=None), script, range(300), old)) == []
    sure = posters(0.7, seed=2)
    shown = play(SlowDesk([POSTER], script, texts=None), script, range(300), sure)
    (seen,) = [s for _, r in shown for s in r.sightings]
    assert seen.details["reason"] == "unapproved"


@pytest.mark.parametrize(
    ("text", "close", "times"), [("旺铺招租", 0.0, 1), ("", 0.0, 0), ("", 0.3, 1), ("", 0.08, 0)]
)
def test_a_change_that_no_detector_knows_needs_text_or_a_closer_look(
    text: str, close: float, times: int
) -> None:
    script = Script(close=close)

    def paint(image: Image, second: float) -> list[Detection]:
        if second >= 45:
            put(image, PLACE, 3)
        return []

    desk = SlowDesk([POSTER], script, texts=lambda: Letters(text))
    assert len(flagged(play(desk, script, range(400), paint))) == times


def test_the_backdrop_sees_paper_and_not_the_light() -> None:
    backdrop = Backdrop(WHOLE, baseline_of(wall(), WHOLE))
    for gain in (1.0, 0.8, 0.6, 0.45):
        dim = np.clip(wall().astype(np.float32) * gain, 0, 255).astype(np.uint8)
        backdrop.observe(np.asarray(cv2.cvtColor(np.roll(dim, 2, 1), cv2.COLOR_BGR2GRAY), np.uint8))
        assert backdrop.certain
        assert backdrop.share_changed(PLACE) < 0.2
    changed = wall()
    put(changed, PLACE, 3)
    for _ in range(3):
        backdrop.observe(np.asarray(cv2.cvtColor(changed, cv2.COLOR_BGR2GRAY), np.uint8))
    assert backdrop.share_changed(PLACE) > 0.7
    (region,) = backdrop.regions()
    assert region == pytest.approx(PLACE, abs=0.05)


def test_approving_a_place_renews_only_that_part_of_the_baseline() -> None:
    changed = wall()
    put(changed, PLACE, 3)
    put(changed, LINE, 4)
    x1, y1, x2, y2 = PLACE
    part = ((x1, y1), (x2, y1), (x2, y2), (x1, y2))
    backdrop = Backdrop(WHOLE, renewed(baseline_of(wall(), WHOLE), changed, WHOLE, part))
    backdrop.observe(np.asarray(cv2.cvtColor(changed, cv2.COLOR_BGR2GRAY), np.uint8))
    assert backdrop.share_changed(PLACE) < 0.3
    assert backdrop.share_changed(LINE) > 0.7


# -- crowds -----------------------------------------------------------------------------------


def test_the_desk_counts_feet_in_the_zone_and_keeps_no_clear_picture() -> None:
    script = Script(thresholds={"person": 0.4})
    half = replace(CROWD, polygon=((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)), threshold=3.0)
    boxes = [(x, 0.5, x + 0.04, 0.9) for x in np.linspace(0.02, 0.9, 9).tolist()]

    def paint(image: Image, second: float) -> list[Detection]:
        for index, box in enumerate(boxes):
            put(image, box, 20 + index)
        return [Detection("person", 0.9, box) for box in boxes] + [
            Detection("person", 0.2, (0.3, 0.1, 0.34, 0.3))
        ]

    desk = SlowDesk([half], script, SlowSettings())
    shown = play(desk, script, range(120), paint)
    counts = [count for _, r in shown for count in r.counts]
    assert {count.count for count in counts} == {5}
    assert counts[-1].density == pytest.approx(0.05)
    assert counts[-1].tiled, "nine people are many enough to look closer"
    (alarm,) = [s for _, r in shown for s in r.sightings]
    assert alarm.details["median"] == 5
    clear, kept = wall(), alarm.frame.image
    put(clear, boxes[0], 20)
    x1, y1, x2, y2 = (round(v * s) for v, s in zip(boxes[0], (640, 360, 640, 360), strict=True))
    shown_person = kept[y1:y2, x1:x2].astype(int)
    assert np.abs(shown_person - clear[y1:y2, x1:x2].astype(int)).mean() > 10
