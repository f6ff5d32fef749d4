"""What time adds to a still: grain, rain, changing light, and everything that ails a camera.

Shapes are height x width x 3, BGR, 8 bits. The same scene, second and still give the same picture.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Cover = Literal["", "hand", "sheet", "spray"]
GRAIN: Final = {"day": 2.0, "overcast": 2.0, "rain": 2.5, "night": 4.0}
"""Standard deviation in grey levels; a small sensor at night is the noisiest."""
_BANK: Final = 6
_STREAKS: Final = 260


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to the picture during one part of a scene; by default nothing.

    gain: brightness at the part's start and end (1 as rendered); 0.25 is deep dusk by day
    fog: share of grey mist
    other_light: the street under another light ("overcast")
    fades_in: that light comes over the whole part, as with a cloud, and is not there at once
    shake: pixels of wind on the pole, another offset each look
    shift: pixels by which the camera hangs askew for the whole part
    turn: degrees by which it hangs askew
    cover: a hand, a sheet or spray paint over the lens
    blur: out of focus, sigma in pixels
    flicker: exposure that jumps by this share from look to look
    glare: a headlight or a reflection straight into the place, 0..1
    quality: JPEG quality of a starved encoder; 0 leaves the picture as it is
    size: the stream's own size, where it changes
    frozen: the same picture, byte for byte, while time goes on
    gap: no picture at all
    """

    gain: tuple[float, float] = (1.0, 1.0)
    fog: float = 0.0
    other_light: str = ""
    fades_in: bool = False
    shake: float = 0.0
    shift: tuple[int, int] = (0, 0)
    turn: float = 0.0
    cover: Cover = ""
    blur: float = 0.0
    flicker: float = 0.0
    glare: float = 0.0
    quality: int = 0
    size: tuple[int, int] | None = None
    frozen: bool = False
    gap: bool = False


NONE: Final = Effect()


def shown(
    picture: Image,
    effect: Effect,
    *,
    light: str,
    share: float,
    place: tuple[float, float, float, float],
    seed: str,
) -> Image:
    """`picture` as the camera sends it; `share` (0..1) of the part has passed, `place` is where
    glare falls (0..1), `seed` names this one look."""
    dice = np.random.default_rng(zlib.crc32(seed.encode()))
    image = _moved(picture, effect, dice)
    image = _lit(image, effect, share, place, dice)
    if light == "rain":
        image = cv2.add(image, _streaks(int(dice.integers(_BANK)), image.shape[:2]))
    if effect.blur:
        image = cv2.GaussianBlur(image, (0, 0), effect.blur)
    image = _covered(np.asarray(image, np.uint8), effect.cover)
    image = _grained(image, GRAIN[light], dice)
    if effect.size is not None:
        image = cv2.resize(image, effect.size, interpolation=cv2.INTER_AREA)
    if effect.quality:
        coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, effect.quality])[1]
        image = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return np.asarray(image, np.uint8)


def _moved(picture: Image, effect: Effect, dice: np.random.Generator) -> Image:
    """The camera looks a little elsewhere; what it did not see before repeats the edge."""
    dx, dy = effect.shift
    if effect.shake:
        x, y = dice.uniform(-effect.shake, effect.shake, 2)
        dx, dy = dx + x, dy + y
    if not (dx or dy or effect.turn):
        return picture
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), effect.turn, 1.0)
    matrix[:, 2] += (dx, dy)
    moved = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, np.uint8)


def _lit(
    picture: Image,
    effect: Effect,
    share: float,
    place: tuple[float, float, float, float],
    dice: np.random.Generator,
) -> Image:
    start, end = effect.gain
    gain = start + (end - start) * share
    if effect.flicker:
        gain *= 1 + effect.flicker * (1 if dice.random() < 0.5 else -1)
    image: Image = picture
    if gain != 1.0:
        image = np.asarray(cv2.convertScaleAbs(image, alpha=gain), np.uint8)
    if effect.fog:
        mist = np.full_like(image, 150)
        image = np.asarray(cv2.addWeighted(image, 1 - effect.fog, mist, effect.fog, 0), np.uint8)
    if effect.glare:
        image = _glared(image, effect.glare, place)
    return image


def _glared(picture: Image, strength: float, place: tuple[float, float, float, float]) -> Image:
    """A burnt-out spot at the place with a veil around it."""
    height, width = picture.shape[:2]
    x, y = (place[0] + place[2]) / 2 * width, (place[1] + place[3]) / 2 * height
    reach = (place[2] - place[0]) * width
    rows, columns = np.ogrid[:height, :width]
    distance = ((columns - x) ** 2 + (rows - y) ** 2) / reach**2
    light = 255 * strength * (1.5 * np.exp(-distance * 14) + 0.6 * np.exp(-distance * 1.2))
    return np.asarray(np.clip(picture + light[..., None], 0, 255), np.uint8)


def _covered(picture: Image, cover: Cover) -> Image:
    """A hand or a sheet leaves light and no view; spray leaves a rim of the picture."""
    if not cover:
        return picture
    height, width = picture.shape[:2]
    if cover == "sheet":
        return np.full_like(picture, 120)
    if cover == "hand":
        shade = np.linspace(38, 62, width, dtype=np.float32)[None, :, None]
        tint = np.array([0.62, 0.72, 1.0], np.float32)
        return np.broadcast_to(shade * tint, picture.shape).astype(np.uint8)
    mask = np.zeros((height, width), np.float32)
    centre, axes = (width // 2, height // 2), (int(width * 0.52), int(height * 0.55))
    cv2.ellipse(mask, centre, axes, 0, 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), width / 40)[..., None]
    return np.asarray(picture * (1 - mask) + 24 * mask, np.uint8)


def _grained(picture: Image, sigma: float, dice: np.random.Generator) -> Image:
    """Grain from a bank of fields, turned and shifted so that no two looks wear the same."""
    height, width = picture.shape[:2]
    top, left = (int(v) for v in dice.integers(0, 64, 2))
    field = _grain(int(dice.integers(_BANK)), height, width, sigma)
    grain = field[top : top + height, left : left + width]
    return np.asarray(cv2.add(picture, grain, dtype=cv2.CV_8U), np.uint8)


@lru_cache(maxsize=_BANK * 4)
def _grain(number: int, height: int, width: int, sigma: float) -> NDArray[np.int16]:
    dice = np.random.default_rng(number)
    grey = dice.normal(0, sigma, (height + 64, width + 64, 1))
    colour = dice.normal(0, sigma / 2, (height + 64, width + 64, 3))
    return np.asarray(np.rint(grey + colour), np.int16)


@lru_cache(maxsize=_BANK * 2)
def _streaks(number: int, shape: tuple[int, int]) -> Image:
    """Falling rain as a layer to be added."""
    dice, (height, width) = np.random.default_rng(100 + number), shape
    layer = np.zeros(shape, np.uint8)
    for _ in range(_STREAKS):
        x, y = dice.uniform(0, width), dice.uniform(-30, height)
        length = dice.uniform(10, 34) * height / 720
        end = (round(x - length * 0.12), round(y + length))
        cv2.line(layer, (round(x), round(y)), end, int(dice.uniform(22, 60)), 1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(layer, (0, 0), 0.6)
    return np.asarray(cv2.cvtColor(soft, cv2.COLOR_GRAY2BGR), np.uint8)
