"""A camera's standing in law: what it must have before its record may be evidence (L01, L60)."""

from __future__ import annotations

from datetime import datetime, time
from html import escape
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui
from sqlalchemy.orm import Session

from api.console.layout import Visitor, attempt, door, page, raw, visitor
from api.console.refusals import told_refusal
from api.console.typed_times import typed_day
from models import fitness, registry
from models.camera import Camera, PlaceKind
from models.people import Role
from models.policy import LOCAL_ZONE
from models.zone import ZoneKind
from pipeline.services import Services

TEXTS = ("legal_review", "technical_review", "filing_no", "purpose", "impact_assessment")
DAYS = {"published_on": "published_at", "calibrated_on": "calibrated_until"}
"""Entry of the form, and the camera's field that it sets."""


def build(services: Services) -> None:
    @ui.page("/console/cameras/{camera_id}/standing")
    async def standing(request: Request, camera_id: int) -> Response | None:
        who = visitor(request)
        if who is None:
            return door(request)
        with page(services, who, "cameras", who.word("standing")):
            if who.has(Role.OPERATOR):
                await StandingPage(services, who, camera_id).build()
            else:
                ui.label(who.word("not_for_you")).classes("qf-card")
        return None


class StandingPage:
    def __init__(self, services: Services, who: Visitor, camera_id: int) -> None:
        self.services = services
        self.who = who
        self.camera_id = camera_id

    async def build(self) -> None:
        found = await attempt(self._read, self.who)
        if found is None:
            return
        name, values, missing = found
        raw(f"<h1>{escape(name)} · {escape(self.who.word('standing'))}</h1>")
        self.missing = raw(missing).classes("w-full")
        with ui.element("div").classes("qf-card w-full"):
            self._form(values)

    def _form(self, values: dict[str, Any]) -> None:
        word = self.who.word
        places = {kind.value: word(f"place_{kind.value}") for kind in PlaceKind}
        kinds = {kind.value: word(f"kind_{kind.value}") for kind in ZoneKind}
        with ui.element("div").classes("qf-form"):
            self.fields: dict[str, Any] = {
                "place_kind": ui.select(
                    places, label=word("place_kind"), value=values["place_kind"]
                ),
                "approved_detectors": ui.select(
                    kinds,
                    label=word("approved_detectors"),
                    value=values["approved_detectors"],
                    multiple=True,
                ),
            }
            for key in TEXTS:
                self.fields[key] = ui.input(word(key), value=values[key])
            for key in DAYS:
                self.fields[key] = ui.input(word(key), value=values[key], placeholder="2026-11-22")
            self.fields["sign_installed"] = ui.checkbox(
                word("sign_installed"), value=values["sign_installed"]
            )

        async def save() -> None:
            missing = await attempt(self._write, self.who)
            if missing is not None:
                self.missing.content = missing
                ui.notify(word("standing_saved"), type="positive")

        ui.button(word("save"), on_click=save).classes("w-full").props("no-caps color=teal-9")

    def _read(self) -> tuple[str, dict[str, Any], str]:
        with self.services.store.read() as session:
            camera = registry.get_camera(session, self.camera_id)
            values: dict[str, Any] = {key: getattr(camera, key) or "" for key in TEXTS}
            values |= {
                "place_kind": camera.place_kind,
                "approved_detectors": list(camera.approved_detectors),
                "sign_installed": camera.sign_installed,
            }
            for key, column in DAYS.items():
                at: datetime | None = getattr(camera, column)
                values[key] = at.astimezone(LOCAL_ZONE).date().isoformat() if at else ""
            return camera.name, values, self._missing(session, camera)

    def _missing(self, session: Session, camera: Camera) -> str:
        """What stands against each zone's evidence, and what somebody should see to."""
        at, language = self.services.clock.now(), self.who.language
        lines = [told_refusal(warning, language) for warning in fitness.warnings(camera, at=at)]
        for version in registry.zones_for(session, camera):
            for gap in fitness.gaps(camera, version, at=at):
                lines.append(f"{version.zone.name}: {told_refusal(gap, language)}")
        if not lines:
            return f'<p class="qf-ok">{escape(self.who.word("zone_complete"))}</p>'
        return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"

    def _write(self) -> str:
        values: dict[str, Any] = {
            key: self.fields[key].value
            for key in (*TEXTS, "place_kind", "approved_detectors", "sign_installed")
        }
        for key, column in DAYS.items():
            # A verification holds to the end of its last day.
            hour = time(23, 59, 59) if column == "calibrated_until" else time()
            day = typed_day(key, self.fields[key].value)
            values[column] = None if day is None else datetime.combine(day, hour, LOCAL_ZONE)
        with self.services.store.begin() as session:
            camera = registry.get_camera(session, self.camera_id)
            registry.update_camera(
                session, camera, values, at=self.services.clock.now(), actor=self.who.username
            )
            return self._missing(session, camera)
