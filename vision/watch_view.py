"""What a watch is given: its settings, and everything that one look has to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from vision.appearance import Grey
from vision.scene_object import SceneObject
from vision.types import Detection, Frame, PlateReading, PlateVote, ViewHealth, ZoneShape


@dataclass(frozen=True, slots=True)
class WatchSettings:
    max_gap_seconds: float = 5.0
    passer_by_seconds: float = 3.5
    """Hidden no longer than this, nobody can have driven off and another come."""
    clearly_different: float = 0.70
    """Less alike than this to the subject: another vehicle, once its leaving was seen."""
    plate_every_seconds: float = 5.0
    """How often the plate of a vehicle that is surely the same is read again: the re-check
    (A17) wants the plate on its pictures."""
    plate_tries_seconds: float = 10.0
    """So long every look tries a plate that has to decide something."""
    could_be: float = 0.5
    """At least so alike: a vehicle elsewhere in the area whose plate nobody can read could be the
    subject, a little further on."""
    frozen_seconds: float = 8.0
    """The same picture, byte for byte, for so long says nothing any more. Below the ten seconds
    that lie between two looks that decide (domain.md 4.1, present_confirm)."""


@dataclass(frozen=True, slots=True)
class WatchView:
    """All that one look has to say to the watches."""

    frame: Frame
    health: ViewHealth
    grey: Grey
    objects: Sequence[SceneObject]
    detections: Sequence[Detection]
    zones: Sequence[ZoneShape]
    readings: Mapping[int, PlateReading] = field(default_factory=dict[int, PlateReading])
    """Best plate reading of this look, by object."""
    votes: Mapping[int, PlateVote] = field(default_factory=dict[int, PlateVote])
    """Consensus of all readings so far, by object."""
    tried_seconds: Mapping[int, float] = field(default_factory=dict[int, float])
    """How long each object's plate has been tried."""
    reads_plates: bool = True

    @property
    def at(self) -> datetime:
        return self.frame.at
