"""Writes the pages of docs/ that are made from code (`make docs`); a test finds stale ones."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from models.flows.parking import PARKING

ROOT = Path(__file__).resolve().parent.parent


def flow_parking() -> str:
    return f"""# The parking flow

Made from the table in `models/flows/parking.py` by `make docs`. The numbers A1 to A27 are those of
the domain's table; a letter behind a number marks a branch of that row, W numbers awkward paths.

```mermaid
{PARKING.mermaid().strip()}
```

{PARKING.markdown().strip()}
"""


PAGES: dict[str, Callable[[], str]] = {"docs/flow-parking.md": flow_parking}


def main() -> None:
    for name, page in PAGES.items():
        (ROOT / name).write_text(page(), encoding="utf-8")
        sys.stdout.write(f"written: {name}\n")


if __name__ == "__main__":
    main()
