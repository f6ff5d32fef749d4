"""When many gather: counts turn into watch, alarm and calm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.vision.test_rules_slow import CROWD, START
from vision.rules.crowd import CrowdRule, threshold_at
from vision.shapes import CrowdBand
from vision.types import CrowdState


def counted(rule: CrowdRule, counts: Sequence[tuple[float, int]]) -> list[CrowdState]:
    turns = [rule.observe(START + timedelta(seconds=at), count) for at, count in counts]
    return [turn.count.state for turn in turns]


def test_c1_c2_c6_watch_alarm_and_calm() -> None:
    rule = CrowdRule(CROWD, 5.0)
    busy = [(float(second), 12) for second in range(0, 120, 5)]
    states = counted(rule, busy)
    watch, alarm = states.index(CrowdState.WATCH) * 5, states.index(CrowdState.ALARM) * 5
    assert watch == pytest.approx(50, abs=5), "five samples, then 30 s"
    assert alarm == pytest.approx(80, abs=5), "five samples, then 60 s"
    assert counted(rule, [(120.0 + s, 8) for s in range(0, 300, 5)])[-1] is CrowdState.ALARM
    calm = counted(rule, [(420.0 + s, 5) for s in range(0, 200, 5)])
    assert calm.index(CrowdState.NORMAL) * 5 == pytest.approx(135, abs=10)


def test_one_wild_count_moves_nothing_and_a_gap_begins_anew() -> None:
    rule = CrowdRule(CROWD, 5.0)
    assert set(counted(rule, [(s, 40 if s == 50 else 3) for s in range(0, 200, 5)])) == {
        CrowdState.NORMAL
    }
    rule = CrowdRule(CROWD, 5.0)
    broken = [(float(s), 12) for s in (*range(0, 60, 5), *range(200, 255, 5))]
    assert CrowdState.ALARM not in counted(rule, broken)
    assert rule.observe(START + timedelta(seconds=400), 12).count.median is None


def test_thresholds_by_hour_and_by_density() -> None:
    zone = replace(CROWD, bands=(CrowdBand("22:00", "06:00", 4.0),))
    noon, night = START.replace(hour=4), START.replace(hour=15)  # 12:00 and 23:00 in the city
    assert threshold_at(zone, noon) == 10.0
    assert threshold_at(zone, night) == 4.0
    assert threshold_at(replace(zone, density_threshold=0.05), noon) == 5.0
    assert threshold_at(replace(zone, threshold=None), noon) is None
