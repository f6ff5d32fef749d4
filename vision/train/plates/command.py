"""`python -m vision.train plates`: renders, trains, calibrates, writes plate-read.onnx."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch

from vision.plates.network import normalised
from vision.plates.symbols import COLOURS, POSITIONS
from vision.train.options import Options, Say
from vision.train.plates.fit import Plan, fit
from vision.train.plates.net import PlateNet, export
from vision.train.plates.real import real_plates
from vision.train.plates.shards import COLOUR_AT, Shard, make_shards, open_shard
from vision.types import PlateColour

FILE: Final = "plate-read.onnx"
SHARDS: Final = 82
"""Pieces of 4,096 rendered plates."""
_HELD: Final = 1024
"""Rendered plates for the temperature."""
_SEED, _CALIBRATION_SEED = 20261122, 99
_TRIED: Final = np.arange(0.6, 2.05, 0.05)


def run(options: Options, say: Say) -> None:
    """Trains, or goes on with, the plate network. Raises BadWeights as `Options.check` does.

    The temperature is found on rendered plates of another seed, which training never saw.
    """
    torch.set_num_threads(1)
    plan = Plan() if options.steps is None else replace(Plan(), steps=options.steps)
    shards, held = options.work_dir / "shards", options.work_dir / "unseen"
    make_shards(shards, SHARDS, seed=_SEED, data=options.data_dir, say=say)
    make_shards(held, 1, seed=_CALIBRATION_SEED, data=None, say=say, count=_HELD)
    plates = [plate for plate in real_plates(options.data_dir) if plate.trained_on]
    trained = fit(shards, plates, plan, options.work_dir / "run.pt", say)
    write(trained.averaged(), open_shard(held, 0), options.weights_dir / FILE, say)


def write(net: PlateNet, held: Shard, file: Path, say: Say) -> None:
    """Calibrates on `held` and exports."""
    temperature = calibrated(net, held)
    export(net, file, temperature=temperature, metadata={"name": file.stem, "author": "Qifen"})
    say(f"{file.name}: {file.stat().st_size / 1e6:.2f} MB, temperature {temperature:.2f}")


def calibrated(net: PlateNet, held: Shard) -> float:
    """The temperature under which the network is as sure as it is right, on plates of `held`."""
    unknown = COLOURS.index(PlateColour.UNKNOWN)
    rows = np.flatnonzero(held.labels[:, COLOUR_AT] != unknown)
    logits: list[torch.Tensor] = []
    with torch.inference_mode():
        for begin in range(0, len(rows), 64):
            pictures = held.pictures[rows[begin : begin + 64]]
            logits.append(net(torch.from_numpy(normalised(pictures)))[0])
    named = torch.cat(logits).flatten(0, 1)
    truth = torch.from_numpy(held.labels[rows, :POSITIONS]).long().flatten()
    losses = [float(torch.nn.functional.cross_entropy(named / t, truth)) for t in _TRIED]
    return float(_TRIED[int(np.argmin(losses))])
