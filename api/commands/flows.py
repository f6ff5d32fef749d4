"""qifen flows list|show: the tables that decide what may become of an event or a case."""

from __future__ import annotations

from typing import Annotated

import typer

from api.commands.common import print_json
from models.errors import BadInput
from models.flow import Flow
from models.flows.tables import FLOWS, flow_named

app = typer.Typer(help="The flows as tables: list, show.", no_args_is_help=True)


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Every flow, with how many rows and states it has."""
    for flow in FLOWS.values():
        entry = {
            "name": flow.name,
            "version": flow.version,
            "rows": len(flow.transitions),
            "states": len(flow.states),
        }
        if as_json:
            print_json(entry)
        else:
            typer.echo(f"{flow.name:<10} {entry['rows']:>3} rows  {entry['states']:>3} states")


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="parking, hanging, poster, crowd or case.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    diagram: Annotated[
        bool, typer.Option("--diagram", help="The diagram alone, as Mermaid text.")
    ] = False,
) -> None:
    """The table and the diagram of one flow, exactly as the engine applies it."""
    flow = flow_named(name)
    if as_json and diagram:
        raise BadInput("choose --json or --diagram, not both", field="--diagram")
    if as_json:
        print_json(flow.as_json())
    elif diagram:
        typer.echo(flow.mermaid(), nl=False)
    else:
        typer.echo(_table(flow))
        typer.echo(flow.mermaid(), nl=False)


def _table(flow: Flow) -> str:
    """Columns that line up on a terminal: code, from, what sets it off, by whom, to; below each
    row its guards."""
    rows = flow.as_json()["rows"]
    open_states = {str(state) for state in flow.states} - {str(s) for s in flow.terminal}
    lines = [f"{flow.name}, version {flow.version}", ""]
    for row in rows:
        every = set(row["from"]) == open_states
        source = "any open" if every else ", ".join(row["from"]) or "–"
        end = "*" if row["to"] in flow.terminal else ""
        by = ", ".join(row["by"])
        lines.append(f"{row['code']:<7} {source} --{row['trigger']} [{by}]--> {row['to']}{end}")
        if row["guards"]:
            lines.append(f"        only if {', '.join(row['guards'])}")
    lines += ["", "* ends it", ""]
    return "\n".join(lines)
