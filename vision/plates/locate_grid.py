"""The locator's answer, cell by cell: how it is laid out, and how plates are taken from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.plates.rectify import Quad

STRIDE: Final = 8
"""Pixels of the picture to one cell, each way."""
CHANNELS: Final = 10
"""Score logit, x and y of the four corners (in CORNER_UNIT from the cell's centre), lines logit."""
CORNER_UNIT: Final = 16.0
"""Pixels to 1 of the network's corner answers."""

Answer = NDArray[np.float32]
"""CHANNELS x rows x columns."""


@dataclass(frozen=True, slots=True, eq=False)
class FoundPlate:
    """A place in a picture that looks like a plate."""

    quad: Quad
    """The plate's corners in pixels of the picture given, to fractions of a pixel."""
    score: float
    """0..1, how sure."""
    two_lines: bool = False
    """Whether its text stands in two lines (440 x 220 mm)."""


def peaks(answer: Answer, *, least: float, most: int) -> list[FoundPlate]:
    """Plates in pixels of the network's picture, surest first.

    A cell counts where no neighbour scores higher; of plates that overlap the surer one stays.
    """
    score = 1.0 / (1.0 + np.exp(-answer[0]))
    highest = cv2.dilate(score, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((score >= highest) & (score >= least))
    order = np.argsort(-score[rows, columns], kind="stable")
    found: list[FoundPlate] = []
    for row, column in zip(rows[order], columns[order], strict=True):
        quad = _corners(answer, int(row), int(column), score)
        if _proper(quad) and not any(same_plate(other.quad, quad) for other in found):
            two_lines = bool(answer[9, row, column] > 0)
            found.append(FoundPlate(quad, float(score[row, column]), two_lines))
        if len(found) == most:
            break
    return found


def _corners(answer: Answer, row: int, column: int, score: NDArray[np.float32]) -> Quad:
    """Corners as the peak and its neighbours see them, each weighed by the square of its score."""
    rows = slice(max(0, row - 1), row + 2)
    columns = slice(max(0, column - 1), column + 2)
    weights = score[rows, columns] ** 2
    weights = np.where(weights >= weights.max() / 4, weights, 0.0)
    high, wide = np.mgrid[rows.start : rows.start + weights.shape[0], 0 : weights.shape[1]]
    centre = np.stack([wide + columns.start, high]).astype(np.float32) * STRIDE + STRIDE / 2
    offsets = answer[1:9, rows, columns].reshape(4, 2, *weights.shape) * CORNER_UNIT
    corners = ((offsets + centre) * weights).sum(axis=(2, 3)) / weights.sum()
    return np.asarray(corners, np.float32)


def _proper(quad: Quad) -> bool:
    """Whether the corners make a quadrilateral that turns the right way and has a body."""
    sides = np.roll(quad, -1, axis=0) - quad
    following = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
    return bool((turns > 0).all()) and float(np.linalg.norm(sides, axis=1).min()) >= 2.0


def same_plate(one: Quad, other: Quad) -> bool:
    """Whether two finds are of one plate: the middle of either lies in the other."""
    return any(
        cv2.pointPolygonTest(a, (float(x), float(y)), False) >= 0
        for a, (x, y) in ((one, other.mean(axis=0)), (other, one.mean(axis=0)))
    )


def upper_width(quad: Quad) -> float:
    """Mean length of the upper and lower edge in pixels."""
    return float(np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2
