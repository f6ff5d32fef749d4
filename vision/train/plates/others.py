"""What must not be read as a plate: other writing, walls, blank and mirrored plates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from vision.plates.grammar import PROVINCES, SERIAL
from vision.plates.symbols import HEIGHT, WIDTH
from vision.train.plates.degrade import degrade
from vision.train.plates.ga36 import random_plate, render_plate
from vision.train.plates.glyphs import LATIN_FONTS, chinese_faces, glyph
from vision.types import Image

Rng = np.random.Generator

_SHOP_WORDS: Final = (
    "大药房超市酒店饭馆公司中国银行停车场出口入口禁止维修汽车美容电话热线招聘转让服装面"
    "人民路工商农业建设广告有限责任花园小区学校医院"
)


def other_picture(rng: Rng, walls: Sequence[Image]) -> Image:
    """HEIGHT x WIDTH x 3 of something that must not be read; `walls`: photographs, may be none."""
    chance = rng.random()
    if walls and chance < 0.45:
        return _piece(walls[int(rng.integers(len(walls)))], rng)
    flat = _writing(rng) if chance < 0.8 else _spoilt_plate(rng)
    return degrade(flat, rng)[0]


def load_walls(folder: Path, most: int = 200) -> list[Image]:
    """Facades with shop signs, at most 960 pixels wide; an absent folder gives none."""
    found = [cv2.imread(str(path)) for path in sorted(folder.glob("*.jpg"))[:most]]
    return [np.asarray(picture, np.uint8) for picture in found if picture is not None]


def _piece(wall: Image, rng: Rng) -> Image:
    height, width = wall.shape[:2]
    wide = int(rng.integers(50, max(51, min(400, width))))
    tall = min(height, max(12, round(wide * rng.uniform(0.25, 0.55))))
    x, y = int(rng.integers(0, width - wide + 1)), int(rng.integers(0, height - tall + 1))
    piece = wall[y : y + tall, x : x + wide]
    return np.asarray(cv2.resize(piece, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def _writing(rng: Rng) -> Image:
    """A sign's line: telephone numbers, shop names, other counts of characters than a plate's."""
    count = int(rng.integers(2, 14))
    kind = rng.random()
    alphabet = "0123456789" if kind < 0.3 else SERIAL if kind < 0.6 else _SHOP_WORDS
    if alphabet is SERIAL and count in (7, 8):
        count = 5  # without a province no plate, but near enough to teach doubt where it matters
    text = [alphabet[int(i)] for i in rng.integers(0, len(alphabet), count)]
    height, width = 140, max(180, min(560, count * 57 + 30))
    ground = rng.integers(0, 256, 3)
    ink = np.where(ground.mean() > 127, rng.integers(0, 60, 3), rng.integers(200, 256, 3))
    flat = np.full((height, width, 3), ground, np.uint8)
    step = (width - 20) / count
    face, weight = int(rng.integers(len(LATIN_FONTS))), int(rng.integers(-2, 3))
    chinese = chinese_faces()[0]
    for place, character in enumerate(text):
        chosen = chinese[face % len(chinese)] if ord(character) > 255 else face
        mask = glyph(character, max(8, round(step * 0.85)), 90, chosen, weight)
        left = round(10 + place * step)
        patch = flat[25:115, left : left + mask.shape[1]]
        share = mask[:, : patch.shape[1], None] / 255
        patch[:] = (patch * (1 - share) + ink * share).astype(np.uint8)
    return flat


def _spoilt_plate(rng: Rng) -> Image:
    """Upside down, mirrored, or blank: a plate whose letters do not stand as they are read."""
    text, colour, kind = random_plate(rng)
    while kind.startswith("motorcycle") or text[0] not in PROVINCES:
        text, colour, kind = random_plate(rng)
    flat = render_plate(text, colour, kind, rng=rng)
    way = int(rng.integers(3))
    if way == 0:
        return np.ascontiguousarray(flat[::-1, ::-1])
    if way == 1:
        return np.ascontiguousarray(flat[:, ::-1])
    return np.full_like(flat, np.median(flat.reshape(-1, 3), axis=0))
