"""qifen run, qifen demo, qifen replay: the whole pipeline, live, as a story, and on a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from api.auth import first_start_link, invitation_link
from api.commands.common import Progress, print_json, read_zones
from api.serve import server
from models.zone import ZoneKind
from pipeline.settings import load_settings


def run() -> None:
    """Cameras, deadlines, sender and API in one process group; settings are QIFEN_... variables
    (docs/settings.md)."""
    from pipeline.runner import run as run_all  # noqa: PLC0415 (loads the eyes)

    settings = load_settings()
    code = run_all(
        settings,
        serve=server,
        admin_link=lambda services: first_start_link(
            services.store, settings.base_url, services.clock
        ),
        say=typer.echo,
    )
    raise typer.Exit(code)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Stop when the story ends; exit 0 if as scripted.")
    ] = False,
) -> None:
    """A real RTSP camera on this machine, four cars and one story; then the pages to open."""
    from pipeline.demo import demo as tell  # noqa: PLC0415 (loads the eyes)

    raise typer.Exit(tell(once=once, serve=server, invite_link=invitation_link, say=typer.echo))


def _told(event: Mapping[str, Any]) -> str:
    """One event of a replay in a line; only vehicles can lack a plate."""
    what = event["object"]
    if event["kind"] == ZoneKind.PARKING:
        plate = event["plate"]
        what += f" {(plate and plate['text']) or 'no plate'}"
    return (
        f"{event['zone']}: {what}  there from {event['first_seen']:.1f} s"
        f"  flagged {event['flagged_at']:.1f} s  -> {event['outcome']}"
    )


def replay(
    video: Annotated[Path, typer.Argument(help="A video file.")],
    zones: Annotated[
        Path, typer.Option("--zones", help='{"zones": [{"name", "kind", "polygon", ...}]}')
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line an event.")] = False,
) -> None:
    """The whole pipeline on a file, with a clock that follows the file's own time."""
    from pipeline.replay import replay as run_replay  # noqa: PLC0415 (loads the eyes)

    read_zones(zones)  # a bad one is refused by name before the eyes are loaded
    show = Progress("replaying", " s")
    found = 0
    for event in run_replay(video, zones, progress=show):
        show.close()
        found += 1
        if as_json:
            print_json(event)
        else:
            typer.echo(_told(event))
    if not as_json:
        typer.echo(f"{found} event{'' if found == 1 else 's'}")
