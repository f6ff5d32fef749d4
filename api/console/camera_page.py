"""The frame of an operator's page about one camera."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fastapi import Request
from fastapi.responses import Response
from nicegui import ui

from api.console.layout import Visitor, attempt, door, page, visitor
from models.people import Role
from pipeline.services import Services

Found = TypeVar("Found")


def camera_page(
    services: Services,
    what: str,
    read: Callable[[Services, int], Found],
    show: Callable[[Visitor, int, Found], None],
) -> None:
    """`/console/cameras/{camera_id}/{what}`: what `read` finds of the camera is laid out by `show`.

    `what` is the word of its title too. Who is no operator is told so; a camera that is not there
    is said, and nothing is shown.
    """

    @ui.page(f"/console/cameras/{{camera_id}}/{what}")
    async def build(request: Request, camera_id: int) -> Response | None:
        who = visitor(request)
        if who is None:
            return door(request)
        with page(services, who, "cameras", who.word(what)):
            if not who.has(Role.OPERATOR):
                ui.label(who.word("not_for_you")).classes("qf-card")
                return None
            found = await attempt(lambda: read(services, camera_id), who)
            if found is not None:
                show(who, camera_id, found)
        return None
