"""Pictures to H.264 that every decoder opens: yuv420p, closed GOPs, a keyframe a second."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av

from samples.scene.weather import Image

# No psychovisual tricks: they spend bits on grain, and a still street is all keyframes already.
# One thread count everywhere: x264 divides its work, and so its decisions, by it.
THREADS: Final = 2


def encode(
    pictures: Iterable[Image],
    path: Path,
    size: tuple[int, int],
    fps: int,
    crf: int,
    keyframe_every: int,
) -> None:
    """Write BGR pictures (h, w, 3) to `path`."""
    container: Any = av.open(str(path), "w", options={"movflags": "+faststart"})
    stream: Any = container.add_stream("libx264", rate=Fraction(fps))
    stream.width, stream.height, stream.pix_fmt = size[0], size[1], "yuv420p"
    stream.thread_count = THREADS
    parameters = {
        "keyint": keyframe_every,
        "min-keyint": keyframe_every,
        "scenecut": 0,
        "open-gop": 0,
        "psy": 0,
        "aq-strength": 0.6,
        "threads": THREADS,
    }
    stream.options = {
        "crf": str(crf),
        "preset": "veryslow",
        "x264-params": ":".join(f"{k}={v}" for k, v in parameters.items()),
    }
    for picture in pictures:
        for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")):
            container.mux(packet)
    for packet in stream.encode():
        container.mux(packet)
    container.close()
