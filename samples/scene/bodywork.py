"""The shell of a car: lower body with wheel arches, and the greenhouse above it.

Car space: x ahead, y left, z up, the origin on the ground under the middle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from samples.scene.blender import Matrix, bmesh, bpy, lathe, link, mesh

Pair = tuple[float, float]


@dataclass(frozen=True)
class Body:
    """Proportions of one model, in metres.

    `deck`: (x, z) along bonnet and boot; pairs: (foot x, top x) of a window.
    """

    length: float
    width: float
    height: float
    wheelbase: float
    wheel: float
    belt: float
    deck: tuple[Pair, ...]
    front: Pair
    rear: Pair
    pillar: Pair
    rear_plate: float

    @property
    def half(self) -> tuple[float, float]:
        """(half length, half width)."""
        return self.length / 2, self.width / 2


MODELS: Final = {
    "sedan": Body(
        4.62, 1.82, 1.46, 2.66, 0.325, 0.93,
        ((-2.31, 0.99), (-1.9, 1.03), (-1.5, 1.03), (-0.6, 0.96), (0.9, 0.96),
         (1.2, 0.97), (1.7, 0.88), (2.1, 0.78), (2.31, 0.70)),
        (1.30, 0.28), (-1.92, -1.12), (-1.05, -1.62), 0.70,
    ),
    "hatch": Body(
        4.2, 1.80, 1.52, 2.58, 0.325, 0.95,
        ((-2.1, 0.98), (-1.8, 1.0), (-1.5, 1.0), (-0.6, 0.97), (0.9, 0.97),
         (1.15, 0.98), (1.6, 0.90), (1.9, 0.82), (2.1, 0.74)),
        (1.26, 0.28), (-2.0, -1.66), (-1.25, -1.72), 0.80,
    ),
    "suv": Body(
        4.55, 1.86, 1.68, 2.68, 0.365, 1.06,
        ((-2.27, 1.06), (-2.0, 1.1), (-1.5, 1.1), (-0.6, 1.06), (0.9, 1.06),
         (1.2, 1.07), (1.7, 1.01), (2.05, 0.94), (2.27, 0.84)),
        (1.28, 0.36), (-2.2, -1.86), (-1.35, -1.86), 0.84,
    ),
}  # fmt: skip

# The control cage: shares of the width (across) and of the height (up) where its lines run.
ACROSS: Final = (-1.0, -0.93, -0.55, 0.0, 0.55, 0.93, 1.0)
UP: Final = (0.0, 0.12, 0.38, 0.60, 0.82, 1.0)
PAINT, HEAD, TAIL, DARK = 0, 1, 2, 3


def _lengthwise(body: Body) -> list[float]:
    """The x of the cage's cross sections, close together where the shape turns."""
    end, axle = body.length / 2, body.wheelbase / 2
    rear = [-end, -end + 0.10, -end + 0.34, -axle - 0.40, -axle, -axle + 0.40]
    return [*rear, -0.45, 0.15, axle - 0.42, axle, axle + 0.40, end - 0.32, end - 0.10, end]


def _cage_point(body: Body, x: float, across: float, up: float) -> tuple[float, float, float]:
    """One point of the cage: tapered ends, tucked sill, leaning shoulder, bumpers before lamps."""
    half_length, half_width = body.half
    place = x / half_length
    end = abs(place) ** 6
    floor = 0.20 + (0.15 if place < 0 else 0.05) * max(0.0, abs(place) - 0.8) / 0.2
    top = (
        float(np.interp(x, [d[0] for d in body.deck], [d[1] for d in body.deck]))
        - 0.035 * across * across
    )
    lean = 0.10 if up > 0.95 else 0.02 if up > 0.75 else 0.0
    width = (
        half_width
        * (1 - 0.10 * end)
        * (1 - 0.05 * (1 - up) ** 2 - lean)
        * (0.95 if up < 0.1 else 1.0)
    )
    tuck = (
        0.20 * across * across * end
        + (0.10 if place > 0 else 0.06) * max(0.0, up - 0.45) * 1.6 * end
    )
    tuck += 0.05 * (up < 0.1) * end + 0.045 * (up > 0.5) * end
    return x - math.copysign(tuck, place), across * width, floor + (top - floor) * up


class _Cage:
    """Collects faces between cage points, each point made once."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.xs = _lengthwise(body)
        self.points: list[tuple[float, float, float]] = []
        self.faces: list[tuple[int, ...]] = []
        self.picks: list[int] = []
        self._known: dict[tuple[int, int, int], int] = {}

    def face(self, pick: int, *corners: tuple[int, int, int]) -> None:
        """Add a face through cage corners (section, across, up)."""
        numbers: list[int] = []
        for corner in corners:
            if corner not in self._known:
                i, j, k = corner
                self._known[corner] = len(self.points)
                self.points.append(_cage_point(self.body, self.xs[i], ACROSS[j], UP[k]))
            numbers.append(self._known[corner])
        self.faces.append(tuple(numbers))
        self.picks.append(pick)


def _front_pick(j: int, k: int) -> int:
    last = len(ACROSS) - 2
    if k == 3:
        return HEAD if j in (0, 1, last - 1, last) else DARK
    return DARK if k == 0 or (k == 1 and j not in (0, last)) else PAINT


def _rear_pick(j: int, k: int) -> int:
    last = len(ACROSS) - 2
    if k == 3 and j in (0, 1, last - 1, last):
        return TAIL
    return DARK if k == 0 or (k == 1 and 1 <= j <= last - 1) else PAINT


def _side_pick(i: int, k: int, sections: int) -> int:
    if k == 0:
        return DARK
    if k == 3 and i >= sections - 3:
        return HEAD
    return TAIL if k == 3 and i <= 1 else PAINT


def _cage(body: Body) -> _Cage:
    """The closed lower body as quads."""
    cage = _Cage(body)
    n, columns, rows = len(cage.xs), len(ACROSS) - 1, len(UP) - 1
    for j in range(columns):
        for k in range(rows):
            cage.face(
                _front_pick(j, k),
                (n - 1, j, k),
                (n - 1, j + 1, k),
                (n - 1, j + 1, k + 1),
                (n - 1, j, k + 1),
            )
            cage.face(_rear_pick(j, k), (0, j + 1, k), (0, j, k), (0, j, k + 1), (0, j + 1, k + 1))
    for i in range(n - 1):
        for k in range(rows):
            pick = _side_pick(i, k, n)
            cage.face(pick, (i, 0, k), (i + 1, 0, k), (i + 1, 0, k + 1), (i, 0, k + 1))
            cage.face(
                pick,
                (i + 1, columns, k),
                (i, columns, k),
                (i, columns, k + 1),
                (i + 1, columns, k + 1),
            )
        for j in range(columns):
            cage.face(DARK, (i, j + 1, 0), (i + 1, j + 1, 0), (i + 1, j, 0), (i, j, 0))
            cage.face(PAINT, (i, j, rows), (i + 1, j, rows), (i + 1, j + 1, rows), (i, j + 1, rows))
    return cage


def lower_body(body: Body, root: Any, materials: dict[str, Any]) -> Any:
    """Bumper to bumper below the windows, with the wheel arches cut out."""
    cage = _cage(body)
    wear = [materials["paint"], materials["head"], materials["tail"], materials["black"]]
    made = mesh("body", cage.points, cage.faces, wear, cage.picks, root, rounded=True)
    round_off = made.modifiers.new("round", "SUBSURF")
    round_off.levels = round_off.render_levels = 3
    for side_x in (-1, 1):
        for side_y in (-1, 1):
            _arch(body, made, root, materials, side_x, side_y)
    return made


def _arch(
    body: Body, shell: Any, root: Any, materials: dict[str, Any], side_x: int, side_y: int
) -> None:
    """Cut one wheel arch into the shell and line it; an SUV wears a plastic lip around it."""
    radius, x = body.wheel, side_x * body.wheelbase / 2
    half_width = body.width / 2
    data = bpy.data.meshes.new("cut")
    shape = bmesh.new()
    upright = Matrix.Rotation(math.pi / 2, 4, "X")
    bmesh.ops.create_cone(
        shape,
        cap_ends=True,
        segments=48,
        radius1=radius + 0.055,
        radius2=radius + 0.055,
        depth=0.5,
        matrix=upright,
    )
    shape.to_mesh(data)
    shape.free()
    data.materials.append(materials["hollow"])
    cutter = link(bpy.data.objects.new("cut", data), root)
    cutter.location, cutter.hide_render = (x, side_y * (half_width - 0.02), radius), True
    cut = shell.modifiers.new("arch", "BOOLEAN")
    cut.object, cut.operation, cut.solver = cutter, "DIFFERENCE", "FLOAT"
    lining = [(0.02, 0.0), (radius + 0.05, 0.0), (radius + 0.05, 0.22)]
    inner = side_y * (half_width - 0.30) - (0.22 if side_y < 0 else 0.0)
    lathe("well", lining, [materials["hollow"]], parent=root, n=32).location = (x, inner, radius)
    if body is MODELS["suv"]:
        lip = [
            (radius + 0.045, -0.03),
            (radius + 0.075, 0.012),
            (radius + 0.10, 0.006),
            (radius + 0.105, -0.04),
        ]
        ring = lathe("lip", lip, [materials["black"]], parent=root, n=48)
        ring.location = (x, side_y * half_width * 0.985, radius)
        ring.rotation_euler = (0, 0, 0 if side_y > 0 else math.pi)


def _outline(body: Body) -> list[tuple[float, float, float, float]]:
    """(foot x, foot y, top x, top y) around the greenhouse from the windscreen's middle."""
    (ff, ft), (rf, rt), (pt, pf) = body.front, body.rear, body.pillar
    foot, top = body.width / 2 * 0.90, body.width / 2 * 0.665
    half = [
        (ff + 0.10, 0, ft + 0.09, 0),
        (ff + 0.06, foot * 0.50, ft + 0.06, top * 0.55),
        (ff - 0.06, foot * 0.84, ft, top * 0.88),
        (ff - 0.20, foot * 0.95, ft - 0.10, top * 0.97),
        (0.50, foot, 0.1, top),
        (0.0, foot, -0.06, top),
        (-0.10, foot, -0.14, top),
        (-0.6, foot, -0.6, top),
        (pf + 0.30, foot * 0.985, pt + 0.05, top * 0.985),
        (pf - 0.06, foot * 0.95, pt - 0.12, top * 0.96),
        (rf + 0.08, foot * 0.82, rt + 0.06, top * 0.86),
        (rf - 0.01, foot * 0.45, rt - 0.02, top * 0.5),
        (rf - 0.04, 0, rt - 0.05, 0),
    ]
    return half + [(a, -b, c, -d) for a, b, c, d in half[-2:0:-1]]


def greenhouse(body: Body, root: Any, materials: dict[str, Any]) -> Any:
    """Windows, pillars and roof."""
    around = _outline(body)
    cells = "GGPGGPGGPPGG"  # glass or pillar, windscreen to rear window
    cells += cells[::-1]
    levels, n = (-0.12, 0.0, 0.06, 0.5, 0.88, 1.0), len(around)
    rise = body.height - 0.055 - body.belt
    points: list[tuple[float, float, float]] = []
    for t in levels:
        bow = 0.035 * math.sin(math.pi * max(0.0, t))
        for fx, fy, tx, ty in around:
            y = fy + (ty - fy) * t
            y += math.copysign(bow, y) * (abs(y) > 0.3)
            points.append(
                (
                    fx + (tx - fx) * t,
                    y,
                    body.belt + rise * t - 0.02 * (2 * abs(y) / body.width) ** 2,
                )
            )
    faces: list[tuple[int, ...]] = []
    picks: list[int] = []
    for i in range(len(levels) - 1):
        for k in range(n):
            glass = cells[k] == "G"
            faces.append(
                (i * n + k, i * n + (k + 1) % n, (i + 1) * n + (k + 1) % n, (i + 1) * n + k)
            )
            picks.append(1 if glass and i in (2, 3) else 2 if glass and i == 1 else 0)
    _roof(body, around, points, faces, picks)
    wear = [materials["paint"], materials["glass"], materials["black"]]
    made = mesh("greenhouse", points, faces, wear, picks, root, rounded=True)
    round_off = made.modifiers.new("round", "SUBSURF")
    round_off.levels = round_off.render_levels = 2
    return made


def _roof(
    body: Body,
    around: list[tuple[float, float, float, float]],
    points: list[tuple[float, float, float]],
    faces: list[tuple[int, ...]],
    picks: list[int],
) -> None:
    """Close the top with two inner rings and a crown point, appended to the three lists."""
    n = len(around)
    last, middle = len(points) - n, (body.front[1] + body.rear[1]) / 2
    for share, lift in ((0.80, 0.028), (0.4, 0.048)):
        start = len(points)
        points.extend(
            (middle + (tx - middle) * share, ty * share, body.height - 0.055 + lift)
            for _, _, tx, ty in around
        )
        faces.extend(
            (last + k, last + (k + 1) % n, start + (k + 1) % n, start + k) for k in range(n)
        )
        last = start
    points.append((middle, 0.0, body.height))
    faces.extend((last + k, last + (k + 1) % n, len(points) - 1) for k in range(n))
    picks.extend([0] * (3 * n))
