"""The street network: COCO's part is COCO's, ours is ours, and the file says what it is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.vision.onnx_files import write_model
from tests.vision.train.street_material import untaught_branch
from vision.detect import load_detector
from vision.detect_letterbox import Letterbox
from vision.detect_onnxruntime import to_blob
from vision.engine import core
from vision.errors import BadWeights
from vision.evaluate import Labelled, Truth
from vision.layouts import YoloLayout
from vision.train.onnx_file import OnnxGraph
from vision.train.street.calibrate import fit_factor, trusted
from vision.train.street.export import write_street, write_trunk
from vision.train.street.thresholds import choose_thresholds
from vision.train.street.topology import COCO_STREET, STREET_CLASSES, read_teacher, six_class_head
from vision.types import Detection
from vision.weights import resolve_weights
from vision.weights_read import Colours, read_model

TRUST = 9.0


@pytest.fixture(scope="module")
def teacher_file(data_dir: Path) -> Path:
    return data_dir / "weights" / "yolov5n_coco_640.onnx"


@pytest.fixture(scope="module")
def model(teacher_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A street model whose branch nothing has taught."""
    path = tmp_path_factory.mktemp("street") / "street.onnx"
    thresholds = {"hanging": 0.45, "advert": 0.3}
    write_street(path, read_teacher(teacher_file), untaught_branch(), thresholds, TRUST)
    return path


def run(path: Path, blob: np.ndarray) -> np.ndarray:
    """The first output at full precision."""
    compiled = core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.asarray(compiled([blob])[0])[0]


def test_six_classes_answer_as_the_teacher_does(
    data_dir: Path, teacher_file: Path, model: Path
) -> None:
    """Every box of the 25,200 is the teacher's; every score is the teacher's, made trustworthy."""
    junction = sorted((data_dir / "video" / "opendatacam_frames").glob("*.jpg"))[0]
    picture = np.asarray(cv2.imread(str(junction)), np.uint8)
    blob = to_blob(Letterbox.fit(picture, 640, 640, 32).apply(picture), Colours())
    theirs, ours = run(teacher_file, blob), run(model, blob)
    count = len(theirs)
    assert ours.shape == (4 + len(STREET_CLASSES), count // 3 * 4)
    places = [5 + place for place in COCO_STREET]
    scores = trusted((theirs[:, 4:5] * theirs[:, places]).astype(np.float64), TRUST)
    assert scores.max() > 0.9, "nothing stands in the picture"
    assert np.abs(ours[4:10, :count].T - scores).max() < 0.01
    assert (ours[10:, :count] == 0).all(), "the six-class head knows no hanging and no advert"
    clear = scores.max(axis=1) > 0.3
    assert np.abs(ours[:4, :count].T - theirs[:, :4])[clear].max() < 0.7
    assert (ours[4:10, count:] == 0).all(), "the branch knows no vehicles"
    assert ours[10:, count:].max() > 0


@pytest.mark.parametrize(("height", "width"), [(384, 640), (640, 640), (96, 320)])
def test_every_multiple_of_32_is_an_input(model: Path, height: int, width: int) -> None:
    table = run(model, np.zeros((1, 3, height, width), np.float32))
    cells = sum((height // stride) * (width // stride) for stride in (8, 16, 32))
    assert table.shape == (12, 4 * cells)
    assert np.isfinite(table).all()


def test_branch_boxes_lie_round_their_cells(model: Path) -> None:
    """The middle of every box of the branch is near its cell: within the reach of its sides."""
    table = run(model, np.zeros((1, 3, 64, 96), np.float32))
    ours = table[:4, -(8 * 12 + 4 * 6 + 2 * 3) :]
    x, y = np.meshgrid(np.arange(12), np.arange(8))
    assert (np.abs(ours[0, :96] - (x.ravel() + 0.5) * 8) <= ours[2, :96] / 2).all()
    assert (np.abs(ours[1, :96] - (y.ravel() + 0.5) * 8) <= ours[3, :96] / 2).all()


def test_the_file_says_what_it_is(model: Path) -> None:
    facts = read_model(model)
    assert facts.layout is YoloLayout.V8
    assert facts.names == STREET_CLASSES
    assert facts.flexible
    assert facts.thresholds == {"hanging": 0.45, "advert": 0.3}
    assert facts.licence == "AGPL-3.0-or-later"
    assert resolve_weights(model).info("openvino").thresholds == facts.thresholds
    assert load_detector(model).info.thresholds == facts.thresholds


def test_the_shipped_model_is_small_and_states_its_thresholds() -> None:
    shipped = resolve_weights()
    assert shipped.path.stat().st_size < 8_000_000
    assert shipped.names == STREET_CLASSES
    assert set(shipped.thresholds) == {"hanging", "advert"}


def test_the_shipped_six_classes_are_the_teachers(data_dir: Path, teacher_file: Path) -> None:
    """Held to: recall at least 0.95 of the teacher's. Frozen, they can be no worse; see 0008."""
    shipped = load_detector(confidence=0.5, backend="onnxruntime")
    teacher = load_detector(teacher_file, confidence=0.27, backend="onnxruntime")
    missing = total = 0
    for path in sorted((data_dir / "video" / "opendatacam_frames").glob("*.jpg"))[::30]:
        picture = np.asarray(cv2.imread(str(path)), np.uint8)
        ours = shipped.detect(picture)
        for theirs in teacher.detect(picture):
            if theirs.kind in COCO_STREET.values():
                total += 1
                near = [d for d in ours if np.abs(np.subtract(d.box, theirs.box)).max() < 0.01]
                missing += not any(d.kind == theirs.kind for d in near)
    assert total > 30
    assert missing <= 0.02 * total


def test_the_trunk_gives_six_maps(teacher_file: Path, tmp_path: Path) -> None:
    write_trunk(tmp_path / "trunk.onnx", read_teacher(teacher_file))
    compiled = core().compile_model(tmp_path / "trunk.onnx", "CPU")
    maps = compiled([np.zeros((2, 3, 64, 128), np.float32)])
    shapes = [maps[index].shape for index in range(6)]
    assert shapes == [(2, 64, 8, 16), (2, 128, 4, 8), (2, 256, 2, 4)] * 2


def test_the_cut_head_keeps_eleven_of_eighty_five(teacher_file: Path) -> None:
    teacher = read_teacher(teacher_file)
    head = six_class_head(teacher)
    assert [head[f"24.m.{level}"][0].shape[0] for level in range(3)] == [33] * 3
    whole, cut = teacher["24.m.1"][1], head["24.m.1"][1]
    assert cut[11 + 4] == whole[85 + 4]  # objectness of the second anchor
    assert cut[22 + 5 + 5] == whole[170 + 5 + 7]  # truck of the third


def test_another_model_is_no_teacher(tmp_path: Path, data_dir: Path) -> None:
    with pytest.raises(BadWeights, match="is not YOLOv5n"):
        read_teacher(write_model(tmp_path / "m.onnx", np.zeros((1, 84, 8400), np.float32)))
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(BadWeights, match="cannot be read"):
        read_teacher(tmp_path / "broken.onnx")


def test_scores_are_made_to_mean_what_they_say() -> None:
    """A shy detector: what it gives 0.25 is real every second time."""
    rng = np.random.default_rng(1)
    scores = rng.uniform(0.03, 0.9, 4000)
    real = rng.random(4000) < trusted(scores, 9.0)
    pairs = [(float(score), bool(was)) for score, was in zip(scores, real, strict=True)]
    assert fit_factor(pairs) == pytest.approx(9.0, rel=0.25)
    grades = trusted(np.linspace(0.01, 0.99, 50), 9.0)
    assert (np.diff(grades) > 0).all(), "the order of detections must stay"
    assert trusted(np.array([0.25]), 9.0)[0] == pytest.approx(0.5)
    with pytest.raises(BadWeights, match="finds nobody"):
        fit_factor([])


def test_thresholds_are_careful_with_hanging_things() -> None:
    """Two faint false alarms push the threshold of hanging above them, not that of adverts."""
    box = (0.1, 0.1, 0.4, 0.4)
    far = (0.6, 0.6, 0.9, 0.9)

    def pictures(kind: str) -> list[Labelled]:
        seen = [
            Labelled([Truth(kind, box)], [Detection(kind, 0.9 - 0.02 * n, box)]) for n in range(30)
        ]
        false = [Labelled([], [Detection(kind, score, far)]) for score in (0.51, 0.45)]
        return seen + false

    chosen = choose_thresholds({"hanging": pictures("hanging"), "advert": pictures("advert")})
    assert chosen["hanging"] > 0.5
    assert chosen["advert"] < 0.4


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        ("no json", "thresholds in .* cannot be read"),
        ("[0.5]", "thresholds in .* cannot be read"),
        ('{"ghost": 0.5}', "threshold for ghost"),
        ('{"car": 1.5}', "threshold for car"),
    ],
)
def test_thresholds_that_cannot_be_used_are_refused(tmp_path: Path, stated: str, says: str) -> None:
    metadata = {"names": "{0: 'person', 1: 'car'}", "thresholds": stated}
    table = np.zeros((1, 6, 8400), np.float32)
    with pytest.raises(BadWeights, match=says):
        read_model(write_model(tmp_path / "m.onnx", table, metadata=metadata))


def test_a_sidecar_states_thresholds_of_ones_own_weights(tmp_path: Path) -> None:
    table = np.zeros((1, 6, 8400), np.float32)
    path = write_model(tmp_path / "m.onnx", table)
    path.with_suffix(".json").write_text('{"names": ["person", "car"], "thresholds": {"car": 0.6}}')
    assert load_detector(path).info.thresholds == {"car": 0.6}


def test_a_graph_written_by_hand_computes(tmp_path: Path) -> None:
    """Weights are stored as 16-bit floats and widened; the same constant is stored once."""
    graph = OnnxGraph()
    weight = np.array([[0.1, -2.0]], np.float32).reshape(1, 2, 1, 1)
    wires = ["x", graph.weights(weight, "w")]
    y = graph.node("Conv", wires, "c", kernel_shape=[1, 1], pads=[0, 0, 0, 0])
    y = graph.node("Add", [y, graph.floats(1.0)])
    graph.rename(graph.node("Mul", [y, graph.floats(1.0)]), "out")
    shape = (1, 2, "rows", "columns")
    outputs = {"out": (1, 1, "rows", "columns")}
    graph.write(tmp_path / "g.onnx", inputs={"x": shape}, outputs=outputs, metadata={"a": "b"})
    x = np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2)
    expected = np.float32(np.float16(0.1)) * x[0, 0] - 2 * x[0, 1] + 1
    assert run(tmp_path / "g.onnx", x)[0] == pytest.approx(expected, abs=1e-4)
    assert not list(tmp_path.glob("*.unfinished"))
