"""The frame around every console page: who is signed in, the way about, the style, the ticking."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import TypeVar

from fastapi import Request
from fastapi.responses import RedirectResponse
from nicegui import ui

from api.auth import current_user, services_of, session_token
from api.console.codes import FLAGS, coded
from api.console.refusals import told
from api.console.words import word
from models import signin
from models.errors import QifenError
from models.people import Role
from models.registry import sick_cameras
from pipeline.services import Services
from vision.errors import VisionError

T = TypeVar("T")

SESSION_CHECK_SECONDS = 20.0
"""A page lives on in the browser after its session has ended; so often it is asked for."""

SICK_CHECK_SECONDS = 5.0

BADGES = {
    "CONFIRM_PENDING": "amber",
    "REVIEW_PENDING": "red",
    "GRACE": "blue",
    "RECHECK": "blue",
    "NOTICE_PENDING": "blue",
    "PATROL_ASSIGNED": "amber",
    "LEFT_IN_TIME": "green",
    "ESCALATED": "red",
}


@dataclass(frozen=True)
class Visitor:
    """The signed-in person, as plain values."""

    id: int
    username: str
    roles: frozenset[str]
    language: str
    request: Request = field(repr=False, compare=False)
    """The one that opened the page; its cookie says whether the session still holds."""

    def has(self, role: Role) -> bool:
        return role in self.roles or Role.ADMIN in self.roles

    def word(self, key: str) -> str:
        return word(key, self.language)


def visitor(request: Request) -> Visitor | None:
    user = current_user(request)
    if user is None:
        return None
    language = request.cookies.get("qifen_language") or user.language
    return Visitor(user.id, user.username, frozenset(user.roles), language, request)


def may_act(who: Visitor) -> bool:
    """Whether the session behind an open page still holds, with the roles the page was built for.
    Counts as a use of the session."""
    user = current_user(who.request)
    return user is not None and frozenset(user.roles) == who.roles


def is_signed_in(who: Visitor) -> bool:
    """As `may_act`, but a page that nobody touches keeps no session alive."""
    token = session_token(who.request)
    services = services_of(who.request)
    with services.store.read() as session:
        user = signin.session_user(session, token or "", at=services.clock.now())
    return user is not None and frozenset(user.roles) == who.roles


def door(request: Request) -> RedirectResponse:
    """Where somebody who is not signed in is sent; the page asked for is kept."""
    return RedirectResponse(_sign_in_path(request))


def _sign_in_path(request: Request) -> str:
    return f"/sign-in?next={request.url.path}"


@contextmanager
def page(services: Services, who: Visitor, here: str, title: str) -> Generator[None]:
    """Head and body of one console page; `here` names the entry of the menu."""
    now_ms = int(services.clock.now().timestamp() * 1000)
    ui.add_head_html(
        '<link rel="stylesheet" href="/console-static/console.css">'
        f'<script src="/console-static/console.js" data-now="{now_ms}"></script>'
    )
    ui.page_title(f"{title} · {who.word('brand')}")
    with ui.element("header").classes("qf-head"):
        ui.label(who.word("brand")).classes("qf-brand")
        menu = {key: ui.link(who.word(said), f"/console/{key}") for key, said in _menu(who)}
        if here in menu:
            menu[here].classes("here")
        with menu["cameras"]:
            sick = raw("").style("display: inline")
        ui.element("span").classes("qf-grow")
        other = "en" if who.language.startswith("zh") else "zh"
        path = escape(ui.context.client.request.url.path)
        raw(f'<a href="/language/{other}?next={path}">{escape(who.word("other_language"))}</a>')
        raw(
            '<form method="post" action="/sign-out"><button class="qf-out">'
            f"{escape(who.username)} · {escape(who.word('sign_out'))}</button></form>"
        )
    with ui.element("main").classes("qf-page"):
        yield
    poll(SESSION_CHECK_SECONDS, lambda: _leave_if_over(who))
    poll(SICK_CHECK_SECONDS, lambda: _count_sick(services, sick))


def _menu(who: Visitor) -> Iterator[tuple[str, str]]:
    """Name of each page that this person has work on, and its caption's key."""
    office = who.has(Role.OFFICER) or who.has(Role.OPERATOR)
    yield from (("review", "review"), ("cameras", "cameras"))
    if office:
        yield ("exemptions", "exemptions")
    yield ("cases", "cases")
    yield ("registers", "registers") if office else ("calls", "reg_calls")
    if who.has(Role.OFFICER):
        yield ("patrol", "patrol_page")
    if office:
        yield ("keeping", "keeping")
    if who.has(Role.ADMIN):
        yield ("people", "people")


async def _count_sick(services: Services, shown: ui.html) -> None:
    """How many cameras need somebody, beside their name in the menu of every page."""

    def count() -> int:
        with services.store.read() as session:
            return sick_cameras(session)

    number = await in_database(count)
    shown.content = f'<span class="qf-count-sick">{number}</span>' if number else ""


async def _leave_if_over(who: Visitor) -> None:
    if not await in_database(lambda: is_signed_in(who)):
        ui.navigate.to(_sign_in_path(who.request))


def poll(seconds: float, refresh: Callable[[], Awaitable[None]]) -> None:
    """Keep a part of the page up to date. While the database is away the page stays as it is."""

    async def once() -> None:
        with suppress(QifenError):
            await refresh()

    ui.timer(seconds, once)


async def in_database(work: Callable[[], T]) -> T:
    """Run `work` beside the event loop; a database must never make every page wait."""
    return await asyncio.to_thread(work)


async def attempt(work: Callable[[], T], who: Visitor) -> T | None:
    """Run `work` if the session still holds; say what was refused, and why, to the person at
    the page."""
    try:
        if not await in_database(lambda: may_act(who)):
            ui.navigate.to(_sign_in_path(who.request))
            return None
        return await in_database(work)
    except (QifenError, VisionError) as error:
        said = told(error, who.language)
        ui.notify(said, type="negative", multi_line=True, timeout=9000, close_button="✕")
        return None


def badge(who: Visitor, state: str) -> str:
    """Markup of a state's badge."""
    return f'<span class="qf-badge {BADGES.get(state, "")}">{escape(who.word(state))}</span>'


def flag_badges(who: Visitor, flags: Sequence[str]) -> str:
    """What an officer should know, each code as its tooltip."""
    return "".join(
        f' <span class="qf-badge amber" title="{escape(flag)}">'
        f"{escape(coded(FLAGS, flag, who.language))}</span>"
        for flag in flags
    )


def card(title: str, body: str) -> str:
    """Markup of a card; `body` is our own markup."""
    return f'<div class="qf-card"><h2>{escape(title)}</h2>{body}</div>'


def table(lines: Sequence[tuple[str, str, str]]) -> str:
    """Markup of names, values and the raw key behind each name, shown as a tooltip."""
    rows = "".join(
        f'<tr><th title="{escape(key)}">{escape(name)}</th><td>{escape(value)}</td></tr>'
        for name, value, key in lines
    )
    return f'<table class="qf pairs">{rows}</table>'


def box_markup(box: Sequence[float]) -> str:
    """A vehicle's box (0..1) for an overlay whose view box is 0 0 1 1."""
    x1, y1, x2, y2 = (float(value) for value in box)
    return (
        f'<rect x="{x1:.4f}" y="{y1:.4f}" width="{x2 - x1:.4f}" height="{y2 - y1:.4f}" '
        'fill="none" stroke="#ff5a4f" stroke-width="2" vector-effect="non-scaling-stroke"/>'
    )


def countdown(until: datetime | None) -> str:
    """Markup that the page's script keeps ticking."""
    if until is None:
        return ""
    return f'<span class="qf-count" data-until="{until.isoformat()}"></span>'


def raw(markup: str) -> ui.html:
    """Our own markup; every value in it has gone through `escape`."""
    return ui.html(markup, sanitize=False)
