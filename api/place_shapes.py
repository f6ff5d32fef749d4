"""What is shown of frontages, orders, gatherings and cases: plain JSON, phones left out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.shapes import when
from models.case import Case
from models.case_photos import photos_of
from models.case_work import steps_of
from models.crowd_calls import calls_of
from models.crowd_view import view_of
from models.event import Event, FlowName
from models.flows.case import stage_of
from models.flows.case_effects import case_of
from models.notice import Notice
from models.people import User
from models.place import (
    FormalOrder,
    FrontageAgreement,
    PlacePermit,
    Responder,
    ResponderCall,
    ResponsibleParty,
    Signature,
)
from models.place_parties import order_of, shop_colour
from models.policy import Policy


def party(row: ResponsibleParty) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "name": row.name,
        "address": row.address,
        "phone": f"***{row.phone[-4:]}" if row.phone else None,
        "language": row.language,
        "opens_at": row.opens_at,
        "closes_at": row.closes_at,
        "retired_at": when(row.retired_at),
        "agreements": [agreement(one) for one in row.agreements],
    }


def agreement(row: FrontageAgreement) -> dict[str, Any]:
    return {
        "id": row.id,
        "party_id": row.party_id,
        "camera_id": row.camera_id,
        "polygon": row.polygon,
        "duties": row.duties,
        "document": row.document,
        "signed_on": when(row.signed_on),
        "valid_until": when(row.valid_until),
        "authorises_texts": row.authorises_texts,
        "ended_at": when(row.ended_at),
    }


def permit(row: PlacePermit) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "zone_id": row.zone_id,
        "polygon": row.polygon,
        "document": row.document,
        "approver": row.approver,
        "valid_from": when(row.valid_from),
        "valid_until": when(row.valid_until),
        "max_people": row.max_people,
        "ended_at": when(row.ended_at),
    }


def responder(row: Responder) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "area_id": row.area_id,
        "user_id": row.user_id,
        "phone": f"***{row.phone[-4:]}" if row.phone else None,
        "latitude": row.latitude,
        "longitude": row.longitude,
        "active": row.active,
    }


def order(row: FormalOrder | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {
        "order_no": row.order_no,
        "party_id": row.party_id,
        "text": row.text,
        "legal_basis": row.legal_basis,
        "period_seconds": row.period_seconds,
        "served_at": when(row.served_at),
        "served_how": row.served_how,
        "due_at": when(row.due_at),
        "expired_at": when(row.expired_at),
    }


def call(row: ResponderCall) -> dict[str, Any]:
    return {
        "responder_id": row.responder_id,
        "responder": row.responder.name,
        "kind": row.responder.kind,
        "round": row.round,
        "called_at": when(row.called_at),
        "answer_by": when(row.answer_by),
        "answer": row.answer,
        "answered_at": when(row.answered_at),
        "arrived_at": when(row.arrived_at),
        "arrived_how": row.arrived_how,
        "report": row.report,
        "reported_at": when(row.reported_at),
    }


def place(session: Session, event: Event, *, policy: Policy, at: datetime) -> dict[str, Any]:
    """What a hanging, poster or crowd event has besides an event's own explanation."""
    opened = case_of(session, event)
    told: dict[str, Any] = {
        "event_id": event.id,
        "flow": event.flow,
        "state": event.state,
        "version": event.version,
        "case_id": None if opened is None else opened.id,
    }
    if event.flow == FlowName.CROWD:
        view = view_of(session, event.zone, policy=policy, at=at)
        latest = view.latest
        return told | {
            "people": None if latest is None else latest.people,
            "threshold": None if latest is None else view.limit(latest),
            "peak": event.measured.get("peak"),
            "camera_lost": latest is None,
            "manual_people": None if view.manual is None else view.manual.people,
            "permit": None if view.permit is None else permit(view.permit),
            "calls": [call(row) for row in calls_of(session, event)],
        }
    who = None if event.party_id is None else session.get(ResponsibleParty, event.party_id)
    signed = session.execute(
        select(Signature, User.username)
        .join(User, User.id == Signature.officer_id)
        .where(Signature.event_id == event.id)
        .order_by(Signature.id)
    )
    return told | {
        "party": None if who is None else party(who),
        "colour": None if who is None else shop_colour(session, who, at=at, policy=policy),
        "order": order(order_of(session, event)),
        "signatures": [
            {"act": row.act, "officer": name, "reason": row.reason, "at": when(row.signed_at)}
            for row, name in signed
        ],
        "reminded": session.scalar(select(Notice.id).where(Notice.event_id == event.id))
        is not None,
    }


def case(row: Case) -> dict[str, Any]:
    return {
        "id": row.id,
        "case_no": row.case_no,
        "event_id": row.event_id,
        "state": row.state,
        "stage": stage_of(row),
        "version": row.version,
        "open": row.is_open,
        "type_code": row.type_code,
        "source_category": row.source_category,
        "loop": row.loop,
        "loop_mode": row.loop_mode,
        "cell_code": row.cell_code,
        "duty_grid_code": row.duty_grid_code,
        "place": row.place,
        "description": row.description,
        "flags": row.flags,
        "extended": row.extended,
        "due_at": when(row.due_at),
        "outcome": row.outcome,
        "opened_at": when(row.opened_at),
        "closed_at": when(row.closed_at),
        "ended_at": when(row.ended_at),
    }


def whole_case(session: Session, row: Case) -> dict[str, Any]:
    """One case with its units, checks and every step."""
    return {
        **case(row),
        "handled_by": row.handled_by,
        "checked_by": row.checked_by,
        "report": row.report,
        "checks": row.checks,
        "feedback_given": row.feedback_given,
        "rating": row.rating,
        "override_reason": row.override_reason,
        "photos": [
            {"kind": photo.kind, "sha256": photo.sha256, "taken_at": when(photo.taken_at)}
            for photo in photos_of(session, row.id).values()
        ],
        "units": [
            {
                "name": unit.name,
                "role": unit.role,
                "left_at": when(unit.left_at),
                "report": unit.report,
                "reported_at": when(unit.reported_at),
            }
            for unit in row.units
        ],
        "timeline": [
            {
                "at": when(step.at),
                "transition": step.transition,
                "from": step.from_state,
                "to": step.to_state,
                "trigger": step.trigger,
                "actor_kind": step.actor_kind,
                "actor": step.actor_id,
                "reason": step.reason,
            }
            for step in steps_of(session, row)
        ],
    }
