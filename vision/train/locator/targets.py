"""What the network should have answered, and how far off it was."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from vision.plates.locate_grid import CORNER_UNIT, STRIDE
from vision.train.locator.compose import HEIGHT, WIDTH, Marked

ROWS, COLUMNS = HEIGHT // STRIDE, WIDTH // STRIDE
CHANNELS = 12
"""Heat, eight corner answers, lines, the corners' weight, the score's weight."""

Target = NDArray[np.float32]
"""CHANNELS x ROWS x COLUMNS."""


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    total: Tensor
    score: float
    corners: float
    lines: float


def target(plates: tuple[Marked, ...]) -> Target:
    """Heat is 1 at a plate's middle and falls off within it; corners are asked for near the middle.

    Where a plate is not counted, the score weighs nothing.
    """
    made = np.zeros((CHANNELS, ROWS, COLUMNS), np.float32)
    made[11] = 1.0
    y, x = np.mgrid[:ROWS, :COLUMNS].astype(np.float32) * STRIDE + STRIDE / 2
    for plate in sorted(plates, key=lambda p: p.counted):
        if not plate.counted:
            field = np.zeros((ROWS, COLUMNS), np.uint8)
            cells = np.round(plate.quad / STRIDE - 0.5).astype(np.int32)
            cv2.fillConvexPoly(field, cells, 1)
            made[11][cv2.dilate(field, np.ones((3, 3), np.uint8)) > 0] = 0.0
            continue
        centre = plate.quad.mean(axis=0)
        low, high = plate.quad.min(axis=0), plate.quad.max(axis=0)
        spread = np.maximum((high - low) * 0.12, STRIDE * 0.7)
        heat = np.exp(
            -(((x - centre[0]) / spread[0]) ** 2 + ((y - centre[1]) / spread[1]) ** 2) / 2
        )
        nearest = np.unravel_index(
            int(((x - centre[0]) ** 2 + (y - centre[1]) ** 2).argmin()), y.shape
        )
        heat[nearest] = 1.0
        here = heat > np.maximum(made[0], 0.35)
        offsets = (plate.quad[:, :, None, None] - np.stack([x, y])) / CORNER_UNIT
        made[1:9, here] = offsets.reshape(8, ROWS, COLUMNS)[:, here]
        made[9, here] = float(plate.two_lines)
        made[10, here] = heat[here] / max(6.0, _height(plate)) * CORNER_UNIT
        made[11] = np.maximum(made[11], heat > 0.1)
        made[0] = np.maximum(made[0], heat)
    return made


def _height(plate: Marked) -> float:
    """Of one line of the plate, in pixels: what a corner's error is measured against."""
    quad = plate.quad
    low = float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    return low / 1.6 if plate.two_lines else low


def losses(answer: Tensor, wanted: Tensor) -> Losses:
    """Of a batch: N x 10 x ROWS x COLUMNS against N x CHANNELS x ROWS x COLUMNS.

    Score: the penalty-reduced focal loss of CornerNet (Law and Deng 2018, equation 1). Corners:
    absolute error in heights of the plate, so that a small plate's corners count as much.
    """
    answer = answer.float()
    heat, near, sure = wanted[:, 0], wanted[:, 10], wanted[:, 11]
    logit = answer[:, 0]
    probability = torch.sigmoid(logit).clamp(1e-6, 1 - 1e-6)
    hit = (heat == 1.0).float()
    found = hit * (1 - probability) ** 2 * functional.logsigmoid(logit)
    empty = (1 - hit) * (1 - heat) ** 4 * probability**2 * functional.logsigmoid(-logit)
    plates = hit.sum().clamp(min=1.0)
    score = -(sure * (found + empty)).sum() / plates
    weight = near.sum().clamp(min=1e-3)
    away = functional.smooth_l1_loss(answer[:, 1:9], wanted[:, 1:9], beta=0.02, reduction="none")
    corners = (away.mean(dim=1) * near).sum() / (near > 0).sum().clamp(min=1)
    line = functional.binary_cross_entropy_with_logits(answer[:, 9], wanted[:, 9], reduction="none")
    lines = (line * near).sum() / weight
    total = score + 4.0 * corners + 0.25 * lines
    return Losses(total, float(score.detach()), float(corners.detach()), float(lines.detach()))
