"""`python -m vision.train street|plates|locator|all`: rebuilds the weights from QIFEN_DATA.

Every training lives in a package beside this file and offers `run(options, say)` in its module
`command`. A run keeps its state in the working folder and goes on from there when it is called
again; it writes its weights into vision/weights only when it has finished.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from pathlib import Path
from typing import Any

from vision.errors import VisionError
from vision.train.options import Options

TRAININGS = ("street", "plates", "locator")
"""In the order in which `all` runs them."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m vision.train", description=__doc__)
    parser.add_argument("what", choices=(*TRAININGS, "all"))
    default = os.environ.get("QIFEN_DATA", "")
    parser.add_argument("--data", default=default, help="the data set (default: $QIFEN_DATA)")
    parser.add_argument("--work", default="build/train", help="keeps checkpoints and cut-outs")
    parser.add_argument("--weights", default="vision/weights", help="where the result is written")
    parser.add_argument("--steps", type=int, default=None, help="fewer steps, for a trial")
    return parser.parse_args()


def say(text: str) -> None:
    """One line of progress with the seconds since the start."""
    sys.stdout.write(f"[{time.monotonic() - _STARTED:7.0f} s] {text}\n")
    sys.stdout.flush()


_STARTED = time.monotonic()


def main() -> int:
    """Exit code 0 when everything that was asked for was made, 2 for an error that is told."""
    asked = _arguments()
    chosen = TRAININGS if asked.what == "all" else (asked.what,)
    try:
        for name in chosen:
            options = Options(
                Path(asked.data).expanduser(),
                Path(asked.work) / name,
                Path(asked.weights),
                asked.steps,
            )
            options.check()
            say(f"{name}: from {options.data_dir.name} into {options.weights_dir}")
            command: Any = importlib.import_module(f"vision.train.{name}.command")
            command.run(options, say)
    except VisionError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
