"""What a part of the evaluation hands over: one figure a row, with what it rests on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

Data = Literal["real", "composite", "rendered", "teacher", "measured"]
"""real: photographs or films and labels made by people · composite: cut-outs pasted on photographs
· rendered: drawn by us with its truth · teacher: real pictures, truth from a larger look of the
COCO network that our model learnt from · measured: clock and processor, no truth needed."""


class NoMaterial(Exception):
    """What a part measures on is not on this machine; the message says what."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of results."""

    what: str
    condition: str
    figure: float | None
    """None where nothing of the kind is in the material."""
    unit: Literal["share", "ratio", "count", "ms", "seconds", "AP50"]
    count: int
    """On how many."""
    counted: str
    """Of what: pictures, plates, looks, ..."""
    data: Data
    wanted: str = ""
    """As the project's aim says it; empty where none was set."""
    held: bool | None = None
    """Whether the figure holds `wanted`; None where nothing was set."""
    note: str = ""


def at_least(figure: float | None, limit: float) -> dict[str, Any]:
    """`wanted` and `held` of a row that must not lie below a limit."""
    return {"wanted": f"≥ {limit:g}", "held": None if figure is None else figure >= limit}


def at_most(figure: float | None, limit: float) -> dict[str, Any]:
    """`wanted` and `held` of a row that must not lie above a limit."""
    return {"wanted": f"≤ {limit:g}", "held": None if figure is None else figure <= limit}


@dataclass(frozen=True, slots=True)
class Context:
    """What every part is told."""

    data: Path | None
    """QIFEN_DATA, None where this machine has none."""
    quick: bool
    """A tenth of the material, to see that it runs; such results are never kept."""
    work: Path
    """A folder for what is costly to make and may be deleted."""

    def need(self) -> Path:
        """The real data. Raises NoMaterial."""
        if self.data is None:
            raise NoMaterial("no real data: set QIFEN_DATA to the folder of pictures and clips")
        return self.data

    def some(self, whole: int) -> int:
        """How many of `whole` to take."""
        return max(1, whole // 10) if self.quick else whole


class Part(Protocol):
    """One part: measures and gives its rows. Raises NoMaterial."""

    def __call__(self, context: Context) -> list[Row]: ...


def as_json(rows: list[Row]) -> list[dict[str, Any]]:
    """Rows for docs/results.json: figures to four places, what is empty left out."""
    shown: list[dict[str, Any]] = []
    for row in rows:
        entry = {k: v for k, v in asdict(row).items() if v not in (None, "") or k == "figure"}
        if row.figure is not None:
            entry["figure"] = round(row.figure, 4)
        shown.append(entry)
    return shown


def table(entries: list[dict[str, Any]]) -> str:
    """Markdown of rows as they stand in docs/results.json."""
    lines = ["| what | condition | figure | wanted | on | data |", "|---|---|---|---|---|---|"]
    last = ""
    for entry in entries:
        what = entry["what"] if entry["what"] != last else "″"
        last = entry["what"]
        mark = {True: " ✓", False: " ✗"}.get(entry.get("held", ""), "")
        note = f" ({entry['note']})" if entry.get("note") else ""
        lines.append(
            f"| {what} | {entry['condition']} | {_figure(entry)}{note} | "
            f"{entry.get('wanted', '')}{mark} | {entry['count']:,} {entry['counted']} | "
            f"{entry['data']} |"
        )
    return "\n".join(lines)


def _figure(entry: dict[str, Any]) -> str:
    figure = entry["figure"]
    if figure is None:
        return "–"
    if entry["unit"] == "count":
        return f"{figure:,.0f}"
    if entry["unit"] == "share":
        return f"{figure:.1%}"
    if entry["unit"] in ("ms", "seconds"):
        return f"{figure:.1f} {'ms' if entry['unit'] == 'ms' else 's'}"
    return f"{figure:.3f}"
