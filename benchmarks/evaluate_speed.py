"""Processor time: a look against the bare network, and the plate pipeline of one vehicle."""

from __future__ import annotations

import time
from statistics import median

from benchmarks.evaluate_rows import Context, Row, at_most
from benchmarks.looks import FRAMES, ROUNDS, measure
from benchmarks.material import ROOT
from vision.picture import load_picture
from vision.plates import default_reader

_VEHICLES = ("car_rear.jpg", "truck_rear.jpg")
_READS = 20


def speed(_: Context) -> list[Row]:
    """Ratios within one run hold on a busy machine; the milliseconds are this machine's."""
    found = measure()
    looks = ROUNDS * FRAMES
    rows: list[Row] = []
    for name, what in (("detector", "the detector alone"), ("look", "the whole look")):
        share = 1 / found[f"ratio_{name}_to_bare_same_input"]["cpu"]
        rows.append(
            Row("processor time over the bare OpenVINO network", what, share, "ratio", looks,
                "frames", "measured", **at_most(share, 1.1))
        )  # fmt: skip
    return [*rows, _plates()]


def _plates() -> Row:
    """Locating, flattening and reading the plate of one vehicle, on one thread."""
    reader = default_reader()
    folder = ROOT / "tests" / "vision" / "plates"
    pictures = [load_picture(folder / name) for name in _VEHICLES]
    spent: list[float] = []
    for picture in pictures * (_READS + 1):
        begun = time.process_time()
        reader.read(picture, (0.0, 0.0, 1.0, 1.0))
        spent.append((time.process_time() - begun) * 1000)
    middle = median(spent[len(pictures) :])
    return Row("plate of one vehicle, located and read", "processor time", middle, "ms",
               len(spent) - len(pictures), "looks", "measured", **at_most(middle, 60))  # fmt: skip
