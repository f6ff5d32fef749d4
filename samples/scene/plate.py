"""Number plates as pictures, after GA 36: blue 440 x 140 mm, new-energy green 480 x 140 mm.

A plate's text is written without the dot (`浙A12345`); the dot after the second character is drawn.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFilter, ImageFont

PIXELS_PER_MM: Final = 2
HEIGHT_MM: Final = 140
WIDTH_MM: Final = {"blue": 440, "green": 480}
BLUE: Final = (12, 62, 165)
GREEN_TOP, GREEN_FOOT = (225, 245, 228), (72, 190, 112)
WHITE, BLACK = (250, 250, 250), (10, 10, 10)

CJK_FONTS: Final = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
)
LATIN_FONTS: Final = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Bold.ttf",
)


def font(paths: tuple[str, ...], size: int) -> ImageFont.FreeTypeFont:
    """The first installed font of `paths`."""
    for path in paths:
        if Path(path).exists():
            return ImageFont.truetype(path, size)
    raise FileNotFoundError(f"none of these fonts is installed: {', '.join(paths)}")


def _glyph(character: str, width: int, height: int) -> Image.Image:
    """One character stretched to width x height pixels: plate letters fill their box."""
    face = font(CJK_FONTS if ord(character) > 255 else LATIN_FONTS, 300)
    left, top, right, bottom = (int(v) for v in face.getbbox(character))
    mask = Image.new("L", (right - left + 4, bottom - top + 4))
    ImageDraw.Draw(mask).text((2 - left, 2 - top), character, fill=255, font=face)
    mask = mask.resize((width, height), Image.Resampling.LANCZOS)
    return mask.filter(ImageFilter.MinFilter(3)) if ord(character) < 256 else mask


def _ground(colour: str, size: tuple[int, int]) -> Image.Image:
    """The empty plate: flat blue, or white fading to green towards the foot."""
    if colour == "blue":
        return Image.new("RGB", size, BLUE)
    column = Image.new("RGB", (1, size[1]))
    for y in range(size[1]):
        share = min(1.0, max(0.0, (y / size[1] - 0.15) / 0.7))
        mixed = tuple(
            round(a + (b - a) * share) for a, b in zip(GREEN_TOP, GREEN_FOOT, strict=True)
        )
        column.putpixel((0, y), (mixed[0], mixed[1], mixed[2]))
    return column.resize(size)


def _starts_mm(colour: str) -> list[tuple[float, float]]:
    """(left edge, width) of each character box in millimetres, spaced as GA 36 asks."""
    if colour == "blue":
        left = [15.5, 72.5, 151.5, 208.5, 265.5, 322.5, 379.5]
        return [(x, 45.0) for x in left]
    # Green: the province 45 mm, then 43 mm characters 9 mm apart, 49 mm around the dot.
    return [(15.5, 45.0), (69.5, 43.0), *((161.5 + 52.0 * i, 43.0) for i in range(6))]


def plate_picture(text: str, colour: str) -> Image.Image:
    """The whole plate, 2 px a millimetre."""
    scale = PIXELS_PER_MM
    size = (WIDTH_MM[colour] * scale, HEIGHT_MM * scale)
    ink = WHITE if colour == "blue" else BLACK
    picture = _ground(colour, size)
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle(
        (3 * scale, 3 * scale, size[0] - 3 * scale, size[1] - 3 * scale),
        8 * scale,
        outline=ink,
        width=2 * scale,
    )
    boxes = _starts_mm(colour)
    for character, (left, width) in zip(text, boxes, strict=True):
        drawn = width * 0.5 if character == "1" else width
        mask = _glyph(character, round(drawn * scale), 90 * scale)
        picture.paste(ink, (round((left + (width - drawn) / 2) * scale), 25 * scale), mask)
    dot = (boxes[1][0] + boxes[1][1] + boxes[2][0]) / 2
    draw.ellipse(((dot - 5) * scale, 65 * scale, (dot + 5) * scale, 75 * scale), fill=ink)
    return picture


def plate_file(text: str, colour: str, folder: Path) -> Path:
    """Write the plate into `folder` and say where."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"plate_{'_'.join(f'{ord(c):x}' for c in text)}.png"
    plate_picture(text, colour).save(path)
    return path
