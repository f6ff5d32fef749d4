"""Trains the plate network on rendered shards and the real plates that training may see."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from vision.plates.network import normalised
from vision.plates.symbols import COLOURS, POSITIONS
from vision.train.options import Say
from vision.train.plates.jitter import jittered
from vision.train.plates.net import Answers, PlateNet
from vision.train.plates.real import RealPlate, view
from vision.train.plates.shards import (
    BLUR_AT,
    COLOUR_AT,
    LINES_AT,
    WIDTH_AT,
    Labels,
    Shard,
    label,
    shards,
)
from vision.types import PlateColour

_NONE: Final = COLOURS.index(PlateColour.UNKNOWN)
_AVERAGED: Final = 0.998
"""Weight of the past in the running average of the weights, which is what is shipped."""
_AVERAGED_EVERY: Final = 4
_COMMON, _UNTOLD, _IGNORED = "皖A", 0.75, -100
"""Nearly all real crops are of one city. Told every time, the network would guess that city where
it cannot see; so most of the time the loss does not hear of these two characters."""
_SAVED_EVERY: Final = 100
_BLURRED, _SMALL, _HOPELESS_KEPT = 0.8, 52, 0.3
"""Blur and width in pixels beyond which a plate teaches little but doubt, of which some is due."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast; the defaults are those of the shipped weights."""

    steps: int = 18_000
    batch: int = 64
    real: int = 9
    """Of the batch, views of real plates."""
    rate: float = 1.2e-3
    seed: int = 7


def loss_of(answers: Answers, labels: Tensor) -> Tensor:
    """Cross entropy of the characters (of plates only), of the colour, and of the lines."""
    named, ground = answers
    colour = labels[:, COLOUR_AT].long()
    plates = colour != _NONE
    characters = functional.cross_entropy(
        named[plates].flatten(0, 1), labels[plates, :POSITIONS].long().flatten()
    )
    colours = functional.cross_entropy(ground[:, :-1], colour)
    lines = functional.binary_cross_entropy_with_logits(
        ground[plates, -1], labels[plates, LINES_AT]
    )
    return characters + 0.2 * colours + 0.1 * lines


def _real_views(plates: list[RealPlate], rng: np.random.Generator) -> Iterator[tuple[Any, Labels]]:
    while plates:
        for number in rng.permutation(len(plates)):
            plate = plates[int(number)]
            row = label(plate.text, plate.colour, two_lines=plate.two_lines, seen=None)
            if plate.text.startswith(_COMMON) and rng.random() < _UNTOLD:
                row[: len(_COMMON)] = _IGNORED
            yield view(plate, rng), row


def _rendered(folder: Path, rng: np.random.Generator) -> Iterator[tuple[Shard, Any]]:
    """Shards in random order, endlessly; pieces that appear meanwhile join the next round."""
    while True:
        found = list(shards(folder))
        if not found:
            raise FileNotFoundError("no rendered plates yet: make the shards first")
        for number in rng.permutation(len(found)):
            yield found[int(number)], _order(found[int(number)].labels, rng)


def _order(labels: Labels, rng: np.random.Generator) -> Any:
    """Rows of a shard in random order, without most of those too small or blurred to be read."""
    hopeless = (labels[:, COLOUR_AT] != _NONE) & (
        (labels[:, BLUR_AT] > _BLURRED) | (labels[:, WIDTH_AT] < _SMALL)
    )
    kept = ~hopeless | (rng.random(len(labels)) < _HOPELESS_KEPT)
    return rng.permutation(np.flatnonzero(kept))


def batches(
    folder: Path, plates: list[RealPlate], plan: Plan, rng: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Pictures as the network takes them, and labels, one batch after the other."""
    real = _real_views(plates, rng)
    many = plan.batch - (plan.real if plates else 0)
    for shard, order in _rendered(folder, rng):
        for begin in range(0, len(order) - many + 1, many):
            rows = np.sort(order[begin : begin + many])
            pictures, labels = [jittered(shard.pictures[rows], rng)], [shard.labels[rows]]
            if plates:
                seen = [next(real) for _ in range(plan.real)]
                pictures.append(np.stack([picture for picture, _ in seen]))
                labels.append(np.stack([row for _, row in seen]))
            blob = torch.from_numpy(normalised(np.concatenate(pictures)))
            yield blob, torch.from_numpy(np.concatenate(labels))


def _rate(step: int, plan: Plan) -> float:
    """Up over 5 % of the way, then down along a cosine."""
    warm = max(1, plan.steps // 20)
    if step < warm:
        return plan.rate * (step + 1) / warm
    share = (step - warm) / max(1, plan.steps - warm)
    return plan.rate * (0.01 + 0.99 * (1 + float(np.cos(np.pi * min(1.0, share)))) / 2)


class Run:
    """Network, optimiser and average; saved every hundred steps, taken up where it stopped."""

    def __init__(self, plan: Plan, file: Path) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.file, self.step = plan, file, 0
        self.net = PlateNet().to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
        self.average = {k: v.clone().float() for k, v in self.net.state_dict().items()}
        self.optimiser = torch.optim.AdamW(self.net.parameters(), plan.rate, weight_decay=1e-3)
        if file.exists():
            self._take_up()

    def _take_up(self) -> None:
        kept = torch.load(self.file, weights_only=True)
        self.net.load_state_dict(kept["net"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.average, self.step = kept["average"], int(kept["step"])

    def save(self) -> None:
        unfinished = self.file.with_suffix(".unfinished")
        state = {"net": self.net.state_dict(), "optimiser": self.optimiser.state_dict()}
        torch.save({**state, "average": self.average, "step": self.step}, unfinished)
        unfinished.replace(self.file)

    def learn(self, pictures: Tensor, labels: Tensor) -> float:
        """One step; the loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = _rate(self.step, self.plan)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            named, ground = self.net(pictures)
        loss = loss_of((named.float(), ground.float()), labels)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        if self.step % _AVERAGED_EVERY == 0:
            self._average()
        return float(loss.detach())

    def _average(self) -> None:
        kept = min(_AVERAGED, self.step / (self.step + 40)) ** _AVERAGED_EVERY
        for name, value in self.net.state_dict().items():
            self.average[name].mul_(kept).add_(value.float(), alpha=1 - kept)

    def averaged(self) -> PlateNet:
        """The network that is shipped."""
        net = PlateNet()
        net.load_state_dict(self.average)
        return net.eval()


def fit(folder: Path, plates: list[RealPlate], plan: Plan, file: Path, say: Say) -> Run:
    """Trains up to `plan.steps`, from `file` where an earlier run left one."""
    run = Run(plan, file)
    rng = np.random.default_rng([plan.seed, run.step])
    begun, first, lately = time.monotonic(), run.step, 0.0
    for pictures, labels in batches(folder, plates, plan, rng):
        if run.step >= plan.steps:
            break
        loss = run.learn(pictures, labels)
        lately = loss if run.step == first + 1 else 0.98 * lately + 0.02 * loss
        if run.step % _SAVED_EVERY == 0 or run.step == plan.steps:
            run.save()
            pace = (run.step - first) / (time.monotonic() - begun)
            left = (plan.steps - run.step) / pace / 60
            say(
                f"plates: step {run.step} of {plan.steps}, loss {lately:.3f}, "
                f"{pace * plan.batch:.0f} pictures a second, {left:.0f} minutes left"
            )
    return run
