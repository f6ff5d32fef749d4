"""CPU of one camera at one look a second on a quiet 1080p25 stream, ours against ultralytics.

Both read the same RTSP stream at the same time, each in a process of its own; CPU seconds of the
whole process are counted, decoding included.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.material import RATE, ROOT, data_dir, write_quiet_clip
from pipeline.demo_stream import serving

WARM_UP_SECONDS = 20
SECONDS = 40
KEYFRAME_SECONDS = (1.0, 2.0)
"""One keyframe a second, and the two seconds most cameras are delivered with."""
HOW_TO_INSTALL = 'pip install "qifen[yolo]", or name a Python that has it with --yolo-python'


def yolo_python(asked: str | None) -> str | None:
    """A Python that can import ultralytics, None where there is none."""
    if asked:
        return asked
    return sys.executable if find_spec("ultralytics") else None


def yolo_weights() -> str:
    """Our own network as .pt where it lies at hand, else an official one of the same size."""
    folder = data_dir()
    own = folder / "weights" / "street_v0.pt" if folder else None
    return str(own) if own and own.is_file() else "yolo26n.pt"


def _start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _result(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The last line of what the process said; what went wrong where it said nothing."""
    try:
        out, err = process.communicate(timeout=WARM_UP_SECONDS + SECONDS + 120)
    except subprocess.TimeoutExpired:
        process.kill()
        return {"error": "did not end in time"}
    if process.returncode != 0 or not out.strip():
        return {"error": err.strip().splitlines()[-1] if err.strip() else "said nothing"}
    found: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return found


def _one_stream(folder: Path, keyframe_seconds: float, python: str | None) -> dict[str, Any]:
    name = f"quiet_{keyframe_seconds:g}.mp4"
    write_quiet_clip(folder / name, keyframe_seconds)
    times = [str(WARM_UP_SECONDS), str(SECONDS)]
    with serving(folder) as base:
        url = f"{base}/{name}/play_count_0"
        ours = _start([sys.executable, "-m", "benchmarks.quiet_ours", url, *times])
        theirs = None
        if python is not None:
            script = str(Path(__file__).with_name("quiet_ultralytics.py"))
            theirs = _start([python, script, url, yolo_weights(), str(RATE), *times])
        figures: dict[str, Any] = {"keyframe_seconds": keyframe_seconds, "ours": _result(ours)}
        if theirs is not None:
            figures["ultralytics"] = _result(theirs)
    if "cores" in figures["ours"] and "cores" in figures.get("ultralytics", {}):
        figures["ratio_cpu"] = round(figures["ours"]["cores"] / figures["ultralytics"]["cores"], 3)
    return figures


def measure(asked_python: str | None = None) -> dict[str, Any]:
    """The figures of `quiet`; takes about three minutes."""
    python = yolo_python(asked_python)
    with tempfile.TemporaryDirectory() as folder:
        streams = [_one_stream(Path(folder), seconds, python) for seconds in KEYFRAME_SECONDS]
    report: dict[str, Any] = {
        "stream": "RTSP on loopback, H.264 1920x1080 at 25 frames a second, standing scene, noise",
        "streams": streams,
        "wanted": "ratio_cpu at most 0.2",
    }
    if python is None:
        report["ultralytics"] = f"not installed: {HOW_TO_INSTALL}"
    return report
