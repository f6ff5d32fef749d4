"""Rows of hours on a form: days, from, until; of a zone, a bay or an exemption."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from api.console.layout import Visitor
from models.schedule import DAYS


class HoursRows:
    """A list of bands that a person edits; `bands` is what a save says (models.schedule)."""

    def __init__(self, who: Visitor, bands: Any = ()) -> None:
        self._who = who
        self.bands: list[dict[str, Any]] = [dict(band) for band in bands]
        self._rows = ui.element("div").classes("w-full")
        ui.button(who.word("hours_add"), on_click=self._add).props(
            "no-caps outline dense color=teal-9"
        )
        self._show()

    def fill(self, bands: Any) -> None:
        self.bands = [dict(band) for band in bands]
        self._show()

    def _add(self) -> None:
        self.bands.append({"days": ["work"], "start": "07:00", "end": "19:00"})
        self._show()

    def _drop(self, index: int) -> None:
        del self.bands[index]
        self._show()

    def _show(self) -> None:
        self._rows.clear()
        with self._rows:
            if not self.bands:
                ui.label(self._who.word("hours_always")).classes("qf-muted")
            for index in range(len(self.bands)):
                self._row(index)

    def _row(self, index: int) -> None:
        word, band = self._who.word, self.bands[index]
        names = {day: word(f"day_{day}") for day in DAYS}
        with ui.element("div").classes("qf-form qf-part"):
            ui.select(
                names,
                label=word("hours_days"),
                value=band["days"],
                multiple=True,
                on_change=lambda e: band.__setitem__("days", list(e.value)),
            ).classes("wide").props("dense")
            for key in ("start", "end"):
                ui.input(
                    word(f"hours_{key}"),
                    value=band[key],
                    on_change=lambda e, k=key: band.__setitem__(k, e.value or ""),
                ).props("dense maxlength=5")
            ui.button(word("remove"), on_click=lambda: self._drop(index)).props(
                "flat dense no-caps color=grey-8"
            )
