"""How good the plate locator is: on photographs it never saw, on drawn plates, on what is no plate.

Needs no torch; `benchmarks.evaluate_locator` prints it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from vision.layouts import VEHICLE_KINDS
from vision.picture import load_picture, look_at_picture
from vision.plates import PlateReader
from vision.plates.locate_grid import FoundPlate, upper_width
from vision.plates.locator import PICTURE_SIDE, Locator
from vision.plates.rectify import Quad
from vision.train.locator.compose import Composer
from vision.train.locator.labels import LabelledPlate, Photograph, photographs
from vision.train.locator.paint import cover
from vision.train.locator.sources import load_sources
from vision.train.plates.real import truth_of
from vision.types import Box, Detector, Image

NARROW: Final = 80.0
"""Pixels of plate width below which a plate is reported apart (issue: under 80 px)."""
TILTED: Final = 20.0
"""Degrees of tilt, or of slant between upper edge and sides, reported apart."""
_DARK: Final = 60.0
"""Mean grey level of the vehicle around a plate at night."""
_SOFT: Final = 0.25
"""Steepest step between neighbouring pixels of a plate laid flat, as a share of its contrast: a
letter's edge that takes four pixels or more is blurred."""
_SEED: Final = 20_26


@dataclass
class Score:
    """Plates of one condition."""

    plates: int = 0
    found_half: int = 0
    """Overlap (IoU of the quadrilaterals) of at least 0.5."""
    found_close: int = 0
    """Of at least 0.7."""
    lines_right: int = 0
    corner_errors: list[float] = field(default_factory=list[float])
    """Mean distance of the four corners, as a share of the plate's width, of those found."""

    def add(self, quad: Quad, two_lines: bool, found: Iterable[FoundPlate]) -> None:
        self.plates += 1
        best = max(found, key=lambda f: overlap(f.quad, quad), default=None)
        share = overlap(best.quad, quad) if best else 0.0
        if best is None or share < 0.5:
            return
        self.found_half += 1
        self.found_close += share >= 0.7
        self.lines_right += best.two_lines is two_lines
        away = np.linalg.norm(best.quad - quad, axis=1).mean()
        self.corner_errors.append(float(away) / upper_width(quad))

    def as_json(self) -> dict[str, Any]:
        of = max(1, self.plates)
        middle = float(np.median(self.corner_errors)) if self.corner_errors else None
        return {
            "plates": self.plates,
            "recall_iou_50": round(self.found_half / of, 4),
            "recall_iou_70": round(self.found_close / of, 4),
            "corner_error_share_of_width": None if middle is None else round(middle, 4),
            "lines_right": self.lines_right,
        }


def overlap(one: Quad, other: Quad) -> float:
    """Area in common over area of either, of two convex quadrilaterals."""
    common, _ = cv2.intersectConvexConvex(one.astype(np.float32), other.astype(np.float32))
    whole = float(cv2.contourArea(one)) + float(cv2.contourArea(other)) - common
    return float(common) / whole if whole > 0 else 0.0


def slant_degrees(quad: Quad) -> float:
    """The larger of: tilt of the upper edge; how far its angle to the sides is from a right one."""
    along = quad[1] - quad[0] + quad[2] - quad[3]
    down = quad[3] - quad[0] + quad[2] - quad[1]
    tilt = abs(float(np.degrees(np.arctan2(along[1], along[0]))))
    lean = float(along @ down) / max(1e-6, float(np.linalg.norm(along) * np.linalg.norm(down)))
    return max(tilt, abs(float(np.degrees(np.arcsin(np.clip(lean, -1, 1))))))


def on_photographs(data: Path, locator: Locator, detector: Detector) -> dict[str, Score]:
    """Unseen labelled photographs, each plate looked for in its vehicle as the product does."""
    scores: dict[str, Score] = {}
    for photo in photographs(data, unseen=True):
        image = load_picture(photo.path)
        boxes = [d.box for d in detector.detect(image) if d.kind in VEHICLE_KINDS]
        for plate in photo.plates:
            found = plates_around(image, plate.quad, boxes, locator)
            for name in ("all", *_conditions_of(image, plate)):
                scores.setdefault(name, Score()).add(plate.quad, _square(plate.quad), found)
    return scores


def plates_around(
    image: Image, quad: Quad, boxes: Iterable[Box], locator: Locator
) -> list[FoundPlate]:
    """What is found in the smallest vehicle around a plate, or in the whole picture without one."""
    height, width = image.shape[:2]
    x, y = quad.mean(axis=0) / (width, height)
    around = [box for box in boxes if box[0] <= x <= box[2] and box[1] <= y <= box[3]]
    if not around:
        return locator.find(image, side=PICTURE_SIDE)
    x1, y1, x2, y2 = min(around, key=lambda box: (box[2] - box[0]) * (box[3] - box[1]))
    left, top = int(x1 * width), int(y1 * height)
    found = locator.find(image[top : round(y2 * height), left : round(x2 * width)])
    shift = np.array([left, top], np.float32)
    return [FoundPlate(f.quad + shift, f.score, f.two_lines) for f in found]


def on_drawn(data: Path, locator: Locator, *, count: int = 1500) -> dict[str, Score]:
    """Composed pictures of another seed over unseen streets and photographs, by condition."""
    composer = Composer(load_sources(data, unseen=True), seed=_SEED, plates=600)
    scores: dict[str, Score] = {}
    for number in range(count):
        sample = composer.sample(number)
        found = locator.find(sample.picture)
        seen = sample.conditions
        for plate in sample.plates:
            if not plate.counted:
                continue
            names = ["all", plate.colour or "photograph"]
            names += ["two_lines"] if plate.two_lines else []
            names += ["night"] if seen.light < 0.5 else []
            names += ["blur"] if max(seen.blur_pixels, seen.motion_pixels / 3) > 1.2 else []
            names += ["tilt_over_20"] if slant_degrees(plate.quad) > TILTED else []
            names += ["under_80_px" if upper_width(plate.quad) < NARROW else "from_80_px"]
            for name in names:
                scores.setdefault(name, Score()).add(plate.quad, plate.two_lines, found)
    return scores


@dataclass
class EndToEnd:
    """Photographs from the picture to the text: detector, locator, reader, as `qifen look`."""

    photographs: int = 0
    exact: int = 0
    """The main plate's text is among what was read."""
    accepted: int = 0
    wrong_accepted: int = 0
    """Texts good enough for a message that are no plate of the photograph."""
    misses: list[str] = field(default_factory=list[str])
    """Names of the photographs whose main plate was not read right."""
    by_condition: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    """Photographs, and those read right, by what befell the main plate; a plate may be in many."""

    def add(self, name: str, conditions: Iterable[str], *, right: bool) -> None:
        self.photographs += 1
        self.exact += right
        if not right:
            self.misses.append(name)
        for condition in conditions:
            pictures, exact = self.by_condition.get(condition, (0, 0))
            self.by_condition[condition] = (pictures + 1, exact + right)


def end_to_end(data: Path, detector: Detector, reader: PlateReader, *, every: int = 1) -> EndToEnd:
    """The photographs that neither the locator nor the reader was trained on (one split)."""
    made = EndToEnd()
    for photo in photographs(data, unseen=True)[::every]:
        truths, main = [truth_of(plate.text) for plate in photo.plates], photo.plates[0]
        readings = [p.reading for p in look_at_picture(photo.path, detector, reader).plates]
        right = any(r.text == truths[0] for r in readings)
        made.add(photo.path.name, _conditions_of(load_picture(photo.path), main), right=right)
        made.accepted += any(r.accepted and r.text in truths for r in readings)
        made.wrong_accepted += sum(r.accepted and r.text not in truths for r in readings)
    return made


def false_plates(data: Path, locator: Locator, detector: Detector) -> dict[str, tuple[int, int]]:
    """Per source (pictures, plates found) of what holds none, one window or vehicle a picture."""
    counts: dict[str, tuple[int, int]] = {}
    for name, image in plate_free(data, detector):
        pictures, found = counts.get(name, (0, 0))
        counts[name] = (pictures + 1, found + len(locator.find(image)))
    return counts


def plate_free(data: Path, detector: Detector) -> Iterator[tuple[str, Image]]:
    """Facades with signs, printed texts, vehicles too far or covered, garments: some 500."""
    random = np.random.default_rng(_SEED)
    for file in sorted((data / "posters" / "facades").glob("*.jpg")):
        image = load_picture(file)
        for _ in range(3):
            yield "facades", _window(image, random)
    for file in sorted((data / "posters").glob("*.jpg")):
        for _ in range(10):
            yield "printed texts", _window(load_picture(file), random)
    for file in sorted((data / "video" / "opendatacam_frames").glob("*.jpg"))[::5]:
        yield from (("vehicles far off", v) for v in _vehicles(load_picture(file), detector)[:4])
    for photo in photographs(data, unseen=True):
        yield "vehicles, plate covered", _covered(photo, random)
    for file in sorted((data / "laundry" / "clothing_items").rglob("*.jpg"))[::4]:
        yield "garments", load_picture(file)


def _conditions_of(image: Image, plate: LabelledPlate) -> list[str]:
    """By what a photograph shows: no label says whether it is night or blurred."""
    names = [plate.colour]
    names += ["two_lines"] if _square(plate.quad) else []
    names += ["under_80_px" if plate.width < NARROW else "from_80_px"]
    names += ["tilt_over_20"] if slant_degrees(plate.quad) > TILTED else []
    low = np.maximum(plate.quad.min(axis=0) - 2 * plate.width, 0).astype(int)
    high = (plate.quad.max(axis=0) + 2 * plate.width).astype(int)
    names += ["night"] if image[low[1] : high[1], low[0] : high[0]].mean() < _DARK else []
    target = np.array([[0, 0], [176, 0], [176, 56], [0, 56]], np.float32)
    matrix = cv2.getPerspectiveTransform(plate.quad, target)
    grey = cv2.cvtColor(cv2.warpPerspective(image, matrix, (176, 56)), cv2.COLOR_BGR2GRAY)
    slope = np.abs(np.diff(grey.astype(np.float32), axis=1))
    spread = np.percentile(grey, 95) - np.percentile(grey, 5)
    names += ["blur"] if np.percentile(slope, 97) / max(1.0, spread) < _SOFT else []
    return names


def _square(quad: Quad) -> bool:
    """Whether it is as high as a plate of two lines."""
    return _height(quad) * 2.4 > upper_width(quad)


def _height(quad: Quad) -> float:
    return float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2


def _window(image: Image, random: np.random.Generator) -> Image:
    height, width = image.shape[:2]
    share = random.uniform(0.25, 0.8)
    w, h = int(width * share), int(height * share)
    x, y = int(random.integers(0, width - w + 1)), int(random.integers(0, height - h + 1))
    return image[y : y + h, x : x + w]


def _vehicles(image: Image, detector: Detector) -> list[Image]:
    height, width = image.shape[:2]
    crops: list[Image] = []
    for seen in detector.detect(image):
        x1, y1, x2, y2 = seen.box
        crop = image[int(y1 * height) : int(y2 * height), int(x1 * width) : int(x2 * width)]
        if seen.kind in VEHICLE_KINDS and min(crop.shape[:2]) >= 24:
            crops.append(crop)
    return crops


def _covered(photo: Photograph, random: np.random.Generator) -> Image:
    """The surroundings of a photograph's main plate, with paint where its plates were."""
    image = load_picture(photo.path).copy()
    for plate in photo.plates:
        cover(image, plate.quad, random)
    quad, wide = photo.plates[0].quad, photo.plates[0].width
    low = np.maximum(quad.min(axis=0) - 1.5 * wide, 0).astype(int)
    high = (quad.max(axis=0) + 1.5 * wide).astype(int)
    return image[low[1] : high[1], low[0] : high[0]]
