"""The card beside a decision: who holds it, who is recused, grounds to cancel, the hand-over.

Every button is one act of `api.decision_desk`; the flow refuses what is not allowed, and says why.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from html import escape
from typing import Any

from nicegui import ui
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.console import codes, views
from api.console.codes import coded
from api.console.layout import Visitor, attempt, raw, table
from api.console.refusals import told_refusal
from api.console.service_parts import Papers, recorded
from api.decision_desk import DecisionDesk, standing
from models.errors import Conflict, NotAllowed, Refusal
from models.event import Event, EventState, FlowName
from models.flows.parking import PARKING
from models.grounds import VoidReason
from models.penalty import Degree, Sanction
from models.people import Role
from models.policy import load_policy
from models.pre_notice import LONGEST, Texts, prepared
from models.recusal import RecusalReason
from pipeline.services import Services

Refresh = Callable[[], Awaitable[None]]


def read(services: Services, who: Visitor, session: Session, event: Event) -> dict[str, Any]:
    """What the card shows; nothing for who decides nothing."""
    if not who.has(Role.OFFICER):
        return {}
    told = standing(session, event, policy=load_policy(session), at=services.clock.now())
    told["prepared"] = None
    if told["handover"] is not None and event.flow == FlowName.PARKING:
        ready = prepared(event)
        told["prepared"] = {name: getattr(ready, name) for name in LONGEST}
    return told


def open_for_review(services: Services, who: Visitor, event_id: int) -> None:
    """W42: whoever opens an event that waits for a decision holds it for a quarter of an hour."""
    with services.store.read() as session:
        state = session.scalar(select(Event.state).where(Event.id == event_id))
    if who.has(Role.OFFICER) and state == EventState.REVIEW_PENDING:
        try:
            DecisionDesk(services, event_id, who.id).hold()
        except (Conflict, NotAllowed):
            return  # the card says who holds it


def held_by_other(who: Visitor, told: dict[str, Any]) -> bool:
    holder = told.get("holder")
    return holder is not None and holder["officer"] != who.username


def subject(who: Visitor, told: dict[str, Any]) -> tuple[Any, ...]:
    """While this stays, what is typed stays; renewing one's own lease is no change."""
    return (
        held_by_other(who, told) and told["holder"],
        *(told.get(key) for key in ("recusals", "recusal_requests", "ground", "handover")),
    )


def banner(who: Visitor, told: dict[str, Any]) -> None:
    """Who has it open, instead of the buttons to decide."""
    holder = told["holder"]
    until = views.local(datetime.fromisoformat(holder["until"]))
    said = f"{who.word('held_by')}: {holder['officer']} · {who.word('held_until')} {until}"
    ui.label(said).classes("qf-warn w-full")


class DecisionCard:
    """The card of one person on one event."""

    def __init__(
        self, services: Services, who: Visitor, view: views.EventView, refresh: Refresh
    ) -> None:
        self.services, self.who, self.view, self.refresh = services, who, view, refresh

    def build(self, told: dict[str, Any]) -> None:
        """Draw the card into the element that is open now."""
        if not told or self.view.row.flow == FlowName.CROWD:
            return
        self._holder(told)
        self._recusal(told)
        if self.view.row.flow == FlowName.PARKING:
            self._void(told)
        if told["handover"] is not None and told["prepared"] is not None:
            self._handover(told["handover"], told["prepared"])

    def _desk(self) -> DecisionDesk:
        return DecisionDesk(self.services, self.view.row.id, self.who.id, self.view.version)

    def button(self, caption: str, act: Callable[[], object], *, plain: bool = True) -> None:
        async def press() -> None:
            done = await attempt(lambda: (act(), True), self.who)
            if done is not None:
                ui.notify(self.who.word("done"), type="positive")
                await self.refresh()

        look = "no-caps outline color=grey-8" if plain else "no-caps color=teal-9"
        ui.button(self.who.word(caption), on_click=press).classes("w-full q-mb-sm").props(look)

    def _holder(self, told: dict[str, Any]) -> None:
        holder = told["holder"]
        if holder is not None and holder["officer"] == self.who.username:
            self.button("give_back", lambda: self._desk().give_back())

    def _recusal(self, told: dict[str, Any]) -> None:
        word = self.who.word
        names = [row["officer"] for row in told["recusals"]]
        waiting = [row for row in told["recusal_requests"] if row["status"] == "open"]
        if names:
            ui.label(f"{word('recused_officers')}: {', '.join(names)}").classes("qf-warn w-full")
        for row in waiting:
            self._request(row)
        if self.who.username in names:
            return
        with ui.expansion(word("recusal")).classes("w-full"):
            reasons = {
                code.value: word("OTHER_CONFLICT" if code == "OTHER" else code)
                for code in RecusalReason
            }
            code = ui.select(reasons, label=word("recusal_reason"), value=None).classes("w-full")
            note = ui.input(word("note")).classes("w-full")
            self.button("recuse_me", lambda: self._desk().recuse(str(code.value), note.value or ""))

    def _request(self, row: dict[str, Any]) -> None:
        word = self.who.word
        with ui.element("div").classes("qf-sms w-full"):
            ui.label(word("recusal_requests")).classes("text-weight-bold")
            ui.label(row["text"]).style("white-space:pre-line")
            names = ui.input(word("grant_for")).classes("w-full")
            text = ui.textarea(word("statement_answer")).classes("w-full").props("autogrow")

            def answer() -> object:
                officers = [n.strip() for n in (names.value or "").replace("，", ",").split(",")]
                return self._desk().answer_recusal(
                    row["id"], text.value or "", [name for name in officers if name]
                )

            self.button("answer_it", answer)

    def _void(self, told: dict[str, Any]) -> None:
        if not PARKING.rows(self.view.row.state, "void"):
            return
        word, language = self.who.word, self.who.language
        with ui.expansion(word("void_record")).classes("w-full"):
            ground = told["ground"]
            if ground is not None:
                said = coded(codes.OUTCOMES, ground["reason"], language)
                ui.label(f"{word('ground_verified')}: {said}").classes("qf-warn w-full")
            reasons = {r.value: coded(codes.OUTCOMES, r.value, language) for r in VoidReason}
            chosen = ground["reason"] if ground else None
            code = ui.select(reasons, label=word("void_reason"), value=chosen).classes("w-full")
            note = ui.input(word("note")).classes("w-full")
            if ground is None:
                self.button(
                    "verify_ground",
                    lambda: self._desk().verify_ground(str(code.value), note.value or ""),
                )
            self.button("void_now", lambda: self._desk().void(str(code.value)))

    def _handover(self, told: dict[str, Any], ready: dict[str, str]) -> None:
        word = self.who.word
        with ui.expansion(word("handover"), value=True).classes("w-full"):
            raw(_summary(self.who, told)).classes("w-full")
            sheet, papers = told["pre_notice"], self._papers()
            if self.view.row.state != EventState.ESCALATED:
                return  # A24: taken back; what was on paper is told, and nothing follows from it
            if sheet is not None:
                papers.sheet(sheet, self.refresh)
            self._write(sheet or ready)
            if not told["consent"]:
                consent = ui.input(word("consent")).classes("w-full")
                self.button("record_consent", lambda: self._desk().consent(consent.value or ""))
            if not told["refusals"]:
                self._export()
            papers.decision(told)

    def _papers(self) -> Papers:
        return Papers(self.who, self.view.row.event_no, self._desk, self.button)

    def _write(self, values: dict[str, Any]) -> None:
        word = self.who.word
        with ui.expansion(word("pre_notice")).classes("w-full"):
            kinds = {kind.value: word(kind.value) for kind in Sanction}
            degrees = {degree.value: word(degree.value) for degree in Degree}
            kind = ui.select(kinds, label=word("sanction"), value=values.get("sanction"))
            degree = ui.select(
                degrees, label=word("degree"), value=values.get("degree") or Degree.ORDINARY.value
            )
            kind.classes("w-full")
            degree.classes("w-full")
            entries = {
                name: ui.textarea(word(name), value=values[name])
                .classes("w-full")
                .props("autogrow")
                for name in LONGEST
            }

            def write() -> object:
                texts = Texts(**{name: entry.value or "" for name, entry in entries.items()})
                return self._desk().write(texts, sanction=str(kind.value), degree=str(degree.value))

            self.button("write_sheet", write, plain=False)

    def _export(self) -> None:
        async def press() -> None:
            sheet = await attempt(lambda: self._desk().export(), self.who)
            if sheet is not None:
                ui.download(sheet.data, f"handover-{self.view.row.event_no}.json")
                await self.refresh()

        ui.button(self.who.word("export_handover"), on_click=press).classes("w-full").props(
            "no-caps color=teal-9"
        )


def _summary(who: Visitor, told: dict[str, Any]) -> str:
    """How far it is, and what still stands against it."""
    word = who.word
    sheet = told["pre_notice"]
    state = word("pre_notice_none")
    if sheet is not None:
        state = f"{word(sheet['sanction'])} · {word('version')} {sheet['version']}"
    pairs = [(word("pre_notice"), state, "pre_notice")]
    pairs += recorded(who, told)
    for key in ("reply_until", "exported_at"):
        if told[key]:
            name = "handed_over" if key == "exported_at" else key
            pairs.append((word(name), views.local(datetime.fromisoformat(told[key])), key))
    refusals = [Refusal(one["code"], one["message"]) for one in told["refusals"]]
    lines = [escape(told_refusal(refusal, who.language)) for refusal in refusals]
    against = "".join(f"<li>{line}</li>" for line in lines)
    listed = f"<div>{escape(word('stands_against'))}<ul>{against}</ul></div>" if against else ""
    note = f'<div class="qf-muted">{escape(word("handover_nothing_else"))}</div>'
    return table(pairs) + listed + note
