"""Drawing privacy masks over windows and homes on a camera's picture (L69)."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from nicegui import events, ui

from api.camera_masks import FIELD, save_masks
from api.console import camera_views, views
from api.console.camera_page import camera_page
from api.console.layout import Visitor, attempt, raw
from api.console.pen import ZONE_FILL, ZONE_LINE, Pen, board, shape
from models import registry
from pipeline.masking import latest_image
from pipeline.services import Services

_FILL, _LINE = "rgba(0,0,0,.75)", "#ff6b6b"


def build(services: Services) -> None:
    camera_page(
        services,
        "masks",
        _read,
        lambda who, camera_id, found: Editor(services, who, camera_id, found).build(),
    )


@dataclass(frozen=True, slots=True)
class MasksView:
    """A camera's masks as the page shows them."""

    name: str
    size: tuple[int, int] | None
    """Pixels of the latest picture; None where there is none yet."""
    masks: list[list[list[float]]]
    zones: list[camera_views.ZoneView]
    changes: list[camera_views.Change]


def _read(services: Services, camera_id: int) -> MasksView:
    with services.store.read() as session:
        camera = registry.get_camera(session, camera_id)
        image = latest_image(services.evidence, camera)
        return MasksView(
            camera.name,
            None if image is None else (image.shape[1], image.shape[0]),
            [list(mask) for mask in camera.privacy_masks],
            camera_views.zones(session, camera_id, at=services.clock.now()),
            camera_views.changes_of(session, camera_id, FIELD),
        )


@dataclass
class Editor:
    """One person's drawing on one camera's picture."""

    services: Services
    who: Visitor
    camera_id: int
    view: MasksView
    pen: Pen = field(default_factory=Pen)

    def __post_init__(self) -> None:
        self.size = self.view.size or (1280, 720)
        self.masks = self.view.masks

    def build(self) -> None:
        """Lay out the page: the picture to draw on, the masks in a list, who changed them last."""
        word = self.who.word
        raw(f"<h1>{escape(word('masks_of'))}{escape(self.view.name)}</h1>")
        with ui.element("div").classes("qf-two"):
            with ui.element("div").classes("qf-card qf-canvas"):
                self._canvas()
            with ui.element("div"):
                with ui.element("div").classes("qf-card"):
                    ui.label(word("masks_hint")).classes("qf-muted q-mb-sm")
                    self.rows = ui.element("div").classes("w-full q-mb-md")
                    ui.button(word("save"), on_click=self._save).classes("w-full").props(
                        "no-caps color=teal-9"
                    )
                self.history = ui.element("div").classes("qf-card")
        self._show()

    def _canvas(self) -> None:
        word = self.who.word
        source = f"/api/v1/cameras/{self.camera_id}/picture" if self.view.size else ""
        self.image = board(source, self.size, self._mouse)
        if not source:
            ui.label(word("no_picture_yet")).classes("qf-muted")
        ui.label(word("mask_draw_hint")).classes("qf-muted")
        with ui.row().classes("qf-buttons"):
            for key, act in (("undo", self._undo), ("clear", self._clear)):
                ui.button(word(key), on_click=act).props("no-caps outline color=grey-8")
            ui.button(word("mask_done"), on_click=self._finish).props(
                "no-caps outline color=teal-9"
            )

    def _mouse(self, event: events.MouseEventArguments) -> None:
        if self.pen.mouse(event, self.size):
            self._draw()

    def _undo(self) -> None:
        del self.pen.points[-1:]
        self._draw()

    def _clear(self) -> None:
        self.pen.points.clear()
        self._draw()

    def _finish(self) -> None:
        """The mask that was drawn goes into the list; the next click begins another one."""
        if self.pen.points:
            self.masks = [*self.masks, self.pen.points]
            self.pen = Pen()
        self._show()

    def _drop(self, index: int) -> None:
        self.masks = [mask for n, mask in enumerate(self.masks) if n != index]
        self._show()

    def _draw(self) -> None:
        """Zones in yellow, masks nearly black with their numbers, the drawing in teal."""
        parts = [shape(zone.polygon, self.size, ZONE_FILL, ZONE_LINE) for zone in self.view.zones]
        parts += [
            shape(mask, self.size, _FILL, _LINE) + self._number(index, mask)
            for index, mask in enumerate(self.masks, start=1)
        ]
        self.image.content = "".join(parts) + self.pen.markup(self.size)

    def _number(self, index: int, mask: list[list[float]]) -> str:
        x = sum(point[0] for point in mask) / len(mask) * self.size[0]
        y = sum(point[1] for point in mask) / len(mask) * self.size[1]
        size = self.size[0] / 40
        return (
            f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size:.0f}" fill="{_LINE}" '
            f'text-anchor="middle" pointer-events="none">{index}</text>'
        )

    def _show(self) -> None:
        self._draw()
        word = self.who.word
        self.rows.clear()
        with self.rows:
            if not self.masks:
                ui.label(word("no_masks")).classes("qf-muted")
            for index in range(len(self.masks)):
                self._row(index)
        self.history.clear()
        with self.history:
            lines = "".join(
                f"<tr><td>{views.local(change.at)}</td><td>{escape(change.actor)}</td></tr>"
                for change in self.view.changes
            )
            title = f"<h2>{escape(word('mask_changes'))}</h2>"
            raw(f'{title}<table class="qf">{lines or "<tr><td>–</td></tr>"}</table>')

    def _row(self, index: int) -> None:
        with ui.row().classes("w-full items-center justify-between no-wrap"):
            ui.label(f"{self.who.word('mask')} {index + 1}")
            ui.button(self.who.word("remove"), on_click=lambda: self._drop(index)).props(
                "flat dense no-caps color=grey-8"
            )

    async def _save(self) -> None:
        self._finish()
        saved = await attempt(self._write, self.who)
        if saved is not None:
            self.view = saved
            self.masks = saved.masks
            ui.notify(self.who.word("masks_saved"), type="positive")
            if saved.size:
                self.image.force_reload()
        self._show()

    def _write(self) -> MasksView:
        services = self.services
        with services.store.begin() as session:
            camera = registry.get_camera(session, self.camera_id)
            save_masks(session, services, camera, self.masks, actor=self.who.username)
        return _read(services, self.camera_id)
