"""Eyes that answer at once where they have seen the very picture: all scenes of one light open
alike, and what was found once need not be searched again."""

from __future__ import annotations

import zlib

from vision.plates import PlateReader
from vision.types import Box, Detection, Detector, Image, PlateReading, WeightsInfo


class RememberingDetector:
    """A detector with a memory of whole pictures, byte for byte."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._known: dict[int, list[Detection]] = {}

    @property
    def info(self) -> WeightsInfo:
        return self._detector.info

    def detect(self, image: Image) -> list[Detection]:
        key = zlib.crc32(image.tobytes())
        if key not in self._known:
            self._known[key] = self._detector.detect(image)
        return list(self._known[key])


class RememberingReader:
    """A plate reader with the same memory."""

    def __init__(self, reader: PlateReader) -> None:
        self._reader = reader
        self._known: dict[tuple[int, Box | None], list[PlateReading]] = {}

    def read(self, image: Image, vehicle_box: Box | None = None) -> list[PlateReading]:
        key = (zlib.crc32(image.tobytes()), vehicle_box)
        if key not in self._known:
            self._known[key] = self._reader.read(image, vehicle_box)
        return list(self._known[key])

    def read_crop(self, image: Image) -> PlateReading:
        return self._reader.read_crop(image)
