"""Drawing a polygon with the mouse on a camera's picture: corners are set, dragged, undone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from nicegui import events, ui
from nicegui.elements.interactive_image import InteractiveImage

GRAB_PIXELS = 14
"""How near a press must be to a corner to take hold of it, in pixels of the picture's width
divided by 1280."""
ZONE_FILL, ZONE_LINE = "rgba(255,196,60,.12)", "#ffc43c"
"""Zones in force, on every picture that is drawn on."""


def board(
    source: str, size: tuple[int, int], on_mouse: Callable[[events.MouseEventArguments], None]
) -> InteractiveImage:
    """The picture to draw on; without one a dark board of this size."""
    return (
        ui.interactive_image(
            source,
            size=None if source else size,
            on_mouse=on_mouse,
            events=["mousedown", "mousemove", "mouseup"],
            cross="#ffffff80",
            sanitize=False,
        )
        .classes("w-full qf-zone-image")
        .props("draggable=false")
        .style("background:#10181d;user-select:none")
    )


def corners(polygon: Sequence[Sequence[float]], size: tuple[int, int]) -> str:
    """The points of an SVG polygon, in pixels."""
    return " ".join(f"{float(x) * size[0]:.1f},{float(y) * size[1]:.1f}" for x, y in polygon)


def shape(polygon: Sequence[Sequence[float]], size: tuple[int, int], fill: str, stroke: str) -> str:
    """An SVG polygon that the mouse goes through."""
    return (
        f'<polygon points="{corners(polygon, size)}" fill="{fill}" stroke="{stroke}" '
        f'stroke-width="{size[0] / 640:.1f}" pointer-events="none"/>'
    )


@dataclass
class Pen:
    """What is being drawn right now, in 0..1 of the picture."""

    points: list[list[float]] = field(default_factory=list[list[float]])
    held: int | None = None

    def mouse(self, event: events.MouseEventArguments, size: tuple[int, int]) -> bool:
        """Take one event of the mouse; whether the picture has to be drawn anew."""
        x = min(1.0, max(0.0, event.image_x / size[0]))
        y = min(1.0, max(0.0, event.image_y / size[1]))
        if event.type == "mousedown":
            self.held = self._near(event.image_x, event.image_y, size)
            if self.held is None:
                self.points.append([x, y])
                self.held = len(self.points) - 1
        elif event.type == "mouseup":
            self.held = None
        elif self.held is not None and event.buttons == 1:
            self.points[self.held] = [x, y]
        else:
            self.held = None
            return False
        return True

    def markup(self, size: tuple[int, int]) -> str:
        """The drawing in teal with its corners, as SVG."""
        width, height = size
        kind = "polygon" if len(self.points) > 2 else "polyline"
        drawn = (
            f'<{kind} points="{corners(self.points, size)}" fill="rgba(23,190,187,.22)" '
            f'stroke="#17bebb" stroke-width="{width / 480:.1f}" pointer-events="none"/>'
        )
        return drawn + "".join(
            f'<circle cx="{x * width:.1f}" cy="{y * height:.1f}" r="{width / 160:.1f}" '
            'fill="#fff" stroke="#17bebb" stroke-width="3" pointer-events="none"/>'
            for x, y in self.points
        )

    def _near(self, x: float, y: float, size: tuple[int, int]) -> int | None:
        reach = GRAB_PIXELS * size[0] / 1280
        for index, (px, py) in enumerate(self.points):
            if math.hypot(px * size[0] - x, py * size[1] - y) <= reach:
                return index
        return None
