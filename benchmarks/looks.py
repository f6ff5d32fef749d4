"""Looks per second on decoded frames against the bare inference rate of OpenVINO.

Bare means: a float32 input that lies ready in memory, the network, nothing else. Both take turns
on the same machine in the same second, so that what else runs on it touches both alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import numpy as np

from benchmarks.material import busy_clip, decoded
from vision.detect import load_detector
from vision.detect_letterbox import Letterbox
from vision.detect_onnxruntime import to_blob
from vision.engine import core
from vision.looker import CameraLooker
from vision.types import Detector, Frame, Image, ZoneShape
from vision.weights import resolve_weights
from vision.weights_read import STRIDE, read_model

ROUNDS = 11
FRAMES = 30
"""Per round, about a second of the clip apart."""
EVERY = 24


@dataclass
class Timing:
    """Seconds a look, one entry a round."""

    wall: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])

    def take(self, work: Callable[[], object], count: int) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        self.wall.append((time.perf_counter() - wall) / count)
        self.cpu.append((time.process_time() - cpu) / count)

    def summary(self) -> dict[str, float]:
        return {
            "looks_per_second": round(1 / median(self.wall), 2),
            "wall_ms": round(median(self.wall) * 1e3, 2),
            "cpu_ms": round(median(self.cpu) * 1e3, 2),
        }


def ratio(bare: Timing, ours: Timing) -> dict[str, float]:
    """How many looks we do in the time of one bare inference; median over the rounds."""
    return {
        "wall": round(median(a / b for a, b in zip(bare.wall, ours.wall, strict=True)), 3),
        "cpu": round(median(a / b for a, b in zip(bare.cpu, ours.cpu, strict=True)), 3),
    }


def bare_inference(height: int, width: int) -> Callable[[], None]:
    """One round of the default network at this input size on a ready-made input."""
    engine = core()
    model = engine.read_model(resolve_weights().path)
    model.reshape([1, 3, height, width])
    request = engine.compile_model(
        model, "CPU", {"PERFORMANCE_HINT": "LATENCY"}
    ).create_infer_request()
    facts = read_model(resolve_weights().path)
    blob = to_blob(np.full((height, width, 3), 114, np.uint8), facts.colours)

    def work() -> None:
        for _ in range(FRAMES):
            request.infer([blob], share_inputs=True)

    return work


def looks_through(frames: list[Image], detector: Detector) -> int:
    """A camera's whole look at each frame: health, gate, detector, scene, rule.

    Returns how often the detector was called. The clip starts anew, so the camera does too.
    """
    zone = ZoneShape("all", "parking", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)), 3600.0)
    looker = CameraLooker("bench", [zone], detector, None)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    called = 0
    for second, image in enumerate(frames):
        at = start + timedelta(seconds=second)
        result = looker.look(Frame("bench", at, image, float(second), sequence=second))
        called += result.detector_called
    return called


def measure() -> dict[str, Any]:
    """The figures of `looks`; takes one to three minutes."""
    clip = busy_clip()
    frames = decoded(clip, FRAMES, EVERY)
    letterbox = Letterbox.fit(frames[0], 640, 640, STRIDE)
    detector = load_detector()
    calls: list[int] = []
    works: dict[str, Callable[[], object]] = {
        "bare_same_input": bare_inference(letterbox.height, letterbox.width),
        "bare_640x640": bare_inference(640, 640),
        "detector": lambda: [detector.detect(frame) for frame in frames],
        "look": lambda: calls.append(looks_through(frames, detector)),
    }
    timings = {name: Timing() for name in works}
    for work in works.values():
        work()
    calls.clear()
    for _ in range(ROUNDS):
        for name, work in works.items():
            timings[name].take(work, FRAMES)
    bare, full = timings["bare_same_input"], timings["bare_640x640"]
    return {
        "clip": clip.name,
        "picture": f"{frames[0].shape[1]}x{frames[0].shape[0]}",
        "network_input": f"{letterbox.width}x{letterbox.height}",
        "rounds": ROUNDS,
        "frames_a_round": FRAMES,
        "timings": {name: timing.summary() for name, timing in timings.items()},
        "detector_calls_a_look": round(sum(calls) / (ROUNDS * FRAMES), 3),
        "ratio_detector_to_bare_same_input": ratio(bare, timings["detector"]),
        "ratio_detector_to_bare_640x640": ratio(full, timings["detector"]),
        "ratio_look_to_bare_same_input": ratio(bare, timings["look"]),
        "ratio_look_to_bare_640x640": ratio(full, timings["look"]),
        "wanted": "at least 0.9",
    }
