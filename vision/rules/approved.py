"""Whether what hangs or sticks somewhere may be there today (domain.md B1, L51)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Final

from vision.geometry import share_in_polygon, share_of_polygon
from vision.shapes import Approval
from vision.types import Box

CITY_TIME: Final = timezone(timedelta(hours=8))
"""China has one time and no daylight saving (domain.md W54)."""
_COVERS: Final = 0.5


def is_valid(approval: Approval, at: datetime) -> bool:
    """Whether its period holds on the city's day of `at`; both ends are days of it."""
    today: date = at.astimezone(CITY_TIME).date()
    begun = approval.valid_from is None or approval.valid_from <= today
    return begun and (approval.valid_until is None or today <= approval.valid_until)


def approvals_at(approvals: Iterable[Approval], box: Box) -> list[Approval]:
    """Those whose place the box takes up, or that the box lies in."""
    return [
        approval
        for approval in approvals
        if share_in_polygon(box, approval.polygon) >= _COVERS
        or share_of_polygon(approval.polygon, box) >= _COVERS
    ]
