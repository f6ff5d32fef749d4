"""The list of exemptions: who may stand where, by which document; adding and ending entries."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui
from sqlalchemy import select

from api.console.codes import OUTCOMES, coded
from api.console.hours import HoursRows
from api.console.layout import Visitor, attempt, door, in_database, page, raw, visitor
from api.console.typed_times import dated, typed_instant
from models import exemptions
from models.exemptions import ExemptionKind
from models.people import Role, User
from models.plate import mask
from models.zone import EnforcementArea
from pipeline.services import Services

Line = tuple[int, str, bool]
"""Id, markup, and whether it can be ended."""


def build(services: Services) -> None:
    @ui.page("/console/exemptions")
    async def list_(request: Request) -> Response | None:
        who = visitor(request)
        if who is None:
            return door(request)
        with page(services, who, "exemptions", who.word("exemptions")):
            if who.has(Role.OPERATOR) or who.has(Role.OFFICER):
                await ExemptionPage(services, who).build()
            else:
                ui.label(who.word("not_for_you")).classes("qf-card")
        return None


class ExemptionPage:
    """One person at the list; only operators add and end."""

    def __init__(self, services: Services, who: Visitor) -> None:
        self.services = services
        self.who = who

    async def build(self) -> None:
        ui.label(self.who.word("exemption_hint")).classes("qf-muted")
        self.rows = ui.element("div").classes("w-full")
        if self.who.has(Role.OPERATOR):
            areas = await in_database(self._areas)
            with ui.element("div").classes("qf-card w-full"):
                self._form(areas)
        await self._show()

    async def _show(self) -> None:
        lines = await in_database(self._read)
        self.rows.clear()
        with self.rows:
            if not lines:
                ui.label(self.who.word("exemption_none")).classes("qf-card qf-muted")
            for number, markup, can_end in lines:
                with ui.element("div").classes("qf-card w-full"):
                    raw(markup)
                    if can_end and self.who.has(Role.OPERATOR):
                        self._ending(number)

    def _ending(self, number: int) -> None:
        with ui.row().classes("qf-buttons w-full"):
            why = ui.input(self.who.word("exemption_end_why")).props("dense maxlength=200")

            async def end() -> None:
                if await attempt(lambda: self._end(number, str(why.value or "")), self.who):
                    ui.notify(self.who.word("exemption_ended"), type="positive")
                    await self._show()

            ui.button(self.who.word("exemption_end"), on_click=end).props(
                "no-caps outline color=grey-8"
            )

    def _form(self, areas: dict[int, str]) -> None:
        word = self.who.word
        raw(f"<h2>{escape(word('exemption_add'))}</h2>")
        kinds = {k.value: coded(OUTCOMES, k.value, self.who.language) for k in ExemptionKind}
        with ui.element("div").classes("qf-form"):
            self.fields: dict[str, Any] = {
                "kind": ui.select(kinds, label=word("exemption_kind"), value=next(iter(kinds))),
                "plate": ui.input(word("exemption_plate")).props("autocomplete=off maxlength=20"),
                "area_id": ui.select(areas, label=word("exemption_area")),
                "task": ui.input(word("exemption_task")).props("maxlength=200"),
                "document": ui.input(word("exemption_document")).props("maxlength=120"),
                "approver": ui.input(word("exemption_approver")).props("maxlength=60"),
                "valid_from": ui.input(word("exemption_from")),
                "valid_until": ui.input(word("exemption_until")),
            }
        self.hours = HoursRows(self.who)

        async def add() -> None:
            if await attempt(self._add, self.who):
                ui.notify(word("exemption_added"), type="positive")
                for key in ("plate", "task", "document", "approver"):
                    self.fields[key].value = ""
                await self._show()

        ui.button(word("exemption_add"), on_click=add).classes("q-mt-md").props(
            "no-caps color=teal-9"
        )

    # -- in the database ----------------------------------------------------------------------

    def _areas(self) -> dict[int, str]:
        with self.services.store.read() as session:
            query = select(EnforcementArea).order_by(EnforcementArea.name)
            return {area.id: area.name for area in session.scalars(query)}

    def _read(self) -> list[Line]:
        at = self.services.clock.now()
        with self.services.store.read() as session:
            rows = exemptions.list_exemptions(session, at=at)
            return [self._line(row, at) for row in rows]

    def _line(self, row: exemptions.Exemption, at: datetime) -> Line:
        what = coded(OUTCOMES, row.kind, self.who.language)
        ended = row.ended_at is not None
        over = ended or row.valid_until <= at
        said = [
            f"<b>{escape(what)}</b> {escape(mask(row.plate) if row.plate else '–')} · "
            f"{escape(row.area.name)}",
            f"{escape(row.task)} · {escape(row.document)} · {escape(row.approver)}",
            f"{dated(row.valid_from)} – {dated(row.valid_until)}",
        ]
        if ended:
            said.append(f"{escape(self.who.word('exemption_ended'))}: {escape(row.ended_reason)}")
        quiet = " qf-muted" if over else ""
        return row.id, f'<div class="{quiet}">' + "<br>".join(said) + "</div>", not over

    def _add(self) -> bool:
        values = {key: field.value for key, field in self.fields.items()}
        values = {key: value for key, value in values.items() if value not in (None, "")}
        for key in ("valid_from", "valid_until"):
            values[key] = typed_instant(key, values.get(key))
        with self.services.store.begin() as session:
            exemptions.add_exemption(
                session, {**values, "hours": self.hours.bands}, at=self.services.clock.now(),
                actor=self.who.username, user=session.get(User, self.who.id),
            )  # fmt: skip
        return True

    def _end(self, number: int, reason: str) -> bool:
        with self.services.store.begin() as session:
            exemptions.end_exemption(
                session, exemptions.get_exemption(session, number), reason=reason,
                at=self.services.clock.now(), actor=self.who.username,
                user=session.get(User, self.who.id),
            )  # fmt: skip
        return True
