"""Opens a Detector: the eyes that find vehicles and people in a picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vision.detect_onnx import Engine, OnnxDetector
from vision.detect_onnxruntime import OnnxRuntimeEngine
from vision.detect_openvino import OpenVinoEngine
from vision.detect_ultralytics import UltralyticsDetector
from vision.errors import BadWeights
from vision.layouts import VEHICLE_KINDS
from vision.types import Detector
from vision.weights import WeightsFile, resolve_weights
from vision.weights_read import Colours, read_model

BACKENDS = ("openvino", "onnxruntime", "ultralytics")

_ENGINES: dict[str, Callable[[Path, Colours, int | None], Engine]] = {
    "openvino": OpenVinoEngine,
    "onnxruntime": OnnxRuntimeEngine,
}


def load_detector(
    weights: str | Path | None = None,
    *,
    backend: str = "openvino",
    confidence: float = 0.25,
    threads: int | None = None,
) -> Detector:
    """A detector for `weights` (name, path or None for the default; see vision.weights).

    backend: openvino, onnxruntime or ultralytics. A .pt file is read by ultralytics whichever
    is asked, an ONNX file never is. confidence: detections below it are not reported (0..1).
    threads: cores that one inference may use, None for all.
    Raises BadWeights with the reason and the mend.
    """
    if backend not in BACKENDS:
        raise BadWeights(
            f"there is no backend {backend}", hint=f"one of {', '.join(BACKENDS)}", field="backend"
        )
    if not 0 < confidence < 1:
        raise BadWeights(f"confidence must lie between 0 and 1, not {confidence:g}")
    if threads is not None and threads < 1:
        raise BadWeights(f"threads must be at least 1, not {threads}")
    found = resolve_weights(weights)
    if found.path.suffix == ".pt":
        return _from_ultralytics(found, confidence, threads)
    if backend == "ultralytics":
        raise BadWeights(
            f"ultralytics reads .pt files, {found.path.name} is none",
            hint="use the backend openvino or onnxruntime for it",
            field="backend",
        )
    facts = read_model(found.path)
    engine = _ENGINES[backend](found.path, facts.colours, threads)
    return OnnxDetector(engine, facts, found.info(backend), confidence)


def _from_ultralytics(
    weights: WeightsFile, confidence: float, threads: int | None
) -> UltralyticsDetector:
    vehicles = (index for index, name in enumerate(weights.names) if name in VEHICLE_KINDS)
    return UltralyticsDetector(
        weights.path,
        weights.info("ultralytics"),
        vehicle_classes=frozenset(vehicles),
        confidence=confidence,
        threads=threads,
    )
