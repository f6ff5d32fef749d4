"""Writes the street network as one ONNX file with one table of boxes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from vision.train.onnx_file import OnnxGraph
from vision.train.street.topology import (
    ANCHORS,
    BRANCH_CLASSES,
    COCO_STREET,
    STREET_CLASSES,
    STRIDES,
    Features,
    Floats,
    Weights,
    branch,
    six_class_head,
    trunk,
)

_PICTURE = ("batch", 3, "height", "width")


class OnnxOps:
    """Ops whose tensors are names of wires in an OnnxGraph."""

    def __init__(self, graph: OnnxGraph, weights: Mapping[str, tuple[Floats, Floats]]) -> None:
        self._graph = graph
        self._weights = weights

    def _convolve(self, x: str, name: str, stride: int) -> str:
        weight, bias = self._weights[name]
        kernel = weight.shape[2]
        # YOLOv5's first layer is a 6 x 6 at stride 2, padded by 2; the others keep the size
        pad = 2 if kernel == 6 else kernel // 2
        wires = [x, self._graph.weights(weight, f"{name}.weight")]
        wires.append(self._graph.constant(bias.astype(np.float32), f"{name}.bias"))
        return self._graph.node(
            "Conv",
            wires,
            name,
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[pad] * 4,
            dilations=[1, 1],
            group=weight.shape[0] if weight.shape[1] == 1 else 1,
        )

    def conv(self, x: str, name: str, stride: int = 1) -> str:
        y = self._convolve(x, name, stride)
        return self._graph.node("Mul", [y, self._graph.node("Sigmoid", [y])])

    def plain(self, x: str, name: str) -> str:
        return self._convolve(x, name, 1)

    def add(self, x: str, y: str) -> str:
        return self._graph.node("Add", [x, y])

    def concat(self, *xs: str) -> str:
        return self._graph.node("Concat", xs, axis=1)

    def double(self, x: str) -> str:
        scales = self._graph.floats(1, 1, 2, 2)
        return self._graph.node(
            "Resize",
            [x, "", scales],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )

    def pool5(self, x: str) -> str:
        return self._graph.node("MaxPool", [x], kernel_shape=[5, 5], strides=[1, 1], pads=[2] * 4)


def write_trunk(path: Path, teacher: Weights) -> None:
    """The trunk alone with its six feature maps as outputs, for training the branch on them."""
    graph = OnnxGraph()
    features = trunk(OnnxOps(graph, teacher), "images")
    outputs: dict[str, tuple[int | str, ...]] = {}
    for name, wires in (("back", features.back), ("neck", features.neck)):
        for stride, wire in zip(STRIDES, wires, strict=True):
            channels = stride * 8
            shape = ("batch", channels, f"rows{stride}", f"columns{stride}")
            outputs[graph.rename(wire, f"{name}{stride}")] = shape
    graph.write(path, inputs={"images": _PICTURE}, outputs=outputs, metadata={})


def write_street(
    path: Path,
    teacher: Weights,
    branch_weights: Weights,
    thresholds: Mapping[str, float],
    trust: float,
) -> None:
    """The whole street model. branch_weights: as `topology.branch_shapes` names them.

    thresholds: working confidence by class. trust: see `calibrate.fit_factor`.

    Output: (batch, 12, 4 x cells): cx, cy, w, h in pixels and a score for each street class; the
    anchors of the six classes first, one box a cell of the branch behind them.
    """
    graph = OnnxGraph()
    ops = OnnxOps(graph, teacher | six_class_head(teacher) | branch_weights)
    features: Features[str] = trunk(ops, "images")
    tables: list[str] = []
    for level, wire in enumerate(features.neck):
        tables.append(_six_boxes(graph, ops.plain(wire, f"24.m.{level}"), level, trust))
    for level, wire in enumerate(branch(ops, features)):
        tables.append(_branch_boxes(graph, wire, level))
    graph.rename(graph.node("Concat", tables, axis=2), "output0")
    metadata = {
        "names": json.dumps({str(i): name for i, name in enumerate(STREET_CLASSES)}),
        "imgsz": "[640, 640]",
        "stride": "32",
        "boxes_per_cell": str(len(ANCHORS[0]) + 1),
        "task": "detect",
        "license": "AGPL-3.0-or-later",
        "description": "Qifen street-n",
        "thresholds": json.dumps(dict(thresholds)),
        "trust": f"{trust:.4f}",
    }
    rows = 4 + len(STREET_CLASSES)
    outputs: dict[str, tuple[int | str, ...]] = {"output0": ("batch", rows, "boxes")}
    graph.write(path, inputs={"images": _PICTURE}, outputs=outputs, metadata=metadata)


def _cells(graph: OnnxGraph, wire: str) -> tuple[str, str]:
    """Column and row of each cell of (n, c, rows, columns), flat: two float wires (1, 1, cells)."""
    shape = graph.node("Shape", [wire])
    rows = graph.node("Gather", [shape, graph.constant(np.array(2, np.int64))], axis=0)
    columns = graph.node("Gather", [shape, graph.constant(np.array(3, np.int64))], axis=0)
    size = graph.node("Slice", [shape, graph.ints(2), graph.ints(4)])
    zero, one = graph.constant(np.array(0, np.int64)), graph.constant(np.array(1, np.int64))
    flat: list[str] = []
    for count, kept in ((columns, (1, -1)), (rows, (-1, 1))):
        steps = graph.node("Cast", [graph.node("Range", [zero, count, one])], to=1)
        line = graph.node("Reshape", [steps, graph.ints(*kept)])
        field = graph.node("Expand", [line, size])
        flat.append(graph.node("Reshape", [field, graph.ints(1, 1, -1)]))
    return flat[0], flat[1]


def _six_boxes(graph: OnnxGraph, wire: str, level: int, trust: float) -> str:
    """(n, 33, rows, columns) of the anchor head to (n, 12, 3 x cells), as YOLOv5 decodes it."""
    classes = len(COCO_STREET)
    x, y = _cells(graph, wire)
    corner = graph.node("Unsqueeze", [graph.node("Concat", [x, y], axis=1), graph.ints(1)])
    split = graph.node("Reshape", [wire, graph.ints(0, 3, 5 + classes, -1)])
    value = graph.node("Sigmoid", [split])
    parts = graph.nodes("Split", [value, graph.ints(2, 2, 1, classes)], 4, axis=2)
    stride = graph.floats(STRIDES[level])
    centre = graph.node("Mul", [parts[0], graph.floats(2.0)])
    centre = graph.node("Add", [graph.node("Sub", [centre, graph.floats(0.5)]), corner])
    centre = graph.node("Mul", [centre, stride])
    doubled = graph.node("Mul", [parts[1], graph.floats(2.0)])
    anchors = graph.constant(np.array(ANCHORS[level], np.float32).reshape(1, 3, 2, 1))
    size = graph.node("Mul", [graph.node("Mul", [doubled, doubled]), anchors])
    scores = _trusted(graph, graph.node("Mul", [parts[2], parts[3]]), trust)
    table = graph.node("Concat", [centre, size, scores], axis=2)
    # the classes of the branch are never seen by this head
    ends = graph.ints(0, 0, 0, 0, 0, 0, len(BRANCH_CLASSES), 0)
    table = graph.node("Pad", [table, ends])
    table = graph.node("Transpose", [table], perm=[0, 2, 1, 3])
    return graph.node("Reshape", [table, graph.ints(0, 0, -1)])


def _trusted(graph: OnnxGraph, scores: str, trust: float) -> str:
    """`calibrate.trusted` as a graph: t s^2 / (t s^2 + (1 - s)^2)."""
    good = graph.node("Mul", [graph.node("Mul", [scores, scores]), graph.floats(trust)])
    rest = graph.node("Sub", [graph.floats(1.0), scores])
    return graph.node("Div", [good, graph.node("Add", [good, graph.node("Mul", [rest, rest])])])


def _branch_boxes(graph: OnnxGraph, wire: str, level: int) -> str:
    """(n, 6, rows, columns) of the branch to (n, 12, cells)."""
    classes = len(BRANCH_CLASSES)
    x, y = _cells(graph, wire)
    middle = graph.node("Concat", [x, y], axis=1)
    middle = graph.node("Add", [middle, graph.floats(0.5)])
    flat = graph.node("Reshape", [wire, graph.ints(0, 4 + classes, -1)])
    before, after, logits = graph.nodes("Split", [flat, graph.ints(2, 2, classes)], 3, axis=1)
    before, after = graph.node("Softplus", [before]), graph.node("Softplus", [after])
    stride = graph.floats(STRIDES[level])
    shift = graph.node("Mul", [graph.node("Sub", [after, before]), graph.floats(0.5)])
    centre = graph.node("Mul", [graph.node("Add", [middle, shift]), stride])
    size = graph.node("Mul", [graph.node("Add", [before, after]), stride])
    scores = graph.node("Sigmoid", [logits])
    front = graph.ints(0, len(COCO_STREET), 0, 0, 0, 0)
    padded = graph.node("Pad", [scores, front])
    return graph.node("Concat", [centre, size, padded], axis=1)
