"""Sun, sky and lamps in the scene."""

from __future__ import annotations

import math
from typing import Any

from samples.scene.blender import Vector, bpy, link
from samples.scene.story import Actor, Story
from samples.scene.weather import SKIES, Sky, to_sun


def build_light(story: Story) -> None:
    """Light the scene as the story's weather asks."""
    sky = SKIES[story.weather]
    _dome(sky)
    elevation, azimuth = (math.radians(v) for v in story.sun)
    if sky.sun:
        lamp = bpy.data.lights.new("sun", "SUN")
        lamp.energy, lamp.color = sky.sun, sky.sun_colour
        lamp.angle = math.radians(1.2 if to_sun(story) is not None else 25)
        made = link(bpy.data.objects.new("sun", lamp))
        flat = math.cos(elevation)
        down = Vector((-math.sin(azimuth) * flat, -math.cos(azimuth) * flat, -math.sin(elevation)))
        made.rotation_euler = down.to_track_quat("-Z", "Y").to_euler()
    if story.weather == "night":
        for y in (-8, 3, 14, 25, 38):
            _street_lamp(y)


def _dome(sky: Sky) -> None:
    """A sky that changes from ground over horizon to zenith."""
    world = bpy.data.worlds.new("sky")
    bpy.context.scene.world = world
    world.use_nodes = True
    tree = world.node_tree
    ground = tree.nodes["Background"]
    ground.inputs["Strength"].default_value = sky.strength
    place, axes = tree.nodes.new("ShaderNodeTexCoord"), tree.nodes.new("ShaderNodeSeparateXYZ")
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    tree.links.new(place.outputs["Generated"], axes.inputs[0])
    tree.links.new(axes.outputs[2], ramp.inputs["Fac"])
    tree.links.new(ramp.outputs["Color"], ground.inputs["Color"])
    first, last = ramp.color_ramp.elements
    first.color, first.position = (0.25, 0.24, 0.23, 1), 0
    last.color, last.position = (*sky.top, 1), 0.6
    middle = ramp.color_ramp.elements.new(0.04)
    middle.color = (*sky.horizon, 1)


def _street_lamp(y: float) -> None:
    """A warm lamp over the kerb."""
    lamp = bpy.data.lights.new("lamp", "AREA")
    lamp.energy, lamp.color, lamp.size = 420, (1, 0.83, 0.60), 0.5
    made = link(bpy.data.objects.new("lamp", lamp))
    made.location, made.rotation_euler = (-0.4, y, 6.6), (0, math.radians(-6), 0)


def headlights(actor: Actor, root: Any) -> list[Any]:
    """Two beams on a car; they move with `root`."""
    beams: list[Any] = []
    for side in (-0.62, 0.62):
        lamp = bpy.data.lights.new(f"beam_{actor.id}", "SPOT")
        lamp.energy, lamp.color, lamp.spot_size, lamp.spot_blend = (
            260,
            (1, 0.93, 0.80),
            math.radians(58),
            0.6,
        )
        made = link(bpy.data.objects.new("beam", lamp), root)
        made.location = (2.40, side, 0.66)
        made.rotation_euler = (math.radians(90 - 5), 0, math.radians(-90))
        beams.append(made)
    return beams
