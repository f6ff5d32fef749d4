"""Two-line plates (rear of large vehicles, GA 36-2018: 440 x 220 mm, yellow).

The text finder sees two lines. From the lower one, which carries the serial, the place of the
upper one follows by the plate's measures; both are then laid side by side as one line, the way
the recogniser and the grammar know plates.
"""

from __future__ import annotations

import re
from typing import Final

import cv2
import numpy as np

from vision.plates.grammar import normalize
from vision.plates.rectify import flatten, grey
from vision.plates.textline import Quad
from vision.types import Image

LINE_WIDTH: Final = 192
"""Pixels of the two lines side by side, 48 high."""

_SERIAL: Final = re.compile(r"[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学]")
_UPPER: Final = ((0.20, 0.80, -0.85, -0.05), (0.15, 0.85, -0.95, 0.0))
"""Windows of the upper line (left, right, top, bottom) in widths and heights of the lower line:
its letters stand 20 to 80 mm above the lower ones, which are 110 mm high."""


def is_serial(raw: str) -> bool:
    """Whether a line says what a lower line can say: five characters of a serial."""
    return _SERIAL.fullmatch(normalize("鲁A" + raw)[2:]) is not None


def whole_plate(lower: Quad) -> Quad:
    """The quad around both lines, from that of the lower one."""
    return _part(lower, (0.0, 1.0, -0.95, 1.0))


def side_by_side(region: Image, lower: Quad) -> list[Image]:
    """Upper and lower line as one line of 48 x 192, once per window of the upper line."""
    right = cv2.resize(grey(flatten(region, lower)), (116, 48))
    lines: list[Image] = []
    for window in _UPPER:
        left = cv2.resize(grey(flatten(region, _part(lower, window))), (76, 48))
        lines.append(np.asarray(np.hstack([left, right]), np.uint8))
    return lines


def _part(quad: Quad, window: tuple[float, float, float, float]) -> Quad:
    top_left, top_right, bottom_right, bottom_left = quad
    along = ((top_right - top_left) + (bottom_right - bottom_left)) / 2
    down = ((bottom_left - top_left) + (bottom_right - top_right)) / 2
    x1, x2, y1, y2 = window
    corners = ((x1, y1), (x2, y1), (x2, y2), (x1, y2))
    return np.array([top_left + along * u + down * v for u, v in corners], np.float32)
