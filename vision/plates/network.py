"""Our own plate network (`vision/weights/plate-read.onnx`): one look, eight positions, a colour.

Trained by `vision.train.plates`; its card stands beside the weights. The input has one fixed
shape, `VIEWS` looks at one plate, so that OpenVINO keeps one small plan in memory and no more.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vision.engine import core
from vision.errors import BadWeights
from vision.plates.rectify import flatten
from vision.plates.released import released
from vision.plates.symbols import COLOURS, END, HEIGHT, POSITIONS, WIDTH
from vision.types import Image

VIEWS: Final = 3
"""Looks at one plate, each cut a little differently: what is read must not hang on a pixel."""
WEIGHTS: Final = Path(__file__).parent.parent / "weights" / "plate-read.onnx"
SHA256: Final = "e901b4fb7d1c33edc6bea06e79883088295629bfa2681d713ea21afb61b04a0f"

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the network said of the views of one plate."""

    characters: Floats
    """Views x POSITIONS x (END + 1): probabilities, the last one of the text having ended."""
    colours: Floats
    """Views x len(COLOURS): probabilities; UNKNOWN is no plate, or not the whole of one."""
    two_lines: Floats
    """Views: probability that the text stands in two lines."""


def normalised(pictures: NDArray[np.uint8]) -> Floats:
    """N x HEIGHT x WIDTH x 3 BGR as the network takes it, N x 3 x HEIGHT x WIDTH.

    Each picture around its own mean and scaled by its own contrast: a plate in the dark is seen
    like one in the sun. The channels are scaled alike, so the colour stays.
    """
    floats = pictures.astype(np.float32)
    mean = floats.mean((1, 2, 3), keepdims=True)
    contrast = floats.std((1, 2, 3), keepdims=True)
    return np.ascontiguousarray(((floats - mean) / (contrast + 4)).transpose(0, 3, 1, 2))


def cut(
    picture: Image,
    quad: Floats,
    *,
    grow_x: float = 0.0,
    grow_y: float = 0.0,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> Image:
    """What lies inside `quad` (four corners in pixels, clockwise from the top left), grown by these
    shares of its sides, in `size` (width, height); beyond the picture its edge goes on."""
    return flatten(picture, quad, grow_x=grow_x, grow_y=grow_y, size=size)


class PlateNetwork:
    """Loads the network once; `look` may be called from any number of threads, in turn.

    Raises BadWeights where the weights' file is missing or is not the one that was released;
    `sha256=None` takes any file of this shape.
    """

    def __init__(
        self, weights: Path = WEIGHTS, *, sha256: str | None = SHA256, threads: int = 1
    ) -> None:
        model = _model(released(weights, sha256, "the plate reader's"))
        model.reshape([VIEWS, 3, HEIGHT, WIDTH])
        # Full precision: a probability near the bar must not depend on the machine's arithmetic.
        settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
        self._compiled: Any = core().compile_model(model, "CPU", settings)
        self._request: Any = self._compiled.create_infer_request()
        self._turn = threading.Lock()

    def look(self, views: Sequence[Image]) -> Seen:
        """VIEWS pictures (HEIGHT x WIDTH x 3 BGR) of one plate."""
        blob = normalised(np.stack(views))
        with self._turn:
            self._request.infer([blob])
            characters = np.array(self._request.get_tensor("characters").data)
            logits = np.array(self._request.get_tensor("colour").data)
        powers = np.exp(logits[:, :-1] - logits[:, :-1].max(1, keepdims=True))
        colours = powers / powers.sum(1, keepdims=True)
        lines = np.asarray(1 / (1 + np.exp(-logits[:, -1])), np.float32)
        return Seen(characters, colours, lines)


def _model(weights: Path) -> Any:
    """Raises BadWeights where the file is another network."""
    hint = "reinstall qifen, or make the weights again with `python -m vision.train plates`"
    try:
        model: Any = core().read_model(str(weights))
    except RuntimeError as error:
        raise BadWeights(
            f"the plate network {weights.name} cannot be read", hint=hint, field="plates"
        ) from error
    outputs = {name: out.partial_shape for out in model.outputs for name in out.get_names()}
    wanted = {"characters": [POSITIONS, END + 1], "colour": [len(COLOURS) + 1]}
    for name, shape in wanted.items():
        if name not in outputs or [d.get_length() for d in list(outputs[name])[1:]] != shape:
            raise BadWeights(
                f"{weights.name} is no plate network of this version: output {name} is not {shape}",
                hint=hint,
                field="plates",
            )
    return model


@cache
def shared_network() -> PlateNetwork:
    return PlateNetwork()
