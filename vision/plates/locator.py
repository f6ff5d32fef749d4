"""The plate locator: our own network, first over the vehicle, then close up.

`plate-locate.onnx` answers per cell of 8 x 8 pixels with a score, four corners and whether the
plate has two lines. It sees a vehicle's crop on one fixed canvas, and every find again on a small
one, laid flat by the corners it was found with: seen from the front, corners are told better than
from the side, and what only looked like a plate from afar is dropped. Fixed canvases,
because a network that is run at ever new shapes keeps memory for each.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.engine import core
from vision.plates.locate_grid import Answer, FoundPlate, peaks, same_plate
from vision.plates.read import lean_settings
from vision.plates.released import released
from vision.types import Image

WEIGHTS: Final = Path(__file__).parent.parent / "weights" / "plate-locate.onnx"
SHA256: Final = "1b75b0eb7852a8f747be6c34454617ce1e210cf99bc88712aa676e0671e35dc4"

VEHICLE_SIDE: Final = 384
"""A vehicle's crop is searched with its long side at this many pixels."""
PICTURE_SIDE: Final = 1152
"""A whole picture, where no vehicle was found in it: searched whole and in overlapping tiles."""
LEAST: Final = 0.29
"""Score of both looks together from which something is a plate."""
_LEAST_FAR: Final = 0.12
"""Score of the first look that earns a second."""
_MOST: Final = 6
_CANVAS: Final = (384, 320)
_CLOSE: Final = (192, 128)
"""Width and height in pixels of the first and the second look."""
_CLOSE_PLATE: Final = 104.0
"""Width of a plate on the close canvas."""
_MOST_ENLARGED: Final = 3.0
_GREY: Final = 114
_FLATTEST: Final = 0.25
"""Nearest to farthest edge of what the close canvas shows, at most this apart in perspective."""
_SHRINK_FROM: Final = 0.7
"""What is shown smaller than this share of its size is averaged, not sampled."""

Matrix = NDArray[np.float64]
"""3 x 3, from one picture's pixels to another's."""


class Locator:
    """Loads the network once; `find` may be called from any number of threads, in turn.

    Raises BadWeights where the weights' file is missing or is not the one that was released.
    """

    def __init__(
        self, weights: Path = WEIGHTS, *, sha256: str | None = SHA256, threads: int = 1
    ) -> None:
        model: Any = core().read_model(released(weights, sha256, "the plate locator's"))
        self._far = _Canvas(model, _CANVAS, threads)
        self._near = _Canvas(model, _CLOSE, threads)
        self._turn = threading.Lock()

    def find(
        self, image: Image, *, side: int = VEHICLE_SIDE, least: float = LEAST
    ) -> list[FoundPlate]:
        """Plates of `image` (H x W x 3 BGR), surest first, at most six.

        `side`: its long side in pixels as it is searched; beyond the canvas in overlapping tiles.
        `least`: score (0..1) below which a find is none.
        """
        with self._turn:
            first: list[FoundPlate] = []
            for window in _windows(image, side):
                first += self._far.look(image, window, _LEAST_FAR, _MOST)
            first.sort(key=lambda found: -found.score)
            close = [self._again(image, found, least) for found in _distinct(first, 0.0)]
            return _distinct(close, least)

    def _again(self, image: Image, found: FoundPlate, least: float) -> FoundPlate:
        """The same plate close up, twice: the corners are the mean of both looks.

        A find that is not seen again keeps little of its score.
        """
        once = self._flat(image, found)
        if once is None:
            return FoundPlate(found.quad, found.score * _LEAST_FAR, found.two_lines)
        score = float(np.sqrt(once.score * found.score))
        twice = self._flat(image, once) if score >= least else None
        quad = once.quad if twice is None else (once.quad + twice.quad) / 2
        return FoundPlate(np.asarray(quad, np.float32), score, once.two_lines)

    def _flat(self, image: Image, found: FoundPlate) -> FoundPlate | None:
        """What the network says of a find that is laid flat; None where it sees it no more."""
        matrix = _upright(found)
        for near in self._near.answer(_warped(image, matrix, _CLOSE), _LEAST_FAR, 2):
            back = cv2.perspectiveTransform(near.quad[None], np.linalg.inv(matrix))
            quad = np.asarray(back, np.float32)[0]
            if same_plate(quad, found.quad):
                return FoundPlate(quad, near.score, near.two_lines)
        return None


@cache
def shared_locator() -> Locator:
    """The locator with the weights that come with Qifen, loaded once for the whole process."""
    return Locator()


@dataclass(frozen=True, slots=True)
class _Window:
    """What part of a picture a canvas shows: from x, y on, in pixels, enlarged by `scale`."""

    x: float
    y: float
    scale: float


class _Canvas:
    """The network at one fixed size."""

    def __init__(self, model: Any, size: tuple[int, int], threads: int) -> None:
        width, height = size
        self._size = size
        model.reshape([1, 3, height, width])
        compiled: Any = core().compile_model(model, "CPU", lean_settings(threads))
        self._request: Any = compiled.create_infer_request()

    def look(self, image: Image, window: _Window, least: float, most: int) -> list[FoundPlate]:
        """Plates in the window, in pixels of the image."""
        start = np.array([window.x, window.y], np.float32)
        return [
            FoundPlate(found.quad / np.float32(window.scale) + start, found.score, found.two_lines)
            for found in self.answer(_shown(image, window, self._size), least, most)
        ]

    def answer(self, canvas: Image, least: float, most: int) -> list[FoundPlate]:
        """Plates in pixels of a canvas of this size."""
        blob = cv2.dnn.blobFromImage(canvas, 1 / 255, swapRB=True)
        answer: Answer = next(iter(self._request.infer([blob]).values()))[0]
        return peaks(answer, least=least, most=most)


def _shown(image: Image, window: _Window, size: tuple[int, int]) -> Image:
    """The window on a canvas of `size`, grey where the picture ends; shrunk by averaging."""
    height, width = image.shape[:2]
    scale = window.scale
    left, top = max(0, int(window.x)), max(0, int(window.y))
    right = min(width, int(np.ceil(window.x + size[0] / scale)) + 1)
    bottom = min(height, int(np.ceil(window.y + size[1] / scale)) + 1)
    part = image[top:bottom, left:right]
    shrunk = 1.0
    if scale < _SHRINK_FROM:
        shrunk = scale
        shown = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
        part = cv2.resize(part, shown, interpolation=cv2.INTER_AREA)
    rest = scale / shrunk
    matrix = np.array(
        [
            [rest, 0, (left - window.x) * scale + (rest - 1) / 2],
            [0, rest, (top - window.y) * scale + (rest - 1) / 2],
        ]
    )
    grey = (_GREY, _GREY, _GREY)
    return np.asarray(
        cv2.warpAffine(part, matrix, size, flags=cv2.INTER_LINEAR, borderValue=grey), np.uint8
    )


def _upright(found: FoundPlate) -> Matrix:
    """Lays a find flat in the middle of the close canvas, by the sides of plates (GA 36)."""
    high = _CLOSE_PLATE * (220 if found.two_lines else 140) / 440
    x, y = (_CLOSE[0] - _CLOSE_PLATE) / 2, (_CLOSE[1] - high) / 2
    flat = [[x, y], [x + _CLOSE_PLATE, y], [x + _CLOSE_PLATE, y + high], [x, y + high]]
    target = np.array(flat, np.float32)
    matrix = np.asarray(cv2.getPerspectiveTransform(found.quad, target), np.float64)
    depths = (np.linalg.inv(matrix) @ _rim(_CLOSE).T)[2]
    if depths.min() < _FLATTEST * depths.max():  # the canvas would reach behind the camera
        affine = cv2.getAffineTransform(found.quad[[0, 1, 3]], target[[0, 1, 3]])
        return np.vstack([affine, [0.0, 0.0, 1.0]])
    return matrix


def _rim(size: tuple[int, int]) -> Matrix:
    """The corners of a canvas, in homogeneous coordinates, a row each."""
    width, height = size
    return np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], np.float64)


def _warped(image: Image, matrix: Matrix, size: tuple[int, int]) -> Image:
    """The image through `matrix` on a canvas of `size`; shrunk by averaging where it shrinks."""
    seen = _rim(size) @ np.linalg.inv(matrix).T
    seen = seen[:, :2] / seen[:, 2:]
    edge = (image.shape[1], image.shape[0])
    left, top = np.clip(np.floor(seen.min(axis=0)), 0, np.array(edge) - 1).astype(int)
    right, bottom = np.clip(np.ceil(seen.max(axis=0)), (left + 1, top + 1), edge).astype(int)
    scale = size[0] / max(1.0, float(np.linalg.norm(seen[1] - seen[0])))
    part, ratio = image[top:bottom, left:right], np.ones(2)
    if scale < _SHRINK_FROM:
        shown = [max(1, round(side * scale)) for side in (part.shape[1], part.shape[0])]
        ratio = np.array(shown) / (part.shape[1], part.shape[0])
        part = cv2.resize(part, shown, interpolation=cv2.INTER_AREA)
    to_image = np.array([[1 / ratio[0], 0, left], [0, 1 / ratio[1], top], [0, 0, 1]])
    # Corners are counted from the edges of pixels, warps from their middles.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    whole = np.linalg.inv(half) @ matrix @ to_image @ half
    grey = (_GREY, _GREY, _GREY)
    return np.asarray(
        cv2.warpPerspective(part, whole, size, flags=cv2.INTER_LINEAR, borderValue=grey), np.uint8
    )


def _windows(image: Image, side: int) -> list[_Window]:
    """The whole picture on the canvas, and where `side` is larger, tiles that overlap a quarter."""
    height, width = image.shape[:2]
    whole = min(_CANVAS[0] / width, _CANVAS[1] / height)
    scale = min(whole, side / max(height, width), _MOST_ENLARGED)
    windows = [_centred(width, height, scale)]
    fine = min(1.0, side / max(height, width))
    if side <= max(_CANVAS) or fine < 1.2 * whole:
        return windows
    columns = _starts(width, _CANVAS[0] / fine)
    rows = _starts(height, _CANVAS[1] / fine)
    return windows + [_Window(x, y, fine) for y in rows for x in columns]


def _centred(width: int, height: int, scale: float) -> _Window:
    return _Window((width - _CANVAS[0] / scale) / 2, (height - _CANVAS[1] / scale) / 2, scale)


def _starts(length: int, tile: float) -> list[float]:
    """Where tiles begin so that they cover `length` and overlap by a quarter or more."""
    if tile >= length:
        return [(length - tile) / 2]
    count = int(np.ceil((length - tile) / (tile * 0.75))) + 1
    return [float(start) for start in np.linspace(0, length - tile, count)]


def _distinct(found: list[FoundPlate], least: float) -> list[FoundPlate]:
    """Surest first, one of each plate, none below `least`."""
    kept: list[FoundPlate] = []
    for plate in sorted(found, key=lambda p: -p.score):
        if plate.score >= least and not any(same_plate(plate.quad, k.quad) for k in kept):
            kept.append(plate)
    return kept[:_MOST]
