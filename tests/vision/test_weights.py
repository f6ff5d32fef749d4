"""Weights: what is bundled is sound, what cannot be used is refused with its mend."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.vision.extra import needs_ultralytics
from tests.vision.onnx_files import truncated, write_model
from vision import detect_ultralytics, weights
from vision.errors import BadWeights
from vision.weights import (
    BUNDLED,
    DEFAULT_WEIGHTS,
    chosen_weights,
    list_weights,
    resolve_weights,
    use_weights,
)
from vision.weights_read import read_model

STREET = ("person", "bicycle", "car", "motorcycle", "bus", "truck", "hanging", "advert")
NAMES = {"names": "{0: 'person', 1: 'car'}"}
V8 = np.zeros((1, 6, 8400), np.float32)
"""Two classes."""
COCO_V8 = np.zeros((1, 84, 8400), np.float32)


def test_the_default_is_bundled_and_states_its_classes() -> None:
    found = resolve_weights()
    assert (found.name, found.names) == (DEFAULT_WEIGHTS, STREET)
    assert (found.layout, found.input_size, found.licence) == ("v8", 640, "AGPL-3.0-or-later")
    assert found == resolve_weights(DEFAULT_WEIGHTS) == list_weights()[0]


def test_every_bundled_file_has_a_card_and_is_small() -> None:
    for entry in BUNDLED.values():
        file = resolve_weights(Path(entry.file).stem).path
        card = file.with_suffix(".md").read_text(encoding="utf-8")
        assert entry.licence in card
        assert "## Limits" in card
        assert file.stat().st_size < 8_000_000


def test_a_damaged_bundled_file_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder stands in for an installation whose file was cut short."""
    truncated(tmp_path / "street-n.onnx", resolve_weights().path)
    monkeypatch.setattr(weights, "_FOLDER", tmp_path)
    with pytest.raises(BadWeights, match=r"damaged.*install Qifen again"):
        resolve_weights()


@pytest.mark.parametrize(
    ("file", "layout", "classes", "size"),
    [
        ("street_v0.onnx", "v8", 8, 640),
        ("yolov5n_coco_640.onnx", "v5", 80, 640),
        ("yolox_nano_416.onnx", "yolox", 80, 416),
    ],
)
def test_real_weights_are_told_apart(
    data_dir: Path, file: str, layout: str, classes: int, size: int
) -> None:
    found = resolve_weights(data_dir / "weights" / file)
    assert (found.layout, len(found.names), found.input_size) == (layout, classes, size)
    assert "car" in found.names


def test_eighty_unnamed_classes_are_coco(tmp_path: Path) -> None:
    names = resolve_weights(write_model(tmp_path / "m.onnx", COCO_V8)).names
    assert (len(names), names[2], names[7], names[79]) == (80, "car", "truck", "toothbrush")


def test_stated_names_win_over_coco(tmp_path: Path) -> None:
    """Eighty classes of somebody's own."""
    stated = "\n".join(["Van", *(f"thing {number}" for number in range(79))])
    (tmp_path / "m.names").write_text(stated + "\n")
    assert resolve_weights(write_model(tmp_path / "m.onnx", COCO_V8)).names[0] == "van"


@pytest.mark.parametrize(
    ("sidecar", "content"),
    [
        ("m.names", "person\n\ncar\n"),
        ("m.onnx.names", "person\ncar"),
        ("m.json", '["person", "car"]'),
        ("m.json", '{"1": "car", "0": "person"}'),
        ("m.onnx.json", '{"names": {"0": "Person", "1": " Car "}, "licence": "MIT"}'),
    ],
)
def test_names_from_a_sidecar(tmp_path: Path, sidecar: str, content: str) -> None:
    (tmp_path / sidecar).write_text(content)
    found = resolve_weights(write_model(tmp_path / "m.onnx", V8))
    assert found.names == ("person", "car")
    assert found.licence == ("MIT" if "licence" in content else "unknown")


def test_end_to_end_is_read_with_its_names(tmp_path: Path) -> None:
    table = np.zeros((1, 300, 6), np.float32)
    found = resolve_weights(write_model(tmp_path / "m.onnx", table, metadata=NAMES))
    assert (found.layout, found.names) == ("end2end", ("person", "car"))


def test_old_exports_with_raw_heads_beside_the_table(tmp_path: Path) -> None:
    table = np.zeros((1, 25200, 85), np.float32)
    file = write_model(tmp_path / "m.onnx", table, extra_output=(1, 3, 80, 80, 85))
    assert resolve_weights(file).layout == "v5"


@pytest.mark.parametrize(
    ("table", "options", "says"),
    [
        (V8, {}, "has 2 classes and states no names.*m.names"),
        (np.zeros((1, 300, 6)), {}, "does not say its classes"),
        (V8, {"metadata": {"names": "{0: 'a', 1: 'b', 2: 'car'}"}}, "3 class names.*2 classes"),
        (V8, {"metadata": {"names": "{0: 'person', 1: 'dog'}"}}, "knows no vehicle.*bus, car"),
        (V8, {"metadata": {"names": "{0: 'person', 2: 'car'}"}}, "without gaps"),
        (V8, {"metadata": {"names": "person car"}}, "cannot be read.*m.names"),
        (V8, {"metadata": {"names": "'car'"}}, "without gaps"),
        (np.zeros((1, 1000)), {"metadata": NAMES}, "not one table"),
        (V8, {"metadata": NAMES, "extra_output": (1, 32, 160, 160)}, "segmentation"),
        (V8, {"metadata": NAMES, "input_shape": (8, 3, 640, 640)}, "batch=1"),
        (V8, {"metadata": NAMES, "input_shape": (1, 640, 640, 3)}, "channels first"),
        (V8, {"metadata": NAMES, "input_shape": (1, 3, 600, 600)}, "no multiple of 32"),
        (V8, {"metadata": NAMES, "input_shape": (1, 3)}, "not \\(1, 3, height, width\\)"),
        (V8, {"metadata": NAMES, "input_shape": (1, 3, 320, 320)}, "none of the YOLO layouts"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_mend(
    tmp_path: Path, table: np.ndarray, options: dict[str, object], says: str
) -> None:
    file = write_model(tmp_path / "m.onnx", table, **options)  # type: ignore[arg-type]
    with pytest.raises(BadWeights, match=says):
        resolve_weights(file)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "is not JSON"),
        ('{"names": ["person", "car"], "scale": 0}', "cannot be used"),
        ('{"names": ["person", "car"], "scale": "big"}', "must be numbers"),
        ('{"names": ["person", "car"], "mean": [0, 0]}', "three numbers"),
        ('{"names": ["person", "car"], "colour": "grey"}', "rgb or bgr"),
    ],
)
def test_a_wrong_sidecar_is_refused(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "m.json").write_text(content)
    with pytest.raises(BadWeights, match=says):
        resolve_weights(write_model(tmp_path / "m.onnx", V8))


def test_colours_from_a_sidecar(tmp_path: Path) -> None:
    """YOLOX of 0.2 and later takes blue-green-red from 0 to 255."""
    yolox = np.zeros((1, 8400, 7), np.float32)
    file = write_model(tmp_path / "m.onnx", yolox, metadata=NAMES)
    assert read_model(file).colours.mean == (0.485, 0.456, 0.406)
    (tmp_path / "m.json").write_text(
        '{"colour": "bgr", "scale": 1, "mean": [0, 0, 0], "std": [1, 1, 1]}'
    )
    colours = read_model(file).colours
    assert (colours.rgb, colours.scale, colours.mean) == (False, 1.0, (0.0, 0.0, 0.0))


def test_a_free_input_takes_the_size_it_was_exported_for(tmp_path: Path) -> None:
    table = np.zeros((1, 6, 2100), np.float32)
    file = write_model(
        tmp_path / "m.onnx",
        table,
        input_shape=("batch", 3, "height", "width"),
        metadata=NAMES | {"imgsz": "[320, 320]"},
    )
    facts = read_model(file)
    assert (facts.height, facts.width, facts.flexible) == (320, 320, True)


@pytest.mark.parametrize("content", [b"", b"not a model", bytes(4096)])
def test_a_file_that_is_no_model(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "m.onnx"
    file.write_bytes(content)
    with pytest.raises(BadWeights, match=r"m.onnx is not a model.*give an ONNX file"):
        resolve_weights(file)


def test_half_a_model(tmp_path: Path) -> None:
    file = truncated(tmp_path / "m.onnx", resolve_weights().path)
    with pytest.raises(BadWeights, match="not a model"):
        resolve_weights(file)


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(BadWeights, match=r"no weights street-x.*street-n"):
        resolve_weights("street-x")


def test_official_weights_without_the_extra_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module of None is how Python itself marks a package that is not there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setitem(__import__("sys").modules, "ultralytics", None)
    with pytest.raises(BadWeights, match=r'pip install "qifen\[yolo\]"'):
        resolve_weights("yolo26n.pt")


def test_the_choice_is_kept(tmp_path: Path) -> None:
    assert chosen_weights(tmp_path / "data") is None
    use_weights(DEFAULT_WEIGHTS, tmp_path / "data")
    assert chosen_weights(tmp_path / "data") == DEFAULT_WEIGHTS
    file = write_model(tmp_path / "m.onnx", V8, metadata=NAMES)
    assert use_weights(file, tmp_path / "data").names == ("person", "car")
    assert chosen_weights(tmp_path / "data") == str(file.resolve())


def test_a_wrong_choice_leaves_the_earlier_one(tmp_path: Path) -> None:
    use_weights(DEFAULT_WEIGHTS, tmp_path)
    with pytest.raises(BadWeights):
        use_weights(write_model(tmp_path / "m.onnx", V8), tmp_path)
    assert chosen_weights(tmp_path) == DEFAULT_WEIGHTS


def test_a_chosen_file_that_changed_or_went_is_not_used(tmp_path: Path) -> None:
    """The evidence names the weights by sha256: another file must not slip in."""
    file = write_model(tmp_path / "m.onnx", V8, metadata=NAMES)
    use_weights(file, tmp_path)
    write_model(file, V8, metadata=NAMES | {"author": "somebody"})
    with pytest.raises(BadWeights, match=r"have changed.*choose again"):
        chosen_weights(tmp_path)
    file.unlink()
    with pytest.raises(BadWeights, match="are gone"):
        chosen_weights(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"weights": "x"})])
def test_a_broken_record_of_the_choice(tmp_path: Path, content: str) -> None:
    (tmp_path / "weights.json").write_text(content)
    with pytest.raises(BadWeights, match=r"cannot be read.*choose again"):
        chosen_weights(tmp_path)


@needs_ultralytics
class TestUltralytics:
    """With the extra installed."""

    def test_own_pt_is_read(self, data_dir: Path) -> None:
        found = resolve_weights(data_dir / "weights" / "street_v0.pt")
        assert (found.names, found.layout) == (STREET, "v8")

    def test_official_weights_offline_are_refused_plainly(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The suite has no way out to the internet, as a machine in a traffic cabinet has none."""
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        for proxy in ("http_proxy", "https_proxy", "HTTPS_PROXY"):  # curl obeys no fixture
            monkeypatch.setenv(proxy, "http://127.0.0.1:9")
        with pytest.raises(BadWeights, match=r"yolo26n.pt is not on this machine.*copy the file"):
            resolve_weights("yolo26n.pt")
        assert not (tmp_path / "qifen" / "weights" / "yolo26n.pt").exists()

    def test_a_pt_that_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "m.pt").write_bytes(b"not a model")
        with pytest.raises(BadWeights, match="not a model that ultralytics can read"):
            detect_ultralytics.open_model(tmp_path / "m.pt")
