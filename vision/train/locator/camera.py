"""A camera that looks at a flat thing from the side: where its points come to lie.

A plate, a sign or a whole photograph is a plane; it is turned by yaw, pitch and roll and seen by a
pinhole camera. The plane's own coordinates are in its own pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.plates.rectify import Quad

Matrix = NDArray[np.float64]
"""3 x 3: from a plane's pixels to the picture's, in homogeneous coordinates."""


@dataclass(frozen=True, slots=True)
class View:
    """How the plane is turned; degrees."""

    yaw: float
    pitch: float
    roll: float
    distance: float
    """In widths of the thing: what is near is seen in stronger perspective."""


def any_view(random: np.random.Generator) -> View:
    """Mostly from the front as cameras over a road see plates; up to 50 degrees from the side."""
    sideways = random.random() < 0.45
    yaw = random.uniform(-50, 50) if sideways else random.normal(0, 12)
    roll = random.uniform(-22, 22) if random.random() < 0.3 else random.normal(0, 5)
    return View(
        yaw=float(np.clip(yaw, -55, 55)),
        pitch=float(np.clip(random.normal(12, 12), -20, 45)),
        roll=float(roll),
        distance=float(random.uniform(2.5, 12)),
    )


def projection(view: View, *, centre: tuple[float, float], width: float) -> Matrix:
    """From a plane's pixels to the picture's, before scaling: `centre` falls on (0, 0).

    `width` is the thing's width in its own pixels, which sets what distance means.
    """
    yaw, pitch, roll = np.radians([view.yaw, view.pitch, view.roll])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array(
        [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    )
    about_z = np.array(
        [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    )
    turn = about_z @ about_x @ about_y
    away = view.distance * width
    plane = np.stack([turn[:, 0], turn[:, 1], np.array([0.0, 0.0, away])], axis=1)
    lens = np.diag([away, away, 1.0])
    back = np.array([[1, 0, -centre[0]], [0, 1, -centre[1]], [0, 0, 1]], float)
    return np.asarray(lens @ plane @ back, float)


def placed(matrix: Matrix, scale: float, at: tuple[float, float]) -> Matrix:
    """The same, scaled by `scale` and with the centre moved to `at`."""
    return np.array([[scale, 0, at[0]], [0, scale, at[1]], [0, 0, 1]]) @ matrix


def moved(matrix: Matrix, quad: Quad) -> Quad:
    """Where the corners come to lie."""
    return np.asarray(cv2.perspectiveTransform(quad[None].astype(np.float64), matrix), np.float32)[
        0
    ]
