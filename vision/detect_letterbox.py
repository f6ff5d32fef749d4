"""How a picture of any size is laid into the network's input, and how boxes come back out.

The picture keeps its aspect ratio and stands in the middle; the rest is grey 114, as in the
training of every YOLO. A network of free size gets no more grey than its stride asks for: 1080p
becomes 640x384 instead of 640x640, which saves two fifths of the work.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.errors import BadPicture
from vision.types import Image

GREY = 114


def check_picture(image: Image) -> None:
    """Raises BadPicture for anything but height x width x 3 of 8 bits with something in it."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
        raise BadPicture(
            f"a picture must be height x width x 3 of 8 bits, not {image.shape} {image.dtype}",
            hint="decode it to blue-green-red first",
        )


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Where a picture lies in the network's input; all numbers in pixels."""

    width: int
    """Of the network's input."""
    height: int
    inner_width: int
    """Of the picture within it."""
    inner_height: int
    left: int
    top: int

    @classmethod
    def fit(cls, image: Image, height: int, width: int, stride: int | None) -> Letterbox:
        """Lays `image` (H x W x 3) into height x width; with a `stride`, into the smallest
        multiple of it that holds the picture. Raises BadPicture."""
        check_picture(image)
        scale = min(height / image.shape[0], width / image.shape[1])
        inner_height = max(1, round(image.shape[0] * scale))
        inner_width = max(1, round(image.shape[1] * scale))
        if stride is not None:
            height = -(-inner_height // stride) * stride
            width = -(-inner_width // stride) * stride
        left, top = (width - inner_width) // 2, (height - inner_height) // 2
        return cls(width, height, inner_width, inner_height, left, top)

    @property
    def right(self) -> int:
        return self.width - self.inner_width - self.left

    @property
    def bottom(self) -> int:
        return self.height - self.inner_height - self.top

    def shrink(self, image: Image) -> Image:
        """The picture alone at its inner size, H x W x 3."""
        size = (self.inner_width, self.inner_height)
        if (image.shape[1], image.shape[0]) == size:
            return np.ascontiguousarray(image)
        return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)

    def apply(self, image: Image) -> Image:
        """The whole input, grey included: height x width x 3."""
        canvas = np.full((self.height, self.width, 3), GREY, np.uint8)
        bottom, right = self.top + self.inner_height, self.left + self.inner_width
        canvas[self.top : bottom, self.left : right] = self.shrink(image)
        return canvas

    def to_relative(self, boxes: NDArray[np.float32]) -> NDArray[np.float64]:
        """Boxes (n, 4) in pixels of the input to 0..1 of the picture, cut off at its edges."""
        offset = np.array([self.left, self.top] * 2, np.float64)
        inner = np.array([self.inner_width, self.inner_height] * 2, np.float64)
        return np.clip((boxes.astype(np.float64) - offset) / inner, 0.0, 1.0)
