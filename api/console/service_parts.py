"""The papers around a hand-over: the pre-notice's print and number, how it and the decision reached
the party. What stands on paper is typed in here; every button is one act of `api.decision_desk`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from nicegui import ui

from api.console.layout import Visitor, attempt
from api.console.typed_times import dated, typed_instant
from api.decision_desk import DecisionDesk
from models.handover import SERVED_HOW
from models.penalty import RECEIVED_BY
from models.pre_notice import DELIVERED_HOW

Button = Callable[..., None]
"""`DecisionCard.button`: a caption's key and what it does."""
Shown = list[tuple[str, str, str]]


class Papers:
    """The forms of one officer on one event."""

    def __init__(
        self, who: Visitor, event_no: str, desk: Callable[[], DecisionDesk], button: Button
    ) -> None:
        self.who, self.event_no, self.desk, self.button = who, event_no, desk, button

    def sheet(self, sheet: dict[str, Any], refresh: Callable[[], Awaitable[None]]) -> None:
        """The sheet that was written: print it, number it, say how it was delivered."""
        self._print(refresh)
        if sheet["delivered_at"] or sheet["waived_at"]:
            return
        word = self.who.word
        number = ui.input(word("sheet_number"), value=sheet["number"]).classes("w-full")
        self.button("give_number", lambda: self.desk().give_number(number.value or ""))
        read = self._receipt("how_delivered", DELIVERED_HOW)
        self.button("record_delivery", lambda: self.desk().deliver(*read()), plain=False)
        waiver = ui.input(word("waiver")).classes("w-full")
        self.button("record_waiver", lambda: self.desk().waive(waiver.value or ""))

    def decision(self, told: dict[str, Any]) -> None:
        """After the hand-over: the decision's number and day, then its service (L16, L17)."""
        if not told["exported_at"] or told["served_at"]:
            return
        word = self.who.word
        if not told["decided_at"]:
            number = ui.input(word("decision_no")).classes("w-full")
            day = self._time("decided_day")
            self.button(
                "record_decision",
                lambda: self.desk().decided(number.value or "", _instant(day.value)),
                plain=False,
            )
            return
        read = self._receipt("how_served", SERVED_HOW)
        self.button("record_service", lambda: self.desk().served(*read()), plain=False)

    def _receipt(
        self, caption: str, ways: tuple[str, ...]
    ) -> Callable[[], tuple[str, str, datetime | None, str]]:
        """Way, number of the receipt, day and who took it; gives what reads them."""
        word = self.who.word
        options = {way: word(way) for way in ways}
        how = ui.select(options, label=word(caption), value="in_person").classes("w-full")
        takers = {who: word(f"took_{who}") for who in RECEIVED_BY}
        taker = ui.select(takers, label=word("received_by"), value=None).classes("w-full")
        proof = ui.input(word("proof")).classes("w-full")
        day = self._time("served_day")
        return lambda: (
            str(how.value), proof.value or "", _instant(day.value), str(taker.value or "")
        )  # fmt: skip

    def _time(self, caption: str) -> ui.input:
        entry = ui.input(self.who.word(caption), placeholder="2026-11-22 07:00")
        return entry.classes("w-full")

    def _print(self, refresh: Callable[[], Awaitable[None]]) -> None:
        async def press() -> None:
            data = await attempt(lambda: self.desk().print(), self.who)
            if data is not None:
                ui.download(data, f"pre-notice-{self.event_no}.pdf")
                await refresh()

        ui.button(self.who.word("print_sheet"), on_click=press).classes("w-full q-mb-sm").props(
            "no-caps outline color=teal-9"
        )


def recorded(who: Visitor, told: dict[str, Any]) -> Shown:
    """What is on record of the papers, as lines of a table: caption, words, key."""
    word, sheet = who.word, told["pre_notice"]
    lines: Shown = []
    if sheet is not None:
        lines.append((word("sheet_number"), sheet["number"], "number"))
        lines += _taken(who, "sheet_delivered", sheet, "delivered")
    if told["decision_no"]:
        lines.append((word("decision_no"), told["decision_no"], "decision_no"))
    return lines + _taken(who, "decision_served", told, "served")


def _taken(who: Visitor, caption: str, paper: dict[str, Any], act: str) -> Shown:
    """When, how and by whom a document was taken; nothing while it was not."""
    at, taker = paper[f"{act}_at"], paper["received_by"]
    if not at:
        return []
    said = [dated(datetime.fromisoformat(at)), who.word(paper[f"{act}_how"])]
    said += [who.word(f"took_{taker}")] if taker else []
    return [(who.word(caption), " · ".join(said), caption)]


def _instant(text: str | None) -> datetime | None:
    """None for now."""
    return typed_instant("at", text) if (text or "").strip() else None
