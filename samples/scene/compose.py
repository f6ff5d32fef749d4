"""Pictures of states, each rendered once: background, standing cars, moving ones on top.

A fixed camera sees the same street all day. So the empty street is rendered whole, once; every car
that
comes to stand only its own rectangle, once; and a moving car only the rectangle it changes. Each
rectangle
is rendered with everything in place that is in the state, so neighbours, shadows and what hides
what are right.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from samples.scene.camera import Rect, merge
from samples.scene.stage import Stage, State
from samples.scene.story import Pose, Story
from samples.scene.weather import Image

FEATHER: Final = 5


def states(story: Story) -> list[tuple[dict[str, Pose], dict[str, Pose]]]:
    """(standing, moving) for every frame."""
    out: list[tuple[dict[str, Pose], dict[str, Pose]]] = []
    for number in range(story.frames()):
        now = number / story.fps
        standing: dict[str, Pose] = {}
        moving: dict[str, Pose] = {}
        for actor in story.actors:
            pose = actor.pose(now)
            if pose is not None:
                (standing if actor.still(now) else moving)[actor.id] = pose
        out.append((standing, moving))
    return out


def _key(state: State) -> str:
    text = ";".join(f"{name}{state[name].key()}" for name in sorted(state))
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else "empty"


class Composer:
    """Renders states into `folder` and keeps them: a broken run goes on where it stopped."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def frame(self, standing: State, moving: State) -> Path:
        """The file of the picture that shows `standing` and `moving`."""
        if not moving:
            return self._standing(standing)
        path = self.folder / f"{_key({**standing, **moving})}.png"
        if not path.exists():
            self._paste(self._standing(standing), {**standing, **moving}, moving, path)
        return path

    def _standing(self, standing: State) -> Path:
        """Standing cars come one by one onto the empty street, always in the same order."""
        path = self.folder / f"{_key(standing)}.png"
        if path.exists():
            return path
        if not standing:
            self.stage.show({})
            self.stage.render(path, None)
            return path
        last = max(standing)
        below = self._standing({k: v for k, v in standing.items() if k != last})
        self._paste(below, standing, [last], path)
        return path

    def _paste(self, base: Path, state: State, changed: Iterable[str], path: Path) -> None:
        """Render what `changed` touches in `state` and lay it over `base`."""
        started = time.monotonic()
        self.stage.show(state)
        rects = [r for r in (self.stage.rect(name, state[name]) for name in changed) if r]
        picture = _read(base)
        for number, rect in enumerate(merge(rects)):
            part = path.with_suffix(f".part{number}.png")
            self.stage.render(part, rect)
            _lay(picture, _read(part), rect)
            part.unlink()
        cv2.imwrite(str(path), picture)
        print(f"{path.stem}  {sorted(changed)}  {time.monotonic() - started:.1f} s", flush=True)


def _read(path: Path) -> Image:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise FileNotFoundError(path)
    return picture.astype(np.uint8)


def _lay(picture: Image, part: Image, rect: Rect) -> None:
    """Lay `part` over `picture` at `rect`, fading at every side but the picture's own edge."""
    x0, y0, x1, y1 = rect
    height, width = picture.shape[:2]
    part = part[: y1 - y0, : x1 - x0]
    mask = np.zeros(part.shape[:2], np.float32)
    top, left = FEATHER * (y0 > 0), FEATHER * (x0 > 0)
    foot, right = part.shape[0] - FEATHER * (y1 < height), part.shape[1] - FEATHER * (x1 < width)
    mask[top:foot, left:right] = 1
    mask = cv2.GaussianBlur(mask, (0, 0), 2, borderType=cv2.BORDER_REPLICATE)[..., None]
    under = picture[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]]
    under[:] = np.rint(under * (1 - mask) + part * mask).astype(np.uint8)
