"""The list of exemptions: who may stand where, by which document, from when until when (L43)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field

from api import shapes
from api.deps import Body, Id, Limit, Line, Operator, Serving, Staff, signed_in
from api.routes.zones import HoursBand
from models import exemptions

router = APIRouter(tags=["exemptions"], dependencies=signed_in)

Text = Annotated[Line, Field(max_length=200)]


class NewExemption(Body):
    """One entry. A place is needed (area_id or zone_id), and a plate unless the measure holds for
    everybody there."""

    kind: Text
    plate: Text | None = None
    area_id: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    zone_id: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    task: Text
    document: Text
    approver: Text
    valid_from: Text
    valid_until: Text
    hours: list[HoursBand] | None = None


class Ending(Body):
    reason: Annotated[Line, Field(min_length=1, max_length=200)]


@router.get("/exemptions")
def list_(
    _caller: Staff, services: Serving, only_valid: bool = False, limit: Limit = 100
) -> list[dict[str, Any]]:
    """Newest first. Plates are masked: who holds a permit is nobody's reading matter."""
    with services.store.read() as session:
        rows = exemptions.list_exemptions(
            session, at=services.clock.now(), only_valid=only_valid, limit=limit
        )
        return [_shown(row) for row in rows]


@router.post("/exemptions", status_code=201)
def add(body: NewExemption, caller: Operator, services: Serving) -> dict[str, Any]:
    """Add an entry; it holds from its first instant for what is flagged then."""
    with services.store.begin() as session:
        row = exemptions.add_exemption(
            session,
            body.model_dump(exclude_unset=True),
            at=services.clock.now(),
            actor=caller.name,
            user=caller.user,
        )
        return _shown(row)


@router.post("/exemptions/{exemption_id}/end")
def end(exemption_id: Id, body: Ending, caller: Operator, services: Serving) -> dict[str, Any]:
    """It holds no longer. Entries are ended, never deleted."""
    with services.store.begin() as session:
        row = exemptions.end_exemption(
            session,
            exemptions.get_exemption(session, exemption_id),
            reason=body.reason,
            at=services.clock.now(),
            actor=caller.name,
            user=caller.user,
        )
        return _shown(row)


def _shown(row: exemptions.Exemption) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "plate": shapes.shown_plate(row.plate, full=False),
        "area_id": row.area_id,
        "area": row.area.name,
        "zone_id": row.zone_id,
        "task": row.task,
        "document": row.document,
        "approver": row.approver,
        "valid_from": shapes.when(row.valid_from),
        "valid_until": shapes.when(row.valid_until),
        "hours": row.hours,
        "created_at": shapes.when(row.created_at),
        "created_by": row.created_by,
        "ended_at": shapes.when(row.ended_at),
        "ended_reason": row.ended_reason,
    }
