"""A small stage: streets and cars drawn with numpy, and eyes that see exactly what was drawn.

The pictures are real pixels, so appearance, gate and health are tested on what they get in
earnest; only the finding of boxes and the reading of plates are scripted, through the same
interfaces that the real ones have.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.geometry import box_iou
from vision.plates import parse
from vision.scene_boxes import share_inside
from vision.types import (
    Box,
    CharacterRead,
    Detection,
    Frame,
    Image,
    PlateColour,
    PlateReading,
    WeightsInfo,
    ZoneShape,
)

START = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
WIDTH, HEIGHT = 640, 360
PAVEMENT = ZoneShape(
    "pavement", "parking", ((0.1, 0.4), (0.9, 0.4), (0.9, 0.95), (0.1, 0.95)), dwell_seconds=20.0
)
PLACE: Box = (0.30, 0.50, 0.50, 0.75)
BESIDE: Box = (0.56, 0.50, 0.76, 0.75)


@dataclass(frozen=True)
class Car:
    """A vehicle where it is right now. `model` decides body and paint: the same model looks the
    same but for its plate."""

    model: int = 1
    box: Box = PLACE
    plate: str | None = "浙A12345"
    readable: bool = True
    kind: str = "car"
    confidence: float = 0.9
    detected: bool = True


@dataclass(frozen=True)
class Shot:
    """One picture: what stands on the stage, back to front, and the light."""

    cars: tuple[Car, ...] = ()
    gain: float = 1.0
    beam: Box | None = None
    """A headlight's glare over this box."""
    shift_pixels: int = 0
    covered: bool = False
    blur: float = 0.0


class Stage:
    """Draws shots, and is the detector and the plate reader that see them."""

    def __init__(self, *, noise: float = 3.0) -> None:
        self._noise = noise
        self._truth: dict[int, Shot] = {}
        self._drawn = 0
        self.detector_calls = 0
        self.plate_reads = 0

    @property
    def info(self) -> WeightsInfo:
        return WeightsInfo("stage", "0" * 64, "v8", ("car", "bus", "person"), 640)

    def frame(self, shot: Shot, seconds: float) -> Frame:
        image = self.draw(shot)
        at = START + timedelta(seconds=seconds)
        return Frame("stage", at, image, pts=seconds, sequence=self._drawn)

    def draw(self, shot: Shot) -> Image:
        picture = street().astype(np.float32)
        for car in shot.cars:
            _paste(picture, car)
        if shot.covered:
            picture[:] = 70.0
        if shot.beam is not None:
            _shine(picture, shot.beam)
        picture *= shot.gain
        if shot.shift_pixels:
            picture = np.roll(picture, shot.shift_pixels, axis=1)
        if shot.blur:
            picture = cv2.GaussianBlur(picture, (0, 0), shot.blur)
        self._drawn += 1
        image = np.clip(picture + self._noise * _grain(self._drawn % 16), 0, 255).astype(np.uint8)
        self._truth[zlib.crc32(image.tobytes())] = shot
        return image

    def detect(self, image: Image) -> list[Detection]:
        self.detector_calls += 1
        shot = self._truth[zlib.crc32(image.tobytes())]
        seen = [
            Detection(car.kind, car.confidence, car.box)
            for depth, car in enumerate(shot.cars)
            if car.detected and not any(_hides(c, car) for c in shot.cars[depth + 1 :])
        ]
        return sorted(seen, key=lambda d: -d.confidence)

    def read(self, image: Image, vehicle_box: Box | None = None) -> list[PlateReading]:
        self.plate_reads += 1
        shot = self._truth[zlib.crc32(image.tobytes())]
        nearest = [c for c in shot.cars if vehicle_box and box_iou(c.box, vehicle_box) > 0.6]
        # What stands in front is drawn last and hides the plates behind it.
        found = [_reading(c, vehicle_box) for c in reversed(nearest) if c.readable and c.plate]
        return found[:1]

    def read_crop(self, image: Image) -> PlateReading:
        return PlateReading(None, PlateColour.UNKNOWN, 0.0, 0.0, 0.0, (0, 0, 1, 1))


@lru_cache(maxsize=16)
def _grain(number: int) -> NDArray[np.float32]:
    """A sensor's noise: sixteen different ones are enough for no two looks to be the same."""
    rng = np.random.default_rng(number)
    return rng.standard_normal((HEIGHT, WIDTH, 3), dtype=np.float32)


def _hides(front: Car, behind: Car) -> bool:
    """No detector sees a car of which more than a third is behind another."""
    return share_inside(behind.box, front.box) > 0.35


def _reading(car: Car, vehicle_box: Box | None) -> PlateReading:
    assert car.plate is not None
    x1, y1, x2, y2 = car.box
    width, height = x2 - x1, y2 - y1
    plate = (x1 + 0.4 * width, y1 + 0.7 * height, x1 + 0.6 * width, y1 + 0.8 * height)
    characters = tuple(CharacterRead(c, 0.99, "?", 0.01) for c in car.plate)
    kind = parse(car.plate, PlateColour.BLUE)
    return PlateReading(
        car.plate, PlateColour.BLUE, 0.99, 0.99, 0.98, plate, characters, kind, True, car.plate,
        vehicle_box,
    )  # fmt: skip


@lru_cache(maxsize=1)
def street() -> NDArray[np.uint8]:
    """Paving stones, kerb and shop fronts: texture wherever a car may stand."""
    rng = np.random.default_rng(7)
    coarse = rng.uniform(60, 190, (HEIGHT // 20, WIDTH // 20, 3)).astype(np.float32)
    picture = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
    picture[HEIGHT // 2 :] = picture[HEIGHT // 2 :] * 0.25 + 95
    picture[:: HEIGHT // 12] -= 25
    picture[:, :: WIDTH // 16] -= 25
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 1.0), 0, 255).astype(np.uint8)


@lru_cache(maxsize=64)
def _body(model: int, width: int, height: int) -> NDArray[np.float32]:
    """A car's back: paint, window, lamps, wheels, and the details that make a model."""
    rng = np.random.default_rng(1000 + model)
    paint = rng.uniform(20, 240, 3)
    car = np.empty((100, 160, 3), np.float32)
    car[:] = paint
    car[8:45, 20:140] = rng.uniform(15, 60)
    lamp = int(rng.integers(48, 62))
    car[lamp : lamp + 12, 5:30] = car[lamp : lamp + 12, 130:155] = (40, 40, 230)
    car[85:, 10:40] = car[85:, 120:150] = 18
    for _ in range(14):
        x, y = int(rng.integers(0, 140)), int(rng.integers(0, 85))
        w, h = int(rng.integers(6, 40)), int(rng.integers(3, 16))
        car[y : y + h, x : x + w] = np.clip(paint + rng.uniform(-90, 90), 0, 255)
    return np.asarray(cv2.resize(car, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _paste(picture: NDArray[np.float32], car: Car) -> None:
    x1, y1 = round(car.box[0] * WIDTH), round(car.box[1] * HEIGHT)
    x2, y2 = round(car.box[2] * WIDTH), round(car.box[3] * HEIGHT)
    body = _body(car.model, max(4, x2 - x1), max(4, y2 - y1))
    left, top = max(0, -x1), max(0, -y1)
    right, bottom = min(x2, WIDTH) - x1, min(y2, HEIGHT) - y1
    if right > left and bottom > top:
        picture[y1 + top : y1 + bottom, x1 + left : x1 + right] = body[top:bottom, left:right]


def _shine(picture: NDArray[np.float32], beam: Box) -> None:
    rows = np.linspace(0, 1, HEIGHT)[:, None, None]
    columns = np.linspace(0, 1, WIDTH)[None, :, None]
    x, y = (beam[0] + beam[2]) / 2, (beam[1] + beam[3]) / 2
    spread = ((columns - x) / (beam[2] - beam[0])) ** 2 + ((rows - y) / (beam[3] - beam[1])) ** 2
    picture += 160 * np.exp(-4 * spread)


def clipped(box: Box) -> Box:
    x1, y1, x2, y2 = (min(max(v, 0.0), 1.0) for v in box)
    return x1, y1, x2, y2


def slid(car: Car, share: float, *, by: float = -0.9) -> Car:
    """The car on its way out (or in, read backwards) along the street; share 0..1."""
    x1, y1, x2, y2 = car.box
    moved = (x1 + by * share, y1, x2 + by * share, y2)
    return replace(car, box=moved)


@dataclass(frozen=True)
class Stay:
    """A car that stands from `arrives` to `leaves` (seconds), driving in before and out after."""

    car: Car
    arrives: float
    leaves: float = 1e9
    drive_seconds: float = 4.0

    def at(self, seconds: float) -> Car | None:
        if seconds < self.arrives - self.drive_seconds:
            return None
        if seconds < self.arrives:
            return _in_view(slid(self.car, (self.arrives - seconds) / self.drive_seconds, by=0.9))
        if seconds <= self.leaves:
            return self.car
        gone = (seconds - self.leaves) / self.drive_seconds if self.drive_seconds else 1.0
        return _in_view(slid(self.car, gone)) if gone < 1 else None

    def stands(self, seconds: float) -> bool:
        return self.arrives <= seconds <= self.leaves


def _in_view(car: Car) -> Car | None:
    box = clipped(car.box)
    if box[2] - box[0] < 0.04:
        return None
    whole = box == car.box
    return car if whole else replace(car, box=car.box, detected=False)


def shot_of(stays: Sequence[Stay], seconds: float, **light: object) -> Shot:
    """All cars of a story at one instant; later stays are nearer to the camera."""
    cars = tuple(car for stay in stays if (car := stay.at(seconds)) is not None)
    return Shot(cars=cars, **light)  # type: ignore[arg-type]


def ticks(until: float, looks_per_second: float = 1.0, since: float = 0.0) -> Iterable[float]:
    count = int((until - since) * looks_per_second)
    return (since + k / looks_per_second for k in range(count + 1))
