"""What a street camera makes of a plate: a flat rendered plate in, what the reader sees out.

The order is that of nature: the plate hangs askew in front of something, light and dirt fall on
it, it moves, the sensor adds noise, the encoder throws away, the locator cuts not quite right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.plates.symbols import HEIGHT, WIDTH
from vision.types import Image

Rng: TypeAlias = np.random.Generator
Floats: TypeAlias = NDArray[np.float32]

_LEAST_SHOWN: Final = -0.05
"""Share of the plate's width that a cut may take and still leave every character."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What befell one plate; for tables by condition."""

    source_width: int
    """Pixels the plate spans in the camera's picture."""
    tilt_degrees: float
    night: bool
    blur: float
    """Blur radius as a share of a stroke's width (10 mm of 440)."""
    whole: bool
    """False where a character was cut off on purpose."""


def degrade(flat: Image, rng: Rng, *, whole: bool = True) -> tuple[Image, Conditions]:
    """HEIGHT x WIDTH x 3 BGR of a flat plate; `whole=False` cuts at least one character off."""
    aspect = flat.shape[0] / flat.shape[1]
    wide = _source_width(rng)
    tall = max(10, round(wide * max(aspect, 0.27) * rng.uniform(0.85, 1.2)))
    quad, tilt = _askew(aspect, rng)
    quad = _cut(quad, rng, whole=whole) * np.array([wide, tall], np.float32)
    seen = _in_front(flat, quad, (wide, tall), rng)
    night = rng.random() < 0.22
    seen = _dirt(seen, rng)
    seen = _light(seen, rng, night=night)
    seen, blur = _blur(seen, rng)
    seen = _sensor(seen, rng, night=night)
    way = cv2.INTER_CUBIC if rng.random() < 0.6 else cv2.INTER_LINEAR
    out = np.asarray(cv2.resize(seen, (WIDTH, HEIGHT), interpolation=way), np.uint8)
    return out, Conditions(wide, tilt, night, blur * 44 / wide, whole)


def _source_width(rng: Rng) -> int:
    low, high = ((40, 62), (62, 110), (110, 220))[int(rng.choice(3, p=[0.15, 0.5, 0.35]))]
    return round(float(np.exp(rng.uniform(np.log(low), np.log(high)))))


def _askew(aspect: float, rng: Rng) -> tuple[Floats, float]:
    """Corners of the tilted plate, its bounding box being 0..1 by 0..1; and the tilt."""
    tilt = rng.normal(0, 2) if rng.random() < 0.6 else rng.uniform(-17, 17)
    slant = rng.normal(0, 0.08) if rng.random() < 0.6 else rng.uniform(-0.6, 0.6)
    x = np.array([-0.5, 0.5, 0.5, -0.5])
    y = np.array([-0.5, -0.5, 0.5, 0.5]) * aspect
    y = y * (1 + x * rng.normal(0, 0.12))
    x = x * (1 + y * rng.normal(0, 0.2)) + y * slant
    quad = np.stack([x, y + x * np.tan(np.radians(tilt))], 1)
    quad += rng.normal(0, 0.006, (4, 2))
    quad -= quad.min(0)
    return np.asarray(quad / quad.max(0), np.float32), float(tilt)


def _cut(quad: Floats, rng: Rng, *, whole: bool) -> Floats:
    """The locator's error: its box is a little larger, smaller or beside the plate's."""
    near = np.clip(rng.normal(0.03, 0.035, 2), _LEAST_SHOWN, 0.16)  # left, right
    level = np.clip(rng.normal(0.05, 0.06, 2), -0.07, 0.3)  # top, foot
    if not whole:
        # Never a sliver: a character half hidden is either shown or gone, not a riddle.
        side = int(rng.integers(4))
        if side < 2:
            near[side] = rng.uniform(-0.45, -0.13)
        else:
            level[side - 2] = rng.uniform(-0.6, -0.38)
    first = np.array([near[0], level[0]], np.float32)
    last = np.array([near[1], level[1]], np.float32)
    return np.asarray((quad + first) / (1 + first + last), np.float32)


def _in_front(flat: Image, quad: Floats, size: tuple[int, int], rng: Rng) -> Image:
    ground = _background(size, rng)
    shrunk = min(1.0, 2 * size[0] / flat.shape[1])
    if shrunk < 1:
        flat = np.asarray(
            cv2.resize(flat, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA), np.uint8
        )
    height, width = flat.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, quad)
    if rng.random() < 0.5:
        grown = quad + (quad - quad.mean(0)) * rng.uniform(0.01, 0.12, 2)
        level = int(rng.integers(0, 256))
        shade = (level, level, int(np.clip(level + rng.integers(-20, 20), 0, 255)))
        cv2.fillConvexPoly(ground, np.rint(grown).astype(np.int32), shade, cv2.LINE_AA)
    warped = cv2.warpPerspective(flat, matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(
        np.full((height, width), 255, np.uint8), matrix, size, flags=cv2.INTER_LINEAR
    )
    share = np.asarray(mask, np.float32)[..., None] / 255
    return np.asarray(warped * share + ground * (1 - share), np.uint8)


def _background(size: tuple[int, int], rng: Rng) -> Image:
    """Body paint, bumper, grille: a soft gradient with a few edges."""
    wide, tall = size
    coarse = rng.integers(0, 256, (2, 3, 3)).astype(np.float32)
    if rng.random() < 0.7:  # grey paint
        coarse = coarse.mean(2, keepdims=True).repeat(3, 2)
    ground = np.ascontiguousarray(
        cv2.resize(coarse, (wide, tall), interpolation=cv2.INTER_CUBIC).clip(0, 255), np.uint8
    )
    for _ in range(int(rng.integers(0, 4))):
        y = int(rng.integers(0, tall))
        level = int(rng.integers(0, 256))
        tip = int(np.clip(y + rng.integers(-tall // 3, tall // 3 + 1), -tall, 2 * tall))
        cv2.line(ground, (0, y), (wide, tip), (level, level, level), int(rng.integers(1, 5)))
    return ground


def _dirt(seen: Image, rng: Rng) -> Image:
    """Mud, scratches, rain on the way between plate and lens."""
    tall, wide = seen.shape[:2]
    if rng.random() < 0.18:
        spots = cv2.resize(
            rng.random((max(2, tall // 6), max(2, wide // 6))).astype(np.float32), (wide, tall)
        )
        share = (np.clip((spots - rng.uniform(0.6, 0.85)) * 4, 0, 1) * rng.uniform(0.3, 0.9))[
            ..., None
        ]
        mud = np.array([60, 80, 100]) * rng.uniform(0.4, 1.6)
        seen = np.asarray(np.clip(seen * (1 - share) + mud * share, 0, 255), np.uint8)
    if rng.random() < 0.1:
        seen = seen.copy()
        for _ in range(int(rng.integers(3, 15))):
            x, y = int(rng.integers(0, wide)), int(rng.integers(0, tall))
            level = int(rng.integers(120, 230))
            foot = (x + int(rng.integers(-2, 3)), y + int(rng.integers(3, tall)))
            cv2.line(seen, (x, y), foot, (level, level, level), 1, cv2.LINE_AA)
    return seen


def _light(seen: Image, rng: Rng, *, night: bool) -> Image:
    tall, wide = seen.shape[:2]
    lit = seen.astype(np.float32) / 255
    if rng.random() < 0.3:
        lit *= _shadow(wide, tall, rng)[..., None]
    tint = np.exp(rng.normal(0, 0.22 if night else 0.14, 3)).astype(np.float32)
    if rng.random() < 0.12:
        tint = np.exp(rng.normal(0, 0.5, 3)).astype(np.float32)
    lit *= tint / tint.max()
    if rng.random() < (0.25 if night else 0.06):  # infra-red, or a grey stream
        lit = np.repeat(lit.mean(2, keepdims=True) ** rng.uniform(0.7, 1.4), 3, 2)
    exposure = rng.uniform(0.15, 0.7) if night else float(np.exp(rng.normal(0.05, 0.25)))
    lit = lit ** rng.uniform(0.6, 1.7) * exposure
    if rng.random() < 0.35:  # haze, glass, flare: less contrast
        lit = lit * (contrast := rng.uniform(0.25, 0.85)) + rng.uniform(0, 1 - contrast)
    if rng.random() < 0.18:
        lit += _glare(wide, tall, rng)[..., None]
    if rng.random() < 0.12:
        lit += _bloom(np.asarray(lit, np.float32), rng)
    return np.asarray(np.clip(lit * 255, 0, 255), np.uint8)


def _shadow(wide: int, tall: int, rng: Rng) -> Floats:
    """Darker on one side of a slanted, more or less sharp edge."""
    x = np.linspace(-1, 1, wide, dtype=np.float32)[None]
    y = np.linspace(-0.4, 0.4, tall, dtype=np.float32)[:, None]
    angle = rng.uniform(0, 2 * np.pi)
    side = (x * np.cos(angle) + y * np.sin(angle) - rng.uniform(-0.6, 0.6)) * rng.uniform(2, 40)
    return np.asarray(1 - rng.uniform(0.2, 0.7) / (1 + np.exp(-side)), np.float32)


def _glare(wide: int, tall: int, rng: Rng) -> Floats:
    """A lamp's or the sun's reflex somewhere on the plate."""
    x = np.linspace(0, 3, wide, dtype=np.float32)[None] - rng.uniform(0, 3)
    y = np.linspace(0, 1, tall, dtype=np.float32)[:, None] - rng.uniform(0, 1)
    return np.asarray(
        rng.uniform(0.2, 1.0) * np.exp(-(x**2 + y**2) / rng.uniform(0.02, 0.5)), np.float32
    )


def _bloom(lit: Floats, rng: Rng) -> Floats:
    """White paint in the sun or a lamp runs over into what is beside it."""
    reach = rng.uniform(0.008, 0.03) * lit.shape[1]
    bright = np.clip(lit - rng.uniform(0.35, 0.8), 0, 1)
    spread = np.asarray(cv2.GaussianBlur(bright, (0, 0), reach), np.float32)
    return spread * np.float32(rng.uniform(1.0, 5.0))


def _blur(seen: Image, rng: Rng) -> tuple[Image, float]:
    """Defocus and movement; the radius in pixels that was added."""
    sharpness = seen.shape[1] / 94
    sigma = abs(rng.normal(0, 0.55)) * sharpness if rng.random() < 0.75 else 0.0
    if sigma > 0.2:
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), sigma), np.uint8)
    moved = 0.0
    if rng.random() < 0.25:
        moved = rng.uniform(1, 3.8) * sharpness
        seen = np.asarray(cv2.filter2D(seen, -1, _path(moved, rng)), np.uint8)
    if rng.random() < 0.15:  # cameras sharpen what they blurred
        soft = cv2.GaussianBlur(seen, (0, 0), 1.2)
        seen = np.asarray(cv2.addWeighted(seen, 1.8, soft, -0.8, 0), np.uint8)
    return seen, float(np.hypot(sigma, moved / 3))


def _path(length: float, rng: Rng) -> Floats:
    """A straight path of `length` pixels; vehicles move along the plate more than across."""
    side = 2 * round(length / 2) + 3
    angle = rng.normal(0, 0.35) if rng.random() < 0.7 else rng.uniform(0, np.pi)
    kernel = np.zeros((side * 4, side * 4), np.float32)
    middle = np.array([side * 2, side * 2])
    reach = np.array([np.cos(angle), np.sin(angle)]) * length * 2
    first, last = (np.rint(middle + s * reach).astype(int) for s in (-1, 1))
    cv2.line(kernel, (int(first[0]), int(first[1])), (int(last[0]), int(last[1])), 1.0, 3)
    kernel = np.asarray(cv2.resize(kernel, (side, side), interpolation=cv2.INTER_AREA), np.float32)
    return kernel / float(kernel.sum())


def _sensor(seen: Image, rng: Rng, *, night: bool) -> Image:
    """Noise (stronger where gain is up), a fine or blotchy grain, and the encoder's blocks."""
    noise = abs(rng.normal(0, 9 if night else 4))
    if noise > 0.5:
        grain = rng.normal(0, noise, seen.shape).astype(np.float32)
        if rng.random() < 0.4:
            grain = np.asarray(cv2.GaussianBlur(grain, (0, 0), 0.8), np.float32) * 2
        seen = np.asarray(np.clip(seen + grain, 0, 255), np.uint8)
    if rng.random() < 0.06:
        specks = rng.random(seen.shape[:2]) < rng.uniform(0.005, 0.06)
        seen = np.where(specks[..., None], np.uint8(rng.integers(150, 256)), seen)
    if night and rng.random() < 0.5:  # automatic gain lifts picture and noise alike
        seen = np.asarray(np.clip(seen * rng.uniform(1, 3.0), 0, 255), np.uint8)
    if rng.random() < 0.75:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(18, 95))]
        _, packed = cv2.imencode(".jpg", seen, quality)
        seen = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return seen
