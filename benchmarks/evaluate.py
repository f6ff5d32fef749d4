"""Everything that is promised of Qifen's eyes, measured anew: `make evaluate`.

    python -m benchmarks.evaluate                      # all parts; results into docs and README
    python -m benchmarks.evaluate --only street        # one part; the others stay as they were
    python -m benchmarks.evaluate --quick              # a tenth of the material; nothing is kept
    python -m benchmarks.evaluate --table              # only write the README's table again

Each part's results are kept in docs/results.json as soon as it is done, with the SHA-256 of the
weights it used, so that a run can go on another day; a test holds the README to that file and the
file to the weights that are shipped.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.evaluate_rows import Context, NoMaterial, Part, as_json, table
from benchmarks.material import data_dir
from pipeline.logs import set_up_logs

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results.json"
README = ROOT / "README.md"
WEIGHTS = ROOT / "vision" / "weights"
_UNMEASURED = "Not measured in full yet with the shipped weights: `make evaluate ONLY={}`."
BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"

_STREET, _LOCATE, _READ = "street-n.onnx", "plate-locate.onnx", "plate-read.onnx"

PARTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "street": ("evaluate_street:street", "Street model", (_STREET,)),
    "plates": ("evaluate_plates:plates", "Plates, read where they are", (_LOCATE, _READ)),
    "locator": (
        "evaluate_locator:locator", "Plates, found and read in photographs",
        (_STREET, _LOCATE, _READ),
    ),
    "recheck": ("evaluate_recheck:recheck", "The second look", (_STREET, _LOCATE, _READ)),
    "adverts": ("evaluate_adverts:adverts", "Adverts against the approved ones", (_STREET,)),
    "crowd": ("evaluate_crowd:crowd", "Counting people", (_STREET,)),
    "health": ("evaluate_health:health", "The camera's own health", ()),
    "privacy": (
        "evaluate_privacy:privacy", "Blurred copies",
        (_STREET, _LOCATE, _READ, "faces-yunet.onnx"),
    ),
    "speed": ("evaluate_speed:speed", "Speed", (_STREET, _LOCATE, _READ)),
}  # fmt: skip
"""Module and function, heading, and the weights that the part's figures rest on."""


def digests(names: tuple[str, ...]) -> dict[str, str]:
    """SHA-256 of files in vision/weights. Raises FileNotFoundError."""
    return {name: hashlib.sha256((WEIGHTS / name).read_bytes()).hexdigest() for name in names}


def load_results() -> dict[str, Any]:
    """docs/results.json: part to {"weights": {file: sha256}, "rows": [...]}."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}


def keep(results: dict[str, Any]) -> None:
    """Write docs/results.json, parts in the order of PARTS, and the README's table."""
    ordered = {name: results[name] for name in PARTS if name in results}
    text = json.dumps(ordered, indent=1, ensure_ascii=False)
    RESULTS.write_text(text + "\n", encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    before, rest = readme.split(BEGIN)
    after = rest.split(END)[1]
    README.write_text(f"{before}{BEGIN}\n{render(ordered)}\n{END}{after}", encoding="utf-8")


def render(results: dict[str, Any]) -> str:
    """The README's section: a table a part; what is not measured says so."""
    pieces: list[str] = []
    for name, (_, heading, _) in PARTS.items():
        body = table(results[name]["rows"]) if name in results else _UNMEASURED.format(name)
        pieces.append(f"### {heading}\n\n{body}")
    return "\n\n".join(pieces)


def measure(name: str, context: Context) -> dict[str, Any]:
    """One part's entry for docs/results.json. Raises NoMaterial."""
    place, _, weights = PARTS[name]
    module, function = place.split(":")
    part: Part = getattr(importlib.import_module(f"benchmarks.{module}"), function)
    return {"weights": digests(weights), "rows": as_json(part(context))}


def main() -> int:
    """Exit code 1 where a part had no material."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=tuple(PARTS), action="append", help="only this part")
    parser.add_argument("--quick", action="store_true", help="a tenth of it; nothing is kept")
    parser.add_argument("--table", action="store_true", help="measure nothing, write the table")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "evaluate")
    asked = parser.parse_args()
    set_up_logs("warning")
    results = load_results()
    if asked.table:
        keep(results)
        return 0
    asked.work.mkdir(parents=True, exist_ok=True)
    context = Context(data_dir(), asked.quick, asked.work)
    missing = 0
    for name in asked.only or PARTS:
        begun = time.monotonic()
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        try:
            entry = measure(name, context)
        except NoMaterial as reason:
            print(f"{name}: {reason}", file=sys.stderr)
            missing += 1
            continue
        print(table(entry["rows"]), flush=True)
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
        if not asked.quick:
            # Another part may have been kept meanwhile by another process.
            results = load_results() | {name: entry}
            keep(results)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
