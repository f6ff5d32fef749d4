"""The labelled photographs: corners of every plate, and which photographs training never sees.

Reads `plates/full_easypr` (boxes: centre, sides, rotation) and `plates/full_ccpd` (vertices) of
QIFEN_DATA. The split is `vision.train.split`'s, the same for the reader and the locator.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vision.errors import BadWeights
from vision.plates.rectify import Quad
from vision.train.split import PHOTOS, may_train


@dataclass(frozen=True, slots=True)
class LabelledPlate:
    """One plate of a photograph."""

    text: str
    colour: str
    quad: Quad
    """Corners in pixels; of EasyPR's rotated boxes, so up to a few pixels off in perspective."""
    rotation_degrees: float
    """Tilt of the upper edge against the horizon, 0..90."""

    @property
    def width(self) -> float:
        """Mean length of the upper and lower edge in pixels."""
        return (
            float(
                np.linalg.norm(self.quad[1] - self.quad[0])
                + np.linalg.norm(self.quad[2] - self.quad[3])
            )
            / 2
        )


@dataclass(frozen=True, slots=True)
class Photograph:
    """A picture with the plates labelled in it, the main one first."""

    path: Path
    source: str
    plates: tuple[LabelledPlate, ...]


def photographs(data: Path, *, unseen: bool | None = None) -> list[Photograph]:
    """The labelled photographs under `data` (QIFEN_DATA), in order of name.

    `unseen` chooses a half; None gives all. Raises BadWeights where labels are missing.
    """
    found: list[Photograph] = []
    for source in PHOTOS:
        folder = data / "plates" / source
        if not (folder / "labels.csv").is_file():
            raise missing(f"plates/{source}/labels.csv")
        plates: dict[str, list[LabelledPlate]] = {}
        for name, plate in _rows(folder / "labels.csv"):
            plates.setdefault(name, []).append(plate)
        found += [
            Photograph(folder / name, source, tuple(its))
            for name, its in sorted(plates.items())
            if unseen is None or may_train(source, name) is not unseen
        ]
    return found


def missing(what: str) -> BadWeights:
    """The error for a folder or file that is not in the data set."""
    return BadWeights(
        f"the data set has no {what}",
        hint="set QIFEN_DATA to the folder that holds plates, train and posters",
        field="data",
    )


def _rows(file: Path) -> Iterator[tuple[str, LabelledPlate]]:
    with file.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["plate"] == "plate":  # a heading inside one of the files
                continue
            quad = _from_vertices(row) if "vertices_RB_LB_LT_RT" in row else _from_box(row)
            along = quad[1] - quad[0] + quad[2] - quad[3]
            tilt = abs(float(np.degrees(np.arctan2(along[1], along[0]))))
            yield row["file"], LabelledPlate(row["plate"], row["color"], quad, tilt)


def _from_vertices(row: dict[str, str]) -> Quad:
    points = [tuple(map(float, p.split(":"))) for p in row["vertices_RB_LB_LT_RT"].split("_")]
    return np.array([points[2], points[3], points[0], points[1]], np.float32)


def _from_box(row: dict[str, str]) -> Quad:
    """EasyPR's rotation runs over a quarter turn: beyond an eighth, w is the shorter side."""
    width, height, degrees = float(row["w"]), float(row["h"]), float(row["rotation"])
    if degrees < -45:
        width, height, degrees = height, width, degrees + 90
    angle = np.radians(degrees)
    along = np.array([np.cos(angle), np.sin(angle)]) * width / 2
    down = np.array([-np.sin(angle), np.cos(angle)]) * height / 2
    centre = np.array([float(row["cx"]), float(row["cy"])])
    corners = [centre - along - down, centre + along - down, centre + along + down]
    return np.array([*corners, centre - along + down], np.float32)
