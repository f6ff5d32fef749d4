"""The crowd rule: how many people stand in a zone, and since when too many (domain.md 4.4).

Numbers only: no face, no identity, nobody is followed from look to look (L73).
"""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from vision.geometry import bounds
from vision.rules.approved import CITY_TIME
from vision.shapes import CrowdBand, ZoneShape
from vision.types import CrowdCount, CrowdState

FEWEST_SAMPLES: Final = 5
"""domain.md C2: the median of at least five."""
_SAMPLES: Final = 7
_WATCH_SHARE, _WATCH_SECONDS = 0.8, 30.0
"""domain.md C1."""
_CALM_SHARE, _CALM_SECONDS = 0.7, 120.0
"""domain.md C6."""


@dataclass(slots=True)
class _Timer:
    """For how long something has been so without a break, gaps left out."""

    seconds: float = 0.0
    since: datetime | None = None

    def run(self, holds: bool, at: datetime, step: float) -> None:
        if not holds:
            self.stop()
        elif self.since is None:
            self.seconds, self.since = 0.0, at
        else:
            self.seconds += step

    def stop(self) -> None:
        self.seconds, self.since = 0.0, None

    def reached(self, seconds: float) -> bool:
        return self.since is not None and self.seconds >= seconds


@dataclass(frozen=True, slots=True)
class CrowdTurn:
    """What one count has changed."""

    count: CrowdCount
    alarmed: bool = False
    """The alarm begins with this look (C2)."""
    dispersed: bool = False
    """The alarm ends with this look (C6, as far as counting can tell)."""


class CrowdRule:
    """Counts of one zone. Give it every clear count, in order."""

    def __init__(self, zone: ZoneShape, interval_seconds: float) -> None:
        self.zone = zone
        self.state = CrowdState.NORMAL
        self.since: datetime | None = None
        """Since when the count has been too high, during an alarm."""
        self._hold = zone.dwell_seconds
        self._max_gap_seconds = 3 * interval_seconds + 5
        self._counts: deque[int] = deque(maxlen=_SAMPLES)
        self._last_at: datetime | None = None
        self._near, self._over, self._calm = _Timer(), _Timer(), _Timer()

    def observe(self, at: datetime, count: int, *, tiled: bool = False) -> CrowdTurn:
        """Take the count of one clear look."""
        step = (at - self._last_at).total_seconds() if self._last_at else 0.0
        self._last_at = at
        if not 0 <= step <= self._max_gap_seconds:
            self._forget()  # what happened in a gap is not known: all begins anew
            step = 0.0
        self._counts.append(count)
        threshold = threshold_at(self.zone, at)
        enough = len(self._counts) >= FEWEST_SAMPLES
        median = float(statistics.median(self._counts)) if enough else None
        before = self.state
        self._time(at, median, threshold, step)
        self._turn()
        told = self._told(at, count, median, tiled=tiled)
        return CrowdTurn(
            told,
            alarmed=self.state is CrowdState.ALARM and before is not CrowdState.ALARM,
            dispersed=before is CrowdState.ALARM and self.state is not CrowdState.ALARM,
        )

    def blind(self, at: datetime, reason: str) -> CrowdCount:
        """A look that could not see: told, and not counted (C8)."""
        return replace(self._told(at, 0, None, tiled=False), samples=0, unclear=reason)

    def _told(self, at: datetime, count: int, median: float | None, *, tiled: bool) -> CrowdCount:
        area = self.zone.area_m2
        return CrowdCount(
            at=at,
            zone=self.zone.name,
            zone_version=self.zone.version,
            count=count,
            median=median,
            samples=len(self._counts),
            threshold=threshold_at(self.zone, at),
            density=round(median / area, 4) if median is not None and area else None,
            state=self.state,
            box=bounds(self.zone.polygon),
            tiled=tiled,
        )

    def _time(
        self, at: datetime, median: float | None, threshold: float | None, step: float
    ) -> None:
        known = median is not None
        people, limit = median or 0.0, threshold or float("inf")
        self._near.run(known and people >= _WATCH_SHARE * limit, at, step)
        self._over.run(known and people >= limit, at, step)
        self._calm.run(known and people < _CALM_SHARE * limit, at, step)

    def _turn(self) -> None:
        soon = min(_WATCH_SECONDS, self._hold)
        if self.state is not CrowdState.ALARM and self._over.reached(self._hold):
            self.state, self.since = CrowdState.ALARM, self._over.since
        elif self.state is CrowdState.ALARM and self._calm.reached(_CALM_SECONDS):
            self.state, self.since = CrowdState.NORMAL, None
        elif self.state is CrowdState.NORMAL and self._near.reached(soon):
            self.state, self.since = CrowdState.WATCH, self._near.since
        elif self.state is CrowdState.WATCH and self._calm.reached(_WATCH_SECONDS):
            self.state, self.since = CrowdState.NORMAL, None

    def _forget(self) -> None:
        self._counts.clear()
        for timer in (self._near, self._over, self._calm):
            timer.stop()


def threshold_at(zone: ZoneShape, at: datetime) -> float | None:
    """How many people are too many at this hour; None: no number is."""
    of_day = at.astimezone(CITY_TIME).strftime("%H:%M")
    band = next((each for each in zone.bands if _holds(each, of_day)), None)
    stated = band.threshold if band is not None else zone.threshold
    if zone.density_threshold is None or zone.area_m2 is None:
        return stated
    by_density = zone.density_threshold * zone.area_m2
    return by_density if stated is None else min(stated, by_density)


def _holds(band: CrowdBand, of_day: str) -> bool:
    if band.start <= band.end:
        return band.start <= of_day < band.end
    return of_day >= band.start or of_day < band.end
