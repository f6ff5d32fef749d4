"""Reads .pt weights through ultralytics, which comes with the extra `qifen[yolo]`.

The package is imported only when it is needed: it pulls in torch and takes seconds. It is kept
from installing packages, from sending usage figures and from writing into the working folder.
"""

from __future__ import annotations

import importlib
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np

from vision.detect_letterbox import check_picture
from vision.errors import BadWeights
from vision.layouts import Found, YoloLayout, suppress
from vision.types import Detection, Image, WeightsInfo
from vision.weights_read import DEFAULT_INPUT, as_names, check_vehicles

EXTRA_HINT = 'install the extra: pip install "qifen[yolo]", or use ONNX weights'


def import_ultralytics() -> Any:
    """The package, quiet and without network chatter. Raises BadWeights where it is missing."""
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("YOLO_VERBOSE", "false")
    # Where it believes itself offline it sends no usage figures; a fetch asked for still works.
    os.environ.setdefault("YOLO_OFFLINE", "true")
    try:
        return importlib.import_module("ultralytics")
    except ImportError as error:
        raise BadWeights(
            ".pt weights are read by ultralytics, which is not installed", hint=EXTRA_HINT
        ) from error


def fetch(name: str, folder: Path) -> Path:
    """An official file of ultralytics, from `folder` if it was fetched before.

    Raises BadWeights where it cannot be fetched: no internet, no such file.
    """
    path = folder / name
    if path.is_file():
        return path
    import_ultralytics()
    downloads = importlib.import_module("ultralytics.utils.downloads")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        found = Path(downloads.attempt_download_asset(path))
    except Exception as error:  # it raises whatever its downloader, requests or curl raise
        path.unlink(missing_ok=True)
        raise _not_fetched(name) from error
    if not found.is_file():
        raise _not_fetched(name)
    return found


def _not_fetched(name: str) -> BadWeights:
    return BadWeights(
        f"{name} is not on this machine and could not be fetched",
        hint="check the name and the internet connection, or copy the file here and give its path",
    )


def open_model(path: Path) -> Any:
    """The loaded model. Raises BadWeights where the file is not one, or not a detector."""
    ultralytics = import_ultralytics()
    try:
        model = ultralytics.YOLO(str(path))
        task = model.task
    except Exception as error:  # torch and pickle raise many kinds for a broken file
        raise BadWeights(
            f"{path.name} is not a model that ultralytics can read",
            hint="give a .pt file of a YOLO detector",
        ) from error
    if task != "detect":
        raise BadWeights(
            f"{path.name} is made to {task}, not to detect",
            hint="use detection weights such as yolo26n.pt",
        )
    return model


def model_names(model: Any, path: Path) -> tuple[str, ...]:
    names = as_names(dict(model.names), path.name)
    check_vehicles(names, path.name)
    return names


def model_layout(model: Any) -> YoloLayout:
    """End to end (26, v10) or as v8: what the file would be as ONNX."""
    head = model.model.model[-1]
    return YoloLayout.END2END if getattr(head, "end2end", False) else YoloLayout.V8


def model_input_size(model: Any) -> int:
    """The picture size it was trained for."""
    size = (getattr(model.model, "args", None) or {}).get("imgsz", DEFAULT_INPUT)
    return int(max(size)) if isinstance(size, list | tuple) else int(size)


class UltralyticsDetector:
    """Detector over a .pt file; letterbox and colours are ultralytics' own."""

    def __init__(
        self,
        path: Path,
        info: WeightsInfo,
        *,
        vehicle_classes: frozenset[int],
        confidence: float,
        threads: int | None,
    ) -> None:
        self._info = info
        self._vehicle_classes = vehicle_classes
        self._confidence = confidence
        self._lock = threading.Lock()  # a torch model keeps state while it predicts
        self._model = open_model(path)
        if threads is not None:
            importlib.import_module("torch").set_num_threads(threads)

    @property
    def info(self) -> WeightsInfo:
        return self._info

    def detect(self, image: Image) -> list[Detection]:
        """All objects of one picture (H x W x 3 BGR), best first. Raises BadPicture."""
        return self.detect_from(image, self._confidence)

    def detect_from(self, image: Image, confidence: float) -> list[Detection]:
        """As `detect`, down to this confidence (0..1)."""
        check_picture(image)
        with self._lock:
            result: Any = self._model.predict(
                image,
                conf=confidence,
                imgsz=self._info.input_size,
                device="cpu",
                verbose=False,
                save=False,
            )[0]
        boxes = result.boxes.cpu().numpy()
        found = Found(
            np.asarray(boxes.xyxyn, np.float32).reshape(-1, 4),
            np.asarray(boxes.conf, np.float32),
            np.asarray(boxes.cls, np.int64),
        )
        found = suppress(
            found.take(np.argsort(-found.scores, kind="stable")), self._vehicle_classes
        )
        return [
            Detection(
                self._info.names[index],
                float(score),
                (float(box[0]), float(box[1]), float(box[2]), float(box[3])),
            )
            for box, score, index in zip(found.boxes, found.scores, found.classes, strict=True)
        ]
