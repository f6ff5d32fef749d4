"""Measures a street model with `vision.evaluate`, through the detector as the product runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from vision.evaluate import Labelled, Truth
from vision.train.street.paste import Box, Picture
from vision.types import Detection

Detect = Callable[[Picture], Sequence[Detection]]
LOWEST_CONFIDENCE = 0.01
"""Average precision needs the faint detections too."""


def relative(box: Box, picture: Picture) -> Box:
    """A box in pixels as shares of the picture, 0..1."""
    height, width = picture.shape[:2]
    return (box[0] / width, box[1] / height, box[2] / width, box[3] / height)


def measure(
    pictures: Iterable[tuple[Picture, Sequence[Box]]], kind: str, detect: Detect
) -> list[Labelled]:
    """Truth and findings of one class on pictures whose boxes are in pixels."""
    measured: list[Labelled] = []
    for picture, boxes in pictures:
        truths = [Truth(kind, relative(box, picture)) for box in boxes]
        found = [item for item in detect(picture) if item.kind == kind]
        measured.append(Labelled(truths, found))
    return measured
