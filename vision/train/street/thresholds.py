"""At which score the branch's classes are believed, chosen on pictures kept out of training."""

from __future__ import annotations

import math
from collections.abc import Mapping

from vision.evaluate import Labelled, best_f1, rank

_CAREFUL = 0.99
"""Share of the hanging things found that must be real: a false alarm sends somebody out."""
_LOWEST, _HIGHEST, _STEP = 0.25, 0.75, 0.05


def choose_thresholds(found: Mapping[str, list[Labelled]]) -> dict[str, float]:
    """Working thresholds by class: hanging where nearly all are real, advert at the best F1.

    Adverts are compared with a baseline of approved ones afterwards, so both kinds of error cost
    the same there. In steps of 0.05, upwards for hanging.
    """
    chosen: dict[str, float] = {}
    for kind, pictures in found.items():
        ranked = rank(pictures, kind)
        threshold = best_f1(ranked).threshold
        steps = round(threshold / _STEP)
        if kind == "hanging":
            careful = _precise_from(ranked.confidences.tolist(), ranked.right.tolist())
            steps = math.ceil(max(threshold, careful) / _STEP)
        chosen[kind] = round(min(max(steps * _STEP, _LOWEST), _HIGHEST), 2)
    return chosen


def _precise_from(confidences: list[float], right: list[bool]) -> float:
    """The lowest score from which on upwards `_CAREFUL` of all findings are right."""
    lowest, good = 1.0, 0
    for count, (confidence, real) in enumerate(zip(confidences, right, strict=True), start=1):
        good += real
        if good >= _CAREFUL * count:
            lowest = confidence
    return lowest
