"""Makes the six classes' scores mean what they say: about so many of a hundred are right.

YOLOv5's product of objectness and class is shy: of the vehicles it gives 0.25 every second one is
real. The parking rule asks for a mean confidence of 0.5, so the odds of every score are squared
and multiplied by one factor, which is fitted here. The order of the detections of a class, and
with it its recall at any precision, stays as it is.

What is real is judged by the same teacher at twice the size of input, on training pictures. A
truck taken for a car counts as right here: to the parking rule both are a vehicle that stands.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.detect_onnx import OnnxDetector
from vision.detect_openvino import OpenVinoEngine
from vision.errors import BadWeights
from vision.evaluate import Truth, match
from vision.layouts import VEHICLE_KINDS
from vision.train.street.paste import Picture
from vision.train.street.scenes import read_picture
from vision.train.street.topology import COCO_STREET
from vision.types import Detection, WeightsInfo
from vision.weights_read import read_model

LOWEST, JUDGED = 0.03, 0.25
"""Scores that are looked at, and from which on the larger input's answer counts as true."""
_SIDE = 640
_VEHICLES = VEHICLE_KINDS & frozenset(COCO_STREET.values())
_ALIKE = (_VEHICLES, *(frozenset({kind}) for kind in COCO_STREET.values() if kind not in _VEHICLES))
_FACTORS = np.exp(np.linspace(math.log(0.5), math.log(50), 200))


def teacher_at(path: Path, side: int, confidence: float, threads: int) -> OnnxDetector:
    """The teacher with an input of side x side at most. Raises BadWeights."""
    facts = replace(read_model(path), height=side, width=side)
    info = WeightsInfo("teacher", "", facts.layout.value, facts.names, side)
    return OnnxDetector(OpenVinoEngine(path, facts.colours, threads), facts, info, confidence)


def as_seen(picture: Picture, side: int = _SIDE) -> Picture:
    """The picture in the upper left of side x 0.75 side, so that one network serves all."""
    canvas = np.full((side * 3 // 4, side, 3), 114, np.uint8)
    scale = min(canvas.shape[0] / picture.shape[0], side / picture.shape[1])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = small[: canvas.shape[0], : canvas.shape[1]]
    canvas[: small.shape[0], : small.shape[1]] = small
    return canvas


def judged(teacher: Path, paths: Iterable[Path], threads: int) -> list[tuple[float, bool]]:
    """Score and truth of everything that the teacher finds at the usual size of input."""
    usual = teacher_at(teacher, _SIDE, LOWEST, threads)
    keen = teacher_at(teacher, 2 * _SIDE, JUDGED, threads)
    pairs: list[tuple[float, bool]] = []
    for path in paths:
        picture = read_picture(path)
        found = usual.detect(as_seen(picture))
        real = keen.detect(as_seen(picture, 2 * _SIDE))
        for kinds in _ALIKE:
            pairs += _of_kinds(kinds, found, real)
    return pairs


def _of_kinds(
    kinds: frozenset[str], found: Sequence[Detection], real: Sequence[Detection]
) -> list[tuple[float, bool]]:
    ours = [item for item in found if item.kind in kinds]
    truths = [Truth("", item.box) for item in real if item.kind in kinds]
    return [(item.confidence, truth is not None) for item, truth in match(truths, ours)]


def trusted(score: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """The score after its odds are squared and multiplied by `factor`; 0..1."""
    good = factor * score**2
    return good / (good + (1 - score) ** 2)


def fit_factor(pairs: Sequence[tuple[float, bool]]) -> float:
    """The factor under which what was seen is most likely (least cross entropy).

    Raises BadWeights where nothing was seen.
    """
    if not pairs:
        raise BadWeights("the teacher finds nobody and no vehicle in the training pictures")
    scores = np.clip([score for score, _ in pairs], 1e-4, 1 - 1e-4)
    real = np.array([was for _, was in pairs], bool)

    def surprise(factor: float) -> float:
        chance = np.clip(trusted(scores, factor), 1e-9, 1 - 1e-9)
        return -float(np.log(np.where(real, chance, 1 - chance)).mean())

    return float(min(_FACTORS, key=surprise))
