"""What the plate network can say, in the order of its outputs."""

from __future__ import annotations

from typing import Final

from vision.plates.grammar import DIGITS, OFFICE, PROVINCES
from vision.types import PlateColour

MARKS: Final = PROVINCES + OFFICE + DIGITS + "挂学警港澳领使应急"
"""Every character of a plate; the position behind the last character says END."""
END: Final = len(MARKS)
POSITIONS: Final = 8
"""Characters of the longest plate."""
COLOURS: Final = (
    PlateColour.BLUE,
    PlateColour.YELLOW,
    PlateColour.GREEN,
    PlateColour.WHITE,
    PlateColour.BLACK,
    PlateColour.UNKNOWN,
)
"""UNKNOWN: no plate, or not the whole of one."""
WIDTH: Final = 144
HEIGHT: Final = 48
"""Pixels that the network sees, three channels BGR."""
