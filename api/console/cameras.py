"""Cameras: how each feels, its last picture, its zones; adding one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from html import escape

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui

from api.camera_weights import checked_weights
from api.console import camera_health, camera_views, views
from api.console.layout import Visitor, attempt, door, in_database, page, poll, raw, visitor
from models import precision, registry
from models.people import Role
from models.policy import LOCAL_ZONE, load_policy
from pipeline.services import Services
from vision.frames import probe

REFRESH_SECONDS = 3.0
PICTURE_SECONDS = 10
"""The camera's picture is asked for again this often at most."""


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


class CameraCard:
    """One camera on the page; what changes is changed in place, so that no picture blinks."""

    def __init__(self, services: Services, who: Visitor, camera: camera_views.CameraView) -> None:
        self.who = who
        self.clock = services.clock
        self.may_look = who.has(Role.OFFICER) or who.has(Role.OPERATOR)
        """Field roles have no duty to look into the street (PIPL art. 6): they see no picture."""
        anchor = f"id=camera-{camera.id}"
        with ui.element("article").classes("qf-card").props(anchor):
            self.picture = ui.element("img").classes("qf-camera").props('alt=""')
            self.words = raw(_words(who, camera, services.clock.now()))
            camera_health.actions(services, who, camera.id)
            if who.has(Role.OPERATOR):
                _weights(services, who, camera)
        self.show(camera)

    def show(self, camera: camera_views.CameraView) -> None:
        self.words.content = _words(self.who, camera, self.clock.now())
        source = _picture_url(camera) if self.may_look else None
        self.picture.visible = source is not None
        if source is not None:
            self.picture.props(f'src="{source}"')


async def _listing(services: Services, who: Visitor) -> None:
    def read() -> tuple[list[camera_views.CameraView], list[precision.Fall], date | None]:
        at = services.clock.now()
        with services.store.read() as session:
            calendar = load_policy(session).calendar
            today = at.astimezone(LOCAL_ZONE).date()
            ends = calendar.known_until(today) if calendar.ends_soon(today) else None
            return camera_views.cameras(session), precision.falls(session, at=at), ends

    alarm = raw("")
    fallen = raw("")
    grid = ui.element("div").classes("qf-cams")
    cards: dict[int, CameraCard] = {}

    def tell(cameras: list[camera_views.CameraView]) -> None:
        sick = [one.condition for one in cameras if one.enabled and not one.condition.well]
        alarm.content = camera_health.alarm(who, sick, services.clock.now())

    def draw(cameras: list[camera_views.CameraView]) -> None:
        grid.clear()
        with grid:
            if not cameras:
                ui.label(who.word("no_cameras")).classes("qf-card qf-muted")
            cards.clear()
            cards.update({camera.id: CameraCard(services, who, camera) for camera in cameras})

    async def refresh() -> None:
        cameras, zones, ends = await in_database(read)
        fallen.content = ground_news(who, zones, ends)
        if [camera.id for camera in cameras] != list(cards):
            draw(cameras)
        for camera in cameras:
            cards[camera.id].show(camera)
        tell(cameras)

    first, zones, ends = await in_database(read)
    fallen.content = ground_news(who, zones, ends)
    draw(first)
    tell(first)
    poll(REFRESH_SECONDS, refresh)


def ground_news(who: Visitor, zones: Sequence[precision.Fall], ends: date | None) -> str:
    """Markup of what operators must know of zones and of the calendar; empty where all is well."""
    lines = [
        f"<li>{escape(fall.camera)} · {escape(fall.zone)}: {escape(who.word('zone_fell'))} "
        f"{views.local(fall.at)} ({fall.details['right']}/{fall.details['answered']})</li>"
        for fall in zones
    ]
    if ends is not None:
        lines.append(f"<li>{escape(who.word('calendar_ends'))} {ends.isoformat()}</li>")
    if not lines:
        return ""
    said = escape(who.word("ground_news"))
    rows = "".join(lines)
    return f'<div class="qf-card qf-alarm" role="alert"><h2>{said}</h2><ul>{rows}</ul></div>'


def _picture_url(camera: camera_views.CameraView) -> str | None:
    if not camera.last_picture or camera.last_frame_at is None:
        return None
    stamp = int(camera.last_frame_at.timestamp()) // PICTURE_SECONDS
    return f"/api/v1/cameras/{camera.id}/glance?at={stamp}"


def _words(who: Visitor, camera: camera_views.CameraView, now: datetime) -> str:
    """What is said of one camera, as markup."""
    # A stream's error in its own words; what is wrong with the view is said in the reader's.
    reason = camera.health_reason if camera.health in {"up", "down"} else ""
    lines = [
        escape(camera.place),
        f'<span class="qf-no">{escape(reason)}</span>',
        *camera_health.lines(who, camera.condition, now),
        f'<span class="qf-muted">{escape(who.word("last_frame"))} '
        f"{views.local(camera.last_frame_at) or '–'}</span>",
        f'<span class="qf-muted">'
        f"{escape(who.word('reviewed' if camera.reviewed else 'not_reviewed'))}</span>",
        f'<span class="qf-muted">{escape(who.word("zones"))}: '
        f"{escape(', '.join(camera.zones) or '–')}</span>",
    ]
    if camera.masks:
        said = f"{who.word('masks')}: {camera.masks}"
        lines.append(f'<span class="qf-muted">{escape(said)}</span>')
    if not camera.last_picture:
        lines.insert(0, f'<span class="qf-muted">{escape(who.word("no_picture"))}</span>')
    if who.has(Role.OPERATOR):
        lines.append(
            f'<a class="qf-link" href="/console/cameras/{camera.id}/zones">'
            f"{escape(who.word('edit_zones'))}</a> · "
            f'<a class="qf-link" href="/console/cameras/{camera.id}/masks">'
            f"{escape(who.word('masks'))}</a> · "
            f'<a class="qf-link" href="/console/cameras/{camera.id}/ground">'
            f"{escape(who.word('ground'))}</a> · "
            f'<a class="qf-link" href="/console/cameras/{camera.id}/standing">'
            f"{escape(who.word('standing'))}</a>"
        )
    said = "".join(f"<div>{line}</div>" for line in lines if line)
    badge = camera_health.badge(who, camera.health)
    return f"<h2>{escape(camera.name)} {badge}</h2>{said}"


def _weights(services: Services, who: Visitor, camera: camera_views.CameraView) -> None:
    """The model this camera looks with; the worker takes another one at once."""
    with ui.row().classes("qf-buttons w-full no-wrap"):
        field = (
            ui.input(who.word("weights"), value=camera.weights, placeholder=who.word("as_others"))
            .classes("w-full")
            .props(f'autocomplete=off stack-label data-camera="{camera.id}"')
        )

        async def save() -> None:
            asked = str(field.value or "")
            if await attempt(lambda: _choose(services, who, camera.id, asked), who):
                ui.notify(who.word("weights_chosen"), type="positive")

        ui.button(who.word("save"), on_click=save).props("no-caps outline color=grey-8")


def _choose(services: Services, who: Visitor, camera_id: int, asked: str) -> bool:
    chosen = checked_weights(asked)
    with services.store.begin() as session:
        camera = registry.get_camera(session, camera_id)
        registry.update_camera(
            session, camera, {"weights": chosen}, at=services.clock.now(), actor=who.username
        )
    return True


def _add(services: Services, who: Visitor) -> None:
    with (
        ui.expansion(who.word("add_camera"), icon="add").classes("qf-card"),
        ui.element("div").classes("w-full"),
    ):
        name = ui.input(who.word("name")).classes("w-full")
        url = ui.input(who.word("stream_url")).classes("w-full").props("autocomplete=off")
        place = ui.input(who.word("place")).classes("w-full")

        async def check() -> None:
            info = await attempt(lambda: probe(url.value or ""), who)
            if info is not None:
                ui.notify(f"{info.codec} {info.width}x{info.height}", type="positive")

        async def save() -> None:
            values = [str(field.value or "") for field in (name, url, place)]
            if await attempt(lambda: _save(services, who, *values), who):
                ui.navigate.to("/console/cameras")

        with ui.row().classes("qf-buttons"):
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
