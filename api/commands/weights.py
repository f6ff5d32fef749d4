"""qifen weights list|use|evaluate: which model looks, and how well."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.commands import evaluation
from api.commands.common import default_data_dir, print_json

app = typer.Typer(help="The models that look.", no_args_is_help=True)
app.command("evaluate")(evaluation.evaluate)


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """The models at hand; the chosen one is marked."""
    from vision.weights import chosen_weights, list_weights, resolve_weights  # noqa: PLC0415

    chosen = resolve_weights(chosen_weights(default_data_dir()))
    known = {w.sha256: w for w in [*list_weights(), chosen]}
    for weights in known.values():
        entry = {
            "name": weights.name,
            "chosen": weights.sha256 == chosen.sha256,
            "classes": list(weights.names),
            "layout": weights.layout,
            "input_size": weights.input_size,
            "licence": weights.licence,
            "sha256": weights.sha256,
            "file": str(weights.path),
        }
        if as_json:
            print_json(entry)
        else:
            mark = "*" if entry["chosen"] else " "
            typer.echo(
                f"{mark} {weights.name}  {weights.layout} at {weights.input_size} px  "
                f"{', '.join(weights.names[:8])}{' ...' if len(weights.names) > 8 else ''}\n"
                f"    {weights.path}\n    sha256 {weights.sha256}  {weights.licence}"
            )


@app.command("use")
def use(
    file: Annotated[str, typer.Argument(help="A model file (.onnx, .pt), or a name.")],
) -> None:
    """Check a model and use it from now on; a running `qifen run` takes it at its next start."""
    from vision.weights import use_weights  # noqa: PLC0415

    source: str | Path = Path(file).resolve() if Path(file).exists() else file
    weights = use_weights(source, default_data_dir())
    typer.echo(f"now looking with {weights.name}: {', '.join(weights.names)}")
