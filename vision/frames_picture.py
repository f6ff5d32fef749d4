"""A decoded picture as the decoder left it; converted only for whoever asks.

Most looks at a quiet camera need the brightness alone, which the decoder's first plane already
holds. A 1080p picture takes 3 MB as it is decoded and 6 MB in colour, and converting it costs as
much CPU as the rest of such a look.
"""

from __future__ import annotations

import threading
import weakref

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from numpy.typing import NDArray

from vision.types import Image, grey_picture

_LUMA_FIRST = frozenset(
    ["yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "nv21"]
)
"""Formats whose first plane is the luma, 8 bits a pixel."""
_STRETCH = np.clip((np.arange(256) - 16) * 255 / 219 + 0.5, 0, 255).astype(np.uint8)
"""Video counts brightness from 16 to 235, pictures from 0 to 255."""

_of_thread = threading.local()


class DecodedPicture:
    """One decoded frame, upright (a phone's rotation mark is obeyed). Threads may share it."""

    __slots__ = ("_colour", "_decoded", "_turns", "size")

    def __init__(self, decoded: VideoFrame) -> None:
        self._decoded = decoded
        self._turns = round(decoded.rotation / 90) % 4
        self._colour: weakref.ref[Image] | None = None
        width, height = decoded.width, decoded.height
        self.size = (height, width) if self._turns % 2 else (width, height)
        """Width and height in pixels."""

    def colour(self) -> Image:
        """Height x width x 3 BGR: made anew, unless somebody still holds the last one."""
        known = self._colour() if self._colour is not None else None
        if known is None:
            # A reformatter must not serve two threads at once, and the frame's own would.
            reformatter: VideoReformatter | None = getattr(_of_thread, "reformatter", None)
            if reformatter is None:
                reformatter = _of_thread.reformatter = VideoReformatter()
            picture = reformatter.reformat(self._decoded, format="bgr24", threads=1)
            known = self._upright(np.asarray(picture.to_ndarray(), np.uint8))
            self._colour = weakref.ref(known)
        return known

    def grey(self, most_width: int) -> NDArray[np.uint8]:
        """Height x width luma 0..255, scaled down to `most_width` where it is wider."""
        decoded = self._decoded
        name = decoded.format.name
        if name not in _LUMA_FIRST or self._turns:
            return grey_picture(self.colour(), most_width)
        plane = decoded.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        luma = rows[: decoded.height, : decoded.width]
        if decoded.width > most_width:
            size = (most_width, max(1, round(decoded.height * most_width / decoded.width)))
            luma = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
        if name.startswith("yuvj") or decoded.color_range == ColorRange.JPEG:
            return np.array(luma, np.uint8)
        return np.asarray(cv2.LUT(luma, _STRETCH), np.uint8)

    def _upright(self, image: Image) -> Image:
        return np.ascontiguousarray(np.rot90(image, self._turns)) if self._turns else image
