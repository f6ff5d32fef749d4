"""Which labelled pictures training may see: one rule for every network.

The split never changes. A photograph goes by the SHA-256 of its name without the ending, a crop by
that of its whole name: each the rule under which the first weights were trained on it, so that no
picture that was ever kept back is learned from later, by the reader or by the locator.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

CROPS: Final = ("crops_lprnet", "crops_synth_zhengyuwei", "crops_hyperlpr")
PHOTOS: Final = ("full_easypr", "full_ccpd")
"""Folders of QIFEN_DATA/plates."""
NEVER_TRAINED: Final = ("crops_synth_zhengyuwei", "crops_hyperlpr")
"""Too few, or drawn by others: for the tables alone."""


def may_train(source: str, name: str) -> bool:
    """Whether training may see the picture `name` of the set `source`: half of them, by chance."""
    if source in NEVER_TRAINED:
        return False
    hashed = Path(name).stem if source in PHOTOS else name
    return hashlib.sha256(hashed.encode()).digest()[0] % 2 == 0
