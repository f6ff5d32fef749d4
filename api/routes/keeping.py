"""What is kept, held and forgotten, what owners ask about their record, and who looked at what."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import select

from api import keeping_view as view
from api.deps import (
    Admin,
    Body,
    Id,
    Limit,
    Line,
    Lines,
    Officer,
    QueryId,
    Serving,
    Staff,
    StaffPerson,
    one_line,
    signed_in,
)
from models import holds, integrity, owner_requests
from models.anchors import ChainAnchor
from models.audit_log import viewings
from models.errors import BadInput, NotFound
from models.event import Event
from models.policy import load_policy
from models.retention import answer_deletion
from pipeline.retention import Retention, log_rows

router = APIRouter(tags=["keeping"], dependencies=signed_in)

Reason = Annotated[Line, Field(min_length=1, max_length=holds.REASON_LENGTH)]


class NewHold(Body):
    reason: Reason
    document: Annotated[Line, Field(min_length=1, max_length=holds.DOCUMENT_LENGTH)]


class HoldEnd(Body):
    reason: Reason


class Seen(Body):
    remark: Reason


class Answer(Body):
    granted: bool
    text: Annotated[Lines, Field(min_length=1, max_length=owner_requests.TEXT_LENGTH)]


@router.get("/retention")
def periods(_caller: Staff, services: Serving) -> list[dict[str, Any]]:
    """How long each kind of data is kept, the floor under it, and why (3.6)."""
    return view.rules(services.policy())


@router.get("/retention/log")
def purge_log(
    _caller: Staff, services: Serving, limit: Limit = 100, before: QueryId = None
) -> list[dict[str, Any]]:
    """What was deleted, how many, by which rule, by whom and when; newest first."""
    with services.store.read() as session:
        return [view.purge(row) for row in log_rows(session, limit=limit, before=before)]


@router.get("/retention/preview")
def preview(_caller: Admin, services: Serving) -> list[dict[str, Any]]:
    """What a run would delete now; nothing is changed."""
    return [view.forgotten(line) for line in Retention(services).preview()]


@router.post("/retention/run")
def run(caller: Admin, services: Serving) -> list[dict[str, Any]]:
    """Delete whatever is due now, as the daily run does."""
    return [view.forgotten(line) for line in Retention(services).run(actor=caller.name)]


@router.get("/holds")
def standing(_caller: Staff, services: Serving) -> list[dict[str, Any]]:
    """Every hold in force."""
    with services.store.read() as session:
        return [view.hold(session, row) for row in holds.standing_holds(session)]


@router.get("/events/{event_id}/holds")
def of_event(event_id: Id, _caller: Staff, services: Serving) -> list[dict[str, Any]]:
    """Every hold of an event, lifted ones too."""
    with services.store.read() as session:
        event = session.get(Event, event_id)
        if event is None:
            raise NotFound(f"there is no event {event_id}")
        return [view.hold(session, row) for row in holds.holds_of(session, event)]


@router.post("/events/{event_id}/holds", status_code=201)
def place(event_id: Id, body: NewHold, caller: Officer, services: Serving) -> dict[str, Any]:
    """Keep everything of an event, whatever its retention rule says, until this is lifted."""
    with services.store.begin() as session:
        event = session.get(Event, event_id)
        if event is None:
            raise NotFound(f"there is no event {event_id}")
        row = holds.place_hold(
            session, event, caller.person(), reason=body.reason,
            document=body.document, at=services.clock.now(),
        )  # fmt: skip
        return view.hold(session, row)


@router.post("/holds/{hold_id}/lift")
def lift(hold_id: Id, body: HoldEnd, caller: Officer, services: Serving) -> dict[str, Any]:
    """End a hold; the event falls under its retention rule again."""
    with services.store.begin() as session:
        row = holds.lift_hold(
            session, holds.get_hold(session, hold_id), caller.person(), reason=body.reason,
            at=services.clock.now(),
        )  # fmt: skip
        return view.hold(session, row)


@router.get("/owner-requests")
def requests(_caller: StaffPerson, services: Serving) -> list[dict[str, Any]]:
    """What owners asked about their own record and nobody has answered; most urgent first."""
    with services.store.read() as session:
        rows = owner_requests.open_requests(session)
        return [view.owner_request(session, row) for row in rows]


@router.post("/owner-requests/{request_id}/answer")
def answer(request_id: Id, body: Answer, caller: Officer, services: Serving) -> dict[str, Any]:
    """Answer a request to see or correct a record, with the reason (PIPL 45, 46, 50)."""
    with services.store.begin() as session:
        row = owner_requests.get_request(session, request_id)
        if row.kind == owner_requests.RequestKind.DELETION:
            raise BadInput(
                "a deletion is decided by its retention need",
                field="kind",
                hint="POST /api/v1/owner-requests/{id}/decide-deletion",
            )
        owner_requests.close_request(
            session, row, caller.person(), granted=body.granted, text=body.text,
            at=services.clock.now(),
        )  # fmt: skip
        return view.owner_request(session, row)


@router.post("/owner-requests/{request_id}/decide-deletion")
def decide_deletion(request_id: Id, caller: Officer, services: Serving) -> dict[str, Any]:
    """Delete what is asked for where nothing needs it any more; else refuse it with the reason
    and the day until which it is kept (W53)."""
    with services.store.begin() as session:
        row = owner_requests.get_request(session, request_id)
        if row.kind != owner_requests.RequestKind.DELETION:
            raise BadInput("this request asks for something else", field="kind")
        answer_deletion(
            session, row, caller.person(), policy=load_policy(session), at=services.clock.now()
        )
        shown = view.owner_request(session, row)
    Retention(services).remove_files()
    return shown


@router.get("/viewings")
def looks(
    _caller: Admin,
    services: Serving,
    event_id: QueryId = None,
    viewer: Annotated[str | None, Query(max_length=60)] = None,
    since: datetime | None = None,
    limit: Limit = 100,
    before: QueryId = None,
) -> list[dict[str, Any]]:
    """Who looked at which picture, when and why, with the person's name and unit (L71)."""
    if since is not None and since.tzinfo is None:
        raise BadInput("since needs an offset", field="since", hint="2026-11-22T00:00:00+08:00")
    if viewer is not None:
        try:
            one_line(viewer)
        except ValueError as error:
            raise BadInput(str(error), field="viewer") from None
    with services.store.read() as session:
        rows = viewings(
            session, event_id=event_id, viewer=viewer, since=since, before=before, limit=limit
        )
        return [view.viewing(session, row) for row in rows]


@router.get("/evidence/anchors")
def anchors(_caller: Staff, services: Serving, limit: Limit = 100) -> list[dict[str, Any]]:
    """The daily anchors of the evidence chain, newest first."""
    query = select(ChainAnchor).order_by(ChainAnchor.day.desc()).limit(limit)
    with services.store.read() as session:
        return [view.anchor(session, row) for row in session.scalars(query)]


@router.get("/evidence-alarms")
def alarms(_caller: Staff, services: Serving) -> list[dict[str, Any]]:
    """Stored files that are not what was recorded, and that nobody has seen to (W52)."""
    with services.store.read() as session:
        return [view.alarm(session, row) for row in integrity.open_alarms(session)]


@router.post("/evidence-alarms/{alarm_id}/seen")
def seen(alarm_id: Id, body: Seen, caller: Staff, services: Serving) -> dict[str, Any]:
    """Somebody has looked into an alarm; the file stays unusable."""
    with services.store.begin() as session:
        row = integrity.see_to(
            session, alarm_id, caller.person(), remark=body.remark, at=services.clock.now()
        )
        return view.alarm(session, row)
