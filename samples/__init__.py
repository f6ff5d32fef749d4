"""A small city to try Qifen on: rendered camera clips with the truth and the zone of each.

    >>> from samples import clip_names, truth
    >>> sorted(clip_names())[0]
    'demo_day'
    >>> truth("demo_day")["fps"]
    5

Every clip is drawn by `samples.scene` from a story in `samples/stories`; no picture, plate or
person in it is real.
"""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from pathlib import Path
from typing import TypedDict

__all__ = ["Stand", "Truth", "Vehicle", "clip_names", "clip_path", "truth", "zones_path"]


class Stand(TypedDict):
    """One time a vehicle stands; places are shares of the picture.

    `until_seconds` is None where it stands to the end; `box` is (x1, y1, x2, y2); the plate's
    corners go clockwise from the upper left.
    """

    from_seconds: float
    until_seconds: float | None
    box: list[float]
    in_zone: bool
    plate_corners: list[list[float]]


Vehicle = TypedDict(
    "Vehicle",
    {
        "id": str,
        "plate": str,
        "colour": str,
        "class": str,
        "model": str,
        "stands": list[Stand],
        "visible": list[float | None],
    },
)
"""One vehicle of a clip, written so because `class` is a word of Python.

`visible`: first and last second in the picture; the last is None if it stays to the end.
"""


class Truth(TypedDict):
    """What happens in a clip."""

    clip: str
    fps: int
    size: list[int]
    seconds: float
    vehicles: list[Vehicle]


def clip_names() -> list[str]:
    """The names of all clips, in order."""
    return sorted(
        f.name.removesuffix(".mp4")
        for f in (files(__name__) / "clips").iterdir()
        if f.name.endswith(".mp4")
    )


def _path(name: str, ending: str) -> Path:
    """A file of the clip `name` on disk; the package is always installed unpacked."""
    if name not in clip_names():
        raise KeyError(f"no clip is called {name!r}; there are {', '.join(clip_names())}")
    with as_file(files(__name__) / "clips" / f"{name}{ending}") as path:
        return path


def clip_path(name: str) -> Path:
    """The H.264 file of the clip `name`; KeyError if there is none."""
    return _path(name, ".mp4")


def zones_path(name: str) -> Path:
    """The zones file that belongs to the clip `name`."""
    return _path(name, ".zones.json")


def truth(name: str) -> Truth:
    """What happens in the clip `name`: who stands where from when to when."""
    found: Truth = json.loads(_path(name, ".truth.json").read_text("utf-8"))
    return found
