"""Garments cut out of their photographs, and cloth drawn by us, to be hung into scenes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.errors import BadWeights

CutOut = NDArray[np.uint8]
"""(height, width, 4) blue, green, red, alpha; trimmed to what is seen."""

LARGEST_SIDE = 200
_SMALLEST_SHARE, _LARGEST_SHARE, _SMALLEST_FILL = 0.15, 0.70, 0.45


def held_back(name: str, share: float, salt: str = "") -> bool:
    """Whether the picture `name` belongs to the `share` (0..1) kept out of training.

    By a hash of its name, so that it is the same on every machine and in every run.
    """
    digest = hashlib.sha256(f"{salt}{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big") < share * 2**32


def cut_out(picture: NDArray[np.uint8]) -> CutOut | None:
    """The garment of a product photograph; None where GrabCut did not find one cleanly.

    The largest connected part must fill 15 to 70 % of the picture and 45 % of its own box.
    """
    scale = LARGEST_SIDE / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = small.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    margin_x, margin_y = max(2, width // 25), max(2, height // 25)
    frame = (margin_x, margin_y, width - 2 * margin_x, height - 2 * margin_y)
    cv2.setRNGSeed(1)
    cv2.grabCut(small, mask, frame, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_RECT)
    seen = ((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)).astype(np.uint8)
    seen = cv2.morphologyEx(seen, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, facts, _ = cv2.connectedComponentsWithStats(seen)
    if count < 2:
        return None
    best = 1 + int(facts[1:, cv2.CC_STAT_AREA].argmax())
    x, y, w, h, area = (int(value) for value in facts[best])
    whole = height * width
    clean = _SMALLEST_SHARE * whole <= area <= _LARGEST_SHARE * whole
    if not clean or area < _SMALLEST_FILL * w * h:
        return None
    alpha = (labels == best).astype(np.uint8) * 255
    alpha = cv2.erode(alpha, np.ones((3, 3), np.uint8))
    return np.dstack([small, alpha])[y : y + h, x : x + w].astype(np.uint8)


def load_garments(
    folder: Path,
    store: Path | None = None,
    wanted: Callable[[str], bool] = lambda _: True,
    told: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[CutOut]:
    """Cut-outs of all pictures below `folder` whose name is `wanted`, in the order of the names.

    store: a folder that keeps them between runs. Raises BadWeights where there are no pictures.
    """
    paths = [path for path in sorted(folder.glob("*/*.jpg")) if wanted(path.name)]
    if not paths:
        raise BadWeights(f"there are no garments in {folder.name}", hint="set QIFEN_DATA")
    found: list[CutOut] = []
    for index, path in enumerate(paths):
        garment = _stored(path, store)
        if garment is not None:
            found.append(garment)
        told(index + 1, len(paths))
    return found


def _stored(path: Path, store: Path | None) -> CutOut | None:
    kept = None if store is None else store / f"{path.parent.name}_{path.stem}.npy"
    if kept is not None and kept.is_file():
        garment: Any = np.load(kept)
        return garment if garment.size else None
    picture = cv2.imread(str(path))
    found = None if picture is None else cut_out(picture.astype(np.uint8, copy=False))
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with kept.with_suffix(".new").open("wb") as file:
            np.save(file, np.zeros(0, np.uint8) if found is None else found)
        kept.with_suffix(".new").replace(kept)
    return found


def fabric(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    """A piece of cloth (height, width, 3): plain, striped, checked or dotted, with folds."""
    colours = rng.integers(20, 256, (3, 3)).astype(np.float32)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    period = float(rng.uniform(0.08, 0.35)) * max(height, width)
    kind = rng.integers(5)
    cloth = np.broadcast_to(colours[0], (height, width, 3)).copy()
    if kind in (1, 3):
        cloth[(x % period) < period * rng.uniform(0.2, 0.6)] = colours[1]
    if kind in (2, 3):
        cloth[(y % period) < period * rng.uniform(0.2, 0.6)] = colours[2]
    if kind == 4:
        dots = np.hypot(x % period - period / 2, y % period - period / 2) < period * 0.25
        cloth[dots] = colours[1]
    fold = float(rng.uniform(0.1, 0.5)) * width
    lean = float(rng.uniform(-0.3, 0.3))
    shade = 1 + rng.uniform(0.05, 0.22) * np.sin(2 * np.pi * (x + lean * y) / max(fold, 2.0))
    return np.clip(cloth * shade[..., None], 0, 255).astype(np.uint8)


def sheet(rng: np.random.Generator) -> CutOut:
    """A towel, sheet or blanket as it hangs: cloth with an uneven lower edge."""
    width, height = int(rng.integers(60, 200)), int(rng.integers(60, 180))
    cloth = fabric(rng, height, width)
    x = np.arange(width)
    drop = height * (1 - rng.uniform(0, 0.08) * (1 + np.sin(x / width * rng.uniform(3, 20))))
    alpha = (np.arange(height)[:, None] < drop[None]).astype(np.uint8) * 255
    return np.dstack([cloth, alpha]).astype(np.uint8)


def choose_plain(rng: np.random.Generator, garments: Sequence[CutOut]) -> Iterator[CutOut]:
    """An endless row of the garments as they were photographed."""
    while True:
        yield garments[int(rng.integers(len(garments)))]


def choose(rng: np.random.Generator, garments: Sequence[CutOut]) -> Iterator[CutOut]:
    """An endless row of things to hang: garments, mirrored and recoloured, some of them sheets."""
    while True:
        if rng.random() < 0.12:
            yield sheet(rng)
            continue
        garment = garments[int(rng.integers(len(garments)))]
        if rng.random() < 0.5:
            garment = garment[:, ::-1]
        if rng.random() < 0.4:
            hsv = cv2.cvtColor(np.ascontiguousarray(garment[..., :3]), cv2.COLOR_BGR2HSV)
            hsv[..., 0] = (hsv[..., 0].astype(np.int32) + int(rng.integers(180))) % 180
            colour = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
            garment = np.dstack([colour, garment[..., 3]])
        yield np.ascontiguousarray(garment).astype(np.uint8, copy=False)
