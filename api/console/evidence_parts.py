"""The evidence of an event as markup: its pictures in order, plate reads, measured numbers, gates.

Every value has gone through `escape`.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from api.console import measures, views
from api.console.codes import PICTURES, coded
from api.console.layout import Visitor, box_markup, card, table

CLOSE_UPS = frozenset({"E2", "E5", "PAPER", "STATEMENT"})
"""Pictures that are not the whole view: no zone can be drawn on them."""


def pictures(who: Visitor, view: views.EventView) -> str:
    stills = [p for p in view.pictures if p.media_type.startswith("image/")]
    if not stills:
        return card(
            who.word("pictures"), f'<div class="qf-muted">{escape(who.word("no_pictures"))}</div>'
        )
    cells = "".join(_picture(who, view, p, wide=i == 0) for i, p in enumerate(stills))
    cells += "".join(_clip(who, p) for p in view.pictures if p.media_type == "video/mp4")
    said = escape(who.word("pictures_masked")) if any(p.masked for p in stills) else ""
    note = f'<div class="qf-muted">{said}</div>' if said else ""
    return card(who.word("pictures"), f'{note}<div class="qf-strip">{cells}</div>')


def _picture(who: Visitor, view: views.EventView, picture: views.PictureView, *, wide: bool) -> str:
    url = f"/api/v1/evidence/{picture.id}/file?reason=review"
    words = escape(coded(PICTURES, picture.kind, who.language))
    overlay = "" if picture.kind in CLOSE_UPS else _overlay(view, picture)
    if picture.camera:
        words += f" · {escape(picture.camera)}"
    return (
        f'<figure class="{"wide" if wide else ""}">'
        f'<a class="qf-picture" href="{url}" target="_blank" title="{who.word("open_full")}">'
        f'<img alt="{escape(picture.kind)} {words}" src="{url}">{overlay}</a>'
        f'<figcaption class="qf-caption"><b>{escape(picture.kind)}</b> {words}<br>'
        f"{views.local(picture.captured_at)} · "
        f'<span title="sha256 {picture.sha256}">sha256 {picture.sha256[:12]}…</span>'
        "</figcaption></figure>"
    )


def _clip(who: Visitor, clip: views.PictureView) -> str:
    """V1 or V2 as the camera sent it; fetched (and the look at it written down) when it is
    played."""
    url = f"/api/v1/evidence/{clip.id}/file?reason=review"
    words = escape(coded(PICTURES, clip.kind, who.language))
    return (
        f'<figure><video class="qf-picture" controls preload="none" src="{url}"></video>'
        f'<figcaption class="qf-caption"><b>{escape(clip.kind)}</b> {words}<br>'
        f"{views.local(clip.captured_at)} · "
        f'<span title="sha256 {clip.sha256}">sha256 {clip.sha256[:12]}…</span>'
        "</figcaption></figure>"
    )


def _overlay(view: views.EventView, picture: views.PictureView) -> str:
    """The zone in the version of the event, and the vehicle's box."""
    corners = " ".join(f"{float(x):.4f},{float(y):.4f}" for x, y in view.zone.polygon)
    frame = box_markup(picture.box) if picture.box else ""
    if picture.camera:  # another camera's view: this zone was not drawn on it
        corners = ""
    return (
        '<svg viewBox="0 0 1 1" preserveAspectRatio="none">'
        f'<polygon points="{corners}" fill="rgba(255,196,60,.14)" stroke="#ffc43c" '
        f'stroke-width="2" vector-effect="non-scaling-stroke"/>{frame}</svg>'
    )


def measured(who: Visitor, view: views.EventView) -> str:
    """Plate reads, measured numbers and gates: everything the machine went by."""
    vote = view.measured.get("plate_vote")
    markup = ""
    if vote:
        body = _lines(measures.vote(vote, who.language)) + _reads(who, vote)
        markup += card(who.word("plate_reads"), body)
    if view.gates:
        markup += card(who.word("gates"), _gates(who, view))
    return markup + card(
        who.word("measured"), _lines(measures.measured(view.measured, who.language))
    )


def _reads(who: Visitor, vote: dict[str, object]) -> str:
    head = "".join(
        f"<th>{escape(who.word(f'read_{key}'))}</th>"
        for key in ("text", "colour", "lowest", "province", "margin")
    )
    lines = "".join(
        f"<tr><td>{escape(r.text)}</td><td>{escape(r.colour)}</td><td>{r.lowest}</td>"
        f"<td>{r.province}</td><td>{r.margin}</td></tr>"
        for r in measures.reads(vote, who.language)
    )
    return f'<table class="qf numbers"><tr>{head}</tr>{lines}</table>'


def _gates(who: Visitor, view: views.EventView) -> str:
    lines = "".join(
        f'<tr><td title="{escape(g.key)}">{escape(g.name)}</td><td>{escape(g.found)}</td>'
        f'<td>{escape(g.needed)}</td><td class="{"qf-ok" if g.passed else "qf-no"}">'
        f"{'✓' if g.passed else '✗'}</td></tr>"
        for g in measures.gates(view.gates, who.language)
    )
    return (
        f'<table class="qf gates"><tr><th>{escape(who.word("gate"))}</th>'
        f"<th>{escape(who.word('found'))}</th><th>{escape(who.word('needed'))}</th><th></th></tr>"
        f"{lines}</table>"
    )


def _lines(lines: Sequence[measures.Line]) -> str:
    return table([(line.name, line.value, line.key) for line in lines])
