"""Labelled folders as the tools write them, and what is wrong with them, by file and line."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from vision.evaluate import Labelled, Truth, evaluate
from vision.evaluate_folder import (
    LOWEST_CONFIDENCE,
    BadLabels,
    look_at_folder,
    read_folder,
)
from vision.evaluate_names import Naming, UnknownClass, match_names
from vision.types import Detection, Image, WeightsInfo

LINE = "0 0.5 0.5 0.2 0.4\n"
BOX = (0.4, 0.3, 0.6, 0.7)


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((48, 64, 3), 90, np.uint8))


def label(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def side_by_side(tmp_path: Path) -> Path:
    label(tmp_path / "classes.txt", "car\nbus\n")
    picture(tmp_path / "a.jpg")
    label(tmp_path / "a.txt", LINE)
    return tmp_path


def test_pictures_and_labels_side_by_side(side_by_side: Path) -> None:
    picture(side_by_side / "sub" / "b.PNG")
    picture(side_by_side / "c.jpg")
    label(side_by_side / "c.txt", "\n")
    found = read_folder(side_by_side)
    assert found.names == ("car", "bus")
    assert [p.path.name for p in found.pictures] == ["a.jpg", "c.jpg", "b.PNG"]
    (truth,) = found.pictures[0].truths
    assert truth.kind == "car"
    assert truth.box == pytest.approx(BOX)
    assert (found.objects, found.unlabelled, found.split) == (1, 1, "")


@pytest.mark.parametrize("layout", ["images/val|labels/val", "val/images|val/labels"])
def test_images_beside_labels_with_splits(tmp_path: Path, layout: str) -> None:
    """Ultralytics' own order of folders, and Roboflow's; of the splits val goes first."""
    images, labels = (Path(part) for part in layout.split("|"))
    label(tmp_path / "data.yaml", f"names:\n  0: car\n  1: bus\nval: {images}\n")
    picture(tmp_path / images / "a.jpg")
    label(tmp_path / labels / "a.txt", "1 0.5 0.5 0.2 0.4\n")
    found = read_folder(tmp_path)
    assert (found.split, found.pictures[0].truths[0].kind) == ("val", "bus")
    assert read_folder(tmp_path / "data.yaml") == found
    (tmp_path / "data.yaml").unlink()
    label(tmp_path / "classes.txt", "car\nbus\n")
    assert read_folder(tmp_path).pictures == found.pictures


def test_a_list_of_pictures_and_a_split_that_is_asked_for(tmp_path: Path) -> None:
    label(tmp_path / "data.yaml", "names: [car]\ntrain: ../train/images\ntest: test.txt\n")
    for split in ("train", "test"):
        picture(tmp_path / split / "images" / "a.jpg")
        label(tmp_path / split / "labels" / "a.txt", LINE)
    label(tmp_path / "test.txt", "test/images/a.jpg\n\n")
    assert read_folder(tmp_path).split == "test"
    trained = read_folder(tmp_path, split="train")
    assert trained.pictures[0].path == tmp_path / "train" / "images" / "a.jpg"


def test_an_outline_counts_as_its_box(side_by_side: Path) -> None:
    label(side_by_side / "a.txt", "1 0.4 0.3 0.6 0.35 0.5 0.7\n")
    assert read_folder(side_by_side).pictures[0].truths == (Truth("bus", BOX),)


def test_a_box_a_little_outside_is_cut_at_the_edge(side_by_side: Path) -> None:
    label(side_by_side / "a.txt", "0 0.1 0.5 0.204 0.4\n")
    box = read_folder(side_by_side).pictures[0].truths[0].box
    assert box == pytest.approx((0.0, 0.3, 0.202, 0.7))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("car 0.5 0.5 0.2 0.4", "a.txt:2: 'car 0.5 0.5 0.2 0.4' is not all numbers"),
        ("0 0.5 0.5 0.2", "a.txt:2: has 4 numbers"),
        ("0 0.5 0.5 0.2 0.4 0.9", "a.txt:2: has 6 numbers"),
        ("2 0.5 0.5 0.2 0.4", "a.txt:2: there is no class 2, only 0 to 1"),
        ("-1 0.5 0.5 0.2 0.4", "a.txt:2: there is no class -1"),
        ("0.5 0.5 0.5 0.2 0.4", "a.txt:2: there is no class 0.5"),
        ("nan 0.5 0.5 0.2 0.4", "a.txt:2: there is no class nan"),
        ("0 32 24 12 19", "a.txt:2: the box lies outside the picture"),
        ("0 0.5 0.5 0 0.4", "a.txt:2: the box has no area"),
        ("0 nan 0.5 0.2 0.4", "a.txt:2: a coordinate is no finite number"),
    ],
)
def test_a_bad_line_is_named(side_by_side: Path, text: str, said: str) -> None:
    label(side_by_side / "a.txt", LINE + text)
    with pytest.raises(BadLabels) as caught:
        read_folder(side_by_side)
    assert said in caught.value.message


def _no_folder(folder: Path) -> Path:
    return folder / "nowhere"


def _no_names(folder: Path) -> Path:
    (folder / "classes.txt").unlink()
    return folder


def _empty_names(folder: Path) -> Path:
    label(folder / "classes.txt", "\n")
    return folder


def _no_pictures(folder: Path) -> Path:
    (folder / "a.jpg").unlink()
    return folder


def _no_labels(folder: Path) -> Path:
    (folder / "a.txt").unlink()
    return folder


def _binary_label(folder: Path) -> Path:
    (folder / "a.txt").write_bytes(b"\xff\xfe\x00\xd8")
    return folder


def _yaml(text: str) -> object:
    def written(folder: Path) -> Path:
        label(folder / "data.yaml", text)
        return folder

    return written


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_no_folder, "no such folder"),
        (_no_names, "no class names"),
        (_empty_names, "classes.txt: is empty"),
        (_no_pictures, "no pictures"),
        (_no_labels, "none with a label file"),
        (_binary_label, "a.txt: is not a text file"),
        (_yaml("names: [car\nval: x"), "data.yaml:2: cannot be read as YAML"),
        (_yaml("- car"), "data.yaml: is no mapping"),
        (_yaml("nc: 1"), "data.yaml: no class names"),
        (_yaml("names: {0: car, 2: bus}"), "not numbered 0, 1, 2"),
        (_yaml("names: [car]\nval: nowhere"), "val: nowhere does not exist"),
        (_yaml("names: [car]\nval: list.txt"), "val: list.txt does not exist"),
    ],
)
def test_what_is_wrong_with_a_folder_is_said(side_by_side: Path, spoil: object, said: str) -> None:
    assert callable(spoil)
    with pytest.raises(BadLabels) as caught:
        read_folder(spoil(side_by_side))
    assert said in caught.value.message


@pytest.mark.parametrize(("split", "said"), [("valid", "no split valid"), ("test", "split test")])
def test_a_split_that_is_not_there_is_refused(side_by_side: Path, split: str, said: str) -> None:
    with pytest.raises(BadLabels) as caught:
        read_folder(side_by_side, split=split)
    assert said in caught.value.message


def test_a_list_that_names_what_is_not_there(side_by_side: Path) -> None:
    label(side_by_side / "data.yaml", "names: [car]\nval: list.txt")
    label(side_by_side / "list.txt", "a.jpg\nb.jpg\n")
    with pytest.raises(BadLabels) as caught:
        read_folder(side_by_side)
    assert "list.txt:2: there is no picture b.jpg" in caught.value.message


# -- names ----------------------------------------------------------------------------------------

KINDS = ("person", "motorcycle", "car", "bus", "hanging")


def test_names_meet_in_spite_of_case_and_synonyms() -> None:
    naming = match_names(["Car", "motor bike", "Motorbike", "行人", "tree"], KINDS)
    assert naming.by_label == {"Car": "car", "Motorbike": "motorcycle", "行人": "person"}
    assert naming.unknown == ("motor bike", "tree")
    assert naming.kinds == ("car", "motorcycle", "person")
    assert naming.renamed["行人"] == "person"


def test_what_is_chosen_goes_first() -> None:
    naming = match_names(["van", "car"], KINDS, {"van": "car", "car": "bus"})
    assert naming.by_label == {"van": "car", "car": "bus"}


@pytest.mark.parametrize(
    ("labels", "chosen", "said"),
    [
        (["car"], {"van": "car"}, "the labels know no class van"),
        (["van"], {"van": "tram"}, "the weights know no class tram"),
        (["tree"], {}, "none of the labels' classes"),
    ],
)
def test_names_that_do_not_meet(labels: list[str], chosen: dict[str, str], said: str) -> None:
    with pytest.raises(UnknownClass) as caught:
        match_names(labels, KINDS, chosen)
    assert said in caught.value.message
    assert caught.value.hint


# -- looking --------------------------------------------------------------------------------------


class SeesCars:
    """Finds the same car and the same tree in every picture, as far down as it is asked."""

    info = WeightsInfo("sees", "0" * 64, "v8", ("car", "tree"), 640)

    def detect(self, image: Image) -> list[Detection]:
        return self.detect_from(image, 0.25)

    def detect_from(self, image: Image, confidence: float) -> list[Detection]:
        all_found = [
            Detection("car", 0.9, BOX), Detection("tree", 0.8, BOX),
            Detection("car", 0.01, (0.0, 0.0, 0.1, 0.1)),
        ]  # fmt: skip
        return [item for item in all_found if item.confidence >= confidence]


def test_pictures_are_looked_at_under_the_weights_names(side_by_side: Path) -> None:
    label(side_by_side / "a.txt", LINE + "1 0.5 0.5 0.2 0.4\n")
    shown: list[tuple[int, int]] = []
    seen = look_at_folder(
        read_folder(side_by_side), Naming({"car": "car"}, ("bus",)), SeesCars(),
        lambda done, of: shown.append((done, of)),
    )  # fmt: skip
    assert [t.kind for t in seen[0].truths] == ["car"]
    assert [f.confidence for f in seen[0].found] == [0.9, 0.01], "unsure ones too, no trees"
    assert shown == [(1, 1)]
    assert LOWEST_CONFIDENCE < 0.01


def test_each_class_may_have_its_own_limit() -> None:
    seen = [Labelled([Truth("car", BOX)], [Detection("car", 0.3, BOX)])]
    assert evaluate(seen, 0.5).classes[0].point.right == 0
    own = evaluate(seen, 0.5, own={"car": 0.2}).classes[0].point
    assert (own.right, own.threshold) == (1, 0.2)
