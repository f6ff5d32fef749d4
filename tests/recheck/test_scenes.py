"""Never `present` for a car that left or was replaced, never `absent` for a car that stayed, and
at most one look in ten `unclear` in clear daylight (B3). Real detector, real plate reader."""

from __future__ import annotations

import pytest

from benchmarks.recheck import (
    CLEAR_DAY,
    MOST_UNCLEAR,
    SceneResult,
    Suite,
    by_condition,
    unclear_share,
)
from samples.recheck.scenes import Scene, Truth, all_scenes, truth_of
from vision.types import WatchAnswer

SCENES = all_scenes()
CONDITIONS = {
    "clear day", "rain", "night", "headlights", "bus", "people and neighbours", "passing cars",
    "changing light", "too dark", "shake", "shift", "turned", "cover", "defocus", "stream gap",
    "resolution", "starved encoder", "frozen picture",
}  # fmt: skip
OUTCOMES = {
    "stayed", "left at 6:59", "left and returned", "moved two metres", "into a bay",
    "replaced by its twin", "replaced", "towed",
}  # fmt: skip


class Played:
    """Results of the scenes played so far; each is played once."""

    def __init__(self) -> None:
        self.suite = Suite()
        self.known: dict[str, SceneResult] = {}

    def __call__(self, scene: Scene) -> SceneResult:
        if scene.name not in self.known:
            self.known[scene.name] = self.suite.run(scene)
        return self.known[scene.name]


@pytest.fixture(scope="module")
def played() -> Played:
    return Played()


def test_every_outcome_and_condition_is_in_the_suite() -> None:
    assert len(SCENES) >= 60
    assert {scene.condition for scene in SCENES} == CONDITIONS
    assert {scene.outcome for scene in SCENES} == OUTCOMES


def test_the_truth_of_a_scene_is_its_outcome() -> None:
    """What happens last in a scene is what it is called after."""
    gone = {Truth.GONE, Truth.REPLACED}
    last = {
        "stayed": {Truth.STANDS}, "left and returned": {Truth.STANDS},
        "moved two metres": {Truth.INSIDE}, "left at 6:59": {Truth.GONE},
        "into a bay": {Truth.GONE}, "towed": {Truth.GONE}, "replaced": {Truth.REPLACED},
        "replaced by its twin": {Truth.REPLACED},
    }  # fmt: skip
    for scene in SCENES:
        assert scene.parts[-1].is_true in last[scene.outcome], scene.name
    assert truth_of("twin_neighbour") in gone


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_no_answer_is_against_the_truth(played: Played, scene: Scene) -> None:
    result = played(scene)
    assert result.flagged, "the subject was not flagged in the opening"
    assert result.violations == [], result.words()
    assert result.ended_well, result.words()


def test_in_clear_daylight_it_is_rarely_unclear(played: Played) -> None:
    results = [played(scene) for scene in SCENES if scene.condition == CLEAR_DAY]
    assert unclear_share(results) <= MOST_UNCLEAR


def test_every_answer_is_given_somewhere(played: Played) -> None:
    """Eyes that never say one of the five would pass every test above by keeping silent."""
    rows = by_condition(played(scene) for scene in SCENES)
    for answer in WatchAnswer:
        assert sum(getattr(row, answer.value) for row in rows) > 0, answer
