"""python -m benchmarks.plates [--out FILE] [--only SET] [--misses] [--all] [--rendered N]

Reads the labelled plates under QIFEN_DATA and prints, per set, colour and condition, a table and
then JSON. The number that matters is `wrong_accepted`: a text message to a stranger. By default
only pictures that training never saw are counted (`vision.train.split`); `--all`
counts the others too. Cropped plates are read as crops; whole photographs go the way of `qifen
look`, detector and locator included, and only the labelled plate counts as found. Facades and
street pictures without a legible plate count false plates. `--rendered` reads N plates drawn and
spoilt with a seed of their own: what rests on renders is called so.
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

import cv2
import numpy as np

from benchmarks.material import data_dir
from vision.detect import load_detector
from vision.picture import load_picture, look_at_picture
from vision.plates import PlateReader, default_reader
from vision.plates.network import cut
from vision.plates.reader import NetworkPlateReader
from vision.train.plates.real import real_plates, truth_of
from vision.train.plates.shards import BLUR_AT, NIGHT_AT, TILT_AT, WIDTH_AT, sample, text_of
from vision.train.split import CROPS, PHOTOS, may_train
from vision.types import Detector, Image, PlateReading

NO_PLATES = ("posters/facades", "crowd")
SETS = (*CROPS, *PHOTOS, *NO_PLATES)
RENDERED = "rendered"
_SEED = 4711
_DARK, _SOFT, _NARROW, _TILTED = 55.0, 0.25, 80.0, 20.0
"""Mean grey below which a plate is called dark; sharpness (see `_sharpness`) below which it is
called blurred; pixels of width; degrees."""


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
                plates.setdefault(row["file"], []).append(truth_of(row["plate"]))
    for name, texts in plates.items():
        yield folder / name, texts


def measure_set(
    name: str,
    data: Path,
    detector: Detector,
    reader: PlateReader,
    *,
    every: int = 1,
    unseen: bool = True,
) -> Score:
    """Reads every n-th picture of one set; `data` is the folder QIFEN_DATA.

    `unseen`: only the pictures that training never saw.
    """
    score = Score()
    timed = TimedReader(reader, score)
    if name in NO_PLATES:
        for path in sorted((data / name).glob("*.jpg"))[::every]:
            score.add(path.name, [], timed.read(load_picture(path)))
        return score
    pictures = [
        (path, truths)
        for path, truths in labels(data / "plates" / name)
        if not (unseen and may_train(name, path.name))
    ]
    for path, truths in pictures[::every]:
        if name in CROPS:
            score.add(path.name, truths, [timed.read_crop(load_picture(path, smallest=8))])
        else:
            report = look_at_picture(path, detector, timed)
            score.add(path.name, truths, [plate.reading for plate in report.plates])
    return score


def measure_plates(data: Path, reader: PlateReader, *, unseen: bool = True) -> dict[str, Score]:
    """Single plates by colour and condition, each cut out where its label says it is.

    A plate counts for its colour and for every condition it is in; `single` counts all.
    """
    scores: dict[str, Score] = {}
    for plate in real_plates(data):
        if unseen and plate.trained_on:
            continue
        grown = cut(plate.picture, plate.quad, grow_x=0.0, grow_y=0.0)
        crop = plate.picture if plate.source in CROPS else _around(plate.picture, plate.quad)
        groups = ["single", str(plate.colour)]
        groups += ["two lines"] if plate.two_lines else []
        groups += ["dark"] if float(grown.mean()) < _DARK else []
        groups += ["blurred"] if _sharpness(grown) < _SOFT else []
        groups += ["tilt over 20"] if abs(plate.tilt_degrees) > _TILTED else []
        groups += ["under 80 px"] if plate.width < _NARROW else []
        reading = reader.read_crop(crop)
        for group in groups:
            scores.setdefault(group, Score()).add(plate.name, [plate.text], [reading])
    return scores


def _around(picture: Image, quad: Any) -> Image:
    """The plate of a photograph laid flat with a narrow margin, at its own size."""
    low, high = quad.min(axis=0), quad.max(axis=0)
    width, height = max(96, int(high[0] - low[0])), max(30, int(high[1] - low[1]))
    grown = quad + (quad - quad.mean(axis=0)) * np.array([0.06, 0.12], np.float32)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(grown.astype(np.float32), target)
    flat = cv2.warpPerspective(picture, matrix, (width, height), flags=cv2.INTER_CUBIC)
    return np.asarray(flat, np.uint8)


def _sharpness(plate: Image) -> float:
    """Spread of the Laplacian beside the spread of the grey: small where edges are soft."""
    grey = np.asarray(cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY), np.float32)
    return float(cv2.Laplacian(grey, cv2.CV_32F).std() / max(1.0, float(grey.std())))


def measure_rendered(count: int, reader: NetworkPlateReader) -> dict[str, Score]:
    """Rendered and spoilt plates by condition, and what must not be read (`no plate`).

    They are spoilt as the locator hands them on, so they are read as what it has laid flat.
    """
    scores: dict[str, Score] = {}
    rng = np.random.default_rng(_SEED)
    for number in range(count):
        picture, row = sample(rng, [])
        text = text_of(row[:8])
        groups = [RENDERED] if text else ["no plate"]
        if groups == [RENDERED]:
            groups += ["night"] if row[NIGHT_AT] else []
            groups += ["blur"] if row[BLUR_AT] > 0.5 else []
            groups += ["under 80 px"] if row[WIDTH_AT] < _NARROW else []
            groups += ["tilt left over 8"] if abs(row[TILT_AT]) > 8 else []
        reading = reader.read_located(picture)
        truths = [text] if RENDERED in groups else []
        for group in groups:
            name = group if group in (RENDERED, "no plate") else f"{RENDERED}, {group}"
            scores.setdefault(name, Score()).add(str(number), truths, [reading])
    return scores


def measure(
    only: list[str] | None = None, *, unseen: bool = True, rendered: int = 0
) -> dict[str, Score]:
    """Scores by set, then by colour and condition.

    Raises FileNotFoundError where there is no data.
    """
    data = data_dir()
    if data is None:
        raise FileNotFoundError("no labelled plates: set QIFEN_DATA to the folder of real data")
    detector, reader = load_detector(), default_reader()
    reader.read_crop(load_picture(next((data / "plates").rglob("*.jpg")), smallest=8))  # warm up
    found = {
        name: measure_set(name, data, detector, reader, unseen=unseen) for name in only or SETS
    }
    if only is None:
        found |= measure_plates(data, reader, unseen=unseen)
    return found | measure_rendered(rendered, reader)


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
    parser.add_argument("--all", action="store_true", help="also what training saw")
    parser.add_argument("--rendered", type=int, default=0, help="so many rendered plates besides")
    chosen = parser.parse_args()
    found = measure(chosen.only, unseen=not chosen.all, rendered=chosen.rendered)
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
