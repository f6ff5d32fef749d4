"""A whole car: shell, wheels, lamps, grille, trim and plates, around an empty that moves it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from samples.scene.blender import Matrix, ball, box, empty, lathe, quad, tube
from samples.scene.bodywork import MODELS, Body, greenhouse, lower_body
from samples.scene.materials import Colour, car_paint, plain
from samples.scene.plate import HEIGHT_MM, WIDTH_MM, plate_file

PAINTS: Final[dict[str, Colour]] = {
    "white": (0.74, 0.75, 0.76),
    "silver": (0.36, 0.38, 0.40),
    "blue": (0.035, 0.10, 0.30),
    "red": (0.36, 0.022, 0.025),
    "champagne": (0.50, 0.42, 0.31),
    "grey": (0.13, 0.14, 0.15),
    "teal": (0.05, 0.22, 0.24),
}
SEAMS: Final = (1.02, -0.06, -0.98)
# What glows when the lights are on: colour and strength.
LIT: Final[dict[str, tuple[Colour, float]]] = {
    "head": ((1, 0.96, 0.86), 5.0),
    "eye": ((1, 0.97, 0.9), 30.0),
    "tail": ((0.42, 0.004, 0.006), 6.0),
}


@dataclass
class Car:
    """What the renderer keeps of a car: handle, wheels (front left, right, rear ...), plates."""

    root: Any
    body: Body
    wheels: list[Any]
    plates: list[Any] = field(default_factory=list[Any])
    lamps: list[tuple[Any, Colour, float]] = field(default_factory=list[tuple[Any, Colour, float]])

    def light(self, on: bool) -> None:
        """Switch head and tail lamps."""
        for material, colour, strength in self.lamps:
            shader = material.node_tree.nodes["Principled BSDF"]
            shader.inputs["Emission Color"].default_value = (*colour, 1)
            shader.inputs["Emission Strength"].default_value = strength if on else 0.0


def surfaces(name: str, colour: str) -> dict[str, Any]:
    """The car's surfaces, its lamps dark."""
    dull = 0.15 if colour == "white" else 0.35
    return {
        "paint": car_paint(f"paint_{name}", PAINTS[colour], SEAMS, dull),
        "black": plain("car_black", (0.012, 0.012, 0.013), 0.5),
        "glass": plain("car_glass", (0.012, 0.016, 0.018), 0.03, coat=0.3, shine=0.9),
        "chrome": plain("car_chrome", (0.75, 0.75, 0.77), 0.12, 1.0),
        "rubber": plain("rubber", (0.018, 0.018, 0.018), 0.85),
        "alloy": plain("alloy", (0.55, 0.56, 0.58), 0.3, 0.9),
        "hollow": plain("hollow", (0.004, 0.004, 0.004), 1.0),
        "head": plain(f"head_{name}", (0.10, 0.105, 0.115), 0.08, 0.35, coat=1),
        "eye": plain(f"eye_{name}", (0.55, 0.57, 0.6), 0.05, 0.9, coat=1),
        "tail": plain(f"tail_{name}", (0.42, 0.004, 0.006), 0.08, coat=1),
    }


def build_car(name: str, model: str, colour: str, plate: tuple[str, str], textures: Path) -> Car:
    """Build one car facing +X at the origin. `plate` is (text, blue or green)."""
    body, root = MODELS[model], empty(name)
    materials = surfaces(name, colour)
    lower_body(body, root, materials)
    greenhouse(body, root, materials)
    car = Car(root, body, put_wheels(body, root, materials))
    car.lamps = [(materials[lamp], *LIT[lamp]) for lamp in LIT]
    _flanks(body, root, materials)
    _face(body, root, materials)
    _tail(body, model, root, materials)
    picture = plain(f"plate_{name}", (1, 1, 1), 0.45, image=plate_file(*plate, textures), shine=0.3)
    for end, height in ((1, 0.44), (-1, body.rear_plate)):
        car.plates.append(put_plate(body, root, materials, picture, plate[1], end, height))
    return car


def put_wheels(body: Body, root: Any, materials: dict[str, Any]) -> list[Any]:
    """Tyre, dish, five double spokes and a hub for each wheel."""
    wheels: list[Any] = []
    radius, rim = body.wheel, body.wheel * 0.69
    tyre = [
        (rim, -0.10),
        (radius * 0.93, -0.105),
        (radius, -0.075),
        (radius, 0.075),
        (radius * 0.94, 0.105),
    ]
    tyre += [(rim + 0.01, 0.11), (rim - 0.012, 0.095), (rim - 0.02, 0.0), (0.01, -0.02)]
    wear = [materials["rubber"], materials["alloy"], materials["black"]]
    for side_x in (1, -1):
        for side_y in (1, -1):
            wheel = empty("wheel", root)
            wheel.location = (
                side_x * body.wheelbase / 2,
                side_y * (body.width / 2 - 0.125),
                radius,
            )
            wheel.rotation_euler = (0, 0, 0 if side_y > 0 else math.pi)
            lathe("tyre", tyre, wear, [0, 0, 0, 0, 0, 1, 1, 2], wheel)
            for spoke in range(10):
                angle = (spoke // 2) * 2 * math.pi / 5 + (0.13 if spoke % 2 else -0.13)
                bar = box(
                    "spoke",
                    (-0.018, 0.035, 0.04),
                    (0.018, 0.085, rim - 0.004),
                    materials["alloy"],
                    wheel,
                    0.008,
                )
                bar.matrix_local = Matrix.Rotation(angle, 4, "Y") @ Matrix.Translation(bar.location)
            lathe(
                "hub",
                [(0.065, 0.02), (0.06, 0.09), (0.035, 0.10), (0.001, 0.10)],
                [materials["alloy"]],
                parent=wheel,
                n=20,
            )
            wheels.append(wheel)
    return wheels


def _flanks(body: Body, root: Any, materials: dict[str, Any]) -> None:
    """Mirrors, handles, sills, and the dark underside that keeps light from shining through."""
    half_length, half_width = body.half
    front, axle, black = body.front[0], body.wheelbase / 2, materials["black"]
    for side in (-1, 1):
        y = side * (half_width + 0.02)
        low, high = (front - 0.42, y - 0.10, body.belt), (front - 0.24, y + 0.09, body.belt + 0.15)
        box("mirror", low, high, materials["paint"], root, 0.05, 4)
        arm = (side * (half_width - 0.12) - 0.06, side * (half_width - 0.06) + 0.05)
        box(
            "arm",
            (front - 0.36, min(arm), body.belt - 0.01),
            (front - 0.30, max(arm), body.belt + 0.04),
            black,
            root,
        )
        for x in (0.12, -0.80):
            edge = side * half_width * 0.985
            low, high = (
                (x, edge - 0.015, body.belt - 0.15),
                (x + 0.17, edge + 0.015, body.belt - 0.12),
            )
            box("handle", low, high, materials["chrome"], root, 0.008)
        edge = side * (half_width - 0.04)
        box(
            "sill",
            (-axle + 0.42, edge - 0.02, 0.19),
            (axle - 0.42, edge + 0.02, 0.29),
            black,
            root,
            0.015,
        )
    under = (
        (-half_length + 0.35, -half_width + 0.2, 0.14),
        (half_length - 0.35, half_width - 0.2, 0.26),
    )
    box("under", *under, materials["hollow"], root)


def _face(body: Body, root: Any, materials: dict[str, Any]) -> None:
    """What makes a front a face: lamps, a slatted grille with a badge, an intake, wipers."""
    end, half_width = body.half
    deck = body.deck[-1][1]
    lamp = 0.25 + (deck - 0.25) * 0.70
    black, chrome = materials["black"], materials["chrome"]
    for side in (-1, 1):
        ball(
            "eye",
            (end - 0.155, side * half_width * 0.70, lamp),
            (0.05, 0.052, 0.046),
            materials["eye"],
            root,
        )
        ball(
            "eye",
            (end - 0.105, side * half_width * 0.53, lamp),
            (0.045, 0.04, 0.036),
            materials["eye"],
            root,
        )
        fog = side * half_width * 0.66
        box(
            "fog_frame",
            (end - 0.20, fog - 0.14, 0.34),
            (end - 0.035, fog + 0.14, 0.46),
            black,
            root,
            0.03,
            3,
        )
        ball("fog", (end - 0.05, fog, 0.40), (0.03, 0.032, 0.032), materials["eye"], root)
        wiper = (
            (body.front[0] - 0.02, side * 0.32 - 0.30, body.belt + 0.045),
            (body.front[0] + 0.05, side * 0.32 + 0.30, body.belt + 0.065),
        )
        box("wiper", *wiper, black, root)
    box(
        "grille",
        (end - 0.12, -0.43, lamp - 0.085),
        (end - 0.028, 0.43, lamp + 0.075),
        black,
        root,
        0.03,
        3,
    )
    for slat in range(4):
        z = lamp - 0.06 + 0.038 * slat
        box("slat", (end - 0.06, -0.40, z), (end - 0.018, 0.40, z + 0.011), chrome, root, 0.004)
    badge = lathe(
        "badge",
        [(0.001, -0.01), (0.052, -0.006), (0.06, 0.006), (0.001, 0.012)],
        [chrome],
        parent=root,
        n=24,
    )
    badge.location, badge.rotation_euler = (end - 0.012, 0, lamp), (0, 0, -math.pi / 2)
    box("intake", (end - 0.10, -0.52, 0.27), (end + 0.004, 0.52, 0.345), black, root, 0.02, 3)
    box("lip", (end - 0.20, -0.60, 0.215), (end - 0.045, 0.60, 0.245), black, root, 0.01)


def _tail(body: Body, model: str, root: Any, materials: dict[str, Any]) -> None:
    """Rear garnish, exhausts, third brake light, antenna fin, roof rails."""
    end, half_width = body.half
    black, chrome, top = materials["black"], materials["chrome"], body.rear[1]
    bar = 0.79 if model == "sedan" else 0.95
    box(
        "garnish", (-end - 0.012, -0.30, bar), (-end + 0.03, 0.30, bar + 0.025), chrome, root, 0.006
    )
    for side in (-1, 1):
        tube(
            "exhaust",
            (-end + 0.30, side * 0.55, 0.27),
            (-end + 0.07, side * 0.55, 0.27),
            0.03,
            0.03,
            chrome,
            root,
            caps=False,
        )
        if model != "sedan":
            y = side * half_width * 0.60
            low, high = (
                (-1.55, y - 0.018, body.height - 0.03),
                (0.25, y + 0.018, body.height + 0.035),
            )
            box("rail", low, high, materials["alloy"], root, 0.015)
    low, high = (top - 0.10, -0.16, body.height - 0.075), (top - 0.02, 0.16, body.height - 0.045)
    box("brake", low, high, materials["tail"], root, 0.008)
    low, high = (top + 0.12, -0.02, body.height - 0.02), (top + 0.32, 0.02, body.height + 0.06)
    box("fin", low, high, black, root, 0.018)
    box(
        "seam",
        (-end + 0.004, -half_width * 0.55, 0.545),
        (-end + 0.05, half_width * 0.55, 0.556),
        black,
        root,
    )


def put_plate(
    body: Body, root: Any, materials: dict[str, Any], picture: Any, colour: str, end: int, z: float
) -> Any:
    """A plate on its holder; `end` is 1 in front, -1 behind.

    Corners: lower left, lower right, upper right, upper left.
    """
    wide, high = WIDTH_MM[colour] / 2000, HEIGHT_MM / 2000
    x = end * (body.length / 2 + 0.022)
    back = sorted((x - end * 0.05, x - end * 0.004))
    low, top = (back[0], -wide - 0.015, z - high - 0.015), (back[1], wide + 0.015, z + high + 0.015)
    box("holder", low, top, materials["black"], root, 0.006)
    y = -end * wide
    corners = [(x, y, z - high), (x, -y, z - high), (x, -y, z + high), (x, y, z + high)]
    return quad("plate", corners, picture, root)
