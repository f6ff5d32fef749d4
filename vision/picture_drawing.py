"""Boxes and words on a copy of a picture, Chinese characters included.

OpenCV's own lettering knows no Chinese, so Pillow draws with whatever Chinese font the system
has; where it has none, the province is spelt in pinyin (浙A12345 becomes Zhe-A12345).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from vision.plates.grammar import PROVINCE_NAMES
from vision.types import Box, Image

_FOLDERS: Final = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
)
_FONTS: Final = (
    "NotoSansCJK-Bold",
    "NotoSansCJK",
    "NotoSansSC",
    "SourceHanSans",
    "wqy-zenhei",
    "wqy-microhei",
    "DroidSansFallback",
    "Hiragino Sans GB",
    "PingFang",
    "STHeiti",
    "NotoSerifCJK",
    "uming",
    "ukai",
)
_OBJECT: Final = (40, 200, 60)
_PLATE: Final = (250, 190, 0)
"""Red, green, blue."""


def draw_boxes(image: Image, marks: Sequence[tuple[Box, str, bool]]) -> Image:
    """A copy of `image` (H x W x 3 BGR) with (box, words, is a plate) drawn on it."""
    height, width = image.shape[:2]
    canvas = Pillow.fromarray(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8))
    pen = ImageDraw.Draw(canvas)
    line = max(1, round(max(height, width) / 500))
    for (x1, y1, x2, y2), words, is_plate in marks:
        colour = _PLATE if is_plate else _OBJECT
        box = (x1 * width, y1 * height, x2 * width, y2 * height)
        pen.rectangle(box, outline=colour, width=line)
        size = max(14, round(max(height, width) / (28 if is_plate else 50)))
        _label(pen, box, words, size, colour, (width, height))
    return np.asarray(cv2.cvtColor(np.asarray(canvas), cv2.COLOR_RGB2BGR), np.uint8)


def legible(words: str) -> str:
    """`words` with Chinese characters spelt in pinyin, for fonts that lack them."""
    spelt = [f"{PROVINCE_NAMES[c]}-" if c in PROVINCE_NAMES else c for c in words]
    return "".join(spelt).rstrip("-").encode("ascii", "replace").decode()


def _label(
    pen: ImageDraw.ImageDraw,
    box: tuple[float, float, float, float],
    words: str,
    size: int,
    colour: tuple[int, int, int],
    canvas: tuple[int, int],
) -> None:
    """Dark words on a plate of the box's colour, above the box or, at the top edge, below it."""
    path = chinese_font()
    font = ImageFont.truetype(path, size) if path else ImageFont.load_default(size)
    words = words if path else legible(words)
    left, top, right, bottom = pen.textbbox((0, 0), words, font=font)
    wide, tall = right - left + size * 0.4, bottom - top + size * 0.4
    x = max(0.0, min(box[0], canvas[0] - wide))
    y = box[1] - tall if box[1] >= tall else min(box[3], canvas[1] - tall)
    pen.rectangle((x, y, x + wide, y + tall), fill=colour)
    pen.text((x + size * 0.2 - left, y + size * 0.2 - top), words, font=font, fill=(0, 0, 0))


@cache
def chinese_font() -> str | None:
    """Path of a font of this system that holds Chinese characters, or None."""
    files = [
        file
        for folder in _FOLDERS
        for file in sorted(Path(folder).expanduser().rglob("*"))
        if file.suffix.lower() in {".ttc", ".ttf", ".otf"}
    ]
    for name in _FONTS:
        for file in files:
            if file.name.lower().startswith(name.lower()):
                return str(file)
    return None
