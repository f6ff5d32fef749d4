"""Writing the append-only records: who did what, and who looked at what and why (L13, L71)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import AuditEntry, Viewing
from models.errors import BadInput
from models.event import Event
from models.evidence import Evidence
from models.people import User


def record(
    session: Session,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str = "",
    details: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write down that `actor` did `action` to `subject` ("camera:3"). Never put a plate, a phone
    or a password into `details`."""
    entry = AuditEntry(
        at=at, actor=actor[:60], action=action, subject=subject[:80], details=dict(details or {})
    )
    session.add(entry)
    return entry


def record_viewing(
    session: Session,
    *,
    at: datetime,
    viewer: str,
    reason: str,
    user_id: int | None = None,
    event: Event | None = None,
    evidence: Evidence | None = None,
) -> Viewing:
    """Write down one look at personal data before it is shown.

    L71 (视频条例 art. 16): 事由、内容及调用人员的单位、姓名. Raises BadInput if no reason is given.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise BadInput(
            "a reason is needed to look at evidence",
            field="reason",
            code="REASON_NEEDED",
            hint="send it in the X-Reason header or as ?reason=",
        )
    if len(reason) > 120:
        raise BadInput("the reason is longer than 120 characters", field="reason")
    user = session.get(User, user_id) if user_id is not None else None
    viewing = Viewing(
        at=at,
        viewer=viewer[:60],
        unit=user.unit if user else "",
        reason=reason,
        user_id=user_id,
        event_id=event.id if event else (evidence.event_id if evidence else None),
        evidence_id=evidence.id if evidence else None,
    )
    session.add(viewing)
    return viewing


def viewings(
    session: Session,
    *,
    event_id: int | None = None,
    viewer: str | None = None,
    since: datetime | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Viewing]:
    """Who looked at what, newest first; `before` is the id from which to go on."""
    query = select(Viewing).order_by(Viewing.id.desc()).limit(limit)
    if event_id is not None:
        query = query.where(Viewing.event_id == event_id)
    if viewer is not None:
        query = query.where(Viewing.viewer == viewer)
    if since is not None:
        query = query.where(Viewing.at >= since)
    if before is not None:
        query = query.where(Viewing.id < before)
    return list(session.scalars(query))
