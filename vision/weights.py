"""Which weights there are, where they come from and under which licence they may be used.

Weights are asked for by name (`street-n`), by path (an ONNX file, or a .pt of ultralytics), or by
an official name of ultralytics (`yolo26n.pt`), which its package fetches where there is internet.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from vision import detect_ultralytics
from vision.errors import BadWeights
from vision.layouts import VEHICLE_KINDS
from vision.types import WeightsInfo
from vision.weights_read import read_model

__all__ = [
    "DEFAULT_WEIGHTS",
    "VEHICLE_KINDS",
    "WeightsFile",
    "chosen_weights",
    "list_weights",
    "resolve_weights",
    "use_weights",
]

DEFAULT_WEIGHTS = "street-n"
CHOICE_FILE = "weights.json"
_FOLDER = Path(__file__).parent / "weights"
_OFFICIAL = re.compile(r"(yolo|rtdetr)[\w.-]*\.pt", re.IGNORECASE)
_ULTRALYTICS_LICENCE = "AGPL-3.0"


@dataclass(frozen=True, slots=True)
class Bundled:
    """Weights that come with Qifen; the card beside them says how they were made."""

    file: str
    sha256: str
    licence: str


BUNDLED: dict[str, Bundled] = {
    "street-n": Bundled(
        file="street-n.onnx",
        sha256="df4521edcc42a28bd8a93e3a5cff7f50b5db6da4c0bcc730adb48f8aaf5908ad",
        licence="AGPL-3.0-or-later",
    ),
}


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """Weights that were opened and found fit for use."""

    name: str
    path: Path
    sha256: str
    names: tuple[str, ...]
    layout: str
    """v5 | v8 | end2end | yolox"""
    input_size: int
    """Longer side of the network's input in pixels."""
    licence: str
    thresholds: Mapping[str, float] = field(default_factory=dict[str, float])
    """Confidence from which a class is believed, where the file states one (0..1)."""

    def info(self, backend: str) -> WeightsInfo:
        return WeightsInfo(
            self.name,
            self.sha256,
            self.layout,
            self.names,
            self.input_size,
            self.licence,
            backend,
            self.thresholds,
        )


def resolve_weights(name_or_path: str | Path | None = None) -> WeightsFile:
    """Finds the weights and checks that they can be used; None means DEFAULT_WEIGHTS.

    Raises BadWeights: no such file, damaged, not a model, wrong classes, no vehicle class, an
    official name that cannot be fetched.
    """
    asked = str(name_or_path or DEFAULT_WEIGHTS)
    if asked in BUNDLED:
        return _bundled(asked)
    path = Path(asked).expanduser()
    if not path.is_file():
        path = _fetch(asked)
    if path.suffix == ".pt":
        return _from_ultralytics(path)
    facts = read_model(path)
    return WeightsFile(
        path.stem,
        path.resolve(),
        _sha256(path),
        facts.names,
        facts.layout.value,
        max(facts.height, facts.width),
        facts.licence,
        facts.thresholds,
    )


def _bundled(name: str) -> WeightsFile:
    entry = BUNDLED[name]
    path = _FOLDER / entry.file
    found = _sha256(path) if path.is_file() else "nothing"
    if found != entry.sha256:
        raise BadWeights(
            f"the bundled weights {entry.file} are damaged (sha256 {found[:12]}, "
            f"expected {entry.sha256[:12]})",
            hint="install Qifen again",
        )
    facts = read_model(path)
    return WeightsFile(
        name,
        path,
        entry.sha256,
        facts.names,
        facts.layout.value,
        max(facts.height, facts.width),
        entry.licence,
        facts.thresholds,
    )


def _fetch(asked: str) -> Path:
    """A file of ultralytics by its official name; anything else that is no file is refused."""
    if not _OFFICIAL.fullmatch(asked):
        raise BadWeights(
            f"there are no weights {asked}",
            hint=f"give the path of an .onnx or .pt file, or one of: {', '.join(BUNDLED)}",
        )
    return detect_ultralytics.fetch(asked, _cache_folder())


def _cache_folder() -> Path:
    """Where fetched weights are kept between runs, after the XDG base directory convention."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "qifen" / "weights"


def _from_ultralytics(path: Path) -> WeightsFile:
    model = detect_ultralytics.open_model(path)
    names = detect_ultralytics.model_names(model, path)
    return WeightsFile(
        path.name,
        path.resolve(),
        _sha256(path),
        names,
        detect_ultralytics.model_layout(model).value,
        detect_ultralytics.model_input_size(model),
        _ULTRALYTICS_LICENCE,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def list_weights() -> list[WeightsFile]:
    """What can be asked for by name on any machine. Raises BadWeights where a file is damaged."""
    return [_bundled(name) for name in BUNDLED]


def use_weights(name_or_path: str | Path, data_dir: Path) -> WeightsFile:
    """Checks the weights and records them in data_dir/weights.json as what Qifen sees with.

    Raises BadWeights, and then leaves the earlier choice as it was.
    """
    weights = resolve_weights(name_or_path)
    asked = weights.name if weights.name in BUNDLED else str(weights.path)
    data_dir.mkdir(parents=True, exist_ok=True)
    choice = {"weights": asked, "sha256": weights.sha256}
    unfinished = data_dir / f"{CHOICE_FILE}.new"
    unfinished.write_text(json.dumps(choice, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(data_dir / CHOICE_FILE)
    return weights


def chosen_weights(data_dir: Path) -> str | None:
    """Name or path recorded by `use_weights`; None where nothing was chosen.

    Raises BadWeights where the file is gone or is no longer the one that was checked.
    """
    record = data_dir / CHOICE_FILE
    if not record.is_file():
        return None
    mend = f"choose again: qifen weights use {DEFAULT_WEIGHTS}"
    try:
        choice = cast("dict[str, Any]", json.loads(record.read_text(encoding="utf-8")))
        asked, sha256 = str(choice["weights"]), str(choice["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadWeights(f"{record.name} cannot be read", hint=mend) from error
    if asked in BUNDLED:
        return asked
    path = Path(asked)
    if not path.is_file():
        raise BadWeights(f"the chosen weights {path.name} are gone", hint=mend)
    if _sha256(path) != sha256:
        raise BadWeights(f"the chosen weights {path.name} have changed", hint=mend)
    return asked
