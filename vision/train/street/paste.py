"""Lays cut-outs into a picture: brightness matched, edges feathered, a shadow behind."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 in pixels."""


def resize(cut: Picture, height: float, width: float) -> Picture:
    size = (max(2, round(width)), max(2, round(height)))
    smaller = size[1] < cut.shape[0]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return cv2.resize(cut, size, interpolation=how).astype(np.uint8, copy=False)


def match_brightness(cut: Picture, around: Picture, strength: float) -> Picture:
    """The cut-out as bright as its surroundings ask: 0 leaves it, 1 follows them wholly."""
    if around.size == 0:
        return cut
    ratio = (float(around.mean()) + 30.0) / 150.0
    factor = float(np.clip(ratio, 0.35, 1.25)) ** strength
    done = cut.copy()
    done[..., :3] = np.clip(cut[..., :3].astype(np.float32) * factor, 0, 255).astype(np.uint8)
    return done


def paste(picture: Picture, cut: Picture, x: float, y: float, shadow: float = 0.0) -> Box | None:
    """Blends `cut` (h, w, 4) with its upper left corner at (x, y), in place.

    shadow: 0..1, how dark it falls to the lower right. Returns what of its box lies within the
    picture, None where less than two pixels do.
    """
    left, top = round(x), round(y)
    x1, y1 = max(0, left), max(0, top)
    x2 = min(picture.shape[1], left + cut.shape[1])
    y2 = min(picture.shape[0], top + cut.shape[0])
    if x2 - x1 < 2 or y2 - y1 < 2:
        return None
    if shadow > 0:
        _darken(picture, cut[..., 3], left, top, shadow)
    piece = cut[y1 - top : y2 - top, x1 - left : x2 - left]
    alpha = cv2.GaussianBlur(piece[..., 3], (3, 3), 0).astype(np.float32)[..., None] / 255
    under = picture[y1:y2, x1:x2].astype(np.float32)
    blended = piece[..., :3].astype(np.float32) * alpha + under * (1 - alpha)
    picture[y1:y2, x1:x2] = blended.astype(np.uint8)
    return (float(x1), float(y1), float(x2), float(y2))


def _darken(picture: Picture, alpha: Picture, left: int, top: int, strength: float) -> None:
    offset = max(1, alpha.shape[0] // 20)
    left, top = left + offset, top + offset
    x1, y1 = max(0, left), max(0, top)
    x2 = min(picture.shape[1], left + alpha.shape[1])
    y2 = min(picture.shape[0], top + alpha.shape[0])
    if x2 - x1 < 2 or y2 - y1 < 2:
        return
    soft = cv2.blur(alpha[y1 - top : y2 - top, x1 - left : x2 - left], (5, 5))
    factor = 1 - strength * soft.astype(np.float32)[..., None] / 255
    under = picture[y1:y2, x1:x2]
    picture[y1:y2, x1:x2] = (under.astype(np.float32) * factor).astype(np.uint8)


def surroundings(picture: Picture, x: float, y: float, height: float, width: float) -> Picture:
    """The piece of the picture that a thing will cover."""
    top, left = max(0, round(y)), max(0, round(x))
    return picture[top : max(top, round(y + height)), left : max(left, round(x + width))]


def around(boxes: list[Box]) -> Box:
    """The smallest box round all of `boxes`."""
    corners = np.array(boxes, np.float64)
    low, high = corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def covered(box: Box, by: Box) -> float:
    """Share of `box` that lies within `by`, 0..1."""
    width = min(box[2], by[2]) - max(box[0], by[0])
    height = min(box[3], by[3]) - max(box[1], by[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return max(0.0, width) * max(0.0, height) / max(area, 1e-9)
