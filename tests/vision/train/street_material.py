"""Garments, facades and a branch that nothing has taught, for the tests of the street model."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.train.street.garments import CutOut
from vision.train.street.topology import Weights, branch_shapes

Picture = NDArray[np.uint8]


def wall(seed: int, height: int = 480, width: int = 640) -> Picture:
    """A facade: plaster with rows of windows."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), rng.integers(90, 200, 3), np.uint8)
    for y in range(40, height - 90, 130):
        for x in range(40, width - 70, 120):
            cv2.rectangle(picture, (x, y), (x + 55, y + 80), (60, 50, 40), -1)
    return picture


def shirt(seed: int) -> CutOut:
    """A garment of one colour: a body with two sleeves."""
    rng = np.random.default_rng(seed)
    cut = np.zeros((120, 100, 4), np.uint8)
    cut[..., :3] = rng.integers(0, 255, 3)
    cut[10:120, 25:75, 3] = 255
    cut[10:45, :, 3] = 255
    return cut


def untaught_branch(seed: int = 1) -> Weights:
    """Weights of the right shapes that answer something everywhere."""
    rng = np.random.default_rng(seed)
    return {
        name: (
            rng.normal(0, 0.1, (s.outputs, s.inputs, s.kernel, s.kernel)).astype(np.float32),
            rng.normal(0, 0.1, s.outputs).astype(np.float32),
        )
        for name, s in branch_shapes().items()
    }


def write_data_set(folder: Path, real: Path) -> Path:
    """A tiny data set of the real one's form; only the teacher and a street are the real ones."""
    for number in range(30):
        picture = wall(number)
        place = folder / "train" / "facades" / f"img_{number}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place), picture)
        place.with_suffix(".txt").write_text("3 0.5 0.1 0.4 0.08\n0 0.2 0.3 0.1 0.1\n")
        item = folder / "train" / "clothing_items" / "shirt" / f"{number}.jpg"
        item.parent.mkdir(parents=True, exist_ok=True)
        cut = shirt(number)
        photo = np.full((200, 180, 3), 235, np.uint8)
        photo[40:160, 40:140][cut[..., 3] > 0] = (30 + number, 20, 150)
        cv2.imwrite(str(item), photo)
    junction = folder / "train" / "junction"
    junction.mkdir()
    street = min((real / "train" / "junction").glob("*.jpg"))
    (junction / "1.jpg").symlink_to(street)
    weights = folder / "weights"
    weights.mkdir()
    (weights / "yolov5n_coco_640.onnx").symlink_to(real / "weights" / "yolov5n_coco_640.onnx")
    return folder
