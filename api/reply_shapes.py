"""Replies and deliveries as JSON: never a phone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from api import shapes
from models import delivery
from models.contacts import frozen_by
from models.event import Event
from models.notice import Notice, Reply
from models.people import User
from models.policy import Policy
from models.replies import answer_of, replies_of


def reply(session: Session, row: Reply) -> dict[str, Any]:
    """One reply, with the officer's answer where there is one."""
    found = answer_of(session, row)
    return {
        "id": row.id,
        "event_id": row.event_id,
        "received_at": shapes.when(row.received_at),
        "text": row.text,
        "meanings": row.meanings,
        "freezes": row.freezes and found is None,
        "answer": None
        if found is None
        else {
            "at": shapes.when(found.at),
            "officer": session.get_one(User, found.officer_id).username,
            "contact_is_right": found.contact_is_right,
            "note": found.note,
        },
    }


def of_event(session: Session, event: Event) -> dict[str, Any]:
    """For the explanation: every reply, and whether one of them holds the event up (W20)."""
    holding = frozen_by(session, event)
    return {
        "frozen": bool(holding),
        "frozen_since": shapes.when(holding[0].received_at) if holding else None,
        "replies": [reply(session, row) for row in replies_of(session, event)],
    }


def deliveries(session: Session, *, policy: Policy, at: datetime) -> dict[str, Any]:
    """W48 in numbers."""
    seen = delivery.share(session, policy=policy, at=at)
    pause = delivery.open_pause(session)
    return {
        "window_seconds": policy.delivery_window_seconds,
        "accepted": seen.accepted,
        "delivered": seen.delivered,
        "delivered_share": round(seen.delivered_share, 4),
        "needed_share": policy.delivery_share,
        "least": policy.delivery_least,
        "paused": pause is not None,
        "paused_since": shapes.when(pause.began_at) if pause else None,
        "paused_at": None
        if pause is None
        else {"accepted": pause.accepted, "delivered": pause.delivered},
    }


def test_text(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "status": notice.status,
        "error": notice.error,
        "delivered_at": shapes.when(notice.delivered_at),
    }
