"""Plates of one picture: locate, flatten, measure the colour, recognise, decode, judge."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol

import numpy as np

from vision.plates import grammar, twoline
from vision.plates.colour import plate_colour
from vision.plates.decode import Decoded, decode, merge, province_marks
from vision.plates.locate import PICTURE_SIDE, VEHICLE_SIDE, plate_quads
from vision.plates.read import END_WIDTH, Recogniser, shared_recogniser
from vision.plates.rectify import flatten, grey, left_end, level, whole
from vision.plates.textline import Quad
from vision.types import Box, Image, PlateColour, PlateReading

ACCEPT: Final = 0.90
ACCEPT_PROVINCE: Final = 0.95
"""One reading alone is good enough for a text message: every character, and the province, whose
misreading is the usual error. Chosen on the sets of benchmarks/plates.py, where the surest wrong
text reached 0.88 (a noisy Q taken for 0)."""
READABLE: Final = 0.45
"""Below this the least sure character is a guess, and the plate is unreadable."""
_READABLE_GAP: Final = 2.0
_PLATE_GAP: Final = 12.0
"""Natural log: a text line that says something else by more than this is no plate."""
_READ_VEHICLE: Final = 2
_READ_PICTURE: Final = 6
"""Candidates that are looked at more closely."""
_SMALLEST: Final = 24
WHOLE: Final[Box] = (0.0, 0.0, 1.0, 1.0)


class PlateReader(Protocol):
    """Reads number plates. All boxes are relative to the picture given."""

    def read(self, image: Image, vehicle_box: Box | None = None) -> list[PlateReading]:
        """Plates in a picture (H x W x 3 BGR), best first; only inside `vehicle_box` if given."""
        ...

    def read_crop(self, image: Image) -> PlateReading:
        """The one plate that fills the picture."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A text line in a picture that may be a plate."""

    region: Image
    quad: Quad
    whole_quad: Quad
    edge_quad: Quad
    colour: PlateColour
    raw: str
    decoded: Decoded
    two_lines: bool = False


@dataclass(frozen=True, slots=True)
class GrammarPlateReader:
    """The reader of this package: PP-OCRv6 from the rapidocr wheel under the plate grammar."""

    recogniser: Recogniser

    def read(self, image: Image, vehicle_box: Box | None = None) -> list[PlateReading]:
        height, width = image.shape[:2]
        x1, y1, x2, y2 = vehicle_box or WHOLE
        left, right = max(0, int(x1 * width)), min(width, round(x2 * width))
        top, bottom = max(0, int(y1 * height)), min(height, round(y2 * height))
        if right - left < _SMALLEST or bottom - top < _SMALLEST:
            return []
        region = image[top:bottom, left:right]
        side = VEHICLE_SIDE if vehicle_box is not None else PICTURE_SIDE
        candidates = self._candidates(region, plate_quads(region, side=side))
        shift = np.array([left, top], np.float32)
        size = np.array([width, height], np.float32)
        readings: list[PlateReading] = []
        for candidate in candidates[: _READ_VEHICLE if vehicle_box is not None else _READ_PICTURE]:
            box = _box((candidate.quad + shift) / size)
            reading = self._reading(candidate, box, vehicle_box)
            if reading.text is not None or _looks_like_plate(reading):
                readings.append(reading)
        return sorted(readings, key=_rank, reverse=True)

    def read_crop(self, image: Image) -> PlateReading:
        candidates = self._candidates(image, [whole(image)], grow_x=0.0, grow_y=0.0)
        if candidates:
            reading = self._reading(candidates[0], WHOLE, None)
            if reading.text is not None:
                return reading
        else:
            reading = PlateReading(None, plate_colour(image), 0.0, 0.0, 0.0, WHOLE)
        # A loose crop, or a plate of two lines: find the plate inside it.
        return next((found for found in self.read(image) if found.text is not None), reading)

    def _candidates(
        self, region: Image, quads: list[Quad], *, grow_x: float = 0.03, grow_y: float = 0.1
    ) -> list[_Candidate]:
        """What may be plates, likeliest first: each looked at once."""
        upright: list[tuple[Quad, Quad]] = [
            level(region, quad, grow_x=grow_x, grow_y=grow_y) for quad in quads
        ]
        lines = self.recogniser.read([grey(flatten(region, quad)) for quad, _ in upright])
        found: list[_Candidate] = []
        for quad, (whole_quad, edge_quad), line in zip(quads, upright, lines, strict=True):
            colour = plate_colour(flatten(region, quad, grow_x=grow_x, grow_y=grow_y))
            if colour is PlateColour.YELLOW and twoline.is_serial(line.raw):
                found += self._two_lines(region, quad, line.raw)
                continue
            decoded = decode(line, grammar.kinds_of(colour))
            if decoded is not None and (len(quads) == 1 or decoded.gap <= _PLATE_GAP):
                found.append(
                    _Candidate(region, quad, whole_quad, edge_quad, colour, line.raw, decoded)
                )
        return sorted(found, key=lambda c: c.decoded.gap)

    def _two_lines(self, region: Image, lower: Quad, raw: str) -> list[_Candidate]:
        """A yellow line that is a serial by itself: the lower line of a large vehicle's plate."""
        lines = self.recogniser.read(twoline.side_by_side(region, lower), width=twoline.LINE_WIDTH)
        views = [decode(line, grammar.kinds_of(PlateColour.YELLOW)) for line in lines]
        heard = [view for view in views if view is not None]
        if not heard:
            return []
        quad = twoline.whole_plate(lower)
        return [
            _Candidate(
                region, quad, quad, quad, PlateColour.YELLOW, raw, merge(heard), two_lines=True
            )
        ]

    def _reading(self, candidate: _Candidate, box: Box, vehicle_box: Box | None) -> PlateReading:
        """The candidate looked at again: close to the letters, at the plate's edge, left end."""
        if candidate.two_lines:
            return _judge(candidate.decoded, candidate, box, vehicle_box)
        region, kinds = candidate.region, grammar.kinds_of(candidate.colour)
        close = grey(flatten(region, candidate.whole_quad, grow_x=-0.01, grow_y=-0.07))
        edge = grey(flatten(region, candidate.edge_quad, grow_x=0.02, grow_y=0.05))
        again = [decode(line, kinds) for line in self.recogniser.read([close, edge])]
        ends = self.recogniser.read([left_end(close), left_end(edge)], width=END_WIDTH)
        views = [candidate.decoded, *(view for view in again if view is not None)]
        return _judge(merge(views, province_marks(ends)), candidate, box, vehicle_box)


@cache
def default_reader() -> PlateReader:
    """The reader of this package, its networks loaded once for the whole process."""
    return GrammarPlateReader(shared_recogniser())


def _box(quad: Quad) -> Box:
    x1, y1 = np.clip(quad.min(axis=0), 0.0, 1.0)
    x2, y2 = np.clip(quad.max(axis=0), 0.0, 1.0)
    return float(x1), float(y1), float(x2), float(y2)


def _looks_like_plate(reading: PlateReading) -> bool:
    """Whether an unreadable text line is still a plate, not a shop's name: most of it is serial."""
    serial = reading.characters[1:]
    return sum(c.confidence >= 0.5 for c in serial) >= 4 and len(reading.raw) <= 12


def _rank(reading: PlateReading) -> tuple[bool, float]:
    return reading.text is not None, reading.confidence


def _judge(
    decoded: Decoded, candidate: _Candidate, box: Box, vehicle_box: Box | None
) -> PlateReading:
    text, lowest = decoded.text, decoded.lowest
    place = grammar.province_position(text)
    province = decoded.characters[place].confidence if place >= 0 else lowest
    readable = lowest >= READABLE and decoded.gap <= _READABLE_GAP
    kind = grammar.parse(text, candidate.colour) if readable else None
    accepted = (
        readable
        and decoded.views >= 2
        and kind is not None
        and candidate.colour is not PlateColour.UNKNOWN
        and lowest >= ACCEPT
        and province >= ACCEPT_PROVINCE
        and not grammar.suspicions(text)
    )
    margin = min(c.confidence - c.second_confidence for c in decoded.characters)
    return PlateReading(
        text=text if readable else None,
        colour=candidate.colour,
        confidence=lowest if readable else 0.0,
        province_confidence=province if readable else 0.0,
        margin=max(0.0, margin) if readable else 0.0,
        box=box,
        characters=decoded.characters,
        kind=kind,
        accepted=accepted,
        raw=candidate.raw,
        vehicle_box=vehicle_box,
    )
