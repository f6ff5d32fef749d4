"""What a worker's eyes hand over, without eyes: one subject, a look at a time, real shapes."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from pipeline.buffer import HeldCount, HeldLooks, HeldSighting
from vision.types import (
    Box,
    CrowdCount,
    CrowdState,
    Frame,
    PlateColour,
    PlateKind,
    PlateReading,
    PlateVote,
    Sighting,
    WatchAnswer,
    WatchLook,
)

PLATE = "浙A12345"
ZONE = "前沿"
BOX: Box = (0.40, 0.40, 0.50, 0.60)
PICTURE = np.full((36, 64, 3), 90, np.uint8)


def frame(at: datetime) -> Frame:
    """A small grey picture that is different every second, as any two of a real camera are."""
    picture = PICTURE.copy()
    picture[0, :8, 0] = [int(at.timestamp()) >> shift & 255 for shift in range(8)]
    return Frame("street", at, picture, pts=at.timestamp())


def reading() -> PlateReading:
    return PlateReading(
        PLATE, PlateColour.BLUE, 0.99, 0.99, 0.9, BOX, kind=PlateKind.SMALL, accepted=True,
        vehicle_box=BOX,
    )  # fmt: skip


def sighting(kind: str, number: int, since: datetime, at: datetime) -> HeldSighting:
    """Something of this zone's kind that has stood there `since`."""
    is_car = kind == "parking"
    vote = PlateVote(
        PLATE, PlateColour.BLUE, PlateKind.SMALL, 0.99, 0.99, 0.9, reads=7, equal_reads=7,
        accepted=True, readings=(reading(),),
    )  # fmt: skip
    picture = frame(at)
    return HeldSighting.of(
        Sighting(
            kind=kind, zone=ZONE, zone_version=1, object_id=number,
            object_kind="car" if is_car else kind, box=BOX, first_seen=since, flagged_at=at,
            last_seen=at, dwell_seconds=(at - since) / timedelta(seconds=1), samples_seen=9,
            samples_missed=0, confidence_mean=0.95, confident_share=0.95,
            plate=vote if is_car else None, frame=picture,
            plate_frame=picture if is_car else None, plate_reading=reading() if is_car else None,
        )
    )  # fmt: skip


def looks(event_ids: list[int], at: datetime, *, there: bool, is_car: bool) -> HeldLooks:
    """One look that answers for each of these events."""
    answer = WatchAnswer.PRESENT if there else WatchAnswer.ABSENT
    plate = reading() if is_car and there else None
    box = BOX if there else None
    found = [
        WatchLook(str(n), answer, at, similarity=0.95, plate=plate, box=box) for n in event_ids
    ]
    return HeldLooks.of(frame(at), found)


def count(at: datetime, people: int, threshold: float) -> HeldCount:
    return HeldCount(
        CrowdCount(
            at=at, zone=ZONE, zone_version=1, count=people, median=float(people), samples=9,
            threshold=threshold, density=None, state=CrowdState.NORMAL, box=(0.1, 0.1, 0.9, 0.9),
        )
    )  # fmt: skip
