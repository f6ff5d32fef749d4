"""qifen calendar: the holidays that the city brings in itself, year by year (L18)."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from api.commands.common import open_services, print_json
from models.calendar import WorkCalendar
from models.errors import BadInput
from models.policy import LOCAL_ZONE, load_policy, save_policy

app = typer.Typer(no_args_is_help=True, help="Work days and holidays, with the moved ones (调休).")

_HINT = (
    '{"document": "国办发明电〔2026〕...号", "holidays": ["2027-01-01", ...], "work_days": [...]}'
)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help=_HINT)],
    replace: Annotated[
        bool, typer.Option(help="Forget the days that were brought in before.")
    ] = False,
) -> None:
    """Bring in one or more whole years as the State Council published them. Years that are not in
    the file stay as they are; running deadlines stay as they were promised."""
    document, holidays, work_days = _read(file)
    services = open_services()
    years = {day[:4] for day in holidays + work_days}
    with services.store.begin() as session:
        policy = load_policy(session)
        if not replace:
            holidays = sorted({*_others(policy.holidays, years), *holidays})
            work_days = sorted({*_others(policy.moved_work_days, years), *work_days})
        changes = {
            "holidays": holidays, "moved_work_days": work_days,
            "holidays_document": document or policy.holidays_document,
        }  # fmt: skip
        saved = save_policy(session, changes, at=services.clock.now(), actor="cli")
    today = services.clock.now().astimezone(LOCAL_ZONE).date()
    typer.echo(f"work days are known until {saved.calendar.known_until(today).isoformat()}")


@app.command("show")
def show(
    year: Annotated[
        int | None, typer.Argument(help="A year; none: this one.", min=1, max=9998)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """What is off and what is worked besides, until when it is known, and from where."""
    services = open_services()
    with services.store.read() as session:
        policy = load_policy(session)
    calendar = policy.calendar
    today = services.clock.now().astimezone(LOCAL_ZONE).date()
    chosen = year or today.year
    off, worked = _moved(calendar, chosen, worked=False), _moved(calendar, chosen, worked=True)
    entry: dict[str, Any] = {
        "year": chosen,
        "known": calendar.knows(chosen),
        "days_off": off,
        "worked": worked,
        "known_until": calendar.known_until(today).isoformat(),
        "ends_soon": calendar.ends_soon(today),
        "document": policy.holidays_document,
    }
    if as_json:
        print_json(entry)
        return
    if entry["known"]:
        typer.echo(f"{chosen}  off besides weekends: {', '.join(off) or 'none'}")
        typer.echo(f"{chosen}  weekends worked:      {', '.join(worked) or 'none'}")
    else:
        typer.echo(f"{chosen}  unknown: periods count every day, in the citizens' favour")
    if policy.holidays_document:
        typer.echo(f"brought in from: {policy.holidays_document}")
    typer.echo(f"known until {entry['known_until']}")
    if entry["ends_soon"]:
        typer.echo("bring in the next year: qifen calendar import FILE", err=True)


def _read(file: Path) -> tuple[str, list[str], list[str]]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}", field="file", hint=_HINT) from None
    except ValueError as error:
        raise BadInput(f"{file} is not JSON: {error}", field="file", hint=_HINT) from None
    if not isinstance(content, dict):
        raise BadInput(f"{file} holds no table", field="file", hint=_HINT)
    table = cast("dict[str, Any]", content)
    unknown = set(table) - {"document", "holidays", "work_days"}
    if unknown:
        raise BadInput(f"there is no {min(unknown)} in a table", field=min(unknown), hint=_HINT)
    document = table.get("document", "")
    if not isinstance(document, str):
        raise BadInput("document must be a text", field="document", hint=_HINT)
    return document, _days(table, "holidays"), _days(table, "work_days")


def _days(table: dict[str, Any], key: str) -> list[str]:
    days = table.get(key, [])
    if not isinstance(days, list):
        raise BadInput(f"{key} must be a list of days", field=key, hint=_HINT)
    for index, day in enumerate(cast("list[Any]", days)):
        try:
            date.fromisoformat(day if isinstance(day, str) else "")
        except ValueError:
            raise BadInput(f"{key}[{index}] is not a day", field=key, hint="2027-01-01") from None
    return sorted(set(cast("list[str]", days)))


def _others(days: tuple[str, ...], years: set[str]) -> list[str]:
    """Days of the years that a file says nothing about."""
    return [day for day in days if day[:4] not in years]


def _moved(calendar: WorkCalendar, year: int, *, worked: bool) -> list[str]:
    """Weekdays that are off, or weekend days that are worked."""
    if not calendar.knows(year):
        return []
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    return [
        day.isoformat()
        for day in days
        if day.year == year
        and (day.isoweekday() > 5) is worked
        and calendar.is_work_day(day) is worked
    ]
