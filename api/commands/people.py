"""qifen people invite|list: staff from the command line (the first administrator's way back in)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy import select

from api.auth import invitation_link
from api.commands.common import open_services, print_json
from models import signin
from models.errors import NotFound
from models.people import Role, User

app = typer.Typer(help="Staff: invite, list.", no_args_is_help=True)


@app.command("invite")
def invite(
    username: str,
    role: Annotated[list[Role], typer.Option(help="May be given several times.")],
    unit: Annotated[str, typer.Option(help="单位: the viewing log names it.")] = "",
    licence_no: Annotated[str | None, typer.Option(help="行政执法证, for officers.")] = None,
    licence_until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Valid until this day.")
    ] = None,
) -> None:
    """Add a person (or invite an existing one again) and print a one-time link."""
    services = open_services()
    at = services.clock.now()
    with services.store.begin() as session:
        name = signin.normalise_username(username)
        user = session.scalar(select(User).where(User.username == name))
        if user is None:
            user = signin.create_user(
                session,
                username,
                role,
                at=at,
                actor="cli",
                licence_no=licence_no,
                licence_valid_until=licence_until.date() if licence_until else None,
            )
            signin.set_unit(session, user, unit, at=at, actor="cli")
        elif not user.active:
            raise NotFound(f"{name} is not active", hint="let the person in again in the console")
        token = signin.invite(session, user, at=at, actor="cli")
    typer.echo(f"{invitation_link(services.settings.base_url, token)}")
    typer.echo("the link works once, for seven days", err=True)


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Staff with their roles and licences."""
    services = open_services()
    with services.store.read() as session:
        for user in session.scalars(select(User).order_by(User.username)):
            until = user.licence_valid_until
            entry = {
                "username": user.username,
                "name": user.display_name,
                "unit": user.unit,
                "roles": user.roles,
                "licence_no": user.licence_no,
                "licence_until": until.isoformat() if until else None,
                "active": user.active,
                "can_sign_in": user.active and user.password_hash is not None,
            }
            if as_json:
                print_json(entry)
            else:
                typer.echo(
                    f"{user.username:<16} {', '.join(user.roles):<24} "
                    f"{user.licence_no or '-':<16} {'active' if user.active else 'not active'}"
                )
