"""qifen weights evaluate: how well a model sees a city's own labelled pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.common import Progress, default_data_dir, print_json
from models.errors import BadInput
from vision.evaluate import ClassResult, Evaluation, Point
from vision.evaluate_folder import LabelledFolder
from vision.evaluate_names import Naming
from vision.types import WeightsInfo

_COLUMNS = (
    "class",
    "objects",
    "right",
    "false",
    "missed",
    "precision",
    "recall",
    "AP50",
    "AP50-95",
)


def evaluate(
    folder: Annotated[
        Path, typer.Argument(help="Pictures with YOLO labels (.txt), or a data.yaml.")
    ],
    weights: Annotated[
        str | None, typer.Option(help="A name or a file; without it, what Qifen looks with.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="val, test or train, where the folder has them.")
    ] = None,
    same: Annotated[
        list[str] | None,
        typer.Option("--map", help="LABEL=CLASS, where labels and weights differ; repeatable."),
    ] = None,
    confidence: Annotated[
        float | None,
        typer.Option(help="Count detections from here on; without it, the weights' own limit."),
    ] = None,
    backend: Annotated[
        str, typer.Option(help="openvino, onnxruntime or ultralytics.")
    ] = "openvino",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Precision, recall and average precision of a model on labelled pictures, class by class."""
    from vision.detect import load_detector  # noqa: PLC0415 (loads a model)
    from vision.evaluate import evaluate as measure  # noqa: PLC0415
    from vision.evaluate_folder import look_at_folder, read_folder  # noqa: PLC0415
    from vision.evaluate_names import match_names  # noqa: PLC0415
    from vision.weights import chosen_weights  # noqa: PLC0415

    if confidence is not None and not 0 < confidence < 1:
        raise BadInput(f"confidence must lie between 0 and 1, not {confidence:g}",
                       field="confidence")  # fmt: skip
    chosen = _pairs(same or [])
    labelled = read_folder(folder, split=split)
    detector = load_detector(weights or chosen_weights(default_data_dir()), backend=backend)
    naming = match_names(labelled.names, detector.info.names, chosen)
    progress = Progress("looking at pictures")
    seen = look_at_folder(labelled, naming, detector, progress)
    progress.close()
    own = {} if confidence is not None else detector.info.thresholds
    found = measure(seen, confidence or 0.25, naming.kinds, own=own)
    if as_json:
        print_json(_as_json(found, labelled, naming, detector.info))
    else:
        for line in _as_text(found, labelled, naming, detector.info):
            typer.echo(line)


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        label, equals, kind = (part.strip() for part in text.partition("="))
        if not (label and equals and kind):
            raise BadInput(f"--map {text} is not LABEL=CLASS", field="map", hint="van=car")
        pairs[label] = kind
    return pairs


def _as_json(
    found: Evaluation, folder: LabelledFolder, naming: Naming, weights: WeightsInfo
) -> dict[str, Any]:
    return {
        "weights": weights.name,
        "sha256": weights.sha256,
        "split": folder.split,
        "pictures": found.pictures,
        "unlabelled": folder.unlabelled,
        "iou": 0.5,
        "renamed": naming.renamed,
        "left_out": list(naming.unknown),
        "classes": {
            c.kind: {
                "objects": c.truths, **_numbers(c.point),
                "confidence": round(c.point.threshold, 4),
                "ap50": _round(c.ap50), "ap50_95": _round(c.ap50_95),
            }
            for c in found.classes
        },
        "all": {
            "objects": sum(c.truths for c in found.classes), **_numbers(found.point),
            "map50": _round(found.map50), "map50_95": _round(found.map50_95),
        },
    }  # fmt: skip


def _numbers(point: Point) -> dict[str, Any]:
    return {
        "right": point.right, "false": point.false, "missed": point.missed,
        "precision": _round(point.precision), "recall": _round(point.recall),
    }  # fmt: skip


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _as_text(
    found: Evaluation, folder: LabelledFolder, naming: Naming, weights: WeightsInfo
) -> Iterator[str]:
    split = f", split {folder.split}" if folder.split else ""
    yield f"{weights.name} on {found.pictures} pictures{split}"
    rows = [_row(c.kind, c.point, c.truths, c.ap50, c.ap50_95) for c in found.classes]
    count = sum(c.truths for c in found.classes)
    rows.append(_row("all", found.point, count, found.map50, found.map50_95))
    widths = [max(len(row[i]) for row in [_COLUMNS, *rows]) for i in range(len(_COLUMNS))]
    for row in [_COLUMNS, *rows]:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True)]
        yield "  ".join(cells)
    yield f"right: the class and IoU 0.5 or more. Counted from confidence {_limits(found.classes)}."
    yield "AP: over all confidences (COCO's 101 points); all: the mean of the classes that occur."
    if naming.renamed:
        pairs = ", ".join(f"{label} as {kind}" for label, kind in naming.renamed.items())
        yield f"taken for the same: {pairs}"
    if naming.unknown:
        yield f"left out, unknown to these weights: {', '.join(naming.unknown)} (--map LABEL=CLASS)"
    if folder.unlabelled:
        yield f"{folder.unlabelled} pictures have no label file and were taken to hold nothing"


def _row(
    name: str, point: Point, objects: int, ap50: float | None, ap50_95: float | None
) -> tuple[str, ...]:
    shares = (point.precision, point.recall, ap50, ap50_95)
    counts = (objects, point.right, point.false, point.missed)
    return (name, *map(str, counts), *("–" if s is None else f"{s:.3f}" for s in shares))


def _limits(classes: Sequence[ClassResult]) -> str:
    limits = {c.kind: c.point.threshold for c in classes}
    if len(set(limits.values())) == 1:
        return f"{next(iter(limits.values())):g} on"
    return ", ".join(f"{limit:g} ({kind})" for kind, limit in limits.items())
