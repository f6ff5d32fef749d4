"""`qifen weights evaluate`: the shipped model on a labelled rendered street, as people call it."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import samples
from api.cli import app
from vision.weights import resolve_weights

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 12.0


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A data folder of its own; logs are put back, for a command takes them along."""
    monkeypatch.setenv("QIFEN_DATA_DIR", str(tmp_path / "data"))
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """The rendered picture with the vehicles that stand in it, under names of another town."""
    folder = tmp_path / "street"
    folder.mkdir()
    shutil.copy(ROOT / "samples" / "pictures" / "demo_day_12s.jpg", folder / "a.jpg")
    boxes = [
        stand["box"]
        for vehicle in samples.truth("demo_day")["vehicles"]
        for stand in vehicle["stands"]
        if stand["from_seconds"] <= SECONDS < (stand["until_seconds"] or 1e9)
    ]
    assert boxes
    lines = [f"0 {(x1 + x2) / 2} {(y1 + y2) / 2} {x2 - x1} {y2 - y1}" for x1, y1, x2, y2 in boxes]
    (folder / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    (folder / "classes.txt").write_text("automobile\nlamp post\nkiosk\n", encoding="utf-8")
    return folder


def evaluate(*words: object) -> Result:
    return CliRunner().invoke(app, ["weights", "evaluate", *map(str, words)])


def test_figures_as_json(street: Path) -> None:
    count = len((street / "a.txt").read_text(encoding="utf-8").splitlines())
    done = evaluate(street, "--json")
    assert done.exit_code == 0, done.output
    (line,) = done.stdout.splitlines()
    told = json.loads(line)
    assert told["sha256"] == resolve_weights().sha256
    assert (told["renamed"], told["left_out"]) == ({"automobile": "car"}, ["lamp post", "kiosk"])
    car = told["classes"]["car"]
    assert (car["objects"], car["right"], car["missed"]) == (count, count, 0)
    assert car["recall"] == 1.0
    assert told["all"]["map50"] == car["ap50"] > 0.9
    assert car["ap50"] >= car["ap50_95"] > 0.3


def test_the_table_is_read_by_people(street: Path) -> None:
    done = evaluate(street, "--map", "kiosk=bus", "--confidence", "0.4")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "street-n on 1 pictures"
    assert lines[1].split() == [
        "class", "objects", "right", "false", "missed", "precision", "recall", "AP50", "AP50-95",
    ]  # fmt: skip
    assert [line.split()[0] for line in lines[2:5]] == ["car", "bus", "all"]
    assert lines[3].split()[-1] == "–", "no bus is labelled: it has no average precision"
    assert len({len(line) for line in lines[1:5]}) == 1, "columns stand under each other"
    assert "from confidence 0.4 on" in done.stdout
    assert "automobile as car, kiosk as bus" in done.stdout
    assert "unknown to these weights: lamp post" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--map", "kiosk"], "is not LABEL=CLASS"),
        (["--map", "kiosk=shop"], "the weights know no class shop"),
        (["--confidence", "1.5"], "between 0 and 1"),
        (["--split", "val"], "no folder for the split val"),
        (["--weights", "no-such-weights"], "there are no weights no-such-weights"),
    ],
)
def test_what_is_asked_wrongly_is_said_in_one_line(
    street: Path, words: list[str], said: str
) -> None:
    done = evaluate(street, *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bad_label_is_named_by_file_and_line(street: Path) -> None:
    (street / "a.txt").write_text("0 0.5 0.5 0.2 0.4\n7 0.5 0.5 0.2 0.4\n", encoding="utf-8")
    done = evaluate(street)
    assert done.exit_code == 2
    assert "a.txt:2: there is no class 7, only 0 to 2" in done.stderr
