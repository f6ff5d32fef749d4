"""What comes into a hanging, poster or crowd event from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.zone import Zone, ZoneVersion


@dataclass(frozen=True, slots=True)
class NewPlaceEvent:
    """Something that hung or was posted in a zone longer than its dwell (B1)."""

    kind: str
    """hanging | poster: the zone's kind"""
    camera_id: int
    zone: Zone
    zone_version: ZoneVersion
    box: Sequence[float]
    """x1, y1, x2, y2 in 0..1"""
    first_seen_at: datetime
    flagged_at: datetime
    last_seen_at: datetime
    command_id: str
    """At most 72 characters; the steps that follow from it append theirs."""
    samples: int
    """Clear looks in which it was seen during the dwell; B1 wants at least three."""
    object_kind: str = ""
    """What the detector calls it; the kind of the zone where it says nothing finer."""
    measured: Mapping[str, Any] = field(default_factory=dict[str, Any])
    flags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PlaceLook:
    """One look at the place of an open hanging or poster event."""

    camera_id: int
    answer: str
    """present | absent | unclear. A camera that is sick or turned away answers unclear."""
    at: datetime
    """Of the frame."""
    reason: str = ""
    similarity: float | None = None
    box: Sequence[float] | None = None


@dataclass(frozen=True, slots=True)
class CrowdSample:
    """How many people stand in a crowd zone. Send one every 2 to 15 s; numbers only (L73)."""

    at: datetime
    """Of the last frame that it stands on."""
    people: float
    """The median of `looks` counts without a gap between them."""
    looks: int
    """At least five make it a count that may raise an alarm (C2)."""
    threshold: float
    """In force at that time: the zone's, its time band's, or the density's where that is lower."""
    density: float | None = None
    """People a square metre, where the zone states its ground."""
    unclear: str = ""
    """Why nothing can be said (black, covered, moved, ...); then `people` is not kept (C8)."""
