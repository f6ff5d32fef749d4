"""Evidence files, each look at one with its reason, and the chain that holds them together.

docs/privacy.md lists every way out of the evidence store."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import shapes
from api.deps import Admin, Anybody, Id, Reason, Serving, Staff, signed_in
from api.field_reading import Reader
from api.pictures import PAGE_WIDTH, THUMBNAIL_WIDTH, keep_box, small_copy
from models.audit_log import record_viewing
from models.chain import verify_chain
from models.errors import NotFound
from models.event import Event, FlowName
from models.evidence import Evidence
from models.retention_log import Tombstone

router = APIRouter(tags=["evidence"], dependencies=signed_in)

SHOWN_TYPES = frozenset({"image/jpeg", "image/png", "video/mp4"})
"""Anything else is handed over as a download: no stored byte is ever run as a page."""


@router.get("/evidence/chain")
def chain(_caller: Admin, services: Serving, files: bool = False) -> dict[str, Any]:
    """Verify the chain of every record; with `files`, every stored file as well."""
    with services.store.read() as session:
        report = verify_chain(session, services.evidence.get if files else None)
    return {
        "intact": report.intact,
        "records": report.records,
        "files_read": report.files_read,
        "tombstones": report.tombstones,
        "head": report.head,
        "problems": [
            {"sequence": p.sequence, "evidence_id": p.evidence_id, "what": p.what}
            for p in report.problems[:200]
        ],
    }


@router.get("/evidence/{evidence_id}")
def evidence(evidence_id: Id, _caller: Staff, services: Serving) -> dict[str, Any]:
    """What is known of one file, but not the file."""
    with services.store.read() as session:
        shown = shapes.evidence(_evidence(session, evidence_id))
    # Its details may hold what was read on the plate; that is on the event, for a person.
    return {**shown, "details": {}}


@router.get(
    "/evidence/{evidence_id}/file",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}, "video/mp4": {}}}},
)
def evidence_file(evidence_id: Id, caller: Anybody, services: Serving, reason: Reason) -> Response:
    """The original bytes. Needs a reason (X-Reason or ?reason=), which is written down first; a
    machine gets a copy in which everybody is hidden, who is in the field a small one in which
    only the subject is clear (L65, L71)."""
    reader = Reader(caller.roles, caller.user.id if caller.user else None)
    with services.store.begin() as session:
        row = _kept(session, evidence_id)
        event = session.get_one(Event, row.event_id)
        reader.check_picture(session, event, row)
        record_viewing(
            session,
            at=services.clock.now(),
            viewer=caller.name,
            user_id=caller.user.id if caller.user else None,
            evidence=row,
            reason=reason,
        )
        media_type, key, kind = row.media_type, row.storage_key, row.kind
        name = f"{row.event_id}-{kind}-{row.id}"
        # A plate on a copy of this width cannot be read; where there is no car it may be wider.
        width = THUMBNAIL_WIDTH if event.flow == FlowName.PARKING else PAGE_WIDTH
        keep = keep_box(event, row)
    if reader.office and caller.user is not None:
        data = services.evidence.get(key)
    elif not media_type.startswith("image/"):
        raise NotFound("only officers and operators may see clips")
    elif caller.user is None:
        data, media_type = services.blur(services.evidence.get(key), None), "image/jpeg"
    else:
        data, media_type = small_copy(services, key, keep, width), "image/jpeg"
    extension = "mp4" if media_type == "video/mp4" else media_type.partition("/")[2][:4]
    place = "inline" if media_type in SHOWN_TYPES else "attachment"
    disposition = f'{place}; filename="{name}.{extension}"'
    return Response(data, media_type=media_type, headers={"Content-Disposition": disposition})


@router.get(
    "/evidence/{evidence_id}/thumbnail",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}},
)
def thumbnail(evidence_id: Id, caller: Anybody, services: Serving) -> Response:
    """A small blurred copy for lists. It needs no reason and leaves no trace in the viewing log:
    nobody can be made out, and the subject's plate is too small to be read."""
    with services.store.read() as session:
        row = _kept(session, evidence_id)
        if not row.media_type.startswith("image/"):
            raise NotFound("this evidence is no picture")
        event = session.get_one(Event, row.event_id)
        reader = Reader(caller.roles, caller.user.id if caller.user else None)
        reader.check_picture(session, event, row)
        key, keep = row.storage_key, keep_box(event, row)
    data = small_copy(services, key, keep, THUMBNAIL_WIDTH)
    headers = {"Cache-Control": "private, max-age=1800"}
    return Response(data, media_type="image/jpeg", headers=headers)


def _evidence(session: Session, evidence_id: int) -> Evidence:
    row = session.get(Evidence, evidence_id)
    if row is None:
        raise NotFound(f"there is no evidence {evidence_id}")
    return row


def _kept(session: Session, evidence_id: int) -> Evidence:
    """As `_evidence`, of a file that was not deleted by rule (3.6). Raises NotFound."""
    row = _evidence(session, evidence_id)
    if session.scalar(select(Tombstone.id).where(Tombstone.evidence_id == row.id)) is not None:
        raise NotFound(
            "this file was deleted, its retention period is over", code="PURGED",
            hint="GET /api/v1/retention/log says by which rule",
        )  # fmt: skip
    return row
