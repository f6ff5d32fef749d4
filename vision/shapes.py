"""Places in the picture: boxes, polygons, and what the eyes need to know of a zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

Box: TypeAlias = tuple[float, float, float, float]
"""x1, y1, x2, y2 in 0..1 of the whole picture."""

Point: TypeAlias = tuple[float, float]
Polygon: TypeAlias = tuple[Point, ...]
"""At least three points in 0..1; neither closed (first != last) nor crossing itself."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What may hang or stick in a zone: a permitted banner or advert (domain.md B1, L51)."""

    label: str
    polygon: Polygon
    document: str = ""
    """Number of the permit."""
    approver: str = ""
    valid_from: date | None = None
    """First day on which it may be there, in the city's time; None: always was."""
    valid_until: date | None = None
    """Last day; None: until further notice."""


@dataclass(frozen=True, slots=True)
class CrowdBand:
    """Hours with a crowd threshold of their own, in the city's time of day."""

    start: str
    """HH:MM"""
    end: str
    """HH:MM, not included; earlier than `start` where the band runs over midnight."""
    threshold: float


@dataclass(frozen=True, slots=True)
class ZoneShape:
    """What the eyes need to know of a zone. `bays` are marked legal bays cut out of it (L32)."""

    name: str
    kind: str
    """parking | hanging | poster | crowd"""
    polygon: Polygon
    dwell_seconds: float
    """Of crowd zones: how long the count must hold before the alarm (domain.md C2)."""
    threshold: float | None = None
    """hanging, poster: least confidence (0..1) that counts; crowd: how many people are too many."""
    bays: tuple[Polygon, ...] = ()
    area: str | None = None
    """Name of the enforcement area; None means the zone is its own area."""
    aspect_ratio: float | None = None
    version: int = 1
    approved: tuple[Approval, ...] = ()
    """hanging, poster: what may be there."""
    bands: tuple[CrowdBand, ...] = ()
    """crowd: hours with another threshold; the first that fits counts."""
    area_m2: float | None = None
    """crowd: ground that the zone covers."""
    density_threshold: float | None = None
    """crowd: people on a square metre that are too many; needs `area_m2`."""
    baseline: str = ""
    """hanging, poster: base64 of a small grey JPEG of the zone's bounds as it may look
    (`vision.rules.backdrop.baseline_of`); empty: as the first look finds it."""
    slow_look_seconds: float | None = None
    """hanging, poster: how often it is looked at; None: as the looker's settings say."""
