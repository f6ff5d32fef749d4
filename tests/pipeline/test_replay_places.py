"""Replay of what hangs, is posted and gathers: told, and told the same way twice (peers.md B23)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.replay import ReplayOptions, replay
from tests.pipeline.filmed import LINE_AT, SHEET_AT, SIZE, Film, Span
from tests.pipeline.test_replay import KEYS, lines

DWELL = 12.0
TOLD_WITHIN = 5.0
"""Seconds between what happens and the look that tells: three of what hangs, two of a crowd whose
median must turn."""
CALM = 120.0
"""C6: so long a count must have fallen."""
OPTIONS = ReplayOptions(policy={"place_absent_seconds": 9.0})


def zone(name: str, kind: str, box: tuple[float, ...], **more: Any) -> dict[str, Any]:
    x1, y1, x2, y2 = box
    square = [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]
    return {"name": name, "kind": kind, "polygon": square, "dwell_seconds": DWELL, **more}


LINE = zone("line", "hanging", (0.0, 0.55, 0.4, 1.0))
WALL = zone("wall", "poster", (0.5, 0.0, 0.75, 0.27))
PAVEMENT = (0.4, 0.5, 1.0, 1.0)


@pytest.mark.slow
def test_laundry_a_sheet_and_a_crowd_are_told_twice_in_the_same_bytes(tmp_path: Path) -> None:
    """All come at second 4; the line is taken in at 30. One event each, in the same bytes."""
    film = Film(54, line=[(4, 30)], sheet=[(4, 54)], people=[(4, 54)])
    video = film.write(tmp_path / "street.mp4")
    zones = {"zones": [LINE, WALL, zone("square", "crowd", PAVEMENT, threshold=3)]}
    found = list(replay(video, zones, options=OPTIONS))
    told = {line["kind"]: line for line in found}
    assert len(found) == len(told) == 3
    for line in found:
        assert list(line) == KEYS
        assert 4.0 <= line["first_seen"] <= 4.0 + TOLD_WITHIN
        assert line["flagged_at"] >= line["first_seen"] + DWELL
        assert line["plate"] is None

    hanging, poster, crowd = told["hanging"], told["poster"], told["crowd"]
    assert (hanging["zone"], hanging["object"]) == ("line", "hanging")
    assert hanging["outcome"] == "rectified"
    assert hanging["last_seen"] < 30.0 <= hanging["gone_at"] <= 30.0 + TOLD_WITHIN
    assert _lies_at(hanging["box"], LINE_AT)
    assert (poster["zone"], poster["object"]) == ("wall", "advert")
    assert (poster["gone_at"], poster["outcome"]) == (None, "open:dispatched")
    assert _lies_at(poster["box"], SHEET_AT)
    assert (crowd["zone"], crowd["object"]) == ("square", "person")
    assert (crowd["gone_at"], crowd["outcome"]) == (None, "open:dispatched")
    assert crowd["box"] == list(PAVEMENT)

    assert lines(video, zones, OPTIONS) == [json.dumps(line, ensure_ascii=False) for line in found]


@pytest.mark.slow
@pytest.mark.parametrize("comes_back", [False, True], ids=["goes", "gathers again"])
def test_a_crowd_is_one_event_that_began_when_it_first_did(
    tmp_path: Path, comes_back: bool
) -> None:
    """Three people where two are too many: an emergency, which no count ends (C6)."""
    people: list[Span] = [(2, 25), (155, 185)] if comes_back else [(2, 25)]
    video = Film(185 if comes_back else 160, people=people).write(tmp_path / "square.mp4")
    zones = {"zones": [zone("square", "crowd", PAVEMENT, threshold=2)]}
    options = ReplayOptions(looks_per_second=0.5)
    (line,) = replay(video, zones, options=options)
    assert 2.0 <= line["first_seen"] <= 2.0 + 2 * TOLD_WITHIN  # five looks make a median
    assert line["flagged_at"] < 30.0
    assert line["outcome"] == "open:escalated_emergency"
    if comes_back:
        assert line["gone_at"] is None
    else:
        gone = 25.0 + CALM
        assert gone <= line["gone_at"] <= gone + 2 * TOLD_WITHIN


def _lies_at(box: list[float], corner: tuple[int, int]) -> bool:
    """Whether the box begins where it was put, within 4 % of the picture."""
    wanted = (corner[0] / SIZE[0], corner[1] / SIZE[1])
    return all(abs(is_at - at) <= 0.04 for is_at, at in zip(box, wanted, strict=False))
