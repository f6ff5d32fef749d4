"""What privacy masks cost (ADR 0018): CPU of a 1080p look without and with them, and of the clip
that is not made. python -m benchmarks.masks; JSON out.

Both kinds of look take turns on the same decoded frames; time is the process's own.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median

import av
import numpy as np
from av.video.frame import VideoFrame

import samples
from vision.detect import load_detector
from vision.frames_picture import DecodedPicture
from vision.looker import CameraLooker
from vision.masks import MaskedPicture, Masks, black_out
from vision.types import Detector, Frame, ZoneShape

ROUNDS = 7
FRAMES = 30
CLIP_SECONDS = 14
WINDOWS: Masks = tuple(
    ((x, y), (x + 0.1, y), (x + 0.1, y + 0.1), (x, y + 0.1))
    for y in (0.05, 0.2)
    for x in (0.03, 0.23, 0.43, 0.63, 0.83)
)
"""Ten windows of a front, a tenth of the picture."""
HOUSE: Masks = (((0.0, 0.0), (1.0, 0.0), (1.0, 0.3), (0.5, 0.4), (0.0, 0.3)),)
"""One house, a third of the picture."""


def looks(frames: Sequence[VideoFrame], detector: Detector, masks: Masks) -> float:
    """CPU milliseconds of one look of a camera's eyes, health and gate included."""
    polygon = ((0.0, 0.6), (1.0, 0.6), (1.0, 0.95), (0.0, 0.95))
    looker = CameraLooker("bench", [ZoneShape("kerb", "parking", polygon, 3600.0)], detector, None)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    began = time.process_time()
    for second, decoded in enumerate(frames):
        picture = DecodedPicture(decoded)
        shown = MaskedPicture(picture, masks) if masks else picture
        looker.look(Frame("bench", start + timedelta(seconds=second), shown, float(second)))
    return (time.process_time() - began) / len(frames) * 1e3


def pictures(frames: Sequence[VideoFrame], masks: Masks, ask: Callable[[Frame], object]) -> float:
    """CPU milliseconds of getting one picture out of a decoded frame."""
    began = time.process_time()
    for decoded in frames:
        picture = DecodedPicture(decoded)
        shown = MaskedPicture(picture, masks) if masks else picture
        ask(Frame("bench", datetime.now(UTC), shown))
    return (time.process_time() - began) / len(frames) * 1e3


def coded_anew(path: str, masks: Masks) -> float:
    """CPU seconds of a masked clip of 14 s at 25 pictures a second: each decoded, blacked out and
    encoded (x264, veryfast). The demo's clip has fewer pictures a second; it is reckoned up."""
    began, number = time.process_time(), 0
    with av.open(path) as source, av.open(io.BytesIO(), "w", format="mp4") as target:
        shown = source.streams.video[0]
        rate = shown.average_rate or 25
        made = target.add_stream("libx264", rate=rate)
        made.width, made.height, made.pix_fmt = shown.width, shown.height, "yuv420p"
        made.options = {"preset": "veryfast", "threads": "1"}
        for number, decoded in enumerate(source.decode(video=0)):
            image = np.asarray(decoded.to_ndarray(format="bgr24"), np.uint8)
            black_out(image, masks)
            frame = VideoFrame.from_ndarray(image, "bgr24")
            frame.pts = number
            target.mux(made.encode(frame))
        target.mux(made.encode(None))
    return (time.process_time() - began) / (number + 1) * CLIP_SECONDS * 25


def measure() -> dict[str, object]:
    path = str(samples.clip_path("demo_day"))
    with av.open(path) as container:
        frames = [f for n, f in enumerate(container.decode(video=0)) if n % 24 == 0][:FRAMES]
    detector = load_detector()
    ways: dict[str, Masks] = {"none": (), "ten windows": WINDOWS, "a house": HOUSE}
    found: dict[str, dict[str, list[float]]] = {
        name: {"look_ms": [], "grey_ms": [], "colour_ms": []} for name in ways
    }
    looks(frames, detector, ())
    for _ in range(ROUNDS):
        for name, masks in ways.items():
            found[name]["look_ms"].append(looks(frames, detector, masks))
            found[name]["grey_ms"].append(pictures(frames, masks, lambda f: f.grey(640)))
            found[name]["colour_ms"].append(pictures(frames, masks, lambda f: f.image))
    return {
        "picture": f"{frames[0].width}x{frames[0].height}",
        "cpu": {
            name: {what: round(median(values), 3) for what, values in by.items()}
            for name, by in found.items()
        },
        "clip_seconds": CLIP_SECONDS,
        "clip_coded_anew_cpu_seconds": round(coded_anew(path, WINDOWS), 2),
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
