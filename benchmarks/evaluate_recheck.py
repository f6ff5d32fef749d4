"""The second look on the scripted scenes, as rows: what must never be said, what stays open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from benchmarks.evaluate_rows import Context, Row, at_least, at_most
from benchmarks.recheck import FORBIDDEN, SceneResult, Suite, by_condition, unclear_share
from samples.recheck.scenes import Truth, all_scenes
from vision.types import WatchAnswer

_MOST_UNCLEAR = 0.10
_LEAST_SCENES = 60


def recheck(context: Context) -> list[Row]:
    """Every scene at one look a second; conditions apart."""
    scenes = list(all_scenes())
    suite = Suite()
    step = 10 if context.quick else 1
    results = [suite.run(scene) for scene in scenes[::step]]
    return rows_of(results)


def rows_of(results: Sequence[SceneResult]) -> list[Row]:
    """Violations of both kinds, doubt in clear daylight, and the violations of each condition."""
    gone = _said(results, frozenset({Truth.GONE, Truth.REPLACED}))
    stayed = _said(results, frozenset({Truth.STANDS}))
    present = gone[WatchAnswer.PRESENT]
    absent = stayed[WatchAnswer.ABSENT]
    share = unclear_share(results)
    clear = [each for each in by_condition(results) if each.condition == "clear day"]
    rows = [
        Row("scripted scenes", "all", len(results), "count", len(results), "scenes", "rendered",
            **at_least(len(results), _LEAST_SCENES)),
        Row("`present` of a car that left or was replaced", "all", present, "count",
            sum(gone.values()), "looks", "rendered", **at_most(present, 0)),
        Row("`absent` of a car that stayed", "all", absent, "count",
            sum(stayed.values()), "looks", "rendered", **at_most(absent, 0)),
        Row("`unclear`", "clear daylight", share, "share",
            sum(each.looks for each in clear), "looks", "rendered",
            **at_most(share, _MOST_UNCLEAR)),
    ]  # fmt: skip
    for each in by_condition(results):
        doubt = each.unclear / each.looks if each.looks else None
        rows.append(
            Row("answers that contradict the truth", each.condition, each.violations, "count",
                each.looks, f"looks in {each.scenes} scenes", "rendered",
                note="" if doubt is None else f"{doubt:.0%} unclear", **at_most(each.violations, 0))
        )  # fmt: skip
    return rows


def _said(results: Sequence[SceneResult], truths: frozenset[Truth]) -> Counter[WatchAnswer]:
    """Answers while one of `truths` held; what no eyes can know yet is not counted as wrong."""
    return Counter(
        each.answer
        for result in results
        for each in result.said
        if each.truth in truths and (each.wrong or each.answer not in FORBIDDEN[each.truth])
    )
