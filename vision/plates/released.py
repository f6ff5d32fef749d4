"""Whether a network's file is the one that Qifen was released with."""

from __future__ import annotations

import hashlib
from pathlib import Path

from vision.errors import BadWeights


def released(weights: Path, sha256: str | None, whose: str) -> Path:
    """`weights`, if the file is there and, where a sum is known, is the one that was released.

    `whose`: for the error, e.g. "the plate locator's". Raises BadWeights.
    """
    reason = "missing"
    if weights.is_file():
        found = hashlib.sha256(weights.read_bytes()).hexdigest()
        if sha256 is None or found == sha256:
            return weights
        reason = f"damaged (sha256 {found[:12]}, expected {sha256[:12]})"
    raise BadWeights(
        f"{whose} weights {weights.name} are {reason}",
        hint="install Qifen again",
        field="plates",
    )
