"""Which pictures and clips an event can still take (domain.md 2.7)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import casework
from models.event import Event, FlowName
from models.evidence import Evidence, EvidenceKind
from models.policy import Policy
from pipeline.evidence import Picture, Shot, close_up, panorama
from vision.types import WatchLook

E3_AFTER = timedelta(seconds=10)
"""GA/T 832 3.5 b: pictures of a stationary offence lie at least ten seconds apart."""


def wants_clip(event: Event | None, kind: EvidenceKind, session: Session) -> bool:
    """Whether a clip of this kind may be kept: of a vehicle's event that is open, once."""
    return (
        event is not None
        and event.flow == FlowName.PARKING
        and event.is_open
        and kind not in evidence_times(session, event)
    )


def evidence_times(session: Session, event: Event) -> dict[str, datetime]:
    """When each kind of picture of this event was taken, the earliest of each."""
    rows = session.execute(
        select(Evidence.kind, Evidence.captured_at)
        .where(Evidence.event_id == event.id)
        .order_by(Evidence.captured_at.desc())
    ).all()
    return {row.kind: row.captured_at for row in rows}


def due_shots(
    session: Session, event: Event, look: WatchLook, picture: Picture, policy: Policy
) -> list[Shot]:
    """The pictures of domain.md 2.7 that this look of the present vehicle can give."""
    have = evidence_times(session, event)
    details = {"answer": str(look.answer), "box": list(look.box or event.box)}
    shots: list[Shot] = []
    first = have.get(EvidenceKind.E1)
    if first is not None and EvidenceKind.E3 not in have and look.at >= first + E3_AFTER:
        shots.append(panorama(EvidenceKind.E3, picture, **details))
    sampling = casework.sampling_from(event, policy)
    if sampling is None or look.at < sampling:
        return shots
    fourth = have.get(EvidenceKind.E4)
    if fourth is None:
        shots.append(panorama(EvidenceKind.E4, picture, **details))
    elif EvidenceKind.E6 not in have:
        apart = timedelta(seconds=policy.present_confirm_gap_seconds)
        if look.at >= fourth + apart:
            shots.append(panorama(EvidenceKind.E6, picture, **details))
    reading = look.plate
    if reading and reading.text == event.plate and EvidenceKind.E5 not in have:
        vehicle = list(reading.vehicle_box or look.box or event.box)
        shots.append(close_up(
            EvidenceKind.E5, picture, reading.box, vehicle_box=vehicle,
            confidence=round(reading.confidence, 4),
        ))  # fmt: skip
    return shots
