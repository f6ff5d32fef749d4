"""Render the stills of the second look: one street, its states, its lights.

python -m samples.scene.render_states                 # all that are not there yet
python -m samples.scene.render_states day --only bus  # one light, states with "bus" in the name

A state is kept as the rectangle that it changes of the empty street, as the lens saw it but without
rain and grain: these come in time, when the scene is played (`samples.recheck.film`).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from samples.scene.camera import Rect
from samples.scene.facts import zones
from samples.scene.stage import Stage
from samples.scene.story import Actor, Pose, Story, Street
from samples.scene.street import KERB
from samples.scene.weather import Image, exposed

HERE = Path(__file__).resolve().parent.parent / "recheck"
QUALITY = 93
CAR_HEIGHT = 1.55
"""Metres: a bay is drawn around the cars that stand in it, as a person with a mouse does."""
MARGIN = 0.015


def story_of(raw: dict[str, Any], weather: str) -> Story:
    """The street under one light; nobody in it moves."""
    actors = tuple(
        Actor(a["id"], {k: v for k, v in a.items() if k != "id"}, (), remains=True)
        for a in raw["actors"]
    )
    return Story(
        clip="recheck", size=tuple(raw["size"]), fps=1, seconds=1, weather=weather,
        samples=raw["samples"], crf=0, sun=tuple(raw["sun"]), street=Street(**raw["street"]),
        camera=raw["camera"], zone=raw["zone"], actors=actors, bystanders=(),
    )  # fmt: skip


def pose_of(values: list[Any]) -> Pose:
    """x, y, heading, "driving" or nothing, metres above the ground."""
    x, y, heading, *more = values
    return Pose(x, y, heading, driving="driving" in more, lift=more[1] if len(more) > 1 else 0.0)


def bay_polygon(stage: Stage, bay: list[float]) -> list[list[float]]:
    """The rectangle of the picture that a car in the bay covers, with a margin: a car stands in a
    bay if the whole of it is seen inside (L32), so this is how a bay is drawn."""
    x0, y0, x1, y1 = bay
    corners = [(x, y, z) for x in (x0, x1) for y in (y0, y1) for z in (KERB, KERB + CAR_HEIGHT)]
    points = np.array(stage.view.relative(np.array(corners)))
    (left, top), (right, foot) = points.min(axis=0), points.max(axis=0)
    box = (left - MARGIN, top - MARGIN, right + MARGIN, foot + MARGIN)
    x1, y1, x2, y2 = (round(float(min(1.0, max(0.0, v))), 4) for v in box)
    return [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]


def _changed(stage: Stage, state: dict[str, Pose]) -> Rect:
    """The rectangle around all that the state changes."""
    rects = [r for name in state if (r := stage.rect(name, state[name])) is not None]
    lows, highs = zip(*((r[:2], r[2:]) for r in rects), strict=True)
    (x0, y0), (x1, y1) = np.min(lows, axis=0), np.max(highs, axis=0)
    return int(x0), int(y0), int(x1), int(y1)


def _facts(stage: Stage, state: dict[str, Pose]) -> dict[str, Any]:
    """Box and plate of every vehicle, as shares of the picture."""
    width, height = stage.story.size
    found: dict[str, Any] = {}
    for name, pose in state.items():
        box = stage.box(name, pose)
        if name in stage.cars and box is not None:
            relative = [round(v / (width, height)[i % 2], 4) for i, v in enumerate(box)]
            found[name] = {"box": relative, "plate_corners": stage.plate(name)}
    return found


def _save(picture: Image, weather: str, path: Path) -> None:
    seen = exposed(picture, weather).clip(0, 255).astype(np.uint8)
    cv2.imwrite(str(path), seen, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def _render(stage: Stage, weather: str, name: str, state: dict[str, Pose]) -> dict[str, Any]:
    """One still into its file; what is known of it."""
    target = HERE / "pictures" / f"{weather}_{name}.jpg"
    stage.show(state)
    rect = _changed(stage, state) if state else None
    if not target.exists():
        started = time.monotonic()
        raw = target.with_suffix(".png")
        stage.render(raw, rect)
        picture = cv2.imread(str(raw), cv2.IMREAD_COLOR)
        assert picture is not None  # noqa: S101
        if rect is not None:
            picture = picture[: rect[3] - rect[1], : rect[2] - rect[0]]
        _save(picture.astype(np.uint8), weather, target)
        raw.unlink()
        print(f"{target.name}  {rect}  {time.monotonic() - started:.1f} s", flush=True)
    return {"rect": list(rect) if rect else None, "vehicles": _facts(stage, state)}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weathers", nargs="*", help="lights to render; all by default")
    parser.add_argument("--only", default="", help="only states with this in their name")
    parser.add_argument("--work", type=Path, default=Path("build/samples"))
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    raw = json.loads((HERE / "street.json").read_text("utf-8"))
    truth_file = HERE / "truth.json"
    truth: dict[str, Any] = (
        json.loads(truth_file.read_text("utf-8")) if truth_file.exists() else {"stills": {}}
    )
    truth["size"] = raw["size"]
    plates = {a["id"]: a["plate"] for a in raw["actors"] if "plate" in a}
    truth["plates"] = plates
    for weather, wanted in raw["weathers"].items():
        if asked.weathers and weather not in asked.weathers:
            continue
        stage = Stage(story_of(raw, weather), asked.work / "textures", asked.threads)
        if "zone" not in truth or weather == "day":
            zone = zones(stage)["zones"][0]
            zone["bays"] = [bay_polygon(stage, bay) for bay in raw["zone"]["bays"]]
            truth["zone"] = zone
        # By day a lamp changes nothing.
        every = [name for name in raw["states"] if not name.endswith("_lights")]
        names = every if wanted == ["*"] else wanted
        for name in ["empty", *names]:
            if asked.only in name or name == "empty":
                state = {k: pose_of(v) for k, v in raw["states"].get(name, {}).items()}
                truth["stills"][f"{weather}_{name}"] = _render(stage, weather, name, state)
                text = json.dumps(truth, ensure_ascii=False, indent=1)
                truth_file.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
