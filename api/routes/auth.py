"""Signing in and out, and the passwords of people."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api import shapes
from api.auth import (
    clear_session_cookie,
    client_address,
    services_of,
    session_token,
    set_session_cookie,
)
from api.deps import Anybody, Body, Line, Serving, signed_in
from models import signin
from models.errors import NotFound
from models.people import User

router = APIRouter(prefix="/auth", tags=["sign-in"])

Password = Annotated[Line, Field(min_length=1, max_length=200)]


class SignIn(Body):
    username: Annotated[Line, Field(min_length=1, max_length=60)]
    password: Password


class Accept(Body):
    token: Annotated[Line, Field(min_length=1, max_length=100)]
    password: Password


class NewPassword(Body):
    old: Password
    new: Password


@router.post("/sign-in")
def sign_in(
    body: SignIn, request: Request, response: Response, services: Serving
) -> dict[str, Any]:
    """Start a session; its cookie is HttpOnly. Ten wrong tries lock for fifteen minutes."""
    with services.store.begin() as session:
        user, token = signin.sign_in(
            session,
            body.username,
            body.password,
            at=services.clock.now(),
            client=client_address(request),
        )
    set_session_cookie(response, services, token)
    return shapes.user(user)


@router.post("/sign-out", status_code=204)
def sign_out(request: Request, response: Response, services: Serving) -> None:
    """End the session; without one nothing happens."""
    token = session_token(request)
    if token:
        with services.store.begin() as session:
            signin.sign_out(session, token, at=services.clock.now())
    clear_session_cookie(response, services_of(request))


@router.post("/invitation")
def accept_invitation(body: Accept, services: Serving) -> dict[str, Any]:
    """Set the first password with a one-time link's token; then sign in with it."""
    with services.store.begin() as session:
        user = signin.accept_invitation(session, body.token, body.password, at=services.clock.now())
    return shapes.user(user)


@router.get("/me", dependencies=signed_in)
def me(caller: Anybody) -> dict[str, Any]:
    """Who is calling."""
    if caller.user is not None:
        return {**shapes.user(caller.user), "kind": "person"}
    return {"kind": "machine", "username": caller.name, "roles": sorted(caller.roles)}


@router.post("/password", status_code=204, dependencies=signed_in)
def change_password(body: NewPassword, caller: Anybody, services: Serving) -> None:
    """Change one's own password; every session ends, this one too."""
    person_id = caller.person().id
    with services.store.begin() as session:
        user = session.get(User, person_id)
        if user is None:
            raise NotFound("this user is gone")
        signin.change_password(session, user, body.old, body.new, at=services.clock.now())
