"""qifen camera add|weights|list|check|reference and qifen zones import|export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api import camera_ground
from api.camera_masks import FIELD, import_camera
from api.camera_weights import checked_weights
from api.commands.common import open_services, print_json
from models import registry
from models.clock import SystemClock
from models.errors import BadInput
from pipeline.health_check import CheckedView, check_view
from pipeline.health_reference import accept_view
from vision.frames import probe, redact_url

app = typer.Typer(help="Cameras: add, list, check.", no_args_is_help=True)
zones_app = typer.Typer(help="Zones as zones.json.", no_args_is_help=True)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="How people call it.")],
    url: Annotated[str, typer.Argument(help="rtsp://user:password@host/path")],
    place: Annotated[str, typer.Option(help="Where it stands, as people say it.")] = "",
    check: Annotated[bool, typer.Option(help="Look at the stream first.")] = True,
    weights: Annotated[
        str | None, typer.Option(help="Look with this model; without it, as all others do.")
    ] = None,
) -> None:
    """Add a camera; a running `qifen run` starts looking at once."""
    chosen = _weights(weights)
    if check:
        info = probe(url)
        typer.echo(f"sees {info.width}x{info.height} {info.codec}")
    services = open_services()
    with services.store.begin() as session:
        camera = registry.add_camera(
            session, name=name, stream_url=url, place=place, weights=chosen,
            at=services.clock.now(), actor="cli",
        )  # fmt: skip
        typer.echo(f"camera {camera.id} added: {name}  {redact_url(url)}")
    typer.echo("next: draw its zones in the console, or: qifen zones import NAME zones.json")


def _weights(asked: str | None) -> str | None:
    """A file is meant from here, wherever the program runs later."""
    return checked_weights(str(Path(asked).resolve()) if asked and Path(asked).exists() else asked)


@app.command("weights")
def weights(
    camera: Annotated[str, typer.Argument(help="The camera's name.")],
    file: Annotated[
        str | None, typer.Argument(help="A model file (.onnx, .pt) or a name; none: as all others.")
    ] = None,
) -> None:
    """Choose the model that one camera looks with; a running `qifen run` takes it at once."""
    chosen = _weights(file)
    services = open_services()
    with services.store.begin() as session:
        row = registry.get_camera(session, camera)
        changes = {"weights": chosen}
        registry.update_camera(session, row, changes, at=services.clock.now(), actor="cli")
    typer.echo(f"{camera} looks with {chosen or 'what all others look with'}")


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """The cameras, their health and their zones."""
    services = open_services()
    with services.store.read() as session:
        for camera in registry.list_cameras(session):
            zones = [v.zone.name for v in registry.zones_for(session, camera)]
            entry = {
                "id": camera.id,
                "name": camera.name,
                "url": redact_url(camera.stream_url),
                "place": camera.place,
                "weights": camera.weights,
                "health": camera.health,
                "reason": camera.health_reason,
                "last_frame_at": camera.last_frame_at and camera.last_frame_at.isoformat(),
                "zones": zones,
            }
            if as_json:
                print_json(entry)
            else:
                typer.echo(
                    f"{camera.id:>3}  {camera.name}  {camera.health}"
                    f"{' (' + camera.health_reason + ')' if camera.health_reason else ''}  "
                    f"{entry['url']}  zones: {', '.join(zones) or 'none'}"
                    f"{f'  weights: {camera.weights}' if camera.weights else ''}"
                )


@app.command("check")
def check(
    url: Annotated[str, typer.Argument(help="The address of a stream.")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
    timeout_seconds: Annotated[float, typer.Option(help="Give up after so long.")] = 10.0,
    look_seconds: Annotated[
        float, typer.Option(help="Judge the view for so long; 0 leaves it out.", min=0, max=120)
    ] = 15.0,
) -> None:
    """Open a stream, look at a few seconds of it, and say what it is and how the camera feels."""
    info = probe(url, timeout_seconds=timeout_seconds)
    entry: dict[str, object] = {
        "url": redact_url(url),
        "codec": info.codec,
        "size": [info.width, info.height],
        "fps": info.fps,
        "keyframe_interval_seconds": info.keyframe_interval_seconds,
    }
    view = None
    if look_seconds and "://" in url:
        view = check_view(url, clock_now=SystemClock().now, seconds=look_seconds)
        entry["view"] = None if view is None else _view_json(view)
    if as_json:
        print_json(entry)
        return
    typer.echo(f"{entry['url']}: {info.codec} {info.width}x{info.height}")
    typer.echo(f"  declared rate          {info.fps or 'unknown'} frames/s")
    interval = info.keyframe_interval_seconds
    typer.echo(f"  keyframe every         {f'{interval:.1f} s' if interval else 'not measured'}")
    if view is not None:
        _echo_view(view)


def _view_json(view: CheckedView) -> dict[str, object]:
    return {
        "health": str(view.health),
        "looks": view.looks,
        "brightness": view.report.brightness,
        "textured_share": view.textured_share,
        "comparable": view.comparable,
        "clock_offset_seconds": view.clock_offset_seconds,
    }


def _echo_view(view: CheckedView) -> None:
    """The view for people: what is well, what is not, and what cannot be known."""
    enough = "enough to find a moved camera" if view.comparable else "too little to find a move"
    offset = view.clock_offset_seconds
    clock = "the stream does not tell" if offset is None else f"{offset:+.1f} s ahead of ours"
    typer.echo(f"  view                   {view.health}, {view.looks} looks")
    typer.echo(f"  brightness             {view.report.brightness:.0f} of 255")
    typer.echo(f"  texture                {view.textured_share:.0%} of the view, {enough}")
    typer.echo(f"  camera's clock         {clock}")


@app.command("reference")
def reference(
    camera: Annotated[str, typer.Argument(help="The camera's name.")],
    same_view: Annotated[
        bool, typer.Option(help="The accepted view in another light; it is added.")
    ] = False,
    learn: Annotated[
        bool, typer.Option(help="Forget the reference and learn the next half minute.")
    ] = False,
) -> None:
    """Say that the camera's present view is the right one (its latest picture shows it)."""
    services = open_services()
    with services.store.begin() as session:
        row = registry.get_camera(session, camera)
        if learn:
            registry.set_reference(session, row, None, at=services.clock.now(), actor="cli")
        else:
            accept_view(session, services, row, actor="cli", same_view=same_view)
    typer.echo(f"{camera}: {'the view is learnt anew' if learn else 'the view is accepted'}")


@zones_app.command("import")
def import_(
    camera: Annotated[str, typer.Argument(help="The camera's name.")],
    file: Annotated[Path, typer.Argument(help='{"zones": [{"name", "kind", "polygon", ...}]}')],
) -> None:
    """Read zones.json into a camera; a zone of the same name gets a new version."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}", field="file") from None
    except ValueError as error:
        raise BadInput(f"{file} is not JSON: {error}", field="file") from None
    services = open_services()
    with services.store.begin() as session:
        owner = registry.get_camera(session, camera)
        if not isinstance(content, dict):
            content = {}
        versions = import_camera(
            session, services, owner, content, at=services.clock.now(), actor="cli"
        )
        if FIELD in content:
            typer.echo(f"privacy masks: {len(owner.privacy_masks)}")
        elif not versions and camera_ground.FIELD not in content:
            raise BadInput("no zones are given", field="zones", hint='write {"zones": [{...}]}')
        if camera_ground.FIELD in content:
            typer.echo(_ground_words(camera_ground.told(session, owner)))
        for version in versions:
            typer.echo(f"{version.zone.name}: version {version.version}")


def _ground_words(told: dict[str, Any]) -> str:
    points, missed = told["points"], told.get("residuals_metres", [])
    by = f", each within {max(missed):.2f} m" if missed else ""
    return f"ground reference: {len(points)} points{by}"


@zones_app.command("export")
def export(camera: Annotated[str, typer.Argument(help="The camera's name.")]) -> None:
    """Print a camera's zones in force as zones.json."""
    services = open_services()
    with services.store.read() as session:
        owner = registry.get_camera(session, camera)
        typer.echo(json.dumps(registry.export_zones(session, owner), ensure_ascii=False, indent=2))
