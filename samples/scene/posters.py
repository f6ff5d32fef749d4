"""Draws the posters, banners and small ads of samples/posters: a development step, like the clips.

    python -m samples.scene.posters

Ours from the first stroke to the last: words, colours and shapes are made up here; the telephone
numbers are of the kind that is never given out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

from samples.scene.plate import CJK_FONTS, font

FOLDER: Final = Path(__file__).parent.parent / "posters"
Colour = tuple[int, int, int]
RED, GOLD, WHITE, BLACK = (196, 22, 28), (255, 214, 74), (250, 250, 248), (20, 20, 22)
BLUE, GREEN, ORANGE, PINK = (20, 76, 168), (24, 122, 74), (240, 122, 20), (233, 66, 126)


@dataclass(frozen=True)
class Sheet:
    """One poster: its size in pixels, ground and ink, and its lines from top to bottom, each with
    its share of the height."""

    name: str
    size: tuple[int, int]
    ground: Colour
    ink: Colour
    lines: tuple[tuple[str, float], ...]
    second: Colour = WHITE
    motif: str = ""
    """disc | bars | slant: what is drawn behind the words."""


SHEETS: Final = (
    Sheet("banner_opening", (480, 60), RED, GOLD, (("热烈庆祝本店盛大开业", 0.72),)),
    Sheet("banner_sale", (520, 64), ORANGE, WHITE, (("清仓大甩卖 全场五折起", 0.7),)),
    Sheet("banner_course", (440, 60), BLUE, WHITE, (("暑期辅导班 火热招生中", 0.7),)),
    Sheet(
        "poster_hotpot", (240, 340), RED, GOLD,
        (("老街火锅", 0.24), ("新店八折", 0.18), ("电话 000-0012", 0.09)), BLACK, "disc",
    ),
    Sheet(
        "poster_flats", (240, 330), BLUE, WHITE,
        (("精装公寓", 0.22), ("拎包入住", 0.18), ("00000120", 0.12)), GOLD, "slant",
    ),
    Sheet(
        "poster_fitness", (230, 330), BLACK, GOLD,
        (("健身", 0.3), ("年卡特惠", 0.16), ("扫码咨询", 0.1)), GREEN, "bars",
    ),
    Sheet(
        "poster_phone", (250, 320), WHITE, PINK,
        (("手机维修", 0.22), ("立等可取", 0.18)), BLUE, "disc",
    ),
    Sheet(
        "poster_milk", (240, 340), GREEN, WHITE,
        (("鲜奶到家", 0.22), ("第一月半价", 0.15)), GOLD, "slant",
    ),
    Sheet(
        "notice_rent", (260, 200), WHITE, RED,
        (("旺铺招租", 0.42), ("电话 000-0034", 0.2)), RED,
    ),
    Sheet(
        "notice_jobs", (240, 240), GOLD, RED,
        (("诚聘", 0.4), ("服务员 厨师", 0.2), ("待遇面议", 0.14)), WHITE, "bars",
    ),
    Sheet(
        "sticker_locks", (200, 130), BLUE, GOLD,
        (("开锁换锁", 0.4), ("000-0056", 0.24)), WHITE,
    ),
    Sheet("poster_picture", (240, 330), PINK, WHITE, (), GOLD, "disc"),
)  # fmt: skip


def draw(sheet: Sheet) -> Image.Image:
    """The sheet as it comes from the printer, with a thin edge."""
    width, height = sheet.size
    picture = Image.new("RGB", sheet.size, sheet.ground)
    pen = ImageDraw.Draw(picture)
    _draw_motif(pen, sheet)
    free = 1 - sum(share for _, share in sheet.lines) * 1.15
    top = height * (0.06 if sheet.motif else free / 2)
    for text, share in sheet.lines:
        letters = font(CJK_FONTS, max(8, round(height * share)))
        while letters.getlength(text) > 0.92 * width:
            letters = font(CJK_FONTS, round(letters.size) - 2)
        pen.text((width / 2, top), text, fill=sheet.ink, font=letters, anchor="mt")
        top += height * share * 1.15
    pen.rectangle((0, 0, width - 1, height - 1), outline=sheet.ink, width=max(2, width // 90))
    return picture


def _draw_motif(pen: ImageDraw.ImageDraw, sheet: Sheet) -> None:
    width, height = sheet.size
    if sheet.motif == "disc":
        radius, y = width * 0.34, height * 0.68
        pen.ellipse((width / 2 - radius, y - radius, width / 2 + radius, y + radius), sheet.second)
        pen.ellipse(
            (width / 2 - radius / 2, y - radius / 2, width / 2 + radius / 2, y + radius / 2),
            sheet.ink,
        )
    elif sheet.motif == "bars":
        for step in range(4):
            y = height * (0.7 + 0.07 * step)
            pen.rectangle((0.08 * width, y, 0.92 * width, y + 0.035 * height), sheet.second)
    elif sheet.motif == "slant":
        pen.polygon(
            [(0, height * 0.75), (width, height * 0.55), (width, height), (0, height)], sheet.second
        )


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for sheet in SHEETS:
        draw(sheet).save(FOLDER / f"{sheet.name}.jpg", quality=82)


if __name__ == "__main__":
    main()
