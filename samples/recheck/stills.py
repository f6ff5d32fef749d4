"""The stills of the second look and what is true of them. Needs no Blender.

`truth.json` is written by `samples.scene.render_states`: for each still the rectangle that it
changes of the empty street (pixels), and box and plate corners of every vehicle (0..1).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property, lru_cache
from importlib.resources import as_file, files
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
_FEATHER = 5
"""Pixels over which a still fades into the empty street, where it does not end at the edge."""


class Stills:
    """Pictures of one street, without grain and rain, by light and state; read once each."""

    @cached_property
    def truth(self) -> Mapping[str, Any]:
        """The whole of truth.json."""
        return cast("Mapping[str, Any]", json.loads(_folder_file("truth.json").decode("utf-8")))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of every picture in pixels."""
        width, height = self.truth["size"]
        return width, height

    @property
    def zone(self) -> Mapping[str, Any]:
        """The parking zone as in a zones.json."""
        return cast("Mapping[str, Any]", self.truth["zone"])

    def plate(self, vehicle: str) -> str:
        return str(self.truth["plates"][vehicle])

    def box(self, light: str, state: str, vehicle: str) -> tuple[float, float, float, float]:
        """Where a vehicle is, hidden parts included, in 0..1."""
        x1, y1, x2, y2 = self._still(light, state)["vehicles"][vehicle]["box"]
        return x1, y1, x2, y2

    def has(self, light: str, state: str) -> bool:
        return f"{light}_{state}" in self.truth["stills"]

    def picture(self, light: str, state: str) -> Image:
        """The still whole (height x width x 3, BGR). Raises KeyError if it was not rendered."""
        return _picture(self, light, state)

    def _still(self, light: str, state: str) -> Mapping[str, Any]:
        name = f"{light}_{state}"
        if name not in self.truth["stills"]:
            raise KeyError(f"no still is called {name!r}")
        return cast("Mapping[str, Any]", self.truth["stills"][name])

    def compose(self, light: str, state: str) -> Image:
        """As `picture`, made anew."""
        rect = self._still(light, state)["rect"]
        if rect is None:
            return _read(f"{light}_{state}")
        whole = self.picture(light, "empty").copy()
        _lay(whole, _read(f"{light}_{state}"), rect)
        return whole


@lru_cache(maxsize=80)
def _picture(stills: Stills, light: str, state: str) -> Image:
    picture = stills.compose(light, state)
    picture.flags.writeable = False
    return picture


def _folder_file(name: str) -> bytes:
    with as_file(files("samples.recheck") / name) as path:
        return path.read_bytes()


def _read(name: str) -> Image:
    data = np.frombuffer(_folder_file(f"pictures/{name}.jpg"), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{name}.jpg is not a picture")
    return np.asarray(picture, np.uint8)


def _lay(whole: Image, part: Image, rect: list[int]) -> None:
    """Lay `part` over `whole` at `rect`, fading at every side but the picture's own edge."""
    x1, y1, x2, y2 = rect
    height, width = whole.shape[:2]
    mask = np.zeros(part.shape[:2], np.float32)
    top, left = _FEATHER * (y1 > 0), _FEATHER * (x1 > 0)
    foot = part.shape[0] - _FEATHER * (y2 < height)
    right = part.shape[1] - _FEATHER * (x2 < width)
    mask[top:foot, left:right] = 1
    mask = cv2.GaussianBlur(mask, (0, 0), 2, borderType=cv2.BORDER_REPLICATE)[..., None]
    under = whole[y1:y2, x1:x2]
    under[:] = np.rint(under * (1 - mask) + part * mask).astype(np.uint8)
