"""Events with their whole explanation, and what an officer may do with one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import shapes
from api.auth import Caller
from api.deps import (
    LARGEST_ID,
    Anybody,
    Body,
    Id,
    Limit,
    Line,
    Lines,
    Officer,
    Offset,
    QueryId,
    Reason,
    Serving,
    Staff,
    signed_in,
)
from api.desk import Desk
from api.explanation import explain, notices_of, without_plates
from api.field_reading import Reader, field_explanation, without_words
from api.place_desk import PlaceDesk
from models import casework, duplicates, fields, review
from models.audit_log import record_viewing
from models.errors import NotFound
from models.event import Event, EventState
from models.people import DecisionKind
from models.policy import load_policy
from models.review import DecisionInput, RejectReason
from models.two_years import ageing
from pipeline.services import Services

router = APIRouter(tags=["events"], dependencies=signed_in)

Version = Annotated[int | None, Field(ge=0, le=2**31 - 1)]
Why = Annotated[Line, Field(min_length=1, max_length=60)]
Long = Annotated[Line, Field(max_length=300)]


class Act(Body):
    expected_version: Version = None
    """The version that was on the screen: if somebody acted since, nothing happens (W43)."""


class Confirm(Act):
    plate: Annotated[Line, Field(max_length=12)] | None = None
    """Only where the machine's reading is to be corrected; the old value is kept."""


class Because(Act):
    reason: Why


class Tow(Because):
    photo_id: Annotated[int | None, Field(ge=1, le=LARGEST_ID)] = None
    urgent: Annotated[Line, Field(max_length=200)] = ""


class Join(Act):
    master_no: Annotated[Line, Field(min_length=1, max_length=24)]
    """The number of the other event, such as HZ1122-0031."""


class Reject(Act):
    reason_code: RejectReason
    reason: Long = ""


class Decide(Act):
    kind: DecisionKind
    reason: Long = ""
    reason_code: RejectReason | None = None
    is_true: bool = False
    is_clear: bool = False
    is_complete: bool = False
    is_accurate: bool = False
    obstruction: bool = False
    obstruction_reason: Long = ""


class Answer(Act):
    upheld: bool
    text: Annotated[Lines, Field(min_length=1, max_length=2000)]


@router.get("/events")
def events(
    _caller: Staff,
    services: Serving,
    state: Annotated[list[EventState] | None, Query(max_length=30)] = None,
    camera_id: QueryId = None,
    zone_id: QueryId = None,
    since: Annotated[str | None, Query(max_length=40, description="ISO 8601 with offset")] = None,
    until: Annotated[str | None, Query(max_length=40, description="ISO 8601 with offset")] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> list[dict[str, Any]]:
    """Newest first, plates masked. There is no search by plate: nobody's way through the city
    can be put together here (L62)."""
    query = select(Event).order_by(Event.flagged_at.desc(), Event.id.desc())
    if state:
        query = query.where(Event.state.in_(state))
    if camera_id is not None:
        query = query.where(Event.camera_id == camera_id)
    if zone_id is not None:
        query = query.where(Event.zone_id == zone_id)
    if since is not None:
        query = query.where(Event.flagged_at >= fields.instant("since", since))
    if until is not None:
        query = query.where(Event.flagged_at < fields.instant("until", until))
    with services.store.read() as session:
        rows = session.scalars(query.limit(limit).offset(offset)).all()
        return [shapes.event(row) for row in rows]


@router.get("/events/{event_id}")
def event(event_id: Id, caller: Anybody, services: Serving, reason: Reason) -> dict[str, Any]:
    """One event with its whole explanation. A person sees the full plate, and that is noted. A
    machine gets plates masked, and of statements and replies no word of whoever wrote them.

    Dispatcher, crew, patrol and called responders get the events of their duty, with the plate
    masked and without texts, statements and decisions."""
    with services.store.begin() as session:
        return _explained(session, services, caller, _event(session, event_id), reason)


@router.get("/events/{event_id}/notices")
def event_notices(event_id: Id, _caller: Staff, services: Serving) -> list[dict[str, Any]]:
    """Every text of this event, with every receipt; plates masked. The texts with the plate are in
    the explanation, and looking at that is noted (L71)."""
    with services.store.read() as session:
        return without_plates(notices_of(session, _event(session, event_id)))


@router.get("/review/queue")
def queue(
    _caller: Staff,
    services: Serving,
    state: Annotated[list[EventState] | None, Query(max_length=30)] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[dict[str, Any]]:
    """What waits for an officer, the most urgent first; plates masked."""
    with services.store.read() as session:
        states = state or review.QUEUE_STATES
        at = services.clock.now()
        items = review.queue(session, at=at, states=states, limit=limit, offset=offset)
        return [
            {
                **shapes.event(item.event),
                "due_at": shapes.when(item.due_at),
                "decided_by": item.decided_by,
                "open_statements": item.open_statements,
                "held_by": item.holder.username if item.holder else None,
            }
            for item in items
        ]


@router.get("/review/two-years")
def two_years(_caller: Staff, services: Serving, limit: Limit = 100) -> list[dict[str, Any]]:
    """L19: what is not decided and whose two years are nearly over, or over; the oldest first,
    plates masked. How long before, the policy says (`two_years_warn_days`)."""
    with services.store.read() as session:
        policy, at = load_policy(session), services.clock.now()
        return [
            {
                **shapes.event(item.event),
                "case_no": item.case_no,
                "waits_for": item.waits_for,
                "two_years_until": shapes.when(item.until),
                "two_years_over": item.is_over,
            }
            for item in ageing(session, policy=policy, at=at, limit=limit)
        ]


@router.post("/events/{event_id}/confirm")
def confirm(event_id: Id, body: Confirm, caller: Officer, services: Serving) -> dict[str, Any]:
    """A8: it stands, with the plate as read or as corrected; the owner is texted."""
    _desk(services, caller, event_id, body).confirm(body.plate)
    return _after(services, caller, event_id)


@router.post("/events/{event_id}/discard")
def discard(event_id: Id, body: Because, caller: Officer, services: Serving) -> dict[str, Any]:
    """A8: not a violation."""
    _desk(services, caller, event_id, body).discard(body.reason)
    return _after(services, caller, event_id)


@router.post("/events/{event_id}/exempt")
def exempt(event_id: Id, body: Because, caller: Officer, services: Serving) -> dict[str, Any]:
    """A5, W23: on duty, or there by permission; the reason says by what."""
    _desk(services, caller, event_id, body).exempt(body.reason)
    return _after(services, caller, event_id)


@router.post("/events/{event_id}/patrol")
def patrol(event_id: Id, body: Because, caller: Officer, services: Serving) -> dict[str, Any]:
    """A8: somebody should look on the spot."""
    _desk(services, caller, event_id, body).send_patrol(body.reason)
    return _after(services, caller, event_id)


@router.post("/events/{event_id}/reject")
def reject(event_id: Id, body: Reject, caller: Officer, services: Serving) -> dict[str, Any]:
    """A21: no case, with the reason."""
    decision = DecisionInput(
        kind=DecisionKind.REJECT, reason=body.reason, reason_code=body.reason_code
    )
    _desk(services, caller, event_id, body).decide(decision)
    return _after(services, caller, event_id)


@router.post("/events/{event_id}/decide")
def decide(event_id: Id, body: Decide, caller: Officer, services: Serving) -> dict[str, Any]:
    """A20, A21: one officer's signature. The case opens only with a second officer's."""
    values = body.model_dump(exclude={"expected_version"})
    _desk(services, caller, event_id, body).decide(DecisionInput(**values))
    return _after(services, caller, event_id)


@router.post("/events/{event_id}/statements/{statement_id}/answer")
def answer(
    event_id: Id, statement_id: Id, body: Answer, caller: Officer, services: Serving
) -> dict[str, Any]:
    """The officer's answer to a statement; upheld, the event is void (A23)."""
    _desk(services, caller, event_id, body).answer(statement_id, upheld=body.upheld, text=body.text)
    return _after(services, caller, event_id)


@router.post("/events/{event_id}/transfer")
def transfer(event_id: Id, body: Because, caller: Officer, services: Serving) -> dict[str, Any]:
    """A27: to the traffic police."""
    return _by_officer(services, caller, event_id, body, casework.transfer, reason=body.reason)


@router.post("/events/{event_id}/tow")
def tow(event_id: Id, body: Tow, caller: Officer, services: Serving) -> dict[str, Any]:
    """A25, L44: towed; `reason` is the tow record's number, `photo_id` its photo (kind TOW). At
    night and on days off it must be urgent, and why (L26)."""
    desk = PlaceDesk(services, event_id, caller.person().id, body.expected_version)
    desk.tow(body.reason, body.photo_id, body.urgent)
    return _after(services, caller, event_id)


@router.post("/events/{event_id}/join")
def join(event_id: Id, body: Join, caller: Officer, services: Serving) -> dict[str, Any]:
    """W29: the same stay as an event of which the owner was told first; this one is void."""
    act = duplicates.join_texted
    return _by_officer(services, caller, event_id, body, act, master_no=body.master_no)


def _by_officer(
    services: Services, caller: Caller, event_id: int, body: Act, act: Any, **said: str
) -> dict[str, Any]:
    at = services.clock.now()
    user = caller.person()
    with services.store.begin() as session:
        act(
            session,
            _event(session, event_id),
            user,
            policy=load_policy(session),
            at=at,
            command_id=f"api:{act.__name__}:{event_id}:{body.expected_version}:{user.id}",
            expected_version=body.expected_version,
            **said,
        )
    return _after(services, caller, event_id)


def _desk(services: Services, caller: Caller, event_id: int, body: Act) -> Desk:
    return Desk(services, event_id, caller.person().id, expected_version=body.expected_version)


def _after(services: Services, caller: Caller, event_id: int) -> dict[str, Any]:
    with services.store.begin() as session:
        return _explained(session, services, caller, _event(session, event_id), "decision")


def _explained(
    session: Session, services: Services, caller: Caller, row: Event, reason: str
) -> dict[str, Any]:
    reader = Reader(caller.roles, caller.user.id if caller.user else None)
    reader.check(session, row)
    if caller.user is not None:
        record_viewing(
            session,
            at=services.clock.now(),
            viewer=caller.name,
            user_id=caller.user.id,
            event=row,
            reason=(reason or "explanation")[:120],
        )
    policy = load_policy(session)
    full_plate = caller.user is not None and reader.office
    told = explain(session, row, policy=policy, full_plate=full_plate)
    if caller.user is None:
        told = without_words(told)
    return told if reader.office else field_explanation(told)


def _event(session: Session, event_id: int) -> Event:
    row = session.get(Event, event_id)
    if row is None:
        raise NotFound(f"there is no event {event_id}")
    return row
