"""What the counts of a crowd zone amount to: pure reading, no writing (domain.md 4.4).

Only medians of at least five looks count; a gap of more than `crowd_max_gap_seconds` ends every
run, so that a blind camera neither raises an alarm nor ends one (C8).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.place import CrowdCount, PlacePermit
from models.place_parties import permit_for
from models.policy import Policy
from models.zone import Zone

LOOK_BACK = timedelta(minutes=15)
CAMERA = "camera"
MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class CrowdView:
    """The counts of one zone as they stand at one instant."""

    at: datetime
    counts: Sequence[CrowdCount]
    """Of the camera, in order, of the last quarter of an hour."""
    manual: CrowdCount | None
    """The latest count of a person on the spot."""
    permit: PlacePermit | None
    policy: Policy

    def limit(self, count: CrowdCount) -> float:
        """How many are too many: the zone's number, or the permitted one where that is higher
        (C3)."""
        permitted = 0 if self.permit is None else self.permit.max_people or 0
        return max(count.threshold, float(permitted))

    @property
    def latest(self) -> CrowdCount | None:
        """The latest count that is fresh; None while the camera is lost (C8)."""
        if not self.counts:
            return None
        last = self.counts[-1]
        age = (self.at - last.at).total_seconds()
        return last if age <= self.policy.crowd_max_gap_seconds else None

    @property
    def people(self) -> float | None:
        """The camera's fresh count; without it the latest one of a person (C8)."""
        count = self.latest or self.manual
        return None if count is None else count.people

    def at_least(self, share: float, seconds: float) -> bool:
        """Whether `share` of the threshold was reached throughout the last `seconds`."""
        return self._held(lambda c: c.people >= share * self.limit(c), seconds)

    def below(self, share: float, seconds: float) -> bool:
        """Whether the count stayed below `share` of the threshold for the last `seconds`."""
        return self._held(lambda c: c.people < share * self.limit(c), seconds)

    def now_at_least(self, share: float) -> bool:
        """Whether the fresh count reaches `share` of the threshold."""
        count = self.latest
        return count is not None and count.people >= share * self.limit(count)

    def manual_below(self, share: float) -> bool:
        """Whether the camera is lost and a person's own count lies below (C8)."""
        count = self.manual
        return (
            self.latest is None and count is not None and count.people < share * self.limit(count)
        )

    def _held(self, holds: Callable[[CrowdCount], bool], seconds: float) -> bool:
        last = self.latest
        if last is None:
            return False
        begin = last.at
        for count in reversed(self.counts):
            gap = (begin - count.at).total_seconds()
            if gap > self.policy.crowd_max_gap_seconds or not holds(count):
                break
            begin = count.at
        return holds(last) and (last.at - begin).total_seconds() >= seconds


def view_of(session: Session, zone: Zone, *, policy: Policy, at: datetime) -> CrowdView:
    """Read the counts of a zone."""
    session.flush()
    rows = session.scalars(
        select(CrowdCount)
        .where(CrowdCount.zone_id == zone.id, CrowdCount.at > at - LOOK_BACK, CrowdCount.at <= at)
        .order_by(CrowdCount.at, CrowdCount.id)
    ).all()
    manual = [row for row in rows if row.source == MANUAL]
    return CrowdView(
        at=at,
        counts=[
            row for row in rows if row.source == CAMERA and row.looks >= policy.crowd_least_looks
        ],
        manual=manual[-1] if manual else None,
        permit=permit_for(session, zone, "crowd", at=at),
        policy=policy,
    )
