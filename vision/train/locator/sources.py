"""What training pictures are made of: labelled photographs, facades, a junction with vehicles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from vision.picture import load_picture
from vision.plates.rectify import Quad
from vision.train.locator.labels import missing, photographs
from vision.types import Image

_LONGEST: Final = 640
"""Facades and street pictures are kept no larger: what is cut from them is a few hundred wide."""


_STREETS: Final = {
    False: ("train/facades", "train/junction"),
    True: ("posters/facades", "video/opendatacam_frames"),
}
"""Under QIFEN_DATA, by whether training never sees them."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A picture in halving sizes, with the plates known in it."""

    sizes: tuple[Image, ...]
    """The picture itself, then halved again and again."""
    quads: tuple[Quad, ...] = ()
    """In pixels of the first size."""

    def at(self, scale: float) -> tuple[Image, float]:
        """The size that is best shrunk by `scale` of the first, and how much it is shrunk by."""
        level = 0
        while level + 1 < len(self.sizes) and scale * 2 ** (level + 1) <= 1.0:
            level += 1
        return self.sizes[level], 0.5**level


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """All of it, in memory."""

    photographs: tuple[Source, ...]
    """Each with at least one labelled plate; the half that training may see."""
    backgrounds: tuple[Source, ...]
    """Without a legible plate."""


def load_sources(data: Path, *, unseen: bool = False) -> Sources:
    """Reads the pictures under `data` (QIFEN_DATA); takes some seconds and 600 MB.

    With `unseen` the photographs and streets that training never sees, to measure on. Raises
    BadWeights where a folder is missing.
    """
    labelled = tuple(
        _source(load_picture(photo.path), tuple(plate.quad for plate in photo.plates))
        for photo in photographs(data, unseen=unseen)
    )
    files = [file for folder in _STREETS[unseen] for file in _pictures(data / folder)]
    return Sources(labelled, tuple(_source(_shrunk(load_picture(file))) for file in files))


def _pictures(folder: Path) -> Iterable[Path]:
    found = sorted(folder.glob("*.jpg"))
    if not found:
        raise missing(f"{folder.parent.name}/{folder.name}")
    return found


def _shrunk(picture: Image) -> Image:
    scale = _LONGEST / max(picture.shape[:2])
    if scale >= 1.0:
        return picture
    return np.asarray(
        cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
    )


def _source(picture: Image, quads: tuple[Quad, ...] = ()) -> Source:
    sizes = [picture]
    while min(sizes[-1].shape[:2]) >= 160:
        height, width = sizes[-1].shape[:2]
        half = cv2.resize(sizes[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        sizes.append(np.asarray(half, np.uint8))
    return Source(tuple(sizes), quads)
