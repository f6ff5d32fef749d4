"""What is no plate though it has letters, edges or lamps: shop signs, brands, stamps, grilles.

A locator that only ever saw plates takes every line of letters for one. So most training pictures
hold some of these, and a fifth hold nothing else.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from vision.train.plates.glyphs import CJK_FONTS, LATIN_FONTS
from vision.types import Image

_WORDS: Final = (
    *("延安路", "停车场", "禁止停车", "消防通道", "小心地滑", "招租", "出入口", "中国银行"),
    *("便利店", "美容美发", "烟酒茶", "好又多超市", "水果", "药房", "手机维修", "物业服务中心"),
    *("TAXI", "TOYOTA", "PARKING", "EXIT", "OPEN 24H", "SALE", "BUS STOP", "HOTEL", "4WD", "JMC"),
    *("限速40", "开往火车站", "空车", "教练车", "请勿触摸", "慢", "城市管理", "住宿", "公交专用"),
)
_GROUNDS: Final = ((165, 62, 12), (30, 30, 200), (40, 200, 230), (90, 160, 40), (245, 245, 245))


def signs(random: np.random.Generator, count: int) -> list[Image]:
    """`count` signs to choose from, 24 to 64 pixels high."""
    return [_sign(random) for _ in range(count)]


def _text(random: np.random.Generator) -> str:
    choice = random.random()
    if choice < 0.55:
        return str(random.choice(_WORDS))
    if choice < 0.75:  # telephones
        return "".join(str(d) for d in random.integers(0, 10, int(random.choice([8, 11, 12]))))
    if choice < 0.9:  # stamps of cameras and the time on displays
        hour, minute, second = random.integers(0, 24), *random.integers(0, 60, 2)
        day = f"20{random.integers(10, 27)}-{random.integers(1, 13):02}-{random.integers(1, 29):02}"
        return f"{day} {hour:02}:{minute:02}:{second:02}"
    return "".join(random.choice(list("ABCDEFGHKMNPRSTUVWXYZ"), int(random.integers(2, 4))))


def _sign(random: np.random.Generator) -> Image:
    text = _text(random)
    wide = any(ord(c) > 255 for c in text)
    fonts = CJK_FONTS if wide or random.random() < 0.5 else LATIN_FONTS
    path, index = fonts[int(random.integers(len(fonts)))]
    face = ImageFont.truetype(path, 40, index=index)
    left, top, right, bottom = (int(v) for v in face.getbbox(text))
    pad_x, pad_y = int(random.integers(2, 30)), int(random.integers(2, 18))
    if random.random() < 0.75:
        ground = np.array(_GROUNDS[random.integers(len(_GROUNDS))], float)
        ground = np.clip(ground + random.normal(0, 15, 3), 0, 255)
    else:
        ground = random.uniform(0, 255, 3)
    dark = ground.mean() > 120
    ink = random.uniform(0, 60, 3) if dark else random.uniform(190, 255, 3)
    size = (right - left + 2 * pad_x, bottom - top + 2 * pad_y)
    picture = Pillow.new("RGB", size, tuple(int(v) for v in ground))
    draw = ImageDraw.Draw(picture)
    colour = tuple(int(v) for v in ink)
    draw.text((pad_x - left, pad_y - top), text, fill=colour, font=face)
    if random.random() < 0.3:
        draw.rectangle((1, 1, size[0] - 2, size[1] - 2), outline=colour, width=2)
    return np.asarray(picture, np.uint8).copy()


def draw_grille(picture: Image, random: np.random.Generator) -> None:
    """Bars as of a radiator, a fence or a window, somewhere in the picture."""
    height, width = picture.shape[:2]
    w, h = int(random.integers(20, width // 2)), int(random.integers(8, height // 3))
    x, y = int(random.integers(0, width - w)), int(random.integers(0, height - h))
    dark, light = random.uniform(0, 70, 3), random.uniform(80, 220, 3)
    cv2.rectangle(picture, (x, y), (x + w, y + h), dark.tolist(), -1)
    step, thick = int(random.integers(3, 12)), int(random.integers(1, 4))
    upright = random.random() < 0.5
    for at in range(0, w if upright else h, step + thick):
        ends = ((x + at, y), (x + at, y + h)) if upright else ((x, y + at), (x + w, y + at))
        cv2.line(picture, *ends, light.tolist(), thick, cv2.LINE_AA)


def draw_lamp(picture: Image, random: np.random.Generator) -> None:
    """A head or tail lamp that is off: a bright or red body with an edge."""
    height, width = picture.shape[:2]
    axes = (int(random.integers(4, width // 6)), int(random.integers(3, height // 8)))
    centre = (int(random.integers(0, width)), int(random.integers(0, height)))
    red = random.random() < 0.5
    body = random.uniform((20, 10, 120), (60, 50, 230)) if red else random.uniform(150, 255, 3)
    if random.random() < 0.5:
        cv2.ellipse(picture, centre, axes, 0.0, 0.0, 360.0, body.tolist(), -1, cv2.LINE_AA)
    else:
        corner = (centre[0] + axes[0] * 2, centre[1] + axes[1])
        cv2.rectangle(picture, centre, corner, body.tolist(), -1)
