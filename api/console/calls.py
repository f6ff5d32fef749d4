"""A responder's own calls: the gatherings that somebody was called to and that are not over."""

from __future__ import annotations

from html import escape

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui
from sqlalchemy import select

from api.console import views
from api.console.layout import Visitor, door, in_database, page, poll, raw, visitor
from models.event import Event
from models.place import Responder, ResponderCall
from models.states import ENDED
from pipeline.services import Services

CALLS_SHOWN = 50
REFRESH_SECONDS = 3.0


def build(services: Services) -> None:
    @ui.page("/console/calls")
    async def calls(request: Request) -> Response | None:
        who = visitor(request)
        if who is None:
            return door(request)
        with page(services, who, "calls", who.word("reg_calls")):
            await _calls(services, who)
        return None


async def _calls(services: Services, who: Visitor) -> None:
    """What this person was called to and is not over; each line leads to the gathering's page."""

    def read() -> str:
        with services.store.read() as session:
            rows = session.execute(
                select(ResponderCall, Event)
                .join(Event, Event.id == ResponderCall.event_id)
                .join(Responder, Responder.id == ResponderCall.responder_id)
                .where(Responder.user_id == who.id, Event.state.not_in(sorted(ENDED)))
                .order_by(ResponderCall.called_at.desc())
                .limit(CALLS_SHOWN)
            )
            return "".join(_call(who, call, event) for call, event in rows)

    shown = raw("").classes("w-full")

    async def refresh() -> None:
        empty = f'<div class="qf-card qf-muted">{escape(who.word("calls_none"))}</div>'
        shown.content = await in_database(read) or empty

    await refresh()
    poll(REFRESH_SECONDS, refresh)


def _call(who: Visitor, call: ResponderCall, event: Event) -> str:
    place = event.zone.area.place or event.zone.area.name
    answer = who.word(f"call_{call.answer}")
    return (
        f'<a class="qf-card" style="display:block" href="/console/events/{event.id}">'
        f"<b>{escape(place)}</b> {escape(who.word(event.state))}<br>"
        f"{escape(answer)} · {escape(who.word('answer_by'))} "
        f"{views.local(call.answer_by)}</a>"
    )
