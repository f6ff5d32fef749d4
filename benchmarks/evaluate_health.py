"""The camera's own health as rows: what is found within a minute, and what is taken for one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from benchmarks.evaluate_rows import Context, Row, at_least
from benchmarks.health import WITHIN_SECONDS, measure

_QUICK = ("demo_day",)


def health(context: Context) -> list[Row]:
    """Every made sickness on every clip, and streets that are well in all weathers."""
    found = measure(_QUICK if context.quick else (), lambda _: None)
    summary = cast("Mapping[str, Any]", found["summary"])
    return rows_of(summary, len(cast("list[str]", found["clips"])))


def rows_of(summary: Mapping[str, Any], played: int) -> list[Row]:
    """One row a sickness, one a weather; the clips are real and rendered, the trouble is made."""
    rows: list[Row] = []
    for name, told in summary["sicknesses"].items():
        trials, seen = int(told["trials"]), int(told["found"])
        share = seen / trials if trials else None
        worst = told["worst_seconds"]
        note = f"{told['rightly_named']} rightly named"
        note += "" if worst is None else f", at the latest after {worst} s"
        rows.append(
            Row(f"sick camera found within {WITHIN_SECONDS} s", name, share, "share", trials,
                "clips", "composite", note=note, **at_least(share, 1.0))
        )  # fmt: skip
    for name, told in summary["streets"].items():
        false, looks = int(told["false_looks"]), int(told["looks"])
        share = false / looks if looks else None
        rows.append(
            Row("looks at a well camera that are doubted", name, share, "share", looks,
                f"looks on {played} clips", "composite", note=f"{false} looks")
        )  # fmt: skip
    return rows
