"""Pictures the street wears: shop signs and what stands behind the glass."""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from samples.scene.plate import CJK_FONTS, font

SIGNS = ("便民超市", "兰州拉面", "洗衣店", "五金百货", "水果店", "理发店")
SIGN_GROUNDS = ((150, 20, 24), (20, 70, 130), (20, 105, 60), (190, 95, 15), (90, 30, 100))


def sign_file(text: str, ground: tuple[int, int, int], folder: Path) -> Path:
    """A shop sign, 1024 x 256 pixels."""
    picture = Image.new("RGB", (1024, 256), ground)
    face = font(CJK_FONTS, 170)
    left, top, right, bottom = face.getbbox(text)
    at = ((1024 - (right - left)) / 2 - left, (256 - (bottom - top)) / 2 - top)
    ImageDraw.Draw(picture).text(at, text, fill=(255, 245, 220), font=face)
    return _keep(picture, folder / f"sign_{'_'.join(f'{ord(c):x}' for c in text)}.png")


def shelf_file(seed: int, folder: Path) -> Path:
    """Shelves with small coloured goods, a little out of focus, 512 x 384 pixels."""
    dice = random.Random(seed)
    picture = Image.new("RGB", (512, 384), (70, 62, 52))
    draw = ImageDraw.Draw(picture)
    for row in range(5):
        y, x = 40 + row * 66, 6
        while x < 505:
            width, height = dice.randint(9, 34), dice.randint(22, 52)
            colour = (dice.randint(40, 220), dice.randint(40, 220), dice.randint(40, 220))
            draw.rectangle((x, y + 54 - height, x + width, y + 54), fill=colour)
            x += width + dice.randint(1, 8)
        draw.rectangle((0, y + 54, 512, y + 60), fill=(150, 140, 120))
    draw.rectangle((0, 0, 512, 16), fill=(255, 250, 235))
    return _keep(picture.filter(ImageFilter.GaussianBlur(2.2)), folder / f"shelf_{seed}.png")


def _keep(picture: Image.Image, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)
    return path
