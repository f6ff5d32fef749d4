"""Two detectors that look at the clips: one knows only COCO, one is our own street model."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]
SIDE: Final = 640
GREY: Final = 114
OVERLAP_KEPT: Final = 0.45


@dataclass(frozen=True)
class Found:
    """One vehicle a detector found: box (x1, y1, x2, y2) in 0..1, score, class name."""

    box: tuple[float, float, float, float]
    score: float
    name: str


@dataclass(frozen=True)
class Layout:
    """How a model writes its answer.

    `vehicles`: class number to name; `objectness`: YOLOv5's extra column.
    """

    file: str
    vehicles: dict[int, str]
    objectness: bool


COCO: Final = Layout("yolov5n_coco_640.onnx", {2: "car", 5: "bus", 7: "truck"}, objectness=True)
STREET: Final = Layout("street_v0.onnx", {2: "car", 4: "bus", 5: "truck"}, objectness=False)


def data_folder() -> Path:
    """Where weights for checks lie: QIFEN_DATA, or `shared/data` beside the checkout."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    return Path(os.environ.get("QIFEN_DATA", beside))


def iou(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Intersection over union of two boxes (x1, y1, x2, y2)."""
    wide = min(a[2], b[2]) - max(a[0], b[0])
    high = min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or high <= 0:
        return 0.0
    both = wide * high
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)


def letterbox(picture: Image) -> tuple[Floats, float, int, int]:
    """BGR (h, w, 3) to a framed RGB (1, 3, 640, 640) in 0..1, with scale, left and top margin."""
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    size = (round(width * scale), round(height * scale))
    framed = np.full((SIDE, SIDE, 3), GREY, np.uint8)
    left, top = (SIDE - size[0]) // 2, (SIDE - size[1]) // 2
    framed[top : top + size[1], left : left + size[0]] = cv2.resize(
        picture, size, interpolation=cv2.INTER_AREA
    )
    tensor = framed[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255
    return np.ascontiguousarray(tensor), scale, left, top


class Detector:
    """Finds cars, buses and trucks in one picture."""

    def __init__(self, layout: Layout, folder: Path, threads: int = 2) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        path = str(folder / "weights" / layout.file)
        self._layout = layout
        self._session: Any = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        self._input: str = self._session.get_inputs()[0].name

    def _rows(self, tensor: Floats) -> tuple[Floats, Floats]:
        """(centre boxes (n, 4) in letterbox pixels, class scores (n, classes))."""
        raw = np.asarray(self._session.run(None, {self._input: tensor})[0], np.float32)[0]
        if self._layout.objectness:
            return raw[:, :4], raw[:, 5:] * raw[:, 4:5]
        return raw[:4].T, raw[4:].T

    def __call__(self, picture: Image, at_least: float) -> list[Found]:
        """Vehicles scored `at_least`, best first, overlapping answers joined to the best."""
        height, width = picture.shape[:2]
        tensor, scale, left, top = letterbox(picture)
        boxes, scores = self._rows(tensor)
        numbers = sorted(self._layout.vehicles)
        wanted = scores[:, numbers]
        best = wanted.max(axis=1)
        kept: list[Found] = []
        for row in np.argsort(-best):
            score = float(best[row])
            if score < at_least:
                break
            x, y, w, h = (float(v) for v in boxes[row])
            corners = ((x - w / 2 - left), (y - h / 2 - top), (x + w / 2 - left), (y + h / 2 - top))
            x1, y1, x2, y2 = (v / scale / (width, height)[i % 2] for i, v in enumerate(corners))
            box = (x1, y1, x2, y2)
            if all(iou(box, k.box) < OVERLAP_KEPT for k in kept):
                kept.append(
                    Found(box, score, self._layout.vehicles[numbers[int(wanted[row].argmax())]])
                )
        return kept
