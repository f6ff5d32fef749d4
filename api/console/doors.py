"""The doors of the console: sign in, sign out, use an invitation. Plain HTML, no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, select_autoescape

from api.auth import clear_session_cookie, client_address, session_token, set_session_cookie
from api.console.words import word
from models import signin
from models.errors import NotFound, QifenError
from pipeline.services import Services

LANGUAGE_COOKIE = "qifen_language"
HOME = "/console/review"
_templates = Environment(loader=PackageLoader("api"), autoescape=select_autoescape())

_MESSAGES = {
    "WRONG_SECRET": ("用户名或密码不正确。", "User name or password is wrong."),
    "LOCKED": ("尝试次数过多，请15分钟后再试。", "Too many wrong tries. Try again in 15 minutes."),
    "NOT_FOUND": (
        "链接已失效，请索取新的邀请。",
        "This link is no longer valid. Ask for a new one.",
    ),
    "BAD_INPUT": (
        "密码需10至200个字符，且不能过于简单。",
        "A password has 10 to 200 characters and must not be easy to guess.",
    ),
    "DIFFERENT": ("两次输入不一致。", "The two passwords differ."),
}


@dataclass(frozen=True)
class Field:
    name: str
    label: str
    type: str
    autocomplete: str
    value: str = ""
    readonly: bool = False


def build(services: Services) -> APIRouter:
    """The routes /, /sign-in, /sign-out, /invitation and /language."""
    routes = APIRouter(include_in_schema=False)
    _add_entrances(routes)
    _add_sign_in(routes, services)
    _add_invitation(routes, services)
    return routes


def _add_entrances(routes: APIRouter) -> None:
    @routes.get("/")
    def home() -> Response:
        return RedirectResponse(HOME)

    @routes.get("/console")
    def console() -> Response:
        return RedirectResponse(HOME)

    @routes.get("/language/{language}")
    def language(language: str, next: str = HOME) -> Response:  # noqa: A002 (the URL's own word)
        response = RedirectResponse(_inside(next), status_code=303)
        chosen = "zh" if language.startswith("zh") else "en"
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=31_536_000, samesite="lax")
        return response


def _add_sign_in(routes: APIRouter, services: Services) -> None:
    @routes.get("/sign-in")
    def sign_in_page(request: Request) -> Response:
        return _sign_in_form(request)

    @routes.post("/sign-in")
    def sign_in(
        request: Request,
        username: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
    ) -> Response:
        at, client = services.clock.now(), client_address(request)
        try:
            with services.store.begin() as session:
                _, token = signin.sign_in(session, username, password, at=at, client=client)
        except QifenError as error:
            return _sign_in_form(request, error.code, username)
        response = RedirectResponse(_inside(request.query_params.get("next")), status_code=303)
        set_session_cookie(response, services, token)
        return response

    @routes.post("/sign-out")
    def sign_out(request: Request) -> Response:
        token = session_token(request)
        if token:
            with services.store.begin() as session:
                signin.sign_out(session, token, at=services.clock.now())
        response = RedirectResponse("/sign-in", status_code=303)
        clear_session_cookie(response, services)
        return response


def _add_invitation(routes: APIRouter, services: Services) -> None:
    @routes.get("/invitation/{token}")
    def invite_page(request: Request, token: str) -> Response:
        try:
            with services.store.read() as session:
                user = signin.invited_user(session, token, at=services.clock.now())
        except QifenError as error:
            return _sign_in_form(request, error.code)
        return _invite_form(request, user.username)

    @routes.post("/invitation/{token}")
    def accept(
        request: Request,
        token: str,
        username: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        again: Annotated[str, Form()] = "",
    ) -> Response:
        if password != again:
            return _invite_form(request, username, "DIFFERENT")
        try:
            with services.store.begin() as session:
                signin.accept_invitation(session, token, password, at=services.clock.now())
        except NotFound as error:
            return _sign_in_form(request, error.code)
        except QifenError as error:
            return _invite_form(request, username, error.code)
        return RedirectResponse("/sign-in", status_code=303)


def _inside(path: str | None) -> str:
    """Only a page of ours may follow a sign-in: `next` comes from the address bar."""
    ours = ("/console/", "/sign-in", "/invitation/")
    return path if path is not None and path.startswith(ours) and "//" not in path else HOME


def language_of(request: Request) -> str:
    """The chosen language, else the browser's, else Chinese."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen:
        return chosen
    accepted = request.headers.get("accept-language", "zh").lower()
    return "zh" if accepted.startswith("zh") or "en" not in accepted else "en"


def _sign_in_form(request: Request, code: str | None = None, username: str = "") -> Response:
    language = language_of(request)
    fields = [
        Field("username", word("username", language), "text", "username", username),
        Field("password", word("password", language), "password", "current-password"),
    ]
    return _form(request, "sign_in", fields, code, status=401 if code else 200)


def _invite_form(request: Request, username: str, code: str | None = None) -> Response:
    language = language_of(request)
    fields = [
        # Nobody is chosen by it; it is there for the browser's store of passwords.
        Field("username", word("username", language), "text", "username", username, readonly=True),
        Field("password", word("password", language), "password", "new-password"),
        Field("again", word("password_again", language), "password", "new-password"),
    ]
    return _form(request, "set_password", fields, code, status=422 if code else 200)


def _form(
    request: Request, title: str, fields: Sequence[Field], code: str | None, *, status: int
) -> Response:
    language = language_of(request)
    zh = language.startswith("zh")
    # A link that no longer works shows the sign-in: its form must not go back to the link.
    astray = title == "sign_in" and request.url.path != "/sign-in"
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    message = ""
    if code:
        chinese, english = _MESSAGES.get(code, _MESSAGES["NOT_FOUND"])
        message = chinese if zh else english
    body = _templates.get_template("door.html").render(
        zh=zh,
        title=word(title, language),
        button=word(title, language),
        message=message,
        fields=fields,
        action="/sign-in" if astray else here,
        language_next=quote("/sign-in" if astray else here, safe=""),
        focus=next((f.name for f in fields if not f.value), ""),
    )
    return HTMLResponse(
        body,
        status_code=status,
        headers={
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",
            "X-Frame-Options": "DENY",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        },
    )
