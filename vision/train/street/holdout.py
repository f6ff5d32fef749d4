"""Pictures that training never sees, with their truth. Needs numpy and cv2 only, no torch.

Hanging: garments of laundry/clothing_items hung over posters/facades, every fourth picture left
clean; on one line, like the labelled composites of the data set, or (hard) in every way and size
that training knows, up to three groups and look-alikes between them. Adverts: the labelled
posters/facades themselves. Clean facades: those, and the training facades that a hash of their
name keeps back.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from vision.train.street import weather
from vision.train.street.distract import distract
from vision.train.street.garments import CutOut, load_garments
from vision.train.street.hang import hang, hang_line
from vision.train.street.paste import Box, Picture
from vision.train.street.scenes import HANGING, Scene, read_picture, split_facades

COMPOSITES = 240
CLEAN_PICTURES = 200
CONDITIONS = ("day", "night", "rain")
HOLDOUT_SEED = 2026
_ADVERT_KINDS = frozenset({"cantilever", "signboard", "win_ad"})


def hanging_holdout(
    data_dir: Path,
    seed: int = HOLDOUT_SEED,
    condition: str = "day",
    count: int = COMPOSITES,
    store: Path | None = None,
    hard: bool = False,
) -> Iterator[tuple[Picture, list[Box]]]:
    """`count` pictures (height, width, 3 BGR) with boxes x1, y1, x2, y2 in pixels; every 4th clean.

    condition: day (as photographed), night or rain (drawn over it). The same seed gives the same
    pictures. store: a folder that keeps the cut-out garments between runs (half a minute).
    Raises BadWeights where the data set is not there, ValueError for an unknown condition.
    """
    if condition not in CONDITIONS:
        raise ValueError(f"condition must be one of {', '.join(CONDITIONS)}, not {condition}")
    garments = load_garments(data_dir / "laundry" / "clothing_items", store)
    facades = sorted((data_dir / "posters" / "facades").glob("*.jpg"))
    for number in range(count):
        facade = read_picture(facades[number % len(facades)])
        clean = number % 4 == 3
        if hard:
            yield compose_hanging(facade, garments, [seed, number], condition, clean)
        else:
            yield compose_line(facade, garments, [seed, number], condition, clean)


def compose_line(
    facade: Picture, garments: list[CutOut], seed: list[int], condition: str, clean: bool
) -> tuple[Picture, list[Box]]:
    """One picture with one line of garments, or none."""
    rng = np.random.default_rng(seed)
    picture = facade.copy()
    box = None if clean else hang_line(picture, garments, rng)
    return by_condition(picture, condition, rng), [] if box is None else [box]


def compose_hanging(
    facade: Picture, garments: list[CutOut], seed: list[int], condition: str, clean: bool
) -> tuple[Picture, list[Box]]:
    """One hard picture: one to three groups, sometimes a look-alike beside them."""
    rng = np.random.default_rng(seed)
    scene = Scene(facade.copy())
    if not clean:
        if rng.random() < 0.25:
            distract(scene.picture, garments, rng)
        for _ in range(int(rng.choice([1, 2, 3], p=[0.7, 0.22, 0.08]))):
            box = hang(scene.picture, garments, rng, scene.boxes)
            if box is not None:
                scene.add(box, HANGING)
    return by_condition(scene.picture, condition, rng), scene.boxes


def by_condition(picture: Picture, condition: str, rng: np.random.Generator) -> Picture:
    """The picture as it is by day, or with night or rain drawn over it."""
    if condition == "night":
        return weather.night(picture, rng)
    return weather.rain(picture, rng) if condition == "rain" else picture


def labelled_composites(data_dir: Path) -> Iterator[tuple[Picture, list[Box]]]:
    """The 24 composites of the data set, made by another composer; the boxes of the lines."""
    yield from _labelled(data_dir / "laundry" / "synthetic", frozenset({"laundry_line"}))


def adverts_holdout(data_dir: Path) -> Iterator[tuple[Picture, list[Box]]]:
    """The 76 labelled facades: signboards, cantilevers and (not all of the) window adverts."""
    yield from _labelled(data_dir / "posters" / "facades", _ADVERT_KINDS)


def _labelled(folder: Path, kinds: frozenset[str]) -> Iterator[tuple[Picture, list[Box]]]:
    boxes: dict[str, list[Box]] = defaultdict(list)
    with (folder / "boxes.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["class"] in kinds:
                x, y, w, h = (float(row[key]) for key in "xywh")
                boxes[row["file"]].append((x, y, x + w, y + h))
    for path in sorted(folder.glob("*.jpg")):
        yield read_picture(path), boxes[path.name]


def clean_facades(data_dir: Path) -> Iterator[Picture]:
    """200 pictures without anything hung out, from facades that training and choosing never saw.

    The whole of each unseen facade, then its left and right two thirds until there are 200.
    """
    paths = sorted((data_dir / "posters" / "facades").glob("*.jpg"))
    paths += split_facades(data_dir / "train" / "facades")[2]
    given = 0
    for piece in range(3):
        for path in paths:
            if given == CLEAN_PICTURES:
                return
            picture = read_picture(path)
            width = picture.shape[1]
            start, end = ((0, width), (0, width * 2 // 3), (width // 3, width))[piece]
            yield np.ascontiguousarray(picture[:, start:end])
            given += 1
