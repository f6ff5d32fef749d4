"""Every route under generated input, as each role, as a machine and as nobody: never a 5xx (A12).

Requests are made from the application's own description. Half of them name rows that exist, so
that nonsense reaches the services and the database as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import select

from models import signin
from models.chain import add_evidence
from models.clock import FakeClock
from models.people import Role, User, UserSession
from pipeline.services import Services
from tests.api.conftest import jpeg
from tests.models.city import City

ROLES = {"olive": Role.OPERATOR, "chen": Role.OFFICER, "boss": Role.ADMIN}
EXAMPLES = 4
"""Requests a route and caller: about sixty routes, five callers, under a minute."""


@pytest.fixture
def busy_city(services: Services, clock: FakeClock) -> None:
    """Events in many states, a real picture, an open camera: something to trip over."""
    data = jpeg(64, 36)
    key = services.evidence.put(data, "jpg")
    with services.store.begin() as session:
        city = City(session)
        for plate, way in (
            ("浙A10001", City.to_confirm), ("浙A10002", City.to_grace),
            ("浙A10003", City.to_patrol), ("浙A10004", City.to_review),
        ):  # fmt: skip
            event = way(city, plate=plate)
            add_evidence(
                session, event=event, camera=city.camera, kind="E1", media_type="image/jpeg",
                data=data, storage_key=key, captured_at=city.now,
            )  # fmt: skip
        clock.set(city.now)


def credentials(services: Services, caller: str) -> dict[str, str]:
    """Headers of this caller, made anew: generated requests also sign out and shut out people."""
    at = services.clock.now()
    with services.store.begin() as session:
        if caller == "machine":
            name = f"machine {uuid4()}"
            _, secret = signin.create_api_key(session, name, ["operator"], at=at, actor="test")
            return {"Authorization": f"Bearer {secret}"}
        user = session.scalars(select(User).where(User.username == caller)).one()
        user.active, user.roles = True, [ROLES[caller]]
        token = f"token {caller} {uuid4()}"
        session.add(
            UserSession(
                token_hash=hashlib.sha256(token.encode()).hexdigest(), user_id=user.id,
                created_at=at, last_used_at=at, expires_at=at + timedelta(hours=1),
            )
        )  # fmt: skip
    return {"Cookie": f"qifen_session={token}"}


def operations(address: str) -> Iterator[Any]:
    spec = httpx.get(f"{address}/api/v1/openapi.json").json()
    schema = schemathesis.openapi.from_dict(spec)
    for found in schema.get_all_operations():
        yield found.ok()


@pytest.mark.slow
@pytest.mark.parametrize("caller", ["nobody", "machine", *ROLES])
def test_no_request_breaks_the_server(
    services: Services, address: str, busy_city: None, caller: str
) -> None:
    """Whatever is sent to whichever route, the answer is below 500."""
    broken: list[str] = []
    seen: set[int] = set()
    for operation in operations(address):
        headers = {"Origin": address}
        if caller != "nobody":
            headers |= credentials(services, caller)
        for answer in sent(operation, address, headers):
            seen.add(answer.status_code)
            if answer.status_code >= 500:
                broken.append(f"{operation.label}: {answer.request.url} {answer.text[:200]}")
    assert broken == []
    assert 200 in seen
    assert 422 in seen


def sent(operation: Any, address: str, headers: dict[str, str]) -> list[Any]:
    """The answers to a few generated requests to one route."""
    answers: list[Any] = []

    @seed(7)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), real=st.booleans(), row=st.integers(1, 4))
    def send(case: Any, real: bool, row: int) -> None:
        if real and case.path_parameters:
            case.path_parameters = dict.fromkeys(case.path_parameters, row)
        # A generated cookie or key would only make it somebody unknown.
        for name in ("Authorization", "Cookie", "Origin"):
            (case.headers or {}).pop(name, None)
        case.cookies = {}
        answers.append(case.call(base_url=address, headers=headers, timeout=30))

    send()
    return answers


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("POST", "/api/v1/auth/sign-in", b'{"username": "\\u0000", "password": "x"}', 422),
        ("POST", "/api/v1/auth/sign-in", b'{"username": "\\ud800", "password": "x"}', 422),
        ("POST", "/api/v1/auth/sign-in", b'{"username": "\xff"}', 400),
        ("POST", "/api/v1/auth/sign-in", b"{" * 100_000, 422),
        ("POST", "/api/v1/auth/sign-in", b"9" * 5_000, 400),
        ("POST", "/api/v1/auth/sign-in", b"", 422),
        ("GET", "/api/v1/cameras/99999999999999999999", b"", 401),
        ("GET", "/api/v1/nowhere", b"", 404),
        ("DELETE", "/api/v1/health", b"", 405),
        ("POST", "/api/v1/receipts/twilio", b"--x\r\nbroken", 404),
        ("POST", "/o", b"number=%00&code=%ff", 401),
        ("GET", "/o?lang=" + "z" * 11, b"", 422),
        ("GET", "/o/picture/x", b"", 422),
    ],
)
def test_torn_requests_are_refused_cleanly(
    nobody: httpx.Client, method: str, path: str, content: bytes, status: int
) -> None:
    """NUL, half surrogates, broken UTF-8, deep nesting, huge numbers, wrong methods."""
    kind = "application/x-www-form-urlencoded" if "/o" in path[:2] else "application/json"
    answer = nobody.request(method, path, content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert "code" in answer.text


def test_what_is_too_large_is_refused(nobody: httpx.Client) -> None:
    """By its declared length at once; without one, where the limit is reached."""
    declared = nobody.post("/api/v1/auth/sign-in", content=b"x" * (12 * 1024 * 1024 + 1))
    assert (declared.status_code, declared.json()["error"]["code"]) == (413, "TOO_LARGE")
    odd = nobody.post("/api/v1/auth/sign-in", content=b"", headers={"Content-Length": "0"})
    assert odd.status_code == 422
