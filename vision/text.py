"""Reading what is written on an advert: rapidocr, loaded when the first one has to be read.

What it reads is evidence and may hold a telephone number: it goes into the event, never to a log.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

import cv2
import numpy as np

from vision.types import Box, Image

READABLE: Final = 0.80
"""A line's mean confidence below which nobody can say that it is text."""
_SIDE: Final = 640
_SHORTER: Final = 96
"""Pixels of the shorter side to which a small crop is enlarged, as far as `_SIDE` allows."""
_SLIMMEST: Final = 0.25
"""Height to width of the canvas: the finder was not trained on slimmer ones."""
_MARGIN: Final = 0.06


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line that was read."""

    text: str
    confidence: float


class TextReader(Protocol):
    """Reads the lines in one part of a picture."""

    def read(self, image: Image, box: Box) -> list[TextLine]:
        """Lines in `box` (0..1 of `image`, H x W x 3 BGR), from top to bottom."""
        ...


class OcrTextReader:
    """PP-OCRv6 as the rapidocr wheel brings it; nothing is downloaded."""

    def __init__(self, *, threads: int = 1) -> None:
        # Half a second and 200 MB: whoever never sees a poster does without.
        from rapidocr import RapidOCR  # noqa: PLC0415

        self._engine: Any = RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.use_cls": False,
                # By itself it enlarges the shorter side to 736: a banner takes it 15 s then.
                "Det.limit_type": "max",
                "Det.limit_side_len": _SIDE,
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
        self._turn = threading.Lock()

    def read(self, image: Image, box: Box) -> list[TextLine]:
        crop = _crop(image, box)
        if crop is None:
            return []
        with self._turn:
            result: Any = self._engine(crop)
        texts: tuple[str, ...] = result.txts or ()
        scores: tuple[float, ...] = result.scores or ()
        return [
            TextLine(text.strip(), float(score))
            for text, score in zip(texts, scores, strict=True)
            if text.strip() and score >= READABLE
        ]


@cache
def shared_text_reader() -> OcrTextReader:
    """One for all cameras of a process."""
    return OcrTextReader()


def _crop(image: Image, box: Box) -> Image | None:
    """The box with a margin, as large as the text finder wants it."""
    height, width = image.shape[:2]
    dx, dy = (box[2] - box[0]) * _MARGIN, (box[3] - box[1]) * _MARGIN
    x1, y1 = max(0, int((box[0] - dx) * width)), max(0, int((box[1] - dy) * height))
    x2, y2 = min(width, round((box[2] + dx) * width)), min(height, round((box[3] + dy) * height))
    if x2 - x1 < 8 or y2 - y1 < 8:
        return None
    crop = image[y1:y2, x1:x2]
    scale = min(_SIDE / max(crop.shape[:2]), max(1.0, _SHORTER / min(crop.shape[:2])))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    sized = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=how)
    missing = max(0, round((_SLIMMEST * sized.shape[1] - sized.shape[0]) / 2))
    padded = cv2.copyMakeBorder(sized, missing, missing, 0, 0, cv2.BORDER_REPLICATE)
    return np.asarray(padded, np.uint8)
