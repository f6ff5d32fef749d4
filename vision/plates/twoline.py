"""Two-line plates (rear of large vehicles, GA 36-2018: 440 x 220 mm) laid out as one line.

Our own network reads both lines as they stand. The second opinion knows one line only: for it the
province and the office letter are cut from above and put in front of the serial.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vision.types import Image

_SEAM: Final = 0.38
"""Share of the height where the lines part: letters of 60 mm above 82, of 110 below."""
_LEFT, _RIGHT = 0.20, 0.80
"""What the upper line fills of the width."""
_HEIGHT: Final = 48
SIZE: Final = (320, 160)
"""Pixels of a two-line plate that is laid out: its upper letters are half as large."""


def one_line(view: Image) -> Image:
    """The picture of a two-line plate (H x W x 3) as 48 x 160: upper line left, lower right."""
    height, width = view.shape[:2]
    seam = round(height * _SEAM)
    upper = view[:seam, round(width * _LEFT) : round(width * _RIGHT)]
    lower = view[seam:]
    left = cv2.resize(upper, (52, _HEIGHT), interpolation=cv2.INTER_CUBIC)
    right = cv2.resize(lower, (108, _HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.hstack([left, right]), np.uint8)
