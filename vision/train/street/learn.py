"""Trains the branch on composed pictures; stops, goes on, and keeps the best on unseen places."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.train.street.network import (
    FrozenTrunk,
    Parameters,
    Tensor,
    boxes_of,
    fresh_parameters,
    run_branch,
)
from vision.train.street.scenes import ADVERT, Composer, Scene
from vision.train.street.topology import BRANCH_CLASSES, grids
from vision.train.torch_extra import complete_iou, import_torch, task_aligned_assigner, use_threads

_BOX_WEIGHT, _CLASS_WEIGHT = 5.0, 1.0
_WARM_UP_STEPS = 150
_SMALLEST_RATE_SHARE = 0.02
_WEIGHT_DECAY = 0.01
_LARGEST_GRADIENT = 10.0
_AVERAGE_DECAY = 0.998
_SIZES = (512, 512, 576, 640)
"""Sides of the training pictures; one of them for each step."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run depends on."""

    steps: int = 4400
    batch: int = 10
    rate: float = 3e-3
    seed: int = 3
    threads: int = 1
    """Of the step itself: more only wait for each other where the cores are shared."""
    workers: int = 2
    check_every: int = 400
    patience: int = 6
    """Checks without a better result after which the run ends."""
    sizes: tuple[int, ...] = _SIZES


@dataclass(slots=True)
class Progress:
    """Where a run stands."""

    step: int = 0
    best: float = -1.0
    best_step: int = 0


class ComposedPictures:
    """What torch's DataLoader reads: the picture of a number."""

    def __init__(self, composer: Composer, recipe: Recipe) -> None:
        self._composer = composer
        self._recipe = recipe

    def __len__(self) -> int:
        return self._recipe.steps * self._recipe.batch

    def __getitem__(self, number: int) -> Scene:
        cv2.setNumThreads(1)
        step = number // self._recipe.batch
        sizes = self._recipe.sizes
        drawn = np.random.default_rng([self._recipe.seed, 77, step]).integers(len(sizes))
        return self._composer.compose(number, sizes[int(drawn)])


def as_list(scenes: Sequence[Scene]) -> list[Scene]:
    """What the DataLoader makes of a batch: nothing."""
    return list(scenes)


class Learner:
    """One run. Its state lies in `folder`: last.pt (to go on from) and best.pt."""

    def __init__(self, folder: Path, trunk: FrozenTrunk, recipe: Recipe) -> None:
        self._torch: Any = import_torch()
        use_threads(recipe.threads)
        self._folder = folder
        self._trunk = trunk
        self._recipe = recipe
        self._learned, self._running = fresh_parameters(recipe.seed)
        for tensor in self._learned.values():
            tensor.requires_grad_(True)
        self._optimiser = self._torch.optim.AdamW(self._groups(), lr=recipe.rate)
        self._average = {name: value.detach().clone() for name, value in self._learned.items()}
        self._assigner = task_aligned_assigner(len(BRANCH_CLASSES))
        self.progress = Progress()

    def _groups(self) -> list[dict[str, Any]]:
        decayed = [value for name, value in self._learned.items() if name.endswith(".weight")]
        others = [value for name, value in self._learned.items() if not name.endswith(".weight")]
        return [
            {"params": decayed, "weight_decay": _WEIGHT_DECAY},
            {"params": others, "weight_decay": 0.0},
        ]

    @property
    def averaged(self) -> tuple[Parameters, Parameters]:
        """The moving average of what was learned, which is what ships, and the running figures."""
        return self._average, self._running

    def resume(self) -> bool:
        """Goes on from last.pt; whether there was one of the same recipe."""
        path = self._folder / "last.pt"
        if not path.is_file():
            return False
        state = self._torch.load(path, weights_only=True)
        if state["recipe"] != json.dumps(asdict(self._recipe)):
            return False
        with self._torch.no_grad():
            for kept, now in ((state["learned"], self._learned), (state["average"], self._average)):
                for name, value in kept.items():
                    now[name].copy_(value)
            for name, value in state["running"].items():
                self._running[name].copy_(value)
        self._optimiser.load_state_dict(state["optimiser"])
        self.progress = Progress(state["step"], state["best"], state["best_step"])
        return True

    def save(self, name: str) -> None:
        """Writes everything needed to go on to folder/name, whole or not at all."""
        state = {
            "recipe": json.dumps(asdict(self._recipe)),
            "learned": {key: value.detach() for key, value in self._learned.items()},
            "running": self._running,
            "average": self._average,
            "optimiser": self._optimiser.state_dict(),
            **asdict(self.progress),
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f"{name}.new"
        self._torch.save(state, unfinished)
        unfinished.replace(self._folder / name)

    def load_best(self) -> tuple[Parameters, Parameters]:
        """The averaged parameters of best.pt, as `averaged` gives them."""
        state = self._torch.load(self._folder / "best.pt", weights_only=True)
        return state["average"], state["running"]

    def batches(self, composer: Composer) -> Iterable[list[Scene]]:
        """The batches that are still to come, made in processes of their own."""
        recipe = self._recipe
        data = data_loader()
        first = self.progress.step * recipe.batch
        workers: dict[str, Any] = {}
        if recipe.workers:
            workers = {"multiprocessing_context": "forkserver", "prefetch_factor": 3}
        return data(
            ComposedPictures(composer, recipe),
            batch_size=recipe.batch,
            sampler=range(first, recipe.steps * recipe.batch),
            num_workers=recipe.workers,
            collate_fn=as_list,
            **workers,
        )

    def rate(self) -> float:
        """Learning rate of the step that comes: a short rise, then half a cosine."""
        step, recipe = self.progress.step, self._recipe
        rise = min(1.0, (step + 1) / min(_WARM_UP_STEPS, recipe.steps))
        fall = 0.5 * (1 + math.cos(math.pi * step / recipe.steps))
        return recipe.rate * rise * (_SMALLEST_RATE_SHARE + (1 - _SMALLEST_RATE_SHARE) * fall)

    def step(self, scenes: Sequence[Scene]) -> tuple[float, float]:
        """Learns from one batch; its loss for boxes and for classes."""
        for group in self._optimiser.param_groups:
            group["lr"] = self.rate()
        pictures = np.stack([scene.picture for scene in scenes])
        features = self._trunk(pictures)
        raw = run_branch(self._learned, self._running, features, True)
        boxes, classes = self._losses(raw, scenes, pictures.shape[1], pictures.shape[2])
        self._optimiser.zero_grad(set_to_none=True)
        (_BOX_WEIGHT * boxes + _CLASS_WEIGHT * classes).backward()
        self._torch.nn.utils.clip_grad_norm_(list(self._learned.values()), _LARGEST_GRADIENT)
        self._optimiser.step()
        self.progress.step += 1
        self._follow()
        return float(boxes.detach()), float(classes.detach())

    def _follow(self) -> None:
        decay = _AVERAGE_DECAY * (1 - math.exp(-self.progress.step / 300))
        with self._torch.no_grad():
            for name, value in self._learned.items():
                self._average[name].lerp_(value.detach(), 1 - decay)

    def _losses(
        self, raw: Tensor, scenes: Sequence[Scene], height: int, width: int
    ) -> tuple[Tensor, Tensor]:
        torch = self._torch
        points, strides = (torch.from_numpy(part) for part in grids(height, width))
        boxes = boxes_of(raw, points, strides)
        logits = raw[:, 4:].transpose(1, 2)
        labels, truths, real = (torch.from_numpy(part) for part in as_arrays(scenes))
        found = self._assigner(
            logits.detach().sigmoid(), boxes.detach(), points, labels, truths, real
        )
        _, wanted_boxes, wanted_scores, taken, _ = found
        total = wanted_scores.sum().clamp(min=1.0)
        entropy = torch.nn.functional.binary_cross_entropy_with_logits(
            logits, wanted_scores.to(logits.dtype), reduction="none"
        )
        class_loss = (entropy * self._heeded(scenes, wanted_scores)).sum() / total
        if not bool(taken.any()):
            return boxes.sum() * 0, class_loss
        weight = wanted_scores.sum(-1)[taken]
        overlap = complete_iou(boxes[taken], wanted_boxes[taken]).squeeze(-1)
        return ((1 - overlap) * weight).sum() / total, class_loss

    def _heeded(self, scenes: Sequence[Scene], wanted: Tensor) -> Tensor:
        """1 where an answer counts: where adverts may stand unlabelled only the known ones do."""
        heeded = self._torch.ones_like(wanted)
        for index, scene in enumerate(scenes):
            if not scene.whole:
                heeded[index, :, ADVERT] = (wanted[index, :, ADVERT] > 0).to(heeded.dtype)
        return heeded


def data_loader() -> Any:
    """torch's DataLoader."""
    return import_torch().utils.data.DataLoader


def as_arrays(
    scenes: Sequence[Scene],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Classes (n, most, 1), boxes (n, most, 4) and which of them are real (n, most, 1)."""
    most = max(1, *(len(scene.boxes) for scene in scenes))
    labels = np.zeros((len(scenes), most, 1), np.float32)
    boxes = np.zeros((len(scenes), most, 4), np.float32)
    real = np.zeros((len(scenes), most, 1), np.float32)
    for index, scene in enumerate(scenes):
        count = len(scene.boxes)
        if count:
            labels[index, :count, 0] = scene.classes
            boxes[index, :count] = scene.boxes
            real[index, :count] = 1
    return labels, boxes, real
