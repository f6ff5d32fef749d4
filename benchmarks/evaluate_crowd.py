"""Counting people: real crowds of a few, and composed ones of 5 to 60 with their truth.

People are cut out of the crowd pictures along the boxes of the COCO network and pasted over street
pictures that training never saw, the far ones small and first, so that the near ones hide parts of
them. Who is hidden by more than half is not counted, for nobody could.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluate_rows import Context, Row, at_most
from vision.detect import load_detector
from vision.looker_closer import CloserLook, CrowdSettings
from vision.picture import load_picture
from vision.types import Detector, Image, ZoneShape

SIZE = (1280, 720)
NUMBERS = (5, 8, 12, 18, 25, 35, 45, 60)
_SCENES_EACH = 5
_SEED = 60
_HEIGHTS = (50.0, 190.0)
"""Pixels of the farthest and the nearest person at 720 lines."""
_VISIBLE = 0.5
_CUT_HEIGHT = 220
_HEAD = 0.04
"""Where the outline begins lower than this below the box's upper edge, the head was lost."""
_STREETS = 12
_ZONE = ZoneShape("square", "crowd", ((0, 0), (1, 0), (1, 1), (0, 1)), 0.0, threshold=20.0)

Mask = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One cut-out: picture and mask (0 or 255) of equal size."""

    picture: Image
    mask: Mask


def crowd(context: Context) -> list[Row]:
    """Mean absolute error as a share of the true number, by number of people."""
    data = context.need()
    detector = load_detector(threads=1)
    people = cut_outs(data)
    streets = empty_streets(data)
    rng = np.random.default_rng(_SEED)
    errors: dict[str, list[float]] = {"5 to 12": [], "18 to 25": [], "35 to 60": []}
    for number in NUMBERS:
        group = next(g for g in errors if number <= int(g.split()[-1]))
        for _ in range(context.some(_SCENES_EACH)):
            street = streets[int(rng.integers(len(streets)))]
            image, truth = compose(street, people, number, rng)
            errors[group].append(abs(count(image, detector) - truth) / truth)
    every = [error for each in errors.values() for error in each]
    rows = [_row("composite", "5 to 60", every, wanted=True)]
    rows += [_row("composite", group, each) for group, each in errors.items()]
    few = [abs(count(image, detector) - n) / n for image, n in real_crowds(data)]
    return [*rows, _row("real", "1 to 6", few)]


def _row(data: str, people: str, errors: list[float], *, wanted: bool = False) -> Row:
    error = float(np.mean(errors)) if errors else None
    return Row(
        "crowd, mean absolute error of the count", f"{people} people", error, "share",
        len(errors), "pictures", "real" if data == "real" else "composite",
        **(at_most(error, 0.15) if wanted else {}),
    )  # fmt: skip


def count(image: Image, detector: Detector) -> int:
    """As the crowd rule counts one look of a zone as large as the picture."""
    closer = CloserLook(detector, CrowdSettings())
    closer.begin(image)
    return len(closer.people(_ZONE)[0])


def real_crowds(data: Path) -> Iterator[tuple[Image, int]]:
    """The pictures whose people were counted by eye."""
    with (data / "crowd" / "labels.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield load_picture(data / "crowd" / row["file"]), int(row["person_count"])


# -- composed crowds ------------------------------------------------------------------------------


def empty_streets(data: Path) -> list[Image]:
    """Pictures in which the COCO network sees nobody: whoever stands there was put there by us."""
    teacher = load_detector(data / "weights" / "yolov5n_coco_640.onnx", confidence=0.1, threads=1)
    files = [
        *sorted((data / "posters" / "facades").glob("*.jpg"))[::4],
        *sorted((data / "video" / "opendatacam_frames").glob("*.jpg"))[::25],
    ]
    found: list[Image] = []
    for path in files:
        image = load_picture(path)
        if not any(item.kind == "person" for item in teacher.detect(image)):
            found.append(image)
        if len(found) == _STREETS:
            break
    return found


def cut_outs(data: Path) -> list[Person]:
    """Standing people of the crowd pictures, cut out along their outline."""
    teacher = load_detector(data / "weights" / "yolov5n_coco_640.onnx", confidence=0.5, threads=1)
    found: list[Person] = []
    for path in sorted((data / "crowd").glob("*.jpg")):
        image = load_picture(path)
        height, width = image.shape[:2]
        for item in teacher.detect(image):
            x1, y1, x2, y2 = item.box
            left, top = int(x1 * width), int(y1 * height)
            right, bottom = int(x2 * width), int(y2 * height)
            standing = (bottom - top) > 1.6 * (right - left) and bottom - top > 150
            if item.kind == "person" and standing:
                found += _cut(image, (left, top, right - left, bottom - top))
    return found


def _cut(image: Image, box: tuple[int, int, int, int]) -> list[Person]:
    """GrabCut inside the box; nothing where too little or nearly all of it is left."""
    x, y, w, h = box
    margin = h // 8
    top, left = max(0, y - margin), max(0, x - margin)
    around = image[top : y + h + margin, left : x + w + margin]
    scale = min(1.0, _CUT_HEIGHT / h)
    around = np.asarray(cv2.resize(around, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    x, y, w, h = (round(v * scale) for v in (x - left, y - top, w, h))
    mask = np.zeros(around.shape[:2], np.uint8)
    cv2.setRNGSeed(1)
    rect = (x, y, w, h)
    cv2.grabCut(around, mask, rect, np.zeros((1, 65)), np.zeros((1, 65)), 2, cv2.GC_INIT_WITH_RECT)
    sure = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8) * 255
    part = np.asarray(cv2.morphologyEx(sure, cv2.MORPH_OPEN, np.ones((3, 3))), np.uint8)
    part = part[y : y + h, x : x + w]
    share = float((part > 0).mean())
    rows = np.flatnonzero(part.any(axis=1))
    headless = len(rows) == 0 or rows[0] > _HEAD * h
    cut = np.asarray(around[y : y + h, x : x + w], np.uint8).copy()
    return [Person(cut, part)] if 0.3 < share < 0.9 and not headless else []


def compose(
    street: Image, people: list[Person], number: int, rng: np.random.Generator
) -> tuple[Image, int]:
    """A street with `number` people, the far ones first, and how many of them can be seen."""
    image = np.asarray(cv2.resize(street, SIZE), np.uint8).copy()
    owner = np.full(image.shape[:2], -1, np.int32)
    feet = np.sort(rng.uniform(0.35, 0.98, number))
    sizes: list[int] = []
    for index, foot in enumerate(feet):
        person = people[int(rng.integers(len(people)))]
        height = _HEIGHTS[0] + (_HEIGHTS[1] - _HEIGHTS[0]) * (foot - 0.35) / 0.63
        sizes.append(_stand(image, owner, person, index, height, foot, rng))
    seen = [int(np.count_nonzero(owner == index)) for index in range(number)]
    visible = [s >= _VISIBLE * whole for s, whole in zip(seen, sizes, strict=True)]
    return image, visible.count(True)


def _stand(
    image: Image, owner: NDArray[np.int32], person: Person, index: int, height: float,
    foot: float, rng: np.random.Generator,
) -> int:  # fmt: skip
    """Paste one person with the feet at `foot` (0..1 of the height); gives its pixels."""
    tall = round(height * rng.uniform(0.92, 1.08))
    wide = max(8, round(tall * person.mask.shape[1] / person.mask.shape[0]))
    picture = cv2.resize(person.picture, (wide, tall), interpolation=cv2.INTER_AREA)
    mask = cv2.resize(person.mask, (wide, tall), interpolation=cv2.INTER_AREA) > 127
    if rng.random() < 0.5:
        picture, mask = picture[:, ::-1], mask[:, ::-1]
    bottom = min(image.shape[0], round(foot * image.shape[0]))
    left = int(rng.integers(0, image.shape[1] - wide))
    top = max(0, bottom - tall)
    part = mask[: bottom - top]
    image[top:bottom, left : left + wide][part] = picture[: bottom - top][part]
    owner[top:bottom, left : left + wide][part] = index
    return int(np.count_nonzero(part))
