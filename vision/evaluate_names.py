"""Labels and weights name the same things differently: which class is which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vision.errors import VisionError

_SAME: tuple[frozenset[str], ...] = (
    frozenset({"person", "people", "pedestrian", "human", "行人", "人"}),
    frozenset({"bicycle", "bike", "cycle", "pushbike", "自行车"}),
    frozenset({"motorcycle", "motorbike", "motor", "moto", "scooter", "摩托车", "电动车"}),
    frozenset({"car", "automobile", "sedan", "suv", "小汽车", "轿车"}),
    frozenset({"bus", "coach", "公交车", "客车"}),
    frozenset({"truck", "lorry", "卡车", "货车"}),
    frozenset({"hanging", "laundry", "laundry_line", "晾挂"}),
    frozenset({"advert", "ad", "banner", "poster", "广告", "宣传物"}),
)


class UnknownClass(VisionError):
    code = "UNKNOWN_CLASS"


@dataclass(frozen=True, slots=True)
class Naming:
    """Which label is called what by the weights."""

    by_label: Mapping[str, str]
    """Label's name to the weights' name, for the labels that the weights know."""
    unknown: tuple[str, ...]
    """Labels that the weights do not know: left out."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The weights' classes that are measured, each once, in the labels' order."""
        return tuple(dict.fromkeys(self.by_label.values()))

    @property
    def renamed(self) -> dict[str, str]:
        return {label: kind for label, kind in self.by_label.items() if label != kind}


def match_names(
    labels: Sequence[str], kinds: Sequence[str], chosen: Mapping[str, str] | None = None
) -> Naming:
    """Joins names that are equal but for case, blanks and a few synonyms; `chosen` goes first.

    chosen: label's name to weights' name. Raises UnknownClass where either does not exist, and
    where no class is left to be measured.
    """
    wanted = dict(chosen or {})
    for label, kind in wanted.items():
        if label not in labels:
            raise UnknownClass(
                f"the labels know no class {label}", hint=f"they know {_few(labels)}", field="map"
            )
        if kind not in kinds:
            raise UnknownClass(
                f"the weights know no class {kind}", hint=f"they know {_few(kinds)}", field="map"
            )
    by_label: dict[str, str] = {}
    for label in labels:
        kind = wanted.get(label) or _same_kind(label, kinds)
        if kind is not None:
            by_label[label] = kind
    if not by_label:
        raise UnknownClass(
            f"none of the labels' classes is known to the weights: {_few(labels)}",
            hint=f"say which is which with --map LABEL=CLASS; the weights know {_few(kinds)}",
            field="map",
        )
    return Naming(by_label, tuple(label for label in labels if label not in by_label))


def _same_kind(label: str, kinds: Sequence[str]) -> str | None:
    plain = _plain(label)
    for kind in kinds:
        if _plain(kind) == plain:
            return kind
    group = next((group for group in _SAME if plain in group), frozenset[str]())
    return next((kind for kind in kinds if _plain(kind) in group), None)


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:12])
    return f"{shown} and {len(names) - 12} more" if len(names) > 12 else shown
