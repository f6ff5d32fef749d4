"""The owner's page: number and code from the text open one case, and nothing else (B10).

Plain HTML of a few kilobytes: no script, no other host, no cookie but a pass of half an hour that
holds neither number nor code. Copies of pictures are blurred; the plate is masked.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy.orm import Session

from api.auth import client_address
from api.deps import LARGEST_ID, Serving
from api.languages import wished, words_in
from api.owner_view import (
    RECUSAL,
    REQUEST_KINDS,
    may_speak,
    owner_picture,
    owner_view,
    spoken_enough,
)
from api.owner_words import WORDS
from api.photos import check_photo
from api.pictures import keep_box, small_copy
from models import owner_access, owner_requests, recusal, statements
from models.audit_log import record_viewing
from models.chain import add_evidence
from models.errors import (
    BadInput,
    Conflict,
    Locked,
    NotFound,
    NotSignedIn,
    QifenError,
    WrongSecret,
)
from models.event import Event
from models.evidence import EvidenceKind
from models.people import Statement
from models.policy import Policy, load_policy
from pipeline.services import Services

router = APIRouter(prefix="/o", include_in_schema=False)

COOKIE = "qifen_owner"
_templates = Environment(
    loader=PackageLoader("api", "templates/owner"), autoescape=True, undefined=StrictUndefined
)

Lang = Annotated[str | None, Query(max_length=10)]
Typed = Annotated[str, Form()]


@router.get("")
def door(request: Request, services: Serving, lang: Lang = None) -> Response:
    """The form for number and code."""
    return _door(request, services, lang)


@router.post("")
def enter(
    request: Request,
    services: Serving,
    lang: Lang = None,
    number: Typed = "",
    code: Typed = "",
) -> Response:
    """Number and code are right: hand out the pass and show the case."""
    at = services.clock.now()
    try:
        with services.store.begin() as session:
            event = owner_access.open_page(
                session, number, code, at=at, client=client_address(request)
            )
            value = owner_access.issue_pass(event, at=at)
    except WrongSecret:
        return _door(request, services, lang, "wrong", 401, number=number[:24])
    except Locked as error:
        wait = {"Retry-After": str(error.retry_after_seconds)}
        return _door(request, services, lang, "locked", 429, headers=wait)
    except QifenError:
        return _door(request, services, lang, "away", 503)
    response = _to(f"/o/case?lang={wished(request, lang)}")
    response.set_cookie(
        COOKIE,
        value,
        max_age=owner_access.PASS_SECONDS,
        httponly=True,
        samesite="strict",
        secure=services.settings.base_url.startswith("https://"),
        path="/o",
    )
    return response


@router.get("/case")
def case(
    request: Request,
    services: Serving,
    lang: Lang = None,
    said: bool = False,
    asked: bool = False,
) -> Response:
    """The case as it stands now."""
    language = wished(request, lang)
    try:
        with services.store.read() as session:
            at = services.clock.now()
            event = owner_access.read_pass(session, _pass(request), at=at)
            policy = load_policy(session)
            view = owner_view(session, event, policy=policy, at=at, language=language)
    except NotSignedIn:
        return _door(request, services, lang, "over", 401)
    except QifenError:
        return _door(request, services, lang, "away", 503)
    return _page(
        "case.html", language, view=view, said=said, asked=asked, landline=view.landline,
        signature=view.signature,
    )  # fmt: skip


@router.get("/statement")
def statement_form(request: Request, services: Serving, lang: Lang = None) -> Response:
    """The form of a statement: a page of its own, so that no refresh takes away what is typed."""
    return _statement(request, services, lang)


@router.post("/statement")
def give_statement(
    request: Request,
    services: Serving,
    lang: Lang = None,
    text: Typed = "",
    photo: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Take in a statement, with a photo where one is sent. Nothing is shortened: too long is said,
    and the words come back."""
    given = _cleaned(text)
    if not given or len(given) > 2000:
        return _statement(request, services, lang, "too_long" if given else "empty", given)
    at = services.clock.now()
    try:
        with services.store.begin() as session:
            event = owner_access.read_pass(session, _pass(request), at=at)
            enough = spoken_enough(session, event)
            if may_speak(event) and not enough:
                policy = load_policy(session)
                kept = _keep(services, b"" if photo is None else photo.file.read())
                said = statements.receive(session, event, given, at=at, policy=policy)
                _attach(session, event, said, kept, at)
                return _to(f"/o/case?said=1&lang={wished(request, lang)}")
    except NotSignedIn:
        return _door(request, services, lang, "over", 401)
    except BadInput:
        return _statement(request, services, lang, "bad_photo", given)
    except QifenError:
        return _statement_page(request, services, lang, "away", given)
    return _statement(request, services, lang, "enough" if enough else None, given)


@router.get("/request")
def request_form(request: Request, services: Serving, lang: Lang = None) -> Response:
    """What else may be asked: recusal of an officer, the record, its correction or deletion."""
    return _request(request, services, lang)


@router.post("/request")
def ask(
    request: Request, services: Serving, lang: Lang = None, kind: Typed = "", text: Typed = ""
) -> Response:
    """Keep a request (L09, L67, W53); it is answered on the case's page."""
    given, at = _cleaned(text), services.clock.now()
    try:
        with services.store.begin() as session:
            event = owner_access.read_pass(session, _pass(request), at=at)
            if kind == RECUSAL and may_speak(event):
                recusal.request(session, event, given, at=at)
            else:
                owner_requests.receive_request(session, event, kind, given, at=at)
    except NotSignedIn:
        return _door(request, services, lang, "over", 401)
    except BadInput:
        return _request(
            request, services, lang, "too_long_request" if given else "empty", kind, given
        )
    except Conflict:
        return _request(request, services, lang, "enough", kind, given)
    except QifenError:
        return _request(request, services, lang, "away", kind, given)
    return _to(f"/o/case?asked=1&lang={wished(request, lang)}")


@router.get("/picture/{evidence_id}")
def picture(request: Request, services: Serving, evidence_id: int) -> Response:
    """A blurred, smaller copy of one of this case's pictures; the look is written down."""
    at = services.clock.now()
    with services.store.begin() as session:
        event = owner_access.read_pass(session, _pass(request), at=at)
        known = 0 < evidence_id <= LARGEST_ID
        row = owner_picture(session, event, evidence_id) if known else None
        if row is None:
            raise NotFound("there is no such picture")
        record_viewing(session, at=at, viewer="owner", reason="owner page", evidence=row)
        key, box = row.storage_key, keep_box(event, row)
    data = small_copy(services, key, box)
    # The page renews itself often; the picture stays as it is.
    headers = {"Cache-Control": "private, max-age=1800"}
    return Response(data, media_type="image/jpeg", headers=headers)


@router.post("/leave")
def leave(request: Request, lang: Lang = None) -> Response:
    """Forget the pass, for a borrowed phone."""
    response = _to(f"/o?lang={wished(request, lang)}")
    response.delete_cookie(COOKIE, path="/o")
    return response


def _door(
    request: Request,
    services: Services,
    lang: str | None,
    problem: str | None = None,
    status: int = 200,
    *,
    number: str = "",
    headers: dict[str, str] | None = None,
) -> Response:
    policy = _policy(services)
    return _page(
        "door.html",
        wished(request, lang),
        status=status,
        headers=headers,
        problem=problem,
        number=number,
        landline=policy.landline,
        signature=policy.signature,
    )


def _statement(
    request: Request,
    services: Services,
    lang: str | None,
    problem: str | None = None,
    text: str = "",
) -> Response:
    """The form, for whoever has a pass to a case on which something may be said."""
    try:
        with services.store.read() as session:
            at = services.clock.now()
            open_now = may_speak(owner_access.read_pass(session, _pass(request), at=at))
    except NotSignedIn:
        return _door(request, services, lang, "over", 401)
    except QifenError:
        return _statement_page(request, services, lang, "away", text)
    if not open_now:
        return _to(f"/o/case?lang={wished(request, lang)}")
    return _statement_page(request, services, lang, problem, text)


def _statement_page(
    request: Request, services: Services, lang: str | None, problem: str | None, text: str
) -> Response:
    policy = _policy(services)
    status = {None: 200, "away": 503}.get(problem, 422)
    return _page(
        "statement.html", wished(request, lang), status=status, problem=problem, text=text,
        landline=policy.landline, signature=policy.signature,
    )  # fmt: skip


def _request(
    request: Request,
    services: Services,
    lang: str | None,
    problem: str | None = None,
    kind: str = "",
    text: str = "",
) -> Response:
    """The form for whoever has a pass; recusal only while somebody may still decide."""
    kinds = list(REQUEST_KINDS)
    try:
        with services.store.read() as session:
            event = owner_access.read_pass(session, _pass(request), at=services.clock.now())
            if not may_speak(event):
                kinds.remove(RECUSAL)
    except NotSignedIn:
        return _door(request, services, lang, "over", 401)
    except QifenError:
        problem = "away"
    policy = _policy(services)
    status = {None: 200, "away": 503}.get(problem, 422)
    return _page(
        "request.html", wished(request, lang), status=status, problem=problem, kinds=kinds,
        kind=kind if kind in kinds else kinds[0], text=text, landline=policy.landline,
        signature=policy.signature,
    )  # fmt: skip


def _keep(services: Services, data: bytes) -> tuple[bytes, str, str] | None:
    """Bytes, media type and storage key of a photo that came with a statement; None without."""
    if not data:
        return None
    media_type = check_photo(data)
    return data, media_type, services.evidence.put(data, media_type.removeprefix("image/"))


def _attach(
    session: Session,
    event: Event,
    said: Statement,
    kept: tuple[bytes, str, str] | None,
    at: datetime,
) -> None:
    """The photo is evidence of the event like any other, and says to which statement it belongs."""
    if kept is None:
        return
    data, media_type, key = kept
    add_evidence(
        session, event=event, camera=None, kind=EvidenceKind.STATEMENT, media_type=media_type,
        data=data, storage_key=key, captured_at=at, details={"statement": said.id},
    )  # fmt: skip


def _page(
    template: str,
    language: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> Response:
    nonce = secrets.token_urlsafe(16)
    body = _templates.get_template(template).render(
        w=words_in(WORDS, language), lang=language, nonce=nonce, **values
    )
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    fixed = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return HTMLResponse(body, status, headers={**fixed, **(headers or {})})


def _to(path: str) -> Response:
    return RedirectResponse(path, status_code=303)


def _pass(request: Request) -> str:
    return request.cookies.get(COOKIE, "")


def _policy(services: Services) -> Policy:
    """The city's texts; with the database away the page still says so in our own."""
    try:
        return services.policy()
    except QifenError:
        return Policy()


def _cleaned(text: str) -> str:
    """What was written, without characters that no page and no database can carry."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(c for c in line if c.isprintable()) for line in lines).strip()
