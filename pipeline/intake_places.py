"""What hangs, is posted or gathers, on its way into the casework (domain.md 4.3, 4.4).

Nobody is written to from here: the flows decide, and a gathering knows no texts at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models.camera import Camera
from models.crowd_cases import crowd_count, running
from models.errors import NotFound
from models.event import Event
from models.evidence import EvidenceKind
from models.facts import NewEvent
from models.looks import sampling_from
from models.place_facts import CrowdSample, NewPlaceEvent, PlaceLook
from models.policy import Policy
from models.registry import find_zone
from models.states import PlaceState
from models.zone import Zone, ZoneVersion
from pipeline.evidence import Picture, Shot, panorama
from vision.types import CrowdCount, Sighting, WatchAnswer, WatchLook

_E3_AFTER = timedelta(seconds=10)
_AFTER_GRACE = frozenset({PlaceState.RECHECK, PlaceState.NOT_RECTIFIED, PlaceState.REVIEW_PENDING})
_ANSWERS = {
    WatchAnswer.PRESENT: "present",
    WatchAnswer.ABSENT: "absent",
}


def find_version(
    session: Session, camera: Camera, name: str, number: int
) -> tuple[Zone, ZoneVersion]:
    """The zone in the version that the camera looked at, which may be an older one (W31).

    Raises NotFound.
    """
    zone = find_zone(session, camera, name)
    if zone is None:
        raise NotFound(f"camera {camera.name} has no zone {name}")
    for zone_version in zone.versions:
        if zone_version.version == number:
            return zone, zone_version
    raise NotFound(f"zone {zone.name} has no version {number}")


def place_event(new: NewEvent, sighting: Sighting) -> NewPlaceEvent:
    """A hanging or poster sighting as the casework takes it."""
    return NewPlaceEvent(
        kind=sighting.kind,
        camera_id=new.camera_id,
        zone=new.zone,
        zone_version=new.zone_version,
        box=new.box,
        first_seen_at=new.first_seen_at,
        flagged_at=new.flagged_at,
        last_seen_at=new.last_seen_at,
        command_id=new.command_id,
        samples=sighting.samples_seen,
        object_kind=sighting.object_kind,
        measured=new.measured,
        flags=new.flags,
    )


def place_look(camera_id: int, look: WatchLook) -> PlaceLook:
    """One answer of the eyes; whatever is neither present nor absent is unclear."""
    return PlaceLook(
        camera_id=camera_id,
        answer=_ANSWERS.get(look.answer, "unclear"),
        at=look.at,
        reason=look.reason,
        similarity=look.similarity,
        box=look.box,
    )


def place_shots(
    event: Event,
    before: str,
    have: Mapping[str, datetime],
    look: WatchLook,
    picture: Picture,
    *,
    policy: Policy,
) -> list[Shot]:
    """The pictures that this look can give: a second one while it hangs, two after the grace (B6
    rests on both), and the cleared place, from the same view as the first (2.3, 0511: before and
    after)."""
    details = {"answer": str(look.answer), "box": list(look.box or event.box)}
    if event.state == PlaceState.RECTIFIED and before != event.state:
        return [panorama(EvidenceKind.LEFT, picture, **details)]
    if look.answer is not WatchAnswer.PRESENT:
        return []
    first = have.get(EvidenceKind.E1)
    if first is not None and EvidenceKind.E3 not in have and look.at >= first + _E3_AFTER:
        return [panorama(EvidenceKind.E3, picture, **details)]
    due = _due_after_grace(event, have, look, policy)
    return [] if due is None else [panorama(due, picture, **details)]


def _due_after_grace(
    event: Event, have: Mapping[str, datetime], look: WatchLook, policy: Policy
) -> EvidenceKind | None:
    """E4, then E6: both strictly after the deadline, as a vehicle's."""
    sampling = sampling_from(event, policy)
    if event.state not in _AFTER_GRACE or sampling is None or look.at < sampling:
        return None
    fourth = have.get(EvidenceKind.E4)
    if fourth is None:
        return EvidenceKind.E4
    apart = timedelta(seconds=policy.present_confirm_gap_seconds)
    later = EvidenceKind.E6 not in have and look.at >= fourth + apart
    return EvidenceKind.E6 if later else None


def keep_count(
    session: Session,
    zone: Zone,
    zone_version: ZoneVersion,
    count: CrowdCount,
    *,
    policy: Policy,
    at: datetime,
) -> None:
    """A count that rests on five looks reaches the casework, others say too little (C2); and so
    does a view that cannot be counted in (C8)."""
    if count.unclear:
        lost = CrowdSample(at=count.at, people=0, looks=0, threshold=1, unclear=count.unclear)
        crowd_count(session, zone, lost, policy=policy, at=at, zone_version=zone_version)
    if count.median is None or count.threshold is None:
        return
    sample = CrowdSample(
        at=count.at,
        people=count.median,
        looks=count.samples,
        threshold=count.threshold,
        density=count.density,
    )
    crowd_count(session, zone, sample, policy=policy, at=at, zone_version=zone_version)


def gathering(session: Session, zone: Zone, sighting: Sighting, *, policy: Policy) -> Event:
    """The event that the counts of this zone have opened. Raises NotFound where none runs."""
    event = running(session, zone, policy=policy, at=sighting.flagged_at)
    if event is None:
        raise NotFound(f"no gathering is known in zone {zone.name}")
    return event
