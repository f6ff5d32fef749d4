"""The plate network: one look at 48 x 144 pixels, eight places to read, and a colour.

A small residual trunk ends in a map of 6 x 18 cells. For each of the eight positions a softmax over
the cells says where it stands (so one line and two lines are read alike, shifted or slanted), the
cells are averaged with it, and one classifier, shared by all positions, names the character.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from vision.plates.symbols import COLOURS, END, HEIGHT, POSITIONS, WIDTH
from vision.train.onnx_file import Array, OnnxGraph

CHANNELS: Final = (16, 24, 48, 128)
CELLS: Final = (HEIGHT // 8, WIDTH // 8)
_HIDDEN: Final = 160
Answers: TypeAlias = tuple[Tensor, Tensor]
"""Logits: N x POSITIONS x (END + 1), and N x (colours + 1): colours and, last, two lines."""


class Unit(nn.Module):
    """Convolution and batch norm, then a ReLU unless the sum behind it has one."""

    def __init__(self, inside: int, outside: int, stride: int = 1, side: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, side, stride, side // 2, bias=False)
        self.norm = nn.BatchNorm2d(outside)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.conv(x))

    def folded(self) -> tuple[Array, Array]:
        """Weights and bias of the one convolution that does the same."""
        deviation = torch.sqrt(self.norm.running_var + self.norm.eps)  # type: ignore[operator]  # a tensor: statistics are tracked
        scale = self.norm.weight / deviation
        bias = self.norm.bias - self.norm.running_mean * scale  # type: ignore[operator]  # as above
        weight = self.conv.weight * scale[:, None, None, None]
        return weight.detach().numpy(), bias.detach().numpy()


class PlateNet(nn.Module):
    """Takes N x 3 x HEIGHT x WIDTH as `vision.plates.network.normalised` makes it."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = CHANNELS
        self.plain = nn.ModuleList([Unit(3, a, 2), Unit(a, b), Unit(b, c, 2)])
        self.middle = nn.ModuleList([Unit(c, c), Unit(c, c)])
        self.down = Unit(c, d, 2)
        self.deep = nn.ModuleList([Unit(d, d) for _ in range(4)])
        self.mix = Unit(d, d, side=1)
        self.context = nn.Linear(d, d)
        self.where = nn.Conv2d(d, POSITIONS, 1)
        self.prior = nn.Parameter(_first_guess())
        self.hidden = nn.Linear(d, _HIDDEN)
        self.name = nn.Linear(_HIDDEN, END + 1)
        self.habit = nn.Parameter(torch.zeros(POSITIONS, END + 1))
        self.colour = nn.Linear(d, len(COLOURS) + 1)

    def forward(self, x: Tensor) -> Answers:
        for unit in self.plain:
            x = torch.relu(unit(x))
        x = torch.relu(x + self.middle[1](torch.relu(self.middle[0](x))))
        x = torch.relu(self.down(x))
        for first, second in ((0, 1), (2, 3)):
            x = torch.relu(x + self.deep[second](torch.relu(self.deep[first](x))))
        whole = x.mean((2, 3))
        x = torch.relu(self.mix(x) + self.context(whole)[:, :, None, None])
        share = (self.where(x) + self.prior).flatten(2).softmax(2)
        read = share @ x.flatten(2).transpose(1, 2)
        named = self.name(torch.relu(self.hidden(read))) + self.habit
        return named, self.colour(whole)


def _first_guess() -> Tensor:
    """Eight bumps from left to right: where the characters of one line stand."""
    columns = torch.arange(CELLS[1]).float()
    middles = (torch.arange(POSITIONS).float() + 0.5) * CELLS[1] / POSITIONS
    bump = -((columns[None] - middles[:, None]) ** 2) / 8
    return bump[:, None].repeat(1, CELLS[0], 1)[None]


def _array(tensor: Tensor) -> Array:
    return np.ascontiguousarray(tensor.detach().numpy(), np.float32)


class _Writer:
    """Writes the trained network's graph; weights as 16-bit floats."""

    def __init__(self, net: PlateNet) -> None:
        self.net, self.graph = net, OnnxGraph()

    def unit(self, unit: Unit, wire: str, name: str, *, relu: bool = True) -> str:
        weight, bias = unit.folded()
        side = weight.shape[2] // 2
        out = self.graph.node(
            "Conv",
            [wire, self.graph.weights(weight, f"{name}.w"), self.graph.constant(bias, f"{name}.b")],
            name,
            strides=[unit.conv.stride[0]] * 2,
            pads=[side] * 4,
            kernel_shape=[weight.shape[2]] * 2,
        )
        return self.graph.node("Relu", [out]) if relu else out

    def residual(self, first: Unit, second: Unit, wire: str, name: str) -> str:
        inner = self.unit(second, self.unit(first, wire, f"{name}a"), f"{name}b", relu=False)
        return self.graph.node("Relu", [self.graph.node("Add", [wire, inner])])

    def linear(self, layer: nn.Linear, wire: str, name: str) -> str:
        weight = self.graph.weights(_array(layer.weight.T), f"{name}.w")
        out = self.graph.node("MatMul", [wire, weight], name)
        return self.graph.node("Add", [out, self.graph.constant(_array(layer.bias), f"{name}.b")])

    def trunk(self) -> tuple[str, str]:
        """The map of cells and its mean."""
        wire, graph, net = "plates", self.graph, self.net
        for number, unit in enumerate(net.plain):
            wire = self.unit(unit, wire, f"plain{number}")  # type: ignore[arg-type]  # a Unit
        wire = self.residual(net.middle[0], net.middle[1], wire, "middle")  # type: ignore[arg-type]  # Units
        wire = self.unit(net.down, wire, "down")
        for first, second in ((0, 1), (2, 3)):
            wire = self.residual(net.deep[first], net.deep[second], wire, f"deep{first}")  # type: ignore[arg-type]  # Units
        mean = graph.node("GlobalAveragePool", [wire])
        whole = graph.node("Reshape", [mean, graph.ints(-1, CHANNELS[3])], "whole")
        context = self.linear(net.context, whole, "context")
        context = graph.node("Reshape", [context, graph.ints(-1, CHANNELS[3], 1, 1)])
        mixed = graph.node("Add", [self.unit(net.mix, wire, "mix", relu=False), context])
        return graph.node("Relu", [mixed]), whole

    def heads(self, cells: str, whole: str, temperature: float) -> tuple[str, str]:
        graph, net, count = self.graph, self.net, CELLS[0] * CELLS[1]
        where = graph.node(
            "Conv",
            [
                cells,
                graph.weights(_array(net.where.weight), "where.w"),
                graph.constant(_array(net.where.bias), "where.b"),  # type: ignore[arg-type]  # it has one
            ],
            "where",
        )
        where = graph.node("Add", [where, graph.constant(_array(net.prior), "prior")])
        where = graph.node("Reshape", [where, graph.ints(-1, POSITIONS, count)])
        share = graph.node("Softmax", [where], axis=2)
        flat = graph.node("Reshape", [cells, graph.ints(-1, CHANNELS[3], count)])
        read = graph.node("MatMul", [share, graph.node("Transpose", [flat], perm=[0, 2, 1])])
        named = self.linear(
            net.name, graph.node("Relu", [self.linear(net.hidden, read, "hidden")]), "name"
        )
        named = graph.node("Add", [named, graph.constant(_array(net.habit), "habit")])
        cooled = graph.node("Div", [named, graph.floats(temperature)])
        characters = graph.node("Softmax", [cooled], axis=2)
        return characters, self.linear(net.colour, whole, "colour")


def export(net: PlateNet, path: Path, *, temperature: float, metadata: dict[str, str]) -> None:
    """Writes the network as ONNX: `plates` in; `characters` (probabilities, divided by the
    calibrated `temperature` before their softmax) and `colour` (logits) out."""
    writer = _Writer(net.eval())
    cells, whole = writer.trunk()
    characters, colour = writer.heads(cells, whole, temperature)
    writer.graph.rename(characters, "characters")
    writer.graph.rename(colour, "colour")
    writer.graph.write(
        path,
        inputs={"plates": ["n", 3, HEIGHT, WIDTH]},
        outputs={
            "characters": ["n", POSITIONS, END + 1],
            "colour": ["n", len(COLOURS) + 1],
        },
        metadata=metadata,
    )
