"""The pictures of an event as its page shows them: its own, and what other cameras saw (W28)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.console.codes import PICTURE_ORDER
from models.event import Event
from models.evidence import MASKED, Evidence
from models.retention_log import Tombstone
from models.same_stay import joined_sightings


@dataclass(frozen=True)
class PictureView:
    id: int
    kind: str
    captured_at: datetime
    sha256: str
    media_type: str
    box: Sequence[float] | None
    camera: str = ""
    """Of what another camera saw of the same vehicle: which."""
    masked: bool = False
    """Whether the camera was blind to parts of it (L69)."""


def pictures_of(session: Session, event: Event) -> list[PictureView]:
    """In the order of domain.md 2.7, and of time within one kind; then what other cameras saw."""
    order = {kind: place for place, kind in enumerate(PICTURE_ORDER)}
    kept = Evidence.id.not_in(select(Tombstone.evidence_id))
    shown: list[PictureView] = []
    for one in (event, *joined_sightings(session, event)):
        found = session.scalars(
            select(Evidence).where(Evidence.event_id == one.id, kept).order_by(Evidence.captured_at)
        ).all()
        camera = "" if one is event else one.camera.name
        shown += [
            PictureView(
                e.id,
                e.kind,
                e.captured_at,
                e.sha256,
                e.media_type,
                e.details.get("box"),
                camera,
                MASKED in e.details,
            )
            for e in sorted(found, key=lambda e: order.get(e.kind, len(order)))
        ]
    return shown
