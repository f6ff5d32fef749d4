"""What the two ONNX adapters share: letterbox in, layout out.

An adapter gives `infer`; everything that decides what is found is here once.
"""

from __future__ import annotations

import threading
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vision.detect_letterbox import Letterbox
from vision.layouts import Found, decode, suppress
from vision.types import Detection, Image, WeightsInfo
from vision.weights_read import STRIDE, ModelFacts


class Engine(Protocol):
    """Runs the network."""

    def infer(self, image: Image, letterbox: Letterbox) -> NDArray[np.float32]:
        """The table of boxes, (1, rows, columns), for `image` laid out as `letterbox` says."""
        ...


class OnnxDetector:
    """Detector over an ONNX model; safe to share between the cameras of one process."""

    def __init__(
        self, engine: Engine, facts: ModelFacts, info: WeightsInfo, confidence: float
    ) -> None:
        self._engine = engine
        self._facts = facts
        self._info = info
        self._confidence = confidence
        self._lock = threading.Lock()  # the cameras of one process take turns on its cores

    @property
    def info(self) -> WeightsInfo:
        return self._info

    def detect(self, image: Image) -> list[Detection]:
        """All objects of one picture (H x W x 3 BGR), best first. Raises BadPicture."""
        return self.detect_from(image, self._confidence)

    def detect_from(self, image: Image, confidence: float) -> list[Detection]:
        """As `detect`, down to this confidence (0..1)."""
        facts = self._facts
        letterbox = Letterbox.fit(
            image, facts.height, facts.width, STRIDE if facts.flexible else None
        )
        with self._lock:
            raw = self._engine.infer(image, letterbox)
            found = decode(facts.layout, raw, letterbox.height, letterbox.width, confidence)
        return self._as_detections(suppress(found, facts.vehicle_classes), letterbox)

    def _as_detections(self, found: Found, letterbox: Letterbox) -> list[Detection]:
        detections: list[Detection] = []
        boxes = letterbox.to_relative(found.boxes).tolist()
        for box, score, index in zip(boxes, found.scores, found.classes, strict=True):
            x1, y1, x2, y2 = box
            if x2 > x1 and y2 > y1 and 0 <= index < len(self._info.names):
                kind = self._info.names[int(index)]
                detections.append(Detection(kind, float(score), (x1, y1, x2, y2)))
        return detections
