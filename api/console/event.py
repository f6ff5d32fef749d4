"""One event: its pictures in order, every number that led here, texts, timeline, decision."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui

from api import place_shapes
from api.console import (
    actions,
    decision_parts,
    event_parts,
    evidence_parts,
    place_actions,
    reply_parts,
    views,
)
from api.console.layout import Visitor, attempt, door, in_database, page, poll, raw, visitor
from api.field_reading import FIELD_PICTURES, Reader, field_place
from models.errors import QifenError
from models.event import Event, FlowName
from models.policy import load_policy
from pipeline.services import Services

REFRESH_SECONDS = 2.0
RENEW_SECONDS = 20.0
"""So often at most a working officer renews the lease."""


def build(services: Services) -> None:
    @ui.page("/console/events/{event_id}")
    async def event(request: Request, event_id: int) -> Response | None:
        who = visitor(request)
        if who is None:
            return door(request)
        with page(services, who, "review", who.word("event")):
            found = await attempt(lambda: _open(services, who, event_id), who)
            if found is None:
                ui.link(who.word("review"), "/console/review").classes("qf-card")
            else:
                await EventPage(services, who, *found).build()
        return None


def _open(
    services: Services, who: Visitor, event_id: int
) -> tuple[views.EventView, dict[str, Any]]:
    """The event as it is opened: for an officer's review it is held from now on (W42)."""
    decision_parts.open_for_review(services, who, event_id)
    return _read(services, who, event_id)


def _read(
    services: Services, who: Visitor, event_id: int
) -> tuple[views.EventView, dict[str, Any]]:
    reader = Reader(who.roles, who.id)
    with services.store.read() as session:
        view = views.event_view(session, event_id)
        reader.check(session, session.get_one(Event, event_id))
        if not reader.office:
            view = for_the_field(view)
        row, policy = session.get_one(Event, event_id), load_policy(session)
        stands = decision_parts.read(services, who, session, row)
        if view.row.flow == FlowName.PARKING:
            return view, stands
        told = place_shapes.place(session, row, policy=policy, at=services.clock.now())
        shown = told if reader.office else field_place(session, told, reader)
        return replace(view, place=shown), stands


def for_the_field(view: views.EventView) -> views.EventView:
    """Without full plate, reads, texts, statements, decisions and close-ups: as
    `api.field_reading`."""
    return replace(
        view, row=event_parts.masked(view.row), plate_original=None, measured={}, gates=(),
        notices=(), statements=(), decisions=(), pack_missing=(), history=None,
        pictures=[
            one for one in view.pictures if one.kind in FIELD_PICTURES and not one.camera
        ],
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
    standing: dict[str, Any]
    """See `decision_parts.read`; empty for who decides nothing."""

    async def build(self) -> None:
        self.shown: list[tuple[Part, ui.html]] = []
        self._show(HEAD)
        with ui.element("div").classes("qf-two"):
            with ui.element("section").classes("qf-main"):
                self._show(PICTURES)
                self._show(COURSE, "qf-late")
            with ui.element("section"):
                self.panel = ui.element("div").classes("qf-card")
                for sign in ("click", "keydown"):
                    self.panel.on(sign, self._renew, throttle=RENEW_SECONDS)
                self.card = ui.element("div").classes("qf-card")
                self.card.set_visibility(bool(self.standing))
                self._fill_panel()
                self._fill_card()
                for part in (PLACE, FACTS, NOTICES, MEASURED):
                    self._show(part)
                reply_parts.build(self.services, self.who, self.view.row.id)
        poll(REFRESH_SECONDS, self.refresh)

    def _show(self, part: Part, classes: str = "") -> None:
        element = raw(part.draw(self.who, self.view)).classes(f"w-full {classes}")
        self.shown.append((part, element))

    async def _renew(self) -> None:
        """W42: the lease lives on while the officer clicks and types."""
        with suppress(QifenError):  # the page stays as it is while the database is away
            await in_database(
                lambda: decision_parts.open_for_review(self.services, self.who, self.view.row.id)
            )

    def _fill_card(self) -> None:
        self.card.clear()
        with self.card:
            decision_parts.DecisionCard(self.services, self.who, self.view, self.refresh).build(
                self.standing
            )

    def _fill_panel(self) -> None:
        self.panel.clear()
        with self.panel:
            if decision_parts.held_by_other(self.who, self.standing):
                decision_parts.banner(self.who, self.standing)
                return
            actions.panel(self.services, self.who, self.view, self.refresh)

    async def refresh(self) -> None:
        """Read the event again and draw what has changed. An officer who is writing a reason
        keeps the words: the panel is built anew only when there is something else to decide."""
        event_id = self.view.row.id
        before, stood = self.view, self.standing
        self.view, self.standing = await in_database(
            lambda: _read(self.services, self.who, event_id)
        )
        for part, element in self.shown:
            if part.shows(before) != part.shows(self.view):
                element.content = part.draw(self.who, self.view)
        stands = decision_parts.subject(self.who, self.standing)
        changed = decision_parts.subject(self.who, stood) != stands
        if changed:
            self._fill_card()
        if changed or actions.subject(before) != actions.subject(self.view):
            self._fill_panel()
