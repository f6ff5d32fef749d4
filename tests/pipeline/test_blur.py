"""The desk at which blurred copies are made: bytes in, bytes out, nothing shown unseen."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import Unavailable
from pipeline.blur import CopyDesk
from pipeline.evidence import decode_jpeg, encode_jpeg
from tests.pipeline.kit import Theatre
from tests.vision.stage import BESIDE, PLACE, Shot
from vision.blur import Eyes
from vision.types import Box, Detection, Image, WeightsInfo


class CountsLooks:
    """A detector that sees one car, and counts how often it was asked."""

    info = WeightsInfo("counts", "0" * 64, "v8", ("car", "person"), 640)

    def __init__(self) -> None:
        self.looks = 0

    def detect(self, image: Image) -> list[Detection]:
        self.looks += 1
        return [Detection("car", 0.9, BESIDE)]


def desk(detector: CountsLooks) -> CopyDesk:
    return CopyDesk(lambda: Eyes(detector, lambda _: [], lambda _: []))


def noise(seed: int = 3) -> bytes:
    picture = np.random.default_rng(seed).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    return encode_jpeg(picture)


def spread(data: bytes, box: Box) -> float:
    image = decode_jpeg(data)
    assert image is not None
    height, width = image.shape[:2]
    part = image[
        int(box[1] * height) : int(box[3] * height), int(box[0] * width) : int(box[2] * width)
    ]
    return float(np.abs(np.diff(part.astype(float), axis=1)).mean())


def test_a_copy_is_a_jpeg_in_which_only_the_subject_is_clear() -> None:
    copy = desk(CountsLooks()).copy(noise(), PLACE)
    assert spread(copy, PLACE) > 30
    assert spread(copy, BESIDE) < 10


def test_the_same_copy_is_made_once() -> None:
    detector = CountsLooks()
    made = desk(detector)
    assert made.copy(noise(), PLACE) == made.copy(noise(), PLACE)
    assert detector.looks == 1
    assert made.copy(noise(), BESIDE) != made.copy(noise(), PLACE), "another subject"
    assert detector.looks == 2


def test_only_the_last_copies_are_kept() -> None:
    detector = CountsLooks()
    made = desk(detector)
    small = [encode_jpeg(np.full((48, 48, 3), shade, np.uint8)) for shade in range(0, 200, 5)]
    for picture in (*small, small[0]):
        made.copy(picture, None)
    assert detector.looks == len(small) + 1


def test_what_is_no_picture_is_not_shown() -> None:
    with pytest.raises(Unavailable, match="not shown"):
        desk(CountsLooks()).copy(b"no picture", PLACE)


def test_services_make_copies_with_the_installations_eyes() -> None:
    scene = Theatre()
    frame = scene.stage.frame(Shot(), 0.0)
    copy = decode_jpeg(scene.services.blur(encode_jpeg(frame.image), PLACE))
    assert copy is not None
    assert copy.shape == frame.image.shape
