"""python -m benchmarks.plates [--out FILE] [--only SET] [--misses]

Reads the labelled plates under QIFEN_DATA and prints, per set, a table and then JSON. The number
that matters is `wrong_accepted`: a text message to a stranger. Cropped plates are read as crops;
whole photographs go the way of `qifen look`, detector and locator included, and only the labelled
plate counts as found. Facades and street pictures without a legible plate count false plates.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.material import data_dir
from vision.detect import load_detector
from vision.picture import load_picture, look_at_picture
from vision.plates import PlateReader, default_reader, normalize
from vision.types import Detector, PlateReading

CROPS = ("crops_lprnet", "crops_synth_zhengyuwei", "crops_hyperlpr")
PHOTOS = ("full_easypr", "full_ccpd")
NO_PLATES = ("posters/facades", "crowd")
SETS = (*CROPS, *PHOTOS, *NO_PLATES)


@dataclass
class Score:
    """Counts of one set of pictures."""

    pictures: int = 0
    text_right: int = 0
    province_only_wrong: int = 0
    unreadable: int = 0
    wrong: int = 0
    accepted: int = 0
    wrong_accepted: int = 0
    reader_seconds: float = 0.0
    reader_calls: int = 0
    misses: list[str] = field(default_factory=list[str])

    def add(self, name: str, truths: list[str], readings: list[PlateReading]) -> None:
        """One picture: what it says (none: no plate in it), and what was read."""
        self.pictures += 1
        texts = [r.text for r in readings if r.text]
        self.text_right += any(t in texts for t in truths[:1])
        self.unreadable += not texts
        false = [t for t in texts if t not in truths]
        self.wrong += len(false)
        self.province_only_wrong += any(t[1:] == truth[1:] for t in false for truth in truths)
        self.accepted += any(r.accepted and r.text in truths for r in readings)
        bad = [r.text for r in readings if r.accepted and r.text not in truths]
        self.wrong_accepted += len(bad)
        if false or not any(t in texts for t in truths[:1]):
            best = ["".join(c.best for c in r.characters) for r in readings]
            self.misses.append(f"{name}: {truths} read {texts} best {best}")

    def as_json(self) -> dict[str, Any]:
        calls = max(1, self.reader_calls)
        return {
            "pictures": self.pictures,
            "text_right": self.text_right,
            "wrong_text": self.wrong,
            "province_only_wrong": self.province_only_wrong,
            "unreadable": self.unreadable,
            "accepted": self.accepted,
            "wrong_accepted": self.wrong_accepted,
            "reader_cpu_ms": round(self.reader_seconds / calls * 1000, 1),
        }


@dataclass
class TimedReader:
    """The reader, with the processor time of each call counted."""

    reader: PlateReader
    score: Score

    def read(self, image: Any, vehicle_box: Any = None) -> list[PlateReading]:
        begin = time.process_time()
        found = self.reader.read(image, vehicle_box)
        if vehicle_box is not None:  # whole pictures are no part of the pipeline's budget
            self.score.reader_seconds += time.process_time() - begin
            self.score.reader_calls += 1
        return found

    def read_crop(self, image: Any) -> PlateReading:
        begin = time.process_time()
        found = self.reader.read_crop(image)
        self.score.reader_seconds += time.process_time() - begin
        self.score.reader_calls += 1
        return found


def labels(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    """Every picture with its plates, the primary one first."""
    plates: dict[str, list[str]] = {}
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["plate"] != "plate":  # a heading inside one of the files
                plates.setdefault(row["file"], []).append(_truth(row["plate"]))
    for name, texts in plates.items():
        yield folder / name, texts


def _truth(label: str) -> str:
    """The labels write the retired issuing letter O of two plates as a zero."""
    text = normalize(label)
    return f"{text[0]}O{text[2:]}" if text[1:2] == "0" else text


def measure_set(
    name: str, data: Path, detector: Detector, reader: PlateReader, *, every: int = 1
) -> Score:
    """Reads every n-th picture of one set; `data` is the folder QIFEN_DATA."""
    score = Score()
    timed = TimedReader(reader, score)
    if name in NO_PLATES:
        for path in sorted((data / name).glob("*.jpg"))[::every]:
            score.add(path.name, [], timed.read(load_picture(path)))
        return score
    for path, truths in list(labels(data / "plates" / name))[::every]:
        if name in CROPS:
            score.add(path.name, truths, [timed.read_crop(load_picture(path, smallest=8))])
        else:
            report = look_at_picture(path, detector, timed)
            score.add(path.name, truths, [plate.reading for plate in report.plates])
    return score


def measure(only: list[str] | None = None) -> dict[str, Score]:
    """Scores by set. Raises FileNotFoundError where there is no data."""
    data = data_dir()
    if data is None:
        raise FileNotFoundError("no labelled plates: set QIFEN_DATA to the folder of real data")
    detector, reader = load_detector(), default_reader()
    reader.read_crop(load_picture(next((data / "plates").rglob("*.jpg")), smallest=8))  # warm up
    return {name: measure_set(name, data, detector, reader) for name in only or SETS}


def _table(scores: dict[str, dict[str, Any]]) -> str:
    columns = list(next(iter(scores.values())))
    lines = ["| set | " + " | ".join(columns) + " |", "|" + "---|" * (len(columns) + 1)]
    lines += [
        f"| {n} | " + " | ".join(str(s[c]) for c in columns) + " |" for n, s in scores.items()
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Plate reading on labelled pictures")
    parser.add_argument("--out", type=Path, help="write the JSON here instead of printing it")
    parser.add_argument("--only", choices=SETS, action="append", help="only this set")
    parser.add_argument("--misses", action="store_true", help="name every picture not read right")
    chosen = parser.parse_args()
    found = measure(chosen.only)
    scores = {name: score.as_json() for name, score in found.items()}
    print(_table(scores), file=sys.stderr)
    if chosen.misses:
        for name, score in found.items():
            print(f"\n{name}", *score.misses, sep="\n  ", file=sys.stderr)
    text = json.dumps(scores, indent=2, ensure_ascii=False)
    if chosen.out is None:
        print(text)
    else:
        chosen.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
