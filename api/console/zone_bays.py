"""Bays on the zone form: drawn corner by corner on the picture, each with its hours (L32)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from api.console.hours import HoursRows
from api.console.layout import Visitor
from models.zone import ZoneKind


class BayParts:
    """The bays of a parking zone, and the one that is being drawn.

    `changed` is called when the picture has to be drawn anew.
    """

    def __init__(self, who: Visitor, changed: Callable[[], None]) -> None:
        self.who = who
        self.changed = changed
        self.bays: list[list[list[float]]] = []
        self.hours: list[HoursRows] = []
        self.corners: list[list[float]] = []
        self.drawing = False
        """Whether the mouse draws a bay and not the zone's corners."""

    def build(self) -> None:
        word = self.who.word
        self.part = ui.element("div").classes("w-full q-mb-md")
        with self.part:
            ui.label(word("bays_hint")).classes("qf-muted")
            with ui.row().classes("qf-buttons"):
                self.switch = ui.switch(
                    word("draw_bays"), on_change=lambda e: self._switch(bool(e.value))
                )
                self.done = ui.button(word("bay_done"), on_click=self.finish_bay).props(
                    "no-caps outline color=teal-9"
                )
            self.rows = ui.element("div").classes("w-full")
        self.done.set_visibility(False)

    def show(self, kind: str) -> None:
        """Only parking zones have bays."""
        self.part.set_visibility(kind == ZoneKind.PARKING)
        if kind != ZoneKind.PARKING:
            self.switch.value = False

    def fill(self, bays: Any = (), hours: Any = ()) -> None:
        """Take a zone's bays into the form."""
        kept = [list(bands) for bands in hours]
        self.bays = [[[float(x), float(y)] for x, y in bay] for bay in bays]
        self.corners = []
        self.switch.value = False
        self._show_rows(kept)

    def values(self) -> dict[str, Any]:
        """What a save has to say of them; a bay that was begun counts once it has three corners."""
        if len(self.corners) >= 3:
            self.finish_bay()
        hours = [rows.bands for rows in self.hours]
        return {"bays": self.bays, "bay_hours": hours if any(hours) else []}

    def click(self, x: float, y: float) -> None:
        self.corners.append([x, y])
        self.changed()

    def finish_bay(self) -> None:
        """The corners so far are a bay; fewer than three are thrown away."""
        if len(self.corners) >= 3:
            kept = [rows.bands for rows in self.hours]
            self.bays.append(self.corners)
            self._show_rows(kept)
        self.corners = []
        self.changed()

    def _switch(self, drawing: bool) -> None:
        if not drawing and self.drawing:
            self.finish_bay()
        self.drawing = drawing
        self.done.set_visibility(drawing)
        self.changed()

    def _show_rows(self, hours: list[list[dict[str, Any]]]) -> None:
        self.rows.clear()
        self.hours = []
        with self.rows:
            for index in range(len(self.bays)):
                with ui.element("div").classes("qf-part qf-bay w-full"):
                    with ui.row().classes("qf-buttons"):
                        ui.label(f"{self.who.word('bay')} {index + 1}")
                        ui.button(
                            self.who.word("remove"), on_click=lambda _, i=index: self._drop(i)
                        ).props("flat dense no-caps color=grey-8")
                    self.hours.append(
                        HoursRows(self.who, hours[index] if index < len(hours) else ())
                    )

    def _drop(self, index: int) -> None:
        kept = [rows.bands for rows in self.hours]
        del self.bays[index], kept[index]
        self._show_rows(kept)
        self.changed()
