"""The review queue: what waits for a person, with the time left."""

from __future__ import annotations

from html import escape

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui

from api.console import delivery_parts, two_years_parts, views
from api.console.codes import OUTCOMES, coded
from api.console.event_parts import masked, subject
from api.console.layout import (
    Visitor,
    badge,
    box_markup,
    countdown,
    door,
    flag_badges,
    in_database,
    page,
    poll,
    raw,
    visitor,
)
from api.field_reading import Reader
from models import leases
from pipeline.services import Services

REFRESH_SECONDS = 2.0


def build(services: Services) -> None:
    @ui.page("/console/review")
    async def review(request: Request, tab: str = "decide") -> Response | None:
        who = visitor(request)
        if who is None:
            return door(request)
        chosen = tab if tab in views.TABS else "decide"
        with page(services, who, "review", who.word("review")):
            delivery_parts.banner(services, who)
            if Reader(who.roles, who.id).office:
                old = await in_database(lambda: two_years_parts.read(services))
                two_years_parts.banner(who, old)
            await _queue(services, who, chosen)
        return None


async def _queue(services: Services, who: Visitor, tab: str) -> None:
    shown: list[object] = []

    reader = Reader(who.roles, who.id)

    def read() -> tuple[dict[str, int], list[views.EventRow], dict[int, str]]:
        with services.store.read() as session:
            rows = views.rows(session, tab)
            if reader.office:
                at = services.clock.now()
                held = leases.holders(session, [row.id for row in rows], at=at)
                names = {key: holder.username for key, holder in held.items()}
                return views.counts(session), rows, names
            mine = [r for r in rows if reader.may_read(session, r.id, r.state, r.flow)]
            return {}, [masked(row) for row in mine], {}

    @ui.refreshable
    def listing(counts: dict[str, int], rows: list[views.EventRow], held: dict[int, str]) -> None:
        with ui.element("nav").classes("qf-tabs"):
            for key in views.TABS:
                number = f" {counts[key]}" if counts.get(key) else ""
                ui.link(who.word(f"tab_{key}") + number, f"/console/review?tab={key}").classes(
                    "here" if key == tab else ""
                )
        for row in rows:
            raw(row_markup(who, row, held.get(row.id, ""))).classes("w-full")
        if not rows:
            ui.label(who.word("queue_empty")).classes("qf-card qf-muted")

    async def refresh() -> None:
        current = await in_database(read)
        if [current] != shown:
            shown[:] = [current]
            listing.refresh(*current)

    first = await in_database(read)
    shown[:] = [first]
    listing(*first)
    poll(REFRESH_SECONDS, refresh)


def row_markup(who: Visitor, row: views.EventRow, holder: str = "") -> str:
    """One event of the queue as a link: picture, plate, place, state, holder, time left."""
    picture = (
        f'<span class="qf-thumb"><img alt="" loading="lazy" '
        f'src="/api/v1/evidence/{row.picture_id}/thumbnail">'
        f'<svg viewBox="0 0 1 1" preserveAspectRatio="none">{box_markup(row.box)}</svg></span>'
        if row.picture_id
        else f'<span class="qf-noimg">{escape(who.word("no_picture"))}</span>'
    )
    plate = escape(subject(who, row))
    notes = flag_badges(who, row.flags)
    if holder:
        notes += f' <span class="qf-badge">{escape(who.word("held_by"))} {escape(holder)}</span>'
    left = (
        f'{countdown(row.until)}<div class="qf-muted">{escape(who.word(row.until_what))}</div>'
        if row.until
        else ""
    )
    ended = (
        f"<div>{escape(coded(OUTCOMES, row.outcome, who.language))}</div>" if row.outcome else ""
    )
    return (
        f'<a class="qf-row" href="/console/events/{row.id}">{picture}<span>'
        f'<span class="qf-plate">{plate}</span> {badge(who, row.state)}{notes}'
        f"<div>{escape(row.place)} · {escape(row.camera)}</div>"
        f'<div class="qf-muted">{escape(row.event_no)} · {escape(who.word("flagged"))} '
        f"{views.local(row.flagged_at)}</div>{ended}</span>"
        f'<span class="qf-left">{left}</span></a>'
    )
