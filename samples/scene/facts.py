"""The truth beside a clip: what stands where and when, and the zone; shares of the picture."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from samples.scene.camera import Rect
from samples.scene.stage import Stage
from samples.scene.story import Actor, Story
from samples.scene.street import KERB


def zones(stage: Stage) -> dict[str, Any]:
    """The story's zone as a polygon in the picture."""
    zone = stage.story.zone
    ground = np.array([(x, y, KERB) for x, y in zone["ground"]])
    polygon = [
        [min(1.0, max(0.0, x)), min(1.0, max(0.0, y))] for x, y in stage.view.relative(ground)
    ]
    kept = {
        "name": zone["name"],
        "kind": "parking",
        "polygon": polygon,
        "dwell_seconds": zone["dwell_seconds"],
    }
    return {"zones": [kept]}


def truth(stage: Stage, polygon: list[list[float]]) -> dict[str, Any]:
    """Everything a detector, a reader or a rule could be asked about the clip."""
    story = stage.story
    return {
        "clip": story.clip,
        "fps": story.fps,
        "size": list(story.size),
        "seconds": story.seconds,
        "vehicles": [_vehicle(stage, actor, polygon) for actor in story.vehicles()],
    }


def _vehicle(stage: Stage, actor: Actor, zone: list[list[float]]) -> dict[str, Any]:
    look = actor.look
    return {
        "id": actor.id,
        "plate": look["plate"],
        "colour": look["colour"],
        "class": "car",
        "model": look["model"],
        "stands": _stands(stage, actor, zone),
        "visible": _visible(stage, actor, stage.story),
    }


def _relative(box: Rect, size: tuple[int, int]) -> list[float]:
    return [round(v / size[i % 2], 4) for i, v in enumerate(box)]


def _stands(stage: Stage, actor: Actor, zone: list[list[float]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for start, until, pose in actor.stands(stage.story.seconds):
        stage.show({actor.id: pose})
        rect = stage.box(actor.id, pose)
        if rect is None:
            continue
        box = _relative(rect, stage.story.size)
        foot = ((box[0] + box[2]) / 2, box[3])
        found.append(
            {
                "from_seconds": start,
                "until_seconds": until,
                "box": box,
                "in_zone": cv2.pointPolygonTest(np.array(zone, np.float32), foot, False) > 0,
                "plate_corners": stage.plate(actor.id),
            }
        )
    return found


def _visible(stage: Stage, actor: Actor, story: Story) -> list[float | None]:
    """First and last second with any of it in the picture; None as last if it stays."""
    seen: list[float] = []
    known: dict[tuple[float, ...], bool] = {}
    for number in range(story.frames()):
        now = number / story.fps
        pose = actor.pose(now)
        if pose is None:
            continue
        if pose.key() not in known:
            stage.show({actor.id: pose})
            known[pose.key()] = stage.box(actor.id, pose) is not None
        if known[pose.key()]:
            seen.append(now)
    if not seen:
        raise ValueError(f"{actor.id} is never in the picture")
    return [seen[0], None if seen[-1] >= story.seconds - 1.5 / story.fps else seen[-1]]
