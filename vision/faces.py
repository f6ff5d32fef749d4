"""Where faces are, so that they can be hidden. Nobody is recognised, and nothing is kept."""

from __future__ import annotations

import hashlib
import threading
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from vision.errors import BadWeights
from vision.types import Box, Image

_FILE: Final = Path(__file__).parent / "weights" / "faces-yunet.onnx"
_SHA256: Final = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
_SCORE: Final = 0.4
"""Rather low: a hidden patch of wall does no harm, a face left clear does."""
_OVERLAP: Final = 0.3
_MOST: Final = 500
_LONGEST: Final = 1920
"""Pixels: a larger picture is seen at this size; its faces are large too."""
_SHORTEST: Final = 640
"""A smaller picture is seen enlarged: a face of 8 pixels is still somebody's."""


class FaceFinder:
    """YuNet from weights/faces-yunet.onnx; `find` may be called from any thread, in turn.

    Raises BadWeights where the file is damaged.
    """

    def __init__(self) -> None:
        if not _FILE.is_file() or hashlib.sha256(_FILE.read_bytes()).hexdigest() != _SHA256:
            raise BadWeights("the bundled weights faces-yunet.onnx are damaged",
                             hint="install Qifen again")  # fmt: skip
        logging = cv2.utils.logging
        level = logging.getLogLevel()
        logging.setLogLevel(logging.LOG_LEVEL_ERROR)  # it warns of a setting that nobody made
        try:
            self._net = cv2.FaceDetectorYN.create(
                str(_FILE), "", (320, 320), _SCORE, _OVERLAP, _MOST
            )
        finally:
            logging.setLogLevel(level)
        self._turn = threading.Lock()

    def find(self, image: Image) -> list[Box]:
        """Every face in a picture (H x W x 3 BGR), in 0..1 of it, best first."""
        height, width = image.shape[:2]
        longest = max(height, width)
        scale = min(max(longest, _SHORTEST), _LONGEST) / longest
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        seen = image if scale == 1 else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        with self._turn:
            self._net.setInputSize(size)
            rows = self._net.detect(seen)[1]
        # Nothing found is None, whatever the type stub says.
        table = np.zeros((0, 15)) if rows is None else np.asarray(rows, np.float64)  # type: ignore[reportUnnecessaryComparison]
        table = table[np.argsort(-table[:, 14], kind="stable")]
        low = table[:, :2] / size
        high = (table[:, :2] + table[:, 2:4]) / size
        corners = np.clip(np.concatenate([low, high], axis=1), 0, 1)
        return [(float(a), float(b), float(c), float(d)) for a, b, c, d in corners]


@cache
def shared_face_finder() -> FaceFinder:
    """The finder, loaded once for the whole process."""
    return FaceFinder()
