"""Walking figures from rounded rods, 7.5 heads tall."""

from __future__ import annotations

import math
from typing import Any

from samples.scene.blender import Vector, ball, box, empty, mesh, tube
from samples.scene.materials import Colour, plain

# (height, half depth, half width) of the torso's rings, metres for a person of 1.75 m.
TORSO = (
    (0.86, 0.13, 0.165), (0.95, 0.125, 0.165), (1.06, 0.11, 0.145), (1.2, 0.12, 0.165),
    (1.33, 0.12, 0.19), (1.42, 0.10, 0.19), (1.47, 0.06, 0.10), (1.49, 0.03, 0.05),
)  # fmt: skip


def _limbs(root: Any, side: int, swing: float, wear: dict[str, Any]) -> None:
    """One leg and the arm that swings against it; `swing` is the leg's angle in radians."""
    hip = Vector((0, side * 0.095, 0.92))
    knee = hip + Vector((math.sin(swing) * 0.43, 0, -math.cos(swing) * 0.43))
    shin = swing - 0.35 * max(0.0, -swing) - 0.12
    ankle = knee + Vector((math.sin(shin) * 0.42, 0, -math.cos(shin) * 0.42))
    tube("thigh", hip, knee, 0.088, 0.062, wear["trousers"], root)
    tube("shin", knee, ankle, 0.062, 0.045, wear["trousers"], root)
    tube(
        "foot",
        ankle + Vector((-0.04, 0, -0.03)),
        ankle + Vector((0.15, 0, -0.045)),
        0.045,
        0.035,
        wear["shoe"],
        root,
    )
    arm = -swing * 0.9
    shoulder = Vector((0, side * 0.19, 1.40))
    elbow = shoulder + Vector((math.sin(arm) * 0.28, side * 0.05, -math.cos(arm) * 0.28))
    wrist = elbow + Vector(
        (math.sin(arm + 0.45) * 0.25, -side * 0.01, -math.cos(arm + 0.45) * 0.25)
    )
    tube("upper_arm", shoulder, elbow, 0.055, 0.045, wear["top"], root)
    tube("forearm", elbow, wrist, 0.040, 0.030, wear["skin"], root)
    tube("hand", wrist, wrist + Vector((0.03, 0, -0.09)), 0.033, 0.025, wear["skin"], root)


def build_person(
    name: str, top: Colour, trousers: Colour, height: float, stride: float, bag: bool = False
) -> Any:
    """A person at the origin facing +X.

    `stride` is the leading leg's angle in radians; returns the handle.
    """
    root = empty(name)
    wear = {
        "skin": plain("skin", (0.62, 0.40, 0.29), 0.55),
        "top": plain(f"top_{name}", top, 0.85),
        "trousers": plain(f"trousers_{name}", trousers, 0.85),
        "hair": plain("hair", (0.02, 0.015, 0.012), 0.6),
        "shoe": plain("shoe", (0.03, 0.03, 0.03), 0.6),
    }
    for side in (-1, 1):
        _limbs(root, side, stride * side, wear)
    n = 20
    ring = [2 * math.pi * k / n for k in range(n)]
    points = [
        (depth * math.cos(a), width * math.sin(a), z) for z, depth, width in TORSO for a in ring
    ]
    faces = [
        (i * n + k, i * n + (k + 1) % n, (i + 1) * n + (k + 1) % n, (i + 1) * n + k)
        for i in range(len(TORSO) - 1)
        for k in range(n)
    ]
    mesh("torso", points, faces, wear["top"], parent=root, rounded=True)
    tube("neck", (0, 0, 1.44), (0.01, 0, 1.55), 0.05, 0.05, wear["skin"], root)
    ball("head", (0.02, 0, 1.64), (0.095, 0.075, 0.115), wear["skin"], root)
    ball("hair", (-0.008, 0, 1.672), (0.10, 0.085, 0.105), wear["hair"], root)
    if bag:
        box(
            "bag",
            (-0.26, -0.13, 1.05),
            (-0.10, 0.13, 1.42),
            plain("bag", (0.25, 0.05, 0.05), 0.7),
            root,
            0.04,
            3,
        )
    root.scale = (height / 1.75,) * 3
    return root
