"""The plate reader as rows: labelled plates that training never saw, by colour and condition."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from benchmarks.evaluate_rows import Context, Data, Row, at_least, at_most
from benchmarks.material import ROOT
from benchmarks.plates import RENDERED, Score, measure_plates, measure_rendered
from benchmarks.plates_scenes import measure_scenes
from vision.picture import load_picture
from vision.plates import PlateReader, default_reader
from vision.types import Box

_WANTED = {"blue": 0.97, "yellow": 0.95, "green": 0.95}
_MOST_WRONG, _MOST_MS = 0.001, 60
DRAWN: Final = ROOT / "tests" / "vision" / "plates"
_WHOLE: Final[Box] = (0.0, 0.0, 1.0, 1.0)
_LOOKS = 40
_RENDERED = 20_000
_SCENES = 1500
_APART = ("two lines", "dark", "blurred", "tilt over 20", "under 80 px")
"""Conditions of real plates that have a row even where no such plate is in the material."""


def plates(context: Context) -> list[Row]:
    """Single plates, cut out where their label says; then rendered ones, said to be such."""
    data, reader = context.need(), default_reader()
    real = {name: Score() for name in ("single", *_WANTED, *_APART)}
    real |= measure_plates(data, reader)
    drawn = measure_rendered(context.some(_RENDERED), reader)
    none = drawn.pop("no plate", None)
    rows = [*_read(real, "real"), *_accepted(real, "single", "all unseen", "real")]
    rows += [*_read(drawn, "rendered"), *_accepted(drawn, RENDERED, "all", "rendered")]
    if none is not None:
        rows.append(
            Row("plates read where there is none", "what looks like plates", none.wrong, "count",
                none.pictures, "pictures", "rendered", note=f"{none.wrong_accepted} accepted")
        )  # fmt: skip
    scenes = measure_scenes(data, reader, count=context.some(_SCENES))
    for name, score in scenes.items():
        share = score.text_right / score.pictures if score.pictures else None
        rows.append(
            Row("plate found and read right, drawn into streets", name, share, "share",
                score.pictures, "plates", "composite",
                note=f"{score.wrong} wrong; {score.accepted + score.wrong_accepted} accepted, "
                f"{score.wrong_accepted} of them wrong")
        )  # fmt: skip
    rows.append(_time(reader))
    return rows


def _time(reader: PlateReader) -> Row:
    """Processor time of one vehicle with one plate: located, laid flat, read by both networks."""
    picture = load_picture(DRAWN / "car_rear.jpg")
    reader.read(picture, _WHOLE)
    begin = time.process_time()
    for _ in range(_LOOKS):
        reader.read(picture, _WHOLE)
    spent = (time.process_time() - begin) / _LOOKS * 1000
    return Row("plate found and read, one vehicle", "one thread", spent, "ms", _LOOKS, "looks",
               "measured", **at_most(spent, _MOST_MS))  # fmt: skip


def _read(scores: Mapping[str, Score], data: Data) -> list[Row]:
    """Whole plates read right, a row a colour and condition."""
    rows: list[Row] = []
    for name, score in scores.items():
        share = score.text_right / score.pictures if score.pictures else None
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
