"""L19 on the pages of officers and operators: what comes near its two years, before they end."""

from __future__ import annotations

from html import escape

from api.console.layout import Visitor, card, raw
from api.console.typed_times import dated
from models.plate import mask
from models.policy import load_policy
from models.two_years import ageing
from pipeline.services import Services

Old = list[tuple[int, str, str, str, str, bool]]
"""Number of the event, what it is called, masked plate, what it waits for, until when, over."""


def read(services: Services) -> Old:
    with services.store.read() as session:
        found = ageing(session, policy=load_policy(session), at=services.clock.now())
        return [
            (
                item.event.id, item.case_no or item.event.event_no,
                mask(item.event.plate or ""), item.waits_for, dated(item.until), item.is_over,
            )
            for item in found
        ]  # fmt: skip


def banner(who: Visitor, old: Old) -> None:
    """How many, above the queue; nothing where there are none."""
    if old:
        said = f"{len(old)} {who.word('two_years_soon')}"
        link = '<a class="qf-warn w-full" href="/console/keeping#two-years">'
        raw(f"{link}{escape(said)}</a>").classes("w-full")


def listed(who: Visitor, old: Old) -> None:
    """Each of them, with a way to it."""
    if not old:
        return
    word = who.word
    lines = "".join(
        f'<tr><td><a href="/console/events/{number}">{escape(name)}</a> {escape(plate)}'
        f'<div class="qf-muted">{escape(word(waits_for))} · {escape(word("two_years_until"))}'
        f" {escape(until)}{' · ' + escape(word('two_years_over')) if over else ''}</div></td></tr>"
        for number, name, plate, waits_for, until, over in old
    )
    body = card(word("two_years"), f'<table class="qf">{lines}</table>')
    raw(f'<div id="two-years">{body}</div>').classes("w-full")
