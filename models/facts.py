"""What comes into an event from outside: a sighting, an owner's contact, measured gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.event import Event
from models.policy import Policy
from models.zone import Zone, ZoneVersion

OFFICIAL_PLATE_KINDS = frozenset({"police", "emergency", "armed_police", "military"})
"""Perhaps on duty (W23): an officer looks before any text; the plate alone exempts nobody (L43)."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A vehicle that stood longer than the dwell (what a Sighting becomes)."""

    camera_id: int
    zone: Zone
    zone_version: ZoneVersion
    object_kind: str
    box: Sequence[float]
    first_seen_at: datetime
    flagged_at: datetime
    last_seen_at: datetime
    command_id: str
    """At most 72 characters; the steps that follow from it append theirs."""
    plate: str | None = None
    plate_colour: str | None = None
    plate_kind: str | None = None
    measured: Mapping[str, Any] = field(default_factory=dict[str, Any])
    flags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """Where an owner can be reached."""

    phone: str
    """E.164"""
    language: str = "zh"
    authorised: bool = True
    """False: a company or rental contact that has not agreed to be written to (W19)."""


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What the gates of A7 measure. Every default is on the side of the officer's look."""

    confident_share: float = 0.0
    """Share of looks in the dwell with a detection confidence of 0.80 or more."""
    confidence_mean: float = 0.0
    plate_valid: bool = False
    """The text fits the grammar of domain.md 2.6."""
    plate_confidence: float = 0.0
    plate_equal_reads: int = 0
    province_confidence: float = 0.0
    colour_agrees: bool = False
    """The plate's colour agrees with its kind."""
    registry_found: bool = False
    registry_contradicts: bool = False
    """Body colour or class in the registry is not what the camera saw."""
    contact_found: bool = False
    plates_disagree: bool = False
    """Front and rear plates differ (W07)."""
    clone_suspected: bool = False
    exemption: str = ""
    """Reason code of a valid whitelist entry or proven duty (A5, W24, W25)."""


def measure_gates(
    event: Event, facts: GateFacts, *, clock_offset_seconds: float, policy: Policy
) -> list[dict[str, Any]]:
    """Each gate of A7 as {"gate", "passed", "measured", "needed"}, as the event shows them."""

    def at_least(gate: str, measured: float, needed: float) -> dict[str, Any]:
        return _gate(gate, measured >= needed, measured, f">= {needed:g}")

    def must(gate: str, measured: bool, needed: bool) -> dict[str, Any]:
        return _gate(gate, measured is needed, measured, needed)

    offset, limit = abs(clock_offset_seconds), policy.clock_offset_limit_seconds
    official = event.plate_kind in OFFICIAL_PLATE_KINDS
    return [
        at_least("detection_share", facts.confident_share, policy.gate_detection_share),
        must("plate_valid", facts.plate_valid and event.plate is not None, True),
        at_least("plate_confidence", facts.plate_confidence, policy.gate_plate_confidence),
        at_least("plate_equal_reads", facts.plate_equal_reads, policy.gate_plate_reads),
        at_least("province_confidence", facts.province_confidence, policy.gate_province_confidence),
        must("colour_agrees", facts.colour_agrees, True),
        must("plates_disagree", facts.plates_disagree, False),
        must("official_plate", official, False),
        must("registry_found", facts.registry_found, True),
        must("registry_contradicts", facts.registry_contradicts, False),
        must("contact_found", facts.contact_found, True),
        _gate("clock_offset_seconds", offset <= limit, offset, f"<= {limit:g}"),
        must("clone_suspected", facts.clone_suspected, False),
    ]


def _gate(gate: str, passed: bool, measured: object, needed: object) -> dict[str, Any]:
    return {"gate": gate, "passed": passed, "measured": measured, "needed": needed}
