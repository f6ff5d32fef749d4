"""The console script: answers for people and for scripts, one-line errors with a hint, exit 2."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import samples
from api.cli import app
from api.commands.system import _told
from models.store import Store
from pipeline.settings import load_settings
from tests.rtsp import RtspServer

ROOT = Path(__file__).resolve().parent.parent.parent
PICTURE = next((ROOT / "samples" / "pictures").glob("*.jpg"))
ZONES = samples.zones_path("demo_day")


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command sends the logs to its own stderr, which is closed when the runner is done."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QIFEN_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def qifen(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["replay", "nofile.mp4", "--zones", ZONES], "nofile.mp4 is not a file"),
        (["replay", ROOT / "README.md", "--zones", ZONES], "not a video"),
        (["replay", samples.clip_path("pass_day"), "--zones", ROOT / "README.md"], "not JSON"),
        (["replay", samples.clip_path("pass_day"), "--zones", "nozones.json"], "No such file"),
        (["look", "nothere.jpg"], "no such file"),
        (["look", ROOT / "README.md"], "not a picture"),
        (["plate", "read", ROOT / "README.md"], "not a picture"),
        (["look", PICTURE, "--weights", "nothing-of-that-name"], "nothing-of-that-name"),
        (["camera", "check", "rtsp://a:secret@127.0.0.1:1/x"], "connection refused"),
        (["camera", "add", "A", "ftp://host/x", "--no-check"], "not a stream's address"),
        (["weights", "use", ROOT / "README.md"], "not a model"),
        (["zones", "export", "nobody"], "there is no camera nobody"),
        (["zones", "import", "nobody", ROOT / "README.md"], "JSON"),
        (["people", "invite", "x", "--role", "officer"], "2 to 40"),
    ],
)
def test_bad_input_is_one_line_a_hint_and_exit_2(words: list[object], said: str) -> None:
    result = qifen(*words)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert "secret" not in result.output, "a password was shown"
    assert result.stdout == "", "an error says nothing on stdout"


def test_a_zone_that_crosses_itself_is_named_with_its_field(tmp_path: Path) -> None:
    crossed = {"name": "bow", "kind": "parking", "dwell_seconds": 5,
               "polygon": [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]}  # fmt: skip
    file = tmp_path / "zones.json"
    file.write_text(json.dumps({"zones": [crossed]}))
    result = qifen("replay", samples.clip_path("pass_day"), "--zones", file)
    assert result.exit_code == 2
    assert "bow" in result.stderr
    assert "cross" in result.stderr


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        (["evidence", "verify", "nothere.zip"], "nothere.zip: No such file", "evidence export"),
        (["weights", "evaluate", "nothere"], "nothere: no such folder", ".txt"),
    ],
)
def test_what_is_not_there_is_named_with_what_to_give(
    words: list[object], said: str, hint: str
) -> None:
    result = qifen(*words)
    assert result.exit_code == 2, result.output
    error, told = result.stderr.splitlines()
    assert error.startswith("error: ")
    assert said in error
    assert told.startswith("hint: ")
    assert hint in told
    assert result.stdout == ""


def test_a_zone_of_another_kind_is_looked_at(tmp_path: Path) -> None:
    """Nobody gathers there: no event, and nothing is said to be left out."""
    zone = {"name": "square", "kind": "crowd", "dwell_seconds": 5, "threshold": 60,
            "polygon": [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]}  # fmt: skip
    file = tmp_path / "zones.json"
    file.write_text(json.dumps({"zones": [zone]}))
    result = qifen("replay", samples.clip_path("pass_day"), "--zones", file)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    assert "0 events" in result.stdout


def test_replay_twice_gives_the_same_bytes() -> None:
    words = ("replay", samples.clip_path("stay_night"), "--zones",
             samples.zones_path("stay_night"), "--json")  # fmt: skip
    first, second = qifen(*words), qifen(*words)
    assert first.exit_code == 0, first.output
    assert first.stdout == second.stdout
    (event,) = [json.loads(line) for line in first.stdout.splitlines()]
    assert event["kind"] == "parking"
    assert event["gone_at"] is None


@pytest.mark.parametrize(
    ("kind", "plate", "what"),
    [
        ("parking", {"text": "浙A12345"}, "car 浙A12345"),
        ("parking", {"text": None}, "car no plate"),
        ("hanging", None, "car"),
    ],
)
def test_replay_tells_people_of_a_plate_only_where_there_could_be_one(
    kind: str, plate: object, what: str
) -> None:
    event = {"kind": kind, "zone": "A", "object": "car", "first_seen": 3.0, "flagged_at": 63.0,
             "plate": plate, "outcome": "left"}  # fmt: skip
    assert _told(event) == f"A: {what}  there from 3.0 s  flagged 63.0 s  -> left"


def test_look_tells_people_and_draws(tmp_path: Path) -> None:
    result = qifen("look", PICTURE, "--draw", tmp_path / "drawn")
    assert result.exit_code == 0, result.output
    assert "浙A8K2M6  blue" in result.stdout
    assert len(list((tmp_path / "drawn").iterdir())) == 1


def test_plate_read_prints_the_entry(tmp_path: Path) -> None:
    crops = sorted((ROOT / "tests" / "vision" / "plates").glob("*.jpg"))
    result = qifen("plate", "read", *crops, "--json")
    assert result.exit_code == 0, result.output
    entries = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(entries) == len(crops)
    assert all({"text", "colour", "confidence", "accepted", "box"} <= set(e) for e in entries)


def test_a_camera_is_checked_added_and_listed() -> None:
    clip = samples.clip_path("pass_day")
    with RtspServer(clip.parent, user="u", password="word") as server:
        url = server.url(clip.name, user="u", password="word")
        check = qifen("camera", "check", url, "--json")
        assert check.exit_code == 0, check.output
        assert json.loads(check.stdout)["size"] == [1280, 720]
        added = qifen("camera", "add", "Yan'an 1", url, "--place", "Yan'an Rd")
        assert added.exit_code == 0, added.output
    listed = json.loads(qifen("camera", "list", "--json").stdout)
    assert listed["name"] == "Yan'an 1"
    assert "word" not in json.dumps(listed) + check.output + added.output
    assert "Yan'an 1" in qifen("camera", "list").stdout


def test_weights_are_listed_chosen_and_checked(data_folder: Path) -> None:
    assert json.loads(qifen("weights", "list", "--json").stdout)["chosen"] is True
    chosen = qifen("weights", "use", ROOT / "vision" / "weights" / "street-n.onnx")
    assert chosen.exit_code == 0, chosen.output
    assert "car" in chosen.stdout
    assert "* street-n" in qifen("weights", "list").stdout


def test_people_are_invited_once_more_and_listed() -> None:
    words = ("people", "invite", "zhang", "--role", "officer", "--licence-no", "浙01",
             "--licence-until", "2030-01-01")  # fmt: skip
    first, second = qifen(*words), qifen(*words)
    assert first.exit_code == 0, first.output
    assert "/invitation/" in first.stdout
    assert first.stdout != second.stdout, "each link works once"
    person = json.loads(qifen("people", "list", "--json").stdout)
    assert (person["username"], person["roles"]) == ("zhang", ["officer"])
    assert person["can_sign_in"] is False
    assert "浙01" in qifen("people", "list").stdout
    with Store(load_settings().database).read():
        pass  # the installation was made where the setting says


def test_version_and_help() -> None:
    assert qifen("--version").stdout.startswith("qifen ")
    assert "replay" in qifen("--help").stdout
