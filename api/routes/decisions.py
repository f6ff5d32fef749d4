"""What surrounds an officer's decision: lease, recusal, void, pre-notice, hand-over."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from api import shapes
from api.auth import Caller
from api.decision_desk import DecisionDesk, standing
from api.deps import Body, Id, Line, Lines, Officer, Serving, StaffPerson, signed_in
from models import fields
from models.errors import NotFound
from models.event import Event
from models.grounds import VoidReason
from models.penalty import RECEIVED_BY, Degree, Sanction
from models.policy import load_policy
from models.pre_notice import Texts, prepared
from models.recusal import RecusalReason
from pipeline.services import Services

router = APIRouter(tags=["decisions"], dependencies=signed_in)

Short = Annotated[Line, Field(min_length=1, max_length=80)]
Instant = Annotated[Line, Field(max_length=40, description="ISO 8601 with offset")]


class Recuse(Body):
    reason_code: RecusalReason
    reason: Annotated[Line, Field(max_length=300)] = ""


class AnswerRecusal(Body):
    text: Annotated[Lines, Field(min_length=1, max_length=1000)]
    officers: Annotated[list[Short], Field(max_length=20, default_factory=list)]
    """Usernames that stay out from now on; none refuses the request."""


class Ground(Body):
    reason: VoidReason
    note: Annotated[Line, Field(max_length=300)] = ""


class Void(Body):
    reason: VoidReason
    expected_version: Annotated[int | None, Field(ge=0, le=2**31 - 1)] = None


class Sheet(Body):
    """What is not given is as the software prepares it; content and reasons are the officers'."""

    sanction: Sanction
    number: Annotated[Line, Field(max_length=40)] = ""
    degree: Degree = Degree.ORDINARY
    content: Annotated[Lines, Field(min_length=1, max_length=500)]
    reasons: Annotated[Lines, Field(min_length=1, max_length=1000)]
    facts: Annotated[Lines, Field(max_length=1000)] | None = None
    basis: Annotated[Lines, Field(max_length=300)] | None = None
    rights: Annotated[Lines, Field(max_length=1000)] | None = None
    remedies: Annotated[Lines, Field(max_length=1000)] | None = None


class Numbered(Body):
    number: Annotated[Line, Field(min_length=1, max_length=40)]


class Delivered(Body):
    how: Annotated[Line, Field(max_length=16)]
    received_by: Annotated[Line, Field(max_length=10, examples=list(RECEIVED_BY))]
    proof: Short
    at: Instant | None = None


class Waived(Body):
    waiver: Annotated[Line, Field(min_length=1, max_length=300)]


class Consent(Body):
    consent: Short


class Decided(Body):
    decision_no: Annotated[Line, Field(min_length=1, max_length=40)]
    at: Instant | None = None


@router.get("/events/{event_id}/standing")
def get_standing(event_id: Id, _caller: StaffPerson, services: Serving) -> dict[str, Any]:
    """Who holds it, who is recused, what the party asked, and how far the hand-over is."""
    return _standing(services, event_id)


@router.post("/events/{event_id}/lease")
def take_lease(event_id: Id, caller: Officer, services: Serving) -> dict[str, Any]:
    """W42: fifteen minutes for this officer; again renews it. 409 where a colleague holds it."""
    return {"until": shapes.when(_desk(services, caller, event_id).hold())}


@router.delete("/events/{event_id}/lease", status_code=204)
def give_back(event_id: Id, caller: Officer, services: Serving) -> Response:
    """W42: back to the queue."""
    _desk(services, caller, event_id).give_back()
    return Response(status_code=204)


@router.post("/events/{event_id}/recusal", status_code=201)
def recuse(event_id: Id, body: Recuse, caller: Officer, services: Serving) -> dict[str, Any]:
    """L09, W44: the officer declares a conflict and has no hand in this event any more."""
    _desk(services, caller, event_id).recuse(body.reason_code, body.reason)
    return _standing(services, event_id)


@router.post("/events/{event_id}/recusal-requests/{request_id}/answer")
def answer_recusal(
    event_id: Id, request_id: Id, body: AnswerRecusal, caller: Officer, services: Serving
) -> dict[str, Any]:
    """L09: what the party asked is granted or refused, with words."""
    desk = _desk(services, caller, event_id)
    desk.answer_recusal(request_id, body.text, body.officers)
    return _standing(services, event_id)


@router.post("/events/{event_id}/ground", status_code=201)
def ground(event_id: Id, body: Ground, caller: Officer, services: Serving) -> dict[str, Any]:
    """L39: one of the eight grounds was found true; it is cancelled within three work days."""
    _desk(services, caller, event_id).verify_ground(body.reason, body.note)
    return _standing(services, event_id)


@router.post("/events/{event_id}/void")
def void(event_id: Id, body: Void, caller: Officer, services: Serving) -> dict[str, str]:
    """A23, A24: cancel the record; the owner is told."""
    desk = DecisionDesk(services, event_id, caller.person().id, body.expected_version)
    return {"state": desk.void(body.reason)}


@router.post("/events/{event_id}/pre-notice", status_code=201)
def write(event_id: Id, body: Sheet, caller: Officer, services: Serving) -> dict[str, Any]:
    """L10: the sheet (事先告知书), or its next version. No amount of money may stand in it."""
    with services.store.read() as session:
        row = session.get(Event, event_id)
        if row is None:
            raise NotFound(f"there is no event {event_id}")
        ready = prepared(row)
    texts = Texts(
        content=body.content,
        facts=ready.facts if body.facts is None else body.facts,
        reasons=body.reasons,
        basis=ready.basis if body.basis is None else body.basis,
        rights=ready.rights if body.rights is None else body.rights,
        remedies=ready.remedies if body.remedies is None else body.remedies,
    )
    desk = _desk(services, caller, event_id)
    desk.write(texts, sanction=body.sanction, degree=body.degree, number=body.number)
    return _standing(services, event_id)


@router.post("/events/{event_id}/pre-notice/number")
def number(event_id: Id, body: Numbered, caller: Officer, services: Serving) -> dict[str, Any]:
    """L10: the sheet's number in the authority's register, until it is delivered or waived."""
    _desk(services, caller, event_id).give_number(body.number)
    return _standing(services, event_id)


@router.post("/events/{event_id}/pre-notice/print", response_class=Response)
def printed(event_id: Id, caller: Officer, services: Serving) -> Response:
    """L10: the sheet as a PDF with the full plate and a receipt to sign; a line in the viewing log.
    409 where nothing is established any more."""
    data = _desk(services, caller, event_id).print()
    headers = {"Content-Disposition": f'attachment; filename="pre-notice-{event_id}.pdf"'}
    return Response(data, media_type="application/pdf", headers=headers)


@router.post("/events/{event_id}/pre-notice/deliver")
def deliver(event_id: Id, body: Delivered, caller: Officer, services: Serving) -> dict[str, Any]:
    """L10: it reached the party (in_person, left_at_place, post, electronic with consent)."""
    _desk(services, caller, event_id).deliver(
        body.how, body.proof, _instant(body.at), body.received_by
    )
    return _standing(services, event_id)


@router.post("/events/{event_id}/pre-notice/waive")
def waive(event_id: Id, body: Waived, caller: Officer, services: Serving) -> dict[str, Any]:
    """L12: the party expressly gave up statement and defence, in this record."""
    _desk(services, caller, event_id).waive(body.waiver)
    return _standing(services, event_id)


@router.post("/events/{event_id}/handover/consent")
def consent(event_id: Id, body: Consent, caller: Officer, services: Serving) -> dict[str, Any]:
    """L17: the party signed the confirmation for electronic service."""
    _desk(services, caller, event_id).consent(body.consent)
    return _standing(services, event_id)


@router.post("/events/{event_id}/handover/export")
def export(event_id: Id, caller: Officer, services: Serving) -> Response:
    """The hand-over sheet as JSON; 409 with everything that stands against it (L10, L12, L19)."""
    sheet = _desk(services, caller, event_id).export()
    headers = {
        "X-Content-SHA256": sheet.sha256,
        "Content-Disposition": f'attachment; filename="handover-{event_id}.json"',
    }
    return Response(sheet.data, media_type="application/json", headers=headers)


@router.post("/events/{event_id}/handover/decision")
def decided(event_id: Id, body: Decided, caller: Officer, services: Serving) -> dict[str, Any]:
    """L16: number and time of the decision that the authority made outside this system."""
    _desk(services, caller, event_id).decided(body.decision_no, _instant(body.at))
    return _standing(services, event_id)


@router.post("/events/{event_id}/handover/service")
def served(event_id: Id, body: Delivered, caller: Officer, services: Serving) -> dict[str, Any]:
    """L17: how the decision reached the party; never by text message."""
    _desk(services, caller, event_id).served(
        body.how, body.proof, _instant(body.at), body.received_by
    )
    return _standing(services, event_id)


def _desk(services: Services, caller: Caller, event_id: int) -> DecisionDesk:
    return DecisionDesk(services, event_id, caller.person().id)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else fields.instant("at", text)


def _standing(services: Services, event_id: int) -> dict[str, Any]:
    with services.store.read() as session:
        row = session.get(Event, event_id)
        if row is None:
            raise NotFound(f"there is no event {event_id}")
        policy, at = load_policy(session), services.clock.now()
        return standing(session, row, policy=policy, at=at)
