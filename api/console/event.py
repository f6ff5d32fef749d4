"""One event: its pictures in order, every number that led here, texts, timeline, decision."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui

from api.console import actions, views
from api.console.layout import (
    Visitor,
    attempt,
    badge,
    countdown,
    door,
    in_database,
    page,
    raw,
    visitor,
)
from pipeline.services import Services

REFRESH_SECONDS = 2.0


def build(services: Services) -> None:
    @ui.page("/console/events/{event_id}")
    async def event(request: Request, event_id: int) -> Response | None:
        who = visitor(request)
        if who is None:
            return door(request)
        with page(services, who, "review", who.word("event")):
            view = await attempt(lambda: _read(services, event_id))
            if view is not None:
                await _event(services, who, view)
        return None


def _read(services: Services, event_id: int) -> views.EventView:
    with services.store.read() as session:
        return views.event_view(session, event_id)


async def _event(services: Services, who: Visitor, first: views.EventView) -> None:
    seen = [first]

    @ui.refreshable
    def head() -> None:
        raw(_head(who, seen[0])).classes("w-full")

    @ui.refreshable
    def course() -> None:
        raw(_pictures(who, seen[0]) + _timeline(who, seen[0])).classes("w-full")

    @ui.refreshable
    def facts() -> None:
        raw(_facts(who, seen[0]) + _notices(who, seen[0]) + _measured(who, seen[0])).classes(
            "w-full"
        )

    @ui.refreshable
    def panel() -> None:
        actions.panel(services, who, seen[0], refresh)

    async def refresh() -> None:
        before, seen[0] = seen[0], await in_database(lambda: _read(services, first.row.id))
        if seen[0] == before:
            return
        for part in (head, course, facts):
            part.refresh()
        # An officer who is writing a reason keeps the words: the panel is built anew only when
        # there is something else to decide, not at every look of the camera.
        if actions.subject(seen[0]) != actions.subject(before):
            panel.refresh()

    head()
    with ui.element("div").classes("qf-two"):
        with ui.element("section"):
            course()
        with ui.element("section"):
            with ui.element("div").classes("qf-card"):
                panel()
            facts()
    ui.timer(REFRESH_SECONDS, refresh)


def _head(who: Visitor, view: views.EventView) -> str:
    row = view.row
    plate = escape(row.plate or who.word("unreadable"))
    left = (
        f'<span class="qf-grow"></span>{countdown(row.until)} '
        f'<span class="qf-muted">{escape(who.word(row.until_what))}</span>'
        if row.until
        else ""
    )
    flags = "".join(f' <span class="qf-badge amber">{escape(f)}</span>' for f in row.flags)
    return (
        '<div class="qf-card" style="display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center">'
        f'<span class="qf-plate">{plate}</span>{badge(who, row.state)}{flags}'
        f"<span>{escape(row.place)} · {escape(row.camera)}</span>"
        f'<span class="qf-muted">{escape(row.event_no)}</span>{left}</div>'
    )


def _pictures(who: Visitor, view: views.EventView) -> str:
    stills = [p for p in view.pictures if p.media_type.startswith("image/")]
    cells = "".join(_picture(view, p, first=i == 0) for i, p in enumerate(stills))
    return (
        f'<div class="qf-card"><h2>{escape(who.word("pictures"))}</h2>'
        f'<div class="qf-strip">{cells}</div></div>'
    )


def _picture(view: views.EventView, picture: views.PictureView, *, first: bool) -> str:
    overlay = ""
    if picture.kind not in {"E2", "E5"}:  # close-ups carry no zone
        corners = " ".join(f"{float(x):.4f},{float(y):.4f}" for x, y in view.polygon)
        box = picture.box
        frame = (
            f'<rect x="{box[0]:.4f}" y="{box[1]:.4f}" width="{box[2] - box[0]:.4f}" '
            f'height="{box[3] - box[1]:.4f}" fill="none" stroke="#ff5a4f" stroke-width="2" '
            'vector-effect="non-scaling-stroke"/>'
            if box
            else ""
        )
        overlay = (
            '<svg viewBox="0 0 1 1" preserveAspectRatio="none">'
            f'<polygon points="{corners}" fill="rgba(255,196,60,.14)" stroke="#ffc43c" '
            f'stroke-width="2" vector-effect="non-scaling-stroke"/>{frame}</svg>'
        )
    wide = ' style="grid-column:1/-1"' if first else ""
    url = f"/api/v1/evidence/{picture.id}/file?reason=review"
    return (
        f'<figure{wide}><a class="qf-picture" style="display:block" href="{url}" target="_blank">'
        f'<img alt="{escape(picture.kind)}" src="{url}">{overlay}</a>'
        f'<figcaption class="qf-caption"><b>{escape(picture.kind)}</b> '
        f"{views.local(picture.captured_at)} · sha256 {picture.sha256[:12]}…</figcaption></figure>"
    )


def _facts(who: Visitor, view: views.EventView) -> str:
    pairs: list[tuple[str, str]] = [
        (
            who.word("zone"),
            f"{view.zone} · {who.word('version')} {view.zone_version} · "
            f"{who.word('phase_' + view.phase)}",
        ),
        (who.word("rule"), who.word("rule_parking")),
        (who.word("dwell"), f"{view.threshold['dwell_seconds']:g}"),
        (who.word("grace"), f"{view.threshold['grace_seconds']:g}"),
    ]
    pairs += [(who.word(key), views.local(at)) for key, at in view.times if at]
    if view.row.until or view.outcome:
        pairs.append((who.word("clock_from"), who.word(view.grace_policy)))
    if view.plate_original:
        pairs.append((who.word("machine_read"), view.plate_original))
    if view.outcome:
        pairs.append((who.word("outcome"), view.outcome))
    pairs += [(f"{name} ({kind})", reason) for name, kind, reason in view.decided_by]
    return _card(who.word("what_and_where"), _table(pairs))


def _notices(who: Visitor, view: views.EventView) -> str:
    if not view.notices:
        return _card(
            who.word("notices"), f'<div class="qf-muted">{escape(who.word("no_notice"))}</div>'
        )
    parts: list[str] = []
    for n in view.notices:
        receipts = "".join(
            f"<div>{views.local(at)} {escape(status)} ({escape(provider)})"
            f"{'' if counted else ' ·'}</div>"
            for at, status, provider, counted in n.receipts
        )
        parts.append(
            f'<p><b>{escape(n.template)}</b> <span class="qf-badge">{escape(n.status)}</span> '
            f'<span class="qf-muted">{escape(n.provider)} {escape(n.error)}</span></p>'
            f'<div class="qf-sms">{escape(n.body)}</div>'
            f'<div class="qf-caption">{receipts}</div>'
        )
    return _card(who.word("notices"), "".join(parts))


def _measured(who: Visitor, view: views.EventView) -> str:
    body = _table([(key, _value(value)) for key, value in view.measured.items()])
    if view.gates:
        lines = "".join(
            f"<tr><td>{escape(str(g.get('gate', '')))}</td>"
            f"<td>{escape(_value(g.get('measured')))}</td>"
            f"<td>{escape(_value(g.get('needed')))}</td>"
            f'<td class="{"qf-ok" if g.get("passed") else "qf-no"}">'
            f"{'✓' if g.get('passed') else '✗'}</td></tr>"
            for g in view.gates
        )
        body += (
            f"<h2 style='margin-top:12px'>{escape(who.word('gates'))}</h2><table class='qf'>"
            f"<tr><th>{escape(who.word('gate'))}</th><th>{escape(who.word('found'))}</th>"
            f"<th>{escape(who.word('needed'))}</th><th></th></tr>{lines}</table>"
        )
    return _card(who.word("measured"), body)


def _timeline(who: Visitor, view: views.EventView) -> str:
    steps = "".join(
        f"<tr><td>{views.local(at)}</td><td>{escape(code)}</td><td>{badge(who, state)}</td>"
        f"<td>{escape(actor)}</td><td>{escape(reason)}</td></tr>"
        for at, code, state, actor, reason in view.timeline
    )
    looks = "".join(
        f"<tr><td>{views.local(start)}–{views.local(end)[-8:]}</td><td>{escape(answer)}</td>"
        f"<td>{escape(reason)}</td><td>{count}</td></tr>"
        for start, end, answer, reason, count in view.looks
    )
    markup = _card(who.word("timeline"), f'<table class="qf">{steps}</table>')
    if looks:
        markup += _card(who.word("what_it_sees"), f'<table class="qf">{looks}</table>')
    return markup


def _card(title: str, body: str) -> str:
    return f'<div class="qf-card"><h2>{escape(title)}</h2>{body}</div>'


def _table(pairs: list[tuple[str, str]]) -> str:
    lines = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in pairs
    )
    return f'<table class="qf">{lines}</table>'


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, dict):
        return " · ".join(f"{k} {_value(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(_value(v) for v in value)
    return "" if value is None else str(value)
