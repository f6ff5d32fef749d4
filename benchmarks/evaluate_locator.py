"""The plate locator's rows: unseen photographs, drawn plates by condition, what is no plate."""

from __future__ import annotations

import time

from benchmarks.evaluate_rows import Context, Data, Row, at_least, at_most
from benchmarks.material import ROOT
from vision.detect import load_detector
from vision.picture import load_picture
from vision.plates import default_reader
from vision.plates.locator import shared_locator
from vision.train.locator.evaluate import (
    Score,
    end_to_end,
    false_plates,
    on_drawn,
    on_photographs,
)

DRAWN = ROOT / "tests" / "vision" / "plates"
_DRAWN = 1500
_LOOKS = 40
_CONDITIONS = (
    *("all", "blue", "green", "yellow", "white", "black", "two_lines"),
    *("night", "blur", "tilt_over_20", "under_80_px", "from_80_px"),
)


def locator(context: Context) -> list[Row]:
    """Recall, corners, false plates, end to end, time. Raises NoMaterial."""
    data = context.need()
    finder, detector = shared_locator(), load_detector()
    rows = _rows("plates found, photographs", "real", on_photographs(data, finder, detector))
    drawn = on_drawn(data, finder, count=context.some(_DRAWN))
    rows += _rows("plates found, drawn", "rendered", drawn)
    false = false_plates(data, finder, detector)
    pictures, found = (sum(column) for column in zip(*false.values(), strict=True))
    rows.append(
        Row(
            "false plates",
            "signs, texts, vehicles without a plate",
            found / max(1, pictures),
            "ratio",
            pictures,
            "pictures",
            "real",
            note=f"{found} in all",
        )
    )
    read = end_to_end(data, detector, default_reader(), every=10 if context.quick else 1)
    share = read.exact / max(1, read.photographs)
    rows.append(
        Row(
            "plate read right, photographs",
            "unseen by locator and reader",
            share,
            "share",
            read.photographs,
            "photographs",
            "real",
            **at_least(share, 0.90),
            note=f"{read.accepted} accepted, {read.wrong_accepted} of them wrong",
        )
    )
    for name in ("night", "blur", "tilt_over_20", "under_80_px"):
        pictures, exact = read.by_condition.get(name, (0, 0))
        rows.append(
            Row(
                "plate read right, photographs",
                name.replace("_", " "),
                exact / pictures if pictures else None,
                "share",
                pictures,
                "photographs",
                "real",
            )
        )
    rows.append(_time())
    return rows


def _rows(what: str, data: Data, scores: dict[str, Score]) -> list[Row]:
    rows: list[Row] = []
    for name in _CONDITIONS:
        score = scores.get(name)
        if score is None:
            continue
        told = score.as_json()
        note = f"{told['recall_iou_70']} at 0.7"
        if told["corner_error_share_of_width"] is not None:
            note += f", corners off by {told['corner_error_share_of_width']} of the width"
        rows.append(
            Row(
                what,
                f"{name.replace('_', ' ')}, IoU 0.5",
                told["recall_iou_50"],
                "share",
                score.plates,
                "plates",
                data,
                note=note,
            )
        )
    return rows


def _time() -> Row:
    """Processor time of one search of a vehicle's crop, with one plate in it."""
    picture = load_picture(DRAWN / "car_rear.jpg")
    finder = shared_locator()
    finder.find(picture)
    begin = time.process_time()
    for _ in range(_LOOKS):
        finder.find(picture)
    spent = (time.process_time() - begin) / _LOOKS * 1000
    return Row(
        "locating, one vehicle",
        "one thread",
        spent,
        "ms",
        _LOOKS,
        "looks",
        "measured",
        **at_most(spent, 12),
    )
