"""The tables of results: as measured, of the weights that are shipped, shown as they were kept."""

from __future__ import annotations

import importlib

import pytest

from benchmarks.evaluate import BEGIN, END, PARTS, README, digests, load_results, render
from benchmarks.evaluate_rows import Row, as_json, at_least, at_most, table
from models.zone import FIRST_PHASE, ZoneKind, ZonePhase


def test_the_readme_shows_what_was_measured() -> None:
    shown = README.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()
    assert shown == render(load_results()), "run: python -m benchmarks.evaluate --table"


def test_figures_are_those_of_the_weights_that_are_shipped() -> None:
    """A part without figures says so in the README; one with stale figures must not stand."""
    for name, kept in load_results().items():
        assert kept["weights"] == digests(PARTS[name][2]), f"run: make evaluate ONLY={name}"


@pytest.mark.parametrize("name", PARTS)
def test_every_part_can_be_measured(name: str) -> None:
    module, function = PARTS[name][0].split(":")
    assert callable(getattr(importlib.import_module(f"benchmarks.{module}"), function))


@pytest.mark.parametrize(
    ("kind", "part", "words"),
    [
        (ZoneKind.HANGING, "street", "hanging"),
        (ZoneKind.POSTER, "street", "advert"),
        (ZoneKind.POSTER, "adverts", ""),
        (ZoneKind.CROWD, "crowd", ""),
    ],
)
def test_what_misses_its_aim_begins_in_shadow(kind: ZoneKind, part: str, words: str) -> None:
    """The product says itself which of its eyes are weak: their zones only count at first."""
    rows = [r for r in load_results().get(part, {"rows": []})["rows"] if words in r["what"]]
    if any(row.get("held") is False for row in rows):
        assert FIRST_PHASE[kind] is ZonePhase.SHADOW


def test_a_row_says_what_it_rests_on_and_whether_its_aim_is_held() -> None:
    rows = [
        Row("buses", "night", 0.94, "share", 1200, "pictures", "real", **at_least(0.94, 0.95)),
        Row("buses", "day", None, "share", 0, "pictures", "real", **at_least(None, 0.95)),
        Row("alarms", "clean", 1, "count", 200, "pictures", "composite", note="at 0.4",
            **at_most(1, 1)),
        Row("a look", "one thread", 31.25, "ms", 40, "looks", "measured"),
    ]  # fmt: skip
    assert table(as_json(rows)).splitlines()[2:] == [
        "| buses | night | 94.0% | ≥ 0.95 ✗ | 1,200 pictures | real |",
        "| ″ | day | – | ≥ 0.95 | 0 pictures | real |",
        "| alarms | clean | 1 (at 0.4) | ≤ 1 ✓ | 200 pictures | composite |",
        "| a look | one thread | 31.2 ms |  | 40 looks | measured |",
    ]
