"""`make demo` and its story: really run once, and its words and its comparison one by one."""

from __future__ import annotations

import csv
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest

import samples
from models.errors import Unavailable
from models.event import EventState
from pipeline import demo as play
from pipeline.demo_stream import serving
from pipeline.story import Storyteller
from tests.pipeline.kit import Theatre
from tests.vision.stage import BESIDE, Car, Stay


@pytest.mark.slow
@pytest.mark.usefixtures("own_key")
def test_the_demo_ends_as_scripted() -> None:
    """A real stream, real processes, real eyes: four cars, four ends, exit code 0."""
    told: list[str] = []
    code = play.demo(once=True, say=told.append, colours=False)
    story = "\n".join(told)
    assert code == 0, story
    assert "as scripted" in story
    assert story.count("短信 text") >= 4
    assert "left in time" in story
    assert "officer" in story


def test_owners_of_the_demo_are_the_cars_of_its_clip() -> None:
    rows = csv.DictReader(
        (files("samples") / "city" / "owners.csv").read_text("utf-8").splitlines()
    )
    owned = {row["plate"] for row in rows}
    cars = {car["id"]: car["plate"] for car in samples.truth(play.CLIP)["vehicles"]}
    assert {cars[letter] for letter in play.SCRIPT} == owned


def test_story_tells_each_step_once_in_plain_words() -> None:
    scene = Theatre()
    told: list[str] = []
    teller = Storyteller(scene.store, scene.clock, told.append, colours=False)
    cars = [
        Stay(Car(), arrives=6.0, leaves=45.0),
        Stay(Car(model=4, plate="浙C88888", box=BESIDE), arrives=8.0),
        Stay(Car(model=6, plate=None, box=(0.78, 0.55, 0.89, 0.75)), arrives=8.0),
    ]
    scene.play(cars, until=130)
    assert teller.tell_news() == len(told) > 8
    assert teller.tell_news() == 0
    story = "\n".join(told)
    for words in (
        "看见 seen",
        "读牌 plate 浙A12345",
        "never guessed",
        "left in time",
        "place is empty",
        "officer's decision",
        "text delivered",
        "to leave by then",
    ):
        assert words in story
    assert "\033[" not in story


def test_story_is_coloured_on_a_terminal_only() -> None:
    scene = Theatre().play([Stay(Car(), arrives=6.0)], until=35)
    told: list[str] = []
    Storyteller(scene.store, scene.clock, told.append, colours=True).tell_news()
    assert any(line.startswith("\033[") for line in told)
    plain: list[str] = []
    Storyteller(scene.store, scene.clock, plain.append).tell_text("【下城城管】您好")
    assert "短信 text   → 【下城城管】您好" in plain[-1]


def test_comparison_names_what_is_missing_and_what_went_wrong() -> None:
    """Exit 0 only if every car fared as scripted: no less would be a demo that lies."""
    scene = Theatre()
    plates = {"A": "浙A12345", "B": "浙C88888", "C": "浙D11111", "D": "浙E22222"}
    missing, wrong = play.compare(scene.services, plates)
    assert len(missing) == 4
    assert wrong == []
    cars = [
        Stay(Car(), arrives=6.0, leaves=45.0),
        Stay(Car(model=4, plate="浙C88888", box=BESIDE), arrives=8.0, leaves=50.0),
    ]
    scene.play(cars, until=90)
    missing, wrong = play.compare(scene.services, plates)
    assert len(missing) == 3
    assert wrong == [f"{play.SCRIPT['B'][1]} — {EventState.LEFT_IN_TIME}"]
    told: list[str] = []
    play._say_end(wrong, told.append)
    assert told[0].endswith("Not as scripted:")


def test_addresses_name_everybody_once() -> None:
    told: list[str] = []
    tokens = {person.username: f"token-{person.username}" for person in play.STAFF}
    play._say_addresses("http://h:1", tokens, lambda base, token: f"{base}/i/{token}", told.append)
    text = "\n".join(told)
    assert all(f"http://h:1/i/{token}" in text for token in tokens.values())
    told.clear()
    play._say_addresses("http://h:1", tokens, None, told.append)
    assert "token-" not in told[0]


def test_furnishing_leaves_no_password_and_two_licensed_officers() -> None:
    from sqlalchemy import select

    from models.people import User

    scene = Theatre()
    tokens = play.furnish(scene.services, "rtsp://127.0.0.1:1/demo.mp4")
    with scene.store.read() as session:
        people = list(session.scalars(select(User)))
    assert {person.username for person in people} == set(tokens)
    assert all(person.password_hash is None for person in people)
    tomorrow = (scene.clock.now() + timedelta(days=1)).date()
    assert sum(person.is_licensed(tomorrow) for person in people) == 2


def test_a_stream_server_that_cannot_start_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.demo_stream.sys.executable", "/bin/false")
    with pytest.raises(Unavailable, match="RTSP server"), serving(tmp_path):
        raise AssertionError("never reached")
