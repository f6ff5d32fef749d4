"""A second opinion: what a general text recogniser says of a plate that our own network has read.

A line of pixels in, one probability per time step and plate character out; and for a given text,
how hard it is for this recogniser to believe it. The network is PP-OCRv6 small as shipped inside
the rapidocr wheel, so nothing is downloaded. It knows 18,709 characters; here its output is folded
down to the hundred that a plate can hold, with look-alikes that the grammar cannot contain (O, o,
I, l, traditional forms) added to the character they stand for, and the separator dot added to the
blank. What is left over is kept as `other`: probability that went to something no plate can say
counts against the reading.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.engine import core
from vision.errors import BadWeights
from vision.plates import grammar
from vision.types import Image

SYMBOLS: Final = grammar.PROVINCES + grammar.LETTERS + "O" + grammar.DIGITS + "挂学警港澳领使应急"
"""Every character a plate can hold. `O` and `0` are separate here and share one probability."""

_ALIKE: Final = {
    **{
        "0": "0Oo〇○",
        "O": "0Oo〇○",
        "1": "1Il|丨!",
        "C": "CcС",
        "K": "KkΚК",
        "P": "PpΡР",
        "S": "Ss",
    },
    **{
        "U": "Uu",
        "V": "Vv",
        "W": "Ww",
        "X": "XxΧХ",
        "Z": "ZzΖ",
        "A": "AΑА",
        "B": "BΒВ",
        "E": "EΕЕ",
    },
    **{"H": "HΗН", "M": "MΜМ", "N": "NΝ", "T": "TΤТ", "Y": "YΥУ"},
    **{
        "沪": "沪滬",
        "云": "云雲",
        "辽": "辽遼",
        "鲁": "鲁魯",
        "苏": "苏蘇",
        "赣": "赣贛",
        "晋": "晋晉",
    },
    **{
        "陕": "陕陝",
        "闽": "闽閩",
        "贵": "贵貴",
        "粤": "粤粵",
        "宁": "宁寧",
        "琼": "琼瓊",
        "皖": "皖晥睆",
    },
    **{"青": "青靑", "挂": "挂掛", "学": "学學", "领": "领領", "应": "应應"},
}
"""Traditional forms, and letters of other scripts that are drawn alike."""
_SILENT: Final = "·•・‧∙.-—–_ :'`,，。、"
"""The dot behind the issuing letter, screws and dirt: they say nothing."""

HEIGHT: Final = 48
WIDTH: Final = 160
"""Pixels of the network's input; a plate of 440 x 140 mm is 151 wide at 48 high."""

_FLOOR: Final = 1e-9

Steps = NDArray[np.float32]
"""T x (1 + len(SYMBOLS)): probability of silence, then of each symbol, per time step."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """What the network said of one picture of one line."""

    steps: Steps
    raw: str
    """Best unconstrained text, for the record."""
    raw_log_probability: float
    """Of the best unconstrained path: what the constrained one is compared with."""


class Recogniser:
    """Loads the network once; `read` may be called from any number of threads, in turn."""

    def __init__(self, *, threads: int = 1) -> None:
        engine = core()
        model: Any = engine.read_model(str(wheel_model("PP-OCRv6_rec_small.onnx")))
        self._characters = _dictionary(model)
        model.reshape([1, 3, HEIGHT, WIDTH])  # one shape: OpenVINO keeps memory for each
        self._compiled: Any = engine.compile_model(
            model,
            "CPU",
            lean_settings(threads),
        )
        self._request: Any = self._compiled.create_infer_request()
        self._turn = threading.Lock()
        self._fold = _folding(self._characters)

    def read(self, picture: Image) -> Line:
        """What it says of one line of text (H x W x 3 BGR, any size); WIDTH / 8 time steps."""
        blob = _blob(picture)[None]
        with self._turn:
            self._request.infer([blob])
            steps = np.array(self._request.get_output_tensor(0).data[0])
        return self._line(steps)

    def _line(self, full: NDArray[np.float32]) -> Line:
        steps = np.empty((len(full), 1 + len(SYMBOLS)), np.float32)
        for column, indices in enumerate(self._fold):
            steps[:, column] = full[:, indices].sum(axis=1)
        best = full.argmax(axis=1)
        text = "".join(
            self._characters[now]
            for before, now in zip([0, *best[:-1]], best, strict=True)
            if now and now != before
        )
        loudest = np.maximum(full.max(axis=1), steps[:, 1:].max(axis=1, initial=0))
        loudest = np.maximum(loudest, steps[:, 0])
        return Line(steps, text, float(np.log(np.maximum(loudest, 1e-9)).sum()))


@cache
def shared_recogniser() -> Recogniser:
    return Recogniser()


def disbelief(line: Line, texts: Sequence[str]) -> NDArray[np.float32]:
    """Per text: natural log of how much likelier the recogniser's own best answer is (0: the same).

    The best alignment of each text with the time steps, as connectionist (CTC) networks are read:
    any silence between characters, and some between two that are equal.
    """
    log = np.log(np.maximum(line.steps, _FLOOR))
    found = np.zeros(len(texts), np.float32)
    for length in {len(text) for text in texts}:
        rows = [row for row, text in enumerate(texts) if len(text) == length]
        found[rows] = line.raw_log_probability - _aligned(log, [texts[row] for row in rows])
    return np.maximum(found, 0.0)


def _aligned(log: Steps, texts: Sequence[str]) -> NDArray[np.float32]:
    """Log-probability of the best path that says each text; all are of one length.

    States along a path: silence, character, silence, ..., character, silence.
    """
    symbols = np.array([[1 + SYMBOLS.index(character) for character in text] for text in texts])
    states = np.zeros((len(texts), 2 * symbols.shape[1] + 1), np.int64)
    states[:, 1::2] = symbols
    skips = np.full(states.shape, -np.inf, np.float32)
    skips[:, 3::2] = np.where(symbols[:, 1:] != symbols[:, :-1], 0.0, -np.inf)
    path = np.full(states.shape, -np.inf, np.float32)
    path[:, 0] = 0.0
    for step in log:
        moved = path.copy()
        moved[:, 1:] = np.maximum(moved[:, 1:], path[:, :-1])
        moved[:, 2:] = np.maximum(moved[:, 2:], path[:, :-2] + skips[:, 2:])
        path = moved + step[states]
    return np.maximum(path[:, -1], path[:, -2])


def _blob(picture: Image) -> NDArray[np.float32]:
    height, width = picture.shape[:2]
    scaled = min(WIDTH, max(8, round(HEIGHT * width / height)))
    blob = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    blob[:, :scaled] = cv2.resize(picture, (scaled, HEIGHT)) / np.float32(127.5) - np.float32(1)
    return blob.transpose(2, 0, 1)


def lean_settings(threads: int) -> dict[str, Any]:
    """How OpenVINO runs the plate networks: exactly, and in little memory.

    Full precision: a probability near 0.95 must not depend on the machine's arithmetic. Nothing
    is kept for shapes seen before: crops come in dozens of them, and what OpenVINO keeps of each
    grew a process by some 60 MB in 60 crops, without an end, to save a third of a read's time.
    """
    return {
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
        "CPU_RUNTIME_CACHE_CAPACITY": 0,
    }


def wheel_model(name: str) -> Path:
    """A network inside the installed rapidocr wheel; found without running rapidocr's own code."""
    spec = find_spec("rapidocr")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "models" / name
        if path.is_file():
            return path
    raise BadWeights(
        f"the plate reader's network {name} is missing",
        hint="install rapidocr 3.10 or newer: its wheel brings the network along",
        field="plates",
    )


def _dictionary(model: Any) -> list[str]:
    """Index -> character, blank first, as PaddleOCR lays it out; space stands last."""
    characters: str = model.get_rt_info(["framework", "character"]).astype(str)
    return ["", *characters.split("\n"), " "]


def _folding(characters: list[str]) -> list[list[int]]:
    """Per column of `Steps`, the network's characters that it sums up."""
    where: dict[str, list[int]] = {}
    for index, character in enumerate(characters[1:], start=1):
        bare = unicodedata.normalize("NFKD", character)[:1]  # an accent is dirt or a screw
        where.setdefault(bare if bare in grammar.LETTERS else character, []).append(index)
    silent = [0, *(index for c in _SILENT for index in where.get(c, []))]
    return [silent, *([i for a in _ALIKE.get(s, s) for i in where.get(a, [])] for s in SYMBOLS)]
