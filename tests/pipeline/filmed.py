"""A street filmed at one picture a second: what hangs, sticks or gathers there comes and goes.

The street and its people are stills of `samples.recheck`, the sheet is of `samples.posters`, the
garments are drawn here: a composite, made anew for each test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np

from benchmarks.poster_scenes import our_sheets
from samples.recheck.stills import Stills
from vision.train.street.garments import CutOut, fabric
from vision.train.street.paste import paste, resize
from vision.types import Image

SIZE: Final = (1280, 720)
LINE_AT: Final = (60, 440)
"""Where the line hangs, pixels; its garments are `_TALL` high."""
SHEET_AT: Final = (690, 20)
_SHEET_SIZE: Final = (231, 150)
_TALL: Final = 110
_STILLS: Final = Stills()
_SHIRT: Final = (
    (45, 6), (58, 14), (82, 14), (95, 6), (136, 44), (118, 66), (104, 52), (104, 152), (36, 152),
    (36, 52), (22, 66), (4, 44),
)  # fmt: skip
_TROUSERS: Final = ((18, 4), (82, 4), (96, 152), (60, 152), (50, 50), (40, 152), (4, 152))

Span = tuple[float, float]
"""From this second of the film, up to and without that one."""


@dataclass(frozen=True, slots=True)
class Film:
    """What is to be seen when."""

    seconds: int
    line: Sequence[Span] = ()
    sheet: Sequence[Span] = ()
    people: Sequence[Span] = ()
    """Three of them, walking on the spot."""

    def write(self, path: Path) -> Path:
        """As H.264; every picture has another grain, as a camera's (the same ones are frozen)."""
        grain = np.random.default_rng(5).integers(0, 10, (SIZE[1], SIZE[0], 3), np.uint8)
        with av.open(str(path), "w") as container:
            options = {"preset": "ultrafast", "crf": "20", "threads": "1"}
            stream: Any = container.add_stream("libx264", rate=1, options=options)
            stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
            for second in range(self.seconds):
                noise = np.roll(grain, 37 * second, axis=1)
                picture = np.asarray(cv2.add(self._still(second), noise), np.uint8)
                frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
                frame.pts, frame.time_base = second, Fraction(1)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path

    def _still(self, second: int) -> Image:
        picture = _STILLS.picture("day", "empty_people" if _on(self.people, second) else "empty")
        picture = picture.copy()
        if _on(self.line, second):
            _hang(picture)
        if _on(self.sheet, second):
            (x, y), (width, height) = SHEET_AT, _SHEET_SIZE
            sheet = cv2.resize(
                our_sheets()["sticker_locks"], _SHEET_SIZE, None, 0, 0, cv2.INTER_AREA
            )
            picture[y : y + height, x : x + width] = sheet
        return picture


def _on(spans: Sequence[Span], second: float) -> bool:
    return any(since <= second < until for since, until in spans)


def _hang(picture: Image) -> None:
    """Three shirts and two pairs of trousers on one line."""
    x, y = LINE_AT
    cv2.line(picture, (x - 30, y), (x + 410, y), (200, 200, 200), 1, cv2.LINE_AA)
    for seed, form in enumerate((_SHIRT, _TROUSERS, _SHIRT, _TROUSERS, _SHIRT)):
        garment = _garment(seed, form)
        wide = _TALL * garment.shape[1] / garment.shape[0]
        paste(picture, resize(garment, _TALL, wide), x, y, shadow=0.2)
        x += round(wide) - 5


def _garment(seed: int, form: Sequence[tuple[int, int]]) -> CutOut:
    height, width = 160, max(x for x, _ in form) + 4
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.array(form, np.int32)], (255.0,))
    cloth = fabric(np.random.default_rng(seed), height, width)
    return np.dstack([cloth, mask]).astype(np.uint8)
