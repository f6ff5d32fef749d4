"""`python -m vision.train locator`: composes, trains, writes plate-locate.onnx."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import torch

from vision.train.locator.export import export
from vision.train.locator.sources import load_sources
from vision.train.locator.train import Recipe, load_network, train
from vision.train.options import Options, Say

FILE = "plate-locate.onnx"


def run(options: Options, say: Say) -> None:
    """Trains, or goes on with, the locator, and says the sum that `vision.plates.locator` checks.

    Raises BadWeights where a folder of QIFEN_DATA is missing or the working folder holds the state
    of another recipe.
    """
    torch.set_num_threads(2)
    recipe = Recipe() if options.steps is None else replace(Recipe(), steps=options.steps)
    state = train(load_sources(options.data_dir), options.work_dir, recipe, say)
    file = export(load_network(state), options.weights_dir / FILE)
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    say(f"{file.name}: {file.stat().st_size / 1e6:.2f} MB, sha256 {sha256}")
