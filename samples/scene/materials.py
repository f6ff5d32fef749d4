"""Surfaces: plain, noisy, tiled, painted. Colours are linear RGB in 0..1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samples.scene.blender import bpy

Colour = tuple[float, float, float]


def plain(
    name: str,
    colour: Colour,
    rough: float = 0.6,
    metal: float = 0.0,
    glow: float = 0.0,
    coat: float = 0.0,
    image: Path | None = None,
    shine: float = 0.5,
    alpha: float = 1.0,
) -> Any:
    """One surface, made once a name.

    `glow` is emission strength, `coat` clear lacquer, `image` a picture on it.
    """
    made = bpy.data.materials.get(name)
    if made:
        return made
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    values = {
        "Base Color": (*colour, 1),
        "Roughness": rough,
        "Metallic": metal,
        "Coat Weight": coat,
        "Coat Roughness": 0.04,
        "Specular IOR Level": shine,
        "Alpha": alpha,
    }
    for key, value in values.items():
        shader.inputs[key].default_value = value
    # Lamps light the scene; glowing surfaces are only looked at, which keeps the picture free of
    # fireflies.
    made.cycles.emission_sampling = "NONE"
    if glow:
        shader.inputs["Emission Color"].default_value = (*colour, 1)
        shader.inputs["Emission Strength"].default_value = glow
    if image:
        picture = made.node_tree.nodes.new("ShaderNodeTexImage")
        picture.image = bpy.data.images.load(str(image))
        made.node_tree.links.new(picture.outputs["Color"], shader.inputs["Base Color"])
        if glow:
            made.node_tree.links.new(picture.outputs["Color"], shader.inputs["Emission Color"])
    return made


def _bump(tree: Any, height: Any, strength: float, distance: float, invert: bool = False) -> None:
    """Let `height` dent the surface."""
    node = tree.nodes.new("ShaderNodeBump")
    node.inputs["Strength"].default_value, node.inputs["Distance"].default_value = (
        strength,
        distance,
    )
    node.invert = invert
    tree.links.new(height, node.inputs["Height"])
    tree.links.new(node.outputs["Normal"], tree.nodes["Principled BSDF"].inputs["Normal"])


def noisy(
    made: Any, scale: float, spread: float, dark: Colour, light: Colour, bump: float = 0.0
) -> Any:
    """Blotches between two colours, as on asphalt, stone and bark.

    Changes `made` and returns it.
    """
    tree = made.node_tree
    place, noise = tree.nodes.new("ShaderNodeTexCoord"), tree.nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value, noise.inputs["Detail"].default_value = scale, 3
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    for element, colour, at in zip(
        ramp.color_ramp.elements, (dark, light), (0.5 - spread, 0.5 + spread), strict=True
    ):
        element.color, element.position = (*colour, 1), at
    tree.links.new(place.outputs["Object"], noise.inputs["Vector"])
    tree.links.new(noise.outputs[0], ramp.inputs["Fac"])
    tree.links.new(ramp.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
    if bump:
        _bump(tree, noise.outputs[0], bump, 0.02)
    return made


def _socket(sockets: Any) -> list[Any]:
    """The colour sockets of a mix node, whose other sockets carry the same names."""
    return [s for s in sockets if s.type == "RGBA"]


def tiled(
    made: Any,
    size: tuple[float, float],
    joint: float,
    colours: tuple[Colour, Colour, Colour],
    turn: tuple[float, float, float] = (0, 0, 0),
    offset: float = 0.5,
    bump: float = 0.4,
) -> Any:
    """Bricks or paving of `size` (width, height); colours: one, other, joint.

    Changes `made` and returns it.
    """
    tree = made.node_tree
    place, mapping = tree.nodes.new("ShaderNodeTexCoord"), tree.nodes.new("ShaderNodeMapping")
    mapping.inputs["Rotation"].default_value = turn
    brick, noise = tree.nodes.new("ShaderNodeTexBrick"), tree.nodes.new("ShaderNodeTexNoise")
    brick.offset = offset
    for key, value in (
        ("Scale", 1.0),
        ("Brick Width", size[0]),
        ("Row Height", size[1]),
        ("Mortar Size", joint),
    ):
        brick.inputs[key].default_value = value
    for key, colour in zip(("Color1", "Color2", "Mortar"), colours, strict=True):
        brick.inputs[key].default_value = (*colour, 1)
    noise.inputs["Scale"].default_value, noise.inputs["Detail"].default_value = 1.3, 3
    stain = tree.nodes.new("ShaderNodeMix")
    stain.data_type, stain.blend_type = "RGBA", "MULTIPLY"
    stain.inputs[0].default_value = 0.55
    first, second = _socket(stain.inputs)
    tree.links.new(place.outputs["Object"], mapping.inputs["Vector"])
    tree.links.new(mapping.outputs["Vector"], brick.inputs["Vector"])
    tree.links.new(place.outputs["Object"], noise.inputs["Vector"])
    tree.links.new(brick.outputs["Color"], first)
    tree.links.new(noise.outputs[0], second)
    tree.links.new(_socket(stain.outputs)[0], tree.nodes["Principled BSDF"].inputs["Base Color"])
    _bump(tree, brick.outputs["Fac"], bump, 0.01, invert=True)
    return made


def _sum(tree: Any, operation: str, first: Any, second: Any = None) -> Any:
    """A maths node over sockets or numbers; returns its output socket."""
    node = tree.nodes.new("ShaderNodeMath")
    node.operation = operation
    for slot, value in enumerate((first, second)):
        if isinstance(value, (int, float)):
            node.inputs[slot].default_value = value
        elif value is not None:
            tree.links.new(value, node.inputs[slot])
    return node.outputs[0]


def car_paint(name: str, colour: Colour, seams: tuple[float, ...], metal: float = 0.35) -> Any:
    """Lacquer with dark door seams at the given x (car space: x ahead, y left, z up)."""
    known = bpy.data.materials.get(name)
    if known:
        return known
    made = plain(name, colour, rough=0.28, metal=metal, coat=1.0)
    tree = made.node_tree
    place, axes = tree.nodes.new("ShaderNodeTexCoord"), tree.nodes.new("ShaderNodeSeparateXYZ")
    tree.links.new(place.outputs["Object"], axes.inputs[0])
    x, y, z = axes.outputs[0], axes.outputs[1], axes.outputs[2]
    dark: Any = None
    for at in seams:
        line = _sum(tree, "LESS_THAN", _sum(tree, "ABSOLUTE", _sum(tree, "SUBTRACT", x, at)), 0.009)
        dark = line if dark is None else _sum(tree, "MAXIMUM", dark, line)
    flank = _sum(tree, "GREATER_THAN", _sum(tree, "ABSOLUTE", y), 0.74)
    door = _sum(
        tree, "MULTIPLY", _sum(tree, "GREATER_THAN", z, 0.34), _sum(tree, "LESS_THAN", z, 1.02)
    )
    dark = _sum(tree, "MULTIPLY", _sum(tree, "MULTIPLY", dark, flank), door)
    mix = tree.nodes.new("ShaderNodeMix")
    mix.data_type = "RGBA"
    first, second = _socket(mix.inputs)
    first.default_value, second.default_value = (*colour, 1), (0.01, 0.01, 0.01, 1)
    tree.links.new(dark, mix.inputs[0])
    tree.links.new(_socket(mix.outputs)[0], tree.nodes["Principled BSDF"].inputs["Base Color"])
    return made
