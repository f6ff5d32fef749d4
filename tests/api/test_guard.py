"""What holds for every request: safe headers, TLS where there is TLS, whose address it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.requests import HTTPConnection

from api.app import create_app
from api.auth import client_address
from api.guard import Guard
from pipeline.services import Services
from tests.api.conftest import serving
from tests.rows import PASSWORD


@pytest.fixture
def behind_tls(services: Services) -> Iterator[httpx.Client]:
    """The same application, reached by people as https://q.example through a proxy."""
    changed = {"public_base_url": "https://q.example"}
    tls = replace(services, settings=services.settings.model_copy(update=changed))
    with serving(create_app(tls)) as url:
        headers = {"Origin": "https://q.example"}
        with httpx.Client(base_url=url, headers=headers) as client:
            yield client


def test_under_https_the_cookie_is_secure(behind_tls: httpx.Client) -> None:
    """`__Host-`: for this host, this path and TLS only; and the browser is told to stay."""
    body = {"username": "olive", "password": PASSWORD}
    answer = behind_tls.post("/api/v1/auth/sign-in", json=body)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-qifen=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    token = cookie.partition("=")[2].partition(";")[0]
    mine = {"Cookie": f"__Host-qifen={token}"}
    me = behind_tls.get("/api/v1/auth/me", headers=mine)
    assert me.json()["username"] == "olive"
    ours = behind_tls.post("/api/v1/auth/sign-out", headers=mine)
    assert ours.status_code == 204, "the public address is our own although the proxy hides it"


def test_every_answer_is_shut_tight(nobody: httpx.Client) -> None:
    for path in ("/api/v1/health", "/api/v1/cameras", "/api/v1/openapi.json", "/nowhere"):
        headers = nobody.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        if path.startswith("/api"):
            assert headers["cache-control"] == "no-store"
            assert headers["content-security-policy"].startswith("default-src 'none'")


def test_no_page_loads_scripts_from_elsewhere(nobody: httpx.Client) -> None:
    """FastAPI's own documentation pages would."""
    assert nobody.get("/docs").status_code == 404
    assert nobody.get("/redoc").status_code == 404


@pytest.mark.parametrize(
    ("peer", "told", "address"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "not an address", "127.0.0.1"),
        ("127.0.0.1", None, "127.0.0.1"),
        (None, "198.51.100.1", ""),
    ],
)
def test_whose_address_it_is(peer: str | None, told: str | None, address: str) -> None:
    """A sender's own claim counts for nothing, or guessing codes could never be slowed down."""
    headers = [(b"x-forwarded-for", told.encode())] if told else []
    client = (peer, 1234) if peer else None
    scope = {"type": "http", "headers": headers, "client": client}
    assert client_address(HTTPConnection(scope)) == address


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [(b"http://127.0.0.1:8080", True), (b"https://elsewhere.example", False), (None, True)],
)
def test_a_page_elsewhere_opens_no_websocket(
    services: Services, origin: bytes | None, accepted: bool
) -> None:
    """The console's live connection acts for whoever is signed in."""
    reached: list[str] = []
    sent: list[Any] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["state"]["services"].settings.base_url)

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    headers = [(b"host", b"127.0.0.1:8080")] + ([(b"origin", origin)] if origin else [])
    scope = {"type": "websocket", "path": "/_nicegui_ws", "headers": headers}
    asyncio.run(Guard(inner, services)(scope, receive, send))
    assert bool(reached) == accepted
    assert bool(sent) != accepted


def test_other_scopes_pass_and_endless_bodies_end(services: Services) -> None:
    """Start and end of the application are not requests; a body without a length has a limit."""
    seen: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])
        while scope["type"] == "http":
            message = await receive()
            if message["type"] == "http.disconnect":
                seen.append("hung up")
                return

    async def receive() -> Any:
        return {"type": "http.request", "body": b"x" * 1_000_000, "more_body": True}

    async def send(message: Any) -> None:
        seen.append(message["type"])

    guard = Guard(inner, services)
    asyncio.run(guard({"type": "lifespan"}, receive, send))
    http = {"type": "http", "method": "POST", "path": "/api/v1/x", "headers": []}
    asyncio.run(guard(http, receive, send))
    assert seen == ["lifespan", "http", "hung up"]


@pytest.mark.parametrize("length", ["-1", "abc", "99999999999", "²"])
def test_odd_lengths_are_refused(services: Services, length: str) -> None:
    sent: list[Any] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("not reached")

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-length", length.encode("latin-1"))]
    http = {"type": "http", "method": "POST", "path": "/api/v1/x", "headers": headers}
    asyncio.run(Guard(inner, services)(http, receive, send))
    assert sent[0]["status"] == 413
