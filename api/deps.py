"""What endpoints ask for: the services, who is calling, and values that fit our columns."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Annotated

from fastapi import Depends, Header, Path, Query, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from pydantic import AfterValidator, BaseModel, ConfigDict

from api.auth import Caller, caller_of, services_of
from models.errors import NotAllowed, NotSignedIn
from models.people import Role
from pipeline.services import Services

LARGEST_ID = 2**31 - 1
"""What an integer column holds on every engine."""

# Only for the description at /api/v1/openapi.json; caller_of() does the work.
_bearer = HTTPBearer(auto_error=False, description="A machine's key")
_cookie = APIKeyCookie(name="qifen_session", auto_error=False, description="A person's session")


def _services(request: Request) -> Services:
    return services_of(request)


Serving = Annotated[Services, Depends(_services)]


def allow(*roles: Role) -> Callable[[Request], Caller]:
    """A dependency that lets in whoever has one of `roles` (an admin has all); with none given,
    anybody who is signed in."""

    def check(request: Request) -> Caller:
        caller = caller_of(request)
        if caller is None:
            raise NotSignedIn("sign in first")
        if roles and not caller.has(*roles):
            raise NotAllowed(f"this needs the role {' or '.join(roles)}")
        return caller

    return check


def _person_of_the_office(request: Request) -> Caller:
    """An officer or operator who has signed in; no machine, whatever its key may do."""
    caller = allow(Role.OFFICER, Role.OPERATOR)(request)
    caller.person()
    return caller


signed_in = [Depends(_bearer), Depends(_cookie)]
"""Put into a router's `dependencies`, so that its description says how to sign in."""

Anybody = Annotated[Caller, Depends(allow())]
Staff = Annotated[Caller, Depends(allow(Role.OFFICER, Role.OPERATOR))]
StaffPerson = Annotated[Caller, Depends(_person_of_the_office)]
"""For what owners wrote in their own words: people answer it, and a machine has no reason to read
it (PIPL art. 6)."""
Officer = Annotated[Caller, Depends(allow(Role.OFFICER))]
Operator = Annotated[Caller, Depends(allow(Role.OPERATOR))]
Admin = Annotated[Caller, Depends(allow(Role.ADMIN))]
CaseWorker = Annotated[
    Caller,
    Depends(allow(Role.OFFICER, Role.OPERATOR, Role.DISPATCHER, Role.CREW, Role.PATROL)),
]
"""Whoever has a duty in a case; which step is whose, the flow says."""


def one_line(value: str) -> str:
    """Refuses control characters, NUL and half surrogates, which no database takes."""
    if not value.isprintable():
        raise ValueError("contains characters that cannot be printed")
    return value


def many_lines(value: str) -> str:
    one_line(value.replace("\r\n", " ").replace("\n", " ").replace("\t", " "))
    return value


Line = Annotated[str, AfterValidator(one_line)]
Lines = Annotated[str, AfterValidator(many_lines)]
Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]
QueryId = Annotated[int | None, Query(ge=1, le=LARGEST_ID)]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]


class Body(BaseModel):
    """A request's body: what is not known is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


def _reason(
    reason: Annotated[
        str | None, Query(max_length=400, description="Why, for the viewing log")
    ] = None,
    x_reason: Annotated[
        str | None, Header(max_length=400, description="Why, for the viewing log")
    ] = None,
) -> str:
    # A header is Latin-1 on the wire; Chinese reasons come as UTF-8 bytes in it.
    if x_reason is not None:
        with suppress(UnicodeError):
            x_reason = x_reason.encode("latin-1").decode("utf-8")
    text = (x_reason or reason or "").strip()
    return text if text.isprintable() else ""


Reason = Annotated[str, Depends(_reason)]
