"""Writes the locator's network as ONNX, its normalisations folded into its convolutions."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from vision.plates.locate_grid import CHANNELS
from vision.train.locator.network import LocatorNetwork, Residual
from vision.train.onnx_file import OnnxGraph

LICENCE: Final = "AGPL-3.0-or-later"


def export(network: LocatorNetwork, file: Path) -> Path:
    """`picture` (1 x 3 x height x width, RGB / 255) in, `answer` (1 x CHANNELS x rows x columns)
    out; weights stored as 16-bit floats."""
    graph = OnnxGraph()
    answer = _Writer(graph, network).whole("picture")
    graph.write(
        file,
        inputs={"picture": (1, 3, "height", "width")},
        outputs={graph.rename(answer, "answer"): (1, CHANNELS, "rows", "columns")},
        metadata={"task": "plate-locate", "licence": LICENCE, "author": "The Qifen authors"},
    )
    return file


class _Writer:
    """The network's `forward`, written down node by node."""

    def __init__(self, graph: OnnxGraph, network: LocatorNetwork) -> None:
        self._graph, self._network = graph, network

    def whole(self, x: str) -> str:
        net = self._network
        at8 = self._blocks(self._blocks(x, net.to4), net.to8)
        at16 = self._blocks(at8, net.to16)
        at32 = self._blocks(at16, net.to32)
        mixed = self._add(at16, self._enlarged(self._blocks(at32, net.down32)))
        mixed = self._blocks(mixed, net.mix16)
        mixed = self._add(at8, self._enlarged(self._blocks(mixed, net.down16)))
        seen = self._blocks(self._blocks(mixed, net.mix8), net.look)
        weight, bias = net.answer.weight, net.answer.bias
        if bias is None:
            raise AssertionError("the last layer has a bias")
        return self._convolve(seen, _array(weight), _array(bias), stride=1)

    def _blocks(self, x: str, module: nn.Module) -> str:
        """A `conv`, a Residual, or a sequence of them."""
        if isinstance(module, Residual):
            return self._add(x, self._blocks(self._blocks(x, module.first), module.second))
        children = list(module.children())
        if children and isinstance(children[0], nn.Conv2d):
            return self._conv(x, children[0], children[1])
        for child in children:
            x = self._blocks(x, child)
        return x

    def _conv(self, x: str, convolution: nn.Conv2d, norm: nn.Module) -> str:
        if not isinstance(norm, nn.BatchNorm2d) or norm.running_var is None:
            raise TypeError("a convolution of the locator is followed by its normalisation")
        gain = _array(norm.weight) / np.sqrt(_array(norm.running_var) + norm.eps)
        shift = _array(norm.bias) - _array(norm.running_mean) * gain
        weight = _array(convolution.weight) * gain[:, None, None, None]
        y = self._convolve(x, weight, shift, stride=convolution.stride[0])
        return self._graph.node("Relu", [y])

    def _convolve(
        self, x: str, weight: NDArray[np.floating], bias: NDArray[np.floating], *, stride: int
    ) -> str:
        size = int(weight.shape[2])
        wires = [x, self._graph.weights(weight, "weight")]
        wires.append(self._graph.constant(bias.astype(np.float32), "bias"))
        return self._graph.node(
            "Conv",
            wires,
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[size // 2] * 4,
            dilations=[1, 1],
            group=1,
        )

    def _add(self, x: str, y: str) -> str:
        return self._graph.node("Add", [x, y])

    def _enlarged(self, x: str) -> str:
        return self._graph.node(
            "Resize",
            [x, "", self._graph.floats(1, 1, 2, 2)],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )


def _array(tensor: torch.Tensor | None) -> NDArray[np.float32]:
    if tensor is None:
        raise TypeError("a normalisation of the locator keeps no running figures")
    return tensor.detach().numpy().astype(np.float32)
