"""What the console shows, read from the tables into plain values: no session outlives a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.console.picture_views import PictureView, pictures_of
from models import review
from models.errors import NotFound
from models.event import (
    Deadline,
    DeadlineKind,
    Event,
    EventState,
    FlowName,
    TransitionLog,
    WatchSpan,
)
from models.evidence import Evidence, EvidenceKind
from models.history import History, history_of
from models.notice import DeliveryReceipt, Notice
from models.people import Decision, Statement, User
from models.states import ENDED, CrowdState, PlaceState
from models.zone import EnforcementArea

TABS: dict[str, tuple[str, ...]] = {
    "decide": (EventState.REVIEW_PENDING, PlaceState.NOT_RECTIFIED, PlaceState.ORDER_CHECK),
    "confirm": (EventState.CONFIRM_PENDING,),
    "running": (
        EventState.FLAGGED,
        EventState.EXEMPT_PENDING,
        EventState.CONFIRMED,
        EventState.NOTICE_PENDING,
        EventState.GRACE,
        EventState.RECHECK,
        EventState.STAYED,
        PlaceState.OWNER_LOOKUP,
        PlaceState.REMINDED,
        PlaceState.FORMAL_ORDER,
    ),
    "patrol": (EventState.PATROL_ASSIGNED, PlaceState.DISPATCHED),
    "crowd": tuple(state for state in CrowdState if state not in ENDED),
    "ended": tuple(sorted(ENDED)),
}
"""States by tab; those of gatherings stand in a tab of their own, whatever their names."""

_COUNTED: dict[str, tuple[DeadlineKind, str]] = {
    EventState.CONFIRM_PENDING: (DeadlineKind.CONFIRM, "left_to_confirm"),
    EventState.EXEMPT_PENDING: (DeadlineKind.DUTY, "left_of_duty"),
    EventState.GRACE: (DeadlineKind.GRACE, "left_to_leave"),
    EventState.REVIEW_PENDING: (DeadlineKind.REVIEW_HARD, "left_to_decide"),
    EventState.PATROL_ASSIGNED: (DeadlineKind.PATROL, "left_for_patrol"),
    PlaceState.REMINDED: (DeadlineKind.GRACE, "left_to_correct"),
    PlaceState.DISPATCHED: (DeadlineKind.PATROL, "left_for_patrol"),
    PlaceState.NOT_RECTIFIED: (DeadlineKind.REVIEW_HARD, "left_to_decide"),
    PlaceState.FORMAL_ORDER: (DeadlineKind.ORDER, "left_of_order"),
    PlaceState.ORDER_CHECK: (DeadlineKind.ORDER_CHECK, "left_to_check"),
}
_COUNTED_FOR_CROWDS: dict[str, tuple[DeadlineKind, str]] = {
    CrowdState.DISPATCHED: (DeadlineKind.ANSWER, "left_to_answer"),
}
ROWS_SHOWN = 100


@dataclass(frozen=True)
class EventRow:
    id: int
    event_no: str
    flow: str
    state: str
    plate: str | None
    place: str
    camera: str
    flagged_at: datetime
    until: datetime | None
    until_what: str
    picture_id: int | None
    box: Sequence[float]
    flags: Sequence[str]
    outcome: str


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

    @property
    def outcome(self) -> str:
        """The provider's word for the state it is in now; empty where it gave none."""
        said = [
            word for _, status, word, counts in self.receipts if counts and status == self.status
        ]
        return said[-1] if said else ""


@dataclass(frozen=True)
class StatementView:
    id: int
    text: str
    received_at: datetime
    status: str
    answer: str


@dataclass(frozen=True)
class StepView:
    """One step of the flow: `code` is the row of the table, `trigger` what set it off."""

    at: datetime
    code: str
    trigger: str
    state: str
    actor_kind: str
    actor: str
    reason: str


@dataclass(frozen=True)
class LookView:
    begin: datetime
    end: datetime
    answer: str
    reason: str
    looks: int


@dataclass(frozen=True)
class DecisionView:
    officer: str
    licence_no: str
    kind: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class ZoneRule:
    """What the zone's version said when the vehicle was seen."""

    name: str
    version: int
    phase: str
    surface: str
    authority: str
    legal_basis: str
    dwell_seconds: float
    grace_seconds: float
    polygon: Sequence[Sequence[float]]


@dataclass(frozen=True)
class EventView:
    row: EventRow
    version: int
    zone: ZoneRule
    device_reviewed: bool
    times: Sequence[tuple[str, datetime | None]]
    grace_policy: str
    outcome: str | None
    plate_original: str | None
    measured: dict[str, Any]
    gates: Sequence[dict[str, Any]]
    pictures: Sequence[PictureView]
    notices: Sequence[NoticeView]
    timeline: Sequence[StepView]
    looks: Sequence[LookView]
    statements: Sequence[StatementView]
    decisions: Sequence[DecisionView]
    pack_missing: Sequence[str]
    history: History | None = None
    place: dict[str, Any] | None = None
    """Of a hanging, poster or crowd event: `api.place_shapes.place`."""


def local(at: datetime | None, zone: str = "Asia/Shanghai") -> str:
    """14:03:05 with the date before it where it is not obvious; an empty string for None."""
    return "" if at is None else at.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M:%S")


def counts(session: Session) -> dict[str, int]:
    """How many events each tab of work holds (ended ones are not counted)."""
    found = session.execute(
        select(Event.state, Event.flow).where(Event.state.not_in(sorted(ENDED)))
    ).all()
    return {
        tab: sum(state in wanted and _belongs(tab, flow) for state, flow in found)
        for tab, wanted in TABS.items()
        if tab != "ended"
    }


def _belongs(tab: str, flow: str) -> bool:
    return (flow == FlowName.CROWD) == (tab == "crowd")


def rows(session: Session, tab: str) -> list[EventRow]:
    """The events of one tab; those that run out first come first, ended ones newest first."""
    query = select(Event).where(Event.state.in_([str(state) for state in TABS[tab]]))
    newest_first = tab == "ended"
    if tab == "crowd":
        query = query.where(Event.flow == FlowName.CROWD)
    elif not newest_first:
        query = query.where(Event.flow != FlowName.CROWD)
    query = query.order_by(Event.flagged_at.desc() if newest_first else Event.flagged_at)
    found = _rows(session, session.scalars(query.limit(ROWS_SHOWN)).all())
    if not newest_first:
        found.sort(key=lambda row: (row.until is None, row.until or row.flagged_at))
    return found


def _rows(session: Session, events: Sequence[Event]) -> list[EventRow]:
    """Rows of several events by a fixed number of queries: a queue is read every two seconds."""
    ids = [event.id for event in events]
    pictures: dict[int, int] = dict(
        session.execute(
            select(Evidence.event_id, func.min(Evidence.id))
            .where(Evidence.event_id.in_(ids), Evidence.kind == EvidenceKind.E1.value)
            .group_by(Evidence.event_id)
        ).all()
    )
    due: dict[tuple[int, str], datetime] = {
        (row.subject_id, row.kind): row.due_at
        for row in session.scalars(
            select(Deadline).where(Deadline.subject_kind == "event", Deadline.subject_id.in_(ids))
        )
    }
    wanted = {event.area_id for event in events}
    areas = {
        area.id: area.place or area.name
        for area in session.scalars(select(EnforcementArea).where(EnforcementArea.id.in_(wanted)))
    }
    shown: list[EventRow] = []
    for event in events:
        counted = _COUNTED_FOR_CROWDS if event.flow == FlowName.CROWD else _COUNTED
        kind, what = counted.get(event.state, ("", ""))
        until = due.get((event.id, str(kind)))
        shown.append(
            EventRow(
                id=event.id,
                event_no=event.event_no,
                flow=event.flow,
                state=event.state,
                plate=event.plate,
                place=areas.get(event.area_id, ""),
                camera=event.camera.name,
                flagged_at=event.flagged_at,
                until=until,
                until_what=what if until else "",
                picture_id=pictures.get(event.id),
                box=[float(value) for value in event.box],
                flags=[str(flag) for flag in event.flags],
                outcome=event.outcome or "",
            )
        )
    return shown


def event_view(session: Session, event_id: int) -> EventView:
    event = session.get(Event, event_id)
    if event is None:
        raise NotFound(f"there is no event {event_id}")
    version = event.zone_version
    return EventView(
        row=_rows(session, [event])[0],
        version=event.version,
        zone=ZoneRule(
            name=event.zone.name,
            version=version.version,
            phase=version.phase,
            surface=version.surface,
            authority=version.authority,
            legal_basis=version.legal_basis,
            dwell_seconds=version.dwell_seconds,
            grace_seconds=version.grace_seconds,
            polygon=version.polygon,
        ),
        device_reviewed=event.camera.is_reviewed(),
        times=[
            ("first_seen", event.first_seen_at),
            ("flagged_at", event.flagged_at),
            ("notified_at", event.notified_at),
            ("deadline", event.grace_deadline_at),
            ("last_seen", event.last_seen_at),
            ("gone_at", event.gone_at),
        ],
        grace_policy=event.grace_policy,
        outcome=event.outcome,
        plate_original=event.plate_original,
        measured=event.measured,
        gates=event.confirm_gates,
        pictures=pictures_of(session, event),
        notices=_notices(session, event_id),
        timeline=_timeline(session, event_id),
        looks=_looks(session, event_id),
        statements=[
            StatementView(s.id, s.text, s.received_at, s.status, s.answer)
            for s in session.scalars(
                select(Statement).where(Statement.event_id == event_id).order_by(Statement.id)
            )
        ],
        decisions=_decisions(session, event_id),
        pack_missing=review.pack_status(session, event).missing,
        history=history_of(session, event),
    )


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


def _timeline(session: Session, event_id: int) -> list[StepView]:
    found = session.scalars(
        select(TransitionLog)
        .where(TransitionLog.subject_kind == "event", TransitionLog.subject_id == event_id)
        .order_by(TransitionLog.id)
    )
    return [
        StepView(t.at, t.transition, t.trigger, t.to_state, t.actor_kind, t.actor_id, t.reason)
        for t in found
    ]


def _looks(session: Session, event_id: int) -> list[LookView]:
    found = session.scalars(
        select(WatchSpan).where(WatchSpan.event_id == event_id).order_by(WatchSpan.started_at)
    )
    return [LookView(s.started_at, s.ended_at, s.answer, s.reason, s.looks) for s in found]


def _decisions(session: Session, event_id: int) -> list[DecisionView]:
    found = session.execute(
        select(Decision, User.username)
        .join(User, User.id == Decision.officer_id)
        .where(Decision.event_id == event_id)
        .order_by(Decision.id)
    )
    return [
        DecisionView(
            name,
            decision.licence_no,
            decision.kind,
            "; ".join(filter(None, (decision.reason, decision.obstruction_reason))),
            decision.decided_at,
        )
        for decision, name in found
    ]
