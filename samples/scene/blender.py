"""The one door to Blender: its modules as `Any`, and the primitives everything is built from.

Blender as a Python module (`bpy`) is a tool of development. Only the modules that build or render
a scene import this one; reading clips, checking them and the installed product never do.
All lengths are metres, all angles radians unless a name ends in `_deg`.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from typing import Any

bpy: Any = importlib.import_module("bpy")
bmesh: Any = importlib.import_module("bmesh")
_mathutils: Any = importlib.import_module("mathutils")
Vector: Any = _mathutils.Vector
Matrix: Any = _mathutils.Matrix

Point = tuple[float, float, float]


def link(item: Any, parent: Any = None) -> Any:
    """Put an object into the scene, under `parent` if there is one."""
    bpy.context.scene.collection.objects.link(item)
    item.parent = parent
    return item


def empty(name: str, parent: Any = None) -> Any:
    """A point without a shape: the handle that moves a car or a person."""
    return link(bpy.data.objects.new(name, None), parent)


def smooth(mesh: Any) -> None:
    """Shade the faces of `mesh` round instead of flat."""
    mesh.polygons.foreach_set("use_smooth", [True] * len(mesh.polygons))


def mesh(
    name: str,
    points: Sequence[Any],
    faces: Sequence[Sequence[int]],
    materials: Any,
    face_materials: Sequence[int] | None = None,
    parent: Any = None,
    rounded: bool = False,
) -> Any:
    """A mesh object from points (n, 3) and faces (point numbers), a material a face if wanted."""
    data = bpy.data.meshes.new(name)
    data.from_pydata([tuple(p) for p in points], [], [tuple(f) for f in faces])
    for material in materials if isinstance(materials, (list, tuple)) else [materials]:
        data.materials.append(material)
    if face_materials is not None:
        data.polygons.foreach_set("material_index", list(face_materials))
    if rounded:
        smooth(data)
    data.update()
    return link(bpy.data.objects.new(name, data), parent)


def box(
    name: str,
    low: Point,
    high: Point,
    material: Any,
    parent: Any = None,
    bevel: float = 0.0,
    segments: int = 2,
    turn: Point | None = None,
) -> Any:
    """An upright box between two corners, its edges rounded by `bevel`."""
    centre = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
    points = [
        (x - centre[0], y - centre[1], z - centre[2])
        for z in (low[2], high[2])
        for y in (low[1], high[1])
        for x in (low[0], high[0])
    ]
    faces = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    made = mesh(name, points, faces, material, parent=parent, rounded=bevel > 0)
    made.location = centre
    if turn:
        made.rotation_euler = turn
    if bevel:
        modifier = made.modifiers.new("bevel", "BEVEL")
        modifier.width, modifier.segments, modifier.limit_method = bevel, segments, "NONE"
    return made


def quad(name: str, corners: Sequence[Point], material: Any, parent: Any = None) -> Any:
    """A textured rectangle; corners from the lower left, counter-clockwise as one reads it."""
    made = mesh(name, corners, [(0, 1, 2, 3)], material, parent=parent)
    layer = made.data.uv_layers.new()
    for loop, uv in zip(
        made.data.polygons[0].loop_indices, ((0, 0), (1, 0), (1, 1), (0, 1)), strict=True
    ):
        layer.data[loop].uv = uv
    return made


def _rod_profile(length: float, r0: float, r1: float, caps: bool) -> list[tuple[float, float]]:
    """(share of the length, radius) from end to end, with half spheres when `caps`."""
    if not caps:
        return [(0, r0), (1, r1)]
    angles = (0.25, 0.6, 1.1, 1.5)
    start = [(-r0 / length * math.sin(a), r0 * math.cos(a)) for a in reversed(angles)]
    end = [(1 + r1 / length * math.sin(a), r1 * math.cos(a)) for a in angles]
    return [*start, (0, r0), (1, r1), *end]


def tube(
    name: str,
    start: Any,
    end: Any,
    r0: float,
    r1: float,
    material: Any,
    parent: Any = None,
    n: int = 12,
    caps: bool = True,
) -> Any:
    """A tapered round rod: limbs, poles, trunks. `n` points a ring."""
    p0, p1 = Vector(start), Vector(end)
    along = p1 - p0
    turn = Vector((0, 0, 1)).rotation_difference(along)
    profile = _rod_profile(along.length, r0, r1, caps)
    ring = [2 * math.pi * k / n for k in range(n)]
    points = [
        p0 + turn @ Vector((r * math.cos(a), r * math.sin(a), t * along.length))
        for t, r in profile
        for a in ring
    ]
    return mesh(name, points, _ring_faces(len(profile), n), material, parent=parent, rounded=True)


def _ring_faces(rings: int, n: int) -> list[tuple[int, int, int, int]]:
    """Faces between `rings` closed rings of `n` points each."""
    return [
        (i * n + k, i * n + (k + 1) % n, (i + 1) * n + (k + 1) % n, (i + 1) * n + k)
        for i in range(rings - 1)
        for k in range(n)
    ]


def lathe(
    name: str,
    profile: Sequence[tuple[float, float]],
    materials: Any,
    picks: Sequence[int] | None = None,
    parent: Any = None,
    n: int = 40,
) -> Any:
    """Turn a (radius, y) profile about the Y axis; `picks`: the material of each segment."""
    ring = [2 * math.pi * k / n for k in range(n)]
    points = [(r * math.cos(a), y, r * math.sin(a)) for r, y in profile for a in ring]
    faces = _ring_faces(len(profile), n)
    chosen = [picks[i // n] for i in range(len(faces))] if picks else None
    return mesh(name, points, faces, materials, chosen, parent, rounded=True)


def ball(
    name: str, centre: Point, radii: Point, material: Any, parent: Any = None, n: int = 18
) -> Any:
    """An ellipsoid."""
    data = bpy.data.meshes.new(name)
    shape = bmesh.new()
    bmesh.ops.create_uvsphere(shape, u_segments=n, v_segments=max(6, n * 2 // 3), radius=1)
    shape.to_mesh(data)
    shape.free()
    data.materials.append(material)
    smooth(data)
    made = link(bpy.data.objects.new(name, data), parent)
    made.location, made.scale = centre, radii
    return made
