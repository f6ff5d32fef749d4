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

from models.errors import BadInput, QifenError
from pipeline.services import Services, build_services
from pipeline.settings import load_settings
from vision.errors import VisionError
from vision.types import ZoneShape
from vision.zones_json import load_zones

T = TypeVar("T")

EXIT_BAD_INPUT = 2
PROGRESS_AFTER_SECONDS = 2.0


class PlainErrors(TyperGroup):
    """Errors that we raise on purpose are one line and a hint, never a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (QifenError, VisionError) as error:
            field = getattr(error, "field", "")
            where = f" [{field}]" if field and field not in error.message else ""
            typer.secho(f"error: {error.message}{where}", err=True, fg=typer.colors.RED)
            if error.hint:
                typer.echo(f"hint: {error.hint}", err=True)
            raise typer.Exit(EXIT_BAD_INPUT) from None


def print_json(value: Any) -> None:
    """One line of JSON, keys in the order given, Chinese as it is."""
    typer.echo(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")))


class Progress:
    """A line on a terminal's stderr that says how far long work is; none before two seconds."""

    def __init__(self, what: str, unit: str = "") -> None:
        self._what = what
        self._unit = unit
        self._begun = time.monotonic()
        self._shown = 0.0

    def __call__(self, done: float, total: float | None) -> None:
        now = time.monotonic()
        early = now - self._begun < PROGRESS_AFTER_SECONDS or now - self._shown < 0.5
        if early or not sys.stderr.isatty():
            return
        self._shown = now
        of = f" of {total:.0f}" if total else ""
        sys.stderr.write(f"\r{self._what}: {done:.0f}{of}{self._unit} ...")
        sys.stderr.flush()

    def close(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write("\r\033[K")


def with_progress(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Yield `items` and show how many are done."""
    show = Progress(what)
    for count, item in enumerate(items, start=1):
        yield item
        show(count, total)
    show.close()


def default_data_dir() -> Path:
    return load_settings().data_dir


def open_services() -> Services:
    """This installation's parts, with its database brought up to date."""
    services = build_services(load_settings())
    services.store.migrate()
    return services


def read_zones(file: Path) -> tuple[ZoneShape, ...]:
    """The zones of a zones.json. Raises BadInput for the file, BadZone for what is in it."""
    try:
        return load_zones(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}", field="zones") from None
    except UnicodeDecodeError:
        raise BadInput(f"{file} is not a text file", field="zones") from None
