"""Where text lines are: the detection network of the rapidocr wheel, run inside a vehicle's box.

It answers with a probability per pixel of lying inside the core of a text line; the cores are
grown back to the height of the letters (the network was trained on shrunk lines).
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any, Final

import cv2
import numpy as np
import openvino as ov
from numpy.typing import NDArray

from vision.plates.read import lean_settings, wheel_model
from vision.plates.rectify import Quad, ordered
from vision.types import Image

_CORE: Final = 0.3
_GROWTH: Final = 1.6
"""Both as PaddleOCR trained and published the network."""
_STEP: Final = 32


class TextFinder:
    """Loads the network once; `find` may be called from any number of threads, in turn."""

    def __init__(self, *, threads: int = 1) -> None:
        core = ov.Core()
        model: Any = core.read_model(str(wheel_model("PP-OCRv6_det_small.onnx")))
        self._compiled: Any = core.compile_model(model, "CPU", lean_settings(threads))
        self._request: Any = self._compiled.create_infer_request()
        self._turn = threading.Lock()

    def find(self, image: Image, *, side: int) -> list[tuple[float, Quad]]:
        """(score, quad) of every line, in pixels of `image`, seen with its long side at `side`."""
        height, width = image.shape[:2]
        scale = min(1.0, side / max(height, width)) if side else 1.0
        seen = tuple(max(_STEP, round(s * scale / _STEP) * _STEP) for s in (height, width))
        small = cv2.resize(image, (seen[1], seen[0]), interpolation=cv2.INTER_AREA)
        blob = small.astype(np.float32).transpose(2, 0, 1)[None] / 127.5 - 1.0
        with self._turn:
            heat: NDArray[np.float32] = next(iter(self._request.infer([blob]).values()))[0, 0]
        ratio = np.array([width / seen[1], height / seen[0]], np.float32)
        return [(score, quad * ratio) for score, quad in _lines(heat)]


@cache
def shared_text_finder() -> TextFinder:
    return TextFinder()


def _lines(heat: NDArray[np.float32]) -> list[tuple[float, Quad]]:
    core = (heat > _CORE).astype(np.uint8)
    contours, _ = cv2.findContours(core, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found: list[tuple[float, Quad]] = []
    for contour in contours:
        (cx, cy), (a, b), angle = cv2.minAreaRect(contour)
        if min(a, b) < 2 or max(a, b) < 8:
            continue
        x, y, w, h = cv2.boundingRect(contour)
        inside = core[y : y + h, x : x + w] > 0
        score = float(heat[y : y + h, x : x + w][inside].mean())
        growth = a * b * _GROWTH / (a + b)
        grown = cv2.boxPoints(((cx, cy), (a + growth, b + growth), angle))
        found.append((score, ordered(np.asarray(grown, np.float32))))
    return found
