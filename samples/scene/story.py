"""Stories as data: what the camera sees, who drives where and when. No Blender here.

A story is a JSON file in `samples/stories`. Metres and degrees on the ground, seconds in time; a
heading of 0 looks along +Y, 90 along +X. A vehicle's `course` is a list of moves in time; between
two moves it stands where the first one ended, and after the last one it stands to the end if
`remains` is true.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

WHEELBASE: Final = 2.66
TICK: Final = 1e-6


@dataclass(frozen=True)
class Pose:
    """Where something is: middle on the ground (metres), heading and front wheels (degrees).

    `rolled` is metres since the move began (wheels turn, legs stride); `driving` cars have their
    lamps on at night, parked ones do not. `lift` is metres above the ground, on another's bed.
    """

    x: float
    y: float
    heading: float
    steer: float = 0.0
    rolled: float = 0.0
    driving: bool = True
    lift: float = 0.0

    def key(self) -> tuple[float, ...]:
        """Poses with equal keys are one pose."""
        place = (self.x, self.y, self.heading, self.steer, self.rolled)
        return tuple(round(v, 4) for v in ((*place, self.lift) if self.lift else place))


@dataclass(frozen=True)
class Move:
    """A move between two moments: `line`, `turn_in` to a place over the kerb, or `shift`."""

    kind: str
    start: float
    end: float
    ease: str
    data: dict[str, Any]

    def pose(self, now: float) -> Pose:
        """The pose at `now` seconds; with a `step`, the last one that fell on a step."""
        step = self.data.get("step")
        if step and now < self.end - TICK:
            now = self.start + math.floor((now - self.start) / step + TICK) * step
        share = min(1.0, max(0.0, (now - self.start) / (self.end - self.start)))
        share = _EASES[self.ease](share)
        return _PATHS[self.kind](self.data, share)


def _line(data: dict[str, Any], share: float) -> Pose:
    (x0, y0), (x1, y1) = data["from"], data["to"]
    heading = data.get("heading", math.degrees(math.atan2(x1 - x0, y1 - y0)))
    rolled = math.dist((x0, y0), (x1, y1)) * share
    return Pose(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, heading, 0.0, rolled)


def _shift(data: dict[str, Any], share: float) -> Pose:
    """Along +Y with a smooth change of x: drawing in to the kerb or away from it."""
    (x0, y0), (x1, y1) = data["from"], data["to"]
    smooth = share * share * (3 - 2 * share)
    slope = 6 * share * (1 - share) * (x1 - x0) / (y1 - y0)
    heading = math.degrees(math.atan(slope)) + (0 if y1 > y0 else 180)
    return Pose(x0 + (x1 - x0) * smooth, y0 + (y1 - y0) * share, heading, 0.0, abs(y1 - y0) * share)


def _turn_in(data: dict[str, Any], share: float) -> Pose:
    """Along the lane, an arc to the right, straight into the place; `back`: the same backwards.

    The rear axle follows the path; the body points along it, as a car's does.
    """
    share = 1 - share if data.get("back") else share
    lane, radius, run = data["lane"], data["radius"], data["run"]
    final, half = math.radians(data["heading"]), WHEELBASE / 2
    goal_x, goal_y = (
        data["place"][0] - half * math.sin(final),
        data["place"][1] - half * math.cos(final),
    )
    arc_x, arc = lane + radius * (1 - math.cos(final)), radius * final
    last = max(0.0, goal_x - arc_x) / math.sin(final)
    turn_y = goal_y - last * math.cos(final) - radius * math.sin(final)
    at = share * (run + arc + last)
    if at < run:
        x, y, ahead, steer = lane, turn_y - run + at, 0.0, 0.0
    elif at < run + arc:
        ahead = (at - run) / radius
        x, y = lane + radius * (1 - math.cos(ahead)), turn_y + radius * math.sin(ahead)
        steer = math.degrees(math.atan(WHEELBASE / radius)) * 0.8
    else:
        rest = at - run - arc
        x, y = (
            arc_x + rest * math.sin(final),
            turn_y + radius * math.sin(final) + rest * math.cos(final),
        )
        ahead, steer = final, 0.0
    return Pose(
        x + half * math.sin(ahead), y + half * math.cos(ahead), math.degrees(ahead), steer, at
    )


_PATHS: Final = {"line": _line, "shift": _shift, "turn_in": _turn_in}
_EASES: Final = {
    "even": lambda s: s,
    "slow_down": lambda s: 1 - (1 - s) ** 1.7,
    "speed_up": lambda s: s**1.7,
    "both": lambda s: s * s * (3 - 2 * s),
}  # type: dict[str, Any]


@dataclass(frozen=True)
class Actor:
    """Anything that moves or stands: a vehicle with a plate, or a person without."""

    id: str
    look: dict[str, Any]
    course: tuple[Move, ...]
    remains: bool

    @property
    def is_vehicle(self) -> bool:
        """People have no plate."""
        return "plate" in self.look

    def pose(self, now: float) -> Pose | None:
        """The pose at `now`, or None before the first move and after the last."""
        if now < self.course[0].start - TICK:
            return None
        current = [m for m in self.course if m.start <= now + TICK][-1]
        if now > current.end + TICK and current is self.course[-1] and not self.remains:
            return None
        return replace(current.pose(now), driving=now < current.end - TICK)

    def stands(self, seconds: float) -> list[tuple[float, float | None, Pose]]:
        """(from, until, pose) for each time it stands; until is None at the clip's end."""
        found: list[tuple[float, float | None, Pose]] = []
        for move, following in zip(self.course, [*self.course[1:], None], strict=True):
            until = following.start if following else None
            if following is None and not self.remains:
                continue
            if (until or seconds) - move.end > 1.0:
                found.append((move.end, until, replace(move.pose(move.end), driving=False)))
        return found

    def still(self, now: float) -> bool:
        """Is it standing at `now`, for longer than a moment?"""
        return any(a - TICK <= now < (b or math.inf) - TICK for a, b, _ in self.stands(math.inf))


@dataclass(frozen=True)
class Street:
    """Widths in metres; `tactile` is the x of the tactile paving."""

    pavement: float
    road: float
    tactile: float


@dataclass(frozen=True)
class Story:
    """One clip before it is rendered."""

    clip: str
    size: tuple[int, int]
    fps: int
    seconds: float
    weather: str
    samples: int
    crf: int
    sun: tuple[float, float]
    street: Street
    camera: dict[str, Any]
    zone: dict[str, Any]
    actors: tuple[Actor, ...]
    bystanders: tuple[dict[str, Any], ...]

    def frames(self) -> int:
        """How many pictures the clip has."""
        return round(self.seconds * self.fps)

    def vehicles(self) -> list[Actor]:
        """The actors with a plate."""
        return [a for a in self.actors if a.is_vehicle]


def _actor(raw: dict[str, Any]) -> Actor:
    moves = [
        Move(m["move"], m["start"], m["end"], m.get("ease", "even"), dict(m)) for m in raw["course"]
    ]
    look = {k: v for k, v in raw.items() if k not in ("id", "course", "remains")}
    return Actor(raw["id"], look, tuple(moves), raw.get("remains", False))


def load(path: Path) -> Story:
    """Read a story file."""
    raw = json.loads(path.read_text("utf-8"))
    return Story(
        clip=path.stem,
        size=(raw["size"][0], raw["size"][1]),
        fps=raw["fps"],
        seconds=raw["seconds"],
        weather=raw["weather"],
        samples=raw["samples"],
        crf=raw["crf"],
        sun=(raw["sun"][0], raw["sun"][1]),
        street=Street(**raw["street"]),
        camera=raw["camera"],
        zone=raw["zone"],
        actors=tuple(_actor(v) for v in [*raw["vehicles"], *raw.get("walkers", [])]),
        bystanders=tuple(raw.get("bystanders", [])),
    )
