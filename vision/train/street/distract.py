"""What looks like laundry and is none: flags, awnings, umbrellas, curtains, clothed people."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.train.street.garments import CutOut, fabric
from vision.train.street.paste import Box, Picture, match_brightness, paste, resize, surroundings

_SKIN = ((120, 150, 200), (90, 120, 170), (60, 80, 120), (140, 175, 225))


def distract(picture: Picture, garments: Sequence[CutOut], rng: np.random.Generator) -> Box | None:
    """Adds one thing to `picture` in place; the box it covers, None where it found no room."""
    makers = (_flag, _awning, _umbrella, _curtain, _panel)
    choice = int(rng.integers(len(makers) + 2))
    if choice >= len(makers):
        cut = _person(rng, garments)
        height = float(np.exp(rng.uniform(np.log(0.12), np.log(0.5)))) * picture.shape[0]
    else:
        cut = makers[choice](rng)
        height = float(np.exp(rng.uniform(np.log(0.07), np.log(0.4)))) * picture.shape[0]
    width = height * cut.shape[1] / cut.shape[0]
    if width > picture.shape[1] * 0.7:
        height, width = height * 0.6, width * 0.6
    cut = resize(cut, height, width)
    x = float(rng.uniform(-0.1 * width, max(picture.shape[1] - 0.9 * width, 0)))
    y = float(rng.uniform(0, max(picture.shape[0] - height, 1)))
    under = surroundings(picture, x, y, height, width)
    cut = match_brightness(cut, under, float(rng.uniform(0.2, 1.0)))
    return paste(picture, cut, x, y, float(rng.uniform(0, 0.3)))


def _shaped(cloth: Picture, outline: Sequence[Sequence[float]]) -> CutOut:
    """`cloth` cut along a polygon given in 0..1 of its size."""
    height, width = cloth.shape[:2]
    points = (np.array(outline) * [width - 1, height - 1]).round().astype(np.int32)
    alpha = np.zeros((height, width), np.uint8)
    cv2.fillPoly(alpha, [points], 255, cv2.LINE_AA)
    return np.dstack([cloth, alpha]).astype(np.uint8)


def _flag(rng: np.random.Generator) -> CutOut:
    """One piece of cloth at a slanted or upright pole."""
    cloth = fabric(rng, 120, 160)
    if rng.random() < 0.4:  # the red one, seen most
        cloth[:] = (30, 30, int(rng.integers(170, 235)))
    drop = float(rng.uniform(0, 0.35))
    cut = _shaped(cloth, [[0.05, 0], [1, drop], [0.98, 0.65 + drop], [0.05, 0.7]])
    canvas = np.zeros((200, 170, 4), np.uint8)
    canvas[5:125, 5:165] = cut
    grey = int(rng.integers(80, 230))
    cv2.line(canvas, (10, 2), (10 + int(rng.integers(-8, 8)), 198), (grey, grey, grey, 255), 4)
    return canvas


def _awning(rng: np.random.Generator) -> CutOut:
    """A slanted sunshade over a shop, often striped, with a scalloped valance."""
    width = int(rng.integers(180, 480))
    cloth = fabric(rng, 110, width)
    if rng.random() < 0.6:
        stripe = int(rng.integers(8, 26))
        light, dark = rng.integers(180, 255, 3), rng.integers(20, 200, 3)
        columns = (np.arange(width) // stripe) % 2 == 0
        cloth[:, columns], cloth[:, ~columns] = light, dark
    inset = float(rng.uniform(0, 0.12))
    x = np.linspace(1, 0, 60)
    scallops = 0.92 + 0.08 * np.abs(np.sin(x * np.pi * width / 30))
    lower = [[float(a), float(b)] for a, b in zip(x, scallops, strict=True)]
    cut = _shaped(cloth, [[inset, 0], [1 - inset, 0], [1, 0.78], *lower, [0, 0.78]])
    cut[86:, :, :3] = (cut[86:, :, :3] * 0.75).astype(np.uint8)
    return cut


def _umbrella(rng: np.random.Generator) -> CutOut:
    canvas = np.zeros((180, 200, 4), np.uint8)
    colours = rng.integers(20, 255, (2, 3))
    parts = int(rng.integers(4, 9))
    for index in range(parts):
        start, end = 180 + 180 * index / parts, 180 + 180 * (index + 1) / parts
        colour = (*(int(value) for value in colours[index % 2]), 255)
        cv2.ellipse(canvas, (100, 80), (95, 70), 0, start, end, colour, -1, cv2.LINE_AA)
    cv2.line(canvas, (100, 80), (100, 178), (90, 90, 90, 255), 3)
    return canvas


def _curtain(rng: np.random.Generator) -> CutOut:
    """Cloth behind glass, in a window's frame."""
    height, width = int(rng.integers(120, 220)), int(rng.integers(80, 180))
    pane = np.full((height, width, 3), rng.integers(20, 90, 3), np.uint8)
    share = int(width * rng.uniform(0.2, 0.5))
    cloth = fabric(rng, height, share)
    pane[:, :share] = cloth
    if rng.random() < 0.7:
        pane[:, width - share :] = cloth[:, ::-1]
    shine = np.linspace(0, float(rng.uniform(20, 80)), width)[None, :, None]
    pane = np.clip(pane * 0.8 + shine, 0, 255).astype(np.uint8)
    grey = int(rng.integers(60, 245))
    cv2.rectangle(pane, (0, 0), (width - 1, height - 1), (grey, grey, grey), 7)
    cv2.line(pane, (width // 2, 0), (width // 2, height), (grey, grey, grey), 4)
    return np.dstack([pane, np.full((height, width), 255, np.uint8)]).astype(np.uint8)


def _panel(rng: np.random.Generator) -> CutOut:
    """A roller shutter, a fence, a striped or checked wall: cloth-like and flat."""
    height, width = int(rng.integers(60, 200)), int(rng.integers(60, 260))
    panel = fabric(rng, height, width)
    return np.dstack([panel, np.full((height, width), 255, np.uint8)]).astype(np.uint8)


def _person(rng: np.random.Generator, garments: Sequence[CutOut]) -> CutOut:
    """Somebody wearing two of the garments: head, hands and feet make it no laundry."""
    canvas: NDArray[np.uint8] = np.zeros((300, 130, 4), np.uint8)
    skin = (*_SKIN[int(rng.integers(len(_SKIN)))], 255)
    hair = (*(int(value) for value in rng.integers(10, 90, 3)), 255)
    for x in (50, 80):  # legs and feet
        cv2.line(canvas, (x, 150), (x, 285), skin, 14, cv2.LINE_AA)
        cv2.ellipse(canvas, (x, 289), (12, 6), 0, 0, 360, (30, 30, 40, 255), -1)
    for x, reach in ((28, -8), (102, 8)):  # arms
        cv2.line(canvas, (x, 60), (x + reach, 150), skin, 11, cv2.LINE_AA)
    lower = garments[int(rng.integers(len(garments)))]
    upper = garments[int(rng.integers(len(garments)))]
    _wear(canvas, resize(lower, float(rng.uniform(70, 140)), 70), 30, 140)
    _wear(canvas, resize(upper, 110, 100), 15, 44)
    cv2.ellipse(canvas, (65, 24), (15, 20), 0, 0, 360, skin, -1, cv2.LINE_AA)
    cv2.ellipse(canvas, (65, 17), (16, 15), 0, 180, 360, hair, -1, cv2.LINE_AA)
    return canvas


def _wear(canvas: CutOut, cut: CutOut, x: int, y: int) -> None:
    cut = cut[: canvas.shape[0] - y, : canvas.shape[1] - x]
    seen = cut[..., 3] > 100
    canvas[y : y + cut.shape[0], x : x + cut.shape[1]][seen] = cut[seen]
    canvas[y : y + cut.shape[0], x : x + cut.shape[1], 3][seen] = 255
