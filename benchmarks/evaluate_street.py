"""The street model: vehicles and people against its teacher, hanging, adverts, processor time.

Nobody has drawn boxes round the vehicles and people of the real pictures. Their truth is the COCO
network (YOLOv5n) looking closer: at the whole and at four enlarged parts of each picture. Both
networks are then asked for one ordinary look at 640, and ours is held to the precision that the
teacher's ordinary look reaches: the recall is compared there. What the closer look is unsure of
counts for nobody.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median

import av
import cv2
import numpy as np

from benchmarks.evaluate_rows import Context, NoMaterial, Row, at_least, at_most
from vision.detect import load_detector
from vision.evaluate import Labelled, Truth, average_precision, compare, rank
from vision.picture import load_picture
from vision.tiles import detect_from, detect_in, windows
from vision.train.street.check import LOWEST_CONFIDENCE, measure
from vision.train.street.holdout import (
    CONDITIONS,
    adverts_holdout,
    clean_facades,
    hanging_holdout,
    labelled_composites,
)
from vision.types import Detector, Image

KINDS = ("person", "bicycle", "motorcycle", "car", "bus", "truck")
WORKING = 0.25
"""Confidence at which the teacher is asked, and we where the weights state none of their own."""
SURE, UNSURE = 0.4, 0.1
"""From here on the closer look's word is taken; between the two it counts for nobody."""
TIMED = 40


def street(context: Context) -> list[Row]:
    """All rows of the street model."""
    data = context.need()
    ours = load_detector(confidence=LOWEST_CONFIDENCE, threads=1)
    theirs = _teacher(data)
    rows = against_teacher(list(unseen(data, context)), ours, theirs)
    rows += hanging(data, context, ours)
    rows += adverts(data, ours)
    return [*rows, processor_time(data, ours, theirs)]


def _teacher(data: Path) -> Detector:
    path = data / "weights" / "yolov5n_coco_640.onnx"
    if not path.is_file():
        raise NoMaterial("the teacher yolov5n_coco_640.onnx is not in the data")
    return load_detector(path, confidence=LOWEST_CONFIDENCE, threads=1)


# -- vehicles and people --------------------------------------------------------------------------


def unseen(data: Path, context: Context) -> Iterator[Image]:
    """Real pictures that training never sees: streets, crowds, cars, facades; ours to the eye."""
    folders = {
        "video/opendatacam_frames": 75, "crowd": 8, "plates/full_easypr": 89,
        "plates/full_ccpd": 11, "posters/facades": 76,
    }  # fmt: skip
    for folder, wanted in folders.items():
        files = sorted((data / folder).glob("*.jpg"))
        count = min(context.some(wanted), len(files))
        for index in range(count):
            yield load_picture(files[index * len(files) // count])
    for pattern in ("ahmetozlu*.mp4", "intel*.mp4", "andrewssobral*.avi"):
        clip = next((data / "video").glob(pattern))
        yield from _frames(clip, context.some(20))


def _frames(clip: Path, count: int) -> Iterator[Image]:
    """`count` frames spread over a clip of about half a minute."""
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        every = max(1, int(float(stream.average_rate or 25) * 30 / count))
        for frame in islice(container.decode(stream), 0, every * count, every):
            yield np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def closer_look(teacher: Detector, image: Image) -> list[Truth]:
    """What the teacher says of the whole picture and of four enlarged parts of it."""
    parts = [(0.0, 0.0, 1.0, 1.0), *windows((0.0, 0.0, 1.0, 1.0), 0.6, 0.2)]
    found = detect_in(teacher, image, parts, UNSURE)
    return [
        Truth(item.kind, item.box, ignore=item.confidence < SURE)
        for item in found
        if item.kind in KINDS
    ]


def against_teacher(pictures: Sequence[Image], ours: Detector, theirs: Detector) -> list[Row]:
    """Our recall over the teacher's at the teacher's precision, class by class."""
    truths = [closer_look(theirs, image) for image in pictures]
    mine = [Labelled(t, ours.detect(i)) for t, i in zip(truths, pictures, strict=True)]
    other = [Labelled(t, theirs.detect(i)) for t, i in zip(truths, pictures, strict=True)]
    rows: list[Row] = []
    for kind in KINDS:
        held = compare(rank(mine, kind), rank(other, kind), WORKING)
        count = held.theirs.right + held.theirs.missed
        note = (
            f"recall {held.ours.recall:.2f} and {held.theirs.recall:.2f} at precision "
            f"{held.theirs.precision:.2f}"
            if held.ours.recall is not None and held.theirs.precision is not None
            else ""
        )
        rows.append(
            Row(
                "recall against the teacher's at equal precision", kind, held.ratio, "ratio",
                count, f"in {len(pictures)} pictures", "teacher", note=note,
                **at_least(held.ratio, 0.95),
            )
        )  # fmt: skip
    return rows


# -- hanging and adverts --------------------------------------------------------------------------


def hanging(data: Path, context: Context, ours: Detector) -> list[Row]:
    """Average precision on composites of unseen parts; false alarms on clean facades."""
    rows: list[Row] = []
    for condition in CONDITIONS:
        pictures = hanging_holdout(
            data, condition=condition, count=context.some(240), store=context.work
        )
        rows.append(_ap_row("hanging", condition, measure(pictures, "hanging", ours.detect), 0.85))
    others = measure(labelled_composites(data), "hanging", ours.detect)
    rows.append(_ap_row("hanging", "another composer's, day", others, None))
    limit = ours.info.thresholds.get("hanging", WORKING)
    clean = list(islice(clean_facades(data), context.some(200)))
    alarms = sum(
        any(d.kind == "hanging" and d.confidence >= limit for d in detect_from(ours, image, limit))
        for image in clean
    )
    rows.append(
        Row(
            "false alarms of hanging", "clean facades", alarms, "count", len(clean), "pictures",
            "real", note=f"from confidence {limit:.2f} on", **at_most(alarms, 1),
        )
    )  # fmt: skip
    return rows


def adverts(data: Path, ours: Detector) -> list[Row]:
    """Average precision on the labelled facades."""
    labelled = measure(adverts_holdout(data), "advert", ours.detect)
    return [_ap_row("advert", "day", labelled, 0.60)]


def _ap_row(kind: str, condition: str, pictures: Sequence[Labelled], wanted: float | None) -> Row:
    ranked = rank(pictures, kind)
    found = average_precision(ranked)
    aim = {} if wanted is None else at_least(found, wanted)
    real = kind == "advert"
    return Row(
        f"{kind}, AP50", condition, found, "AP50", ranked.truths,
        f"in {len(pictures)} pictures", "real" if real else "composite", **aim,
    )  # fmt: skip


# -- processor time -------------------------------------------------------------------------------


def processor_time(data: Path, ours: Detector, theirs: Detector) -> Row:
    """Processor time of one detection over the teacher's, both on one thread, taking turns."""
    files = sorted((data / "video" / "opendatacam_frames").glob("*.jpg"))[:TIMED]
    shares: list[float] = []
    for path in files:
        image = cv2.resize(load_picture(path), (1280, 720))
        picture = np.asarray(image, np.uint8)
        if len(shares) % 2:  # who comes second finds the picture in the caches
            mine, other = _seconds(ours, picture), _seconds(theirs, picture)
        else:
            other, mine = _seconds(theirs, picture), _seconds(ours, picture)
        shares.append(mine / other)
    share = median(shares[5:])
    return Row(
        "processor time of a look over the teacher's", "one thread, 640", share, "ratio",
        len(shares) - 5, "pictures", "measured", **at_most(share, 1.0),
    )  # fmt: skip


def _seconds(detector: Detector, image: Image) -> float:
    begun = time.process_time()
    detect_from(detector, image, WORKING)
    return time.process_time() - begun
