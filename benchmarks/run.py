"""python -m benchmarks.run [--out FILE] [--only looks|quiet|memory|cases] [--yolo-python PYTHON]

Prints one JSON document. Ratios are measured within one run, so that they hold on a busy machine;
absolute figures are those of the machine named in it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

import openvino as ov

from vision.engine import core

PARTS = ("looks", "quiet", "memory", "cases")


def machine() -> dict[str, Any]:
    """What the absolute figures were measured on."""
    return {
        "cpu": str(core().get_property("CPU", "FULL_DEVICE_NAME")),
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "openvino": ov.__version__,
    }


def measure(part: str, yolo_python: str | None) -> dict[str, Any]:
    """Runs one part; imports it only then, so that one part needs nothing of the others."""
    if part == "looks":
        from benchmarks import looks  # noqa: PLC0415

        return looks.measure()
    if part == "quiet":
        from benchmarks import quiet  # noqa: PLC0415

        return quiet.measure(yolo_python)
    if part == "cases":
        from benchmarks import cases  # noqa: PLC0415

        return cases.measure()
    from benchmarks import memory  # noqa: PLC0415

    return memory.measure()


def main() -> None:
    parser = argparse.ArgumentParser(description="Qifen's speed and memory")
    parser.add_argument("--out", type=Path, help="write the JSON here instead of printing it")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part")
    parser.add_argument("--yolo-python", help="a Python that has ultralytics, for the comparison")
    chosen = parser.parse_args()
    report: dict[str, Any] = {"machine": machine()}
    for part in chosen.only or PARTS:
        print(f"measuring {part} ...", file=sys.stderr, flush=True)
        report[part] = measure(part, chosen.yolo_python)
    text = json.dumps(report, indent=2, ensure_ascii=False)
    if chosen.out is None:
        print(text)
    else:
        chosen.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
