"""A folder of labelled pictures in YOLO's form, as ultralytics, Roboflow, CVAT and labelImg write.

Found are: a data.yaml with its splits; images/ beside labels/ (with or without a folder a split);
pictures with their .txt side by side. Class names come from data.yaml, classes.txt, obj.names or
names.txt. A line of a label file is `class cx cy w h` in 0..1 of the picture, or `class x1 y1 x2
y2 x3 y3 ...`, an outline, of which the box is taken. A picture with an empty label file holds
nothing; one without a label file is taken to hold nothing too, and counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from vision.errors import VisionError
from vision.evaluate import Labelled, Truth
from vision.evaluate_names import Naming
from vision.picture import SUFFIXES, load_picture
from vision.tiles import detect_from
from vision.types import Box, Detector

YAML_NAMES = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
LIST_NAMES = ("classes.txt", "obj.names", "names.txt")
SPLITS = ("val", "test", "train")
"""In this order, where none is asked for: what a model was trained on tells little."""
LOWEST_CONFIDENCE = 0.001
"""Average precision counts the unsure detections too; as ultralytics' validation does."""
_OUTSIDE = 0.01
"""So far beyond the picture's edge a box may reach; rounding of tools does."""


class BadLabels(VisionError):
    code = "BAD_LABELS"


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """One picture file and what is in it."""

    path: Path
    truths: tuple[Truth, ...]
    has_file: bool
    """Whether there is a label file, be it empty."""


@dataclass(frozen=True, slots=True)
class LabelledFolder:
    """All pictures of a folder, in the order of their names."""

    names: tuple[str, ...]
    split: str
    """train, val or test; empty where the folder has none."""
    pictures: tuple[LabelledPicture, ...]

    @property
    def objects(self) -> int:
        return sum(len(picture.truths) for picture in self.pictures)

    @property
    def unlabelled(self) -> int:
        """Pictures without a label file, taken to hold nothing."""
        return sum(not picture.has_file for picture in self.pictures)


def read_folder(folder: Path, *, split: str | None = None) -> LabelledFolder:
    """The labelled pictures of `folder`, which may also be its data.yaml.

    split: which of train, val, test; None takes the first there is of val, test, train.
    Raises BadLabels naming the file and, where there is one, the line.
    """
    if split is not None and split not in SPLITS:
        raise BadLabels(
            f"there is no split {split}", hint=f"one of {', '.join(SPLITS)}", field="split"
        )
    if not folder.exists():
        raise BadLabels(f"{folder}: no such folder", hint=_HINT, field="folder")
    described = folder if folder.is_file() else _first(folder, YAML_NAMES)
    if described is not None:
        config = _read_yaml(described)
        names = _names_of_yaml(config, described)
        chosen, sources = _sources_of_yaml(config, described, split)
    else:
        names = _names_of_list(folder)
        chosen, sources = _sources_of_folder(folder, split)
    pictures = tuple(_labelled(path, names) for path in sorted(set(_pictures(sources))))
    if not pictures:
        raise BadLabels(f"{folder}: no pictures", hint=_HINT, field="folder")
    if not any(picture.has_file for picture in pictures):
        raise BadLabels(f"{folder}: {len(pictures)} pictures, none with a label file",
                        hint=_HINT, field="folder")  # fmt: skip
    return LabelledFolder(names, chosen, pictures)


def look_at_folder(
    folder: LabelledFolder,
    naming: Naming,
    detector: Detector,
    show: Callable[[int, int], None] = lambda _done, _of: None,
) -> list[Labelled]:
    """What the detector says of each picture, under the weights' names; `show` tells how far.

    Only the classes of `naming` remain, on both sides. Raises BadPicture.
    """
    seen: list[Labelled] = []
    for count, picture in enumerate(folder.pictures, start=1):
        found = detect_from(detector, load_picture(picture.path), LOWEST_CONFIDENCE)
        truths = [
            Truth(naming.by_label[truth.kind], truth.box)
            for truth in picture.truths
            if truth.kind in naming.by_label
        ]
        seen.append(Labelled(truths, [item for item in found if item.kind in naming.kinds]))
        show(count, len(folder.pictures))
    return seen


_HINT = (
    "put NAME.txt beside NAME.jpg, or in labels/ where the pictures lie in images/, "
    "each line: class cx cy w h"
)


def _first(folder: Path, names: Sequence[str]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


# -- names ----------------------------------------------------------------------------------------


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        content: object = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        where = getattr(error, "problem_mark", None)
        line = f":{where.line + 1}" if where is not None else ""
        raise BadLabels(f"{path}{line}: cannot be read as YAML", field="data.yaml") from error
    if not isinstance(content, dict):
        raise BadLabels(f"{path}: is no mapping with names", field="data.yaml")
    return cast("dict[str, Any]", content)


def _names_of_yaml(config: dict[str, Any], path: Path) -> tuple[str, ...]:
    stated: object = config.get("names")
    if isinstance(stated, dict):
        numbered = cast("dict[Any, Any]", stated)
        if sorted(numbered, key=str) != sorted(range(len(numbered)), key=str):
            raise BadLabels(f"{path}: the classes are not numbered 0, 1, 2 ...", field="names")
        return tuple(str(numbered[index]).strip() for index in range(len(numbered)))
    if isinstance(stated, list) and stated:
        return tuple(str(name).strip() for name in cast("list[Any]", stated))
    raise BadLabels(f"{path}: no class names", hint="write names: [car, bus, ...]", field="names")


def _names_of_list(folder: Path) -> tuple[str, ...]:
    path = _first(folder, LIST_NAMES) or _first(folder / "labels", LIST_NAMES)
    if path is None:
        raise BadLabels(
            f"{folder}: no class names",
            hint="add a data.yaml with names, or a classes.txt with one name a line",
            field="names",
        )
    lines = [line.strip() for line in _text(path).splitlines()]
    names = tuple(line for line in lines if line)
    if not names:
        raise BadLabels(f"{path}: is empty", hint="one class name a line", field="names")
    return names


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadLabels(f"{path}: is not a text file that can be read") from error


# -- where the pictures are -----------------------------------------------------------------------


def _sources_of_yaml(
    config: dict[str, Any], path: Path, split: str | None
) -> tuple[str, list[Path]]:
    """The split, and its folders, lists and pictures."""
    base = path.parent
    stated = config.get("path")
    if isinstance(stated, str) and (base / stated).is_dir():
        base = base / stated
    for name in [split] if split else SPLITS:
        entry: object = config.get(name)
        if not entry:
            continue
        listed = cast("list[Any]", entry) if isinstance(entry, list) else [entry]
        return name, [_place(base, path, str(item), name) for item in listed]
    if split is None:
        return _sources_of_folder(path.parent, None)
    raise BadLabels(f"{path}: has no split {split}", field="split")


def _place(base: Path, path: Path, stated: str, split: str) -> Path:
    """Roboflow writes ../train/images for what lies beside data.yaml: both are tried."""
    for candidate in (base / stated, base / stated.removeprefix("../")):
        if candidate.exists():
            return candidate
    raise BadLabels(f"{path}: {split}: {stated} does not exist", field=split)


def _sources_of_folder(folder: Path, split: str | None) -> tuple[str, list[Path]]:
    images = folder / "images" if (folder / "images").is_dir() else folder
    for name in [split] if split else SPLITS:
        for place in (images / name, folder / name / "images", folder / name):
            if place.is_dir():
                return name, [place]
    if split is not None:
        raise BadLabels(f"{folder}: has no folder for the split {split}", field="split")
    return "", [images]


def _pictures(sources: Sequence[Path]) -> Iterator[Path]:
    for source in sources:
        if source.is_dir():
            yield from (f for f in source.rglob("*") if f.suffix.lower() in SUFFIXES)
        elif source.suffix.lower() in SUFFIXES:
            yield source
        else:
            yield from _listed(source)


def _listed(path: Path) -> Iterator[Path]:
    """Pictures named in a text file, one a line, relative to it."""
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        picture = path.parent / line.strip()
        if not picture.is_file():
            raise BadLabels(f"{path}:{number}: there is no picture {line.strip()}")
        yield picture


# -- labels ---------------------------------------------------------------------------------------


def _labelled(picture: Path, names: tuple[str, ...]) -> LabelledPicture:
    path = _label_file(picture)
    if path is None:
        return LabelledPicture(picture, (), has_file=False)
    truths = [
        _truth(line, names, path, number)
        for number, line in enumerate(_text(path).splitlines(), start=1)
        if line.strip()
    ]
    return LabelledPicture(picture, tuple(truths), has_file=True)


def _label_file(picture: Path) -> Path | None:
    """The last images/ in the path turned into labels/, else the file beside the picture."""
    candidates = [picture.with_suffix(".txt")]
    parts = list(picture.parts)
    if "images" in parts:
        parts[len(parts) - 1 - parts[::-1].index("images")] = "labels"
        candidates.insert(0, Path(*parts).with_suffix(".txt"))
    return next((path for path in candidates if path.is_file()), None)


def _truth(line: str, names: tuple[str, ...], path: Path, number: int) -> Truth:
    where = f"{path}:{number}"
    try:
        values = [float(word) for word in line.split()]
    except ValueError:
        raise BadLabels(f"{where}: {line.strip()[:60]!r} is not all numbers", hint=_HINT) from None
    outline = len(values) >= 7 and len(values) % 2 == 1
    if not (len(values) == 5 or outline):
        raise BadLabels(
            f"{where}: has {len(values)} numbers, not 5 (class cx cy w h)",
            hint="detections with a confidence are no labels" if len(values) == 6 else _HINT,
        )
    index = values[0]
    if not (index.is_integer() and 0 <= index < len(names)):
        raise BadLabels(
            f"{where}: there is no class {index:g}, only 0 to {len(names) - 1}", field="class"
        )
    return Truth(names[int(index)], _box(values[1:], where, outline=outline))


def _box(values: list[float], where: str, *, outline: bool) -> Box:
    if not all(math.isfinite(value) for value in values):
        raise BadLabels(f"{where}: a coordinate is no finite number")
    if outline:
        x1, x2 = min(values[::2]), max(values[::2])
        y1, y2 = min(values[1::2]), max(values[1::2])
    else:
        cx, cy, width, height = values
        x1, y1, x2, y2 = cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2
    if min(x1, y1) < -_OUTSIDE or max(x2, y2) > 1 + _OUTSIDE:
        raise BadLabels(
            f"{where}: the box lies outside the picture",
            hint="coordinates are shares of the picture (0..1), not pixels",
        )
    if x2 <= x1 or y2 <= y1:
        raise BadLabels(f"{where}: the box has no area")
    return max(x1, 0.0), max(y1, 0.0), min(x2, 1.0), min(y2, 1.0)
