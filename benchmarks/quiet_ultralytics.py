"""The same camera read by ultralytics with vid_stride: it decodes all and looks at each 25th.

python quiet_ultralytics.py URL WEIGHTS STRIDE WARM_UP SECONDS; one line of JSON on standard
output. Imports nothing of Qifen, so that it runs in an environment that has only ultralytics.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module

os.environ["YOLO_AUTOINSTALL"] = "false"
os.environ["YOLO_OFFLINE"] = "true"  # sends no usage figures


def main() -> None:
    url, weights, stride = sys.argv[1], sys.argv[2], int(sys.argv[3])
    warm_up_seconds, seconds = float(sys.argv[4]), float(sys.argv[5])
    # only now, when the environment is set
    results = (
        import_module("ultralytics")
        .YOLO(weights)
        .predict(
            url, stream=True, vid_stride=stride, imgsz=640, device="cpu", verbose=False, save=False
        )
    )
    looks = 0
    began = wall = cpu = 0.0
    for _ in results:
        now = time.monotonic()
        began = began or now
        if not wall and now - began >= warm_up_seconds:
            wall, cpu, looks = now, time.process_time(), 0
            continue
        looks += 1
        if wall and now - wall >= seconds:
            break
    passed, used = time.monotonic() - wall, time.process_time() - cpu
    print(
        json.dumps(
            {
                "wall_seconds": round(passed, 2),
                "cpu_seconds": round(used, 3),
                "cores": round(used / passed, 4),
                "looks_per_second": round(looks / passed, 3),
            }
        ),
        flush=True,
    )
    os._exit(0)  # its reading threads would go on for ever


if __name__ == "__main__":
    main()
