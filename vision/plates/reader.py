"""Plates of one picture: locate, look at each in three cuts, decode under the grammar, judge.

A plate that is not sure enough for a text is looked at once more with its lean taken out (`askew`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Final, Protocol

import numpy as np

from vision.plates import grammar
from vision.plates.askew import leanings
from vision.plates.colour import overexposed, plate_colour
from vision.plates.decode import Decoded, decode
from vision.plates.locate import PICTURE_SIDE, VEHICLE_SIDE, find_plates
from vision.plates.network import VIEWS, PlateNetwork, cut, shared_network
from vision.plates.read import HEIGHT as SECOND_HEIGHT
from vision.plates.read import WIDTH as SECOND_WIDTH
from vision.plates.read import Line, Recogniser, shared_recogniser
from vision.plates.rectify import Quad, grey, whole
from vision.plates.twoline import SIZE as TWO_LINES
from vision.plates.twoline import one_line
from vision.types import Box, Image, PlateColour, PlateReading

ACCEPT: Final = 0.975
"""One reading alone is good enough for a text message: every character, the province among them,
whose misreading is the usual error."""
ACCEPT_COLOUR: Final = 0.80
"""Of the colour, where the paint itself does not tell (`plate_colour`)."""
ACCEPT_PLATE: Final = 0.80
"""That the whole of a plate is seen: a cut one reads like another's."""
ACCEPT_DISBELIEF: Final = 6.0
"""Natural log that the second opinion may hold against a text that is sent."""
_READABLE_DISBELIEF: Final = 18.0
"""The same for a text at all: beyond, a character is hidden that our own network made up."""
_BELIEVED: Final = 2.0
"""A text that the second opinion reads too is one, whatever our own network read in its place."""
READABLE: Final = 0.55
"""Below this the least sure character is a guess, and the plate is unreadable."""
_READABLE_GAP: Final = 2.0
"""Natural log: where something that is no plate's text is likelier by more, it is no plate."""
_WHITE_LETTERS: Final = (PlateColour.BLUE, PlateColour.BLACK)
_PLATE: Final = 0.5
_READ_VEHICLE: Final = 2
_READ_PICTURE: Final = 6
"""Candidates that are read."""
_HEARD: Final = 2
"""Views of a plate that the second opinion gets."""
_SMALLEST: Final = 24
_FLOOR: Final = 1e-6
WHOLE: Final[Box] = (0.0, 0.0, 1.0, 1.0)
_Cuts = tuple[tuple[float, float], ...]
_LOCATED: Final[_Cuts] = ((0.02, 0.04), (0.05, 0.10), (0.03, 0.0))
"""How much wider and higher than the located plate each view is cut, in shares of its sides."""
_CROPPED: Final[_Cuts] = ((0.0, 0.0), (0.04, 0.08), (-0.02, -0.04))
"""The same for a picture that is a crop already."""


class PlateReader(Protocol):
    """Reads number plates. All boxes are relative to the picture given."""

    def read(self, image: Image, vehicle_box: Box | None = None) -> list[PlateReading]:
        """Plates in a picture (H x W x 3 BGR), best first; only inside `vehicle_box` if given."""
        ...

    def read_crop(self, image: Image) -> PlateReading:
        """The one plate that fills the picture."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Plate:
    """One plate, before it is judged."""

    decoded: Decoded
    measured: PlateColour
    """Of the paint; UNKNOWN where it does not tell."""
    overexposed: bool
    contested: bool = False
    """Two looks read it, and not the same."""


@dataclass(frozen=True, slots=True)
class NetworkPlateReader:
    """The reader of this package: our own network under the plate grammar, and a second opinion."""

    network: PlateNetwork
    second: Recogniser

    def read(self, image: Image, vehicle_box: Box | None = None) -> list[PlateReading]:
        height, width = image.shape[:2]
        x1, y1, x2, y2 = vehicle_box or WHOLE
        left, right = max(0, int(x1 * width)), min(width, round(x2 * width))
        top, bottom = max(0, int(y1 * height)), min(height, round(y2 * height))
        if right - left < _SMALLEST or bottom - top < _SMALLEST:
            return []
        region = image[top:bottom, left:right]
        inside = vehicle_box is not None
        found = find_plates(region, side=VEHICLE_SIDE if inside else PICTURE_SIDE)
        shift, size = np.array([left, top], np.float32), np.array([width, height], np.float32)
        readings: list[PlateReading] = []
        for plate in found[: _READ_VEHICLE if inside else _READ_PICTURE]:
            box = _box((plate.quad + shift) / size)
            reading = self._reading(region, plate.quad, _LOCATED, box, vehicle_box)
            if reading.text is not None or _looks_like_plate(reading):
                readings.append(reading)
        return sorted(readings, key=_rank, reverse=True)

    def read_crop(self, image: Image) -> PlateReading:
        reading = self.read_located(image)
        if reading.accepted:
            return reading
        # A loose crop: the plate inside it may be read better.
        return max([reading, *self.read(image)], key=_rank)

    def read_located(self, image: Image) -> PlateReading:
        """The plate whose corners are the picture's, as `read` reads what the locator laid flat."""
        return self._reading(image, whole(image), _CROPPED, WHOLE, None)

    def _reading(
        self, region: Image, quad: Quad, cuts: _Cuts, box: Box, vehicle_box: Box | None
    ) -> PlateReading:
        seen = self._seen(region, quad, cuts)
        if seen.decoded.plate_confidence >= _PLATE and not _acceptable(seen):
            again = self._seen(region, self._upright(region, quad), cuts)
            seen = _better(seen, again)
        return _judge(seen, box, vehicle_box)

    def _seen(self, region: Image, quad: Quad, cuts: _Cuts) -> _Plate:
        """What both networks say of a plate, and what its paint does."""
        views = [cut(region, quad, grow_x=x, grow_y=y) for x, y in cuts]
        seen = self.network.look(views)
        two_lines = float(seen.two_lines.mean()) > 0.5
        plate = 1.0 - float(seen.colours[:, -1].mean()) >= _PLATE
        lines = self._heard(region, quad, cuts, two_lines=two_lines) if plate else []
        measured = plate_colour(views[0]) if plate else PlateColour.UNKNOWN
        return _Plate(decode(seen, lines), measured, overexposed(views[0]))

    def _upright(self, region: Image, quad: Quad) -> Quad:
        """Of the ways to lean a plate, the one in which our own network names it most surely."""
        ways = leanings(quad)
        sure: list[float] = []
        for first in range(0, len(ways), VIEWS):
            seen = self.network.look([cut(region, way) for way in ways[first : first + VIEWS]])
            likely = np.append(seen.characters.max(axis=2), 1 - seen.colours[:, -1:], axis=1)
            sure += np.log(np.maximum(likely, _FLOOR)).sum(axis=1).tolist()
        return ways[int(np.argmax(sure))]

    def _heard(self, region: Image, quad: Quad, cuts: _Cuts, *, two_lines: bool) -> list[Line]:
        """What the second opinion says of the first views."""
        lines: list[Line] = []
        for x, y in cuts[:_HEARD]:
            if two_lines:
                picture = one_line(cut(region, quad, grow_x=x, grow_y=y, size=TWO_LINES))
            else:
                picture = cut(region, quad, grow_x=x, grow_y=y, size=(SECOND_WIDTH, SECOND_HEIGHT))
            lines.append(self.second.read(grey(picture)))
        return lines


@cache
def default_reader() -> NetworkPlateReader:
    """The reader of this package, its networks loaded once for the whole process."""
    return NetworkPlateReader(shared_network(), shared_recogniser())


def _box(quad: Quad) -> Box:
    x1, y1 = np.clip(quad.min(axis=0), 0.0, 1.0)
    x2, y2 = np.clip(quad.max(axis=0), 0.0, 1.0)
    return float(x1), float(y1), float(x2), float(y2)


def _looks_like_plate(reading: PlateReading) -> bool:
    """Whether an unreadable find is still a plate, not a shop's name: most of it is serial."""
    return sum(c.confidence >= 0.5 for c in reading.characters[1:]) >= 4


def _rank(reading: PlateReading) -> tuple[bool, float]:
    return reading.text is not None, reading.confidence


def _readable(decoded: Decoded) -> bool:
    return (
        decoded.plate_confidence >= _PLATE
        and decoded.lowest >= READABLE
        and (decoded.gap <= _READABLE_GAP or decoded.disbelief <= _BELIEVED)
        and decoded.disbelief <= _READABLE_DISBELIEF
    )


def _better(seen: _Plate, again: _Plate) -> _Plate:
    """The surer of two looks at one plate; of two that contradict each other neither is sent."""
    if not _readable(again.decoded):
        return seen
    if not _readable(seen.decoded):
        return again
    best = max(seen, again, key=lambda look: look.decoded.lowest)
    return replace(best, contested=seen.decoded.text != again.decoded.text)


def _acceptable(seen: _Plate) -> bool:
    """Whether this reading alone is good enough for a text message."""
    decoded = seen.decoded
    return (
        _readable(decoded)
        and decoded.plate_confidence >= ACCEPT_PLATE
        and decoded.lowest >= ACCEPT
        and decoded.disbelief <= ACCEPT_DISBELIEF
        and _colour_holds(decoded, seen.measured)
        and not seen.contested
        and not (seen.overexposed and decoded.colour in _WHITE_LETTERS)
        and grammar.parse(decoded.text, decoded.colour) is not None
        and not grammar.suspicions(decoded.text)
    )


def _colour_holds(decoded: Decoded, measured: PlateColour) -> bool:
    """The paint measured has the first word; the network only where it does not tell."""
    if measured is PlateColour.UNKNOWN:
        return decoded.colour_confidence >= ACCEPT_COLOUR
    return measured is decoded.colour


def _judge(seen: _Plate, box: Box, vehicle_box: Box | None) -> PlateReading:
    decoded = seen.decoded
    readable, lowest = _readable(decoded), decoded.lowest
    place = grammar.province_position(decoded.text)
    province = decoded.characters[place].confidence if place >= 0 else lowest
    margin = min(c.confidence - c.second_confidence for c in decoded.characters)
    return PlateReading(
        text=decoded.text if readable else None,
        colour=decoded.colour if decoded.plate_confidence >= _PLATE else PlateColour.UNKNOWN,
        confidence=lowest if readable else 0.0,
        province_confidence=province if readable else 0.0,
        margin=max(0.0, margin) if readable else 0.0,
        box=box,
        characters=decoded.characters,
        kind=grammar.parse(decoded.text, decoded.colour) if readable else None,
        accepted=_acceptable(seen),
        raw=decoded.raw,
        vehicle_box=vehicle_box,
    )
