"""The built scene: actors on their places, and what part of the picture to draw."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from samples.scene.blender import bpy
from samples.scene.camera import (
    NEAREST,
    Points,
    Rect,
    View,
    box_of,
    corners_seen,
    place_camera,
    touched,
)
from samples.scene.car import Car, build_car
from samples.scene.large import LARGE, build_large
from samples.scene.light import build_light, headlights
from samples.scene.people import build_person
from samples.scene.story import Actor, Pose, Story
from samples.scene.street import KERB, build_street, ground_height
from samples.scene.weather import to_sun

SEED: Final = 7
STRIDES: Final = (-0.5, -0.25, 0.0, 0.25, 0.5, 0.25, 0.0, -0.25)
STEP_METRES: Final = 1.4 / len(STRIDES)
State = Mapping[str, Pose]


class Stage:
    """A story's scene. `show` puts actors where a state says; `render` draws a rectangle of it."""

    def __init__(self, story: Story, textures: Path, threads: int) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.story = story
        self._renderer(threads)
        build_street(story, textures)
        build_light(story)
        self.view: View = place_camera(story)
        self.cars: dict[str, Car] = {}
        self.walkers: dict[str, list[Any]] = {}
        self._beams: dict[str, list[Any]] = {}
        self._shapes: dict[str, Points] = {}
        self._shown: dict[str, tuple[bool, int]] = {}
        for actor in story.actors:
            self._add(actor, textures)
        for number, who in enumerate(story.bystanders):
            _stand_person(
                build_person(f"bystander{number}", *_clothes(who), stride=0.08),
                who["at"],
                who["heading"],
            )
        for name in [a.id for a in story.actors]:
            self._hide(name, hidden=True)

    def _renderer(self, threads: int) -> None:
        """Cycles with few samples and a denoiser; whatever could differ between runs is fixed."""
        scene = bpy.context.scene
        render, cycles = scene.render, scene.cycles
        render.engine = "CYCLES"
        render.resolution_x, render.resolution_y = self.story.size
        render.resolution_percentage = 100
        render.use_persistent_data, render.threads_mode, render.threads = True, "FIXED", threads
        render.image_settings.file_format, render.image_settings.color_mode = "PNG", "RGB"
        cycles.device, cycles.samples, cycles.seed = "CPU", self.story.samples, SEED
        cycles.use_adaptive_sampling, cycles.adaptive_threshold = True, 0.03
        cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
        cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
        cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 3, 1, 2
        cycles.transmission_bounces, cycles.transparent_max_bounces = 1, 4
        cycles.caustics_reflective = cycles.caustics_refractive = False
        cycles.sample_clamp_indirect = 3
        scene.view_settings.view_transform, scene.view_settings.look = "AgX", "AgX - High Contrast"

    def _add(self, actor: Actor, textures: Path) -> None:
        look = actor.look
        if actor.is_vehicle:
            plate = (look["plate"], look["plate_colour"])
            build = build_large if look["model"] in LARGE else build_car
            car = build(actor.id, look["model"], look["colour"], plate, textures)
            _bake(car.root)
            self.cars[actor.id] = car
            self._beams[actor.id] = (
                headlights(actor, car.root) if self.story.weather == "night" else []
            )
            self._shapes[actor.id] = _shape(_meshes(car.root), car.root)
            return
        figures = [
            build_person(f"{actor.id}_{i}", *_clothes(look), stride=s)
            for i, s in enumerate(STRIDES)
        ]
        self.walkers[actor.id] = figures
        self._beams[actor.id] = []
        self._shapes[actor.id] = np.concatenate([_shape(_meshes(f), f) for f in figures])

    def _hide(self, name: str, hidden: bool, figure: int = 0) -> None:
        if self._shown.get(name) == (hidden, figure):
            return
        self._shown[name] = (hidden, figure)
        for number, root in enumerate(
            [self.cars[name].root] if name in self.cars else self.walkers[name]
        ):
            for part in root.children_recursive:
                part.hide_render = hidden or (name in self.walkers and number != figure)

    def show(self, state: State) -> None:
        """Show exactly the actors of `state`, each at its pose."""
        for actor in self.story.actors:
            pose = state.get(actor.id)
            if pose is None:
                self._hide(actor.id, hidden=True)
            elif actor.id in self.cars:
                self._hide(actor.id, hidden=False)
                _drive(self.cars[actor.id], pose)
                if self._beams[actor.id]:
                    self._light(actor.id, pose.driving)
            else:
                figure = int(pose.rolled / STEP_METRES) % len(STRIDES)
                self._hide(actor.id, hidden=False, figure=figure)
                _stand_person(self.walkers[actor.id][figure], (pose.x, pose.y), pose.heading)
        bpy.context.view_layer.update()

    def _light(self, name: str, on: bool) -> None:
        self.cars[name].light(on)
        for beam in self._beams[name]:
            beam.hide_render = not on

    def points(self, name: str, pose: Pose) -> Points:
        """World points (n, 3) of an actor at a pose; call after `show`."""
        root = self.cars[name].root if name in self.cars else self.walkers[name][0]
        if name in self.walkers:
            _stand_person(root, (pose.x, pose.y), pose.heading)
            bpy.context.view_layer.update()
        matrix = np.array(root.matrix_world)
        shape = self._shapes[name]
        return shape @ matrix[:3, :3].T + matrix[:3, 3]

    def box(self, name: str, pose: Pose) -> Rect | None:
        """The actor's own rectangle in the picture, without its shadow; call after `show`."""
        return box_of(self.view.project(self.points(name, pose)), self.story.size)

    def rect(self, name: str, pose: Pose) -> Rect | None:
        """The part of the picture the actor changes, its beams included."""
        points = self.points(name, pose)
        whole = (0, 0, *self.story.size)
        depth = -(np.c_[points, np.ones(len(points))] @ self.view.matrix.T)[:, 2]
        if depth.max() < NEAREST:
            return None
        if depth.min() < NEAREST:
            return whole
        if self._beams[name] and pose.driving:
            # A beam reaches some twenty metres ahead and colours the shop fronts beside it.
            ahead = points.mean(axis=0) + 22 * np.array(self.cars[name].root.matrix_world)[:3, 0]
            points = np.concatenate(
                [points, ahead + np.array([[-4.0, 0, -0.6], [4.0, 0, -0.6], [4.5, 0, 2.0]])]
            )
        return touched(points, self.view, to_sun(self.story), self.story.weather != "day")

    def plate(self, name: str) -> list[list[float]] | None:
        """Relative corners of the plate that faces the camera, clockwise from the upper left."""
        corners = corners_seen(self.cars[name].plates, self.view.eye)
        return None if corners is None else self.view.relative(corners)

    def render(self, path: Path, rect: Rect | None) -> None:
        """Draw `rect` (pixels from the upper left), or everything, into a PNG."""
        render, (width, height) = bpy.context.scene.render, self.story.size
        render.filepath = str(path)
        render.use_border = render.use_crop_to_border = rect is not None
        if rect:
            render.border_min_x, render.border_max_x = rect[0] / width, rect[2] / width
            render.border_min_y, render.border_max_y = 1 - rect[3] / height, 1 - rect[1] / height
        bpy.ops.render.render(write_still=True)


def _bake(root: Any) -> None:
    """Replace modifiers by what they make: a car that only moves is then never shaped again."""
    bpy.context.view_layer.update()
    graph = bpy.context.evaluated_depsgraph_get()
    finished = [
        (part, bpy.data.meshes.new_from_object(part.evaluated_get(graph)))
        for part in _meshes(root)
        if part.modifiers
    ]
    for part, shape in finished:
        part.modifiers.clear()
        part.data = shape
    for part in _meshes(root):
        if part.name.split(".")[0] == "cut":
            bpy.data.objects.remove(part)


def _meshes(root: Any) -> list[Any]:
    return [o for o in root.children_recursive if o.type == "MESH"]


def _shape(parts: list[Any], root: Any) -> Points:
    """Points (n, 3) of the finished surfaces, relative to the unscaled and unmoved handle."""
    bpy.context.view_layer.update()
    graph = bpy.context.evaluated_depsgraph_get()
    home = root.matrix_world.inverted()
    clouds: list[Points] = []
    for part in parts:
        data = part.evaluated_get(graph).data
        flat = np.empty(len(data.vertices) * 3, np.float32)
        data.vertices.foreach_get("co", flat)
        matrix = np.array(home @ part.matrix_world)
        clouds.append(flat.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3])
    return np.concatenate(clouds).astype(np.float64)


def _clothes(look: Mapping[str, Any]) -> tuple[Any, Any, float]:
    return tuple(look["top"]), tuple(look["trousers"]), look["height"]


def _stand_person(root: Any, at: Any, heading: float) -> None:
    root.location = (at[0], at[1], KERB if at[0] > 0 or at[0] < -7.4 else 0.0)
    root.rotation_euler = (0, 0, math.radians(90 - heading))


def _drive(car: Car, pose: Pose) -> None:
    """Set a car on the ground by its wheels' heights; turn and steer its wheels."""
    angle = math.radians(90 - pose.heading)
    ahead, left = (
        np.array([math.cos(angle), math.sin(angle)]),
        np.array([-math.sin(angle), math.cos(angle)]),
    )
    half, track = car.body.wheelbase / 2, car.body.width / 2 - 0.12
    middle = np.array([pose.x, pose.y])
    heights = {
        (end, side): ground_height(float((middle + end * half * ahead + side * track * left)[0]))
        for end in (1, -1)
        for side in (1, -1)
    }
    pitch = (heights[1, 1] + heights[1, -1] - heights[-1, 1] - heights[-1, -1]) / 2 / (2 * half)
    roll = (heights[1, 1] + heights[-1, 1] - heights[1, -1] - heights[-1, -1]) / 2 / (2 * track)
    car.root.location = (pose.x, pose.y, sum(heights.values()) / 4 + pose.lift)
    car.root.rotation_euler = (math.atan(roll), -math.atan(pitch), angle)
    for number, wheel in enumerate(car.wheels):
        on_left = number % 2 == 0
        spin = pose.rolled / car.body.wheel * (1 if on_left else -1)
        steer = -math.radians(pose.steer) if number < 2 else 0.0
        wheel.rotation_euler = (0, spin, steer + (0 if on_left else math.pi))
