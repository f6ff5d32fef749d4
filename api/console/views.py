"""What the console shows, read from the tables into plain values: no session outlives a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import review
from models.camera import Camera
from models.errors import NotFound
from models.event import (
    TERMINAL,
    Deadline,
    DeadlineKind,
    Event,
    EventState,
    TransitionLog,
    WatchSpan,
)
from models.evidence import Evidence
from models.notice import DeliveryReceipt, Notice
from models.people import Decision, Statement, User
from models.zone import EnforcementArea, Zone, ZoneVersion

TABS: dict[str, tuple[EventState, ...]] = {
    "decide": (EventState.REVIEW_PENDING,),
    "confirm": (EventState.CONFIRM_PENDING,),
    "running": (
        EventState.FLAGGED,
        EventState.CONFIRMED,
        EventState.NOTICE_PENDING,
        EventState.GRACE,
        EventState.RECHECK,
        EventState.STAYED,
    ),
    "patrol": (EventState.PATROL_ASSIGNED,),
    "ended": tuple(TERMINAL),
}

_COUNTED: dict[str, tuple[DeadlineKind, str]] = {
    EventState.CONFIRM_PENDING: (DeadlineKind.CONFIRM, "left_to_confirm"),
    EventState.GRACE: (DeadlineKind.GRACE, "left_to_leave"),
    EventState.REVIEW_PENDING: (DeadlineKind.REVIEW_HARD, "left_to_decide"),
}
ROWS_SHOWN = 100


@dataclass(frozen=True)
class EventRow:
    id: int
    event_no: str
    state: str
    plate: str | None
    place: str
    camera: str
    flagged_at: datetime
    until: datetime | None
    until_what: str
    picture_id: int | None
    flags: Sequence[str]


@dataclass(frozen=True)
class PictureView:
    id: int
    kind: str
    captured_at: datetime
    sha256: str
    media_type: str
    box: Sequence[float] | None


@dataclass(frozen=True)
class NoticeView:
    template: str
    status: str
    provider: str
    body: str
    segments: int | None
    accepted_at: datetime | None
    delivered_at: datetime | None
    error: str
    receipts: Sequence[tuple[datetime, str, str, bool]]


@dataclass(frozen=True)
class StatementView:
    id: int
    text: str
    received_at: datetime
    status: str
    answer: str


@dataclass(frozen=True)
class EventView:
    row: EventRow
    version: int
    zone: str
    zone_version: int
    phase: str
    polygon: Sequence[Sequence[float]]
    threshold: dict[str, Any]
    times: Sequence[tuple[str, datetime | None]]
    grace_policy: str
    outcome: str | None
    plate_original: str | None
    plate_colour: str | None
    measured: dict[str, Any]
    gates: Sequence[dict[str, Any]]
    pictures: Sequence[PictureView]
    notices: Sequence[NoticeView]
    timeline: Sequence[tuple[datetime, str, str, str, str]]
    looks: Sequence[tuple[datetime, datetime, str, str, int]]
    statements: Sequence[StatementView]
    decided_by: Sequence[tuple[str, str, str]]
    pack_missing: Sequence[str]


@dataclass(frozen=True)
class CameraView:
    id: int
    name: str
    place: str
    health: str
    health_reason: str
    last_frame_at: datetime | None
    last_picture: str | None
    reviewed: bool
    zones: Sequence[str]
    reconnects: int


@dataclass(frozen=True)
class ZoneView:
    id: int
    name: str
    area: str
    area_place: str
    kind: str
    version: int
    polygon: Sequence[Sequence[float]]
    dwell_seconds: float
    grace_seconds: int
    confirm_mode: str
    phase: str
    versions: Sequence[tuple[int, datetime, str]] = field(default=())


def local(at: datetime | None, zone: str = "Asia/Shanghai") -> str:
    """14:03:05 with the date before it where it is not obvious; an empty string for None."""
    return "" if at is None else at.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M:%S")


def counts(session: Session) -> dict[str, int]:
    """How many events each tab of work holds (ended ones are not counted)."""
    states = session.scalars(
        select(Event.state).where(Event.state.not_in([s.value for s in TERMINAL]))
    ).all()
    return {
        tab: sum(state in wanted for state in states)
        for tab, wanted in TABS.items()
        if tab != "ended"
    }


def rows(session: Session, tab: str) -> list[EventRow]:
    """The events of one tab; those that run out first come first, ended ones newest first."""
    query = select(Event).where(Event.state.in_([s.value for s in TABS[tab]]))
    newest_first = tab == "ended"
    query = query.order_by(Event.flagged_at.desc() if newest_first else Event.flagged_at)
    events = session.scalars(query.limit(ROWS_SHOWN)).all()
    return [_row(session, event) for event in events]


def _row(session: Session, event: Event) -> EventRow:
    until, what = _until(session, event)
    picture = session.scalars(
        select(Evidence.id)
        .where(Evidence.event_id == event.id, Evidence.kind == "E1")
        .order_by(Evidence.sequence)
        .limit(1)
    ).first()
    area = session.get_one(EnforcementArea, event.area_id)
    return EventRow(
        id=event.id,
        event_no=event.event_no,
        state=event.state,
        plate=event.plate,
        place=area.place or area.name,
        camera=event.camera.name,
        flagged_at=event.flagged_at,
        until=until,
        until_what=what,
        picture_id=picture,
        flags=[str(f) for f in event.flags],
    )


def _until(session: Session, event: Event) -> tuple[datetime | None, str]:
    counted = _COUNTED.get(event.state)
    if counted is None:
        return None, ""
    kind, what = counted
    due = session.scalars(
        select(Deadline.due_at).where(
            Deadline.subject_kind == "event",
            Deadline.subject_id == event.id,
            Deadline.kind == kind.value,
        )
    ).first()
    return due, what


def event_view(session: Session, event_id: int) -> EventView:
    event = session.get(Event, event_id)
    if event is None:
        raise NotFound(f"there is no event {event_id}")
    version = event.zone_version
    return EventView(
        row=_row(session, event),
        version=event.version,
        zone=event.zone.name,
        zone_version=version.version,
        phase=version.phase,
        polygon=version.polygon,
        threshold={"dwell_seconds": version.dwell_seconds, "grace_seconds": version.grace_seconds},
        times=[
            ("first_seen", event.first_seen_at),
            ("flagged_at", event.flagged_at),
            ("notified_at", event.notified_at),
            ("deadline", event.grace_deadline_at),
            ("last_seen", event.last_seen_at),
        ],
        grace_policy=event.grace_policy,
        outcome=event.outcome,
        plate_original=event.plate_original,
        plate_colour=event.plate_colour,
        measured=event.measured,
        gates=event.confirm_gates,
        pictures=_pictures(session, event_id),
        notices=_notices(session, event_id),
        timeline=_timeline(session, event_id),
        looks=_looks(session, event_id),
        statements=[
            StatementView(s.id, s.text, s.received_at, s.status, s.answer)
            for s in session.scalars(
                select(Statement).where(Statement.event_id == event_id).order_by(Statement.id)
            )
        ],
        decided_by=_decisions(session, event_id),
        pack_missing=review.pack_status(session, event).missing,
    )


def _pictures(session: Session, event_id: int) -> list[PictureView]:
    found = session.scalars(
        select(Evidence).where(Evidence.event_id == event_id).order_by(Evidence.captured_at)
    )
    return [
        PictureView(e.id, e.kind, e.captured_at, e.sha256, e.media_type, e.details.get("box"))
        for e in found
    ]


def _notices(session: Session, event_id: int) -> list[NoticeView]:
    found = session.scalars(
        select(Notice).where(Notice.event_id == event_id).order_by(Notice.id)
    ).all()
    return [
        NoticeView(
            template=n.template,
            status=n.status,
            provider=n.provider,
            body=n.body or "",
            segments=n.segments,
            accepted_at=n.accepted_at,
            delivered_at=n.delivered_at,
            error=n.error,
            receipts=[
                (r.received_at, r.status, r.provider_status, r.counted)
                for r in session.scalars(
                    select(DeliveryReceipt)
                    .where(DeliveryReceipt.notice_id == n.id)
                    .order_by(DeliveryReceipt.id)
                )
            ],
        )
        for n in found
    ]


def _timeline(session: Session, event_id: int) -> list[tuple[datetime, str, str, str, str]]:
    found = session.scalars(
        select(TransitionLog)
        .where(TransitionLog.subject_kind == "event", TransitionLog.subject_id == event_id)
        .order_by(TransitionLog.id)
    )
    return [(t.at, t.transition, t.to_state, t.actor_kind, t.reason) for t in found]


def _looks(session: Session, event_id: int) -> list[tuple[datetime, datetime, str, str, int]]:
    found = session.scalars(
        select(WatchSpan).where(WatchSpan.event_id == event_id).order_by(WatchSpan.started_at)
    )
    return [(s.started_at, s.ended_at, s.answer, s.reason, s.looks) for s in found]


def _decisions(session: Session, event_id: int) -> list[tuple[str, str, str]]:
    found = session.execute(
        select(User.username, Decision.kind, Decision.reason)
        .join(User, User.id == Decision.officer_id)
        .where(Decision.event_id == event_id)
        .order_by(Decision.id)
    )
    return [(name, kind, reason) for name, kind, reason in found]


def cameras(session: Session) -> list[CameraView]:
    return [
        CameraView(
            id=c.id,
            name=c.name,
            place=c.place,
            health=c.health,
            health_reason=c.health_reason,
            last_frame_at=c.last_frame_at,
            last_picture=c.last_picture,
            reviewed=c.is_reviewed(),
            zones=session.scalars(
                select(Zone.name).where(Zone.camera_id == c.id, Zone.retired_at.is_(None))
            ).all(),
            reconnects=c.reconnects,
        )
        for c in session.scalars(select(Camera).order_by(Camera.name))
    ]


def zones(session: Session, camera_id: int) -> list[ZoneView]:
    """The camera's zones in force, with the history of each."""
    found = session.scalars(
        select(Zone)
        .where(Zone.camera_id == camera_id, Zone.retired_at.is_(None))
        .order_by(Zone.name)
    ).all()
    names = dict(session.execute(select(User.id, User.username)).tuples().all())
    return [_zone(zone, zone.current, names) for zone in found]


def _zone(zone: Zone, current: ZoneVersion, names: dict[int, str]) -> ZoneView:
    return ZoneView(
        id=zone.id,
        name=zone.name,
        area=zone.area.name,
        area_place=zone.area.place,
        kind=zone.kind,
        version=current.version,
        polygon=current.polygon,
        dwell_seconds=current.dwell_seconds,
        grace_seconds=current.grace_seconds,
        confirm_mode=current.confirm_mode,
        phase=current.phase,
        versions=[
            (v.version, v.created_at, names.get(v.created_by or 0, "")) for v in zone.versions
        ],
    )
