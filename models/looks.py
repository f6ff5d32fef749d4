"""What the cameras saw of an open event: looks are kept as spans and read back as one `Watch`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from models import judge
from models.event import Event, EventState, FlowName, WatchSpan
from models.evidence import Evidence, EvidenceKind
from models.policy import Policy
from models.states import PlaceState
from models.zone import Zone

WATCHED = frozenset(
    {
        EventState.FLAGGED,
        EventState.EXEMPT_PENDING,
        EventState.CONFIRM_PENDING,
        EventState.CONFIRMED,
        EventState.NOTICE_PENDING,
        EventState.GRACE,
        EventState.RECHECK,
        EventState.PATROL_ASSIGNED,
    }
)
"""States in which it matters whether the vehicle is still there."""

PLACE_WATCHED = frozenset(
    {
        PlaceState.FLAGGED,
        PlaceState.CONFIRM_PENDING,
        PlaceState.OWNER_LOOKUP,
        PlaceState.NOTICE_PENDING,
        PlaceState.REMINDED,
        PlaceState.DISPATCHED,
        PlaceState.RECHECK,
        PlaceState.NOT_RECTIFIED,
        PlaceState.REVIEW_PENDING,
        PlaceState.FORMAL_ORDER,
        PlaceState.ORDER_CHECK,
    }
)
"""Of what hangs or is posted: until the end, for whoever takes it down late has corrected it."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Everything a guard may ask about the looks, judged at one instant."""

    spans: Sequence[WatchSpan]
    absence: judge.Absence | None
    """The first absence of 30 s or more."""
    presence: judge.Presence | None
    """Seen by its plate after the deadline and within the re-check window."""
    last_present_at: datetime | None
    gone: bool
    """The latest clear look found it gone."""
    grace_gap_seconds: float
    """Longest time during the grace in which nobody saw the place."""
    panoramas: Sequence[Evidence]
    """E4 and E6 taken while the vehicle was present after the deadline, clock in order."""

    @property
    def last_clear_absence_at(self) -> datetime | None:
        """When a clear look last found the place without the vehicle."""
        absent = (s.ended_at for s in self.spans if s.answer in judge.ABSENT)
        return max(absent, default=None)

    @property
    def gone_at(self) -> datetime | None:
        """Since when the vehicle is known to be away."""
        if self.absence is not None:
            return self.absence.started_at
        since = self.last_present_at
        absent = (
            s.started_at
            for s in self.spans
            if s.answer in judge.ABSENT and (since is None or s.ended_at > since)
        )
        return min(absent, default=None)

    @property
    def panorama_seconds(self) -> float:
        """Time between the first and the last of the panoramas."""
        instants = [row.captured_at for row in self.panoramas]
        return (max(instants) - min(instants)).total_seconds() if instants else 0.0


def look_back(session: Session, event: Event, policy: Policy) -> Watch:
    """Judge all looks of the event so far. Changes nothing."""
    session.flush()
    spans = session.scalars(
        select(WatchSpan)
        .where(WatchSpan.event_id == event.id)
        .order_by(WatchSpan.started_at, WatchSpan.id)
    ).all()
    is_place = event.flow != FlowName.PARKING
    return Watch(
        spans=spans,
        absence=judge.absent_confirmed(
            spans,
            needed_seconds=(
                policy.place_absent_seconds if is_place else policy.absent_confirm_seconds
            ),
            needed_looks=policy.place_absent_looks if is_place else 1,
            max_gap_seconds=_max_gap(event, policy),
        ),
        presence=_presence(event, spans, policy),
        last_present_at=judge.last_present_at(spans),
        gone=judge.is_gone(spans),
        grace_gap_seconds=_grace_gap(event, spans),
        panoramas=_panoramas(session, event, spans, policy),
    )


def window_end(event: Event, policy: Policy) -> datetime | None:
    """When the re-check is over: what is seen later proves nothing (A18)."""
    if event.grace_deadline_at is None:
        return None
    on_paper = event.grace_policy == "paper" and event.flow == FlowName.PARKING
    seconds = policy.paper_recheck_seconds if on_paper else policy.recheck_window_seconds
    return event.grace_deadline_at + timedelta(seconds=seconds)


def sampling_from(event: Event, policy: Policy) -> datetime | None:
    """From when on E4 may be taken: the deadline plus `recheck_delay_seconds` (4.1)."""
    if event.grace_deadline_at is None:
        return None
    return event.grace_deadline_at + timedelta(seconds=policy.recheck_delay_seconds)


def _presence(event: Event, spans: Sequence[WatchSpan], policy: Policy) -> judge.Presence | None:
    over = window_end(event, policy)
    if event.grace_deadline_at is None or over is None:
        return None
    seen = [span for span in spans if span.started_at <= over]
    if event.flow != FlowName.PARKING:
        return judge.still_there_after(
            seen, after=event.grace_deadline_at, gap_seconds=policy.present_confirm_gap_seconds
        )
    return judge.present_confirmed(
        seen,
        after=event.grace_deadline_at,
        plate=event.plate,
        gap_seconds=policy.present_confirm_gap_seconds,
        min_confidence=policy.recheck_plate_confidence,
    )


def _grace_gap(event: Event, spans: Sequence[WatchSpan]) -> float:
    if event.notified_at is None or event.grace_deadline_at is None:
        return 0.0
    return judge.longest_gap_seconds(spans, start=event.notified_at, end=event.grace_deadline_at)


def _panoramas(
    session: Session, event: Event, spans: Sequence[WatchSpan], policy: Policy
) -> list[Evidence]:
    over = window_end(event, policy)
    if event.grace_deadline_at is None or over is None:
        return []
    rows = session.scalars(
        select(Evidence)
        .where(
            Evidence.event_id == event.id,
            Evidence.kind.in_([EvidenceKind.E4, EvidenceKind.E6]),
            Evidence.captured_at > event.grace_deadline_at,
            Evidence.captured_at <= over,
        )
        .order_by(Evidence.captured_at)
    )
    near = timedelta(seconds=_max_gap(event, policy))
    return [
        row
        for row in rows
        if abs(row.clock_offset_seconds) <= policy.clock_offset_limit_seconds
        and any(
            span.answer in judge.PRESENT
            and span.started_at - near <= row.captured_at <= span.ended_at + near
            for span in spans
        )
    ]


def add_look(  # noqa: PLR0913 (one look is what it is; a class for one call would hide it)
    session: Session,
    event: Event,
    *,
    camera_id: int,
    answer: str,
    reason: str,
    at: datetime,
    plate: str | None,
    plate_confidence: float | None,
    similarity: float | None,
    box: Sequence[float] | None,
    policy: Policy,
) -> WatchSpan | None:
    """Keep one look of one camera. `at` is the instant of its frame.

    A look that was already counted (the same or an earlier instant: a worker that sends again
    what it held) changes nothing. None where the event has ended or is no longer watched.
    """
    lock(session, event)
    if event.state not in (WATCHED if event.flow == FlowName.PARKING else PLACE_WATCHED):
        return None
    last = session.scalar(
        select(WatchSpan)
        .where(WatchSpan.event_id == event.id, WatchSpan.camera_id == camera_id)
        .order_by(WatchSpan.ended_at.desc(), WatchSpan.id.desc())
        .limit(1)
    )
    if last is not None and at <= last.ended_at:
        return last
    _note_presence(event, answer, at)
    look = WatchSpan(
        event_id=event.id, camera_id=camera_id, answer=str(answer), reason=reason,
        started_at=at, ended_at=at, looks=1, plate=plate, plate_confidence=plate_confidence,
        similarity=similarity, box=None if box is None else list(box),
    )  # fmt: skip
    if last is not None and _continues(event, last, look, policy):
        return _extend(last, look)
    session.add(look)
    session.flush()
    return look


def _note_presence(event: Event, answer: str, at: datetime) -> None:
    if answer in judge.PRESENT and at > event.last_seen_at:
        event.last_seen_at = at
    if answer == "moved":
        add_flag(event, "moved")


def _continues(event: Event, last: WatchSpan, look: WatchSpan, policy: Policy) -> bool:
    gap = (look.started_at - last.ended_at).total_seconds()
    deadline = event.grace_deadline_at
    # What was seen before the deadline must never be mixed with what was seen after it.
    crosses = deadline is not None and last.ended_at <= deadline < look.started_at
    other_plate = None not in (last.plate, look.plate) and last.plate != look.plate
    same = (last.answer, last.reason) == (look.answer, look.reason)
    return same and not crosses and not other_plate and gap <= _max_gap(event, policy)


def _max_gap(event: Event, policy: Policy) -> float:
    """Looks further apart than this have a gap between them; what hangs is looked at less often."""
    if event.flow == FlowName.PARKING:
        return policy.max_gap_seconds
    return policy.place_max_gap_seconds


def gap_warning(event: Event, policy: Policy) -> float:
    """A longer gap during the grace leaves the event undetermined (W02)."""
    if event.flow == FlowName.PARKING:
        return policy.gap_warning_seconds
    return policy.place_gap_warning_seconds


def _extend(last: WatchSpan, look: WatchSpan) -> WatchSpan:
    last.ended_at = look.ended_at
    last.looks += 1
    last.plate = last.plate or look.plate
    last.plate_confidence = max(_known(last.plate_confidence, look.plate_confidence), default=None)
    last.similarity = min(_known(last.similarity, look.similarity), default=None)
    last.box = look.box or last.box
    return last


def _known(*values: float | None) -> list[float]:
    return [value for value in values if value is not None]


def open_watches(
    session: Session, camera_id: int, flows: Sequence[str] = (FlowName.PARKING,)
) -> list[Event]:
    """The events of these flows whose place this camera must keep an eye on, oldest first."""
    watched = or_(
        and_(Event.flow == FlowName.PARKING, Event.state.in_(list(WATCHED))),
        and_(
            Event.flow.in_([FlowName.HANGING, FlowName.POSTER]),
            Event.state.in_(list(PLACE_WATCHED)),
        ),
    )
    return list(
        session.scalars(
            select(Event)
            .where(Event.camera_id == camera_id, Event.flow.in_(list(flows)), watched)
            .order_by(Event.id)
        )
    )


def neighbour_watches(session: Session, camera_id: int) -> list[Event]:
    """Vehicles of other cameras, with a read plate, that may turn up before this one: its zones lie
    in the same enforcement area (W13). Oldest first."""
    areas = select(Zone.area_id).where(Zone.camera_id == camera_id, Zone.retired_at.is_(None))
    return list(
        session.scalars(
            select(Event)
            .where(
                Event.flow == FlowName.PARKING,
                Event.state.in_(list(WATCHED)),
                Event.camera_id != camera_id,
                Event.plate.is_not(None),
                Event.area_id.in_(areas),
            )
            .order_by(Event.id)
        )
    )


def lock(session: Session, event: Event) -> Event:
    """Take the event's row for the rest of the transaction and read it anew.

    SQLite has one writer anyway (BEGIN IMMEDIATE); PostgreSQL locks the row.
    """
    session.flush()
    session.refresh(event, with_for_update=True)
    return event


def add_flag(event: Event, flag: str) -> None:
    if flag not in event.flags:
        event.flags = [*event.flags, flag]
