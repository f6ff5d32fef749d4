"""The patrol's page on a phone: the paper notice, the second look, the tow (A26, L34, L44).

Plain forms without script, a few kilobytes each, so that they work on any phone and with a weak
signal; a photo is taken by the phone's own camera.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.auth import current_user
from api.console.doors import language_of
from api.console.patrol_words import WORDS
from api.console.refusals import told
from api.console.words import word
from api.deps import LARGEST_ID, Id
from api.desk import Desk
from api.languages import words_in
from api.place_desk import PlaceDesk
from models import deadlines
from models.audit_log import record_viewing
from models.errors import BadInput, NotFound, QifenError
from models.event import Deadline, DeadlineKind, Event, EventState, FlowName
from models.evidence import Evidence, EvidenceKind
from models.flows.texts import grace_seconds
from models.looks import window_end
from models.pack import on_site_photos
from models.people import Role, User
from models.policy import Policy, load_policy
from pipeline.services import Services

HOME = "/console/patrol"
LISTED = 50
REFRESH_SECONDS = 15
_templates = Environment(
    loader=PackageLoader("api", "templates/patrol"), autoescape=True, undefined=StrictUndefined
)
Typed = Annotated[str, Form(max_length=300)]
Photo = Annotated[UploadFile | None, File()]
Version = Annotated[int, Form(ge=0, le=LARGEST_ID)]


def build(services: Services) -> APIRouter:
    """The routes under /console/patrol."""
    routes = APIRouter(include_in_schema=False, prefix=HOME)
    _add_pages(routes, services)
    _add_paper_acts(routes, services)
    _add_endings(routes, services)
    return routes


def _add_pages(routes: APIRouter, services: Services) -> None:
    @routes.get("")
    def waiting(request: Request) -> Response:
        user = current_user(request)
        if user is None:
            return RedirectResponse(f"/sign-in?next={HOME}/")
        with services.store.read() as session:
            rows = _waiting(session) if user.has(Role.OFFICER) else []
        return _page(request, "list.html", rows=rows, officer=user.has(Role.OFFICER))

    @routes.get("/")
    def slash() -> Response:
        return RedirectResponse(HOME)

    @routes.get("/{event_id}")
    def one(request: Request, event_id: Id) -> Response:
        return _event_page(request, services, event_id)


def _add_paper_acts(routes: APIRouter, services: Services) -> None:
    """Each form is one act; a refusal shows the page again with the reason."""

    @routes.post("/{event_id}/paper")
    def paper(
        request: Request, event_id: Id, version: Version, plate: Typed = "", photo: Photo = None
    ) -> Response:
        def act(user: User) -> None:
            desk = PlaceDesk(services, event_id, user.id, version)
            desk.paper_notice(desk.keep_photo(_bytes(photo), EvidenceKind.PAPER), plate)

        return _act(request, services, event_id, act)

    @routes.post("/{event_id}/photo")
    def photo_on_site(request: Request, event_id: Id, photo: Photo = None) -> Response:
        def act(user: User) -> None:
            PlaceDesk(services, event_id, user.id).keep_photo(_bytes(photo), EvidenceKind.ON_SITE)

        return _act(request, services, event_id, act)

    @routes.post("/{event_id}/still")
    def still(
        request: Request, event_id: Id, version: Version, plate: Typed = "", unmoved: Typed = ""
    ) -> Response:
        def act(user: User) -> None:
            desk = PlaceDesk(services, event_id, user.id, version)
            desk.still_there(plate, unmoved=unmoved == "yes")

        return _act(request, services, event_id, act)


def _add_endings(routes: APIRouter, services: Services) -> None:
    """What ends an event on the spot."""

    @routes.post("/{event_id}/gone")
    def gone(request: Request, event_id: Id, version: Version) -> Response:
        def act(user: User) -> None:
            PlaceDesk(services, event_id, user.id, version).gone()

        return _act(request, services, event_id, act)

    @routes.post("/{event_id}/discard")
    def discard(request: Request, event_id: Id, version: Version, reason: Typed = "") -> Response:
        def act(user: User) -> None:
            Desk(services, event_id, user.id, expected_version=version).discard(reason)

        return _act(request, services, event_id, act)

    @routes.post("/{event_id}/tow")
    def tow(
        request: Request, event_id: Id, version: Version, reference: Typed = "",
        urgent: Typed = "", photo: Photo = None,
    ) -> Response:  # fmt: skip
        def act(user: User) -> None:
            desk = PlaceDesk(services, event_id, user.id, version)
            desk.tow(reference, desk.keep_photo(_bytes(photo), EvidenceKind.TOW), urgent)

        return _act(request, services, event_id, act)


def _act(
    request: Request, services: Services, event_id: int, act: Callable[[User], None]
) -> Response:
    user = current_user(request)
    if user is None:
        return RedirectResponse(f"/sign-in?next={HOME}/{event_id}", status_code=303)
    try:
        act(user)
    except QifenError as error:
        said = told(error, language_of(request))
        return _event_page(request, services, event_id, problem=said, status=error.http_status)
    return RedirectResponse(f"{HOME}/{event_id}", status_code=303)


def _bytes(photo: UploadFile | None) -> bytes:
    data = b"" if photo is None else photo.file.read()
    if not data:
        raise BadInput("a photo is needed", field="photo", hint="take one with the phone")
    return data


def _waiting(session: Session) -> list[dict[str, Any]]:
    """What waits for an officer on the spot, the longest waiting on top."""
    on_paper = Event.state.in_([EventState.GRACE, EventState.RECHECK])
    rows = session.scalars(
        select(Event)
        .where(
            Event.flow == FlowName.PARKING,
            or_(
                Event.state == EventState.PATROL_ASSIGNED,
                on_paper & (Event.grace_policy == "paper"),
            ),
        )
        .order_by(Event.flagged_at)
        .limit(LISTED)
    )
    return [
        {
            "id": row.id,
            "plate": row.plate,
            "place": row.zone.area.place or row.camera.place,
            "state": row.state,
            "until": _clock(_due(session, row)),
        }
        for row in rows
    ]


def _due(session: Session, event: Event) -> datetime | None:
    if event.state != EventState.PATROL_ASSIGNED:
        return event.grace_deadline_at
    row = deadlines.find(session, event, DeadlineKind.PATROL)
    return row.due_at if isinstance(row, Deadline) else None


def _event_page(
    request: Request, services: Services, event_id: int, *, problem: str = "", status: int = 200
) -> Response:
    user = current_user(request)
    if user is None:
        return RedirectResponse(f"/sign-in?next={HOME}/{event_id}")
    if not user.has(Role.OFFICER):
        return _page(request, "list.html", rows=[], officer=False)
    language, at = language_of(request), services.clock.now()
    try:
        with services.store.begin() as session:
            event = session.get(Event, event_id)
            if event is None or event.flow != FlowName.PARKING:
                raise NotFound("there is no such event")
            record_viewing(
                session, at=at, viewer=user.username, user_id=user.id, event=event,
                reason="on the spot",
            )  # fmt: skip
            view = _view(session, event, policy=load_policy(session), at=at, language=language)
    except QifenError as error:
        problem = told(error, language)
        return _page(
            request, "list.html", rows=[], officer=True, problem=problem, status=error.http_status
        )
    return _page(request, "event.html", v=view, problem=problem, status=status)


def _view(
    session: Session, event: Event, *, policy: Policy, at: datetime, language: str
) -> dict[str, Any]:
    said = words_in(WORDS, language)
    over, deadline = window_end(event, policy), event.grace_deadline_at
    taken = list(
        session.scalars(
            select(Evidence.captured_at)
            .where(Evidence.event_id == event.id, Evidence.kind == EvidenceKind.ON_SITE)
            .order_by(Evidence.captured_at)
        )
    )
    counted = on_site_photos(taken, event, policy)
    on_paper = event.grace_policy == "paper"
    left = None if deadline is None else max(0, int((deadline - at) / timedelta(seconds=1)))
    picture = session.scalar(
        select(Evidence.id).where(Evidence.event_id == event.id, Evidence.kind == EvidenceKind.E1)
    )
    return {
        "id": event.id,
        "version": event.version,
        "event_no": event.event_no,
        "plate": event.plate or "",
        "place": event.zone.area.place or event.camera.place,
        "seen": _clock(event.flagged_at),
        "until": _clock(_due(session, event)),
        "state": word(event.state, language),
        "picture": picture,
        "paper": event.state == EventState.PATROL_ASSIGNED,
        "runs": event.state == EventState.GRACE and on_paper,
        "look": event.state == EventState.RECHECK and on_paper,
        "open": event.is_open,
        "left": left,
        "refresh": REFRESH_SECONDS if event.state == EventState.GRACE and on_paper else None,
        "paper_text": said["paper_text"].format(
            number=event.query_no, code=event.query_code, landline=policy.landline,
            minutes=int(grace_seconds(event, policy) // 60),
        ),
        "running": said["running"].format(until=_clock(deadline)),
        "look_text": said["look_text"].format(over=_clock(over)),
        "taken": [(_clock(instant), instant in counted) for instant in taken],
    }  # fmt: skip


def _clock(at: datetime | None) -> str:
    return "–" if at is None else f"{deadlines.local(at):%H:%M:%S}"


def _page(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    language = language_of(request)
    values.setdefault("problem", "")
    body = _templates.get_template(template).render(
        w=words_in(WORDS, language), zh=language.startswith("zh"), here=request.url.path, **values
    )
    headers = {
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    }
    return HTMLResponse(body, status, headers=headers)
