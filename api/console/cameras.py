"""Cameras: how each feels, its last picture, its zones; adding one."""

from __future__ import annotations

from html import escape

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui

from api.console import views
from api.console.layout import Visitor, attempt, door, in_database, page, raw, visitor
from models import registry
from models.people import Role
from pipeline.services import Services
from vision.frames import probe

REFRESH_SECONDS = 3.0
_HEALTH = {"up": "green", "unknown": "", "down": "red"}


def build(services: Services) -> None:
    @ui.page("/console/cameras")
    async def cameras(request: Request) -> Response | None:
        who = visitor(request)
        if who is None:
            return door(request)
        with page(services, who, "cameras", who.word("cameras")):
            if who.has(Role.OPERATOR):
                _add(services, who)
            await _listing(services, who)
        return None


async def _listing(services: Services, who: Visitor) -> None:
    def read() -> list[views.CameraView]:
        with services.store.read() as session:
            return views.cameras(session)

    shown = [await in_database(read)]

    @ui.refreshable
    def listing() -> None:
        if not shown[0]:
            ui.label(who.word("no_cameras")).classes("qf-card qf-muted")
        with ui.element("div").classes("qf-cams w-full"):
            for camera in shown[0]:
                raw(card(who, camera))

    async def refresh() -> None:
        current = await in_database(read)
        if current != shown[0]:
            shown[0] = current
            listing.refresh()

    listing()
    ui.timer(REFRESH_SECONDS, refresh)


def card(who: Visitor, camera: views.CameraView) -> str:
    """One camera as markup."""
    stamp = int(camera.last_frame_at.timestamp()) if camera.last_frame_at else 0
    picture = (
        f'<div class="qf-picture"><img alt="" src="/api/v1/cameras/{camera.id}/picture?at={stamp}">'
        "</div>"
        if camera.last_picture
        else f'<span class="qf-noimg" style="width:100%">{escape(who.word("no_picture"))}</span>'
    )
    health = who.word("health_unknown") if camera.health == "unknown" else camera.health
    colour = _HEALTH.get(camera.health, "amber")
    reviewed = who.word("reviewed" if camera.reviewed else "not_reviewed")
    edit = (
        f'<a href="/console/cameras/{camera.id}/zones">{escape(who.word("edit_zones"))}</a>'
        if who.has(Role.OPERATOR)
        else ""
    )
    return (
        f'<div class="qf-card">{picture}<h2 style="margin-top:8px">{escape(camera.name)} '
        f'<span class="qf-badge {colour}">{escape(health)}</span></h2>'
        f"<div>{escape(camera.place)}</div>"
        f'<div class="qf-muted">{escape(camera.health_reason)}</div>'
        f'<div class="qf-muted">{escape(who.word("last_frame"))} '
        f"{views.local(camera.last_frame_at)} · {escape(reviewed)}</div>"
        f'<div class="qf-muted">{escape(who.word("zones"))}: '
        f"{escape(', '.join(camera.zones) or '–')}</div>{edit}</div>"
    )


def _add(services: Services, who: Visitor) -> None:
    with (
        ui.expansion(who.word("add_camera"), icon="add").classes("qf-card"),
        ui.element("div").classes("w-full"),
    ):
        name = ui.input(who.word("name")).classes("w-full")
        url = ui.input(who.word("stream_url")).classes("w-full").props("autocomplete=off")
        place = ui.input(who.word("place")).classes("w-full")

        async def check() -> None:
            info = await attempt(lambda: probe(url.value or ""))
            if info is not None:
                ui.notify(f"{info.codec} {info.width}x{info.height}", type="positive")

        async def save() -> None:
            if await attempt(
                lambda: _save(services, who, *(field.value or "" for field in (name, url, place)))
            ):
                ui.navigate.to("/console/cameras")

        with ui.row():
            ui.button(who.word("check_stream"), on_click=check).props(
                "no-caps outline color=grey-8"
            )
            ui.button(who.word("save"), on_click=save).props("no-caps color=teal-9")


def _save(services: Services, who: Visitor, name: str, url: str, place: str) -> int:
    with services.store.begin() as session:
        camera = registry.add_camera(
            session, name, url, at=services.clock.now(), actor=who.username, place=place
        )
        session.flush()
        return camera.id
