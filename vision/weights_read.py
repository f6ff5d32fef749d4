"""Reads what a model file says of itself: input, output, class names, how it wants its colours.

Whatever cannot be used is refused here, when Qifen starts, with the reason and the mend.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import openvino as ov

from vision.engine import core
from vision.errors import BadWeights
from vision.layouts import VEHICLE_KINDS, YoloLayout, tell_layout

STRIDE = 32
"""Inputs are multiples of this in every YOLO read here."""
DEFAULT_INPUT = 640

# Megvii's YOLOX of before 0.2 and the exports made of it; a sidecar says otherwise (see Colours).
_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)

COCO_NAMES = Path(__file__).parent / "weights" / "coco80.names"


@dataclass(frozen=True, slots=True)
class Colours:
    """What the network wants to be fed: (pixel / scale - mean) / std, in this channel order.

    Cannot be told from the model. YOLOv5 to 26 want RGB / 255; YOLOX is taken as RGB / 255 less
    ImageNet's mean. A sidecar FILE.json says otherwise, e.g. for YOLOX 0.2 and later:
    {"colour": "bgr", "scale": 1, "mean": [0, 0, 0], "std": [1, 1, 1]}.
    """

    rgb: bool = True
    scale: float = 255.0
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    layout: YoloLayout
    names: tuple[str, ...]
    height: int
    width: int
    """Of the network's input in pixels."""
    flexible: bool
    """Whether any multiple of STRIDE is a valid input."""
    colours: Colours
    licence: str
    thresholds: Mapping[str, float] = field(default_factory=dict[str, float])
    """Confidence from which a class is believed, where the file states one."""

    @property
    def vehicle_classes(self) -> frozenset[int]:
        return frozenset(i for i, name in enumerate(self.names) if name in VEHICLE_KINDS)


def read_model(path: Path) -> ModelFacts:
    """Facts of an ONNX model. Raises BadWeights: not a model, wrong input, output or classes."""
    try:
        model = core().read_model(path)
    except RuntimeError as error:
        raise BadWeights(
            f"{path.name} is not a model that can be read",
            hint="give an ONNX file: yolo export model=FILE.pt format=onnx dynamic=True",
        ) from error
    metadata = _metadata(model)
    sidecar = _sidecar(path)
    height, width, flexible = _fix_input(model, metadata, path)
    names = _stated_names(metadata, sidecar, path)
    layout, count = tell_layout(
        _table_shape(model, path),
        height,
        width,
        None if names is None else len(names),
        _boxes_per_cell(metadata),
    )
    if names is None:
        names = _assumed_names(layout, count, path)
    check_vehicles(names, path.name)
    licence = str(sidecar.get("licence") or metadata.get("license") or "unknown")
    return ModelFacts(
        layout,
        names,
        height,
        width,
        flexible,
        _colours(layout, sidecar, path),
        licence,
        _thresholds(metadata, sidecar, names, path),
    )


def _metadata(model: ov.Model) -> dict[str, str]:
    """What the exporter wrote into the ONNX file (metadata_props)."""
    if not model.has_rt_info("framework"):
        return {}
    written = cast("Mapping[str, Any]", model.get_rt_info("framework").value)
    return {key: str(getattr(value, "value", value)) for key, value in written.items()}


def _fix_input(model: ov.Model, metadata: Mapping[str, str], path: Path) -> tuple[int, int, bool]:
    """Gives the model one definite input shape; returns height, width and whether it is free."""
    if len(model.inputs) != 1 or model.inputs[0].partial_shape.rank.is_dynamic:
        raise BadWeights(
            f"{path.name} takes {len(model.inputs)} inputs, a detector takes one picture",
            hint="export it as a plain detection model",
        )
    shape = model.inputs[0].partial_shape
    sizes = [None if side.is_dynamic else side.get_length() for side in shape]
    if len(sizes) != 4 or sizes[0] not in (None, 1) or sizes[1] not in (None, 3):
        raise BadWeights(
            f"{path.name} takes an input of {shape}, not (1, 3, height, width)",
            hint="export it for one colour picture at a time: batch=1, channels first",
        )
    asked = _asked_size(metadata)
    height, width = sizes[2] or asked, sizes[3] or asked
    if height % STRIDE or width % STRIDE:
        raise BadWeights(
            f"{path.name} takes pictures of {width}x{height}, no multiple of {STRIDE}",
            hint=f"export it with imgsz={DEFAULT_INPUT}",
        )
    try:
        model.reshape([1, 3, height, width])
    except RuntimeError as error:
        raise BadWeights(
            f"{path.name} cannot take a picture of {width}x{height}",
            hint=f"export it with imgsz={DEFAULT_INPUT} and without dynamic sizes",
        ) from error
    return height, width, sizes[2] is None and sizes[3] is None


def _asked_size(metadata: Mapping[str, str]) -> int:
    """The size an ultralytics export was made for ("[640, 640]"), for models of free size."""
    try:
        size = ast.literal_eval(metadata.get("imgsz", str(DEFAULT_INPUT)))
    except (ValueError, SyntaxError):
        return DEFAULT_INPUT
    largest = max(size) if isinstance(size, list | tuple) and size else size
    return largest if isinstance(largest, int) and largest > 0 else DEFAULT_INPUT


def _boxes_per_cell(metadata: Mapping[str, str]) -> int:
    """1 for every YOLO but our own, which has two heads and states it."""
    stated = metadata.get("boxes_per_cell", "1")
    return int(stated) if stated.isdecimal() else 1


def _table_shape(model: ov.Model, path: Path) -> tuple[int, ...]:
    """Shape of the one output that is a table of boxes. YOLOv5's raw heads (5-D) may lie beside."""
    shapes = [output.partial_shape for output in model.outputs]
    ranks = [None if shape.rank.is_dynamic else shape.rank.get_length() for shape in shapes]
    if ranks.count(3) != 1 or 4 in ranks:
        raise BadWeights(
            f"{path.name} has the outputs {', '.join(str(shape) for shape in shapes)}, "
            "not one table of boxes",
            hint="segmentation, pose and classification models are not read; export a detector",
        )
    table = shapes[ranks.index(3)]
    if table.is_dynamic:
        raise BadWeights(
            f"{path.name} has an output of changing size {table}",
            hint="export it without NMS, or end to end with a fixed number of boxes",
        )
    return tuple(table.to_shape())


def table_index(model: ov.Model) -> int:
    """Which output the table is; `read_model` has made sure that there is one."""
    return [output.partial_shape.rank.get_length() for output in model.outputs].index(3)


def _sidecar(path: Path) -> dict[str, Any]:
    """FILE.names (one name a line) or FILE.json beside FILE.onnx; {} where there is none.

    The JSON is a list of names, {"0": "car", ...}, or {"names": ..., "licence"?, "colour"?,
    "scale"?, "mean"?, "std"?}.
    """
    for beside in (path.with_suffix(".json"), path.with_name(path.name + ".json")):
        if beside.is_file():
            return _json_sidecar(beside)
    for beside in (path.with_suffix(".names"), path.with_name(path.name + ".names")):
        if beside.is_file():
            lines = beside.read_text(encoding="utf-8").splitlines()
            return {"names": [line.strip() for line in lines if line.strip()]}
    return {}


def _json_sidecar(beside: Path) -> dict[str, Any]:
    try:
        content = json.loads(beside.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadWeights(f"{beside.name} is not JSON: {error}", field="names") from error
    if isinstance(content, dict) and not all(str(key).isdigit() for key in content):
        return cast("dict[str, Any]", content)
    return {"names": content}


def _stated_names(
    metadata: Mapping[str, str], sidecar: Mapping[str, Any], path: Path
) -> tuple[str, ...] | None:
    stated: object = sidecar.get("names")
    if stated is None and "names" in metadata:
        try:
            stated = ast.literal_eval(metadata["names"])
        except (ValueError, SyntaxError) as error:
            raise BadWeights(
                f"the class names in {path.name} cannot be read",
                hint=f"write them into {path.stem}.names, one a line",
                field="names",
            ) from error
    if stated is None:
        return None
    return as_names(stated, path.name)


def as_names(stated: object, file: str) -> tuple[str, ...]:
    """Class names from a list or {0: name, ...}, in lower case, in the order of the classes."""
    if isinstance(stated, Mapping):
        table = {int(key): value for key, value in cast("Mapping[Any, Any]", stated).items()}
        stated = [table.get(index) for index in range(len(table))]
    if isinstance(stated, Sequence) and not isinstance(stated, str):
        names = cast("Sequence[object]", stated)
        if names and all(isinstance(name, str) and name.strip() for name in names):
            return tuple(str(name).strip().lower() for name in names)
    raise BadWeights(
        f"the class names of {file} are not a list without gaps",
        hint='write one name a line, or {"0": "person", "1": "car"}',
        field="names",
    )


def _assumed_names(layout: YoloLayout, count: int, path: Path) -> tuple[str, ...]:
    """COCO's names where nothing is stated and there are just 80 classes."""
    coco = tuple(COCO_NAMES.read_text(encoding="utf-8").split("\n")[:-1])
    if count == len(coco):
        return coco
    what = "does not say its classes" if layout is YoloLayout.END2END else f"has {count} classes"
    raise BadWeights(
        f"{path.name} {what} and states no names",
        hint=f"write the class names into {path.stem}.names beside it, one a line",
        field="names",
    )


def check_vehicles(names: Sequence[str], file: str) -> None:
    """Raises BadWeights where no class is a vehicle: such a model would never flag anything."""
    if VEHICLE_KINDS.isdisjoint(names):
        shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        raise BadWeights(
            f"{file} knows no vehicle: its classes are {shown}",
            hint=f"use weights with at least one of {', '.join(sorted(VEHICLE_KINDS))}",
            field="names",
        )


def _thresholds(
    metadata: Mapping[str, str], sidecar: Mapping[str, Any], names: Sequence[str], path: Path
) -> dict[str, float]:
    """{"hanging": 0.5, ...} of the sidecar's or the file's own `thresholds`; {} where none is."""
    try:
        stated = sidecar.get("thresholds", json.loads(metadata.get("thresholds", "{}")))
        found = {str(kind): float(value) for kind, value in stated.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise BadWeights(
            f"the thresholds in {path.name} cannot be read",
            hint='write {"thresholds": {"hanging": 0.5}} into the .json beside it',
            field="thresholds",
        ) from error
    wrong = [kind for kind, value in found.items() if kind not in names or not 0 < value < 1]
    if wrong:
        raise BadWeights(
            f"{path.name} states a threshold for {wrong[0]} that cannot be used",
            hint="name one of its classes and a confidence between 0 and 1",
            field="thresholds",
        )
    return found


def _colours(layout: YoloLayout, sidecar: Mapping[str, Any], path: Path) -> Colours:
    usual = Colours()
    if layout is YoloLayout.YOLOX:
        usual = Colours(mean=_IMAGENET_MEAN, std=_IMAGENET_STD)
    order = sidecar.get("colour", "rgb")
    try:
        scale = float(sidecar.get("scale", usual.scale))
        mean = tuple(float(value) for value in sidecar.get("mean", usual.mean))
        std = tuple(float(value) for value in sidecar.get("std", usual.std))
    except (TypeError, ValueError) as error:
        raise BadWeights(
            f"scale, mean and std beside {path.name} must be numbers", field="scale"
        ) from error
    whole = len(mean) == 3 and len(std) == 3 and all(std) and scale > 0
    if order not in ("rgb", "bgr") or not whole:
        raise BadWeights(
            f"the colours stated beside {path.name} cannot be used",
            hint='"colour" is rgb or bgr, "scale" above 0, "mean" and "std" three numbers each',
            field="colour",
        )
    return Colours(order == "rgb", scale, mean, std)
