"""Hangs garments into a picture: on a sagging line, a railing, a window grille, hooks on a wall.

The label is one box round all the garments of a group, as in the labelled composites of the data
set; the line may reach beyond it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np

from vision.train.street.garments import CutOut, choose, choose_plain
from vision.train.street.paste import (
    Box,
    Picture,
    around,
    match_brightness,
    paste,
    resize,
    surroundings,
)

Colour = tuple[int, int, int]
_TRIES = 6


def hang(
    picture: Picture,
    garments: Sequence[CutOut],
    rng: np.random.Generator,
    taken: Sequence[Box] = (),
) -> Box | None:
    """Hangs one group into `picture` (changed in place); its box, None where it found no room.

    taken: groups that hang already. Two that run into each other are one to everybody's eye, so
    the new one keeps clear of them.
    """
    for _ in range(_TRIES):
        tried = picture.copy()
        box = _any_way(tried, garments, rng)
        if box is not None and not any(_touch(box, other) for other in taken):
            picture[:] = tried
            return box
    return None


def hang_line(picture: Picture, garments: Sequence[CutOut], rng: np.random.Generator) -> Box | None:
    """One line of two to seven garments as photographed, a tenth to a quarter of the picture high.

    As in the labelled composites of the data set; wholly within the picture. None where it found
    no room.
    """
    height, width = picture.shape[:2]
    for _ in range(4 * _TRIES):
        tried = picture.copy()
        tall = float(rng.uniform(0.10, 0.22)) * height
        things = choose_plain(rng, garments)
        row = _row(things, int(rng.integers(2, 8)), tall, rng)
        box = _line_of(tried, row, tall, rng)
        if box is None or box[0] < 2 or box[1] < 2 or box[2] > width - 2 or box[3] > height - 2:
            continue
        picture[:] = tried
        return box
    return None


def _touch(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _any_way(picture: Picture, garments: Sequence[CutOut], rng: np.random.Generator) -> Box | None:
    ways: tuple[Callable[[Picture, Sequence[CutOut], np.random.Generator], Box | None], ...] = (
        _on_line,
        _on_railing,
        _on_grille,
        _on_hooks,
    )
    return ways[int(rng.choice(4, p=[0.62, 0.14, 0.10, 0.14]))](picture, garments, rng)


def _grey(rng: np.random.Generator) -> Colour:
    value = int(rng.integers(20, 230))
    return (value, value, min(255, value + int(rng.integers(0, 20))))


def _heights(picture: Picture, rng: np.random.Generator) -> float:
    """Height of a garment in pixels: from a far balcony to a line close to the camera."""
    return float(np.exp(rng.uniform(np.log(0.055), np.log(0.30)))) * picture.shape[0]


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    """Anywhere between the two; `low` where there is no room."""
    return float(rng.uniform(low, max(low, high)))


def _count(rng: np.random.Generator) -> int:
    return int(rng.integers(2, 9))


def _place(
    picture: Picture,
    cut: CutOut,
    x: float,
    y: float,
    rng: np.random.Generator,
    match: float,
) -> Box | None:
    under = surroundings(picture, x, y, cut.shape[0], cut.shape[1])
    shade = float(rng.uniform(0.0, 0.35))
    return paste(picture, match_brightness(cut, under, match), x, y, shade)


def _turned(cut: CutOut, degrees: float) -> CutOut:
    """The garment swung by the wind; it grows by what sticks out."""
    height, width = cut.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, 0), degrees, 1.0)
    reach = abs(np.sin(np.radians(degrees))) * height
    turn[0, 2] += reach
    size = (round(width + 2 * reach), height)
    turned = cv2.warpAffine(cut, turn, size, flags=cv2.INTER_LINEAR)
    columns = np.flatnonzero(turned[..., 3].max(axis=0) > 40)
    if len(columns) < 2:
        return cut
    return turned[:, columns[0] : columns[-1] + 1].astype(np.uint8, copy=False)


def _on_line(picture: Picture, garments: Sequence[CutOut], rng: np.random.Generator) -> Box | None:
    height = _heights(picture, rng)
    return _line_of(picture, _row(choose(rng, garments), _count(rng), height, rng), height, rng)


def _line_of(
    picture: Picture, row: Sequence[CutOut], height: float, rng: np.random.Generator
) -> Box | None:
    gap = float(rng.uniform(-0.12, 0.45)) * height
    length = sum(cut.shape[1] for cut in row) + gap * (len(row) - 1)
    left = _between(rng, -0.15 * length, picture.shape[1] - 0.85 * length)
    top = float(rng.uniform(0.02, 0.95)) * max(picture.shape[0] - height, 1)
    sag = float(rng.uniform(0.0, 0.10)) * length
    slope = float(rng.normal(0, 0.04))
    spare = float(rng.uniform(0.02, 0.6)) * height

    def line(x: float) -> float:
        along = (x - left) / max(length, 1.0)
        return top + slope * (x - left) + 4 * sag * along * (1 - along)

    _draw_line(picture, line, left - spare, left + length + spare, rng)
    match = float(rng.uniform(0.2, 1.0))
    boxes: list[Box] = []
    x = left
    for cut in row:
        placed = _place(picture, cut, x, line(x + cut.shape[1] / 2) - 1, rng, match)
        x += cut.shape[1] + gap * float(rng.uniform(0.4, 1.6))
        if placed is not None:
            boxes.append(placed)
    return around(boxes) if boxes else None


def _row(
    things: Iterator[CutOut], count: int, height: float, rng: np.random.Generator
) -> list[CutOut]:
    """`count` garments of about `height` pixels, side by side from left to right."""
    row: list[CutOut] = []
    swing = float(rng.uniform(0, 7))
    for _ in range(count):
        cut = next(things)
        tall = height * float(rng.uniform(0.7, 1.25))
        wide = min(tall * cut.shape[1] / cut.shape[0], 1.6 * height) * float(rng.uniform(0.6, 1.1))
        row.append(_turned(resize(cut, tall, wide), float(rng.normal(0, swing))))
    return row


def _draw_line(
    picture: Picture,
    line: Callable[[float], float],
    start: float,
    end: float,
    rng: np.random.Generator,
) -> None:
    if rng.random() < 0.1:
        return  # too thin to be seen
    xs = np.linspace(start, end, 24)
    points = np.array([[x, line(float(x))] for x in xs]).round().astype(np.int32)
    thick = 1 if picture.shape[0] < 700 or rng.random() < 0.7 else 2
    cv2.polylines(picture, [points], False, _grey(rng), thick, cv2.LINE_AA)


def _on_railing(
    picture: Picture, garments: Sequence[CutOut], rng: np.random.Generator
) -> Box | None:
    """Draped over the top bar of a railing, so that only their upper part is seen."""
    height = _heights(picture, rng)
    length = float(rng.uniform(2, 7)) * height
    left = _between(rng, -0.1 * length, picture.shape[1] - 0.9 * length)
    top = float(rng.uniform(0.05, 0.9)) * max(picture.shape[0] - height, 1)
    colour, bottom = _grey(rng), top + height * float(rng.uniform(0.9, 1.4))
    thick = max(1, round(height / 30))
    for y in (top, bottom):
        ends = (round(left), round(y)), (round(left + length), round(y))
        cv2.line(picture, *ends, colour, thick + 1, cv2.LINE_AA)
    for x in np.arange(left, left + length, max(height * 0.16, 3)):
        ends = (round(float(x)), round(top)), (round(float(x)), round(bottom))
        cv2.line(picture, *ends, colour, thick, cv2.LINE_AA)
    boxes: list[Box] = []
    x, match = left + float(rng.uniform(0, 0.3)) * length, float(rng.uniform(0.2, 1.0))
    things = choose(rng, garments)
    while x < left + 0.9 * length and len(boxes) < 8:
        cut = resize(next(things), height * 1.5, height * float(rng.uniform(0.6, 1.3)))
        cut = cut[: round(height * float(rng.uniform(0.5, 1.0)))]
        placed = _place(picture, cut, x, top - thick, rng, match)
        x += cut.shape[1] * float(rng.uniform(0.9, 1.5))
        if placed is not None:
            boxes.append(placed)
    return around(boxes) if boxes else None


def _on_grille(
    picture: Picture, garments: Sequence[CutOut], rng: np.random.Generator
) -> Box | None:
    """One or two rows hung before the bars of a window."""
    height = _heights(picture, rng) * 0.8
    wide, tall = height * float(rng.uniform(1.4, 3.0)), height * float(rng.uniform(1.2, 2.2))
    left = float(rng.uniform(0, max(picture.shape[1] - wide, 1)))
    top = float(rng.uniform(0, max(picture.shape[0] - tall, 1)))
    colour, thick = _grey(rng), max(1, round(height / 40))
    corners = (round(left), round(top)), (round(left + wide), round(top + tall))
    cv2.rectangle(picture, *corners, colour, thick + 1, cv2.LINE_AA)
    for x in np.arange(left, left + wide, max(height * 0.14, 3)):
        ends = (round(float(x)), round(top)), (round(float(x)), round(top + tall))
        cv2.line(picture, *ends, colour, thick, cv2.LINE_AA)
    boxes: list[Box] = []
    x, match = left + float(rng.uniform(0, 0.2)) * wide, float(rng.uniform(0.2, 1.0))
    things = choose(rng, garments)
    y = top + float(rng.uniform(0, 0.25)) * tall
    while x < left + 0.8 * wide and len(boxes) < 6:
        cut = next(things)
        grown = height * float(rng.uniform(0.6, 1.0))
        width = min(grown * cut.shape[1] / cut.shape[0], 0.5 * wide)
        placed = _place(picture, resize(cut, grown, width), x, y, rng, match)
        x += width * float(rng.uniform(0.7, 1.2))
        if placed is not None:
            boxes.append(placed)
    return around(boxes) if boxes else None


def _on_hooks(picture: Picture, garments: Sequence[CutOut], rng: np.random.Generator) -> Box | None:
    """On hangers from hooks or a bar before a wall: what a shop hangs out, close together."""
    height = _heights(picture, rng)
    row = _row(choose(rng, garments), _count(rng), height, rng)
    step = float(rng.uniform(0.35, 1.1))
    length = sum(cut.shape[1] * step for cut in row)
    left = float(rng.uniform(0, max(picture.shape[1] - length, 1)))
    top = float(rng.uniform(0.05, 0.95)) * max(picture.shape[0] - height, 1)
    bar, colour = rng.random() < 0.5, _grey(rng)
    rise = max(2.0, height * 0.08)
    if bar:
        ends = (round(left - rise), round(top - rise)), (round(left + length), round(top - rise))
        cv2.line(picture, *ends, colour, max(1, round(height / 40)), cv2.LINE_AA)
    boxes: list[Box] = []
    x, match = left, float(rng.uniform(0.2, 1.0))
    for cut in row:
        middle = x + cut.shape[1] / 2
        shoulders = np.array(
            [[x + cut.shape[1] * 0.2, top + 2], [middle, top - rise], [x + cut.shape[1] * 0.8, top]]
        )
        cv2.polylines(picture, [shoulders.round().astype(np.int32)], False, colour, 1, cv2.LINE_AA)
        placed = _place(picture, cut, x, top, rng, match)
        x += cut.shape[1] * step
        if placed is not None:
            boxes.append(placed)
    return around(boxes) if boxes else None
