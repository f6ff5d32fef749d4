"""Render a story into a clip, its truth and its zone.

python -m samples.scene.render demo_day
python -m samples.scene.render demo_day --preview 0,50,100 --work build/samples
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import cv2

from samples.scene.compose import Composer, states
from samples.scene.encode import encode
from samples.scene.facts import truth, zones
from samples.scene.stage import Stage
from samples.scene.story import load
from samples.scene.weather import Image, sensor

HERE = Path(__file__).resolve().parent.parent
STORIES, CLIPS = HERE / "stories", HERE / "clips"


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _pictures(files: list[Path], weather: str) -> Iterator[Image]:
    """The frames as the sensor saw them; equal files are read once in a row."""
    last: tuple[Path, Image] | None = None
    for number, path in enumerate(files):
        if last is None or last[0] != path:
            last = (path, cv2.imread(str(path), cv2.IMREAD_COLOR).astype("uint8"))
        yield sensor(last[1], weather, number)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("story", help="a name in samples/stories")
    parser.add_argument(
        "--work", type=Path, default=Path("build/samples"), help="where rendered parts are kept"
    )
    parser.add_argument(
        "--preview", default="", help="render only these frames, as PNG, and no clip"
    )
    parser.add_argument("--facts", action="store_true", help="write truth and zone only")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    story = load(STORIES / f"{asked.story}.json")
    work: Path = asked.work / story.clip
    started = time.monotonic()
    stage = Stage(story, asked.work / "textures", asked.threads)
    print(f"built in {time.monotonic() - started:.1f} s", flush=True)
    composer, plan = Composer(stage, work), states(story)
    if asked.preview:
        for number in (int(v) for v in asked.preview.split(",")):
            picture = cv2.imread(str(composer.frame(*plan[number])), cv2.IMREAD_COLOR).astype(
                "uint8"
            )
            cv2.imwrite(
                str(work / f"preview_{number:03d}.png"), sensor(picture, story.weather, number)
            )
        return
    zone = zones(stage)
    _write(CLIPS / f"{story.clip}.zones.json", zone)
    _write(CLIPS / f"{story.clip}.truth.json", truth(stage, zone["zones"][0]["polygon"]))
    if asked.facts:
        return
    files: list[Path] = []
    for number, (standing, moving) in enumerate(plan):
        files.append(composer.frame(standing, moving))
        if number % 25 == 0:
            print(f"frame {number} of {len(plan)}, {time.monotonic() - started:.0f} s", flush=True)
    target = CLIPS / f"{story.clip}.mp4"
    encode(_pictures(files, story.weather), target, story.size, story.fps, story.crf, story.fps)
    print(
        f"{target.name}: {target.stat().st_size / 1e6:.2f} MB, {time.monotonic() - started:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
