"""A zone's trial: its numbers, what is missing before it may be live, and events to answer for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from fastapi import Request
from fastapi.responses import Response
from nicegui import events, ui

from api import zoning
from api.console import camera_views, views
from api.console.layout import Visitor, attempt, card, door, page, raw, visitor
from api.console.zones import standing_of
from models import precision, registry
from models.errors import NotFound
from models.event import Event
from models.people import Role, User
from models.plate import mask
from models.policy import load_policy
from pipeline.services import Services

SHOWN = 20
"""Events on the page at a time; the oldest come first."""


@dataclass(frozen=True)
class Waiting:
    id: int
    event_no: str
    flagged: str
    said: str


@dataclass(frozen=True)
class TrialView:
    name: str
    camera_id: int
    trial: precision.Trial
    zone: camera_views.ZoneView
    waiting: Sequence[Waiting]


def build(services: Services) -> None:
    @ui.page("/console/zones/{zone_id}/trial")
    async def trial(request: Request, zone_id: int) -> Response | None:
        who = visitor(request)
        if who is None:
            return door(request)
        with page(services, who, "cameras", who.word("trial")):
            if who.has(Role.OFFICER) or who.has(Role.OPERATOR):
                await TrialPage(services, who, zone_id).build()
            else:
                ui.label(who.word("not_for_you")).classes("qf-card")
        return None


class TrialPage:
    """One person at one zone's trial."""

    def __init__(self, services: Services, who: Visitor, zone_id: int) -> None:
        self.services = services
        self.who = who
        self.zone_id = zone_id

    async def build(self) -> None:
        self.body = ui.element("div").classes("w-full")
        if self.who.has(Role.OPERATOR):
            with ui.element("div").classes("qf-card"):
                ui.upload(
                    label=self.who.word("sign_photo"), auto_upload=True, max_file_size=10_000_000,
                    on_upload=self._photo,
                ).props('accept=".jpg,.jpeg" flat bordered')  # fmt: skip
        await self._show()

    async def _show(self) -> None:
        view = await attempt(self._read, self.who)
        self.body.clear()
        if view is None:
            return
        with self.body:
            self._numbers(view)
            with ui.element("div").classes("qf-card w-full"):
                raw(f"<h2>{escape(self.who.word('trial_waiting'))}</h2>")
                ui.label(self.who.word("trial_hint")).classes("qf-muted")
                if not view.waiting:
                    ui.label(self.who.word("trial_none")).classes("qf-muted")
                for one in view.waiting:
                    self._event(one)

    def _numbers(self, view: TrialView) -> None:
        word, trial = self.who.word, view.trial
        lines = [
            (word("trial_numbers"), f"{trial.answered} / {trial.needed}"),
            (word("trial_right"), f"{trial.right}"),
            (word("trial_bound"), f"{trial.lower_bound:.3f} / {trial.bar:g}"),
            (word("trial_more"), f"{trial.more_right_answers}"),
        ]
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in lines
        )
        proven = f'<p class="qf-ok">{escape(word("trial_proven"))}</p>' if trial.proven else ""
        table = f'<table class="qf pairs">{rows}</table>'
        body = f"{table}{proven}{standing_of(self.who, view.zone)}"
        raw(card(view.name, body)).classes("w-full")

    def _event(self, one: Waiting) -> None:
        with ui.element("div").classes("qf-part w-full"):
            raw(
                f'<a class="qf-link" href="/console/events/{one.id}">{escape(one.event_no)}</a> '
                f'<span class="qf-muted">{escape(one.flagged)} · {escape(one.said)}</span>'
            )
            if not self.who.has(Role.OFFICER):
                return
            with ui.row().classes("qf-buttons w-full"):
                why = ui.input(self.who.word("trial_why")).props("dense maxlength=200")

                async def right() -> None:
                    await self._answer(one.id, right=True)

                async def wrong() -> None:
                    await self._answer(one.id, right=False, reason=str(why.value or ""))

                ui.button(self.who.word("trial_is_right"), on_click=right).props(
                    "no-caps color=teal-9"
                )
                ui.button(self.who.word("trial_is_wrong"), on_click=wrong).props(
                    "no-caps outline color=grey-8"
                )

    async def _answer(self, event_id: int, *, right: bool, reason: str = "") -> None:
        def write() -> bool:
            with self.services.store.begin() as session:
                event, user = session.get(Event, event_id), session.get(User, self.who.id)
                if event is None or user is None:
                    raise NotFound(f"there is no event {event_id}")
                at = self.services.clock.now()
                precision.answer(session, event, user, right=right, reason=reason, at=at)
            return True

        if await attempt(write, self.who):
            await self._show()

    async def _photo(self, event: events.UploadEventArguments) -> None:
        data = await event.file.read()

        def write() -> bool:
            with self.services.store.begin() as session:
                zoning.save_sign_photo(
                    session, self.services, self.zone_id, data, actor=self.who.username,
                    user=session.get(User, self.who.id),
                )  # fmt: skip
            return True

        if await attempt(write, self.who):
            ui.notify(self.who.word("sign_photo_saved"), type="positive")
            await self._show()

    def _read(self) -> TrialView:
        with self.services.store.read() as session:
            zone = registry.get_zone(session, self.zone_id)
            at = self.services.clock.now()
            found = precision.trial_events(session, zone)
            answered = precision.answers_of(session, found)
            waiting = [event for event in reversed(found) if event.id not in answered]
            (shown,) = [
                view
                for view in camera_views.zones(session, zone.camera_id, at=at)
                if view.id == zone.id
            ]
            return TrialView(
                name=zone.name,
                camera_id=zone.camera_id,
                trial=precision.trial(session, zone, policy=load_policy(session)),
                zone=shown,
                waiting=[_waiting(event) for event in waiting[:SHOWN]],
            )


def _waiting(event: Event) -> Waiting:
    said = mask(event.plate) if event.plate else event.object_kind
    return Waiting(event.id, event.event_no, views.local(event.flagged_at) or "", said)
