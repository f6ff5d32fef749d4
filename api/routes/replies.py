"""What people answered to our texts, and whether our texts arrive at all."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import select

from api import reply_shapes, shapes
from api.deps import (
    Body,
    Id,
    Limit,
    Line,
    Lines,
    Officer,
    Operator,
    QueryId,
    Serving,
    Staff,
    StaffPerson,
)
from api.deps import signed_in as signed
from models import delivery, replies
from models.contacts import unanswered
from models.errors import NotFound
from models.notice import Reply
from models.policy import load_policy
from notify.phones import mobile_number

router = APIRouter(tags=["texts"], dependencies=signed)


class ReplyAnswer(Body):
    contact_is_right: bool
    """The phone is the owner's after all and may be texted again."""
    note: Annotated[Lines, Field(min_length=1, max_length=300)]


class TestText(Body):
    phone: Annotated[Line, Field(min_length=5, max_length=20)]
    """The operator's own."""


@router.get("/replies")
def list_replies(
    _caller: StaffPerson,
    services: Serving,
    waiting: Annotated[bool, Query(description="Only those that wait for an officer")] = False,
    limit: Limit = 50,
    before: QueryId = None,
) -> list[dict[str, Any]]:
    """Newest first, without phones; those that freeze an event say so."""
    query = select(Reply).order_by(Reply.id.desc()).limit(limit)
    if waiting:
        query = query.where(*unanswered())
    if before is not None:
        query = query.where(Reply.id < before)
    with services.store.read() as session:
        return [reply_shapes.reply(session, row) for row in session.scalars(query)]


@router.post("/replies/{reply_id}/answer")
def answer(reply_id: Id, body: ReplyAnswer, caller: Officer, services: Serving) -> dict[str, Any]:
    """An officer has looked into it: its event is free again (W20). Only where the contact is
    right after all will that phone be texted again (W49)."""
    with services.store.begin() as session:
        row = session.get(Reply, reply_id)
        if row is None:
            raise NotFound(f"there is no reply {reply_id}")
        replies.answer(
            session, row, caller.person(), contact_is_right=body.contact_is_right,
            note=body.note, at=services.clock.now(),
        )  # fmt: skip
        return reply_shapes.reply(session, row)


@router.get("/texts/delivery")
def deliveries(_caller: Staff, services: Serving) -> dict[str, Any]:
    """W48: how many texts arrive, and whether that has stopped automatic confirming."""
    with services.store.read() as session:
        return reply_shapes.deliveries(
            session, policy=load_policy(session), at=services.clock.now()
        )


@router.post("/texts/delivery/resume")
def resume(caller: Operator, services: Serving) -> dict[str, Any]:
    """Events confirm themselves again; counted anew from now on."""
    at = services.clock.now()
    with services.store.begin() as session:
        delivery.resume(session, by=caller.name, at=at)
        return reply_shapes.deliveries(session, policy=load_policy(session), at=at)


@router.post("/texts/test", status_code=201)
def send_test(body: TestText, caller: Operator, services: Serving) -> dict[str, Any]:
    """A test text to a phone at hand. When it arrives, a pause that lasts ends by itself."""
    phone = mobile_number(body.phone)
    at = services.clock.now()
    with services.store.begin() as session:
        notice = delivery.queue_test(
            session, phone, by=caller.name, policy=load_policy(session), at=at
        )
        return {"id": notice.id, "status": notice.status, "queued_at": shapes.when(at)}


@router.get("/texts/{notice_id}")
def one_test(notice_id: Id, _caller: Operator, services: Serving) -> dict[str, Any]:
    """How a test text is doing."""
    with services.store.read() as session:
        return reply_shapes.test_text(delivery.test_text(session, notice_id))
