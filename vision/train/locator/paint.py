"""Brushes of the composer: a plate worn, pasted, covered or partly hidden."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from vision.plates.rectify import Quad
from vision.types import Image

if TYPE_CHECKING:
    from vision.train.locator.compose import Marked


def worn(plate: Image, random: np.random.Generator) -> Image:
    """Faded, dusty, with a fall of light across: as plates are after some years."""
    seen = plate.astype(np.float32)
    if random.random() < 0.5:
        seen += (random.uniform(60, 190) - seen) * np.float32(random.uniform(0.05, 0.4))
    if random.random() < 0.35:
        ramp = np.linspace(random.uniform(0.5, 1.2), random.uniform(0.5, 1.2), seen.shape[1])
        seen *= ramp.astype(np.float32)[None, :, None]
    if random.random() < 0.12:
        height, width = seen.shape[:2]
        centre = (int(random.integers(width)), int(random.integers(height)))
        mud = random.uniform((40, 60, 70), (110, 130, 150)).tolist()
        cv2.circle(seen, centre, int(random.integers(3, height // 3)), mud, -1, cv2.LINE_AA)
    return np.clip(seen, 0, 255).astype(np.uint8)


def paste(
    picture: Image,
    thing: Image,
    quad: Quad,
    gain: float,
    random: np.random.Generator,
    *,
    frame: bool = True,
) -> None:
    """Draws `thing` into `quad` of the picture, in place, with soft edges.

    With `frame`, often in a holder or a bumper's recess, so that a plate's edge is not always the
    edge of the brightest thing around.
    """
    if frame and random.random() < 0.6:
        _recess(picture, quad, random)
    shown = np.clip(thing.astype(np.float32) * gain, 0, 255)
    height, width = thing.shape[:2]
    wide = max(4.0, float(np.linalg.norm(quad[1] - quad[0])))
    shrink = min(1.0, 1.15 * wide / width)
    if shrink < 0.85:  # averaged first: a plain warp of a large plate to a small one flickers
        size = (max(4, round(width * shrink)), max(3, round(height * shrink)))
        shown = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
        height, width = shown.shape[:2]
    outline = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    outline -= 0.5  # corners of pixels, not their middles
    x1, y1, x2, y2 = _window(picture, quad)
    if x2 - x1 < 2 or y2 - y1 < 2:
        return
    matrix = cv2.getPerspectiveTransform(outline, quad - np.array([x1, y1], np.float32) - 0.5)
    layers = np.dstack([shown, np.ones((height, width), np.float32)]).astype(np.float32)
    warped = cv2.warpPerspective(layers, matrix, (x2 - x1, y2 - y1), flags=cv2.INTER_LINEAR)
    share = np.clip(warped[:, :, 3:], 0, 1)
    place = picture[y1:y2, x1:x2]
    place[:] = np.clip(place * (1 - share) + warped[:, :, :3], 0, 255).astype(np.uint8)


def _window(picture: Image, quad: Quad) -> tuple[int, int, int, int]:
    height, width = picture.shape[:2]
    x1, y1 = np.floor(quad.min(axis=0)).astype(int) - 2
    x2, y2 = np.ceil(quad.max(axis=0)).astype(int) + 2
    return max(0, int(x1)), max(0, int(y1)), min(width, int(x2)), min(height, int(y2))


def _recess(picture: Image, quad: Quad, random: np.random.Generator) -> None:
    """A holder's rim close to the plate, or a larger field of body paint around it."""
    middle = quad.mean(axis=0)
    body = random.random() < 0.5
    wide = random.uniform(1.3, 3.0) if body else random.uniform(1.03, 1.12)
    high = random.uniform(1.5, 4.5) if body else random.uniform(1.06, 1.35)
    along = (quad[1] - quad[0] + quad[2] - quad[3]) / 4 * wide
    down = (quad[3] - quad[0] + quad[2] - quad[1]) / 4 * high
    off = along * random.uniform(-0.3, 0.3) + down * random.uniform(-0.4, 0.4) if body else 0.0
    corners = np.stack([-along - down, along - down, along + down, -along + down]) + middle + off
    paint = random.uniform(0, 255, 3) if body else np.repeat(random.uniform(0, 200), 3)
    cv2.fillConvexPoly(picture, np.round(corners).astype(np.int32), paint.tolist(), cv2.LINE_AA)


def cover(picture: Image, quad: Quad, random: np.random.Generator) -> None:
    """No plate any more: body paint, or a plain board without letters, in its place."""
    x1, y1, x2, y2 = _window(picture, quad)
    if x2 - x1 < 3 or y2 - y1 < 3:
        return
    around = picture[max(0, y1 - 6) : y2 + 6, max(0, x1 - 6) : x2 + 6].reshape(-1, 3)
    rim = np.median(around, axis=0) + random.normal(0, 12, 3)
    middle = quad.mean(axis=0)
    grown = (quad - middle) * random.uniform(1.1, 1.5) + middle
    paint = np.clip(rim, 0, 255).tolist()
    cv2.fillConvexPoly(picture, np.round(grown).astype(np.int32), paint, cv2.LINE_AA)
    place = picture[y1:y2, x1:x2]
    place[:] = np.clip(place + random.normal(0, 4, place.shape), 0, 255).astype(np.uint8)


def hide_part(picture: Image, plate: Marked, random: np.random.Generator) -> Marked:
    """Now and then something stands before a plate; more than a third hidden is not counted."""
    if random.random() > 0.1:
        return plate
    quad = plate.quad
    share = float(random.uniform(0.08, 0.55))
    left = bool(random.random() < 0.5)
    near, far = (quad[0], quad[3]), (quad[1], quad[2])
    if not left:
        near, far = far, near
    edge = [near[0] + (far[0] - near[0]) * share, near[1] + (far[1] - near[1]) * share]
    away = (near[0] - far[0]) * random.uniform(0.1, 1.5)
    up = (quad[0] - quad[3]) * random.uniform(0.1, 3)
    corners = np.stack([near[0] + away + up, edge[0] + up, edge[1] - up, near[1] + away - up])
    paint = random.uniform(0, 255, 3).tolist()
    cv2.fillConvexPoly(picture, np.round(corners).astype(np.int32), paint, cv2.LINE_AA)
    return replace(plate, counted=plate.counted and share <= 0.35)
