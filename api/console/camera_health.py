"""How a camera feels, for the people who have to do something about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from nicegui import ui
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.console.codes import HEALTH, coded
from api.console.layout import Visitor, attempt, in_database
from api.console.views import local
from models import registry
from models.camera import Camera
from models.people import Role
from pipeline.health_reference import LEARNT, accept_view
from pipeline.services import Services

WELL = frozenset({"up", "unknown"})
REMEDIES = {
    "black": "remedy_black",
    "too_dark": "remedy_too_dark",
    "covered": "remedy_covered",
    "defocused": "remedy_defocused",
    "moved": "remedy_moved",
    "frozen": "remedy_frozen",
    "clock_off": "remedy_clock_off",
    "down": "remedy_down",
}


@dataclass(frozen=True)
class Condition:
    """What is known of one camera's health, as plain values."""

    camera_id: int
    name: str
    place: str
    health: str
    since: datetime | None
    details: dict[str, Any]
    clock_offset_seconds: float | None
    reference_at: datetime | None
    reference_by: str | None

    @property
    def well(self) -> bool:
        return self.health in WELL


def condition(camera: Camera) -> Condition:
    return Condition(
        camera_id=camera.id,
        name=camera.name,
        place=camera.place,
        health=camera.health,
        since=camera.health_since,
        details=dict(camera.health_details or {}),
        clock_offset_seconds=camera.measured_clock_offset_seconds,
        reference_at=camera.reference_at,
        reference_by=camera.reference_by,
    )


def troubles(session: Session) -> list[Condition]:
    """Cameras in service that cannot be believed right now, the longest lasting first."""
    rows = session.scalars(
        select(Camera)
        .where(Camera.enabled.is_(True), Camera.health.not_in(list(WELL)))
        .order_by(Camera.health_since, Camera.name)
    )
    return [condition(row) for row in rows]


def alarm(who: Visitor, sick: Sequence[Condition], now: datetime) -> str:
    """Markup of the list of what needs somebody; empty where nothing does."""
    if not sick:
        return ""
    rows = "".join(
        f'<li><a class="qf-link" href="#camera-{one.camera_id}">{escape(one.name)}</a> '
        f"{badge(who, one.health)} "
        f'<span class="qf-muted">{escape(_since(who, one, now))}</span>'
        f"<div>{escape(who.word(REMEDIES.get(one.health, 'remedy_down')))}</div></li>"
        for one in sick
    )
    said = escape(who.word("cameras_sick"))
    return f'<div class="qf-card qf-alarm" role="alert"><h2>{said}</h2><ul>{rows}</ul></div>'


def badge(who: Visitor, health: str) -> str:
    """Markup of one state: green, red, or nothing known."""
    colour = {"up": "green", "unknown": ""}.get(health, "red")
    said = escape(coded(HEALTH, health, who.language))
    return f'<span class="qf-badge {colour}" title="{escape(health)}">{said}</span>'


def lines(who: Visitor, one: Condition, now: datetime) -> list[str]:
    """What was measured, each with what is needed, as lines of markup."""
    said = [] if one.well else [f'<span class="qf-no">{escape(_since(who, one, now))}</span>']
    said += [_muted(text) for text in (_view(who, one), _clock(who, one), _reference(who, one))]
    return said


def _muted(text: str) -> str:
    return f'<span class="qf-muted">{escape(text)}</span>'


def _since(who: Visitor, one: Condition, now: datetime) -> str:
    if one.since is None:
        return ""
    seconds = max(0, int((now - one.since).total_seconds()))
    lasted = f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{who.word('since')} {local(one.since)} ({lasted})"


def _view(who: Visitor, one: Condition) -> str:
    """The view match of W03 with its threshold, and the focus."""
    label = who.word("view_match")
    if one.details.get("learning"):
        return f"{label}: {who.word('view_learning')}"
    score = one.details.get("score")
    if score is None:
        return f"{label}: {who.word('not_measurable')}"
    said = f"{label}: {float(score):.2f} ({who.word('needed')} ≥ {one.details.get('needed', 0.7)})"
    sharpness = one.details.get("sharpness")
    if sharpness is not None:
        said += f" · {who.word('sharpness')} {max(0.0, float(sharpness)):.2f}"
    shift = float(one.details.get("shift_share") or 0.0)
    return said + (f" · {who.word('shifted_by')} {shift:.1%}" if shift else "")


def _clock(who: Visitor, one: Condition) -> str:
    offset = one.clock_offset_seconds
    told = who.word("clock_untold") if offset is None else f"{offset:+.1f} s"
    return f"{who.word('clock')}: {told}"


def _reference(who: Visitor, one: Condition) -> str:
    label = who.word("reference")
    if one.reference_at is None:
        return f"{label}: {who.word('none_yet')}"
    by = one.reference_by or ""
    by = who.word("by_learning") if by == LEARNT else by
    return f"{label}: {local(one.reference_at)}, {by}"


def actions(services: Services, who: Visitor, camera_id: int) -> None:
    """What an operator may say of the view; both pictures side by side to judge it by."""
    if not who.has(Role.OPERATOR):
        return
    with ui.expansion(who.word("compare_view")).classes("w-full qf-compare") as more:
        holder = ui.element("div").classes("qf-pair")

        async def show() -> None:
            known = more.value and await in_database(lambda: _has_reference(services, camera_id))
            holder.clear()
            if not more.value:
                return
            pictures = [("reference", "reference")] if known else []
            with holder:
                for word, path in (*pictures, ("now", "glance")):
                    with ui.element("figure"):
                        at = int(services.clock.now().timestamp())
                        address = f"/api/v1/cameras/{camera_id}/{path}?at={at}"
                        ui.element("img").props(f'src="{address}" alt="{who.word(word)}"')
                        ui.label(who.word(word)).classes("qf-muted")

        more.on_value_change(show)

        async def choose(same_view: bool) -> None:
            if await attempt(lambda: _accept(services, who, camera_id, same_view), who):
                ui.notify(who.word("view_accepted"), type="positive")
                await show()

        with ui.row().classes("qf-buttons"):
            for word, same in (("accept_view", False), ("same_view", True)):
                ui.button(who.word(word), on_click=lambda _event, same=same: choose(same)).props(
                    "no-caps outline color=grey-8"
                )


def _has_reference(services: Services, camera_id: int) -> bool:
    with services.store.read() as session:
        return registry.get_camera(session, camera_id).reference_picture is not None


def _accept(services: Services, who: Visitor, camera_id: int, same_view: bool) -> str:
    with services.store.begin() as session:
        camera = registry.get_camera(session, camera_id)
        return accept_view(session, services, camera, actor=who.username, same_view=same_view)
