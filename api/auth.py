"""Who is calling: a person by the session's cookie, or a machine by its key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from fastapi import Request, Response
from starlette.requests import HTTPConnection

from models import signin
from models.clock import Clock
from models.errors import NotAllowed, NotSignedIn
from models.people import Role, User
from models.store import Store
from pipeline.services import Services

INVITATION_PATH = "/invitation/"
"""The page behind a one-time link: `<base url>/invitation/<token>`."""

# Where a proxy of our own may stand. (`is_private` would count reserved public ranges as well.)
_OWN_NETWORKS = tuple(
    ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)


@dataclass(frozen=True)
class Caller:
    """Whoever is behind one request."""

    name: str
    """Username, or "key:<name>" of a machine; stands in the audit and viewing logs."""
    roles: frozenset[str]
    user: User | None = None
    """None for a machine: it sees no full plate and decides nothing."""

    def has(self, *roles: Role) -> bool:
        return Role.ADMIN in self.roles or any(role in self.roles for role in roles)

    def person(self) -> User:
        """The person. Raises NotAllowed for a machine."""
        if self.user is None:
            raise NotAllowed("only a person may do this", hint="sign in instead of using a key")
        return self.user


def services_of(connection: HTTPConnection) -> Services:
    """The installation's services, as the guard put them beside the request."""
    return connection.state.services


def cookie_name(services: Services) -> str:
    # The prefix makes browsers refuse the cookie from any other host or without TLS.
    return "__Host-qifen" if _is_https(services) else "qifen_session"


def _is_https(services: Services) -> bool:
    return services.settings.base_url.startswith("https://")


def set_session_cookie(response: Response, services: Services, token: str) -> None:
    response.set_cookie(
        cookie_name(services),
        token,
        max_age=signin.SESSION_SECONDS,
        httponly=True,
        samesite="lax",
        secure=_is_https(services),
        path="/",
    )


def clear_session_cookie(response: Response, services: Services) -> None:
    response.delete_cookie(
        cookie_name(services), httponly=True, samesite="lax", secure=_is_https(services), path="/"
    )


def session_token(connection: HTTPConnection) -> str | None:
    return connection.cookies.get(cookie_name(services_of(connection)))


def current_user(connection: HTTPConnection) -> User | None:
    """The signed-in person, for API and console alike; None for nobody.

    Notes the session's use, at most once a minute.
    """
    token = session_token(connection)
    if not token:
        return None
    services = services_of(connection)
    at = services.clock.now()
    with services.store.read() as session:
        user = signin.session_user(session, token, at=at)
        stale = user is not None and signin.needs_touch(session, token, at=at)
    if stale:
        with services.store.begin() as session:
            signin.touch_session(session, token, at=at)
    return user


def caller_of(request: Request) -> Caller | None:
    """By key where one is sent (then no cookie counts), else by the session."""
    header = request.headers.get("authorization")
    if header is not None:
        return _machine(request, header)
    user = current_user(request)
    if user is None:
        return None
    return Caller(user.username, frozenset(user.roles), user)


def _machine(request: Request, header: str) -> Caller:
    scheme, _, secret = header.partition(" ")
    services = services_of(request)
    at = services.clock.now()
    with services.store.read() as session:
        key = signin.key_for(session, secret.strip()) if scheme.lower() == "bearer" else None
    if key is None:
        raise NotSignedIn("this key is not known", hint="send Authorization: Bearer qifen_...")
    if _is_stale(key.last_used_at, at):
        with services.store.begin() as session:
            signin.touch_key(session, key.id, at=at)
    return Caller(f"key:{key.name}", frozenset(key.roles))


def _is_stale(last_used_at: datetime | None, at: datetime) -> bool:
    wait = timedelta(seconds=signin.TOUCH_SECONDS)
    return last_used_at is None or last_used_at + wait <= at


def client_address(connection: HTTPConnection) -> str:
    """Where a request comes from. Behind a proxy on this machine or network that is the last
    address of X-Forwarded-For, which the proxy itself wrote; from anywhere else the header is
    the sender's own claim and counts for nothing."""
    peer = connection.client.host if connection.client else ""
    try:
        near = ip_address(peer)
        is_proxy = near.is_loopback or any(near in network for network in _OWN_NETWORKS)
        told = connection.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        return str(ip_address(told)) if is_proxy and told else peer
    except ValueError:
        return peer


def first_start_link(store: Store, base_url: str, clock: Clock) -> str | None:
    """The one-time link by which the first administrator sets a password.

    A new one at each start for as long as nobody has used one; None afterwards.
    """
    with store.begin() as session:
        token = signin.first_invitation(session, at=clock.now())
    return None if token is None else invitation_link(base_url, token)


def invitation_link(base_url: str, token: str) -> str:
    return f"{base_url.rstrip('/')}{INVITATION_PATH}{token}"
