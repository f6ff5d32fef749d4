"""Writes small ONNX models byte by byte, so that tests need no model library.

The models answer with a fixed table whatever the picture shows; what they are for is being told
apart, refused, decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

Shape = Sequence[int | str]
"""A word stands for a size that is free."""


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _tensor(name: str, array: np.ndarray) -> bytes:
    kinds = {"float32": 1, "int64": 7}
    dims = b"".join(_number(1, side) for side in array.shape)
    return dims + _number(2, kinds[str(array.dtype)]) + _bytes(8, name) + _bytes(9, array.tobytes())


def _value(name: str, shape: Shape, kind: int = 1) -> bytes:
    sides = b"".join(
        _bytes(1, _bytes(2, side) if isinstance(side, str) else _number(1, side)) for side in shape
    )
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, sides)))


def _node(
    kind: str, inputs: Sequence[str], outputs: Sequence[str], attributes: bytes = b""
) -> bytes:
    wires = b"".join(_bytes(1, name) for name in inputs)
    wires += b"".join(_bytes(2, name) for name in outputs)
    return wires + _bytes(3, outputs[0] + "_node") + _bytes(4, kind) + attributes


def write_model(
    path: Path,
    table: np.ndarray,
    *,
    input_shape: Shape = (1, 3, 640, 640),
    metadata: Mapping[str, str] | None = None,
    extra_output: Shape | None = None,
) -> Path:
    """An ONNX model (opset 13) whose output is `table`, plus nothing times the picture's mean."""
    nodes = [
        _node(
            "ReduceMean",
            ["images"],
            ["mean"],
            _bytes(5, _bytes(1, "keepdims") + _number(3, 0) + _number(20, 2)),
        ),
        _node("Mul", ["mean", "nothing"], ["zero"]),
        _node("Add", ["table", "zero"], ["output0"]),
    ]
    graph = b"".join(
        _bytes(5, _tensor(name, array))
        for name, array in (
            ("nothing", np.zeros((), np.float32)),
            ("table", table.astype(np.float32)),
        )
    )
    outputs = _bytes(12, _value("output0", table.shape))
    if extra_output is not None:
        more = np.zeros([side for side in extra_output if isinstance(side, int)], np.float32)
        graph += _bytes(5, _tensor("more", more))
        nodes.append(_node("Add", ["more", "zero"], ["output1"]))
        outputs += _bytes(12, _value("output1", extra_output))
    graph = (
        b"".join(_bytes(1, node) for node in nodes)
        + _bytes(2, "tiny")
        + graph
        + _bytes(11, _value("images", input_shape))
        + outputs
    )
    model = _number(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, "") + _number(2, 13))
    for key, value in (metadata or {}).items():
        model += _bytes(14, _bytes(1, key) + _bytes(2, value))
    path.write_bytes(model)
    return path


def truncated(path: Path, source: Path) -> Path:
    """The first half of a model, as a broken copy leaves it."""
    data = source.read_bytes()
    path.write_bytes(data[: len(data) // 2] + struct.pack("<I", 0))
    return path
