"""Every route under generated input, as each role, a machine and nobody: never a 5xx (A12).

Requests are made from the application's own description. Half of them name rows that exist, so
that nonsense reaches the services and the database as well.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from models.clock import FakeClock
from pipeline.services import Services
from tests.api.callers import CALLERS, credentials, fill

EXAMPLES = 3
"""Requests a route and caller: about 140 routes, nine callers."""
_operations: list[Any] = []
"""Kept for every caller: to work out how to generate a request takes longer than to send it."""


def operations(address: str) -> list[tuple[Any, Any]]:
    """Every operation with how its requests are generated."""
    if not _operations:
        spec = httpx.get(f"{address}/api/v1/openapi.json").json()
        schema = schemathesis.openapi.from_dict(spec)
        for found in schema.get_all_operations():
            operation = found.ok()
            _operations.append((operation, operation.as_strategy()))
    return _operations


@pytest.mark.slow
@pytest.mark.parametrize("caller", CALLERS)
def test_no_request_breaks_the_server(
    services: Services, clock: FakeClock, address: str, caller: str
) -> None:
    """Whatever is sent to whichever route, the answer is below 500."""
    fill(services, clock)
    broken: list[str] = []
    seen: set[int] = set()
    for operation, requests in operations(address):
        headers = {"Origin": address} | credentials(services, caller)
        for answer in sent(requests, address, headers):
            seen.add(answer.status_code)
            if answer.status_code >= 500:
                broken.append(f"{operation.label}: {answer.request.url} {answer.text[:200]}")
    assert broken == []
    assert 200 in seen
    assert 422 in seen


def sent(requests: Any, address: str, headers: dict[str, str]) -> list[Any]:
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
    @given(case=requests, real=st.booleans(), row=st.integers(1, 7))
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
