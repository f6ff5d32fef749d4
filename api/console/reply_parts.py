"""What the owner answered by text, on an event's page, and the officer's word on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nicegui import ui

from api import reply_shapes
from api.console import text_words, views
from api.console.codes import coded
from api.console.layout import Visitor, attempt, in_database, poll
from api.field_reading import Reader
from models import replies
from models.errors import NotFound
from models.event import Event
from models.fields import instant
from models.notice import Reply
from models.people import Role, User
from pipeline.services import Services

REFRESH_SECONDS = 2.0


def build(services: Services, who: Visitor, event_id: int) -> None:
    """A card with every reply; none for whoever is on the spot, and while there is no reply."""
    if Reader(who.roles, who.id).office:
        card = ReplyCard(services, who, event_id)
        ui.timer(0, card.refresh, once=True)
        poll(REFRESH_SECONDS, card.refresh)


@dataclass
class ReplyCard:
    services: Services
    who: Visitor
    event_id: int
    shown: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def __post_init__(self) -> None:
        self.frame = ui.element("section").classes("w-full")

    async def refresh(self) -> None:
        """Read anew; what somebody is writing stays while the replies are the same."""
        current = await in_database(self._read)
        if current == self.shown:
            return
        self.shown = current
        self.frame.clear()
        with self.frame, ui.element("div").classes("qf-card"):
            ui.html(f"<h2>{self.who.word('replies')}</h2>", sanitize=False)
            for row in current:
                self._reply(row)

    def _read(self) -> list[dict[str, Any]]:
        with self.services.store.read() as session:
            event = session.get_one(Event, self.event_id)
            return list(reply_shapes.of_event(session, event)["replies"])

    def _reply(self, row: dict[str, Any]) -> None:
        who = self.who
        meanings = " · ".join(
            coded(text_words.MEANINGS, code, who.language) for code in row["meanings"]
        )
        with ui.element("div").classes("qf-sms w-full"):
            ui.label(row["text"] or who.word("reply_gone")).style("white-space:pre-line")
            at = views.local(instant("received_at", row["received_at"]))
            ui.label(f"{at} · {meanings}").classes("qf-muted")
            answer = row["answer"]
            if answer:
                right = answer["contact_is_right"]
                said = who.word("reply_contact_right" if right else "reply_contact_wrong")
                ui.label(f"{answer['officer']}: {said}; {answer['note']}")
        if row["freezes"]:
            ui.label(who.word("reply_frozen")).classes("qf-warn w-full")
            if who.has(Role.OFFICER):
                self._form(row["id"])

    def _form(self, reply_id: int) -> None:
        who = self.who
        note = ui.input(who.word("reply_note")).classes("w-full")

        async def give(contact_is_right: bool) -> None:
            done = await attempt(
                lambda: self._answer(reply_id, contact_is_right, note.value or ""), who
            )
            if done:
                ui.notify(who.word("done"), type="positive")
                await self.refresh()

        with ui.row().classes("w-full qf-buttons"):
            ui.button(who.word("reply_contact_wrong"), on_click=lambda: give(False)).props(
                "no-caps color=teal-9"
            )
            ui.button(who.word("reply_contact_right"), on_click=lambda: give(True)).props(
                "no-caps outline color=grey-8"
            )

    def _answer(self, reply_id: int, contact_is_right: bool, note: str) -> bool:
        with self.services.store.begin() as session:
            row, user = session.get(Reply, reply_id), session.get(User, self.who.id)
            if row is None or user is None:
                raise NotFound(f"there is no reply {reply_id}")
            replies.answer(
                session, row, user, contact_is_right=contact_is_right, note=note,
                at=self.services.clock.now(),
            )  # fmt: skip
        return True
