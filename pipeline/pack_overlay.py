"""Copies of evidence pictures with what a reader of a case file expects on them: time, place,
direction, device and an anti-forgery code. The original is never touched (domain.md 2.7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from pipeline.evidence import decode_jpeg, encode_jpeg

_NARROWEST = 800
"""Pixels: what a line of the band needs. Smaller pictures (plates) are enlarged, and it is said."""
_BAND = (20, 24, 32)
_INK = (255, 255, 255)
_FRAME = (255, 96, 64)
"""Red, green, blue."""


def overlay(data: bytes, box: Sequence[Any] | None, lines: Sequence[str], font: str) -> bytes:
    """A JPEG of the picture `data` with a frame around `box` (x1, y1, x2, y2 in 0..1) and `lines`
    on a band below it, so that nothing of the picture is covered; empty bytes where `data` is no
    picture. `font` is a file that has Chinese characters."""
    image = decode_jpeg(data)
    if image is None:
        return b""
    times = -(-_NARROWEST // image.shape[1])
    if times > 1:
        image = cv2.resize(image, None, fx=times, fy=times, interpolation=cv2.INTER_NEAREST)
        lines = [*lines, f"放大 enlarged {times}x"]
    tall, wide = image.shape[:2]
    letters = ImageFont.truetype(font, max(12, wide // 56))
    row = round(letters.size * 1.45)
    canvas = Pillow.new("RGB", (wide, tall + row * len(lines) + row // 2), _BAND)
    canvas.paste(Pillow.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)), (0, 0))
    pen = ImageDraw.Draw(canvas)
    if box is not None and len(box) == 4:
        corners = tuple(float(v) * (wide if n % 2 == 0 else tall) for n, v in enumerate(box))
        pen.rectangle(corners, outline=_FRAME, width=max(2, wide // 400))
    for n, line in enumerate(lines):
        pen.text((row // 2, tall + row // 4 + n * row), line, font=letters, fill=_INK)
    drawn = np.asarray(cv2.cvtColor(np.asarray(canvas), cv2.COLOR_RGB2BGR), np.uint8)
    return encode_jpeg(drawn, quality=88)
