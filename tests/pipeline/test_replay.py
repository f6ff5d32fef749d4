"""Replay: the whole pipeline on a file; the same file twice gives the same bytes (peers.md B23)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import samples
from models import secret
from models.errors import BadInput, Unavailable
from pipeline.replay import EveryoneKnown, ReplayOptions, replay
from tests.pipeline.live import CLIP
from vision.errors import BadVideo, BadZone

QUICK = ReplayOptions(
    grace_seconds=30, policy={"absent_confirm_seconds": 8.0, "recheck_delay_seconds": 2.0}
)
KEYS = [
    "kind", "zone", "object", "first_seen", "flagged_at", "last_seen", "gone_at", "box", "plate",
    "outcome",
]  # fmt: skip
SQUARE = {
    "zones": [
        {"name": "A", "kind": "parking", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]],
         "dwell_seconds": 10}
    ]
}  # fmt: skip


def lines(video: Path, zones: Any, options: ReplayOptions = QUICK) -> list[str]:
    return [json.dumps(line, ensure_ascii=False) for line in replay(video, zones, options=options)]


@pytest.mark.slow
def test_demo_day_finds_who_stands_and_nobody_who_passes() -> None:
    """Against the truth beside the clip: each stand of five seconds in the zone is one event, its
    times within two seconds; the cars that pass are none. Twice the same, byte for byte."""
    seen: list[tuple[float, float | None]] = []
    found = list(
        replay(
            samples.clip_path(CLIP), samples.zones_path(CLIP), options=QUICK,
            progress=lambda done, total: seen.append((done, total)),
        )
    )  # fmt: skip
    assert all(list(line) == KEYS for line in found)
    stands = [
        (car["plate"], stand)
        for car in samples.truth(CLIP)["vehicles"]
        for stand in car["stands"]
        if stand["in_zone"]
    ]
    assert len(found) == len(stands)
    for plate, stand in stands:
        (line,) = [line for line in found if line["plate"] and line["plate"]["text"] == plate]
        assert abs(line["first_seen"] - stand["from_seconds"]) <= 2.0
        until = stand["until_seconds"]
        if until is None:
            assert line["gone_at"] is None
            assert line["outcome"] == "stayed"
        else:
            assert abs(line["last_seen"] - until) <= 2.0
            assert line["outcome"] in {"left_in_time", "discarded"}
        x1, y1, x2, y2 = line["box"]
        assert 0 <= x1 < x2 <= 1
        assert 0 <= y1 < y2 <= 1
        assert line["plate"]["object"] == 0
    assert seen[-1][0] > 90
    again = lines(samples.clip_path(CLIP), samples.zones_path(CLIP))
    assert again == [json.dumps(line, ensure_ascii=False) for line in found]


def test_a_file_that_ends_first_leaves_events_open(data_dir: Path) -> None:
    """Passing traffic on real video makes no event at all."""
    clip = data_dir / "video" / "andrewssobral__bgslibrary__video02.avi"
    assert lines(clip, SQUARE, ReplayOptions(looks_per_second=2.0)) == []


@pytest.mark.parametrize(
    ("zones", "error"),
    [
        ({"zones": [{"name": "A", "kind": "parking", "dwell_seconds": 5,
                     "polygon": [[0, 0], [1, 1], [1, 0], [0, 1]]}]}, BadZone),
        ({"zones": [{"name": "A", "kind": "parking", "dwell_seconds": 5,
                     "polygon": [[0, 0], [2, 0], [1, 1]]}]}, BadZone),
        ("missing.json", BadInput),
        ("not.json", BadInput),
    ],
)  # fmt: skip
def test_bad_zones_are_refused_before_anything_starts(
    tmp_path: Path, zones: Any, error: type[Exception]
) -> None:
    (tmp_path / "not.json").write_text("no json")
    given = tmp_path / zones if isinstance(zones, str) else zones
    with pytest.raises(error):
        lines(samples.clip_path(CLIP), given)


def test_a_file_that_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("no video")
    with pytest.raises(BadVideo):
        lines(path, SQUARE)


def test_works_without_an_installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`qifen replay` needs no data folder: the key for phones in memory dies with the process."""
    from pipeline.replay import _ensure_secret_key

    monkeypatch.setattr(secret, "_fernet", None)
    monkeypatch.setattr(secret, "_hash_key", b"")
    with pytest.raises(Unavailable):
        secret.keyed_hash("x")
    _ensure_secret_key()
    assert secret.keyed_hash("x")


def test_simulated_owners_are_the_same_every_time() -> None:
    one = EveryoneKnown().find("浙A12345")
    assert one == EveryoneKnown().find("浙A12345")
    assert one != EveryoneKnown().find("浙A12346")
