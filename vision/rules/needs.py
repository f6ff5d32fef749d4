"""Which classes a zone's rule needs, and whether the chosen weights know them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from vision.layouts import VEHICLE_KINDS

NEEDED: Final[Mapping[str, frozenset[str]]] = {
    "parking": VEHICLE_KINDS,
    "hanging": frozenset({"hanging"}),
    "poster": frozenset({"advert"}),
    "crowd": frozenset({"person"}),
}
"""At least one of these classes, by the zone's kind."""


def missing_class(zone_kind: str, names: Collection[str]) -> str | None:
    """The class that weights with these class names lack for such a zone; None where they serve."""
    needed = NEEDED[zone_kind]
    return None if needed & set(names) else min(needed)


def refusal(weights: str, zone_kind: str, missing: str) -> str:
    """One sentence for whoever draws such a zone or starts such a camera."""
    return f"the weights {weights} know no `{missing}`: {zone_kind} zones cannot be watched"


HINT: Final = "choose street-n: qifen weights use street-n, or leave the camera's weights empty"
