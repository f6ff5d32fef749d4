"""The plate reader as rows: labelled plates that training never saw, by colour and condition."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.evaluate_rows import Context, Data, Row, at_least, at_most
from benchmarks.plates import RENDERED, Score, measure_plates, measure_rendered
from vision.plates import default_reader

_WANTED = {"blue": 0.97, "yellow": 0.95, "green": 0.95}
_MOST_WRONG = 0.001
_RENDERED = 2000


def plates(context: Context) -> list[Row]:
    """Single plates, cut out where their label says; then rendered ones, said to be such."""
    data, reader = context.need(), default_reader()
    real = measure_plates(data, reader)
    drawn = measure_rendered(context.some(_RENDERED), reader)
    none = drawn.pop("no plate", None)
    rows = [*_read(real, "real"), *_accepted(real, "single", "all unseen", "real")]
    rows += [*_read(drawn, "rendered"), *_accepted(drawn, RENDERED, "all", "rendered")]
    if none is not None:
        rows.append(
            Row("plates read where there is none", "what looks like plates", none.wrong, "count",
                none.pictures, "pictures", "rendered", note=f"{none.wrong_accepted} accepted")
        )  # fmt: skip
    return rows


def _read(scores: Mapping[str, Score], data: Data) -> list[Row]:
    """Whole plates read right, a row a colour and condition."""
    rows: list[Row] = []
    for name, score in scores.items():
        share = score.text_right / score.pictures
        condition = name.removeprefix(f"{RENDERED}, ")
        condition = "all" if condition in ("single", RENDERED) else condition
        wanted = _WANTED.get(condition) if data == "real" else None
        rows.append(
            Row("whole plate read right", condition, share, "share", score.pictures, "plates",
                data, note=f"{score.wrong} wrong, {score.unreadable} unreadable",
                **({} if wanted is None else at_least(share, wanted)))
        )  # fmt: skip
    return rows


def _accepted(scores: Mapping[str, Score], name: str, condition: str, data: Data) -> list[Row]:
    """Sure enough for a text message: how many of them wrong, and how many there are at all."""
    score = scores[name]
    sure = score.accepted + score.wrong_accepted
    share = score.wrong_accepted / sure if sure else None
    return [
        Row("wrong among those sure enough for a text", condition, share, "share", sure,
            "accepted plates", data, note=f"{score.wrong_accepted} wrong",
            **at_most(share, _MOST_WRONG)),
        Row("sure enough for a text", condition, sure / score.pictures, "share", score.pictures,
            "plates", data),
    ]  # fmt: skip
