"""The four YOLO layouts: told apart by shape, decoded to the same boxes, suppressed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vision.errors import BadWeights
from vision.geometry import box_iou
from vision.layouts import Found, YoloLayout, decode, suppress, tell_layout

CAR, TRUCK, PERSON = 2, 7, 0
BOX = (100.0, 200.0, 180.0, 260.0)
"""x1, y1, x2, y2 in pixels of a 640x640 input; its centre is 140, 230."""


def v8_table(classes: int = 8, cells: int = 8400) -> np.ndarray:
    table = np.zeros((1, 4 + classes, cells), np.float32)
    table[0, :4, 17] = (140, 230, 80, 60)
    table[0, 4 + CAR, 17] = 0.9
    return table


def v5_table(classes: int = 80, rows: int = 25200) -> np.ndarray:
    table = np.zeros((1, rows, 5 + classes), np.float32)
    table[0, 17, :5] = (140, 230, 80, 60, 0.9)
    table[0, 17, 5 + CAR] = 1.0
    return table


def end2end_table() -> np.ndarray:
    table = np.zeros((1, 300, 6), np.float32)
    table[0, 5] = (*BOX, 0.9, CAR)
    return table


def yolox_table() -> np.ndarray:
    """Cell (17, 28) of stride 8 holds the centre 140, 230."""
    table = np.zeros((1, 8400, 85), np.float32)
    row = 28 * 80 + 17
    table[0, row, :5] = (140 / 8 - 17, 230 / 8 - 28, np.log(80 / 8), np.log(60 / 8), 0.9)
    table[0, row, 5 + CAR] = 1.0
    return table


def yolox_decoded_table() -> np.ndarray:
    """The same from an export with decode_in_inference: pixels instead of offsets."""
    table = np.zeros((1, 8400, 85), np.float32)
    table[0, :, :2] = np.linspace(0, 640, 8400)[:, None]
    table[0, 0, :5] = (140, 230, 80, 60, 0.9)
    table[0, 0, 5 + CAR] = 1.0
    return table


@pytest.mark.parametrize(
    ("shape", "height", "width", "names", "layout", "classes"),
    [
        ((1, 12, 8400), 640, 640, 8, YoloLayout.V8, 8),
        ((1, 84, 8400), 640, 640, None, YoloLayout.V8, 80),
        ((1, 5, 8400), 640, 640, 1, YoloLayout.V8, 1),
        ((1, 12, 5040), 384, 640, 8, YoloLayout.V8, 8),  # a wide input has fewer cells
        ((1, 25200, 85), 640, 640, None, YoloLayout.V5, 80),
        ((1, 25500, 85), 640, 640, 80, YoloLayout.V5, 80),  # the large ones with a fourth stride
        ((1, 3549, 85), 416, 416, None, YoloLayout.YOLOX, 80),
        ((1, 8400, 13), 640, 640, 8, YoloLayout.YOLOX, 8),
        ((1, 300, 6), 640, 640, 80, YoloLayout.END2END, 80),
        ((1, 300, 6), 640, 640, None, YoloLayout.END2END, 0),  # does not say how many
        ((1, 8400, 6), 640, 640, 1, YoloLayout.YOLOX, 1),  # one class, not end to end
        ((1, 25200, 6), 640, 640, 1, YoloLayout.V5, 1),
    ],
)
def test_layouts_are_told_apart_by_their_shape(
    shape: tuple[int, ...],
    height: int,
    width: int,
    names: int | None,
    layout: YoloLayout,
    classes: int,
) -> None:
    assert tell_layout(shape, height, width, names) == (layout, classes)


@pytest.mark.parametrize(
    ("shape", "names", "says"),
    [
        ((1, 1000), None, "not one table"),  # a classifier
        ((2, 84, 8400), None, "not one table"),
        ((1, 84, 8000), None, "none of the YOLO layouts"),
        ((1, 100, 7), None, "none of the YOLO layouts"),  # TensorFlow's SSD
        ((1, 84, 8400), 8, "8 class names are stated, but the output has 84 channels"),
        ((1, 56, 8400), 1, "pose"),  # 17 joints beside one class
        ((1, 25200, 85), 81, "makes 80 classes"),
    ],
)
def test_what_is_no_detector_is_refused(
    shape: tuple[int, ...], names: int | None, says: str
) -> None:
    with pytest.raises(BadWeights) as refused:
        tell_layout(shape, 640, 640, names)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("layout", "table"),
    [
        (YoloLayout.V8, v8_table()),
        (YoloLayout.V5, v5_table()),
        (YoloLayout.END2END, end2end_table()),
        (YoloLayout.YOLOX, yolox_table()),
        (YoloLayout.YOLOX, yolox_decoded_table()),
    ],
)
def test_every_layout_decodes_to_the_same_box(layout: YoloLayout, table: np.ndarray) -> None:
    found = decode(layout, table, 640, 640, 0.25)
    assert found.boxes.tolist() == [pytest.approx(BOX, abs=0.01)]
    assert found.scores.tolist() == [pytest.approx(0.9)]
    assert found.classes.tolist() == [CAR]
    assert len(decode(layout, table, 640, 640, 0.95).scores) == 0


@pytest.mark.parametrize("layout", [YoloLayout.V8, YoloLayout.V5, YoloLayout.END2END])
def test_an_empty_street_has_nothing(layout: YoloLayout) -> None:
    tables = {
        YoloLayout.V8: np.zeros((1, 12, 8400), np.float32),
        YoloLayout.V5: np.zeros((1, 25200, 85), np.float32),
        YoloLayout.END2END: np.zeros((1, 300, 6), np.float32),
    }
    found = suppress(decode(layout, tables[layout], 640, 640, 0.25), frozenset({CAR}))
    assert found.boxes.shape == (0, 4)


def found_of(*rows: tuple[tuple[float, float, float, float], float, int]) -> Found:
    """Rows of box, score, class; best first."""
    return Found(
        np.array([row[0] for row in rows], np.float32),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[2] for row in rows], np.int64),
    )


def test_two_boxes_of_one_car_are_one() -> None:
    found = found_of(
        (BOX, 0.9, CAR), ((102, 202, 182, 262), 0.6, CAR), ((300, 0, 340, 40), 0.5, CAR)
    )
    assert suppress(found, frozenset({CAR})).scores.tolist() == pytest.approx([0.9, 0.5])


def test_cars_in_a_row_stay_apart() -> None:
    """Parked cars hide each other by half and are still two."""
    found = found_of((BOX, 0.9, CAR), ((140, 200, 220, 260), 0.8, CAR))
    assert len(suppress(found, frozenset({CAR})).scores) == 2


def test_a_van_seen_as_car_and_truck_is_one_vehicle() -> None:
    """Two kinds on one place would become two events against one owner."""
    found = found_of((BOX, 0.7, CAR), ((101, 201, 181, 261), 0.6, TRUCK))
    assert suppress(found, frozenset({CAR, TRUCK})).classes.tolist() == [CAR]


def test_a_person_before_a_car_is_kept() -> None:
    found = found_of((BOX, 0.7, CAR), ((101, 201, 181, 261), 0.6, PERSON))
    assert suppress(found, frozenset({CAR, TRUCK})).classes.tolist() == [CAR, PERSON]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 40), st.integers(0, 2)),
        max_size=20,
    )
)
def test_what_is_kept_is_what_comparing_each_with_each_keeps(
    rows: list[tuple[int, int, int, int]],
) -> None:
    """Classes 0 and 1 are vehicles; the best come first and stay so."""
    boxes = [(float(x), float(y), float(x + s), float(y + s)) for x, y, s, _ in rows]
    classes = [row[3] for row in rows]
    shares = [[box_iou(a, b) for b in boxes] for a in boxes]
    assume(
        all(abs(share - limit) > 1e-5 for row in shares for share in row for limit in (0.6, 0.8))
    )

    def one(a: int, b: int) -> bool:
        limit = 0.6 if classes[a] == classes[b] else 0.8
        return shares[a][b] > limit and (
            classes[a] == classes[b] or 2 not in (classes[a], classes[b])
        )

    expected: list[int] = []
    for index in range(len(rows)):
        if not any(one(better, index) for better in expected):
            expected.append(index)
    scores = np.linspace(0.9, 0.3, len(rows), dtype=np.float32)
    found = Found(np.array(boxes, np.float32).reshape(-1, 4), scores, np.array(classes, np.int64))
    assert suppress(found, frozenset({0, 1})).scores.tolist() == scores[expected].tolist()
