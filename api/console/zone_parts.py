"""The parts of the zone form that only some kinds have: approved places, hours of a crowd zone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nicegui import ui

from api.console.layout import Visitor
from models.zone import ZoneKind
from vision.types import Box

FACADES = frozenset({ZoneKind.HANGING.value, ZoneKind.POSTER.value})
NUMBERS = ("threshold", "slow_look_seconds", "area_m2", "density_threshold")
"""Fields that may stay empty."""
_TEXTS = ("label", "document", "approver", "valid_from", "valid_until")
_LONGEST = 60


@dataclass
class ZoneParts:
    """What was approved, as boxes drawn on the picture, and the bands of a crowd zone.

    `changed` is called when the picture has to be drawn anew.
    """

    who: Visitor
    changed: Callable[[], None]
    approved: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    bands: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    drawing: bool = False
    """Whether the mouse draws approved places and not the zone's corners."""
    start: tuple[float, float] | None = None
    end: tuple[float, float] | None = None
    kind: str = ZoneKind.PARKING.value

    def build(self, propose: Callable[[], Any]) -> None:
        """Lay out both lists; `propose` is what the button for the present adverts does."""
        word = self.who.word
        self.hint = ui.label().classes("qf-muted qf-kind-hint q-mb-sm")
        self.places = ui.element("div").classes("w-full")
        with self.places:
            ui.label(word("approved_places")).classes("text-weight-medium")
            ui.label(word("approved_hint")).classes("qf-muted")
            with ui.row().classes("qf-buttons"):
                self.switch = ui.switch(
                    word("draw_approved"), on_change=lambda e: self._switch(bool(e.value))
                )
                self.proposal = ui.button(word("propose_approved"), on_click=propose).props(
                    "no-caps outline color=teal-9"
                )
            self.place_rows = ui.element("div").classes("w-full")
        self.hours = ui.element("div").classes("w-full")
        with self.hours:
            ui.label(word("crowd_bands")).classes("text-weight-medium")
            ui.label(word("crowd_bands_hint")).classes("qf-muted")
            self.band_rows = ui.element("div").classes("w-full")
            ui.button(word("add_band"), on_click=self._add_band).props(
                "no-caps outline color=teal-9"
            ).classes("q-mb-md")
        self.show(self.kind)

    def show(self, kind: str) -> None:
        """Only what this kind of zone has."""
        self.kind = kind
        self.hint.text = self.who.word(f"kind_hint_{kind}")
        self.places.set_visibility(kind in FACADES)
        self.proposal.set_visibility(kind == ZoneKind.POSTER)
        self.hours.set_visibility(kind == ZoneKind.CROWD)
        if kind not in FACADES:
            self.switch.value = False
        self._show_rows()

    def fill(self, approved: Any = (), bands: Any = ()) -> None:
        """Take a zone's lists into the form."""
        self.approved = [dict(entry) for entry in approved]
        self.bands = [dict(entry) for entry in bands]
        self.start = self.end = None
        self.switch.value = False
        self._show_rows()

    def values(self) -> dict[str, Any]:
        """What a save has to say of them."""
        if self.kind in FACADES:
            return {"approved": self.approved}
        return {"bands": self.bands} if self.kind == ZoneKind.CROWD else {}

    def add_box(self, box: Box, label: str = "") -> None:
        """One more approved place."""
        x1, y1, x2, y2 = (round(edge, 5) for edge in box)
        number = len(self.approved) + 1
        self.approved.append(
            {
                "label": label or f"{self.who.word('approved_place')} {number}",
                "polygon": [[x1, y1], [x2, y1], [x2, y2], [x1, y2]],
                "document": "", "approver": "", "valid_from": None, "valid_until": None,
            }
        )  # fmt: skip
        self._show_rows()
        self.changed()

    def mouse(self, kind: str, x: float, y: float, *, pressed: bool) -> None:
        """A rectangle is dragged from corner to corner."""
        if kind == "mousedown":
            self.start = self.end = (x, y)
        elif self.start is not None and kind == "mousemove" and pressed:
            self.end = (x, y)
        elif self.start is not None and kind == "mouseup":
            (ax, ay), (bx, by) = self.start, (x, y)
            self.start = self.end = None
            if abs(ax - bx) > 0.005 and abs(ay - by) > 0.005:
                self.add_box((min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)))
        self.changed()

    @property
    def rectangle(self) -> Box | None:
        """What is being dragged right now."""
        if self.start is None or self.end is None:
            return None
        (ax, ay), (bx, by) = self.start, self.end
        return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)

    def _switch(self, drawing: bool) -> None:
        self.drawing = drawing
        self.start = self.end = None
        self.changed()

    def _show_rows(self) -> None:
        self.place_rows.clear()
        with self.place_rows:
            for index in range(len(self.approved)):
                self._place_row(index)
        self.band_rows.clear()
        with self.band_rows:
            for index in range(len(self.bands)):
                self._band_row(index)

    def _place_row(self, index: int) -> None:
        word, entry = self.who.word, self.approved[index]
        with ui.element("div").classes("qf-form qf-part"):
            for key in _TEXTS:
                hint = "2026-11-22" if key.startswith("valid") else ""
                entry_field = ui.input(
                    word(f"approved_{key}"),
                    value=entry.get(key) or "",
                    placeholder=hint,
                    on_change=lambda e, k=key, v=entry: (
                        v.__setitem__(k, e.value or None)
                        if k.startswith("valid")
                        else v.__setitem__(k, e.value or "")
                    ),
                ).props(f"dense maxlength={_LONGEST}")
                if key == "label":
                    entry_field.classes("wide")
            ui.button(word("remove"), on_click=lambda: self._drop(self.approved, index)).props(
                "flat dense no-caps color=grey-8"
            )

    def _band_row(self, index: int) -> None:
        word, entry = self.who.word, self.bands[index]
        with ui.element("div").classes("qf-form qf-part"):
            for key in ("start", "end"):
                ui.input(
                    word(f"band_{key}"),
                    value=entry[key],
                    on_change=lambda e, k=key, v=entry: v.__setitem__(k, e.value or ""),
                ).props("dense maxlength=5")
            ui.number(
                word("band_threshold"),
                value=entry["threshold"],
                min=1,
                step=1,
                on_change=lambda e, v=entry: v.__setitem__("threshold", e.value),
            ).props("dense")
            ui.button(word("remove"), on_click=lambda: self._drop(self.bands, index)).props(
                "flat dense no-caps color=grey-8"
            )

    def _add_band(self) -> None:
        self.bands.append({"start": "07:00", "end": "22:00", "threshold": 60})
        self._show_rows()

    def _drop(self, entries: list[dict[str, Any]], index: int) -> None:
        del entries[index]
        self._show_rows()
        self.changed()
