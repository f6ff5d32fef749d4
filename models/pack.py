"""The evidence pack of an event (domain.md 2.7): what is there, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.event import Event
from models.evidence import MASKED, Evidence, EvidenceAlarm, EvidenceKind
from models.looks import window_end
from models.policy import Policy, load_policy

NEEDED = (EvidenceKind.E1, EvidenceKind.E3, EvidenceKind.E4, EvidenceKind.E6)
USEFUL = (EvidenceKind.E2, EvidenceKind.E5, EvidenceKind.V1, EvidenceKind.V2)


FILE_BROKEN = "FILE_BROKEN"
NO_CLIPS = "no_clips_of_masked_camera"
"""Why there are no clips: they are packets as they came, and the camera has privacy masks (L69)."""


@dataclass(frozen=True, slots=True)
class PackStatus:
    missing: tuple[str, ...]
    """Codes: E1, E3, E4, E6 (not there, or from a camera whose clock was off), E3_TOO_SOON,
    E6_TOO_SOON (less than ten seconds after the one before), E4_TOO_EARLY (not after the
    deadline), FILE_BROKEN (a stored file is not what was recorded, W52)."""
    notes: tuple[str, ...]
    """What an officer should know: flags of the event, useful pictures that are missing."""

    @property
    def complete(self) -> bool:
        return not self.missing


def pack_status(session: Session, event: Event, *, policy: Policy | None = None) -> PackStatus:
    """Judge the pack as it is now; a picture with a clock more than 1.0 s off is none (L81)."""
    policy = policy or load_policy(session)
    session.flush()
    rows = session.scalars(
        select(Evidence).where(Evidence.event_id == event.id).order_by(Evidence.captured_at)
    ).all()
    limit = policy.clock_offset_limit_seconds
    sound = [row for row in rows if abs(row.clock_offset_seconds) <= limit]
    taken = {kind: _instants(sound, kind) for kind in EvidenceKind}
    if event.grace_policy == "paper":
        _count_photos(event, taken, policy)
    needed = (*NEEDED, EvidenceKind.PAPER) if event.grace_policy == "paper" else NEEDED
    missing = [str(kind) for kind in needed if not taken[kind]]
    if not missing:
        missing = _wrong_times(event, taken, policy.present_confirm_gap_seconds)
    if is_broken(session, event):
        missing.append(FILE_BROKEN)
    notes = [str(flag) for flag in event.flags]
    notes += [f"no_{kind.lower()}" for kind in USEFUL if not taken[kind]]
    if any(row.details.get(MASKED) for row in rows):
        notes.append(NO_CLIPS)
    if len(sound) < len(rows):
        notes.append("clock_offset")
    return PackStatus(tuple(missing), tuple(notes))


def is_broken(session: Session, event: Event) -> bool:
    """Whether any file of this event has an alarm; seeing to it does not make it sound again."""
    query = (
        select(EvidenceAlarm.id)
        .join(Evidence, Evidence.id == EvidenceAlarm.evidence_id)
        .where(Evidence.event_id == event.id)
    )
    return session.scalar(query.limit(1)) is not None


def _instants(rows: Sequence[Evidence], kind: str) -> list[datetime]:
    return [row.captured_at for row in rows if row.kind == kind]


def _count_photos(event: Event, taken: dict[EvidenceKind, list[datetime]], policy: Policy) -> None:
    """A26: where an officer looked again, the first and the last photo on the spot stand for E4
    and E6."""
    photos = on_site_photos(taken[EvidenceKind.ON_SITE], event, policy)
    if not taken[EvidenceKind.E4] and not taken[EvidenceKind.E6] and len(photos) >= 2:
        taken[EvidenceKind.E4], taken[EvidenceKind.E6] = photos[:1], photos[-1:]


def on_site_photos(instants: Sequence[datetime], event: Event, policy: Policy) -> list[datetime]:
    """Those of an officer's photos that count as a re-check: at least ten seconds after the
    deadline, and before the time for it is over; in order."""
    deadline, over = event.grace_deadline_at, window_end(event, policy)
    if deadline is None or over is None:
        return []
    earliest = deadline + timedelta(seconds=policy.present_confirm_gap_seconds)
    return sorted(at for at in instants if earliest <= at <= over)


def _wrong_times(
    event: Event, taken: dict[EvidenceKind, list[datetime]], gap_seconds: float
) -> list[str]:
    first, third = min(taken[EvidenceKind.E1]), max(taken[EvidenceKind.E3])
    fourth, sixth = min(taken[EvidenceKind.E4]), max(taken[EvidenceKind.E6])
    wrong: list[str] = []
    if (third - first).total_seconds() < gap_seconds:
        wrong.append("E3_TOO_SOON")
    if event.grace_deadline_at is None or fourth <= event.grace_deadline_at:
        wrong.append("E4_TOO_EARLY")
    if (sixth - fourth).total_seconds() < gap_seconds:
        wrong.append("E6_TOO_SOON")
    return wrong
