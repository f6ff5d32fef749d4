"""The clips are what their truth says they are."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction

import av
import pytest
from shapely.geometry import Point, Polygon

import samples
from samples.scene.check import COCO_SCORE, COCO_SHARE, check_clip
from samples.scene.detectors import COCO, Detector, data_folder

NAMES = samples.clip_names()
DEMO_BYTES, ALL_BYTES = 6_500_000, 12_500_000
MARGIN = 0.01  # a foot this close to the zone's edge (share of the picture) would be a toss-up


def _zone(name: str) -> tuple[Polygon, dict[str, object]]:
    found = json.loads(samples.zones_path(name).read_text("utf-8"))
    assert list(found) == ["zones"]
    assert len(found["zones"]) == 1
    return Polygon(found["zones"][0]["polygon"]), found["zones"][0]


def test_the_four_clips_are_there():
    assert NAMES == ["demo_day", "pass_day", "stay_night", "stay_rain"]


def test_an_unknown_clip_is_named_in_the_error():
    with pytest.raises(KeyError, match="no clip is called 'nowhere'; there are demo_day"):
        samples.clip_path("nowhere")


@pytest.mark.parametrize("name", NAMES)
def test_the_truth_matches_the_clip(name: str):
    truth = samples.truth(name)
    with av.open(str(samples.clip_path(name))) as container:
        stream = container.streams.video[0]
        times = [float(f.time or 0) for f in container.decode(stream)]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert [stream.width, stream.height] == truth["size"]
        assert stream.average_rate == Fraction(truth["fps"])
    assert truth["clip"] == name
    assert len(times) == truth["seconds"] * truth["fps"]


@pytest.mark.parametrize("name", NAMES)
def test_a_keyframe_comes_every_second(name: str):
    with av.open(str(samples.clip_path(name))) as container:
        packets = [p for p in container.demux(video=0) if p.pts is not None]
        keys = [float(p.pts * p.time_base) for p in packets if p.is_keyframe]
    gaps = [b - a for a, b in itertools.pairwise(sorted(keys))]
    assert max(gaps) <= 1.01
    assert min(keys) == 0


def test_the_clips_stay_small():
    sizes = {name: samples.clip_path(name).stat().st_size for name in NAMES}
    assert sizes["demo_day"] <= DEMO_BYTES
    assert sum(sizes.values()) <= ALL_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_the_zone_is_a_polygon_in_the_picture(name: str):
    polygon, zone = _zone(name)
    assert polygon.is_valid
    assert polygon.area > 0.02
    assert all(0 <= v <= 1 for point in polygon.exterior.coords for v in point)
    assert set(zone) == {"name", "kind", "polygon", "dwell_seconds"}
    assert zone["kind"] == "parking"


@pytest.mark.parametrize("name", NAMES)
def test_standing_vehicles_stand_in_the_zone_with_a_margin(name: str):
    polygon, _ = _zone(name)
    for vehicle in samples.truth(name)["vehicles"]:
        for stand in vehicle["stands"]:
            x1, y1, x2, y2 = stand["box"]
            assert 0 <= x1 < x2 <= 1
            assert 0 <= y1 < y2 <= 1
            foot = Point((x1 + x2) / 2, y2)
            assert polygon.contains(foot) == stand["in_zone"]
            assert polygon.exterior.distance(foot) > MARGIN


@pytest.mark.parametrize("name", NAMES)
def test_the_plate_lies_in_the_box_and_is_wide_enough_to_read(name: str):
    truth = samples.truth(name)
    least = 88 if name == "demo_day" else 74
    for vehicle in truth["vehicles"]:
        for stand in vehicle["stands"]:
            x1, y1, x2, y2 = stand["box"]
            corners = stand["plate_corners"]
            assert all(x1 <= x <= x2 and y1 <= y <= y2 for x, y in corners)
            assert (corners[1][0] - corners[0][0]) * truth["size"][0] >= least


def test_every_plate_of_the_demo_is_its_own():
    plates = [v["plate"] for v in samples.truth("demo_day")["vehicles"]]
    assert len(plates) == len(set(plates))
    standing = {v["id"]: v for v in samples.truth("demo_day")["vehicles"] if v["stands"]}
    assert set(standing) == {"A", "B", "C", "D"}
    looks = {(standing[i]["model"], standing[i]["colour"]) for i in "CD"}
    assert len(looks) == 1, "D takes C's place and looks like it; only the plate tells them apart"


def test_nobody_stays_past_the_dwell_in_the_clip_of_passing_cars():
    _, zone = _zone("pass_day")
    stands = [s for v in samples.truth("pass_day")["vehicles"] for s in v["stands"]]
    assert [s["in_zone"] for s in stands] == [True]
    assert all(
        (s["until_seconds"] or 99) - s["from_seconds"] < zone["dwell_seconds"] for s in stands
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.skipif(
    not (data_folder() / "weights" / COCO.file).exists(), reason="needs the weights of QIFEN_DATA"
)
def test_a_detector_that_never_saw_our_renders_finds_the_vehicles(name: str):
    for stand in check_clip(name, Detector(COCO, data_folder()), None, every=2):
        found = sum(score >= COCO_SCORE for score in stand.coco)
        assert found >= COCO_SHARE * len(stand.coco), stand.line()
