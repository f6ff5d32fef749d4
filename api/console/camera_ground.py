"""Naming points of a camera's picture and where they are on the map (W28), with how they fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any

from nicegui import events, ui

from api import camera_ground
from api.console import camera_views, views
from api.console.camera_page import camera_page
from api.console.layout import Visitor, attempt, raw
from api.console.pen import ZONE_FILL, ZONE_LINE, Pen, board, shape
from api.console.refusals import told as told_error
from models import registry
from models.errors import BadInput
from models.ground_plane import LEAST_POINTS, MAX_RESIDUAL_METRES, MOST_POINTS, BadFit, fit
from models.ground_reference import check_points
from pipeline.masking import latest_image
from pipeline.services import Services

_POINT_LINE = "#17bebb"


def build(services: Services) -> None:
    camera_page(
        services,
        "ground",
        _read,
        lambda who, camera_id, found: Editor(services, who, camera_id, found).build(),
    )


@dataclass(frozen=True, slots=True)
class GroundView:
    """A camera's points as the page shows them."""

    name: str
    size: tuple[int, int] | None
    """Pixels of the latest picture; None where there is none yet."""
    told: dict[str, Any]
    """See `models.ground_reference.as_json`."""
    zones: list[camera_views.ZoneView]


def _read(services: Services, camera_id: int) -> GroundView:
    with services.store.read() as session:
        camera = registry.get_camera(session, camera_id)
        image = latest_image(services.evidence, camera)
        return GroundView(
            camera.name,
            None if image is None else (image.shape[1], image.shape[0]),
            camera_ground.told(session, camera),
            camera_views.zones(session, camera_id, at=services.clock.now()),
        )


@dataclass
class Editor:
    """One person's points on one camera's picture."""

    services: Services
    who: Visitor
    camera_id: int
    view: GroundView
    pen: Pen = field(default_factory=Pen)
    typed: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """Latitude and longitude of each point as somebody typed them."""
    shown: list[ui.label] = field(default_factory=list[ui.label])
    refused: str = ""
    """Why these points would not be saved; empty where they would."""

    def __post_init__(self) -> None:
        self.size = self.view.size or (1280, 720)
        for point in self.view.told["points"]:
            self.pen.points.append([point["x"], point["y"]])
            self.typed.append({key: f"{point[key]:.7f}" for key in ("latitude", "longitude")})

    def build(self) -> None:
        """Lay out the page: the picture to click on, one row a point, how they fit."""
        word = self.who.word
        raw(f"<h1>{escape(word('ground_of'))}{escape(self.view.name)}</h1>")
        with ui.element("div").classes("qf-two"):
            with ui.element("div").classes("qf-card qf-canvas"):
                source = f"/api/v1/cameras/{self.camera_id}/picture" if self.view.size else ""
                self.image = board(source, self.size, self._mouse)
                if not source:
                    ui.label(word("no_picture_yet")).classes("qf-muted")
                ui.label(word("ground_draw_hint")).classes("qf-muted")
            with ui.element("div").classes("qf-card"):
                ui.label(word("ground_hint")).classes("qf-muted q-mb-sm")
                self.standing = raw(self._standing())
                self.rows = ui.element("div").classes("w-full q-mb-sm")
                self.fits = ui.label().classes("q-mb-md").props("role=status")
                with ui.row().classes("qf-buttons"):
                    ui.button(word("save"), on_click=self._save).props("no-caps color=teal-9")
                    ui.button(word("ground_remove"), on_click=self._remove).props(
                        "no-caps outline color=grey-8"
                    )
        self._show()

    def _standing(self) -> str:
        """Whether the saved points count now, since when and by whom."""
        word, told = self.who.word, self.view.told
        if not told["points"]:
            return f'<div class="qf-muted">{escape(word("ground_none"))}</div>'
        key, tone = ("ground_in_force", "qf-ok") if told["in_force"] else ("ground_old", "qf-no")
        saved = views.local(datetime.fromisoformat(told["saved_at"]))
        said = escape(word(key))
        by = escape(f"{saved} {told['saved_by']}")
        return f'<div class="{tone}">{said}</div><div class="qf-muted q-mb-sm">{by}</div>'

    # -- points -------------------------------------------------------------------------------

    def _mouse(self, event: events.MouseEventArguments) -> None:
        if not self.pen.mouse(event, self.size):
            return
        del self.pen.points[MOST_POINTS:]
        if len(self.pen.points) > len(self.typed):
            # Only this row is new: what is being typed into another one stays.
            self.typed.append({"latitude": "", "longitude": ""})
            self._row(len(self.typed) - 1)
        self._judge()

    def _drop(self, index: int) -> None:
        del self.pen.points[index], self.typed[index]
        self._show()

    def _show(self) -> None:
        """All rows anew: points were read, or one was taken away."""
        self.rows.clear()
        self.shown = []
        for index in range(len(self.typed)):
            self._row(index)
        self._judge()

    def _row(self, index: int) -> None:
        word, values = self.who.word, self.typed[index]
        with self.rows, ui.element("div").classes("qf-form qf-part"):
            for key in ("latitude", "longitude"):
                ui.input(
                    f"{index + 1} · {word(key)}",
                    value=values[key],
                    on_change=lambda e, k=key: self._type(values, k, e.value),
                ).props("inputmode=decimal autocomplete=off")
            self.shown.append(ui.label().classes("qf-caption"))
            ui.button(word("remove"), on_click=lambda: self._drop(index)).props(
                "flat dense no-caps color=grey-8"
            )

    def _type(self, values: dict[str, str], key: str, value: object) -> None:
        values[key] = str(value or "")
        self._judge()

    def _points(self) -> list[dict[str, float]]:
        """What a save would send. Raises BadInput for what is no number."""
        found: list[dict[str, float]] = []
        for number, ((x, y), values) in enumerate(zip(self.pen.points, self.typed, strict=True)):
            try:
                found.append({"x": x, "y": y} | {key: float(text) for key, text in values.items()})
            except ValueError:
                raise BadInput(
                    f"point {number + 1} has no coordinates yet", field=f"points[{number}].latitude"
                ) from None
        return found

    def _judge(self) -> None:
        """Draw the points and say by how much each misses, before anything is saved."""
        word = self.who.word
        misses: Sequence[float] = ()
        worst: int | None = None
        self.refused = ""
        try:
            misses = fit(check_points(self._points())).residuals
        except BadInput as error:
            few = len(self.typed) < LEAST_POINTS
            self.refused = word("ground_more") if few else self._why(error)
            if isinstance(error, BadFit):
                misses, worst = error.residuals, error.worst
        self.fits.set_text(self.refused or f"{word('ground_fits')} {max(misses):.2f} m")
        for index, label in enumerate(self.shown):
            miss = f"{word('ground_misses')} {misses[index]:.2f} m" if misses else ""
            label.set_text(f"{miss} ← {word('ground_worst')}" if index == worst else miss)
        self.image.content = self._markup(worst)

    def _why(self, error: BadInput) -> str:
        """A refusal with its numbers, in the reader's language."""
        if isinstance(error, BadFit):
            return self.who.word("ground_bad_fit").format(
                metres=f"{max(error.residuals):.1f}", limit=f"{MAX_RESIDUAL_METRES:g}",
                number=error.worst + 1,
            )  # fmt: skip
        if error.field.endswith(("latitude", "longitude")):
            return self.who.word("ground_bad_degrees")
        return told_error(error, self.who.language)

    def _markup(self, worst: int | None) -> str:
        """Zones in yellow, the points with their numbers, the one to blame in red."""
        width, height = self.size
        parts = [shape(zone.polygon, self.size, ZONE_FILL, ZONE_LINE) for zone in self.view.zones]
        for index, (x, y) in enumerate(self.pen.points):
            line = "#ff6b6b" if index == worst else _POINT_LINE
            parts.append(
                f'<circle cx="{x * width:.1f}" cy="{y * height:.1f}" r="{width / 160:.1f}" '
                f'fill="#fff" stroke="{line}" stroke-width="3" pointer-events="none"/>'
                f'<text x="{x * width + width / 90:.1f}" y="{y * height - width / 90:.1f}" '
                f'font-size="{width / 36:.0f}" fill="{line}" stroke="#10181d" stroke-width="1" '
                f'paint-order="stroke" pointer-events="none">{index + 1}</text>'
            )
        return "".join(parts)

    # -- saving -------------------------------------------------------------------------------

    async def _save(self) -> None:
        if self.refused:
            ui.notify(self.refused, type="negative", multi_line=True, close_button="✕")
        else:
            await self._write(remove=False)

    async def _remove(self) -> None:
        await self._write(remove=True)

    async def _write(self, *, remove: bool) -> None:
        saved = await attempt(lambda: self._written(remove=remove), self.who)
        if saved is None:
            return
        self.view = saved
        self.standing.content = self._standing()
        if remove:
            self.pen.points.clear()
            self.typed.clear()
        self._show()
        ui.notify(self.who.word("ground_removed" if remove else "ground_saved"), type="positive")

    def _written(self, *, remove: bool) -> GroundView:
        services, actor = self.services, self.who.username
        with services.store.begin() as session:
            camera = registry.get_camera(session, self.camera_id)
            if remove:
                camera_ground.remove_ground(session, services, camera, actor=actor)
            else:
                camera_ground.save_ground(session, services, camera, self._points(), actor=actor)
        return _read(services, self.camera_id)
