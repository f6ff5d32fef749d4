"""Scripted facades: approved adverts stay, others are put up, pasted over, or only pass for one.

The facades are pictures of others (QIFEN_DATA) or our own render, the sheets are ours, and what
the light does is computed: these are composites, not recordings.
"""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.looker_closer import propose_approvals
from vision.rules.baseline import baseline_of
from vision.shapes import Approval, Box, Polygon, ZoneShape
from vision.types import Detector, Frame, Image

START: Final = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
WEATHERS: Final = ("day", "dusk", "rain")
LOOK_SECONDS: Final = 15.0
PUT_UP_AT: Final = 90.0
DWELL_SECONDS: Final = 120.0
ADVERT_CLASSES: Final = frozenset({"signboard", "win_ad"})
WHOLE: Final[Polygon] = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
_MARGIN: Final = 0.006
_Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Something stuck on the facade from `since` to `until` (seconds)."""

    picture: Image
    box: Box
    since: float = 0.0
    until: float = 1e9
    advert: bool = True
    approved: bool = False


@dataclass(slots=True)
class Scene:
    """One facade through ten minutes."""

    name: str
    wall: Image
    weather: str
    sheets: list[Sheet]
    approvals: list[Approval]
    seed: int
    seconds: float = 480.0
    passers: list[Sheet] = field(default_factory=list[Sheet])

    @property
    def wanted(self) -> list[Box]:
        """Adverts that must be flagged: put up, and never approved."""
        return [s.box for s in self.sheets if s.advert and not s.approved]

    def zone(self) -> ZoneShape:
        """The whole facade as poster zone, with its baseline and what is approved."""
        return ZoneShape(
            "facade", "poster", WHOLE, DWELL_SECONDS, approved=tuple(self.approvals),
            baseline=baseline_of(self.still(0.0), WHOLE), slow_look_seconds=LOOK_SECONDS,
        )  # fmt: skip

    def still(self, seconds: float) -> Image:
        """The facade in plain daylight at this second."""
        image = self.wall.copy()
        for sheet in [*self.sheets, *self.passers]:
            if sheet.since <= seconds < sheet.until:
                _stick(image, sheet)
        return image

    def frames(self) -> Iterator[Frame]:
        """One frame a look, with the weather, noise and a camera that shakes by a pixel or two."""
        rng = np.random.default_rng(self.seed)
        seconds, number = 0.0, 0
        while seconds <= self.seconds:
            image = _shake(self.still(seconds), rng)
            image = _weather(image, self.weather, seconds / self.seconds, rng)
            at = START + timedelta(seconds=seconds)
            yield Frame("facade", at, image, pts=seconds, sequence=number)
            seconds, number = seconds + LOOK_SECONDS, number + 1


def our_sheets() -> dict[str, Image]:
    """The posters and banners of samples/posters by name."""
    found: dict[str, Image] = {}
    for entry in sorted(files("samples").joinpath("posters").iterdir(), key=lambda e: e.name):
        data = np.frombuffer(entry.read_bytes(), np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
        if picture is not None:
            found[entry.name.removesuffix(".jpg")] = np.asarray(picture, np.uint8)
    return found


def facade_scenes(data: Path, detector: Detector, count: int, *, seed: int = 3) -> list[Scene]:
    """Scenes over unseen facades: in turn something new, something pasted over, nothing new."""
    folder = data / "posters" / "facades"
    labels = _labels(folder / "boxes.csv")
    rng = random.Random(seed)
    names = sorted(name for name in labels if (folder / name).is_file())
    rng.shuffle(names)
    scenes: list[Scene] = []
    for name in names:
        if len(scenes) == count:
            break
        wall = cv2.imread(str(folder / name))
        if wall is None:
            continue
        index = len(scenes)
        made = _scene(name, np.asarray(wall, np.uint8), labels[name], detector, index, rng)
        if made is not None:
            scenes.append(made)
    return scenes


def _scene(
    name: str,
    wall: Image,
    labels: Sequence[tuple[str, Box]],
    detector: Detector,
    index: int,
    rng: random.Random,
) -> Scene | None:
    """A scene over one wall: two approved sheets of ours besides what hangs there; then, by turns,
    a new sheet, one approved sheet pasted over, or nothing but passers and a shutter."""
    sheets = our_sheets()
    taken = [box for _, box in labels]
    chosen = rng.sample(sorted(sheets), 4)
    placed: list[Sheet] = []
    for order, sheet_name in enumerate(chosen[:3]):
        box = _free_place(wall, sheets[sheet_name], taken, rng)
        if box is None:
            return None
        taken.append(box)
        late = order == 2
        placed.append(Sheet(sheets[sheet_name], box, PUT_UP_AT if late else 0.0, approved=not late))
    approvals = standing_adverts(wall, labels, detector)
    approvals += [_approval(f"sheet {i}", sheet.box) for i, sheet in enumerate(placed[:2])]
    passers = [_passer(rng) for _ in range(3)]
    kind = ("new", "pasted", "nothing")[index % 3]
    if kind == "pasted":
        under = placed[0]
        others = [sheets[name] for name in sorted(sheets) if name not in chosen[:3]]
        placed[2] = Sheet(_of_form(others, under.picture), under.box, PUT_UP_AT)
    elif kind == "nothing":
        shutter = np.full((60, 40, 3), (96, 100, 104), np.uint8)
        shutter[::6] = (70, 72, 76)
        placed[2] = Sheet(shutter, placed[2].box, PUT_UP_AT, advert=False)
    weather = WEATHERS[(index // 3) % 3]
    return Scene(f"{name}:{kind}", wall, weather, placed, approvals, index, passers=passers)


def _of_form(sheets: Sequence[Image], covered: Image) -> Image:
    """The sheet whose proportions come nearest: nobody squeezes a banner onto a handbill."""
    wanted = covered.shape[1] / covered.shape[0]
    return min(sheets, key=lambda s: abs(math.log(s.shape[1] / s.shape[0] / wanted)))


def standing_adverts(
    wall: Image, labels: Sequence[tuple[str, Box]], detector: Detector
) -> list[Approval]:
    """What an operator approves at the start: the labelled adverts, and what the eyes propose."""
    boxes = [box for kind, box in labels if kind in ADVERT_CLASSES]
    boxes += propose_approvals(detector, wall, WHOLE)
    return [_approval(f"standing {index}", box) for index, box in enumerate(boxes)]


def _approval(label: str, box: Box) -> Approval:
    x1, y1 = max(0.0, box[0] - _MARGIN), max(0.0, box[1] - _MARGIN)
    x2, y2 = min(1.0, box[2] + _MARGIN), min(1.0, box[3] + _MARGIN)
    return Approval(label, ((x1, y1), (x2, y1), (x2, y2), (x1, y2)), "2026-1", "district")


def _labels(path: Path) -> dict[str, list[tuple[str, Box]]]:
    found: dict[str, list[tuple[str, Box]]] = {}
    sizes: dict[str, tuple[int, int]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            name = row["file"]
            if name not in sizes:
                image = cv2.imread(str(path.parent / name))
                sizes[name] = (1, 1) if image is None else (image.shape[1], image.shape[0])
            width, height = sizes[name]
            x, y, w, h = (int(row[key]) for key in ("x", "y", "w", "h"))
            box = (x / width, y / height, (x + w) / width, (y + h) / height)
            found.setdefault(name, []).append((row["class"], box))
    return found


def _free_place(wall: Image, sheet: Image, taken: Sequence[Box], rng: random.Random) -> Box | None:
    """A free piece of wall for the sheet, 8 to 16 % of the picture wide (banners more)."""
    high, wide = wall.shape[:2]
    slim = sheet.shape[1] > 3 * sheet.shape[0]
    for _ in range(300):
        width = rng.uniform(0.08, 0.16) * (1.8 if slim else 1.0)
        height = width * wide * sheet.shape[0] / sheet.shape[1] / high
        if height > 0.4:
            continue
        x, y = rng.uniform(0.02, 0.98 - width), rng.uniform(0.1, 0.95 - height)
        box = (x, y, x + width, y + height)
        if not any(_touch(box, other) for other in taken):
            return box
    return None


def _touch(a: Box, b: Box) -> bool:
    gap = 0.015
    return a[0] < b[2] + gap and b[0] < a[2] + gap and a[1] < b[3] + gap and b[1] < a[3] + gap


def _passer(rng: random.Random) -> Sheet:
    """Somebody who stands before the facade for two looks: a plain dark figure."""
    figure = np.full((80, 24, 3), (52, 44, 40), np.uint8)
    figure[:16] = (120, 150, 190)
    x, since = rng.uniform(0.05, 0.85), rng.uniform(100, 420)
    return Sheet(figure, (x, 0.62, x + 0.05, 0.98), since, since + 30, advert=False)


def _stick(image: Image, sheet: Sheet) -> None:
    height, width = image.shape[:2]
    x1, y1 = round(sheet.box[0] * width), round(sheet.box[1] * height)
    x2, y2 = max(x1 + 2, round(sheet.box[2] * width)), max(y1 + 2, round(sheet.box[3] * height))
    x2, y2 = min(x2, width), min(y2, height)
    small = cv2.resize(sheet.picture, (x2 - x1, y2 - y1), interpolation=cv2.INTER_AREA)
    # The wall's own light falls on the paper; a sheet as bright as print would glow.
    light = float(np.clip(image[y1:y2, x1:x2].mean() / 128, 0.55, 1.1))
    image[y1:y2, x1:x2] = np.clip(small.astype(np.float32) * light, 0, 255).astype(np.uint8)


def _shake(image: Image, rng: np.random.Generator) -> Image:
    dx, dy = rng.uniform(-2, 2, size=2)
    move = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.warpAffine(image, move, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _weather(image: Image, weather: str, passed: float, rng: np.random.Generator) -> Image:
    """day: clouds come and go; dusk: down to a quarter of the light; rain: pale, soft, streaked."""
    picture: _Floats = image.astype(np.float32)
    noise = 3.0
    if weather == "day":
        picture *= float(rng.uniform(0.85, 1.1))
    elif weather == "dusk":
        picture *= np.array([1.05, 1.0, 0.92], np.float32) * float(1.0 - 0.75 * passed)
        noise = 3.0 + 4.0 * passed
    else:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.8), np.float32)
        picture = picture * 0.7 + 45.0
        _streak(picture, rng)
        noise = 4.0
    picture += noise * rng.standard_normal(picture.shape, dtype=np.float32)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _streak(picture: _Floats, rng: np.random.Generator) -> None:
    height, width = picture.shape[:2]
    for x, y in rng.uniform(0, 1, size=(160, 2)):
        start = (int(x * width), int(y * height))
        end = (start[0] + int(rng.integers(-3, 1)), start[1] + int(rng.integers(10, 28)))
        cv2.line(picture, start, end, (205.0, 205.0, 205.0), 1, cv2.LINE_AA)
