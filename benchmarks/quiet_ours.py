"""One camera of ours on a stream: python -m benchmarks.quiet_ours URL WARM_UP SECONDS; JSON out."""

from __future__ import annotations

import json
import sys
import threading
import time

from models.clock import SystemClock
from pipeline.clips import RING_SECONDS
from vision.detect import load_detector
from vision.frames import LiveSource
from vision.looker import CameraLooker
from vision.plates import default_reader
from vision.types import ZoneShape

ROADSIDE = ((0.0, 0.4), (1.0, 0.4), (1.0, 1.0), (0.0, 1.0))


def main() -> None:
    """Everything a camera's worker looks at, plates included; the measuring starts after WARM_UP
    seconds, when the view is learned and the plates are settled."""
    url, warm_up_seconds, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    zone = ZoneShape("roadside", "parking", ROADSIDE, 5.0)
    looker = CameraLooker("quiet", [zone], load_detector(), default_reader())
    stop = threading.Event()
    source = LiveSource(
        url, "quiet", clock_now=SystemClock().now, clip_seconds=RING_SECONDS, stop=stop
    )
    looks = called = 0
    began = wall = cpu = 0.0
    for frame in source:
        result = looker.look(frame)
        now = time.monotonic()
        began = began or now
        if not wall and now - began >= warm_up_seconds:
            wall, cpu, looks, called = now, time.process_time(), 0, 0
            continue
        looks += 1
        called += result.detector_called
        if wall and now - wall >= seconds:
            stop.set()
    passed, used = time.monotonic() - wall, time.process_time() - cpu
    print(
        json.dumps(
            {
                "wall_seconds": round(passed, 2),
                "cpu_seconds": round(used, 3),
                "cores": round(used / passed, 4),
                "looks_per_second": round(looks / passed, 3),
                "detector_calls": called,
            }
        )
    )


if __name__ == "__main__":
    main()
