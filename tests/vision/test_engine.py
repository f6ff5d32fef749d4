"""One OpenVINO core a process, so that a signal ends it as it should."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from vision.engine import core

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import os, signal, threading
from vision.engine import core

signal.signal(signal.SIGTERM, lambda *_: print("told to stop"))
mine = [core()]
mine[0].get_property("CPU", "FULL_DEVICE_NAME")
last = threading.Thread(target=mine.clear)
last.start()
last.join()
os.kill(os.getpid(), signal.SIGTERM)
print("stopped")
"""


def test_there_is_one() -> None:
    assert core() is core()


def test_a_signal_finds_the_process_alive_whichever_thread_let_go_last() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (0, "told to stop\nstopped\n"), ran.stderr


@pytest.mark.parametrize("room", ["api", "models", "notify", "pipeline", "vision", "benchmarks"])
def test_nothing_makes_a_core_of_its_own(room: str) -> None:
    makers = [
        path.name
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"\bCore\(\)", path.read_text(encoding="utf-8"))
    ]
    assert makers == (["engine.py"] if room == "vision" else [])
