"""Staff: who may come in, with which roles and licence. Invitations are one-time links."""

from __future__ import annotations

from datetime import date
from html import escape

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui
from sqlalchemy import select

from api.auth import invitation_link
from api.console.layout import Visitor, attempt, door, in_database, page, raw, visitor
from models import signin
from models.errors import BadInput
from models.people import Role, User
from pipeline.services import Services


def build(services: Services) -> None:
    @ui.page("/console/people")
    async def people(request: Request) -> Response | None:
        who = visitor(request)
        if who is None:
            return door(request)
        with page(services, who, "people", who.word("people")):
            if who.has(Role.ADMIN):
                await _people(services, who)
            else:
                ui.label(who.word("not_for_you")).classes("qf-card")
        return None


async def _people(services: Services, who: Visitor) -> None:
    rows = await in_database(lambda: _read(services))
    word = who.word
    lines = "".join(
        f"<tr><td><b>{escape(name)}</b>{_second(display if display != name else '')}"
        f"{_second(unit)}</td>"
        f"<td>{escape(', '.join(word(r) for r in roles))}</td>"
        f"<td>{escape(licence)}{_second(until)}</td></tr>"
        for name, display, unit, roles, licence, until in rows
    )
    raw(
        f'<div class="qf-card"><table class="qf"><tr><th>{escape(word("username"))}</th>'
        f"<th>{escape(word('roles'))}</th><th>{escape(word('licence_no'))}</th></tr>"
        f"{lines}</table></div>"
    ).classes("w-full")
    with ui.element("div").classes("qf-card"):
        raw(f"<h2>{escape(word('change_unit'))}</h2>")
        _change_unit(services, who, {name: unit for name, _, unit, _, _, _ in rows})
    with ui.element("div").classes("qf-card"):
        raw(f"<h2>{escape(word('invite_somebody'))}</h2>")
        _invite(services, who)


def _second(text: str) -> str:
    """A second, quieter line of a cell."""
    return f'<div class="qf-muted">{escape(text)}</div>' if text else ""


def _read(services: Services) -> list[tuple[str, str, str, list[str], str, str]]:
    """Username, name, unit, roles, licence and its last day of everybody who may come in."""
    with services.store.read() as session:
        users = session.scalars(select(User).where(User.active.is_(True)).order_by(User.username))
        return [
            (
                u.username,
                u.display_name,
                u.unit,
                [str(r) for r in u.roles],
                u.licence_no or "",
                f"≤ {u.licence_valid_until}" if u.licence_no else "",
            )
            for u in users
        ]


def _change_unit(services: Services, who: Visitor, units: dict[str, str]) -> None:
    """Where somebody works: the viewing log names it with every look from then on (L71)."""
    word = who.word
    with ui.element("div").classes("qf-form"):
        name = ui.select(sorted(units), label=word("whose_unit"), value=None)
        unit = ui.input(word("new_unit"))
    name.on_value_change(lambda chosen: unit.set_value(units[chosen.value]))

    def change() -> bool:
        with services.store.begin() as session:
            user = session.scalar(select(User).where(User.username == name.value))
            if user is None:
                raise BadInput("choose a person", field="username")
            at = services.clock.now()
            signin.set_unit(session, user, unit.value or "", at=at, actor=who.username)
        return True

    async def press() -> None:
        if await attempt(change, who):
            ui.navigate.reload()

    ui.button(word("record_unit"), on_click=press).props("no-caps color=teal-9")


def _invite(services: Services, who: Visitor) -> None:
    word = who.word
    with ui.element("div").classes("qf-form"):
        username = ui.input(word("username")).props("autocomplete=off")
        display = ui.input(word("display_name"))
        unit = ui.input(word("keep_unit"))
        licence = ui.input(word("licence_no"))
        until = ui.input(word("licence_until"))
        roles = ui.select(
            {r.value: word(r.value) for r in Role},
            label=word("roles"),
            multiple=True,
            value=[Role.OFFICER.value],
        ).classes("wide")
    link = ui.label().classes("qf-sms w-full").style("overflow-wrap:anywhere")
    link.visible = False

    def create() -> str:
        valid_until = _date(until.value)
        with services.store.begin() as session:
            at = services.clock.now()
            user = signin.create_user(
                session,
                username.value or "",
                roles.value,
                at=at,
                actor=who.username,
                display_name=display.value or "",
                licence_no=licence.value or None,
                licence_valid_until=valid_until,
            )
            signin.set_unit(session, user, unit.value or "", at=at, actor=who.username)
            return signin.invite(session, user, at=at, actor=who.username)

    async def invite() -> None:
        token = await attempt(create, who)
        if token is not None:
            link.text = (
                f"{word('invite_link')} {invitation_link(services.settings.base_url, token)}"
            )
            link.visible = True

    ui.button(word("invite"), on_click=invite).props("no-caps color=teal-9")


def _date(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(
            "the licence's date is not a date", field="licence_valid_until", hint="2027-12-31"
        ) from None
