"""The street network, written down once and built twice: by torch to train, as ONNX to ship.

    trunk   YOLOv5n 7.0, layers 0 to 23, COCO's weights, never trained here
    six     its anchor head, cut down to the six classes of the street
    branch  a narrow top-down and bottom-up neck with an anchor-free head for hanging and advert

The trunk's weights are taken from the teacher's own ONNX file, layer by layer by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar, cast

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from vision.engine import core
from vision.errors import BadWeights

Floats = NDArray[np.float32]
Weights = dict[str, tuple[Floats, Floats]]
"""Layer name to (weight, bias) of a convolution, batch norm already folded in."""

COCO_STREET = {0: "person", 1: "bicycle", 2: "car", 3: "motorcycle", 5: "bus", 7: "truck"}
"""Place among COCO's 80 classes to the class of the street, in the street model's order."""
BRANCH_CLASSES = ("hanging", "advert")
STREET_CLASSES = (*COCO_STREET.values(), *BRANCH_CLASSES)
STRIDES = (8, 16, 32)
ANCHORS = (
    ((10, 13), (16, 30), (33, 23)),
    ((30, 61), (62, 45), (59, 119)),
    ((116, 90), (156, 198), (373, 326)),
)
"""Width and height in pixels, of YOLOv5 7.0, for each stride."""

T = TypeVar("T")


class Ops(Protocol[T]):
    """What the network is made of; T is a torch tensor or the name of a wire in ONNX."""

    def conv(self, x: T, name: str, stride: int = 1) -> T:
        """Convolution `name`, padded to keep the size (divided by stride), and SiLU.

        Weights of one input channel are applied channel by channel.
        """
        ...

    def plain(self, x: T, name: str) -> T:
        """1x1 convolution `name` with its bias and nothing behind it."""
        ...

    def add(self, x: T, y: T) -> T: ...

    def concat(self, *xs: T) -> T: ...

    def double(self, x: T) -> T:
        """Twice as high and wide, nearest neighbour."""
        ...

    def pool5(self, x: T) -> T:
        """Largest of 5 x 5 at stride 1, same size."""
        ...


@dataclass(frozen=True)
class Features(Generic[T]):
    """What the trunk gives: layers 4, 6, 9 of the backbone and 17, 20, 23 of the neck."""

    back: tuple[T, T, T]
    neck: tuple[T, T, T]


def _c3(ops: Ops[T], x: T, name: str, depth: int, shortcut: bool) -> T:
    left = ops.conv(x, f"{name}.cv1")
    for index in range(depth):
        inner = ops.conv(ops.conv(left, f"{name}.m.{index}.cv1"), f"{name}.m.{index}.cv2")
        left = ops.add(left, inner) if shortcut else inner
    return ops.conv(ops.concat(left, ops.conv(x, f"{name}.cv2")), f"{name}.cv3")


def trunk(ops: Ops[T], x: T) -> Features[T]:
    """YOLOv5n's layers 0 to 23. x: (n, 3, height, width), RGB in 0..1, sides multiples of 32."""
    x = ops.conv(ops.conv(x, "0", 2), "1", 2)
    x = ops.conv(_c3(ops, x, "2", 1, True), "3", 2)
    back3 = _c3(ops, x, "4", 2, True)
    back4 = _c3(ops, ops.conv(back3, "5", 2), "6", 3, True)
    x = _c3(ops, ops.conv(back4, "7", 2), "8", 1, True)
    x = ops.conv(x, "9.cv1")
    once = ops.pool5(x)
    twice = ops.pool5(once)
    back5 = ops.conv(ops.concat(x, once, twice, ops.pool5(twice)), "9.cv2")
    down5 = ops.conv(back5, "10")
    x = _c3(ops, ops.concat(ops.double(down5), back4), "13", 1, False)
    down4 = ops.conv(x, "14")
    neck3 = _c3(ops, ops.concat(ops.double(down4), back3), "17", 1, False)
    neck4 = _c3(ops, ops.concat(ops.conv(neck3, "18", 2), down4), "20", 1, False)
    neck5 = _c3(ops, ops.concat(ops.conv(neck4, "21", 2), down5), "23", 1, False)
    return Features((back3, back4, back5), (neck3, neck4, neck5))


@dataclass(frozen=True)
class Shape:
    """Of one convolution of the branch."""

    inputs: int
    outputs: int
    kernel: int = 1
    bare: bool = False
    """Whether bias and nothing else stands behind it (no batch norm, no SiLU)."""
    silent: bool = False
    """Whether it starts out answering nothing, so that it changes nothing until it has learned."""


WIDTHS = (48, 64, 96)
"""Channels of the branch at strides 8, 16, 32."""
TOWER = 48
_TRUNK_WIDTHS = (64, 128, 256)


def _c3_shapes(name: str, inputs: int, outputs: int) -> dict[str, Shape]:
    half = outputs // 2
    return {
        f"{name}.cv1": Shape(inputs, half),
        f"{name}.cv2": Shape(inputs, half),
        f"{name}.m.0.cv1": Shape(half, half),
        f"{name}.m.0.cv2": Shape(half, half, 3),
        f"{name}.cv3": Shape(2 * half, outputs),
    }


def branch_shapes() -> dict[str, Shape]:
    """Every convolution of the branch by name."""
    w3, w4, w5 = WIDTHS
    shapes = {
        f"lateral{level}": Shape(2 * inputs, width)
        for level, inputs, width in zip((3, 4, 5), _TRUNK_WIDTHS, WIDTHS, strict=True)
    }
    shapes |= {"narrow5": Shape(w5, w4), "narrow4": Shape(w4, w3)}
    shapes |= _c3_shapes("down4", 2 * w4, w4) | _c3_shapes("down3", 2 * w3, w3)
    shapes |= {"shrink3": Shape(w3, w3, 3), "shrink4": Shape(w4, w4, 3)}
    shapes |= _c3_shapes("up4", 2 * w3, w4) | _c3_shapes("up5", 2 * w4, w5)
    shapes |= {"wide4": Shape(1, w4, 7, silent=True), "wide5": Shape(1, w5, 9, silent=True)}
    for level, width in zip((3, 4, 5), WIDTHS, strict=True):
        shapes[f"tower{level}"] = Shape(width, TOWER, 3)
        shapes[f"out{level}"] = Shape(TOWER, 4 + len(BRANCH_CLASSES), bare=True)
    return shapes


def branch(ops: Ops[T], features: Features[T]) -> tuple[T, T, T]:
    """For strides 8, 16, 32: (n, 4 + classes, rows, columns), raw.

    The four are the distances left, up, right, down from the middle of the cell before softplus,
    in strides; the classes are logits.
    """
    at3, at4, at5 = (
        ops.conv(ops.concat(back, neck), f"lateral{level}")
        for level, back, neck in zip((3, 4, 5), features.back, features.neck, strict=True)
    )
    narrow5 = ops.conv(at5, "narrow5")
    x = _c3(ops, ops.concat(ops.double(narrow5), at4), "down4", 1, False)
    narrow4 = ops.conv(x, "narrow4")
    low3 = _c3(ops, ops.concat(ops.double(narrow4), at3), "down3", 1, False)
    low4 = _c3(ops, ops.concat(ops.conv(low3, "shrink3", 2), narrow4), "up4", 1, False)
    low5 = _c3(ops, ops.concat(ops.conv(low4, "shrink4", 2), narrow5), "up5", 1, False)
    # a line of laundry may be as wide as the picture: its ends are far from its middle
    low4 = ops.add(low4, ops.conv(low4, "wide4"))
    low5 = ops.add(low5, ops.conv(low5, "wide5"))
    three = [
        ops.plain(ops.conv(low, f"tower{level}"), f"out{level}")
        for level, low in zip((3, 4, 5), (low3, low4, low5), strict=True)
    ]
    return three[0], three[1], three[2]


def read_teacher(path: Path) -> Weights:
    """Convolutions of YOLOv5n's ONNX export, by layer ("0", "13.m.0.cv1", "24.m.2", ...).

    Raises BadWeights where the file is not that model.
    """
    try:
        model = core().read_model(path)
    except RuntimeError as error:
        raise BadWeights(f"the teacher {path.name} cannot be read") from error
    weights: Weights = {}
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Convolution":
            continue
        name = node.get_friendly_name().split("/model.")[-1]
        name = name.replace("/m/m.", "/m.").removesuffix("/WithoutBiases").removesuffix("/Conv")
        name = name.removesuffix("/conv").replace("/", ".")
        behind = [wire.get_node() for wire in node.output(0).get_target_inputs()]
        added = next(other for other in behind if other.get_type_name() == "Add")
        weights[name] = (_constant(node, 1), _constant(added, 1).reshape(-1))
    missing = {"0", "9.cv2", "23.cv3", "24.m.2"} - weights.keys()
    if missing:
        raise BadWeights(
            f"{path.name} is not YOLOv5n: it has no layer {', '.join(sorted(missing))}",
            hint="give weights/yolov5n_coco_640.onnx of the data set",
        )
    return weights


def _constant(node: ov.Node, place: int) -> Floats:
    source = node.input_value(place).get_node()
    if source.get_type_name() == "Reshape":  # a bias is laid out as (1, channels, 1, 1)
        source = source.input_value(0).get_node()
    if source.get_type_name() != "Constant":
        raise BadWeights(f"{node.get_friendly_name()} has no constant weights")
    return np.array(cast("ov.op.Constant", source).data, np.float32)


def six_class_head(teacher: Mapping[str, tuple[Floats, Floats]]) -> Weights:
    """The teacher's three output convolutions, cut from 3 x 85 to 3 x 11 channels."""
    kept = np.array([0, 1, 2, 3, 4, *(5 + place for place in COCO_STREET)])
    rows = np.concatenate([anchor * 85 + kept for anchor in range(3)])
    head: Weights = {}
    for level in range(3):
        weight, bias = teacher[f"24.m.{level}"]
        head[f"24.m.{level}"] = (weight[rows], bias[rows])
    return head


def grids(height: int, width: int) -> tuple[Floats, Floats]:
    """Middles of all cells in pixels (cells, 2) as x, y, and their strides (cells, 1)."""
    points: list[Floats] = []
    strides: list[Floats] = []
    for stride in STRIDES:
        x, y = np.meshgrid(np.arange(width // stride), np.arange(height // stride))
        points.append((np.stack([x.ravel(), y.ravel()], 1).astype(np.float32) + 0.5) * stride)
        strides.append(np.full((x.size, 1), stride, np.float32))
    return np.concatenate(points), np.concatenate(strides)


def flatten_levels(levels: Sequence[Floats]) -> Floats:
    """(n, channels, rows, columns) of each level to (n, channels, all cells)."""
    return np.concatenate([level.reshape(*level.shape[:2], -1) for level in levels], axis=2)
