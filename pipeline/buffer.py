"""What a camera saw and the database has not taken yet: held for up to five minutes (W39).

Normally an item stays here for milliseconds. While the database is away items wait in order;
pixels are turned into JPEG and thinned out, so that five minutes of four cameras fit in memory.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from models.errors import QifenError, Unavailable
from models.evidence import EvidenceKind
from pipeline.evidence import Picture, Shot, close_up, panorama
from pipeline.gates import BODY_COLOUR, sure_body_colour
from pipeline.logs import get_logger
from vision.clip import Clip
from vision.types import CrowdCount, Departure, Frame, LookResult, Sighting, WatchLook

HELD_PICTURE_SECONDS = 10.0
"""While holding, one picture in ten seconds is kept: no rule asks for two closer than that."""
HELD_CLIPS = 4
"""So many clips wait at most; each is some megabytes. One that is let go is named as missing."""
_TRIES = 3
"""An item that fails in a way nobody foresaw is tried so often; then it must not block others."""

_NO_PIXELS = np.zeros((1, 1, 3), np.uint8)
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class HeldSighting:
    """A sighting with its pictures already encoded; its frames carry no pixels any more."""

    sighting: Sighting
    shots: tuple[Shot, ...]

    @classmethod
    def of(cls, sighting: Sighting) -> HeldSighting:
        """Make E1 (the frame at flagging) and E2 (the best plate reading, where there is one)."""
        picture = Picture(sighting.frame)
        shots = [panorama(EvidenceKind.E1, picture, box=list(sighting.box), zone=sighting.zone)]
        reading, plate_frame = sighting.plate_reading, sighting.plate_frame
        if reading is not None and plate_frame is not None:
            # The vehicle's box of the same frame goes with it: another car's plate shows (P17).
            vehicle = list(reading.vehicle_box or sighting.box)
            said = {"vehicle_box": vehicle, "confidence": round(reading.confidence, 4)}
            shots.append(close_up(EvidenceKind.E2, Picture(plate_frame), reading.box, **said))
        details = dict(sighting.details)
        paint = sure_body_colour(sighting) if sighting.kind == "parking" else None
        if paint is not None:
            details[BODY_COLOUR] = str(paint)
        bare = replace(
            sighting, frame=_bare(sighting.frame), first_frame=None, plate_frame=None,
            details=details,
        )  # fmt: skip
        return cls(bare, tuple(shots))

    @property
    def at(self) -> datetime:
        return self.sighting.flagged_at


@dataclass(slots=True, eq=False)
class HeldLooks:
    """All answers of one look of one camera, and its picture while somebody may want it."""

    at: datetime
    looks: tuple[WatchLook, ...]
    picture: Picture | None

    @classmethod
    def of(cls, frame: Frame, looks: Sequence[WatchLook]) -> HeldLooks:
        bare = tuple(replace(look, frame=None) for look in looks)
        return cls(frame.at, bare, Picture(frame))

    @property
    def answers(self) -> dict[str, tuple[str, str]]:
        return {look.key: (look.answer, look.reason) for look in self.looks}


@dataclass(frozen=True, slots=True)
class HeldDeparture:
    departure: Departure

    @property
    def at(self) -> datetime:
        return self.departure.gone_at


@dataclass(frozen=True, slots=True)
class HeldCount:
    """How many people one look counted in one crowd zone."""

    count: CrowdCount

    @property
    def at(self) -> datetime:
        return self.count.at


@dataclass(frozen=True, slots=True, eq=False)
class HeldClip:
    """A clip of one event, known by its id or, while it waits itself, by what was flagged."""

    kind: EvidenceKind
    """V1 or V2"""
    clip: Clip
    event_id: int | None = None
    flagged: tuple[int, str] | None = None
    """Object and zone of the sighting."""

    @property
    def at(self) -> datetime:
        return self.clip.ended


Held = HeldSighting | HeldLooks | HeldDeparture | HeldCount | HeldClip


def held_items(result: LookResult) -> list[Held]:
    """What of one look has to reach the database, in order."""
    # Counts first: the sighting of an alarm belongs to the event that they have opened.
    items: list[Held] = [HeldCount(count) for count in result.crowd_counts]
    items += [HeldSighting.of(sighting) for sighting in result.sightings]
    if result.watch_looks:
        items.append(HeldLooks.of(result.frame, result.watch_looks))
    items.extend(HeldDeparture(departure) for departure in result.departures)
    return items


@dataclass
class HoldingBuffer:
    """Items in order of time, handed on one by one; kept while the database is away.

    `apply` takes one item and returns when it is committed. It raises Unavailable while the
    database or the disk is away (the item is kept and tried again); any other QifenError means
    that this item will never be taken (it is logged and let go, so that it blocks no other). What
    nobody foresaw is tried three times.
    """

    apply: Callable[[Held], None]
    hold_seconds: float = 300.0
    seconds: Callable[[], float] = time.monotonic
    dropped: int = 0
    """Items older than `hold_seconds` that were let go."""
    refused: int = 0
    _items: deque[tuple[float, Held]] = field(default_factory=deque[tuple[float, Held]])
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _flushing: threading.Lock = field(default_factory=threading.Lock)
    _holding: bool = False
    _kept_picture_at: datetime | None = None
    _failures: int = 0

    def __len__(self) -> int:
        return len(self._items)

    @property
    def holding(self) -> bool:
        """True while the last try found the database away."""
        return self._holding

    def add(self, item: Held) -> None:
        with self._lock:
            if self._holding:
                self._thin(item)
                if isinstance(item, HeldClip) and self._clips() >= HELD_CLIPS:
                    self._let_go("clips of a long outage take too much memory", item)
                    return
            self._items.append((self.seconds(), item))
            self._let_go_of_the_old()

    def flush(self) -> bool:
        """Hand on everything that waits, oldest first. False if the database is still away."""
        with self._flushing:
            while True:
                with self._lock:
                    if not self._items:
                        self._holding = False
                        return True
                    entry = self._items[0]
                if not self._hand_on(entry[1]):
                    return False
                with self._lock:
                    if self._items and self._items[0] is entry:
                        self._items.popleft()

    def _hand_on(self, item: Held) -> bool:
        try:
            self.apply(item)
        except Unavailable as error:
            self._start_holding(error)
            return False
        except QifenError as error:
            self._let_go(f"refused: {error}", item)
        except Exception as error:
            self._failures += 1
            _log.exception("item failed", kind=type(item).__name__, failures=self._failures)
            if self._failures < _TRIES:
                return False
            self._let_go(f"{type(error).__name__}, {_TRIES} times", item)
        self._failures = 0
        return True

    def _let_go(self, reason: str, item: Held) -> None:
        self.refused += 1
        _log.warning("item let go", kind=type(item).__name__, reason=reason)

    def _start_holding(self, error: Unavailable) -> None:
        with self._lock:
            if not self._holding:
                _log.warning("holding what was seen", error=str(error), items=len(self._items))
            self._holding = True
            self._kept_picture_at = None
            for _, item in self._items:
                self._thin(item)

    def _clips(self) -> int:
        return sum(isinstance(item, HeldClip) for _, item in self._items)

    def _thin(self, item: Held) -> None:
        if not isinstance(item, HeldLooks) or item.picture is None:
            return
        kept = self._kept_picture_at
        if kept is not None and 0 <= (item.at - kept).total_seconds() < HELD_PICTURE_SECONDS:
            item.picture = None
        else:
            item.picture.compact()
            self._kept_picture_at = item.at

    def _let_go_of_the_old(self) -> None:
        oldest = self.seconds() - self.hold_seconds
        while self._items and self._items[0][0] < oldest:
            self._items.popleft()
            self.dropped += 1
            if self.dropped % 100 == 1:
                _log.error("held for too long, let go", dropped=self.dropped)


def _bare(frame: Frame) -> Frame:
    return replace(frame, picture=_NO_PIXELS)
