"""The training set in pieces: each a file of pictures and one of labels, made from a seed.

A shard that exists is not made again, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.plates.symbols import COLOURS, END, HEIGHT, MARKS, POSITIONS, WIDTH
from vision.train.options import Say
from vision.train.plates.degrade import Conditions, degrade
from vision.train.plates.ga36 import FORMS, random_plate, render_plate
from vision.train.plates.others import load_walls, other_picture
from vision.types import Image, PlateColour

SHARD: Final = 4096
"""Pictures in a piece."""
_CUT, _OTHER = 0.04, 0.08

Labels = NDArray[np.float32]
"""N x 14: eight symbols, colour, two lines (0/1), source width, tilt, night, blur; see `label`."""
LABEL_WIDTH: Final = POSITIONS + 6
COLOUR_AT, LINES_AT, WIDTH_AT, TILT_AT, NIGHT_AT, BLUR_AT = range(POSITIONS, LABEL_WIDTH)


@dataclass(frozen=True, slots=True)
class Shard:
    """One piece, its pictures (N x HEIGHT x WIDTH x 3) mapped from the disk."""

    pictures: NDArray[np.uint8]
    labels: Labels


def symbols_of(text: str) -> list[int]:
    """A text as the network's answers, END behind its last character."""
    marks = [MARKS.index(character) for character in text]
    return marks + [END] * (POSITIONS - len(marks))


def text_of(symbols: NDArray[np.float32]) -> str:
    return "".join(MARKS[int(s)] for s in symbols if int(s) != END)


def label(text: str, colour: PlateColour, *, two_lines: bool, seen: Conditions | None) -> Labels:
    """One row; a picture that must not be read has the colour UNKNOWN and says nothing."""
    row = np.zeros(LABEL_WIDTH, np.float32)
    row[:POSITIONS] = symbols_of(text)
    row[COLOUR_AT], row[LINES_AT] = COLOURS.index(colour), two_lines
    if seen is not None:
        row[WIDTH_AT:] = seen.source_width, seen.tilt_degrees, seen.night, seen.blur
    return row


def sample(rng: np.random.Generator, walls: list[Image]) -> tuple[Image, Labels]:
    """One degraded picture and its label."""
    chance = rng.random()
    if chance < _OTHER:
        return other_picture(rng, walls), label("", PlateColour.UNKNOWN, two_lines=False, seen=None)
    text, colour, kind = random_plate(rng)
    whole = chance >= _OTHER + _CUT
    picture, seen = degrade(render_plate(text, colour, kind, rng=rng), rng, whole=whole)
    if not whole:
        return picture, label("", PlateColour.UNKNOWN, two_lines=False, seen=seen)
    return picture, label(text, colour, two_lines=FORMS[kind].two_lines, seen=seen)


def make_shard(
    folder: Path, number: int, *, seed: int, walls: list[Image], count: int = SHARD
) -> None:
    """Writes piece `number` of `count` pictures unless it is there."""
    target = folder / f"{number:04d}.labels.npy"
    if target.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, number])
    pictures = np.empty((count, HEIGHT, WIDTH, 3), np.uint8)
    labels = np.empty((count, LABEL_WIDTH), np.float32)
    for row in range(count):
        pictures[row], labels[row] = sample(rng, walls)
    np.save(folder / f"{number:04d}.pictures.npy", pictures)
    unfinished = folder / f"{number:04d}.unfinished.npy"
    np.save(unfinished, labels)
    unfinished.replace(target)  # last: a piece with labels is a whole piece


def make_shards(
    folder: Path, pieces: int, *, seed: int, data: Path | None, say: Say, count: int = SHARD
) -> None:
    """All pieces up to `pieces`, of `count` pictures each, on one core."""
    cv2.setNumThreads(1)
    walls = load_walls(data / "train" / "facades") if data else []
    for number in range(pieces):
        make_shard(folder, number, seed=seed, walls=walls, count=count)
        say(f"plates: {folder.name}: piece {number + 1} of {pieces}")


def shards(folder: Path) -> Iterator[Shard]:
    """Every whole piece there is."""
    for labels in sorted(folder.glob("*.labels.npy")):
        yield open_shard(folder, int(labels.name[:4]))


def open_shard(folder: Path, number: int) -> Shard:
    """One whole piece. Raises FileNotFoundError where it was not made."""
    pictures = np.load(folder / f"{number:04d}.pictures.npy", mmap_mode="r")
    return Shard(pictures, np.load(folder / f"{number:04d}.labels.npy"))
