"""The console script `qifen`. Errors are one line and a hint, with exit code 2 for bad input."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from api.commands import (
    calendar,
    cameras,
    evidence,
    flows,
    people,
    retention,
    see,
    system,
    texts,
    weights,
)
from api.commands.common import PlainErrors
from pipeline.logs import set_up_logs

app = typer.Typer(
    cls=PlainErrors,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Qifen 七分: a car on the pavement, a text to its owner, seven minutes to leave.",
)

app.command("run")(system.run)
app.command("demo")(system.demo)
app.command("replay")(system.replay)
app.command("look")(see.look)
app.command("texts")(texts.texts)
app.add_typer(see.plate_app, name="plate")
app.add_typer(cameras.app, name="camera")
app.add_typer(cameras.zones_app, name="zones")
app.add_typer(weights.app, name="weights")
app.add_typer(people.app, name="people")
app.add_typer(flows.app, name="flows")
app.add_typer(evidence.app, name="evidence")
app.add_typer(calendar.app, name="calendar")
app.add_typer(retention.app, name="retention")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"qifen {version('qifen')}")
        raise typer.Exit


@app.callback()
def main(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Qifen 七分: a car on the pavement, a text to its owner, seven minutes to leave."""
    # Logs go to stderr: what a command prints on stdout is its answer, and may be read by a script.
    set_up_logs("warning")
