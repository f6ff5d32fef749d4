"""The README's commands are run as they stand there, in order, by a stranger with a real camera:
only the camera's address is put in."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import samples
from benchmarks.replay_counts import BEGIN, END, all_counts, table
from tests.rtsp import RtspServer, free_port

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CAMERA = "rtsp://user:password@192.0.2.10/stream"
QIFEN = Path(sys.executable).with_name("qifen")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def commands() -> list[str]:
    """Every line of the README's code blocks."""
    blocks = re.findall(r"```\n(.*?)```", README, re.DOTALL)
    return [line for block in blocks for line in block.strip().splitlines()]


@pytest.fixture(scope="module")
def camera() -> Iterator[str]:
    path = samples.clip_path("demo_day")
    with RtspServer(path.parent, user="user", password="password") as server:
        yield server.url(path.name, user="user", password="password")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    data = tmp_path_factory.mktemp("readme")
    return os.environ | {"QIFEN_DATA_DIR": str(data), "QIFEN_PORT": str(free_port())}


def test_every_command_of_the_readme_is_known_here() -> None:
    """Whoever adds a command to the README adds it to this test."""
    assert [c.split()[:2] for c in commands()] == [
        ["make", "demo"],
        ["make", "test"],
        [".venv/bin/qifen", "camera"],
        [".venv/bin/qifen", "camera"],
        [".venv/bin/qifen", "run"],
        [".venv/bin/qifen", "replay"],
        [".venv/bin/qifen", "look"],
    ]


def run(command: str, environment: dict[str, str], camera: str) -> str:
    line = command.replace(".venv/bin/qifen", str(QIFEN)).replace(CAMERA, camera)
    done = subprocess.run(
        ["bash", "-c", line], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert "password" not in done.stdout + done.stderr, "an address was shown with its password"
    return done.stdout


def test_a_camera_is_checked_added_and_run(environment: dict[str, str], camera: str) -> None:
    check, add, start = commands()[2:5]
    assert "1920x1080" in run(check, environment, camera)
    assert "added" in run(add, environment, camera)
    line = start.replace(".venv/bin/qifen", str(QIFEN)).split()
    process = subprocess.Popen(line, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        said = process.stdout.readline() + process.stdout.readline()
        link = re.search(r"http://\S+/invitation/\S+", said)
        assert link, said
        assert httpx.get(link[0]).status_code == 200
    finally:
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        process.stdout.close()
    assert time.monotonic() - began < 10, "it ends within ten seconds of SIGTERM"


def test_replay_prints_one_json_line_an_event(environment: dict[str, str], camera: str) -> None:
    events = [json.loads(line) for line in run(commands()[5], environment, camera).splitlines()]
    assert {e["plate"]["text"] for e in events if e["plate"]} == {
        v["plate"] for v in samples.truth("demo_day")["vehicles"] if v["stands"]
    }
    for event in events:
        assert list(event) == [
            "kind", "zone", "object", "first_seen", "flagged_at", "last_seen", "gone_at", "box",
            "plate", "outcome",
        ]  # fmt: skip


def test_look_prints_one_json_line_a_picture(environment: dict[str, str], camera: str) -> None:
    lines = run(commands()[6], environment, camera).splitlines()
    assert len(lines) == 1
    report = json.loads(lines[0])
    assert report["size"] == [1920, 1080]
    assert {p["text"] for p in report["plates"]} >= {"浙A8K2M6"}


def test_demo_ends_as_scripted() -> None:
    """`make demo ONCE=1`: a real RTSP camera, every process, the whole story."""
    done = subprocess.run(
        [str(QIFEN), "demo", "--once"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("看见", "plate", "confirmed", "短信 text", "as scripted"):
        assert words in done.stdout


def test_the_table_of_replayed_clips_is_true(data_dir: Path) -> None:
    """Measured anew: every standing vehicle found, none that passes, and the README says so."""
    counts = all_counts(data_dir)
    assert all(c.good for c in counts), table(counts)
    shown = README.split(BEGIN)[1].split(END)[0].strip()
    assert shown == table(counts), "run: python -m benchmarks.replay_counts --write"
