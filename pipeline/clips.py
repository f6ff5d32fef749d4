"""Which clips are wanted, and when they can be cut: V1 around the flagging, V2 at the second look.

A clip is cut when its last second has come. One that cannot be cut (the stream was away, its
coding fits into no MP4, the database was away too long) is missing, and everything that shows or
exports the event names it; no rule ever needs one (domain.md 2.7).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.evidence import EvidenceKind
from pipeline.buffer import HeldClip
from vision.clip import Clip
from vision.types import Sighting

BEFORE = timedelta(seconds=7)
AFTER = timedelta(seconds=7)
"""V1: so much around T0, fourteen seconds where ten are asked for."""
RECHECK_BEFORE = timedelta(seconds=2)
RECHECK_AFTER = timedelta(seconds=14)
"""V2: from shortly before E4 until after E6, which follows ten seconds or more later."""
RING_SECONDS = 24.0
"""What a worker keeps: the longest clip, and eight seconds more for keyframes that are far apart
and for a look that comes late."""

Cut = Callable[[datetime, datetime], Clip | None]


@dataclass(frozen=True, slots=True)
class _Wish:
    kind: EvidenceKind
    start: datetime
    end: datetime
    event_id: int | None = None
    flagged: tuple[int, str] | None = None


class ClipDesk:
    """The clips that one worker still has to cut. Wishes come from the eyes and from the pen."""

    def __init__(self) -> None:
        self._wishes: list[_Wish] = []
        self._lock = threading.Lock()

    def at_flagging(self, sighting: Sighting) -> None:
        """A vehicle was flagged: V1 around that instant."""
        if sighting.kind == "parking":
            at, key = sighting.flagged_at, (sighting.object_id, sighting.zone)
            self._add(_Wish(EvidenceKind.V1, at - BEFORE, at + AFTER, flagged=key))

    def at_recheck(self, event_id: int, at: datetime) -> None:
        """The second look has given its first picture (E4): V2 from there on."""
        start, end = at - RECHECK_BEFORE, at + RECHECK_AFTER
        self._add(_Wish(EvidenceKind.V2, start, end, event_id=event_id))

    def due(self, now: datetime, cut: Cut) -> list[HeldClip]:
        """The clips whose time is over, cut; what cannot be cut is let go."""
        with self._lock:
            ready = [wish for wish in self._wishes if wish.end <= now]
            self._wishes = [wish for wish in self._wishes if wish.end > now]
        # Vehicles that were flagged in one look have one clip: a car park must not hold it twenty
        # times in memory.
        cuts: dict[tuple[datetime, datetime], Clip | None] = {}
        clips: list[HeldClip] = []
        for wish in ready:
            span = (wish.start, wish.end)
            if span not in cuts:
                cuts[span] = cut(*span)
            clip = cuts[span]
            if clip is not None:
                clips.append(HeldClip(wish.kind, clip, wish.event_id, wish.flagged))
        return clips

    def _add(self, wish: _Wish) -> None:
        with self._lock:
            self._wishes.append(wish)
