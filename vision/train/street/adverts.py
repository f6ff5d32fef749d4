"""Adverts drawn by us (banners, signs, posters, light boxes, bare letters), and borrowed ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as PilImage
from PIL import ImageDraw, ImageFont

from vision.errors import BadWeights
from vision.train.street.garments import CutOut
from vision.train.street.paste import Box, Picture, match_brightness, paste, resize, surroundings

_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
)
_LETTERING = """
超市 便利店 水果店 餐厅 面馆 火锅 烧烤 奶茶 咖啡 药店 理发 美容 服装 鞋店 五金 建材 房产中介
手机维修 打印复印 洗衣店 宠物 花店 眼镜 珠宝 银行 酒店 宾馆 旅馆 网吧 健身 瑜伽 培训 英语
家政 租房 招聘 转让 清仓 甩卖 特价 开业大吉 买一送一 全场五折 欢迎光临 烟酒 茶叶 早餐 小吃
CAFE BANK HOTEL SALE PIZZA OPTIKA APTEKA FOTO BAR SUSHI MODA СТОЛОВАЯ ПРОДУКТЫ АПТЕКА ОБУВЬ
КНИГИ ЦВЕТЫ РЕСТОРАН САЛОН БАНК 24 ОПТИКА ПЕКАРНЯ СУВЕНИРЫ МАГАЗИН
"""
_WORDS = tuple(_LETTERING.split())
_PAIRS = (
    ((30, 30, 200), (255, 255, 255)),
    ((30, 30, 200), (60, 230, 255)),
    ((255, 255, 255), (30, 30, 200)),
    ((40, 40, 40), (255, 255, 255)),
    ((140, 60, 20), (255, 255, 255)),
    ((60, 120, 30), (255, 255, 255)),
    ((240, 240, 240), (60, 60, 60)),
    ((40, 200, 250), (30, 30, 30)),
    ((40, 50, 80), (120, 200, 240)),
)
"""Blue-green-red of panel and letters."""

_fonts: dict[tuple[str, int], ImageFont.FreeTypeFont] = {}


def font_paths() -> list[str]:
    """Fonts with Chinese characters on this machine. Raises BadWeights where there is none."""
    found = [path for path in _FONTS if Path(path).is_file()]
    if not found:
        raise BadWeights(
            "no font with Chinese characters is installed", hint="install fonts-noto-cjk"
        )
    return found


def _font(rng: np.random.Generator, size: int) -> ImageFont.FreeTypeFont:
    paths = font_paths()
    key = (paths[int(rng.integers(len(paths)))], size)
    if key not in _fonts:
        _fonts[key] = ImageFont.truetype(*key)
    return _fonts[key]


def _text(rng: np.random.Generator, longest: int) -> str:
    words = [_WORDS[int(rng.integers(len(_WORDS)))] for _ in range(int(rng.integers(1, 4)))]
    return (" " if rng.random() < 0.5 else "").join(words)[:longest]


def _colours(rng: np.random.Generator) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    if rng.random() < 0.7:
        return _PAIRS[int(rng.integers(len(_PAIRS)))]
    panel = rng.integers(0, 256, 3)
    letters = 255 - panel if abs(int(panel.mean()) - 128) > 40 else np.full(3, 255)
    first, second = [int(value) for value in panel], [int(value) for value in letters]
    return (first[0], first[1], first[2]), (second[0], second[1], second[2])


def _lettering(rng: np.random.Generator, text: str, size: int, down: bool) -> Picture:
    """Coverage of the letters (height, width), 0..255; `down` sets one below another."""
    font = _font(rng, size)
    if down:
        text = "\n".join(text.replace(" ", ""))
    probe = ImageDraw.Draw(PilImage.new("L", (1, 1)))
    x1, y1, x2, y2 = probe.multiline_textbbox((0, 0), text, font=font, spacing=2, align="center")
    sheet = PilImage.new("L", (max(2, round(x2 - x1)), max(2, round(y2 - y1))), 0)
    ImageDraw.Draw(sheet).multiline_text(
        (-x1, -y1), text, font=font, fill=255, spacing=2, align="center"
    )
    return np.asarray(sheet, np.uint8)


def _signboard(rng: np.random.Generator, down: bool = False) -> CutOut:
    """A panel with letters: banner or fascia, or upright beside a door."""
    panel, letters = _colours(rng)
    mask = _lettering(rng, _text(rng, 6 if down else 14), 36, down)
    pad_x, pad_y = int(rng.integers(4, 50)), int(rng.integers(3, 16))
    if down:
        pad_x, pad_y = int(rng.integers(3, 12)), int(rng.integers(4, 24))
    height, width = mask.shape[0] + 2 * pad_y, mask.shape[1] + 2 * pad_x
    board = np.empty((height, width, 3), np.float32)
    board[:] = panel
    board *= np.linspace(1, float(rng.uniform(0.8, 1.1)), height)[:, None, None]
    cover = mask[..., None].astype(np.float32) / 255
    inner = board[pad_y : pad_y + mask.shape[0], pad_x : pad_x + mask.shape[1]]
    inner[:] = inner * (1 - cover) + np.array(letters, np.float32) * cover
    done = np.clip(board, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        cv2.rectangle(done, (0, 0), (width - 1, height - 1), letters, int(rng.integers(1, 4)))
    return np.dstack([done, np.full((height, width), 255, np.uint8)]).astype(np.uint8)


def _upright(rng: np.random.Generator) -> CutOut:
    return _signboard(rng, down=True)


def _letters(rng: np.random.Generator) -> CutOut:
    """Single letters fixed to the wall, nothing behind them."""
    mask = _lettering(rng, _text(rng, 12), 44, False)
    _, colour = _colours(rng)
    colour = colour if rng.random() < 0.6 else (50, 50, 60)
    done = np.empty((*mask.shape, 4), np.uint8)
    done[..., :3] = colour
    done[..., 3] = mask
    return done


def _poster(rng: np.random.Generator) -> CutOut:
    """A sheet with a heading, a picture and small print."""
    panel, letters = _colours(rng)
    width, height = int(rng.integers(110, 190)), int(rng.integers(140, 260))
    sheet = np.empty((height, width, 3), np.uint8)
    sheet[:] = panel
    top, bottom = int(height * rng.uniform(0.2, 0.35)), int(height * rng.uniform(0.6, 0.9))
    blobs = rng.integers(0, 256, (5, 4, 3)).astype(np.uint8)
    sheet[top:bottom, 8 : width - 8] = cv2.resize(
        blobs, (width - 16, bottom - top), interpolation=cv2.INTER_CUBIC
    )
    _print(
        sheet,
        resize_mask(_lettering(rng, _text(rng, 6), 30, False), width - 20, top - 8),
        4,
        10,
        letters,
    )
    for y in range(bottom + 6, height - 6, 9):
        end = int(rng.integers(width // 2, width - 10))
        cv2.line(sheet, (10, y), (end, y), letters, 2)
    return np.dstack([sheet, np.full((height, width), 255, np.uint8)]).astype(np.uint8)


def resize_mask(mask: Picture, width: int, height: int) -> Picture:
    """The lettering as large as fits into width x height."""
    scale = min(width / mask.shape[1], height / mask.shape[0])
    size = (max(1, int(mask.shape[1] * scale)), max(1, int(mask.shape[0] * scale)))
    return cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _print(sheet: Picture, mask: Picture, y: int, x: int, colour: tuple[int, int, int]) -> None:
    piece = sheet[y : y + mask.shape[0], x : x + mask.shape[1]]
    cover = mask[..., None].astype(np.float32) / 255
    piece[:] = (piece * (1 - cover) + np.array(colour, np.float32) * cover).astype(np.uint8)


def _round(rng: np.random.Generator) -> CutOut:
    """A round or oval sign on an arm, square to the wall."""
    panel, letters = _colours(rng)
    sheet = np.zeros((120, 120, 4), np.uint8)
    cv2.ellipse(sheet, (60, 60), (58, 58), 0, 0, 360, (*panel, 255), -1, cv2.LINE_AA)
    cv2.ellipse(sheet, (60, 60), (52, 52), 0, 0, 360, (*letters, 255), 2, cv2.LINE_AA)
    mask = resize_mask(_lettering(rng, _text(rng, 3), 40, False), 80, 60)
    flat = np.ascontiguousarray(sheet[..., :3])
    _print(flat, mask, 60 - mask.shape[0] // 2, 60 - mask.shape[1] // 2, letters)
    return np.dstack([flat, sheet[..., 3]]).astype(np.uint8)


_MAKERS = (_signboard, _upright, _letters, _poster, _round)
_SHARES = (0.38, 0.17, 0.17, 0.18, 0.10)


def draw_advert(rng: np.random.Generator) -> CutOut:
    """One advert as a cut-out, seen a little from the side."""
    cut = _MAKERS[int(rng.choice(len(_MAKERS), p=_SHARES))](rng)
    if rng.random() < 0.5:
        return cut
    height, width = cut.shape[:2]
    square = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = square + rng.uniform(-0.06, 0.06, (4, 2)) * [width, height]
    moved -= moved.min(axis=0)
    size = np.ceil(moved.max(axis=0)).astype(int)
    turn = cv2.getPerspectiveTransform(square, moved.astype(np.float32))
    done = cv2.warpPerspective(cut, turn, (max(2, int(size[0])), max(2, int(size[1]))))
    return done.astype(np.uint8, copy=False)


def put_up(
    picture: Picture,
    borrowed: Sequence[CutOut],
    taken: Sequence[Box],
    rng: np.random.Generator,
) -> Box | None:
    """Puts one advert up in `picture` (in place), where it covers none of the boxes `taken`.

    borrowed: adverts cut from other pictures. Returns its box, None where it found no room.
    """
    if borrowed and rng.random() < 0.5:
        cut = borrowed[int(rng.integers(len(borrowed)))]
        factor = float(rng.uniform(0.6, 1.6))
        height, width = cut.shape[0] * factor, cut.shape[1] * factor
    else:
        cut = draw_advert(rng)
        area = float(np.exp(rng.uniform(np.log(0.0006), np.log(0.04))))
        ratio = cut.shape[1] / cut.shape[0]
        whole = area * picture.shape[0] * picture.shape[1]
        height, width = (whole / ratio) ** 0.5, (whole * ratio) ** 0.5
    if width > picture.shape[1] * 0.8 or height > picture.shape[0] * 0.8 or min(height, width) < 6:
        return None
    for _ in range(8):
        x = float(rng.uniform(0, picture.shape[1] - width))
        y = float(rng.uniform(0, (picture.shape[0] - height) * 0.85))
        wanted = (x, y, x + width, y + height)
        if not any(_touch(wanted, box) for box in taken):
            cut = resize(cut, height, width)
            under = surroundings(picture, x, y, height, width)
            cut = match_brightness(cut, under, float(rng.uniform(0.2, 0.9)))
            return paste(picture, cut, x, y, float(rng.uniform(0, 0.25)))
    return None


def _touch(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
