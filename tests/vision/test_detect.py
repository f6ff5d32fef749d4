"""Detectors: the folded letterbox is a plain letterbox, every engine finds the same objects."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import openvino as ov
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vision.extra import needs_ultralytics
from tests.vision.onnx_files import write_model
from vision.detect import load_detector
from vision.detect_letterbox import Letterbox
from vision.detect_onnxruntime import to_blob
from vision.detect_openvino import KEPT_SIZES, OpenVinoEngine, fold_input
from vision.engine import core
from vision.errors import BadPicture, BadWeights
from vision.geometry import box_iou
from vision.types import Detection, Image
from vision.weights import resolve_weights
from vision.weights_read import STRIDE, Colours, read_model


@pytest.fixture(scope="module")
def street(data_dir: Path) -> Image:
    """A real junction with cars, 640x360."""
    return read(sorted((data_dir / "video" / "opendatacam_frames").glob("*.jpg"))[0])


@pytest.fixture(scope="module")
def bus(data_dir: Path) -> Image:
    """People and a car beside the road, drawn by no camera of ours."""
    file = data_dir.parent / "scene" / "example" / "bus.jpg"
    if not file.is_file():
        pytest.skip("no bus.jpg beside the real data")
    return read(file)


def read(file: Path) -> Image:
    image = cv2.imread(str(file))
    assert image is not None
    return image.astype(np.uint8)


def noise(height: int, width: int, seed: int = 1) -> Image:
    """A blurred random picture: every pixel tells where it came from."""
    raw = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return cv2.GaussianBlur(raw, (0, 0), 5).astype(np.uint8)


def assert_same_objects(
    some: list[Detection], others: list[Detection], *, overlap: float, scores: float
) -> None:
    """Every object above 0.5 of one list stands in the other at the same place."""
    for a, b in ((some, others), (others, some)):
        for detection in (d for d in a if d.confidence > 0.5):
            twin = max(b, key=lambda d: box_iou(d.box, detection.box))
            assert twin.kind == detection.kind
            assert twin.confidence == pytest.approx(detection.confidence, abs=scores)
            assert box_iou(twin.box, detection.box) >= overlap


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (1080, 1920, (640, 384, 640, 360, 0, 12)),
        (360, 640, (640, 384, 640, 360, 0, 12)),
        (1920, 1080, (384, 640, 360, 640, 12, 0)),
        (576, 704, (640, 544, 640, 524, 0, 10)),
        (640, 640, (640, 640, 640, 640, 0, 0)),
        (10, 4000, (640, 32, 640, 2, 0, 15)),
    ],
)
def test_a_free_network_gets_no_more_grey_than_its_stride_asks(
    height: int, width: int, expected: tuple[int, ...]
) -> None:
    box = Letterbox.fit(np.zeros((height, width, 3), np.uint8), 640, 640, STRIDE)
    assert (box.width, box.height, box.inner_width, box.inner_height, box.left, box.top) == expected


def test_a_fixed_network_gets_its_size() -> None:
    box = Letterbox.fit(np.zeros((1080, 1920, 3), np.uint8), 640, 640, None)
    assert (box.width, box.height, box.top, box.bottom) == (640, 640, 140, 140)


@settings(deadline=None)
@given(height=st.integers(40, 3000), width=st.integers(40, 3000), free=st.booleans())
def test_boxes_come_back_to_the_picture(height: int, width: int, free: bool) -> None:
    """The whole picture is 0,0,1,1 whatever its size, and its aspect ratio is kept."""
    box = Letterbox.fit(np.zeros((height, width, 3), np.uint8), 640, 640, STRIDE if free else None)
    edges = np.array(
        [[box.left, box.top, box.left + box.inner_width, box.top + box.inner_height]], np.float32
    )
    assert box.to_relative(edges).tolist() == [pytest.approx([0, 0, 1, 1])]
    scale = min(640 / width, 640 / height)
    assert abs(box.inner_width - width * scale) <= 1
    assert abs(box.inner_height - height * scale) <= 1
    assert box.right >= 0
    assert box.bottom >= 0


@pytest.mark.parametrize(
    "colours",
    [
        Colours(),
        Colours(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
        Colours(rgb=False, scale=1.0),
    ],
)
@pytest.mark.parametrize(("height", "width"), [(432, 768), (1080, 1920), (576, 704), (64, 64)])
def test_the_folded_input_is_a_plain_letterbox(height: int, width: int, colours: Colours) -> None:
    """Border, colour order and scaling in the graph give what numpy gives, pixel by pixel."""
    image = noise(height, width)
    letterbox = Letterbox.fit(image, 640, 640, STRIDE)
    through = ov.opset13.parameter([1, 3, letterbox.height, letterbox.width], np.float32)
    model = ov.Model([ov.opset13.result(through)], [through])
    engine = core()
    compiled = engine.compile_model(
        fold_input(model, letterbox, colours), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    folded = compiled([letterbox.shrink(image)[None]])[0]
    plain = to_blob(letterbox.apply(image), colours)
    np.testing.assert_allclose(folded, plain, atol=1e-4 * max(1.0, float(np.abs(plain).max())))


def test_street_n_finds_the_cars_of_a_real_junction(street: Image) -> None:
    found = load_detector(confidence=0.4).detect(street)
    assert sum(d.kind == "car" for d in found) >= 2
    assert [d.confidence for d in found] == sorted((d.confidence for d in found), reverse=True)
    for detection in found:
        x1, y1, x2, y2 = detection.box
        assert 0 <= x1 < x2 <= 1
        assert 0 <= y1 < y2 <= 1


def test_boxes_are_those_of_a_plain_letterbox(street: Image) -> None:
    """Against the textbook way: numpy letterbox to 640, float32, bare OpenVINO, within a pixel."""
    weights = resolve_weights()
    facts = read_model(weights.path)
    letterbox = Letterbox.fit(street, 640, 640, STRIDE)
    engine = core()
    model = engine.read_model(weights.path)
    model.reshape([1, 3, letterbox.height, letterbox.width])
    bare = engine.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    table = bare([to_blob(letterbox.apply(street), facts.colours)])[0][0]
    ours = [d for d in load_detector().detect(street) if d.confidence > 0.5]
    assert ours
    for detection in ours:
        boxes = letterbox.to_relative(
            np.stack(
                [
                    table[0] - table[2] / 2,
                    table[1] - table[3] / 2,
                    table[0] + table[2] / 2,
                    table[1] + table[3] / 2,
                ],
                axis=1,
            )
        )
        kind = 4 + weights.names.index(detection.kind)
        near = np.abs(boxes - np.array(detection.box)).max(axis=1) * 640 <= 1.5
        assert table[kind, near].max() == pytest.approx(detection.confidence, abs=0.05)


@pytest.mark.parametrize("file", ["street_v0.onnx", "yolov5n_coco_640.onnx", "yolox_nano_416.onnx"])
def test_both_engines_find_the_same(data_dir: Path, street: Image, file: str) -> None:
    """OpenVINO may calculate in bfloat16: edges may differ by a pixel or three, objects not."""
    path = data_dir / "weights" / file
    some = load_detector(path, confidence=0.2).detect(street)
    others = load_detector(path, backend="onnxruntime", confidence=0.2).detect(street)
    assert any(d.kind == "car" and d.confidence > 0.5 for d in some)
    assert_same_objects(some, others, overlap=0.8, scores=0.08)


@pytest.mark.parametrize(
    ("file", "kind", "least"),
    [
        ("yolov5n_coco_640.onnx", "car", 0.6),
        ("yolox_nano_416.onnx", "car", 0.6),
        ("street_v0.onnx", "car", 0.8),
    ],
)
def test_the_standing_car_is_found_where_it_stands(
    data_dir: Path, bus: Image, file: str, kind: str, least: float
) -> None:
    found = load_detector(data_dir / "weights" / file).detect(bus)
    cars = [d for d in found if d.kind == kind and d.confidence >= least]
    assert any(box_iou(d.box, (0.391, 0.433, 0.692, 0.85)) > 0.85 for d in cars)


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
@pytest.mark.parametrize("shape", ["v8", "end2end"])
def test_layouts_without_real_weights(tmp_path: Path, backend: str, shape: str) -> None:
    """One car, known to the pixel, in a network of fixed 640x640 fed with 1080p."""
    if shape == "v8":
        table = np.zeros((1, 6, 8400), np.float32)
        table[0, :, 40] = (320, 320, 64, 36, 0, 0.8)
    else:
        table = np.zeros((1, 300, 6), np.float32)
        table[0, 3] = (288, 302, 352, 338, 0.8, 1)
    file = write_model(tmp_path / "m.onnx", table, metadata={"names": "{0: 'person', 1: 'car'}"})
    (car,) = load_detector(file, backend=backend).detect(noise(1080, 1920))
    assert (car.kind, car.confidence) == ("car", pytest.approx(0.8, abs=0.01))
    assert car.box == pytest.approx((0.45, 0.45, 0.55, 0.55), abs=0.002)


def test_a_camera_may_change_its_resolution(street: Image) -> None:
    """Two sizes of one scene give one answer, and networks do not pile up."""
    detector = load_detector(confidence=0.4)
    large = cv2.resize(street, (1920, 1080), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    assert_same_objects(detector.detect(street), detector.detect(large), overlap=0.85, scores=0.15)
    engine = OpenVinoEngine(resolve_weights().path, Colours(), 1)
    for side in range(1, KEPT_SIZES + 2):
        image = noise(32 * side, 640)
        engine.infer(image, Letterbox.fit(image, 640, 640, STRIDE))
    assert len(engine._requests) == KEPT_SIZES


def test_cameras_share_a_detector(street: Image) -> None:
    """Four threads at once get what one gets alone."""
    detector = load_detector(threads=1)
    pictures = [street, np.ascontiguousarray(street[:, ::-1]), noise(576, 704), street]
    alone = [detector.detect(picture) for picture in pictures]
    together: list[list[Detection]] = [[] for _ in pictures]

    def look(index: int) -> None:
        for _ in range(3):
            together[index] = detector.detect(pictures[index])

    threads = [threading.Thread(target=look, args=(i,)) for i in range(len(pictures))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_the_same_picture_gives_the_same_answer(street: Image) -> None:
    """Replay must be byte-identical."""
    assert load_detector().detect(street) == load_detector().detect(street)


def test_explanations_name_the_model() -> None:
    info = load_detector(backend="onnxruntime").info
    assert (info.name, info.backend, info.layout, info.input_size) == (
        "street-n",
        "onnxruntime",
        "v8",
        640,
    )
    assert info.sha256 == resolve_weights().sha256


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((0, 640, 3), np.uint8),
        np.zeros((64, 64), np.uint8),
        np.zeros((64, 64, 4), np.uint8),
        np.zeros((64, 64, 3), np.float32),
    ],
)
def test_what_is_no_picture_is_refused(picture: np.ndarray) -> None:
    with pytest.raises(BadPicture, match="blue-green-red"):
        load_detector().detect(picture)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"backend": "tensorrt"}, r"no backend tensorrt \(one of openvino"),
        ({"backend": "ultralytics"}, r"reads \.pt files, street-n\.onnx is none"),
        ({"confidence": 1.5}, "between 0 and 1"),
        ({"threads": 0}, "at least 1"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], says: str) -> None:
    with pytest.raises(BadWeights, match=says):
        load_detector(**options)  # type: ignore[arg-type]


@needs_ultralytics
class TestUltralytics:
    """The same network as .pt and as ONNX sees the same street."""

    def test_pt_and_onnx_agree(self, data_dir: Path, street: Image) -> None:
        torch_side = load_detector(data_dir / "weights" / "street_v0.pt", confidence=0.2)
        assert torch_side.info.backend == "ultralytics"
        onnx_side = load_detector(
            data_dir / "weights" / "street_v0.onnx", backend="onnxruntime", confidence=0.2
        )
        assert_same_objects(
            torch_side.detect(street), onnx_side.detect(street), overlap=0.95, scores=0.03
        )

    def test_a_picture_that_is_none(self, data_dir: Path) -> None:
        detector = load_detector(data_dir / "weights" / "street_v0.pt", threads=1)
        with pytest.raises(BadPicture):
            detector.detect(np.zeros((64, 64), np.uint8))
