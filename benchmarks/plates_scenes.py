"""Drawn plates found and read in composed street pictures, by condition.

Pictures are those of `vision.train.locator.compose` over streets and photographs that no training
saw, each 256 x 192 pixels: a plate that is 120 pixels wide fills half of one. What is read goes the
way of a vehicle in the product: located, laid flat, read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from benchmarks.plates import Score
from vision.plates import PlateReader
from vision.plates.locate_grid import upper_width
from vision.train.locator.compose import HEIGHT, WIDTH, Composer, Marked
from vision.train.locator.evaluate import NARROW, TILTED, slant_degrees
from vision.train.locator.sources import load_sources
from vision.train.locator.weather import Conditions
from vision.types import PlateReading

CONDITIONS: Final = ("all", "night", "blur", "tilt over 20", "under 80 px", "from 80 px")
_SEED: Final = 4711


def measure_scenes(data: Path, reader: PlateReader, *, count: int) -> dict[str, Score]:
    """Scores by condition of the drawn plates in `count` pictures; `data` is QIFEN_DATA.

    A text counts for the plate that its box lies on; a photograph's own plates are left out.
    """
    composer = Composer(load_sources(data, unseen=True), seed=_SEED, plates=600)
    scores: dict[str, Score] = {name: Score() for name in CONDITIONS}
    for number in range(count):
        sample = composer.sample(number)
        drawn = [plate for plate in sample.plates if plate.counted and plate.text]
        if not drawn:
            continue
        readings = reader.read(sample.picture, (0.0, 0.0, 1.0, 1.0))
        for plate in drawn:
            its = [reading for reading in readings if _lies_on(reading, plate)]
            for name in _conditions(plate, sample.conditions):
                scores[name].add(str(number), [plate.text], its)
    return scores


def _lies_on(reading: PlateReading, plate: Marked) -> bool:
    x1, y1, x2, y2 = reading.box
    x, y = (x1 + x2) / 2 * WIDTH, (y1 + y2) / 2 * HEIGHT
    low, high = plate.quad.min(axis=0), plate.quad.max(axis=0)
    return bool(low[0] <= x <= high[0] and low[1] <= y <= high[1])


def _conditions(plate: Marked, seen: Conditions) -> list[str]:
    """Names of CONDITIONS; night and blur as the locator's table has them."""
    names = ["all", "under 80 px" if upper_width(plate.quad) < NARROW else "from 80 px"]
    names += ["night"] if seen.light < 0.5 else []
    names += ["blur"] if max(seen.blur_pixels, seen.motion_pixels / 3) > 1.2 else []
    names += ["tilt over 20"] if slant_degrees(plate.quad) > TILTED else []
    return names
