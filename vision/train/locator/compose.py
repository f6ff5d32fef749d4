"""One training picture: plates and what is no plate, in a scene, seen by a camera; with corners.

Five kinds: a labelled photograph turned and relit; the same with a drawn plate (any colour, one or
two lines) in the place of the real one; the same with its plates covered; drawn plates on a
background; and backgrounds full of signs, grilles and lamps alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.plates.locate_grid import upper_width
from vision.plates.rectify import Quad
from vision.train.locator.camera import any_view, moved, placed, projection
from vision.train.locator.paint import cover, hide_part, paste, worn
from vision.train.locator.signs import draw_grille, draw_lamp, signs
from vision.train.locator.sources import Source, Sources
from vision.train.locator.weather import Conditions, Weather, any_conditions
from vision.train.plates.ga36 import FORMS, random_plate, render_plate
from vision.types import Image

WIDTH: Final = 256
HEIGHT: Final = 192
"""Of a training picture in pixels; the network itself takes any size."""
KINDS: Final = ("photograph", "exchanged", "covered", "drawn", "empty")
SHARES: Final = (0.22, 0.24, 0.07, 0.31, 0.16)
NARROWEST: Final = 13.0
LOWEST: Final = 4.5
"""Plates that are seen smaller than this are neither asked for nor counted as wrong."""
_WIDEST: Final = 210.0
_LEAST_CONTRAST: Final = 5.0
"""Standard deviation of grey levels over a plate; below, it is not asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """Where a plate is in a training picture."""

    quad: Quad
    two_lines: bool
    colour: str = ""
    text: str = ""
    """Both of a drawn plate; a photograph's are not asked for."""
    counted: bool = True
    """Not counted: too small, cut off or too much hidden; neither right nor wrong to find."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    picture: Image
    """HEIGHT x WIDTH x 3 BGR."""
    plates: tuple[Marked, ...]
    conditions: Conditions


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    picture: Image
    two_lines: bool
    colour: str
    text: str


class Composer:
    """Makes sample number i, the same for the same seed; `sample` needs no lock."""

    def __init__(self, sources: Sources, *, seed: int, plates: int = 3000) -> None:
        random = np.random.default_rng([seed, 1])
        self._sources = sources
        self._seed = seed
        self._plates = [_drawn_plate(random) for _ in range(plates)]
        self._signs = signs(random, max(40, plates // 6))
        self._weather = Weather(WIDTH, HEIGHT, random)

    def sample(self, number: int) -> Sample:
        """A composed picture and all plates in it."""
        random = np.random.default_rng([self._seed, 2, number])
        kind = str(random.choice(KINDS, p=SHARES))
        conditions = any_conditions(random)
        if kind in {"photograph", "exchanged", "covered"} and self._sources.photographs:
            picture, plates = self._photograph(kind, conditions, random)
        else:
            picture, plates = self._background(random), []
        self._distract(picture, [p.quad for p in plates], random, often=kind == "empty")
        if kind == "drawn":
            plates = self._draw_plates(picture, conditions, random)
        plates = [hide_part(picture, plate, random) for plate in plates]
        counted = [p.quad for p in plates if p.counted]
        seen = self._weather.put_on(picture, conditions, counted, random)
        marked = tuple(p if _legible(seen, p.quad) else _uncounted(p) for p in plates)
        return Sample(seen, marked, conditions)

    def _photograph(
        self, kind: str, conditions: Conditions, random: np.random.Generator
    ) -> tuple[Image, list[Marked]]:
        """A labelled photograph seen anew, its plates as they are, exchanged or covered."""
        source = self._sources.photographs[int(random.integers(len(self._sources.photographs)))]
        chosen = source.quads[int(random.integers(len(source.quads)))]
        wide = float(np.exp(random.uniform(np.log(16), np.log(_WIDEST))))
        view = any_view(random)
        if random.random() < 0.4:
            view = type(view)(0.0, 0.0, float(random.normal(0, 3)), 10.0)
        middle = chosen.mean(axis=0)
        flat = projection(
            view, centre=(float(middle[0]), float(middle[1])), width=upper_width(chosen)
        )
        scale = wide / max(1.0, upper_width(chosen))
        matrix = placed(flat, scale, _somewhere(wide, random))
        picture = _seen(source, matrix, scale, cv2.BORDER_REPLICATE, random)
        quads = [moved(matrix, quad) for quad in source.quads]
        if kind == "covered":
            for quad in quads:
                cover(picture, quad, random)
            return picture, []
        if kind == "exchanged":
            return picture, [self._put(picture, quad, conditions, random) for quad in quads]
        two = [_is_square(quad) for quad in source.quads]
        return picture, [_marked(quad, lines) for quad, lines in zip(quads, two, strict=True)]

    def _put(
        self, picture: Image, quad: Quad, conditions: Conditions, random: np.random.Generator
    ) -> Marked:
        """A drawn plate over a real one; two lines need more height than was there."""
        drawn = self._plates[int(random.integers(len(self._plates)))]
        middle = quad.mean(axis=0)
        grown = (quad - middle) * np.float32(random.uniform(1.05, 1.12)) + middle
        height, width = drawn.picture.shape[:2]
        taller = height / width / (140 / 440)
        down = ((grown[3] - grown[0]) + (grown[2] - grown[1])) / 4 * (taller - 1)
        grown = grown + np.stack([-down, -down, down, down])
        return self._paste(picture, drawn, np.asarray(grown, np.float32), conditions, random)

    def _draw_plates(
        self, picture: Image, conditions: Conditions, random: np.random.Generator
    ) -> list[Marked]:
        """One to three plates where there is room, each on a bumper of its own or on nothing."""
        plates: list[Marked] = []
        for _ in range(int(random.choice([1, 2, 3], p=[0.6, 0.3, 0.1]))):
            drawn = self._plates[int(random.integers(len(self._plates)))]
            height, width = drawn.picture.shape[:2]
            wide = float(np.exp(random.uniform(np.log(15), np.log(_WIDEST))))
            flat = projection(any_view(random), centre=(width / 2, height / 2), width=width)
            matrix = placed(flat, wide / width, _somewhere(wide, random))
            outline = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
            quad = moved(matrix, outline)
            if all(_apart(quad, other.quad) for other in plates):
                plates.append(self._paste(picture, drawn, quad, conditions, random))
        return plates

    def _paste(
        self,
        picture: Image,
        drawn: _Drawn,
        quad: Quad,
        conditions: Conditions,
        random: np.random.Generator,
    ) -> Marked:
        paste(picture, worn(drawn.picture, random), quad, conditions.plate_gain, random)
        return replace(_marked(quad, drawn.two_lines, drawn.colour), text=drawn.text)

    def _background(self, random: np.random.Generator) -> Image:
        """A part of a facade, a street, or sometimes a plain field of paint."""
        if random.random() < 0.12 or not self._sources.backgrounds:
            top, foot = random.uniform(0, 255, (2, 3))
            share = np.linspace(0, 1, HEIGHT)[:, None, None]
            field = np.broadcast_to(top * (1 - share) + foot * share, (HEIGHT, WIDTH, 3))
            return np.ascontiguousarray(field, np.uint8)
        source = self._sources.backgrounds[int(random.integers(len(self._sources.backgrounds)))]
        height, width = source.sizes[0].shape[:2]
        scale = float(np.exp(random.uniform(np.log(0.35), np.log(3.0))))
        centre = (float(random.uniform(0, width)), float(random.uniform(0, height)))
        flat = projection(any_view(random), centre=centre, width=width / 2)
        at = (WIDTH * random.uniform(0.3, 0.7), HEIGHT * random.uniform(0.3, 0.7))
        return _seen(source, placed(flat, scale, at), scale, cv2.BORDER_REFLECT_101, random)

    def _distract(
        self, picture: Image, quads: list[Quad], random: np.random.Generator, *, often: bool
    ) -> None:
        """Signs, grilles and lamps, beside the plates."""
        for _ in range(int(random.integers(2, 7)) if often else int(random.integers(0, 3))):
            sign = self._signs[int(random.integers(len(self._signs)))]
            height, width = sign.shape[:2]
            wide = float(np.exp(random.uniform(np.log(15), np.log(WIDTH))))
            flat = projection(any_view(random), centre=(width / 2, height / 2), width=width)
            matrix = placed(flat, wide / width, _somewhere(wide, random))
            outline = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
            quad = moved(matrix, outline)
            if all(_apart(quad, other) for other in quads):
                paste(picture, sign, quad, 1.0, random, frame=False)
        if quads:
            return
        if random.random() < 0.25:
            draw_grille(picture, random)
        if random.random() < 0.25:
            draw_lamp(picture, random)


def _drawn_plate(random: np.random.Generator) -> _Drawn:
    """Half the size it is drawn at: no plate is seen wider than that in training."""
    text, colour, kind = random_plate(random)
    plate = render_plate(text, colour, kind, rng=random)
    small = cv2.resize(plate, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return _Drawn(np.asarray(small, np.uint8), FORMS[kind].two_lines, colour.value, text)


def _seen(
    source: Source,
    matrix: NDArray[np.float64],
    scale: float,
    border: int,
    random: np.random.Generator,
) -> Image:
    """The source through `matrix`, from the size of it that needs shrinking least.

    Beyond its edge `border`, or the grey that fills up a vehicle's crop. A photograph is never
    mirrored there: its mirrored plate would be one that is not marked.
    """
    image, shrunk = source.at(scale)
    border = cv2.BORDER_CONSTANT if random.random() < 0.4 else border
    return np.asarray(
        cv2.warpPerspective(
            image,
            matrix @ np.diag([1 / shrunk, 1 / shrunk, 1.0]),
            (WIDTH, HEIGHT),
            flags=cv2.INTER_LINEAR,
            borderMode=border,
            borderValue=(114, 114, 114),
        ),
        np.uint8,
    )


def _somewhere(wide: float, random: np.random.Generator) -> tuple[float, float]:
    """A centre that leaves most of a plate `wide` pixels wide inside."""
    margin_x, margin_y = min(wide * 0.45, WIDTH * 0.45), min(wide * 0.2, HEIGHT * 0.45)
    return (
        float(random.uniform(margin_x, WIDTH - margin_x)),
        float(random.uniform(margin_y, HEIGHT - margin_y)),
    )


def _legible(picture: Image, quad: Quad) -> bool:
    """Whether letters differ from their ground at all, after night, glare and haze."""
    sides = np.array([[0, 0], [32, 0], [32, 12], [0, 12]], np.float32)
    flat = cv2.warpPerspective(picture, cv2.getPerspectiveTransform(quad, sides), (32, 12))
    return float(flat.mean(axis=2).std()) >= _LEAST_CONTRAST


def _uncounted(plate: Marked) -> Marked:
    return replace(plate, counted=False)


def _marked(quad: Quad, two_lines: bool, colour: str = "") -> Marked:
    """Counted if it is large enough and wholly inside, give or take its edge."""
    slack = 0.03 * upper_width(quad) + 1
    inside = (
        float(quad[:, 0].min()) > -slack
        and float(quad[:, 1].min()) > -slack
        and float(quad[:, 0].max()) < WIDTH + slack
        and float(quad[:, 1].max()) < HEIGHT + slack
    )
    low = float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    counted = inside and upper_width(quad) >= NARROWEST and low >= LOWEST
    return Marked(quad, two_lines, colour, counted=counted)


def _is_square(quad: Quad) -> bool:
    """Whether a labelled plate is one of two lines, by its sides (440 x 220 mm)."""
    low = float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    return upper_width(quad) < 2.4 * low


def _apart(one: Quad, other: Quad) -> bool:
    """Whether the upright boxes round two quads do not meet."""
    low, high = one.min(axis=0) - 4, one.max(axis=0) + 4
    return bool((high < other.min(axis=0)).any() or (low > other.max(axis=0)).any())
