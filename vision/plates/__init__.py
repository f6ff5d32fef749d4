"""Number plates: grammar, reader, vote."""

from vision.plates.grammar import PLATE_PATTERNS, normalize, parse
from vision.plates.reader import PlateReader, default_reader
from vision.plates.vote import PlateVoter

__all__ = [
    "PLATE_PATTERNS",
    "PlateReader",
    "PlateVoter",
    "default_reader",
    "normalize",
    "parse",
]
