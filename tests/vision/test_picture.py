"""qifen look and qifen plate read: what one picture gives."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from vision import picture_drawing
from vision.detect import load_detector
from vision.errors import BadPicture
from vision.picture import draw, iter_pictures, load_picture, look_at_picture, read_plate_crop
from vision.picture_drawing import draw_boxes, legible
from vision.plates import default_reader
from vision.types import Detection, Detector, Image, WeightsInfo

DRAWN = Path(__file__).parent / "plates"
INFO = WeightsInfo("none", "0" * 64, "v8", ("car", "person"), 640)


class FixedDetector:
    """A detector that sees what it is told: tests of what is done with its boxes."""

    def __init__(self, *found: Detection) -> None:
        self._found = list(found)

    @property
    def info(self) -> WeightsInfo:
        return INFO

    def detect(self, image: Image) -> list[Detection]:
        assert image.ndim == 3
        return self._found


REAR: Detector = FixedDetector(
    Detection("car", 0.91, (0.25, 0.2, 0.76, 0.9)),
    Detection("person", 0.8, (0.0, 0.1, 0.1, 0.5)),
    Detection("truck", 0.4, (0.1, 0.1, 0.9, 0.95)),
)


def test_one_line_of_look() -> None:
    """The form of the issue: every field, JSON-ready, the plate tied to the smallest vehicle."""
    report = look_at_picture(DRAWN / "car_rear.jpg", REAR, default_reader())
    line = report.as_json()
    assert json.loads(json.dumps(line)) == line
    assert line["size"] == [640, 480]
    assert line["objects"][0] == {"kind": "car", "confidence": 0.91, "box": [0.25, 0.2, 0.76, 0.9]}
    [plate] = line["plates"]
    assert list(plate) == ["text", "colour", "confidence", "accepted", "box", "object"]
    assert plate["text"] == "浙A12345"
    assert plate["colour"] == "blue"
    assert plate["accepted"] is True
    assert plate["object"] == 0
    assert all(0 <= v <= 1 for v in plate["box"])


def test_close_up_without_a_vehicle() -> None:
    """No vehicle found: the whole picture is searched, the plate belongs to no object."""
    report = look_at_picture(DRAWN / "car_rear.jpg", FixedDetector(), default_reader())
    [plate] = report.as_json()["plates"]
    assert plate["text"] == "浙A12345"
    assert plate["object"] is None


def test_unreadable_is_null(tmp_path: Path) -> None:
    """A crop that cannot be read has text null, and is not accepted."""
    entry = read_plate_crop(DRAWN / "blurred.jpg", default_reader())
    assert entry["text"] is None
    assert entry["accepted"] is False
    assert entry["object"] is None


def test_plate_read_of_a_crop() -> None:
    """The `plates` entry, with the file it is of."""
    path = DRAWN / "green_yueB12345D.jpg"
    entry = read_plate_crop(path, default_reader())
    assert entry["file"] == str(path)
    assert (entry["text"], entry["colour"], entry["accepted"]) == ("粤B12345D", "green", True)
    assert entry["box"] == [0.0, 0.0, 1.0, 1.0]


def test_draw_writes_a_copy(tmp_path: Path) -> None:
    """The copy has the picture's size and something drawn on it; the original stays."""
    before = (DRAWN / "car_rear.jpg").read_bytes()
    report = look_at_picture(DRAWN / "car_rear.jpg", REAR, default_reader())
    first, second = draw(report, tmp_path / "out"), draw(report, tmp_path / "out")
    assert (first.name, second.name) == ("car_rear.jpg", "car_rear-2.jpg")
    drawn = load_picture(first)
    assert drawn.shape == report.image.shape
    assert np.abs(drawn.astype(int) - report.image).max() > 100
    assert (DRAWN / "car_rear.jpg").read_bytes() == before


def test_without_a_chinese_font(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no Chinese font is installed the province is spelt, and nothing fails."""
    monkeypatch.setattr(picture_drawing, "chinese_font", lambda: None)
    blank = np.zeros((120, 200, 3), np.uint8)
    marked = draw_boxes(blank, [((0.1, 0.5, 0.9, 0.9), "浙A12345", True)])
    assert marked.any()
    assert legible("浙A12345") == "Zhe-A12345"
    assert legible("京A0123警") == "Jing-A0123Jing"
    assert legible("car 0.91") == "car 0.91"


def test_labels_stay_inside_the_picture() -> None:
    """A box in the corner keeps its words on the picture."""
    blank = np.zeros((200, 300, 3), np.uint8)
    marked = draw_boxes(blank, [((0.9, 0.0, 1.0, 0.05), "truck 0.99", False)])
    assert marked[:60, 200:].any()


def test_pictures_of_folders(tmp_path: Path) -> None:
    """Folders are searched for pictures in order of name; named files are taken as they are."""
    for name in ("b.jpg", "a.PNG", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    other = tmp_path / "notes.txt"
    assert [p.name for p in iter_pictures([tmp_path, other])] == ["a.PNG", "b.jpg", "notes.txt"]


def test_bad_pictures_are_named(tmp_path: Path) -> None:
    """Missing, empty, not a picture, too small, a folder of none: BadPicture with a hint."""
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("not a picture")
    cv2.imwrite(str(tmp_path / "dot.png"), np.zeros((4, 4, 3), np.uint8))
    for name in ("empty.jpg", "text.jpg", "dot.png", "missing.jpg"):
        with pytest.raises(BadPicture) as error:
            load_picture(tmp_path / name)
        assert name in error.value.message
        assert error.value.hint
    (tmp_path / "none").mkdir()
    for path in (tmp_path / "none", tmp_path / "missing.jpg"):
        with pytest.raises(BadPicture):
            list(iter_pictures([path]))


@pytest.mark.data
def test_real_close_ups(data_dir: Path) -> None:
    """CCPD photographs through the real detector: plates are found, tied to vehicles where seen."""
    files = sorted((data_dir / "plates" / "full_ccpd").glob("*.jpg"))[4:8]
    detector, reader = load_detector(), default_reader()
    reports = [look_at_picture(path, detector, reader) for path in files]
    assert sum(any(p.reading.text for p in report.plates) for report in reports) >= 2
    for report in reports:
        for plate in report.plates:
            if plate.object_index is not None:
                assert report.objects[plate.object_index].kind in {"car", "truck", "bus", "van"}
