"""qifen retention run|log|rules|hold|lift|holds: what is forgotten, what was, and what is held."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import keeping_view as view
from api.commands.common import open_services, print_json
from models.errors import BadInput, NotFound
from models.event import Event
from models.holds import event_of_case, get_hold, lift_hold, place_hold, standing_holds
from models.people import User
from models.policy import load_policy
from pipeline.retention import Retention, log_rows

app = typer.Typer(help="Keeping and forgetting: run, log, rules, holds.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON line an entry.")]
By = Annotated[str, typer.Option(help="The officer's user name.")]


@app.command("run")
def run(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be deleted.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete what is over by the rules, and write it down; `qifen run` does the same every day."""
    services = open_services()
    retention = Retention(services)
    lines = retention.preview() if dry_run else retention.run(actor="cli")
    for line in lines:
        if as_json:
            print_json(view.forgotten(line))
        else:
            files = f", {line.pictures} files" if line.pictures else ""
            typer.echo(f"{line.rule:<14} {line.count:>6} {line.what}{files}  ({line.keep_days} d)")
    if not (lines or as_json):
        typer.echo("nothing is due")
    services.close()


@app.command("log")
def log(
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50, as_json: AsJson = False
) -> None:
    """What was deleted, how many, by which rule, by whom and when; newest first."""
    services = open_services()
    with services.store.read() as session:
        for row in log_rows(session, limit=limit):
            if as_json:
                print_json(view.purge(row))
            else:
                typer.echo(
                    f"{row.at:%Y-%m-%d %H:%M}Z  {row.rule:<14} {row.count:>6} {row.what:<16} "
                    f"{row.pictures:>5} files  by {row.actor}"
                )
    services.close()


@app.command("rules")
def rules(as_json: AsJson = False) -> None:
    """How long each kind of data is kept, and the least that a city may choose."""
    services = open_services()
    with services.store.read() as session:
        for entry in view.rules(load_policy(session)):
            if as_json:
                print_json(entry)
            else:
                typer.echo(
                    f"{entry['rule']:<14} {entry['keep_days']:>5} d  (at least "
                    f"{entry['least_days']:>3})  {entry['setting']:<26} {entry['basis']}"
                )
    services.close()


@app.command("hold")
def hold(
    number: Annotated[str, typer.Argument(help="An event's or a case's number.")],
    reason: Annotated[str, typer.Option(help="Why it must be kept.")],
    document: Annotated[str, typer.Option(help="Number of the document that asks for it.")],
    by: By,
) -> None:
    """Keep everything of an event, or of a case's event, until the hold is lifted."""
    services = open_services()
    with services.store.begin() as session:
        event = session.scalar(select(Event).where(Event.event_no == number))
        row = place_hold(
            session, event or event_of_case(session, number), _person(session, by), reason=reason,
            document=document, at=services.clock.now(),
        )  # fmt: skip
        typer.echo(f"hold {row.id}")
    services.close()


@app.command("lift")
def lift(hold_id: int, reason: Annotated[str, typer.Option(help="Why it ends.")], by: By) -> None:
    """End a hold."""
    if not 1 <= hold_id < 2**31:
        hint = "`qifen retention holds` lists them"
        raise BadInput("a hold's number is 1 or more, up to ten digits", field="hold_id", hint=hint)
    services = open_services()
    with services.store.begin() as session:
        row = get_hold(session, hold_id)
        lift_hold(session, row, _person(session, by), reason=reason, at=services.clock.now())
    typer.echo(f"hold {hold_id} is lifted")
    services.close()


@app.command("holds")
def holds(as_json: AsJson = False) -> None:
    """Every hold in force."""
    services = open_services()
    with services.store.read() as session:
        for row in standing_holds(session):
            entry = view.hold(session, row)
            if as_json:
                print_json(entry)
            else:
                typer.echo(
                    f"{row.id:>4}  {entry['event_no']:<14} {row.document}  {row.reason}  "
                    f"since {row.placed_at:%Y-%m-%d} by {entry['placed_by']}"
                )
    services.close()


def _person(session: Session, username: str) -> User:
    user = session.scalar(select(User).where(User.username == username))
    if user is None:
        raise NotFound(f"there is no user {username}", hint="qifen people list")
    return user
