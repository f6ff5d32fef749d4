"""Writes the pages of docs/ that are made from code (`make docs`); a test finds stale ones."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

from models.flow import Flow
from models.flows.case import CASE, LINE, STAGES
from models.flows.crowd import CROWD
from models.flows.hanging import HANGING, POSTER
from models.flows.parking import PARKING

ROOT = Path(__file__).resolve().parent.parent


def _page(title: str, about: str, flow: Flow, more: str = "") -> str:
    words = textwrap.fill(about, 100, break_on_hyphens=False)
    return f"""# {title}

{words}

```mermaid
{flow.mermaid().strip()}
```

{flow.markdown().strip()}
{more}"""


def flow_parking() -> str:
    return _page(
        "The parking flow",
        "Made from the table in `models/flows/parking.py` by `make docs`. The numbers A1 to A27 "
        "are those of the domain's table; a letter behind a number marks a branch of that row, W "
        "numbers awkward paths.",
        PARKING,
    )


_FRONTAGE = (
    "Made from the table in `models/flows/hanging.py` by `make docs`. The numbers B1 to B9 are "
    "those of the domain's table (B10, a shop's colour, is no step); a letter behind a number "
    "marks a branch of that row, W numbers awkward paths. No way leads to ESCALATED but through a "
    "formal order of two officers whose period has ended; the database refuses any other."
)


def flow_hanging() -> str:
    return _page("The hanging flow", _FRONTAGE, HANGING)


def flow_poster() -> str:
    more = " The rows are those of the hanging flow, and B9: a poster before nobody's door."
    return _page("The poster flow", _FRONTAGE + more, POSTER)


def flow_crowd() -> str:
    return _page(
        "The crowd flow",
        "Made from the table in `models/flows/crowd.py` by `make docs`. The numbers C1 to C9 are "
        "those of the domain's table (C8, a lost camera, is a rule of the guards). Numbers of "
        "people come in, responders go out; nobody in the crowd is identified, written to or "
        "punished, and the database takes no such row.",
        CROWD,
    )


def flow_case() -> str:
    stages = "\n".join(f"| {state} | {stage} |" for state, stage in STAGES.items())
    return _page(
        "The flow of a case",
        "Made from the table in `models/flows/case.py` by `make docs`: the seven steps of a case "
        "and its side states. A penalty file is no part of it.",
        CASE,
        f"""
On the line 发现-流转-处置-反馈-评价-考核 ({", ".join(LINE)})
each state stands here; a suspended case stands where it was, a closed one with a rating at RATE.

| State | Stage |
|---|---|
{stages}
""",
    )


PAGES: dict[str, Callable[[], str]] = {
    "docs/flow-parking.md": flow_parking,
    "docs/flow-hanging.md": flow_hanging,
    "docs/flow-poster.md": flow_poster,
    "docs/flow-crowd.md": flow_crowd,
    "docs/flow-case.md": flow_case,
}


def main() -> None:
    for name, page in PAGES.items():
        (ROOT / name).write_text(page(), encoding="utf-8")
        sys.stdout.write(f"written: {name}\n")


if __name__ == "__main__":
    main()
