"""What Qifen sees in one picture: the objects, and the plates of the vehicles among them.

Behind `qifen look` and `qifen plate read`. Numbers are rounded (boxes to 4 places, confidences
to 3) so that the same picture gives the same line on any machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from vision.errors import BadPicture
from vision.geometry import box_iou
from vision.layouts import VEHICLE_KINDS
from vision.picture_drawing import draw_boxes
from vision.plates import PlateReader
from vision.types import Box, Detection, Detector, Image, PlateReading

SUFFIXES: Final = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
_SMALLEST_PICTURE: Final = 32
_SMALLEST_CROP: Final = 8
_HINT: Final = "give a JPEG, PNG, WebP, TIFF or BMP file, or a folder of them"


@dataclass(frozen=True, slots=True)
class SeenPlate:
    reading: PlateReading
    object_index: int | None
    """Index into the report's objects; None where no vehicle was found around the plate."""


@dataclass(frozen=True, slots=True)
class PictureReport:
    """All that was found in one picture."""

    file: str
    width: int
    height: int
    objects: tuple[Detection, ...]
    plates: tuple[SeenPlate, ...]
    image: Image = field(repr=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        """The form of `qifen look --json`; boxes are x1, y1, x2, y2 in 0..1."""
        return {
            "file": self.file,
            "size": [self.width, self.height],
            "objects": [
                {"kind": o.kind, "confidence": round(o.confidence, 3), "box": _rounded(o.box)}
                for o in self.objects
            ],
            "plates": [_entry(p.reading, p.object_index) for p in self.plates],
        }


def iter_pictures(paths: Iterable[str | Path]) -> Iterator[Path]:
    """The files named, and the pictures in the folders named, in order of name.

    Raises BadPicture for what does not exist and for a folder without pictures.
    """
    for path in map(Path, paths):
        if path.is_dir():
            found = sorted(f for f in path.rglob("*") if f.suffix.lower() in SUFFIXES)
            if not found:
                raise BadPicture(f"{path}: no pictures in this folder", hint=_HINT, field="picture")
            yield from found
        elif path.is_file():
            yield path
        else:
            raise BadPicture(f"{path}: no such file or folder", hint=_HINT, field="picture")


def load_picture(path: str | Path, *, smallest: int = _SMALLEST_PICTURE) -> Image:
    """H x W x 3 BGR, turned upright as its EXIF says. Raises BadPicture."""
    try:
        data = np.frombuffer(Path(path).read_bytes(), np.uint8)
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise BadPicture(f"{path}: {reason}", hint=_HINT, field="picture") from error
    if not data.size:
        raise BadPicture(f"{path}: the file is empty", hint=_HINT, field="picture")
    try:
        image: Any = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise BadPicture(f"{path}: too large or damaged", hint=_HINT, field="picture") from error
    if image is None:
        raise BadPicture(f"{path}: not a picture that can be read", hint=_HINT, field="picture")
    height, width = image.shape[:2]
    if min(height, width) < smallest:
        raise BadPicture(
            f"{path}: {width} x {height} pixels is too small",
            hint=f"at least {smallest} pixels each way",
            field="picture",
        )
    return image


def look_at_picture(path: str | Path, detector: Detector, reader: PlateReader) -> PictureReport:
    """Objects and plates of one picture; raises BadPicture."""
    image = load_picture(path)
    objects = tuple(detector.detect(image))
    height, width = image.shape[:2]
    plates = _plates(image, objects, reader)
    return PictureReport(str(path), width, height, objects, plates, image)


def read_plate_crop(path: str | Path, reader: PlateReader) -> dict[str, Any]:
    """The `plates` entry of a picture cropped to one plate, with its `file`; raises BadPicture."""
    reading = reader.read_crop(load_picture(path, smallest=_SMALLEST_CROP))
    return {"file": str(path), **_entry(reading, None)}


def draw(report: PictureReport, out_folder: str | Path) -> Path:
    """A copy with boxes and plate texts in `out_folder`, under the picture's own name.

    Pictures of the same name from several folders are told apart by a number, so none is
    overwritten within a run or between runs.
    """
    folder = Path(out_folder)
    folder.mkdir(parents=True, exist_ok=True)
    stem = Path(report.file).stem
    target = folder / f"{stem}.jpg"
    count = 2
    while target.exists():
        target = folder / f"{stem}-{count}.jpg"
        count += 1
    marks = [(o.box, f"{o.kind} {o.confidence:.2f}", False) for o in report.objects]
    marks += [(p.reading.box, p.reading.text or "?", True) for p in report.plates]
    drawn = draw_boxes(report.image, marks)
    done, data = cv2.imencode(".jpg", drawn, [cv2.IMWRITE_JPEG_QUALITY, 90])
    if not done:
        raise BadPicture(f"{report.file}: cannot be drawn", field="picture")
    target.write_bytes(data.tobytes())
    return target


def _plates(
    image: Image, objects: tuple[Detection, ...], reader: PlateReader
) -> tuple[SeenPlate, ...]:
    """Vehicles first; the whole picture where they give nothing readable, as in close-ups."""
    found: list[PlateReading] = []
    for thing in objects:
        if thing.kind in VEHICLE_KINDS:
            found += reader.read(image, thing.box)[:1]
    if not any(reading.text for reading in found):
        found += reader.read(image)
    kept: list[SeenPlate] = []
    for reading in sorted(found, key=_trust, reverse=True):
        if all(not _same_place(reading.box, other.reading.box) for other in kept):
            kept.append(SeenPlate(reading, _owner(reading.box, objects)))
    return tuple(kept)


def _trust(reading: PlateReading) -> tuple[bool, bool, float]:
    return reading.accepted, reading.text is not None, reading.confidence


def _same_place(a: Box, b: Box) -> bool:
    """Two finds of one plate: they overlap, or one lies in the other."""
    middle = ((a[0] + a[2]) / 2, (a[1] + a[3]) / 2)
    inside = b[0] <= middle[0] <= b[2] and b[1] <= middle[1] <= b[3]
    return inside or box_iou(a, b) > 0.3


def _owner(plate: Box, objects: tuple[Detection, ...]) -> int | None:
    """The smallest vehicle around the plate: a car's box often holds part of its neighbour."""
    around = [
        (_area(o.box), index)
        for index, o in enumerate(objects)
        if o.kind in VEHICLE_KINDS and _holds(o.box, plate)
    ]
    return min(around)[1] if around else None


def _holds(outer: Box, inner: Box) -> bool:
    slack = 0.01
    return (
        inner[0] >= outer[0] - slack
        and inner[1] >= outer[1] - slack
        and inner[2] <= outer[2] + slack
        and inner[3] <= outer[3] + slack
    )


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _entry(reading: PlateReading, object_index: int | None) -> dict[str, Any]:
    return {
        "text": reading.text,
        "colour": reading.colour.value,
        "confidence": round(reading.confidence, 3),
        "accepted": reading.accepted,
        "box": _rounded(reading.box),
        "object": object_index,
    }


def _rounded(box: Box) -> list[float]:
    return [round(min(1.0, max(0.0, value)), 4) for value in box]
