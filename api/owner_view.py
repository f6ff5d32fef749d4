"""What the owner's page shows of one event, as plain values for its template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.languages import pick, words_in
from api.owner_words import RULES, STAGES, WORDS
from models import owner_requests, plate, recusal
from models.event import Event, EventState
from models.evidence import Evidence, EvidenceKind
from models.people import Statement, StatementStatus
from models.policy import Policy
from models.zone import Surface

REFRESH_SECONDS = 15
RECUSAL = "recusal"
REQUEST_KINDS = (RECUSAL, *owner_requests.RequestKind)
"""What may be asked besides speaking: 回避 (L09), 查阅, 更正, 删除 (L67)."""
MOST_STATEMENTS = 10
"""Nobody is kept from speaking, but no page can be filled up by a machine (the landline stays)."""

# Close-ups are left out: in them only our vehicle's plate is to be seen, and it is masked here.
_PICTURES = {
    EvidenceKind.E1: "at_flagging",
    EvidenceKind.E4: "after",
    EvidenceKind.LEFT: "gone",
}
_TICKING = frozenset({EventState.GRACE, EventState.NOTICE_PENDING, EventState.RECHECK})
_SILENT = frozenset(
    # Ended in the owner's favour: nothing is left to be said against it.
    {
        EventState.LEFT_IN_TIME,
        EventState.REJECTED,
        EventState.UNDETERMINED,
        EventState.EXEMPT,
        EventState.DUPLICATE,
        EventState.DISCARDED,
        EventState.EXPIRED_UNREVIEWED,
        EventState.VOIDED,
    }
)


@dataclass(frozen=True, slots=True)
class OwnerPicture:
    evidence_id: int
    caption: str
    at: str


@dataclass(frozen=True, slots=True)
class OwnerView:
    tone: str
    title: str
    next: str
    plate: str
    place: str
    seen_at: str
    delivered_at: str | None
    on_paper: bool
    """A26: told by a paper notice on the window, not by a text."""
    reference: str
    seconds_left: int | None
    """None where no time runs."""
    seconds_total: int
    rule: str
    basis: str
    pictures: tuple[OwnerPicture, ...]
    statements: tuple[dict[str, str], ...]
    requests: tuple[dict[str, str], ...]
    may_speak: bool
    refresh_seconds: int | None
    landline: str
    signature: str


def owner_view(
    session: Session, event: Event, *, policy: Policy, at: datetime, language: str
) -> OwnerView:
    """Everything the page says, in `language` ("zh" or "en"); the plate is masked."""
    zone = ZoneInfo(event.camera.time_zone)
    left = seconds_left(event, at)
    stage = STAGES[EventState.RECHECK if left == 0 else event.state]
    clock = "%m月%d日 %H:%M" if language == "zh" else "%d %b, %H:%M"
    left_at = event.gone_at or event.last_seen_at
    values = {
        "deadline": _local(event.grace_deadline_at, zone, "%H:%M:%S"),
        "left_at": _local(left_at, zone, "%H:%M"),
        "landline": policy.landline,
    }
    surface = event.zone_version.surface
    return OwnerView(
        tone=stage.tone,
        title=pick(stage.title, language).format(**values),
        next=pick(stage.next, language).format(**values),
        plate=plate.mask(event.plate) if event.plate else "—",
        place=event.zone.area.place or event.camera.place,
        seen_at=_local(event.flagged_at, zone, clock),
        delivered_at=_local(event.notified_at, zone, clock) if event.notified_at else None,
        on_paper=event.grace_policy == "paper",
        reference=event.event_no,
        seconds_left=left or None,
        seconds_total=_total_seconds(event),
        rule=pick(RULES.get(surface, RULES[Surface.SIDEWALK]), language),
        basis=event.zone_version.legal_basis,
        pictures=_pictures(session, event, zone, language),
        statements=_statements(session, event, zone, clock),
        requests=_requests(session, event, zone, clock, language),
        may_speak=may_speak(event),
        refresh_seconds=REFRESH_SECONDS if event.state in _TICKING else None,
        landline=policy.landline,
        signature=policy.signature,
    )


def seconds_left(event: Event, at: datetime) -> int | None:
    """Whole seconds of the running grace, 0 when it is just over, None where none runs."""
    if event.state != EventState.GRACE or event.grace_deadline_at is None:
        return None
    return max(0, int((event.grace_deadline_at - at) / timedelta(seconds=1)))


def may_speak(event: Event) -> bool:
    """陈述申辩 is open in every state but those that ended in the owner's favour (L03)."""
    return event.state not in _SILENT


def spoken_enough(session: Session, event: Event) -> bool:
    said = session.scalar(
        select(func.count())
        .select_from(Statement)
        .where(Statement.event_id == event.id, Statement.status == StatementStatus.OPEN)
    )
    return (said or 0) >= MOST_STATEMENTS


def owner_picture(session: Session, event: Event, evidence_id: int) -> Evidence | None:
    """The picture, if it is one that this event's page shows; anybody else's is None, and so is
    one that was deleted by rule."""
    if event.purged_at is not None:
        return None
    row = session.get(Evidence, evidence_id)
    shown = row is not None and row.event_id == event.id and row.kind in _PICTURES
    return row if shown else None


def _total_seconds(event: Event) -> int:
    if event.grace_deadline_at is None or event.notified_at is None:
        return event.zone_version.grace_seconds
    return max(1, int((event.grace_deadline_at - event.notified_at).total_seconds()))


def _pictures(
    session: Session, event: Event, zone: ZoneInfo, language: str
) -> tuple[OwnerPicture, ...]:
    """The first of each kind, in the order of the story; none once they were deleted by rule."""
    if event.purged_at is not None:
        return ()
    rows = session.scalars(
        select(Evidence)
        .where(Evidence.event_id == event.id, Evidence.kind.in_(_PICTURES))
        .order_by(Evidence.captured_at, Evidence.id)
    )
    said = words_in(WORDS, language)
    first: dict[str, OwnerPicture] = {}
    for row in rows:
        caption = said[_PICTURES[EvidenceKind(row.kind)]]
        first.setdefault(
            row.kind, OwnerPicture(row.id, caption, _local(row.captured_at, zone, "%H:%M:%S"))
        )
    return tuple(first.values())


def _statements(
    session: Session, event: Event, zone: ZoneInfo, clock: str
) -> tuple[dict[str, str], ...]:
    rows = session.scalars(
        select(Statement).where(Statement.event_id == event.id).order_by(Statement.id)
    )
    return tuple(
        {
            "text": row.text,
            "status": row.status,
            "answer": row.answer,
            "at": _local(row.received_at, zone, clock),
        }
        for row in rows
    )


def _requests(
    session: Session, event: Event, zone: ZoneInfo, clock: str, language: str
) -> tuple[dict[str, str], ...]:
    """What the owner has asked for besides, with the answers (L09, L67)."""
    said = words_in(WORDS, language)
    asked = [("recusal", row) for row in recusal.requests(session, event.id)]
    asked += [(row.kind, row) for row in owner_requests.requests_of(session, event)]
    return tuple(
        {
            "kind": said[f"ask_{kind}"],
            "text": row.text,
            "status": said[f"request_{row.status}"],
            "answer": row.answer,
            "at": _local(row.received_at, zone, clock),
        }
        for kind, row in sorted(asked, key=lambda pair: pair[1].received_at)
    )


def _local(at: datetime | None, zone: ZoneInfo, form: str) -> str:
    return "" if at is None else at.astimezone(zone).strftime(form)
