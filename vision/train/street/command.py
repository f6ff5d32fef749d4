"""`python -m vision.train street`: vision/weights/street-n.onnx."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vision.train.options import Options, Say
from vision.train.street.learn import Recipe
from vision.train.street.run import train

CLIPS = Path(__file__).parents[3] / "samples" / "clips"
"""Our own rendered scenes; streets without anything hung out."""


def run(options: Options, say: Say) -> None:
    """Trains, or goes on training, and writes the model. Raises BadWeights."""
    recipe = Recipe() if options.steps is None else replace(Recipe(), steps=options.steps)
    target = options.weights_dir / "street-n.onnx"
    train(options.data_dir, options.work_dir, CLIPS, target, recipe, say)
