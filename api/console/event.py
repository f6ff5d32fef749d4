"""One event: its pictures in order, every number that led here, texts, timeline, decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui

from api import place_shapes
from api.console import (
    actions,
    event_parts,
    evidence_parts,
    place_actions,
    reply_parts,
    views,
)
from api.console.layout import Visitor, attempt, door, in_database, page, poll, raw, visitor
from api.field_reading import Reader, field_place
from models.event import Event, FlowName
from models.policy import load_policy
from pipeline.services import Services

REFRESH_SECONDS = 2.0


def build(services: Services) -> None:
    @ui.page("/console/events/{event_id}")
    async def event(request: Request, event_id: int) -> Response | None:
        who = visitor(request)
        if who is None:
            return door(request)
        with page(services, who, "review", who.word("event")):
            view = await attempt(lambda: _read(services, who, event_id), who)
            if view is None:
                ui.link(who.word("review"), "/console/review").classes("qf-card")
            else:
                await EventPage(services, who, view).build()
        return None


def _read(services: Services, who: Visitor, event_id: int) -> views.EventView:
    reader = Reader(who.roles, who.id)
    with services.store.read() as session:
        view = views.event_view(session, event_id)
        reader.check(session, session.get_one(Event, event_id))
        if not reader.office:
            view = for_the_field(view)
        if view.row.flow == FlowName.PARKING:
            return view
        row, policy = session.get_one(Event, event_id), load_policy(session)
        told = place_shapes.place(session, row, policy=policy, at=services.clock.now())
        return replace(view, place=told if reader.office else field_place(session, told, reader))


def for_the_field(view: views.EventView) -> views.EventView:
    """Without full plate, reads, texts, statements and decisions: as `api.field_reading`."""
    return replace(
        view, row=event_parts.masked(view.row), plate_original=None, measured={}, gates=(),
        notices=(), statements=(), decisions=(), pack_missing=(), history=None,
    )  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A part of the page that is drawn anew only when what it shows has changed: every loading of
    a picture is a line in the viewing log, and a look every second must not make them blink."""

    shows: Callable[[views.EventView], Any]
    draw: Callable[[Visitor, views.EventView], str]


HEAD = Part(lambda v: v.row, event_parts.head)
PICTURES = Part(lambda v: (v.pictures, v.zone), evidence_parts.pictures)
COURSE = Part(lambda v: (v.timeline, v.looks), event_parts.course)
FACTS = Part(
    lambda v: (
        v.row,
        v.times,
        v.outcome,
        v.decisions,
        v.zone,
        v.device_reviewed,
        v.history,
    ),
    event_parts.facts,
)
PLACE = Part(lambda v: v.place, place_actions.summary)
NOTICES = Part(lambda v: v.notices, event_parts.notices)
MEASURED = Part(lambda v: (v.measured, v.gates), evidence_parts.measured)


@dataclass
class EventPage:
    """The open page of one person."""

    services: Services
    who: Visitor
    view: views.EventView

    async def build(self) -> None:
        self.shown: list[tuple[Part, ui.html]] = []
        self._show(HEAD)
        with ui.element("div").classes("qf-two"):
            with ui.element("section").classes("qf-main"):
                self._show(PICTURES)
                self._show(COURSE, "qf-late")
            with ui.element("section"):
                self.panel = ui.element("div").classes("qf-card")
                self._fill_panel()
                for part in (PLACE, FACTS, NOTICES, MEASURED):
                    self._show(part)
                reply_parts.build(self.services, self.who, self.view.row.id)
        poll(REFRESH_SECONDS, self.refresh)

    def _show(self, part: Part, classes: str = "") -> None:
        element = raw(part.draw(self.who, self.view)).classes(f"w-full {classes}")
        self.shown.append((part, element))

    def _fill_panel(self) -> None:
        self.panel.clear()
        with self.panel:
            actions.panel(self.services, self.who, self.view, self.refresh)

    async def refresh(self) -> None:
        """Read the event again and draw what has changed. An officer who is writing a reason
        keeps the words: the panel is built anew only when there is something else to decide."""
        event_id = self.view.row.id
        before, self.view = (
            self.view,
            await in_database(lambda: _read(self.services, self.who, event_id)),
        )
        for part, element in self.shown:
            if part.shows(before) != part.shows(self.view):
                element.content = part.draw(self.who, self.view)
        if actions.subject(before) != actions.subject(self.view):
            self._fill_panel()
