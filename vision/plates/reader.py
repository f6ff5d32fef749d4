"""Plates of one picture: locate, flatten, measure the colour, recognise, decode, judge."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol

import numpy as np

from vision.plates import grammar
from vision.plates.colour import plate_colour
from vision.plates.decode import Decoded, decode
from vision.plates.locate import PICTURE_SIDE, VEHICLE_SIDE, plate_quads
from vision.plates.read import Recogniser, shared_recogniser
from vision.plates.rectify import flatten
from vision.plates.textline import Quad
from vision.types import Box, Image, PlateColour, PlateKind, PlateReading

ACCEPT: Final = 0.90
READABLE: Final = 0.50
_READABLE_GAP: Final = 2.0
_PLATE_GAP: Final = 12.0
_WHOLE: Final[Box] = (0.0, 0.0, 1.0, 1.0)


class PlateReader(Protocol):
    """Reads number plates. All boxes are relative to the picture given."""

    def read(self, image: Image, vehicle_box: Box | None = None) -> list[PlateReading]:
        """Plates in a picture (H x W x 3 BGR), best first; only inside `vehicle_box` if given."""
        ...

    def read_crop(self, image: Image) -> PlateReading:
        """The one plate that fills the picture."""
        ...


@dataclass(frozen=True, slots=True)
class GrammarPlateReader:
    """The reader of this package: PP-OCRv6 from the rapidocr wheel under the plate grammar."""

    recogniser: Recogniser

    def read(self, image: Image, vehicle_box: Box | None = None) -> list[PlateReading]:
        height, width = image.shape[:2]
        x1, y1, x2, y2 = vehicle_box or _WHOLE
        left, right = max(0, int(x1 * width)), min(width, round(x2 * width))
        top, bottom = max(0, int(y1 * height)), min(height, round(y2 * height))
        if right - left < 32 or bottom - top < 24:
            return []
        region = image[top:bottom, left:right]
        side = VEHICLE_SIDE if vehicle_box is not None else PICTURE_SIDE
        quads = plate_quads(region, side=side)
        flats = [flatten(region, quad, grow_x=0.03, grow_y=0.1) for quad in quads]
        shift = np.array([left, top], np.float32)
        size = np.array([width, height], np.float32)
        readings: list[PlateReading] = []
        for quad, flat, line in zip(quads, flats, self.recogniser.read(flats), strict=True):
            colour = plate_colour(flat)
            decoded = decode(line, grammar.kinds_of(colour))
            if decoded is None or decoded.gap > _PLATE_GAP:
                continue
            box = _box((quad + shift) / size)
            readings.append(_judge(decoded, colour, line.raw, box, vehicle_box))
        return sorted(readings, key=lambda r: (r.text is None, -r.confidence))

    def read_crop(self, image: Image) -> PlateReading:
        colour = plate_colour(image)
        [line] = self.recogniser.read([image])
        decoded = decode(line, grammar.kinds_of(colour))
        if decoded is None:
            return PlateReading(None, colour, 0.0, 0.0, 0.0, _WHOLE, raw=line.raw)
        return _judge(decoded, colour, line.raw, _WHOLE, None)


@cache
def default_reader() -> PlateReader:
    """The reader of this package, its networks loaded once for the whole process."""
    return GrammarPlateReader(shared_recogniser())


def _box(quad: Quad) -> Box:
    x1, y1 = np.clip(quad.min(axis=0), 0.0, 1.0)
    x2, y2 = np.clip(quad.max(axis=0), 0.0, 1.0)
    return float(x1), float(y1), float(x2), float(y2)


def _judge(
    decoded: Decoded, colour: PlateColour, raw: str, box: Box, vehicle_box: Box | None
) -> PlateReading:
    lowest = min(c.confidence for c in decoded.characters)
    margin = min(c.confidence - c.second_confidence for c in decoded.characters)
    place = grammar.province_position(decoded.text)
    province = decoded.characters[place].confidence if place >= 0 else lowest
    readable = lowest >= READABLE and decoded.gap <= _READABLE_GAP
    kind: PlateKind | None = grammar.parse(decoded.text, colour) if readable else None
    return PlateReading(
        text=decoded.text if readable else None,
        colour=colour,
        confidence=lowest if readable else 0.0,
        province_confidence=province if readable else 0.0,
        margin=margin if readable else 0.0,
        box=box,
        characters=decoded.characters,
        kind=kind,
        accepted=(
            readable
            and kind is not None
            and colour is not PlateColour.UNKNOWN
            and min(lowest, province) >= ACCEPT
            and not grammar.suspicions(decoded.text)
        ),
        raw=raw,
        vehicle_box=vehicle_box,
    )
