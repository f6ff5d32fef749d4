"""What blurred copies leave readable: plates for our own reader, faces for our own finder."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.evaluate_rows import Context, Row, at_most
from vision.blur import blur
from vision.faces import shared_face_finder
from vision.picture import load_picture
from vision.plates import PlateReader, default_reader
from vision.train.plates.real import PHOTOS, RealPlate, real_plates
from vision.types import Image

_MARGIN = 0.4
"""Of the plate's sides: so much of its surroundings is handed to the reader with it."""


def privacy(context: Context) -> list[Row]:
    """Labelled plates and faces that can still be made out after the blur, nobody being kept."""
    data = context.need()
    photos = [plate for plate in real_plates(data) if plate.source in PHOTOS]
    return [*plates(photos[: context.some(len(photos))]), *faces(data)]


def plates(labelled: list[RealPlate]) -> list[Row]:
    """Each labelled plate of the photographs, before and after; also by a look at the whole."""
    reader = default_reader()
    before = after = whole = 0
    done: dict[str, Image] = {}
    for plate in labelled:
        copy = done.get(plate.name)
        if copy is None:
            copy = done[plate.name] = blur(plate.picture, None).image
            whole += sum(reading.text is not None for reading in reader.read(copy))
        before += _text(reader, plate.picture, plate) == plate.text
        after += _text(reader, copy, plate) is not None
    count = len(labelled)
    return [
        Row("plates still readable in a blurred copy", "at the labelled places", after, "count",
            count, "plates", "real", note=f"{before} read right before", **at_most(after, 0)),
        Row("plates still readable in a blurred copy", "anywhere in the picture", whole, "count",
            len(done), "pictures", "real", **at_most(whole, 0)),
    ]  # fmt: skip


def _text(reader: PlateReader, image: Image, plate: RealPlate) -> str | None:
    """What the reader says of the labelled place: any text at all counts as readable."""
    height, width = image.shape[:2]
    low, high = plate.quad.min(axis=0), plate.quad.max(axis=0)
    grown = (high - low) * _MARGIN
    left, top = np.maximum(low - grown, 0).astype(int)
    right, bottom = np.minimum(high + grown, (width, height)).astype(int)
    return reader.read_crop(np.ascontiguousarray(image[top:bottom, left:right])).text


def faces(data: Path) -> list[Row]:
    """The crowds: people counted by eye, faces found before and after."""
    find = shared_face_finder().find
    counted = before = after = hidden = 0
    for path, people in _crowds(data):
        image = load_picture(path)
        done = blur(image, None)
        counted += people
        hidden += done.people
        before += len(find(image))
        after += len(find(done.image))
    return [
        Row("faces still found in a blurred copy", "crowds", after, "count", counted, "people",
            "real", note=f"{before} faces before; {hidden} boxes hidden", **at_most(after, 0)),
    ]  # fmt: skip


def _crowds(data: Path) -> Iterator[tuple[Path, int]]:
    with (data / "crowd" / "labels.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield data / "crowd" / row["file"], int(row["person_count"])
