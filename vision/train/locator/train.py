"""Trains the plate locator; `python -m vision.train locator` calls it.

Everything it needs is composed while it trains, from QIFEN_DATA. The state is written every few
hundred steps, and a run that was cut off goes on where it stood; the same seed gives the same
pictures in the same order, whether it was cut off or not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from vision.errors import BadWeights
from vision.train.locator.compose import Composer
from vision.train.locator.network import LocatorNetwork
from vision.train.locator.sources import Sources
from vision.train.locator.targets import Losses, losses, target
from vision.train.options import Say

STATE: Final = "locator.pt"
HISTORY: Final = "locator.jsonl"


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what comes out."""

    steps: int = 6000
    batch: int = 16
    peak_rate: float = 2e-3
    warm_up: int = 200
    seed: int = 7
    plates: int = 3000
    """Plates drawn beforehand to choose from."""
    save_every: int = 250
    average: float = 0.998
    """Share that the averaged weights, which are the ones shipped, keep of themselves a step."""


class _Samples(IterableDataset[tuple[Tensor, Tensor]]):
    """Endless batches from `first` on; one worker, so the order is the composer's."""

    def __init__(self, composer: Composer, recipe: Recipe, first: int) -> None:
        self._composer, self._recipe, self._first = composer, recipe, first

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        torch.set_num_threads(1)
        for step in range(self._first, self._recipe.steps):
            start = step * self._recipe.batch
            samples = [self._composer.sample(start + i) for i in range(self._recipe.batch)]
            pictures = np.stack([sample.picture for sample in samples])
            wanted = np.stack([target(sample.plates) for sample in samples])
            yield torch.from_numpy(pictures), torch.from_numpy(wanted)


def train(
    sources: Sources,
    out: Path,
    recipe: Recipe,
    say: Say,
    *,
    background: bool = True,
) -> Path:
    """Trains, or goes on with, the network whose state is in `out`; gives the state's file.

    With `background` pictures are composed in a process of their own. A run may go on with more
    or fewer steps in all; where the state was made with another recipe BadWeights is raised.
    """
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    network = LocatorNetwork().to(memory_format=torch.channels_last)
    averaged = LocatorNetwork()
    averaged.load_state_dict(network.state_dict())
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.peak_rate, weight_decay=1e-3)
    first = _resume(out / STATE, recipe, network, averaged, optimizer)
    composer = Composer(sources, seed=recipe.seed, plates=recipe.plates)
    loader = DataLoader(
        _Samples(composer, recipe, first), batch_size=None, num_workers=1 if background else 0
    )
    began, told = time.monotonic(), _Mean()
    say(f"locator: step {first} of {recipe.steps}, {len(sources.photographs)} photographs")
    for step, (pictures, wanted) in enumerate(loader, start=first):
        for group in optimizer.param_groups:
            group["lr"] = rate(recipe, step)
        told.add(_step(network, optimizer, pictures, wanted))
        _average(averaged, network, min(recipe.average, (step + 1) / (step + 10)))
        if (step + 1) % recipe.save_every == 0 or step + 1 == recipe.steps:
            _save(out / STATE, recipe, step + 1, network, averaged, optimizer)
            minutes = (time.monotonic() - began) / 60
            say(_told(out / HISTORY, step + 1, recipe, told.take(), minutes))
    return out / STATE


def load_network(state: Path) -> LocatorNetwork:
    """The averaged network of a state that `train` wrote, ready to answer."""
    network = LocatorNetwork()
    stored = cast("dict[str, Any]", torch.load(state, weights_only=True))
    network.load_state_dict(stored["averaged"])
    return network.eval()


def as_input(pictures: Tensor) -> Tensor:
    """N x H x W x 3 BGR bytes to N x 3 x H x W RGB in 0..1."""
    return pictures.flip(3).permute(0, 3, 1, 2).float() / 255


def rate(recipe: Recipe, step: int) -> float:
    """Rises over the first steps, then falls along half a cosine to a hundredth."""
    if step < recipe.warm_up:
        return recipe.peak_rate * (step + 1) / recipe.warm_up
    share = (step - recipe.warm_up) / max(1, recipe.steps - recipe.warm_up)
    return recipe.peak_rate * (0.01 + 0.99 * (1 + float(np.cos(np.pi * share))) / 2)


def _step(
    network: LocatorNetwork, optimizer: torch.optim.Optimizer, pictures: Tensor, wanted: Tensor
) -> Losses:
    network.train()
    blob = as_input(pictures).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        answer = network(blob)
    off = losses(answer, wanted)
    optimizer.zero_grad()
    off.total.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
    optimizer.step()
    return off


@torch.no_grad()
def _average(averaged: LocatorNetwork, network: LocatorNetwork, keep: float) -> None:
    now = network.state_dict()
    for name, value in averaged.state_dict().items():
        if value.is_floating_point():
            value.lerp_(now[name], 1 - keep)
        else:
            value.copy_(now[name])


class _Mean:
    """Losses since they were last told."""

    def __init__(self) -> None:
        self._seen: list[tuple[float, float, float]] = []

    def add(self, off: Losses) -> None:
        self._seen.append((off.score, off.corners, off.lines))

    def take(self) -> dict[str, float]:
        score, corners, lines = np.mean(self._seen, axis=0)
        self._seen = []
        return {"score": float(score), "corners": float(corners), "lines": float(lines)}


def _save(
    file: Path,
    recipe: Recipe,
    step: int,
    network: LocatorNetwork,
    averaged: LocatorNetwork,
    optimizer: torch.optim.Optimizer,
) -> None:
    state = {
        "recipe": asdict(recipe),
        "step": step,
        "network": network.state_dict(),
        "averaged": averaged.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    unfinished = file.with_suffix(".unfinished")
    torch.save(state, unfinished)
    unfinished.replace(file)


def _resume(
    file: Path,
    recipe: Recipe,
    network: LocatorNetwork,
    averaged: LocatorNetwork,
    optimizer: torch.optim.Optimizer,
) -> int:
    """The step to go on from: 0 where nothing was saved."""
    if not file.is_file():
        return 0
    state = cast("dict[str, Any]", torch.load(file, weights_only=True))
    asked = asdict(recipe)
    if {**state["recipe"], "steps": 0} != {**asked, "steps": 0}:
        raise BadWeights(
            f"{file.name} was made with another recipe: {state['recipe']}",
            hint="choose another working folder, or delete this one to begin anew",
            field="work",
        )
    network.load_state_dict(state["network"])
    averaged.load_state_dict(state["averaged"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def _told(history: Path, step: int, recipe: Recipe, means: dict[str, float], minutes: float) -> str:
    """One line of progress, which is also added to the run's history."""
    told = {"step": step, "of": recipe.steps, "minutes": round(minutes, 1)}
    told |= {name: round(value, 4) for name, value in means.items()}
    line = json.dumps(told)
    with history.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    return line
