"""Composes training pictures without end: place, adverts, laundry, look-alikes, weather, crop.

The n-th picture of a run depends on the seed and n alone, so a run can go on where it ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.errors import BadWeights
from vision.train.street import weather
from vision.train.street.adverts import put_up
from vision.train.street.distract import distract
from vision.train.street.garments import CutOut, held_back
from vision.train.street.hang import hang
from vision.train.street.paste import Box, Picture, covered

HANGING, ADVERT = 0, 1
"""Places among the classes of the branch."""
ADVERT_LABELS = frozenset({1, 3, 4})
"""cantilever, signboard and win_ad of the facade data set."""

VALIDATION_SHARE = 0.08
TEST_SHARE = 0.08
"""Of the training facades: kept for choosing (validation), and never looked at (test)."""


@dataclass(slots=True)
class Scene:
    """A picture with its boxes in pixels. whole: False where adverts may stand unlabelled."""

    picture: Picture
    boxes: list[Box] = field(default_factory=list[Box])
    classes: list[int] = field(default_factory=list[int])
    whole: bool = True

    def cover(self, box: Box, share: float = 0.5) -> None:
        """Forgets what now lies mostly behind `box`."""
        seen = [covered(other, box) < share for other in self.boxes]
        self.boxes = [other for other, kept in zip(self.boxes, seen, strict=True) if kept]
        self.classes = [other for other, kept in zip(self.classes, seen, strict=True) if kept]

    def of(self, kind: int) -> list[Box]:
        """The boxes of one class."""
        return [box for box, other in zip(self.boxes, self.classes, strict=True) if other == kind]

    def add(self, box: Box, kind: int) -> None:
        self.boxes.append(box)
        self.classes.append(kind)


@dataclass(frozen=True, slots=True)
class Places:
    """Where scenes are set. facades: labelled pictures; streets: pictures with unknown adverts."""

    facades: tuple[Path, ...]
    streets: tuple[Path, ...] = ()


def split_facades(folder: Path) -> tuple[list[Path], list[Path], list[Path]]:
    """Training, validation and test facades of `folder`, split by a hash of the name.

    Raises BadWeights where there are none.
    """
    paths = sorted(folder.glob("*.jpg"))
    if not paths:
        raise BadWeights(f"there are no facades in {folder}", hint="set QIFEN_DATA")
    chosen = [path for path in paths if held_back(path.name, VALIDATION_SHARE, "choose")]
    rest = [path for path in paths if path not in set(chosen)]
    tested = [path for path in rest if held_back(path.name, TEST_SHARE, "test")]
    return [path for path in rest if path not in set(tested)], chosen, tested


def read_picture(path: Path) -> Picture:
    """Raises BadWeights where the file cannot be read."""
    picture = cv2.imread(str(path))
    if picture is None:
        raise BadWeights(f"the picture {path.name} cannot be read")
    return picture.astype(np.uint8, copy=False)


def read_facade(path: Path) -> Scene:
    """A labelled facade with its adverts."""
    picture = read_picture(path)
    height, width = picture.shape[:2]
    scene = Scene(picture)
    for line in path.with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        kind, x, y, w, h = (float(value) for value in line.split())
        if int(kind) in ADVERT_LABELS:
            corners = ((x - w / 2) * width, (y - h / 2) * height)
            scene.add((*corners, (x + w / 2) * width, (y + h / 2) * height), ADVERT)
    return scene


def cut_adverts(paths: Sequence[Path], most: int = 500) -> list[CutOut]:
    """Labelled adverts of the training facades as opaque cut-outs, to be put up elsewhere."""
    found: list[CutOut] = []
    for path in paths:
        scene = read_facade(path)
        for x1, y1, x2, y2 in scene.boxes:
            piece = scene.picture[max(0, round(y1)) : round(y2), max(0, round(x1)) : round(x2)]
            if min(piece.shape[:2]) >= 14 and max(piece.shape[:2]) >= 40:
                solid = np.full(piece.shape[:2], 255, np.uint8)
                found.append(np.dstack([piece, solid]).astype(np.uint8))
    step = max(1, len(found) // most)
    return found[::step]


class Composer:
    """Makes the n-th training picture; safe to copy into worker processes."""

    def __init__(
        self,
        places: Places,
        garments: Sequence[CutOut],
        borrowed: Sequence[CutOut],
        seed: int,
    ) -> None:
        self._places = places
        self._garments = garments
        self._borrowed = borrowed
        self._seed = seed

    def compose(self, number: int, size: int) -> Scene:
        """The picture `number`, size x size, with boxes cut off at its edges."""
        rng = np.random.default_rng([self._seed, number])
        if rng.random() < 0.15:
            return self._mosaic(rng, size)
        scene = self._scene(rng)
        return _finish(crop(scene, rng, size), rng)

    def _mosaic(self, rng: np.random.Generator, size: int) -> Scene:
        """Four scenes side by side, each at about half its scale."""
        middle_x, middle_y = (int(size * rng.uniform(0.35, 0.65)) for _ in range(2))
        canvas = np.full((size, size, 3), 114, np.uint8)
        whole = Scene(canvas)
        for x1, y1, x2, y2 in (
            (0, 0, middle_x, middle_y),
            (middle_x, 0, size, middle_y),
            (0, middle_y, middle_x, size),
            (middle_x, middle_y, size, size),
        ):
            part = crop(self._scene(rng), rng, max(x2 - x1, y2 - y1), 0.7)
            canvas[y1:y2, x1:x2] = part.picture[: y2 - y1, : x2 - x1]
            whole.whole &= part.whole
            for box, kind in zip(part.boxes, part.classes, strict=True):
                _keep(whole, box, kind, (x1, y1), (x1, y1, x2, y2))
        return _finish(whole, rng)

    def _place(self, rng: np.random.Generator) -> Scene:
        if self._places.streets and rng.random() < 0.15:
            path = self._places.streets[int(rng.integers(len(self._places.streets)))]
            return Scene(read_picture(path), whole=False)
        return read_facade(self._places.facades[int(rng.integers(len(self._places.facades)))])

    def _scene(self, rng: np.random.Generator) -> Scene:
        scene = self._place(rng)
        if rng.random() < 0.45:
            for _ in range(int(rng.integers(1, 5))):
                box = put_up(scene.picture, self._borrowed, scene.boxes, rng)
                if box is not None:
                    scene.add(box, ADVERT)
        hung = int(rng.choice(4, p=[0.36, 0.41, 0.17, 0.06]))
        before = rng.random() < 0.35
        for _ in range(int(rng.integers(1, 4)) if before else 0):
            box = distract(scene.picture, self._garments, rng)
            if box is not None:
                scene.cover(box)
        for _ in range(hung):
            box = hang(scene.picture, self._garments, rng, scene.of(HANGING))
            if box is not None:
                scene.cover(box, 0.6)
                scene.add(box, HANGING)
        if rng.random() < 0.12:  # something stands before all of it
            box = distract(scene.picture, self._garments, rng)
            if box is not None:
                scene.cover(box)
        return scene


def _keep(
    scene: Scene, box: Box, kind: int, shift: tuple[float, float], field_: Box, least: float = 0.3
) -> None:
    """Adds `box`, moved by `shift` and cut off at `field_`, where enough of it is left."""
    moved = (box[0] + shift[0], box[1] + shift[1], box[2] + shift[0], box[3] + shift[1])
    if covered(moved, field_) < least:
        return
    cut = (
        max(moved[0], field_[0]),
        max(moved[1], field_[1]),
        min(moved[2], field_[2]),
        min(moved[3], field_[3]),
    )
    if cut[2] - cut[0] >= 5 and cut[3] - cut[1] >= 5:
        scene.add(cut, kind)


def crop(scene: Scene, rng: np.random.Generator, size: int, zoom: float = 1.0) -> Scene:
    """A piece of size x size, the scene seen at 0.65 to 2 times the scale that 640 pixels give."""
    height, width = scene.picture.shape[:2]
    usual = 640 / max(height, width)
    scale = usual * zoom * float(np.exp(rng.uniform(np.log(0.65), np.log(2.0))))
    angle, shear = float(rng.normal(0, 2.0)), float(rng.normal(0, 0.03))
    stretch = float(np.exp(rng.normal(0, 0.08)))
    turn: NDArray[np.float64] = cv2.getRotationMatrix2D((0, 0), angle, scale).astype(np.float64)
    turn[0] *= stretch
    turn[:, 1] += turn[:, 0] * shear
    if rng.random() < 0.5:
        turn[0, :2] *= [-1, 1]
    outline = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ turn[:, :2].T
    low, high = outline.min(axis=0), outline.max(axis=0)
    room = high - low - size
    # where it is larger than the piece any part may be seen, else it lies anywhere within
    start = [low[i] + rng.uniform(min(0, room[i]), max(0, room[i])) for i in range(2)]
    turn[:, 2] = [-start[0], -start[1]]
    shrinking = scale < 0.7
    source = scene.picture
    if shrinking:  # a warp does not average; without this, small scenes flicker with detail
        source = cv2.blur(source, (2, 2)) if scale > 0.45 else cv2.blur(source, (3, 3))
    picture = cv2.warpAffine(source, turn, (size, size), borderValue=(114, 114, 114))
    done = Scene(picture.astype(np.uint8, copy=False), whole=scene.whole)
    for (x1, y1, x2, y2), kind in zip(scene.boxes, scene.classes, strict=True):
        corners = np.array([[x1, y1, 1], [x2, y1, 1], [x2, y2, 1], [x1, y2, 1]]) @ turn.T
        (a, b), (c, d) = corners.min(axis=0), corners.max(axis=0)
        box = (float(a), float(b), float(c), float(d))
        _keep(done, box, kind, (0, 0), (0, 0, size, size))
    return done


def _finish(scene: Scene, rng: np.random.Generator) -> Scene:
    picture = scene.picture
    luck = rng.random()
    if luck < 0.14:  # its own light and colours: others on top would leave nothing to see
        picture = weather.night(picture, rng)
    elif luck < 0.24:
        picture = weather.rain(picture, rng)
    elif luck < 0.85:
        picture = weather.by_colour(picture, rng)
    scene.picture = weather.by_camera(picture, rng)
    return scene
