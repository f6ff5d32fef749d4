"""Drawing a zone with the mouse on the camera's picture; every saving is a version."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from nicegui import events, ui

from api import zoning
from api.console import camera_views, views
from api.console.hours import HoursRows
from api.console.layout import Visitor, attempt, door, in_database, page, raw, visitor
from api.console.pen import ZONE_FILL, ZONE_LINE, Pen, board, corners, shape
from api.console.refusals import told_refusal
from api.console.zone_bays import BayParts
from api.console.zone_form import LEGAL_BASES, entries_of
from api.console.zone_parts import FACADES, NUMBERS, ZoneParts
from api.zone_sight import Sight
from models import registry
from models.people import Role, User
from models.zone import FIRST_PHASE, ZoneKind
from models.zone_parts import DWELL_SECONDS
from pipeline.evidence import decode_jpeg
from pipeline.health_reference import accept_for_zone
from pipeline.services import Services
from vision.looker_closer import propose_approvals
from vision.shapes import Box, Polygon


def build(services: Services) -> None:
    @ui.page("/console/cameras/{camera_id}/zones")
    async def edit(request: Request, camera_id: int) -> Response | None:
        who = visitor(request)
        if who is None:
            return door(request)
        if not who.has(Role.OPERATOR):
            with page(services, who, "cameras", who.word("zones")):
                ui.label(who.word("not_for_you")).classes("qf-card")
            return None
        with page(services, who, "cameras", who.word("zones")):
            camera = await attempt(lambda: _camera(services, camera_id), who)
            if camera is not None:
                await Editor(services, who, camera_id, *camera).build()
        return None


def _camera(services: Services, camera_id: int) -> tuple[str, bytes | None]:
    """The camera's name and its last picture."""
    with services.store.read() as session:
        camera = registry.get_camera(session, camera_id)
        picture = services.evidence.get(camera.last_picture) if camera.last_picture else None
        return camera.name, picture


@dataclass
class Editor:
    """One person's drawing on one camera's picture."""

    services: Services
    who: Visitor
    camera_id: int
    name: str
    picture: bytes | None
    size: tuple[int, int] = (1280, 720)
    pen: Pen = field(default_factory=Pen)
    zones: list[camera_views.ZoneView] = field(default_factory=list[camera_views.ZoneView])

    def __post_init__(self) -> None:
        self.parts = ZoneParts(self.who, self._draw)
        self.bays = BayParts(self.who, self._draw)

    async def build(self) -> None:
        """Lay out the page: the picture to draw on, the form, the zones with their versions."""
        await self._read()
        raw(
            f"<h1>{escape(self.who.word('zones_of'))}{escape(self.name)}</h1>"
            f'<p><a class="qf-link" href="/console/cameras/{self.camera_id}/masks">'
            f"{escape(self.who.word('masks'))}</a></p>"
        )
        with ui.element("div").classes("qf-two"):
            with ui.element("div").classes("qf-card qf-canvas"):
                self._canvas()
            with ui.element("div"):
                with ui.element("div").classes("qf-card"):
                    self._fields()
                self.history = ui.element("div").classes("qf-card")
                self._show_history()

    async def _read(self) -> None:
        def read() -> list[camera_views.ZoneView]:
            with self.services.store.read() as session:
                at = self.services.clock.now()
                return camera_views.zones(session, self.camera_id, at=at)

        self.zones = await in_database(read)

    # -- drawing ----------------------------------------------------------------------------

    def _canvas(self) -> None:
        source = self._source()
        self.image = board(source, self.size, self._mouse)
        if not source:
            ui.label(self.who.word("no_picture_yet")).classes("qf-muted")
        ui.label(self.who.word("draw_hint")).classes("qf-muted")
        with ui.row().classes("qf-buttons"):
            ui.button(self.who.word("undo"), on_click=self._undo).props(
                "no-caps outline color=grey-8"
            )
            ui.button(self.who.word("clear"), on_click=self._clear).props(
                "no-caps outline color=grey-8"
            )
        self._draw()

    def _source(self) -> str:
        if self.picture is None:
            return ""
        decoded = decode_jpeg(self.picture)
        if decoded is None:
            return ""
        self.size = (decoded.shape[1], decoded.shape[0])
        return f"/api/v1/cameras/{self.camera_id}/picture"

    def _mouse(self, event: events.MouseEventArguments) -> None:
        x = min(1.0, max(0.0, event.image_x / self.size[0]))
        y = min(1.0, max(0.0, event.image_y / self.size[1]))
        if self.parts.drawing:
            self.parts.mouse(event.type, x, y, pressed=event.buttons == 1)
            return
        if self.bays.drawing:
            if event.type == "mousedown":
                self.bays.click(x, y)
            return
        if self.pen.mouse(event, self.size):
            self._draw()

    def _undo(self) -> None:
        drawn = self.bays.corners if self.bays.drawing else self.pen.points
        if drawn:
            drawn.pop()
        self._draw()

    def _clear(self) -> None:
        (self.bays.corners if self.bays.drawing else self.pen.points).clear()
        self._draw()

    def _draw(self) -> None:
        """Zones in force in yellow, the drawing in teal with its corners."""
        parts = [
            shape(zone.polygon, self.size, ZONE_FILL, ZONE_LINE) + self._caption(zone)
            for zone in self.zones
        ]
        parts += [
            shape(entry["polygon"], self.size, "rgba(46,160,67,.18)", "#2ea043")
            for entry in self.parts.approved
        ]
        parts += [
            shape(bay, self.size, "rgba(96,165,250,.2)", "#60a5fa")
            for bay in (*self.bays.bays, *([self.bays.corners] if self.bays.corners else []))
        ]
        if self.parts.rectangle is not None:
            x1, y1, x2, y2 = self.parts.rectangle
            dragged = [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]
            parts.append(
                f'<polygon points="{corners(dragged, self.size)}" fill="none" stroke="#2ea043" '
                f'stroke-width="{self.size[0] / 480:.1f}" stroke-dasharray="8" '
                'pointer-events="none"/>'
            )
        self.image.content = "".join(parts) + self.pen.markup(self.size)

    def _caption(self, zone: camera_views.ZoneView) -> str:
        """The zone's name at its uppermost corner, readable on light and dark."""
        x, y = min(zone.polygon, key=lambda point: float(point[1]))
        size = self.size[0] / 55
        return (
            f'<text x="{float(x) * self.size[0]:.0f}" y="{float(y) * self.size[1] - size / 2:.0f}" '
            f'font-size="{size:.0f}" fill="#ffc43c" stroke="#10181d" stroke-width="{size / 6:.1f}" '
            f'paint-order="stroke" pointer-events="none">{escape(zone.name)}</text>'
        )

    # -- form -------------------------------------------------------------------------------

    def _fields(self) -> None:
        word = self.who.word
        names = {zone.name: zone.name for zone in self.zones} | {"": word("new_zone")}
        self.chosen = ui.select(
            names, label=word("zone"), value="", on_change=lambda e: self._choose(e.value)
        ).classes("w-full")
        with ui.element("div").classes("qf-form"):
            self.fields = entries_of(self.who)
            self.fields["kind"].on_value_change(self._kind_chosen)
        self.parts.build(self._propose)
        self.bays.build()
        ui.label(word("zone_hours")).classes("text-weight-medium")
        ui.label(word("zone_hours_hint")).classes("qf-muted")
        self.hours = HoursRows(self.who)
        self._show_kind(ZoneKind.PARKING.value)
        ui.button(word("save"), on_click=self._save).classes("w-full").props("no-caps color=teal-9")

    def _choose(self, name: str) -> None:
        """Take an existing zone into the form and its polygon into the hand, or begin anew."""
        found = next((z for z in self.zones if z.name == name), None)
        if found is None:
            self.pen.points = []
            self.fields["name"].value = ""
            self.fields["kind"].enable()
            self.parts.fill()
            self.bays.fill()
            self.hours.fill(())
        else:
            self.pen.points = [[float(x), float(y)] for x, y in found.polygon]
            for key, entry in self.fields.items():
                entry.value = getattr(found, key)
            self.fields["kind"].disable()
            self.parts.fill(found.approved, found.bands)
            self.bays.fill(found.bays, found.bay_hours)
            self.hours.fill(found.schedule)
            self._show_kind(found.kind, keep_dwell=True)
        self._draw()

    def _kind_chosen(self, event: events.ValueChangeEventArguments[Any]) -> None:
        if not self.chosen.value:  # a zone that exists keeps its kind
            self._show_kind(str(event.value))

    def _show_kind(self, kind: str, *, keep_dwell: bool = False) -> None:
        """The entries that this kind of zone has, and its own usual dwell."""
        crowd, facade = kind == ZoneKind.CROWD, kind in FACADES
        fields = self.fields
        fields["threshold"].set_visibility(crowd or facade)
        fields["threshold"].props(
            f'label="{self.who.word("threshold_crowd" if crowd else "threshold")}"'
        )
        fields["slow_look_seconds"].set_visibility(facade)
        for key in ("area_m2", "density_threshold"):
            fields[key].set_visibility(crowd)
        for key in ("grace_seconds", "sms_from", "sms_until"):
            fields[key].set_visibility(not crowd)
        for key in ("surface", "no_grace"):
            fields[key].set_visibility(kind == ZoneKind.PARKING)
        fields["designation_document"].set_visibility(kind == ZoneKind.HANGING)
        if not keep_dwell:
            fields["dwell_seconds"].value = DWELL_SECONDS[kind]
            fields["phase"].value = FIRST_PHASE[ZoneKind(kind)].value
            if fields["legal_basis"].value in ("", *LEGAL_BASES.values()):
                fields["legal_basis"].value = LEGAL_BASES.get(kind, "")
        self.parts.show(kind)
        self.bays.show(kind)

    async def _propose(self) -> None:
        """Offer what hangs there now as approved: the operator takes out what is not."""
        boxes = await attempt(self._adverts_now, self.who)
        if boxes is not None and not boxes:
            ui.notify(self.who.word("none_proposed"))
        for box in boxes or ():
            self.parts.add_box(box)

    def _adverts_now(self) -> list[Box]:
        with self.services.store.read() as session:
            camera = registry.get_camera(session, self.camera_id)
            picture = Sight(self.services, camera).picture()
            weights = camera.weights
        if picture is None or len(self.pen.points) < 3:
            polygon: Polygon = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
        else:
            polygon = tuple((x, y) for x, y in self.pen.points)
        if picture is None:
            return []
        return propose_approvals(self.services.detector(weights), picture, polygon)

    async def _save(self) -> None:
        saved = await attempt(self._write, self.who)
        if saved is None:
            return
        ui.notify(f"{self.who.word('saved_version')} {saved}", type="positive")
        self.pen.points.clear()
        self.parts.fill()
        self.bays.fill()
        self.hours.fill(())
        await self._read()
        self.chosen.set_options(
            {z.name: z.name for z in self.zones} | {"": self.who.word("new_zone")}, value=""
        )
        self._draw()
        self._show_history()

    def _write(self) -> int:
        values: dict[str, Any] = {key: entry.value for key, entry in self.fields.items()}
        values |= {key: None for key in NUMBERS if values[key] in ("", None)}
        if values["kind"] == ZoneKind.PARKING:
            values |= dict.fromkeys(NUMBERS) | self.bays.values()
        if values["kind"] != ZoneKind.HANGING:
            values["designation_document"] = ""
        with self.services.store.begin() as session:
            camera = registry.get_camera(session, self.camera_id)
            accept_for_zone(session, self.services, camera, actor=self.who.username)
            version = zoning.save_zone(
                session,
                camera,
                {
                    **values,
                    **self.parts.values(),
                    "schedule": self.hours.bands,
                    "polygon": [list(point) for point in self.pen.points],
                    "aspect_ratio": self.size[0] / self.size[1],
                },
                at=self.services.clock.now(),
                actor=self.who.username,
                user=session.get(User, self.who.id),
                sight=Sight(self.services, camera),
            )
            return version.version

    def _show_history(self) -> None:
        self.history.clear()
        if not self.zones:
            with self.history:
                ui.label(self.who.word("no_versions")).classes("qf-muted")
            return
        lines = "".join(
            f"<tr><th>{escape(zone.name)}</th><td>{self.who.word('version')} {number}</td>"
            f"<td>{views.local(at)}</td><td>{escape(by)}</td></tr>"
            for zone in self.zones
            for number, at, by in reversed(zone.versions)
        )
        with self.history:
            raw(f"<h2>{escape(self.who.word('versions'))}</h2><table class='qf'>{lines}</table>")
            for zone in self.zones:
                raw(standing_of(self.who, zone))


def standing_of(who: Visitor, zone: camera_views.ZoneView) -> str:
    """Markup of one zone's phase, what is missing before it may be evidence, and its trial."""
    missing = "；".join(dict.fromkeys(told_refusal(gap, who.language) for gap in zone.gaps))
    said = who.word("zone_gaps") + missing if missing else who.word("zone_complete")
    return (
        f'<p class="qf-muted"><b>{escape(zone.name)}</b> · '
        f"{escape(who.word(f'phase_{zone.phase}'))} · {escape(said)} "
        f'<a class="qf-link" href="/console/zones/{zone.id}/trial">'
        f"{escape(who.word('trial'))}</a></p>"
    )
