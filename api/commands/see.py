"""qifen look, qifen plate read: what Qifen sees in pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.commands.common import default_data_dir, print_json, with_progress
from vision.picture import PictureReport, draw, iter_pictures, look_at_picture, read_plate_crop

plate_app = typer.Typer(help="Read number plates.", no_args_is_help=True)

WeightsOption = Annotated[
    str | None, typer.Option(help="A name (see `qifen weights list`) or a file.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON line a picture.")]


def look(
    pictures: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.")],
    as_json: JsonOption = False,
    draw_folder: Annotated[
        Path | None, typer.Option("--draw", help="Write copies with boxes and plates here.")
    ] = None,
    weights: WeightsOption = None,
    backend: Annotated[
        str, typer.Option(help="openvino, onnxruntime or ultralytics.")
    ] = "openvino",
) -> None:
    """What Qifen sees in pictures: objects, and plates with how sure it is of them."""
    from vision.detect import load_detector  # noqa: PLC0415 (loads a model)
    from vision.plates import default_reader  # noqa: PLC0415
    from vision.weights import chosen_weights  # noqa: PLC0415

    files = list(iter_pictures(pictures))
    detector = load_detector(weights or chosen_weights(default_data_dir()), backend=backend)
    reader = default_reader()
    for file in with_progress(files, "looking", len(files)):
        report = look_at_picture(file, detector, reader)
        if as_json:
            print_json(report.as_json())
        else:
            _tell(report)
        if draw_folder is not None:
            drawn = draw(report, draw_folder)
            if not as_json:
                typer.echo(f"  drawn: {drawn}")


def _tell(report: PictureReport) -> None:
    content = report.as_json()
    typer.echo(f"{content['file']}  {content['size'][0]}x{content['size'][1]}")
    for index, found in enumerate(content["objects"]):
        typer.echo(f"  {found['kind']:<11} {found['confidence']:.2f}  {_box(found['box'])}")
        for plate in content["plates"]:
            if plate["object"] == index:
                typer.echo(f"    plate {_words(plate)}")
    for plate in content["plates"]:
        if plate["object"] is None:
            typer.echo(f"  plate {_words(plate)}  {_box(plate['box'])}")
    if not content["objects"] and not content["plates"]:
        typer.echo("  nothing found")


def _box(box: list[float]) -> str:
    return "at " + " ".join(f"{v:.3f}" for v in box)


def _words(plate: dict[str, object]) -> str:
    text = plate["text"] or "unreadable"
    good = "good enough for a text" if plate["accepted"] else "not sure enough for a text"
    return f"{text}  {plate['colour']}  lowest character {plate['confidence']:.2f}  {good}"


@plate_app.command("read")
def plate_read(
    crops: Annotated[list[Path], typer.Argument(help="Pictures cropped to one plate each.")],
    as_json: JsonOption = False,
) -> None:
    """Read pictures that are already cropped to one plate."""
    from vision.plates import default_reader  # noqa: PLC0415 (loads a model)

    files = list(iter_pictures(crops))
    reader = default_reader()
    for file in with_progress(files, "reading", len(files)):
        entry = read_plate_crop(file, reader)
        if as_json:
            print_json(entry)
        else:
            typer.echo(f"{file}  {_words(entry)}")
