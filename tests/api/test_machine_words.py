"""A machine's key and what owners wrote: least privilege (PIPL arts. 6, 25; L61)."""

from __future__ import annotations

import httpx
import pytest

from models.clock import FakeClock
from pipeline.services import Services
from tests.api.callers import MACHINE, SAID, Busy, credentials, fill

API = "/api/v1"


@pytest.fixture
def busy(services: Services, clock: FakeClock) -> Busy:
    return fill(services, clock)


def _get(services: Services, address: str, caller: str, path: str) -> httpx.Response:
    headers = credentials(services, caller) | {"X-Reason": "on duty"}
    return httpx.get(f"{address}{API}{path}", headers=headers)


def test_l61_a_machine_learns_that_there_is_a_statement_and_no_word_of_it(
    services: Services, address: str, busy: Busy
) -> None:
    """When it came, by which way and how it ended: enough to count and to wait for. An officer at
    the same address reads it."""
    seen: set[str] = set()
    for number in busy.events.values():
        by_machine = _get(services, address, MACHINE, f"/events/{number}")
        by_officer = _get(services, address, "officer", f"/events/{number}").json()
        assert by_machine.status_code == 200
        assert SAID not in by_machine.text
        told = by_machine.json()
        assert told["frozen"] == by_officer["frozen"]
        for kind in ("statements", "replies"):
            for one, whole in zip(told[kind], by_officer[kind], strict=True):
                seen.add(kind)
                assert whole["text"] == SAID
                assert (one["text"], one["answer"]) == (None, None)
                rest = {key: one[key] for key in one if key not in ("text", "answer")}
                assert rest == {key: whole[key] for key in rest}
    assert seen == {"statements", "replies"}


@pytest.mark.parametrize("path", ["/owner-requests", "/replies", "/events/{review}/standing"])
def test_l61_lists_of_owners_words_are_for_people(
    services: Services, address: str, busy: Busy, path: str
) -> None:
    asked = path.format(review=busy.events["review"])
    refused = _get(services, address, MACHINE, asked)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "NOT_ALLOWED")
    for caller in ("officer", "operator", "admin"):
        assert _get(services, address, caller, asked).status_code == 200, caller
    assert _get(services, address, "nobody", asked).status_code == 401
