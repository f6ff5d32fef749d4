"""The street: carriageway, kerbs, pavements, shops on both sides, trees, lamps.

World axes: +Y along the street, +X from the carriageway towards the near shops, +Z up. The near
kerb stands at x = 0, the carriageway lies at x < 0, the near pavement at x > 0.
"""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any, Final

from samples.scene.blender import Vector, box, empty, mesh, quad, tube
from samples.scene.materials import Colour, noisy, plain, tiled
from samples.scene.story import Story
from samples.scene.textures import SIGN_GROUNDS, SIGNS, shelf_file, sign_file

KERB: Final = 0.14
NEAR_END, FAR_END = -32.0, 70.0
FAR_PAVEMENT: Final = 3.4
# From this depth on (metres) the camera hangs on the near shops and looks away from them: they are
# left out.
FORECOURT: Final = 8.0
SHOP: Final = 4.2


def ground_height(x: float) -> float:
    """Height of the ground across the street; the kerb is a short ramp, as a wheel feels it."""
    return KERB * min(1.0, max(0.0, (x + 0.25) / 0.5))


def _asphalt(wet: bool) -> Any:
    dark, light = (
        ((0.040, 0.040, 0.042), (0.065, 0.065, 0.067))
        if wet
        else ((0.085, 0.085, 0.086), (0.12, 0.118, 0.115))
    )
    return noisy(
        plain("asphalt", (0.06, 0.06, 0.06), 0.28 if wet else 0.85), 40, 0.3, dark, light, 0.3
    )


def _paving(wet: bool) -> Any:
    colours: tuple[Colour, Colour, Colour] = (
        (0.30, 0.275, 0.25),
        (0.255, 0.23, 0.215),
        (0.14, 0.13, 0.125),
    )
    return tiled(
        plain("paving", (0.4, 0.4, 0.4), 0.28 if wet else 0.78), (0.6, 0.3), 0.008, colours
    )


def build_street(story: Story, textures: Path) -> None:
    """Everything that never moves."""
    wet, night = story.weather == "rain", story.weather == "night"
    road, pavement = story.street.road, story.street.pavement
    far = -road - FAR_PAVEMENT
    paving = _paving(wet)
    box("road", (-road - 1, NEAR_END, -0.2), (1, FAR_END, 0), _asphalt(wet))
    box("pavement", (0.15, NEAR_END, -0.1), (pavement + 0.5, FAR_END, KERB), paving)
    box("far_pavement", (far - 0.5, NEAR_END, -0.1), (-road - 0.15, FAR_END, KERB), paving)
    kerb = noisy(
        plain("kerb", (0.45, 0.44, 0.42), 0.7), 9, 0.25, (0.36, 0.355, 0.34), (0.52, 0.51, 0.49)
    )
    for i in range(int(FAR_END - NEAR_END)):
        y = NEAR_END + i
        box("kerbstone", (0, y, -0.1), (0.15, y + 0.985, KERB + 0.005), kerb, bevel=0.018)
        box(
            "kerbstone",
            (-road - 0.15, y, -0.1),
            (-road, y + 0.985, KERB + 0.005),
            kerb,
            bevel=0.018,
        )
    _markings(story)
    if pavement < FORECOURT:
        _shops("near", (pavement, -6.3), 0.0, 64.0, night, textures)
    _shops(
        "far",
        (far, FAR_END - 0.5 if pavement < FORECOURT else 35.0),
        math.pi,
        71.0,
        night,
        textures,
    )
    box("end", (-30, FAR_END, 0), (30, FAR_END + 2, 16), plain("haze", (0.42, 0.45, 0.5), 0.9))
    _furniture(story)


def _markings(story: Story) -> None:
    """Double yellow at the kerb (no stopping), dashes in the middle, tactile paving, grates."""
    road = story.street.road
    yellow = noisy(
        plain("yellow", (0.8, 0.6, 0.1), 0.6), 25, 0.3, (0.60, 0.42, 0.05), (0.85, 0.63, 0.12)
    )
    white = noisy(
        plain("white", (0.8, 0.8, 0.78), 0.6), 25, 0.3, (0.55, 0.55, 0.53), (0.85, 0.85, 0.82)
    )
    touch_colours: tuple[Colour, Colour, Colour] = (
        (0.62, 0.43, 0.09),
        (0.56, 0.38, 0.07),
        (0.34, 0.24, 0.06),
    )
    touch = tiled(
        plain("tactile", (0.7, 0.5, 0.08), 0.7), (0.3, 0.3), 0.012, touch_colours, offset=0
    )
    x = story.street.tactile
    box("tactile", (x, NEAR_END, 0), (x + 0.3, FAR_END, KERB + 0.004), touch)
    for left in (-0.45, -0.75):
        box("edge", (left, NEAR_END, 0), (left + 0.12, FAR_END, 0.004), yellow)
    for i in range(18):
        y = NEAR_END + 2 + i * 5.5
        box("dash", (-road / 2 - 0.07, y, 0), (-road / 2 + 0.07, y + 2.8, 0.004), white)
    for x0, y0, x1, y1 in story.zone.get("bays", []):
        for low, high in (
            ((x0, y0), (x1, y0 + 0.12)),
            ((x0, y1 - 0.12), (x1, y1)),
            ((x0, y0), (x0 + 0.12, y1)),
            ((x1 - 0.12, y0), (x1, y1)),
        ):
            box("bay", (*low, KERB - 0.05), (*high, KERB + 0.006), white)
    iron = plain("iron", (0.05, 0.05, 0.05), 0.6, 0.5)
    for y in (-9.0, 9.0, 19.5):
        box("grate", (-0.30, y, 0.0), (-0.02, y + 0.8, 0.008), iron)
    box("manhole", (-2.6, 15.1, 0), (-1.95, 15.75, 0.006), iron, bevel=0.002)


def _shops(
    name: str, foot: tuple[float, float], turn: float, length: float, night: bool, textures: Path
) -> None:
    """A row of shops with its front at `foot` (x, first y), facing -X, or +X if turned by pi."""
    row = empty(f"shops_{name}")
    row.location, row.rotation_euler = (foot[0], foot[1], 0), (0, 0, turn)
    stone = noisy(
        plain("stone", (0.35, 0.34, 0.33), 0.5), 6, 0.2, (0.30, 0.29, 0.28), (0.40, 0.39, 0.37)
    )
    wall_colours: tuple[Colour, Colour, Colour] = (
        (0.52, 0.43, 0.36),
        (0.46, 0.37, 0.31),
        (0.55, 0.53, 0.5),
    )
    upright = (0, math.pi / 2, math.pi / 2)
    wall = tiled(
        plain("wall", (0.5, 0.45, 0.4), 0.8), (0.24, 0.08), 0.006, wall_colours, upright, bump=0.3
    )
    box("wall", (0.35, 0, 0), (6, length, 14), wall, row)
    for number in range(int((length - 3) / SHOP)):
        _shop(row, number, number * SHOP, stone, night, textures)


def _shop(row: Any, number: int, y: float, stone: Any, night: bool, textures: Path) -> None:
    """One shop: pier, glass front with shelves behind, sign, three floors of windows above."""
    start, end = y + 0.45, y + SHOP
    frame = plain("frame", (0.10, 0.10, 0.11), 0.4, 0.6)
    box("pier", (0, y, 0), (0.5, start, 3.25), stone, row, bevel=0.015)
    box("plinth", (0.10, start, 0), (0.4, end, 0.45), stone, row)
    seed = number % 4
    goods = plain(
        f"shelf{seed}",
        (1, 1, 1),
        0.6,
        image=shelf_file(seed, textures),
        glow=1.6 if night else 0.25,
    )
    quad(
        "goods",
        [(0.30, end, 0.45), (0.30, start, 0.45), (0.30, start, 2.75), (0.30, end, 2.75)],
        goods,
        row,
    )
    box(
        "pane",
        (0.18, start, 0.45),
        (0.19, end, 2.75),
        plain("pane", (0.6, 0.7, 0.72), 0.02, shine=0.8, alpha=0.28),
        row,
    )
    for i in range(4):
        at = start + (end - start) * i / 3
        box("mullion", (0.13, at - 0.03, 0.40), (0.24, at + 0.03, 2.8), frame, row)
    box("transom", (0.13, start, 2.25), (0.24, end, 2.31), frame, row)
    box("sign_box", (-0.12, start - 0.3, 2.85), (0.36, end - 0.1, 3.65), frame, row, bevel=0.02)
    word, ground = SIGNS[number % len(SIGNS)], SIGN_GROUNDS[number % len(SIGN_GROUNDS)]
    sign = plain(
        f"sign{number % 30}",
        (1, 1, 1),
        0.4,
        image=sign_file(word, ground, textures),
        glow=2.2 if night else 0.12,
    )
    left, right = end - 0.14, start - 0.26
    quad(
        "sign",
        [(-0.125, left, 2.89), (-0.125, right, 2.89), (-0.125, right, 3.61), (-0.125, left, 3.61)],
        sign,
        row,
    )
    for floor in (4.6, 7.6, 10.6):
        dark = plain("upper_glass", (0.012, 0.016, 0.018), 0.03)
        box("window", (0.30, start + 0.6, floor), (0.40, end - 0.6, floor + 1.5), dark, row)
        box("ledge", (0.22, start + 0.5, floor - 0.1), (0.42, end - 0.5, floor), stone, row)
        cooler = plain("cooler", (0.7, 0.7, 0.68), 0.5)
        box(
            "cooler",
            (0, start + 0.1, floor - 0.3),
            (0.36, start + 0.9, floor + 0.3),
            cooler,
            row,
            bevel=0.03,
        )


def _furniture(story: Story) -> None:
    """Trees, lamp posts, a bin and crates; none stands where it would hide a parked car."""
    steel = plain("steel", (0.42, 0.43, 0.45), 0.4, 0.7)
    far = -story.street.road - 0.9
    for seed, y in enumerate((-22.0, -14.5, -7.0, 0.5, 8.0, 15.5, 23.0)):
        tree(far, y, 5.6, 10 + seed)
    for y in (-3.6, 12.0):
        tube("lamp", (far + 0.3, y, 0), (far + 0.3, y, 6.5), 0.08, 0.05, steel)
    if story.street.pavement < FORECOURT:
        for seed, y in enumerate((20.6, 28.0, 36.0)):
            tree(0.75, y, 5.4, seed + 1)
        tube("lamp", (0.45, 24.5, 0), (0.45, 24.5, 6.5), 0.08, 0.05, steel)
        shop_side = story.street.pavement - 0.45
        green, card = plain("bin", (0.04, 0.16, 0.09), 0.5), plain("crate", (0.55, 0.32, 0.12), 0.8)
        tube(
            "bin",
            (shop_side, 16.2, KERB),
            (shop_side, 16.2, 0.95),
            0.24,
            0.26,
            green,
            n=20,
            caps=False,
        )
        for y in (18.9, 19.7):
            box(
                "crate",
                (shop_side - 0.4, y, KERB),
                (shop_side + 0.2, y + 0.6, KERB + 0.36),
                card,
                bevel=0.02,
            )


def tree(x: float, y: float, height: float, seed: int) -> None:
    """A street tree in its pit: trunk, branches, a cloud of leaf quads."""
    dice = random.Random(seed)
    bark = noisy(
        plain("bark", (0.16, 0.11, 0.07), 0.9),
        14,
        0.25,
        (0.09, 0.065, 0.045),
        (0.22, 0.17, 0.12),
        0.6,
    )
    soil = noisy(
        plain("soil", (0.1, 0.07, 0.05), 1), 20, 0.2, (0.06, 0.045, 0.03), (0.14, 0.10, 0.07)
    )
    tube("trunk", (x, y, 0), (x + 0.1, y + 0.05, height * 0.55), 0.13, 0.08, bark)
    box("pit", (x - 0.5, y - 0.5, KERB - 0.05), (x + 0.5, y + 0.5, KERB + 0.012), soil)
    for k in range(5):
        angle = k * 1.257 + dice.random()
        tip = (x + math.cos(angle) * 1.1, y + math.sin(angle) * 1.1, height * 0.8)
        tube("branch", (x + 0.1, y + 0.05, height * 0.5), tip, 0.05, 0.02, bark, n=8)
    points: list[Any] = []
    picks: list[int] = []
    for _ in range(2600):
        out = _direction(dice, 1.0) * dice.random() ** 0.45
        centre = Vector((x + out.x * 1.7, y + out.y * 1.7, height * 0.86 + out.z * 1.25))
        long = _direction(dice, 0.5) * 0.10
        wide = long.cross(_direction(dice, 1.0)).normalized() * 0.06
        points += [centre - long, centre + wide, centre + long, centre - wide]
        picks.append(dice.randrange(3))
    faces = [(4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3) for i in range(len(picks))]
    greens: tuple[Colour, ...] = ((0.05, 0.13, 0.025), (0.08, 0.18, 0.03), (0.04, 0.10, 0.03))
    mesh("leaves", points, faces, [plain(f"leaf{i}", c, 0.6) for i, c in enumerate(greens)], picks)


def _direction(dice: random.Random, flat: float) -> Any:
    """A random unit vector; `flat` below 1 keeps it near the horizontal."""
    return Vector((dice.gauss(0, 1), dice.gauss(0, 1), dice.gauss(0, flat))).normalized()
