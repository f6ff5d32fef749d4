"""Labelled real plates under QIFEN_DATA, and which of them training may see.

The split is `vision.train.split`'s, by source picture: the same for the reader and the locator.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.plates.grammar import normalize
from vision.plates.symbols import HEIGHT, WIDTH
from vision.train.split import CROPS, PHOTOS, may_train
from vision.types import Image, PlateColour


@dataclass(frozen=True, slots=True, eq=False)
class RealPlate:
    """One labelled plate: the picture around it and its corners in pixels of that picture."""

    source: str
    name: str
    text: str
    colour: PlateColour
    two_lines: bool
    picture: Image
    quad: NDArray[np.float32]
    tilt_degrees: float

    @property
    def trained_on(self) -> bool:
        return may_train(self.source, self.name)

    @property
    def width(self) -> float:
        """Pixels from the plate's left edge to its right one."""
        return float(np.linalg.norm(self.quad[1] - self.quad[0]))


def truth_of(label: str) -> str:
    """The labels write the retired issuing letter O of two plates as a zero."""
    text = normalize(label)
    return f"{text[0]}O{text[2:]}" if text[1:2] == "0" else text


def read_picture(path: Path) -> Image:
    """A picture whose name may hold Chinese. Raises FileNotFoundError where it is none."""
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise FileNotFoundError(f"{path.name} is not a picture")
    return np.asarray(picture, np.uint8)


def real_plates(data: Path) -> Iterator[RealPlate]:
    """Every labelled plate of the five sets; `data` is the folder QIFEN_DATA."""
    for source in (*CROPS, *PHOTOS):
        folder = data / "plates" / source
        with (folder / "labels.csv").open(encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["plate"] != "plate"]
        for row in rows:
            picture = read_picture(folder / row["file"])
            quad, tilt = _corners(row, picture)
            text = truth_of(row["plate"])
            colour = PlateColour(row.get("color") or "blue")
            width, height = np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[3] - quad[0])
            two_lines = colour is PlateColour.YELLOW and bool(width < 2.4 * height)
            yield RealPlate(source, row["file"], text, colour, two_lines, picture, quad, tilt)


def _corners(row: dict[str, str], picture: Image) -> tuple[NDArray[np.float32], float]:
    if vertices := row.get("vertices_RB_LB_LT_RT"):
        points = [[float(v) for v in p.split(":")] for p in vertices.split("_")]
        right_foot, left_foot, left_top, right_top = points
        quad = np.array([left_top, right_top, right_foot, left_foot], np.float32)
        along = quad[1] - quad[0]
        return quad, float(np.degrees(np.arctan2(along[1], along[0])))
    if row.get("cx"):
        return _rotated(row)
    height, width = picture.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32), 0.0


def _rotated(row: dict[str, str]) -> tuple[NDArray[np.float32], float]:
    """EasyPR writes OpenCV's rotated box: near -90 degrees its sides are swapped."""
    width, height, tilt = float(row["w"]), float(row["h"]), float(row["rotation"])
    if abs(tilt) > 45:
        width, height, tilt = height, width, tilt - float(np.copysign(90, tilt))
    angle = np.radians(tilt)
    along = np.array([np.cos(angle), np.sin(angle)]) * width / 2
    down = np.array([-np.sin(angle), np.cos(angle)]) * height / 2
    middle = np.array([float(row["cx"]), float(row["cy"])])
    quad = [
        middle - along - down,
        middle + along - down,
        middle + along + down,
        middle - along + down,
    ]
    return np.array(quad, np.float32), tilt


def view(plate: RealPlate, rng: np.random.Generator | None = None) -> Image:
    """HEIGHT x WIDTH x 3 of the plate: as a locator gives it, or varied by chance."""
    quad = plate.quad
    if plate.source in PHOTOS:  # boxes drawn by hand lie close to the paint
        quad = quad + (quad - quad.mean(0)) * np.array([0.06, 0.12], np.float32)
    if rng is not None:
        quad = _varied(quad, rng)
    target = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
    matrix = cv2.getPerspectiveTransform(np.asarray(quad, np.float32), target)
    picture = plate.picture
    seen = np.asarray(
        cv2.warpPerspective(
            picture, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        ),
        np.uint8,
    )
    return seen if rng is None else _relit(seen, rng)


def _varied(quad: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    along, down = quad[1] - quad[0], quad[3] - quad[0]
    middle = quad.mean(0)
    scale = 1 + rng.normal(0.02, [0.035, 0.07], 2)
    x = np.array([-0.5, 0.5, 0.5, -0.5]) * scale[0] + rng.normal(0, 0.015)
    y = np.array([-0.5, -0.5, 0.5, 0.5]) * scale[1] + rng.normal(0, 0.04)
    y, x = y + x * rng.normal(0, 0.12), x + y * rng.normal(0, 0.035)
    out = middle + x[:, None] * along + y[:, None] * down
    return np.asarray(out + rng.normal(0, 0.006, (4, 2)) * np.linalg.norm(along), np.float32)


def _relit(seen: Image, rng: np.random.Generator) -> Image:
    lit = (seen.astype(np.float32) / 255) ** rng.uniform(0.7, 1.5)
    lit *= np.exp(rng.normal(0, 0.12, 3)).astype(np.float32) * rng.uniform(0.5, 1.3)
    if rng.random() < 0.3:
        lit = lit * (contrast := rng.uniform(0.5, 1)) + rng.uniform(0, 1 - contrast)
    if rng.random() < 0.4:
        lit = np.asarray(cv2.GaussianBlur(lit, (0, 0), rng.uniform(0.4, 1.5)), np.float32)
    lit += rng.normal(0, abs(rng.normal(0, 0.02)) + 1e-4, lit.shape)
    return np.asarray(np.clip(lit * 255, 0, 255), np.uint8)
