"""Facades with approved adverts: whatever is put up must be flagged, nothing approved may be."""

from __future__ import annotations

from collections import Counter

from benchmarks.evaluate_rows import Context, Row, at_least, at_most
from benchmarks.poster_scenes import WEATHERS, Scene, facade_scenes
from vision.appearance import GREY_WIDTH
from vision.detect import load_detector
from vision.looker_slow import SlowDesk
from vision.rules.places import same_place
from vision.types import Detector, Sighting

_SCENES = 30
_WANTED, _FOUND, _FALSE, _APPROVED, _FACADES = "wanted", "found", "false", "approved", "facades"


def adverts(context: Context) -> list[Row]:
    """Scripted scenes over unseen facades, a row a weather."""
    detector = load_detector(threads=1)
    counts: dict[str, Counter[str]] = {weather: Counter() for weather in WEATHERS}
    for scene in facade_scenes(context.need(), detector, context.some(_SCENES)):
        counts[scene.weather].update(play(scene, detector))
    rows: list[Row] = []
    for weather, told in counts.items():
        share = told[_FOUND] / told[_WANTED] if told[_WANTED] else None
        rows.append(
            Row("adverts put up that are flagged", weather, share, "share", told[_WANTED],
                f"adverts on {told[_FACADES]} facades", "composite", **at_least(share, 1.0))
        )  # fmt: skip
    for weather, told in counts.items():
        rows.append(
            Row("flagged though approved, or nothing", weather, told[_FALSE], "count",
                told[_APPROVED], f"approved adverts on {told[_FACADES]} facades", "composite",
                **at_most(told[_FALSE], 0))
        )  # fmt: skip
    return rows


def play(scene: Scene, detector: Detector) -> Counter[str]:
    """One scene through its slow looks: what was flagged against what was put up."""
    desk = SlowDesk([scene.zone()], detector)
    flagged: list[Sighting] = []
    for frame in scene.frames():
        flagged += desk.look(frame, frame.grey(GREY_WIDTH)).sightings
    wanted = scene.wanted
    found = sum(any(same_place(s.box, box) for s in flagged) for box in wanted)
    false = sum(not any(same_place(s.box, box) for box in wanted) for s in flagged)
    approved = len(scene.approvals)
    return Counter(
        {_WANTED: len(wanted), _FOUND: found, _FALSE: false, _APPROVED: approved, _FACADES: 1}
    )
