"""Do strangers see what we drew? Reports per clip, and fails when a standing vehicle is overlooked.

    python -m samples.scene.check
    python -m samples.scene.check demo_day

A detector trained on COCO alone, which never saw our pictures, has to find every standing vehicle
in nine of ten looks (one a second); the project's street model has to be sure of it (0.80) in eight
of ten. What a text reader makes of each plate is reported too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from rapidocr import RapidOCR

from samples.scene.detectors import COCO, STREET, Detector, Found, Image, data_folder, iou

CLIPS: Final = Path(__file__).resolve().parent.parent / "clips"
SAME: Final = 0.5  # overlap from which a found box is this vehicle
COCO_SCORE, COCO_SHARE = 0.25, 0.9
STREET_SCORE, STREET_SHARE = 0.80, 0.8
PLATE_HEIGHT: Final = 96  # pixels of the rectified plate


@dataclass
class Stand:
    """What was seen of one vehicle during one stand."""

    vehicle: str
    plate: str
    wide: float
    coco: list[float] = field(default_factory=list[float])
    street: list[float] = field(default_factory=list[float])
    street_boxes: list[tuple[float, ...]] = field(default_factory=list[tuple[float, ...]])
    reads: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])

    @property
    def passed(self) -> bool:
        """Seen often enough by both."""
        seen = _share(self.coco, COCO_SCORE) >= COCO_SHARE
        return seen and _share(self.street, STREET_SCORE) >= STREET_SHARE

    def shake(self) -> float:
        """How far the street model's box wanders: the largest spread of a side, in 0..1."""
        return (
            float(np.ptp(np.array(self.street_boxes), axis=0).max()) if self.street_boxes else 1.0
        )

    def line(self) -> str:
        """The report's line."""
        words = [text for text, _ in self.reads]
        usual = max(set(words), key=words.count) if words else ""
        certain = float(np.mean([c for t, c in self.reads if t == usual])) if words else 0.0
        parts = [
            f"  {self.vehicle} {self.plate} {self.wide:4.0f} px  looks {len(self.coco):3d}",
            _summary("coco", self.coco, COCO_SCORE),
            _summary("street", self.street, STREET_SCORE) + f" box +-{self.shake():.3f}",
            f"reads {usual} {words.count(usual)}/{len(words)} {certain:.2f}",
            "ok" if self.passed else "OVERLOOKED",
        ]
        return "  ".join(parts)


def _share(scores: list[float], at_least: float) -> float:
    """Share of looks scored at least so much."""
    return sum(s >= at_least for s in scores) / max(1, len(scores))


def _summary(name: str, scores: list[float], at_least: float) -> str:
    least, mean = min(scores, default=0.0), float(np.mean(scores or [0.0]))
    return f"{name} {_share(scores, at_least):4.0%} (least {least:.2f}, mean {mean:.2f})"


def looks(path: Path) -> Iterator[tuple[float, Image]]:
    """(second, BGR picture) once a second of a clip."""
    with av.open(str(path)) as container:
        following = 0.0
        for frame in container.decode(video=0):
            now = float(frame.time or 0.0)
            if now >= following - 1e-6:
                following += 1.0
                yield now, np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def rectified(picture: Image, corners: list[list[float]], green: bool) -> Image:
    """The plate seen straight on; corners (4, 2) in 0..1, clockwise from the upper left."""
    height, width = picture.shape[:2]
    size = (round(PLATE_HEIGHT * (480 if green else 440) / 140), PLATE_HEIGHT)
    source = np.array(corners, np.float32) * np.array([width, height], np.float32)
    target = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, target)
    return np.asarray(cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_CUBIC), np.uint8)


def plate_reader() -> Callable[[Image], tuple[str, float]]:
    """RapidOCR's recognition alone: a plate crop to (text, confidence)."""
    engine: Any = RapidOCR(params={"Global.log_level": "error"})

    def read(crop: Image) -> tuple[str, float]:
        result = engine(crop, use_det=False, use_cls=False, use_rec=True)
        texts, scores = result.txts or ("",), result.scores or (0.0,)
        return "".join(c for c in str(texts[0]) if c.isalnum()), float(scores[0])

    return read


def _score(found: list[Found], box: tuple[float, ...]) -> tuple[float, Found | None]:
    same = [f for f in found if iou(f.box, box) >= SAME]
    return (same[0].score, same[0]) if same else (0.0, None)


def _plate_width(corners: list[list[float]], size: list[int]) -> float:
    (x0, y0), (x1, y1) = corners[0], corners[1]
    return float(np.hypot((x1 - x0) * size[0], (y1 - y0) * size[1]))


def check_clip(
    name: str,
    coco: Detector,
    street: Detector | None,
    read: Callable[[Image], tuple[str, float]] | None = None,
    every: int = 1,
) -> list[Stand]:
    """Look at one clip, every `every` seconds; a stand for each vehicle that stands."""
    truth = json.loads((CLIPS / f"{name}.truth.json").read_text("utf-8"))
    spans = [(v, s) for v in truth["vehicles"] for s in v["stands"]]
    stands = [
        Stand(v["id"], v["plate"], _plate_width(s["plate_corners"], truth["size"]))
        for v, s in spans
    ]
    for number, (now, picture) in enumerate(looks(CLIPS / f"{name}.mp4")):
        if number % every:
            continue
        by_coco = coco(picture, COCO_SCORE)
        by_street = street(picture, COCO_SCORE) if street else []
        for stand, (vehicle, span) in zip(stands, spans, strict=True):
            until = span["until_seconds"]
            if now < span["from_seconds"] or (until is not None and now >= until):
                continue
            stand.coco.append(_score(by_coco, tuple(span["box"]))[0])
            score, seen = _score(by_street, tuple(span["box"]))
            stand.street.append(score if street else 1.0)
            if seen:
                stand.street_boxes.append(seen.box)
            if read:
                green = len(vehicle["plate"]) == 8
                stand.reads.append(read(rectified(picture, span["plate_corners"], green)))
    return stands


def main() -> None:
    """The command."""
    folder = data_folder()
    coco, street, read = Detector(COCO, folder), Detector(STREET, folder), plate_reader()
    good = True
    for name in sys.argv[1:] or sorted(p.stem for p in CLIPS.glob("*.mp4")):
        stands = check_clip(name, coco, street, read)
        print(f"{name}: {(CLIPS / f'{name}.mp4').stat().st_size / 1e6:.2f} MB")
        for stand in stands:
            print(stand.line())
        good = good and all(s.passed for s in stands)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
