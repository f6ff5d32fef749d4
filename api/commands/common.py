"""What all commands share: one-line errors with a hint, progress, and where the data lie."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import typer
from typer.core import TyperGroup

from models.errors import QifenError
from pipeline.settings import load_settings
from vision.errors import VisionError

T = TypeVar("T")

EXIT_BAD_INPUT = 2
PROGRESS_AFTER_SECONDS = 2.0


class PlainErrors(TyperGroup):
    """Errors that we raise on purpose are one line and a hint, never a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (QifenError, VisionError) as error:
            typer.secho(f"error: {error.message}", err=True, fg=typer.colors.RED)
            if error.hint:
                typer.echo(f"hint: {error.hint}", err=True)
            raise typer.Exit(EXIT_BAD_INPUT) from None


def print_json(value: Any) -> None:
    """One line of JSON, keys in the order given, Chinese as it is."""
    typer.echo(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")))


def with_progress(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Yield `items`; after two seconds a line on stderr counts them (a terminal only)."""
    begun = time.monotonic()
    shown = 0.0
    for count, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if sys.stderr.isatty() and now - begun > PROGRESS_AFTER_SECONDS and now - shown > 0.5:
            shown = now
            of = f" of {total}" if total else ""
            sys.stderr.write(f"\r{what}: {count}{of} ...")
            sys.stderr.flush()
    if shown:
        sys.stderr.write("\r\033[K")


def default_data_dir() -> Path:
    return load_settings().data_dir
