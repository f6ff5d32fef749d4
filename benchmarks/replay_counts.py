"""What `qifen replay` finds on real clips and on our own scenes, against what is really there.

    python -m benchmarks.replay_counts            # the table of the README
    python -m benchmarks.replay_counts --write    # put it into the README

Real clips lie under QIFEN_DATA; what stands in them was counted by eye. Rendered scenes carry their
truth. A vehicle is found when an event's vehicle stands at its place in its time; an event that
belongs to no standing vehicle is false.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2

import samples
from pipeline.logs import set_up_logs
from pipeline.replay import replay
from vision.geometry import box_iou

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- replay-counts:begin -->", "<!-- replay-counts:end -->"
WHOLE = [[0.005, 0.005], [0.995, 0.005], [0.995, 0.995], [0.005, 0.995]]
SAME_PLACE = 0.4
FRAMES_PER_SECOND = 7
"""Given to the real clip that comes as single pictures without times."""


@dataclass(frozen=True)
class Standing:
    """One vehicle that stands longer than the dwell: its box in 0..1, and from when to when."""

    box: tuple[float, float, float, float]
    from_seconds: float
    until_seconds: float | None = None


@dataclass(frozen=True)
class Case:
    name: str
    video: Path
    zones: dict[str, Any]
    standing: Sequence[Standing]
    passing: str
    """What else is seen, in words; none of it may be flagged."""


@dataclass(frozen=True)
class Count:
    case: Case
    found: int
    false: int

    @property
    def good(self) -> bool:
        return self.found == len(self.case.standing) and self.false == 0


def zone(polygon: Sequence[Sequence[float]], dwell_seconds: float) -> dict[str, Any]:
    """A zones.json with one parking zone."""
    shape = {"name": "zone", "kind": "parking", "polygon": polygon, "dwell_seconds": dwell_seconds}
    return {"zones": [shape]}


def real_cases(data: Path, scratch: Path) -> Iterator[Case]:
    """The real clips. `scratch` takes the one that has to be joined from single pictures."""
    video = data / "video"
    road = next(video.glob("ahmetozlu*.mp4"))
    yield Case(
        "real: suburban road, 38 s, whole picture",
        road,
        zone(WHOLE, 10),
        [
            Standing((0.421, 0.312, 0.479, 0.366), 0, 18),  # a signpost stands before it
            Standing((0.493, 0.338, 0.550, 0.416), 0, 18),
            Standing((0.559, 0.377, 0.656, 0.467), 0, 20),
            Standing((0.935, 0.421, 1.0, 0.534), 0),
        ],
        "others drive by",
    )
    park = next(video.glob("intel*.mp4"))
    yield Case("real: car park from above, 30 s, whole picture", park, zone(WHOLE, 10), [],
               "cars drive through")  # fmt: skip
    motorway = next(video.glob("andrewssobral*.avi"))
    yield Case("real: motorway, 30 s, whole picture", motorway, zone(WHOLE, 5), [],
               "dense traffic")  # fmt: skip
    near = [[0.005, 0.46], [0.995, 0.46], [0.995, 0.995], [0.005, 0.995]]
    joined = _joined(video / "opendatacam_frames", scratch)
    yield Case("real: city junction, 21 s, road in the near half", joined, zone(near, 5), [],
               "dense traffic, slowly rolling")  # fmt: skip


def rendered_cases() -> Iterator[Case]:
    """Our own scenes, with the truth that was rendered with them."""
    for name in samples.clip_names():
        truth = samples.truth(name)
        zones = json.loads(samples.zones_path(name).read_text(encoding="utf-8"))
        dwell = float(zones["zones"][0]["dwell_seconds"])
        standing = [
            Standing(tuple(stand["box"]), stand["from_seconds"], stand["until_seconds"])  # type: ignore[arg-type]
            for vehicle in truth["vehicles"]
            for stand in vehicle["stands"]
            if stand["in_zone"]
            and (stand["until_seconds"] or truth["seconds"]) - stand["from_seconds"] > dwell
        ]
        others = len(truth["vehicles"]) - len(standing)
        yield Case(f"rendered: {name}, {truth['seconds']:.0f} s", samples.clip_path(name), zones,
                   standing, f"{others} pass or stop briefly")  # fmt: skip


def _joined(folder: Path, scratch: Path) -> Path:
    """The numbered pictures of `folder` as one clip."""
    path = scratch / "junction.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
        for number, file in enumerate(sorted(folder.glob("*.jpg"))):
            picture = cv2.imread(str(file))
            if picture is None:
                raise SystemExit(f"{file} is not a picture")
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            if number == 0:
                stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv420p"
            frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def count(case: Case) -> Count:
    """Replay one clip and match its events to what stands there, each vehicle once."""
    open_ones = list(case.standing)
    false = 0
    for event in replay(case.video, case.zones):
        match = next((s for s in open_ones if _is(event, s)), None)
        if match is None:
            false += 1
        else:
            open_ones.remove(match)
    return Count(case, len(case.standing) - len(open_ones), false)


def _is(event: dict[str, Any], standing: Standing) -> bool:
    until = standing.until_seconds
    in_time = event["flagged_at"] >= standing.from_seconds and (
        until is None or event["first_seen"] < until
    )
    return in_time and box_iou(tuple(event["box"]), standing.box) >= SAME_PLACE


def table(counts: Sequence[Count]) -> str:
    lines = [
        "| clip | stand longer than the dwell | found | flagged though they do not | what else is seen |",  # noqa: E501
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {c.case.name} | {len(c.case.standing)} | {c.found} | {c.false} | {c.case.passing} |"
        for c in counts
    ]
    return "\n".join(lines)


def all_counts(data: Path) -> list[Count]:
    with tempfile.TemporaryDirectory() as scratch:
        counts: list[Count] = []
        for case in [*real_cases(data, Path(scratch)), *rendered_cases()]:
            sys.stderr.write(f"replaying {case.name} ...\n")
            counts.append(count(case))
        return counts


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write the table into the README")
    asked = parser.parse_args()
    data = Path(os.environ.get("QIFEN_DATA", ROOT.parent / "shared" / "data"))
    if not (data / "video").is_dir():
        raise SystemExit("no real clips: set QIFEN_DATA to the folder that holds them")
    set_up_logs("warning")
    counts = all_counts(data)
    print(table(counts))
    if asked.write:
        readme = ROOT / "README.md"
        text = readme.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        readme.write_text(
            f"{before}{BEGIN}\n{table(counts)}\n{END}{rest.split(END)[1]}", encoding="utf-8"
        )
    sys.exit(0 if all(c.good for c in counts) else 1)


if __name__ == "__main__":
    main()
