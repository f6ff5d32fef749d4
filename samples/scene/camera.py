"""The fixed camera, and the same projection in numpy for the truth beside each clip."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samples.scene.blender import Vector, bpy, link
from samples.scene.story import Story

Points = NDArray[np.float64]
Rect = tuple[int, int, int, int]
NEAREST = 0.3  # metres; nothing closer to the lens is projected


@dataclass(frozen=True)
class View:
    """A pinhole: world to camera (4, 4), focal length in pixels, picture size."""

    matrix: Points
    focal: float
    size: tuple[int, int]
    eye: Points

    def project(self, points: Points) -> Points:
        """World points (n, 3) to pixels (m, 2), y downwards, without what is behind the lens."""
        full = np.c_[points, np.ones(len(points))] @ self.matrix.T
        full = full[-full[:, 2] > NEAREST]
        depth = -full[:, 2]
        return np.c_[
            self.size[0] / 2 + self.focal * full[:, 0] / depth,
            self.size[1] / 2 - self.focal * full[:, 1] / depth,
        ]

    def relative(self, points: Points) -> list[list[float]]:
        """World points (n, 3) as shares of the picture, four digits."""
        return [
            [round(float(x) / self.size[0], 4), round(float(y) / self.size[1], 4)]
            for x, y in self.project(points)
        ]


def place_camera(story: Story) -> View:
    """Put the story's camera into the scene."""
    data = bpy.data.cameras.new("camera")
    eye, aim = Vector(story.camera["at"]), Vector(story.camera["look"])
    data.angle, data.clip_end = math.radians(story.camera["fov_deg"]), 300
    made = link(bpy.data.objects.new("camera", data))
    made.location = eye
    made.rotation_euler = (aim - eye).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.camera = made
    bpy.context.view_layer.update()
    focal = story.size[0] / 2 / math.tan(data.angle / 2)
    return View(np.array(made.matrix_world.inverted()), focal, story.size, np.array(eye))


def box_of(pixels: Points, size: tuple[int, int]) -> Rect | None:
    """The rectangle around projected points, cut at the picture's edge; None outside of it."""
    if not len(pixels):
        return None
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    x0, y0 = max(0, math.floor(low[0])), max(0, math.floor(low[1]))
    x1, y1 = min(size[0], math.ceil(high[0])), min(size[1], math.ceil(high[1]))
    return (x0, y0, x1, y1) if x1 - x0 >= 4 and y1 - y0 >= 4 else None


def touched(points: Points, view: View, sun: Points | None, wet: bool) -> Rect | None:
    """What an object at `points` (n, 3) can change: itself, its shadow, its reflection.

    `sun` points from the ground to the sun, or None where lamps and sky make only soft shadows.
    """
    ground = points.copy()
    if sun is None:
        middle = points.mean(axis=0)
        ground = middle + (points - middle) * 1.25
        ground[:, 2] = 0
    else:
        ground -= sun * (points[:, 2:] / sun[2])
    clouds = [points, ground]
    if wet:
        clouds.append(points * np.array([1, 1, -1.1]))
    rect = box_of(view.project(np.concatenate(clouds)), view.size)
    if rect is None:
        return None
    margin = 18
    x0, y0, x1, y1 = rect
    return (
        max(0, x0 - margin),
        max(0, y0 - margin),
        min(view.size[0], x1 + margin),
        min(view.size[1], y1 + margin),
    )


def merge(rects: list[Rect]) -> list[Rect]:
    """Join rectangles that overlap until none do."""
    left = list(rects)
    done: list[Rect] = []
    while left:
        one = left.pop()
        for other in [*left, *done]:
            if one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]:
                (left if other in left else done).remove(other)
                left.append(
                    (
                        min(one[0], other[0]),
                        min(one[1], other[1]),
                        max(one[2], other[2]),
                        max(one[3], other[3]),
                    )
                )
                break
        else:
            done.append(one)
    return sorted(done)


def corners_seen(plates: list[Any], eye: Points) -> Points | None:
    """Corners (4, 3) of the plate that faces the camera, clockwise from the upper left."""
    for plate in plates:
        world = plate.matrix_world
        facing = world.to_3x3() @ plate.data.polygons[0].normal
        if facing.dot(Vector(eye) - world.translation) > 0:
            lower_left, lower_right, upper_right, upper_left = (
                np.array(world @ v.co) for v in plate.data.vertices
            )
            return np.array([upper_left, upper_right, lower_right, lower_left])
    return None
