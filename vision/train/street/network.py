"""The branch in torch: its parameters, its forward pass, its weights with batch norm folded in."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from vision.engine import core
from vision.train.street.topology import (
    Features,
    Weights,
    branch,
    branch_shapes,
)
from vision.train.torch_extra import import_torch

Tensor = Any
"""A torch tensor; torch ships with an extra and is not there when the types are checked."""
Parameters = dict[str, Tensor]

_BN_EPSILON = 1e-3
_BN_MOMENTUM = 0.03
_FIRST_SCORE = 0.01
"""What the untrained classes answer: almost nothing is an object."""


class FrozenTrunk:
    """COCO's trunk in OpenVINO: as it will run, and several times faster than in torch."""

    def __init__(self, path: Path, threads: int) -> None:
        self._core = core()
        self._path = path
        self._threads = threads
        self._compiled: dict[tuple[int, ...], ov.CompiledModel] = {}

    def __call__(self, pictures: NDArray[np.uint8]) -> Features[NDArray[np.float32]]:
        """Features of (n, height, width, 3) blue-green-red, sides multiples of 32."""
        count, height, width, _ = pictures.shape
        shape = (count, 3, height, width)
        if shape not in self._compiled:
            model = self._core.read_model(self._path)
            model.reshape(list(shape))
            settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": self._threads}
            self._compiled[shape] = self._core.compile_model(model, "CPU", settings)
        blob = np.ascontiguousarray(pictures[..., ::-1].transpose(0, 3, 1, 2), np.float32)
        blob /= 255
        found = self._compiled[shape]([blob])
        maps = [np.array(found[index], np.float32) for index in range(6)]
        return Features((maps[0], maps[1], maps[2]), (maps[3], maps[4], maps[5]))


def fresh_parameters(seed: int) -> tuple[Parameters, Parameters]:
    """What is learned, and the running means and variances of the batch norms."""
    torch = import_torch()
    torch.manual_seed(seed)
    learned: Parameters = {}
    running: Parameters = {}
    for name, shape in branch_shapes().items():
        weight = torch.empty(shape.outputs, shape.inputs, shape.kernel, shape.kernel)
        torch.nn.init.kaiming_normal_(weight, a=math.sqrt(5), mode="fan_in")
        learned[f"{name}.weight"] = weight.contiguous(memory_format=torch.channels_last)
        if shape.bare:
            bias = torch.full((shape.outputs,), 2.0)
            bias[4:] = -math.log((1 - _FIRST_SCORE) / _FIRST_SCORE)
            learned[f"{name}.weight"] *= 0.1
            learned[f"{name}.bias"] = bias
            continue
        learned[f"{name}.scale"] = torch.full((shape.outputs,), 0.0 if shape.silent else 1.0)
        learned[f"{name}.shift"] = torch.zeros(shape.outputs)
        running[f"{name}.mean"] = torch.zeros(shape.outputs)
        running[f"{name}.variance"] = torch.ones(shape.outputs)
    return learned, running


class TorchOps:
    """Ops over torch tensors."""

    def __init__(self, learned: Parameters, running: Parameters, training: bool) -> None:
        self._torch = import_torch()
        self._learned = learned
        self._running = running
        self._training = training

    def conv(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        functional = self._torch.nn.functional
        weight = self._learned[f"{name}.weight"]
        groups = weight.shape[0] if weight.shape[1] == 1 else 1
        y = functional.conv2d(x, weight, None, stride, weight.shape[2] // 2, 1, groups)
        y = functional.batch_norm(
            y,
            self._running[f"{name}.mean"],
            self._running[f"{name}.variance"],
            self._learned[f"{name}.scale"],
            self._learned[f"{name}.shift"],
            self._training,
            _BN_MOMENTUM,
            _BN_EPSILON,
        )
        return functional.silu(y)

    def plain(self, x: Tensor, name: str) -> Tensor:
        weight, bias = self._learned[f"{name}.weight"], self._learned[f"{name}.bias"]
        return self._torch.nn.functional.conv2d(x, weight, bias)

    def add(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y

    def concat(self, *xs: Tensor) -> Tensor:
        return self._torch.cat(xs, 1)

    def double(self, x: Tensor) -> Tensor:
        return self._torch.nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")

    def pool5(self, x: Tensor) -> Tensor:
        return self._torch.nn.functional.max_pool2d(x, 5, 1, 2)


def run_branch(
    learned: Parameters,
    running: Parameters,
    features: Features[NDArray[np.float32]],
    training: bool,
) -> Tensor:
    """(n, 4 + classes, cells), raw, for the features of n pictures."""
    torch = import_torch()
    back = _as_tensors(torch, features.back)
    neck = _as_tensors(torch, features.neck)
    # half the time of 32 bits on a CPU with bf16, and no slower on one without
    with torch.autocast("cpu", torch.bfloat16):
        levels = branch(TorchOps(learned, running, training), Features(back, neck))
    return torch.cat([level.float().flatten(2) for level in levels], 2)


def _as_tensors(
    torch: Any, levels: tuple[NDArray[np.float32], ...]
) -> tuple[Tensor, Tensor, Tensor]:
    last = torch.channels_last
    first, second, third = (torch.from_numpy(one).contiguous(memory_format=last) for one in levels)
    return first, second, third


def boxes_of(raw: Tensor, points: Tensor, strides: Tensor) -> Tensor:
    """(n, cells, 4) x1, y1, x2, y2 in pixels out of (n, 4 + classes, cells)."""
    torch = import_torch()
    away = torch.nn.functional.softplus(raw[:, :4].transpose(1, 2)) * strides
    return torch.cat([points - away[..., :2], points + away[..., 2:]], 2)


def folded(learned: Parameters, running: Parameters) -> Weights:
    """Weight and bias of each convolution for the ONNX file."""
    weights: Weights = {}
    for name, shape in branch_shapes().items():
        weight = learned[f"{name}.weight"].detach()
        if shape.bare:
            bias = learned[f"{name}.bias"].detach()
        else:
            spread = (running[f"{name}.variance"] + _BN_EPSILON).sqrt()
            factor = learned[f"{name}.scale"].detach() / spread
            weight = weight * factor[:, None, None, None]
            bias = learned[f"{name}.shift"].detach() - running[f"{name}.mean"] * factor
        weights[name] = (np.ascontiguousarray(weight.numpy()), bias.numpy().copy())
    return weights
