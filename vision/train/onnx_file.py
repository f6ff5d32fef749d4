"""Writes an ONNX model node by node, without a model library.

The networks trained here are small and written down once (see `vision.train.street.topology`);
writing their graph by hand keeps `onnx` and `onnxscript` out of the dependencies and decides what
stands in the file: weights as 16-bit floats, widened when the model is loaded.
Field numbers are those of onnx.proto (ONNX 1.x, IR version 8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Side = int | str
"""Of a shape; a word stands for a size that is free."""

OPSET = 13
_IR_VERSION = 8
_KINDS = {"float32": 1, "int64": 7, "float16": 10}
_FLOAT_ATTRIBUTE, _INT_ATTRIBUTE, _TEXT_ATTRIBUTE, _INTS_ATTRIBUTE = 1, 2, 3, 7


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # negative numbers are written as 64-bit two's complement
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


def _tensor(name: str, array: Array) -> bytes:
    sides = b"".join(_number(1, side) for side in array.shape)
    kind = _number(2, _KINDS[str(array.dtype)])
    return sides + kind + _bytes(8, name) + _bytes(9, np.ascontiguousarray(array).tobytes())


def _value(name: str, shape: Sequence[Side]) -> bytes:
    sides = b"".join(
        _bytes(1, _bytes(2, side) if isinstance(side, str) else _number(1, side)) for side in shape
    )
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, 1) + _bytes(2, sides)))


def _attribute(name: str, value: int | str | Sequence[int]) -> bytes:
    if isinstance(value, int):
        content, kind = _number(3, value), _INT_ATTRIBUTE
    elif isinstance(value, str):
        content, kind = _bytes(4, value), _TEXT_ATTRIBUTE
    else:
        content = b"".join(_number(8, number) for number in value)
        kind = _INTS_ATTRIBUTE
    return _bytes(1, name) + content + _number(20, kind)


class OnnxGraph:
    """Collects nodes and weights; every method that adds a node returns the name of its output."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._tensors: list[bytes] = []
        self._names: set[str] = set()
        self._constants: dict[tuple[str, bytes, tuple[int, ...]], str] = {}

    def _fresh(self, name: str) -> str:
        found, number = name, 2
        while found in self._names:
            found, number = f"{name}_{number}", number + 1
        self._names.add(found)
        return found

    def node(
        self,
        kind: str,
        inputs: Sequence[str],
        name: str = "",
        **attributes: int | str | Sequence[int],
    ) -> str:
        """One node with one output, e.g. node("Concat", ["a", "b"], axis=1)."""
        return self.nodes(kind, inputs, 1, name, **attributes)[0]

    def nodes(
        self,
        kind: str,
        inputs: Sequence[str],
        count: int,
        name: str = "",
        **attributes: int | str | Sequence[int],
    ) -> list[str]:
        """One node with `count` outputs."""
        outputs = [self._fresh(name or kind.lower()) for _ in range(count)]
        wires = b"".join(_bytes(1, wire) for wire in inputs)
        wires += b"".join(_bytes(2, wire) for wire in outputs)
        written = b"".join(_bytes(5, _attribute(key, value)) for key, value in attributes.items())
        self._nodes.append(wires + _bytes(3, outputs[0]) + _bytes(4, kind) + written)
        return outputs

    def constant(self, array: Array, name: str = "constant") -> str:
        """A tensor of float32 or int64 as it is; the same content is stored once."""
        key = (str(array.dtype), array.tobytes(), array.shape)
        if key not in self._constants:
            self._constants[key] = self._fresh(name)
            self._tensors.append(_tensor(self._constants[key], array))
        return self._constants[key]

    def ints(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def floats(self, *values: float) -> str:
        return self.constant(np.array(values, np.float32))

    def weights(self, array: Array, name: str) -> str:
        """A tensor stored as 16-bit floats and widened to 32 when the model is loaded."""
        stored = self._fresh(f"{name}.half")
        self._tensors.append(_tensor(stored, array.astype(np.float16)))
        return self.node("Cast", [stored], name, to=_KINDS["float32"])

    def write(
        self,
        path: Path,
        *,
        inputs: Mapping[str, Sequence[Side]],
        outputs: Mapping[str, Sequence[Side]],
        metadata: Mapping[str, str],
    ) -> None:
        """Writes the model; every input and output is a tensor of float32."""
        graph = b"".join(_bytes(1, node) for node in self._nodes) + _bytes(2, path.stem)
        graph += b"".join(_bytes(5, tensor) for tensor in self._tensors)
        graph += b"".join(_bytes(11, _value(name, shape)) for name, shape in inputs.items())
        graph += b"".join(_bytes(12, _value(name, shape)) for name, shape in outputs.items())
        model = _number(1, _IR_VERSION) + _bytes(2, "qifen") + _bytes(7, graph)
        model += _bytes(8, _bytes(1, "") + _number(2, OPSET))
        for key, value in metadata.items():
            model += _bytes(14, _bytes(1, key) + _bytes(2, value))
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_bytes(model)
        unfinished.replace(path)

    def rename(self, wire: str, name: str) -> str:
        """`wire` under a name of the caller's choice, as the model's output is called."""
        return self.node("Identity", [wire], name)
