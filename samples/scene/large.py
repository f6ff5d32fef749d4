"""Large vehicles: a city bus and a flatbed recovery truck, from boxes, wheels and lamps.

Vehicle space as in `bodywork`: x ahead, y left, z up, the origin on the ground under the middle.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from samples.scene.blender import box, empty, tube
from samples.scene.bodywork import Body
from samples.scene.car import LIT, Car, put_plate, put_wheels, surfaces
from samples.scene.materials import plain
from samples.scene.plate import plate_file

BED_HEIGHT: Final = 0.98
"""Metres above the ground on which a car rides on the recovery truck."""
LARGE: Final = {
    "bus": Body(10.4, 2.48, 3.05, 5.3, 0.47, 1.05, (), (0, 0), (0, 0), (0, 0), 0.62),
    "flatbed": Body(8.2, 2.36, 2.5, 4.4, 0.44, 1.0, (), (0, 0), (0, 0), (0, 0), 0.72),
}


def build_large(name: str, model: str, colour: str, plate: tuple[str, str], textures: Path) -> Car:
    """Build one large vehicle facing +X at the origin. `plate` is (text, blue or green)."""
    body, root = LARGE[model], empty(name)
    materials = surfaces(name, colour)
    car = Car(root, body, put_wheels(body, root, materials))
    car.lamps = [(materials[lamp], *LIT[lamp]) for lamp in LIT]
    (_bus if model == "bus" else _flatbed)(body, root, materials)
    picture = plain(f"plate_{name}", (1, 1, 1), 0.45, image=plate_file(*plate, textures), shine=0.3)
    for end, height in ((1, 0.55), (-1, body.rear_plate)):
        car.plates.append(put_plate(body, root, materials, picture, plate[1], end, height))
    return car


def _bus(body: Body, root: Any, materials: dict[str, Any]) -> None:
    """A low-floor city bus: shell, ribbon of windows, doors, roof boxes, lamps."""
    end, side = body.half
    paint, glass, black = materials["paint"], materials["glass"], materials["black"]
    pale = plain("bus_roof", (0.78, 0.79, 0.80), 0.4)
    box("shell", (-end, -side, 0.34), (end, side, 1.22), paint, root, 0.10, 4)
    box("upper", (-end, -side, 1.18), (end, side, 2.98), pale, root, 0.16, 4)
    box("band", (-end - 0.004, -side - 0.004, 1.12), (end + 0.004, side + 0.004, 1.24), paint, root)
    for edge in (-side, side):
        low, high = sorted((edge - 0.012, edge + 0.012))
        box("windows", (-end + 0.5, low, 1.38), (end - 0.35, high, 2.50), glass, root, 0.01)
        for number in range(7):
            x = -end + 1.4 + number * 1.30
            box("post", (x, low - 0.006, 1.36), (x + 0.09, high + 0.006, 2.52), black, root)
    for x in (-0.9, 3.9):
        box("door", (x, -side - 0.016, 0.42), (x + 1.15, -side + 0.01, 2.46), glass, root, 0.01)
        box("leaf", (x + 0.55, -side - 0.022, 0.42), (x + 0.60, -side, 2.46), black, root)
    box(
        "windscreen",
        (end - 0.01, -side + 0.14, 1.15),
        (end + 0.014, side - 0.14, 2.55),
        glass,
        root,
    )
    box(
        "rear_window",
        (-end - 0.014, -side + 0.3, 1.75),
        (-end + 0.01, side - 0.3, 2.45),
        glass,
        root,
    )
    box("grille", (-end - 0.012, -0.75, 0.85), (-end + 0.01, 0.75, 1.45), black, root)
    box("bumper", (-end - 0.05, -side, 0.32), (-end + 0.1, side, 0.52), black, root, 0.03)
    for y in (-side + 0.22, side - 0.22):
        box(
            "tail",
            (-end - 0.02, y - 0.1, 0.85),
            (-end + 0.02, y + 0.1, 1.5),
            materials["tail"],
            root,
        )
        box(
            "head",
            (end - 0.02, y - 0.17, 0.62),
            (end + 0.02, y + 0.17, 0.86),
            materials["head"],
            root,
        )
    box("cooler", (-2.2, -0.85, 2.95), (0.6, 0.85, 3.17), pale, root, 0.06, 3)
    box("battery", (1.6, -0.9, 2.95), (4.2, 0.9, 3.12), pale, root, 0.06, 3)
    box("hatch", (-4.0, -0.4, 2.95), (-3.1, 0.4, 3.03), black, root, 0.02)
    for edge in (-side - 0.22, side + 0.05):
        box("mirror", (end - 0.05, edge, 2.0), (end + 0.14, edge + 0.17, 2.4), black, root, 0.03)


def _flatbed(body: Body, root: Any, materials: dict[str, Any]) -> None:
    """Cab in front, long low bed behind, warning lights on the roof."""
    end, side = body.half
    paint, glass, black = materials["paint"], materials["glass"], materials["black"]
    steel = plain("bed_steel", (0.30, 0.31, 0.32), 0.5, 0.6)
    amber = plain("amber", (0.85, 0.35, 0.02), 0.25, coat=0.5)
    cab = end - 1.75
    box("chassis", (-end + 0.1, -0.45, 0.5), (end - 0.3, 0.45, 0.76), black, root)
    box("cab", (cab, -side + 0.08, 0.42), (end, side - 0.08, 1.45), paint, root, 0.08, 4)
    box("cab_top", (cab, -side + 0.12, 1.40), (end - 0.12, side - 0.12, 2.35), paint, root, 0.14, 4)
    box(
        "windscreen", (end - 0.14, -side + 0.25, 1.42), (end - 0.10, side - 0.25, 2.15), glass, root
    )
    box("rear_window", (cab - 0.012, -0.7, 1.55), (cab + 0.02, 0.7, 2.1), glass, root)
    for edge in (-side + 0.115, side - 0.135):
        box("side_window", (cab + 0.45, edge, 1.45), (end - 0.3, edge + 0.02, 2.1), glass, root)
    box("bar", (cab + 0.35, -0.75, 2.34), (cab + 0.62, 0.75, 2.50), amber, root, 0.03)
    bed = BED_HEIGHT
    box("bed", (-end, -side, bed - 0.14), (cab - 0.12, side, bed - 0.02), steel, root, 0.02)
    for y in (-side, side - 0.08):
        box("rail", (-end, y, bed - 0.14), (cab - 0.12, y + 0.08, bed + 0.10), paint, root, 0.01)
    behind, right, left = cab - 0.2, -side + 0.1, side - 0.1
    for start, stop in (
        ((right, bed), (right, 2.3)),
        ((left, bed), (left, 2.3)),
        ((right, 2.3), (left, 2.3)),
    ):
        tube("gantry", (behind, *start), (behind, *stop), 0.05, 0.05, steel, root)
    box("guard", (-end + 0.02, -side + 0.1, 0.5), (-end + 0.1, side - 0.1, 0.66), black, root)
    for y in (-side + 0.3, side - 0.3):
        box(
            "tail",
            (-end - 0.02, y - 0.2, 0.68),
            (-end + 0.03, y + 0.2, 0.82),
            materials["tail"],
            root,
        )
        box(
            "head",
            (end - 0.03, y - 0.2, 0.7),
            (end + 0.015, y + 0.2, 0.95),
            materials["head"],
            root,
        )
