"""The staff console: NiceGUI pages on the same application, everything from the installed wheel."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui

from api.console import (
    calls,
    camera_ground,
    cameras,
    cases,
    doors,
    event,
    exemptions,
    keeping,
    masks,
    patrol,
    people,
    registers,
    review,
    standing,
    trials,
    zones,
)
from pipeline.services import Services

__all__ = ["mount"]

_STATIC = Path(__file__).resolve().parent.parent / "static"


def mount(app: FastAPI, services: Services) -> None:
    """Add the console to `app`. Call it once a process, after the API's routes."""
    app.include_router(doors.build(services))
    app.include_router(patrol.build(services))
    for part in (
        review,
        event,
        cases,
        cameras,
        zones,
        masks,
        camera_ground,
        people,
        trials,
        standing,
        exemptions,
        registers,
        calls,
        keeping,
    ):
        part.build(services)
    nicegui_app.add_static_files("/console-static", _STATIC)
    ui.run_with(app, title="Qifen", favicon="七", show_welcome_message=False)
