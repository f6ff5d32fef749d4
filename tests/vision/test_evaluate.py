"""The measures themselves: known cases counted by hand, and what holds for any detections."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.evaluate import (
    Labelled,
    Ranked,
    Truth,
    at_threshold,
    average_precision,
    best_f1,
    compare,
    evaluate,
    iou_matrix,
    kinds_of,
    match,
    rank,
    recall_at_precision,
)
from vision.geometry import box_iou
from vision.types import Box, Detection

A: Box = (0.1, 0.1, 0.3, 0.3)
B: Box = (0.5, 0.5, 0.8, 0.9)
FAR: Box = (0.9, 0.0, 1.0, 0.1)

corners = st.tuples(*[st.integers(0, 20)] * 2, *[st.integers(1, 8)] * 2)
boxes = corners.map(lambda c: (c[0] / 28, c[1] / 28, (c[0] + c[2]) / 28, (c[1] + c[3]) / 28))
kinds = st.sampled_from(["car", "bus"])
truths = st.builds(Truth, kinds, boxes, st.booleans())
detections = st.builds(Detection, kinds, st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9]), boxes)
pictures = st.lists(
    st.builds(Labelled, st.lists(truths, max_size=4), st.lists(detections, max_size=5)), max_size=4
)


def car(box: Box, confidence: float) -> Detection:
    return Detection("car", confidence, box)


def ranked(*right: bool, truths: int) -> Ranked:
    """Detections of falling confidence, right or not."""
    confidences = np.linspace(0.9, 0.1, len(right)) if right else np.zeros(0)
    return Ranked(confidences, np.array(right, bool), truths)


def test_the_overlap_is_that_of_geometry() -> None:
    assert iou_matrix([A, B], [B, A, FAR]) == pytest.approx(
        np.array([[box_iou(a, b) for b in (B, A, FAR)] for a in (A, B)])
    )
    assert iou_matrix([], [A]).shape == (0, 1)
    assert iou_matrix([(0.2, 0.2, 0.2, 0.2)], [(0.2, 0.2, 0.2, 0.2)]) == 0, "no area, no overlap"


def test_a_second_detection_of_the_same_object_is_false() -> None:
    pairs = match([Truth("car", A)], [car(A, 0.6), car(A, 0.9)])
    assert [(item.confidence, truth is not None) for item, truth in pairs] == [
        (0.9, True),
        (0.6, False),
    ]


def test_an_overlap_of_just_the_iou_counts() -> None:
    half: Box = (0.1, 0.1, 0.3, 0.2)
    assert match([Truth("car", A)], [car(half, 0.9)])[0][1] is not None
    less: Box = (0.1, 0.1, 0.3, 0.199)
    assert match([Truth("car", A)], [car(less, 0.9)])[0][1] is None


def test_each_takes_the_free_truth_it_overlaps_most() -> None:
    near: Box = (0.12, 0.1, 0.32, 0.3)
    between: Box = (0.11, 0.1, 0.31, 0.3)
    pairs = match([Truth("car", A), Truth("car", near)], [car(A, 0.9), car(between, 0.8)])
    assert [truth and truth.box for _, truth in pairs] == [A, near]


def test_what_is_to_be_ignored_is_neither_right_nor_false() -> None:
    picture = Labelled([Truth("car", A, ignore=True), Truth("car", B)], [car(A, 0.9), car(A, 0.8)])
    found = rank([picture], "car")
    assert (len(found.right), found.truths) == (0, 1)


def test_another_class_is_no_match() -> None:
    found = rank([Labelled([Truth("bus", A)], [car(A, 0.9)])], "car")
    assert (found.truths, found.right.tolist()) == (0, [False])


def test_average_precision_counted_by_hand() -> None:
    """Two of four found at rank 1 and 3: precision 1 up to recall 0.25, 2/3 up to 0.5, then 0."""
    expected = (26 * 1.0 + 25 * 2 / 3) / 101
    assert average_precision(ranked(True, False, True, truths=4)) == pytest.approx(expected)


def test_nothing_there_has_no_average_and_nothing_found_has_zero() -> None:
    assert average_precision(ranked(False, truths=0)) is None
    assert average_precision(ranked(truths=3)) == 0.0
    point = at_threshold(ranked(truths=0), 0.5)
    assert (point.precision, point.recall, point.f1) == (None, None, 0.0)


def test_detections_of_equal_confidence_enter_together() -> None:
    """Which of two equals comes first is chance: neither order may be rewarded."""
    values = {
        average_precision(Ranked(np.array([0.5, 0.5]), np.array(order), 1))
        for order in ([True, False], [False, True])
    }
    assert values == {0.5}


def test_recall_at_a_precision_takes_the_point_that_finds_most() -> None:
    found = ranked(True, False, True, True, False, truths=5)
    assert recall_at_precision(found, 0.75).right == 3
    assert recall_at_precision(found, 1.0).right == 1
    hopeless = recall_at_precision(ranked(False, truths=2), 0.5)
    assert (hopeless.right, hopeless.false, hopeless.missed) == (0, 0, 2)


def test_the_best_f1_lies_where_it_is_best() -> None:
    point = best_f1(ranked(True, True, False, False, truths=2))
    assert (point.right, point.false, point.f1) == (2, 0, 1.0)
    assert best_f1(ranked(truths=2)).f1 == 0.0


def test_two_detectors_are_held_to_the_same_precision() -> None:
    theirs = ranked(True, True, True, False, truths=4)
    ours = ranked(True, True, False, True, truths=4)
    comparison = compare(ours, theirs, 0.0)
    assert comparison.theirs.precision == 0.75
    assert (comparison.ours.precision, comparison.ratio) == (0.75, 1.0)
    assert compare(ranked(True, False, truths=4), theirs, 0.0).ratio == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="same labels"):
        compare(ours, ranked(truths=1), 0.0)


def test_where_the_other_finds_nothing_there_is_no_ratio() -> None:
    assert compare(ranked(True, truths=1), ranked(truths=1), 0.25).ratio is None


def test_a_detector_that_says_the_truth_is_perfect() -> None:
    seen = [
        Labelled([Truth("car", A), Truth("bus", B)], [car(A, 0.4), Detection("bus", 0.3, B)]),
        Labelled([], []),
    ]
    report = evaluate(seen, 0.25)
    assert (report.map50, report.map50_95, report.pictures) == (1.0, 1.0, 2)
    assert (report.point.precision, report.point.recall) == (1.0, 1.0)


def test_a_class_that_is_nowhere_labelled_counts_false_alarms_but_no_average() -> None:
    report = evaluate([Labelled([Truth("car", A)], [car(A, 0.9), Detection("bus", 0.9, B)])], 0.5)
    bus, kept = report.classes
    assert (bus.kind, bus.point.false, bus.ap50) == ("bus", 1, None)
    assert report.map50 == kept.ap50 == 1.0


def test_looser_boxes_lower_the_strict_average_only() -> None:
    loose: Box = (0.1, 0.1, 0.3, 0.26)  # IoU 0.8 with A
    result = evaluate([Labelled([Truth("car", A)], [car(loose, 0.9)])], 0.5).classes[0]
    assert (result.ap50, result.ap50_95) == (1.0, pytest.approx(0.7))


@settings(max_examples=60, deadline=None)
@given(pictures, st.randoms(use_true_random=False))
def test_no_order_changes_a_figure(seen: list[Labelled], chance: Random) -> None:
    mixed = [Labelled(p.truths, chance.sample(p.found, len(p.found))) for p in seen]
    assert evaluate(chance.sample(mixed, len(mixed)), 0.3) == evaluate(seen, 0.3)


@settings(max_examples=60, deadline=None)
@given(pictures)
def test_counts_add_up_and_figures_stay_in_range(seen: list[Labelled]) -> None:
    for kind in kinds_of(seen):
        found = rank(seen, kind)
        points = [at_threshold(found, t) for t in (0.0, 0.3, 0.5, 0.95)]
        for point in points:
            assert point.right + point.missed == found.truths
        assert all(a.right >= b.right and a.false >= b.false for a, b in pairwise(points))
        average = average_precision(found)
        assert average is None or 0 <= average <= 1
        held = compare(found, found, 0.3)
        assert held.ratio is None or held.ratio >= 1, "a detector is at least as good as itself"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(boxes, unique=True, max_size=4), max_size=4))
def test_a_false_alarm_never_helps(places: list[list[Box]]) -> None:
    clean = [Labelled([Truth("car", b) for b in p], [car(b, 0.5) for b in p]) for p in places]
    noisy = [Labelled(p.truths, [*p.found, car((0.99, 0.99, 1, 1), 0.9)]) for p in clean]
    before, after = average_precision(rank(clean, "car")), average_precision(rank(noisy, "car"))
    assert (before is None) == (after is None)
    assert before is None or (after is not None and after <= before == 1.0)
