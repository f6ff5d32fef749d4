"""What every training is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vision.errors import BadWeights

Say = Callable[[str], None]
"""Takes one line of progress."""


@dataclass(frozen=True, slots=True)
class Options:
    """Where a training reads and writes."""

    data_dir: Path
    """The data set (QIFEN_DATA)."""
    work_dir: Path
    """Checkpoints and what is made once; may be deleted, then everything is made again."""
    weights_dir: Path
    """Where the finished weights are written."""
    steps: int | None = None
    """Fewer (or more) steps than the recipe's; None for the recipe's."""

    def check(self) -> None:
        """Raises BadWeights where there is no data set or the number of steps makes no sense."""
        if not (self.data_dir / "weights").is_dir():
            raise BadWeights(
                f"there is no data set in {self.data_dir.name or 'QIFEN_DATA'}",
                hint="set QIFEN_DATA to the folder that holds weights, train and posters",
                field="data",
            )
        if self.steps is not None and self.steps < 1:
            raise BadWeights(f"steps must be at least 1, not {self.steps}", field="steps")
