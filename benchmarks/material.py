"""What is measured on: a busy clip decoded to memory, and a quiet 1080p25 stream made of a picture.

Real clips lie in the folder QIFEN_DATA. Where it is absent the busy clip is one of our own scenes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from importlib.resources import files
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np

from vision.types import Image

ROOT = Path(__file__).resolve().parent.parent
QUIET_SECONDS = 20
WIDTH, HEIGHT, RATE = 1920, 1080, 25


def data_dir() -> Path | None:
    """The folder of real clips and pictures, None where this machine has none."""
    folder = Path(os.environ.get("QIFEN_DATA", ROOT.parent / "shared" / "data"))
    return folder.resolve() if (folder / "README.md").is_file() else None


def busy_clip() -> Path:
    """A clip in which something always moves. Raises FileNotFoundError where there is none."""
    folder = data_dir()
    found = sorted((folder / "video").glob("*input_video.mp4")) if folder else []
    found += sorted(Path(str(files("samples") / "clips")).glob("*.mp4"))
    if not found:
        raise FileNotFoundError("no busy clip: set QIFEN_DATA to the folder of real clips")
    return found[0]


def decoded(clip: Path, count: int, every: int = 5) -> list[Image]:
    """`count` frames of the clip, each `every`-th, height x width x 3 BGR."""
    with av.open(str(clip)) as container:
        frames = islice(container.decode(video=0), 0, None, every)
        return [
            frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
            for frame in islice(frames, count)
        ]


def standing_scene() -> Image:
    """One 1080p picture of a street with standing cars."""
    folder = data_dir()
    found = sorted((folder / "video" / "opendatacam_frames").glob("*.jpg")) if folder else []
    picture = cv2.imread(str(found[0])) if found else decoded(busy_clip(), 1)[0]
    if picture is None:
        raise FileNotFoundError(f"{found[0]} is not a picture")
    return cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def noisy(picture: Image, count: int) -> Iterator[Image]:
    """The picture as a sensor gives it: the same scene under noise of about 3 grey levels."""
    chance = np.random.default_rng(1)
    fields = [chance.normal(0, 3, picture.shape).astype(np.int16) for _ in range(5)]
    for index in range(count):
        shift = int(chance.integers(0, picture.shape[1]))
        noise = np.roll(fields[index % len(fields)], shift, axis=1)
        yield np.clip(picture.astype(np.int16) + noise, 0, 255).astype(np.uint8)


def write_quiet_clip(path: Path, keyframe_seconds: float) -> Path:
    """A 1080p25 H.264 file of a standing scene with a keyframe each `keyframe_seconds`.

    At 4 Mbit/s, as street cameras are delivered: a night's or a cheap sensor's noise is in it.
    """
    with av.open(str(path), "w") as container:
        rate_control = {"maxrate": "4M", "bufsize": "4M"}
        options = {"preset": "veryfast", "bf": "0", "sc_threshold": "0"} | rate_control
        stream = container.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = 4_000_000
        stream.gop_size = round(RATE * keyframe_seconds)
        stream.time_base = Fraction(1, RATE)
        for picture in noisy(standing_scene(), QUIET_SECONDS * RATE):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    return path
