"""POST /events/{id}/tow through the front door: who may, what is refused, how it ends (A25, L26,
L44)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from models import recusal
from models.clock import FakeClock
from models.event import Event
from models.people import Role, User
from pipeline.services import Services
from tests import rows
from tests.api.callers import MACHINE, credentials
from tests.api.conftest import SignIn, jpeg
from tests.api.test_decisions import Make, make
from tests.models.city import City
from tests.rows import PASSWORD

__all__ = ["make"]
API = "/api/v1"
RECORD = {"reason": "拖移记录 T-1123-7"}


@pytest.fixture
def photo(signed_in: SignIn) -> Callable[..., int]:
    """An officer's photo on the spot; gives its number."""

    def taken(event_id: int, kind: str = "TOW") -> int:
        answer = signed_in("chen").post(
            f"{API}/events/{event_id}/photos", params={"kind": kind}, content=jpeg(),
            headers={"Content-Type": "image/jpeg"},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    return taken


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def state_of(services: Services, event_id: int) -> str:
    with services.store.read() as session:
        return session.get_one(Event, event_id).state


WAYS = (City.to_confirm, City.to_patrol, City.to_grace, City.to_review)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_l44_towed_with_its_record_and_photo(
    make: Make, signed_in: SignIn, services: Services, photo: Callable[..., int],
    way: Callable[[City], Event],
) -> None:  # fmt: skip
    """From any open state: neither stayed nor left; the record's number, the photo and who did it
    stand in the timeline."""
    event_id = make(way)
    picture = photo(event_id)
    answer = signed_in("chen").post(
        f"{API}/events/{event_id}/tow", json=RECORD | {"photo_id": picture}
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["state"], told["outcome"], told["open"]) == (
        "REMOVED_BY_TOW", RECORD["reason"], False
    )  # fmt: skip
    step = told["timeline"][-1]
    assert (step["actor_kind"], step["actor"], step["evidence_ids"]) == (
        "OFFICER", "chen", [picture]
    )  # fmt: skip
    again = signed_in("zhao").post(
        f"{API}/events/{event_id}/tow", json=RECORD | {"photo_id": picture}
    )
    assert again.status_code == 409
    assert state_of(services, event_id) == "REMOVED_BY_TOW"


def test_l44_only_an_officer_tows(
    make: Make, address: str, signed_in: SignIn, services: Services, photo: Callable[..., int]
) -> None:
    """Nobody, an operator, a crew, a patrol and a machine's key are refused; nothing changed."""
    event_id = make(City.to_grace)
    body: dict[str, Any] = RECORD | {"photo_id": photo(event_id)}
    url = f"{API}/events/{event_id}/tow"
    with services.store.begin() as session:
        for role in (Role.CREW, Role.PATROL, Role.DISPATCHER):
            rows.user(session, str(role), role, password=PASSWORD)
    for name in ("olive", "crew", "patrol", "dispatcher"):
        assert signed_in(name).post(url, json=body).status_code == 403, name
    with httpx.Client(base_url=address, headers={"Origin": address}) as client:
        assert client.post(url, json=body).status_code == 401
        key = credentials(services, MACHINE)
        assert client.post(url, json=body, headers=key).status_code == 403
    assert state_of(services, event_id) == "GRACE"


def test_l44_without_record_or_photo_nothing_is_towed(
    make: Make, signed_in: SignIn, services: Services, photo: Callable[..., int]
) -> None:
    """No number, no photo, a photo of something else, of another event or of none."""
    event_id = make(City.to_grace)
    other = photo(event_id, "ON_SITE")
    chen, url = signed_in("chen"), f"{API}/events/{event_id}/tow"
    assert chen.post(url, json={}).status_code == 422
    assert chen.post(url, json={"reason": ""}).status_code == 422
    assert chen.post(url, json=RECORD | {"photo_id": 0}).status_code == 422
    assert chen.post(f"{API}/events/999/tow", json=RECORD).status_code == 404
    for picture in (None, other, 9_999):
        refused = chen.post(url, json=RECORD | {"photo_id": picture})
        assert code_of(refused) == (409, "NO_PHOTO"), picture
    assert state_of(services, event_id) == "GRACE"


def test_l44_a_photo_of_another_event_counts_for_none(
    make: Make, signed_in: SignIn, services: Services, photo: Callable[..., int]
) -> None:
    first = make(City.to_grace)
    with services.store.begin() as session:
        second = rows.event(
            session, session.get_one(Event, first).zone_version, plate="浙A54321"
        ).id
    refused = signed_in("chen").post(
        f"{API}/events/{first}/tow", json=RECORD | {"photo_id": photo(second)}
    )
    assert code_of(refused) == (409, "NO_PHOTO")


def test_l26_at_night_only_where_it_is_urgent(
    make: Make, signed_in: SignIn, clock: FakeClock, photo: Callable[..., int]
) -> None:
    """And why stands with the step."""
    event_id = make(City.to_confirm)
    clock.advance(11 * 3600)
    body = RECORD | {"photo_id": photo(event_id)}
    chen, url = signed_in("chen"), f"{API}/events/{event_id}/tow"
    assert code_of(chen.post(url, json=body)) == (409, "NIGHT_OR_HOLIDAY")
    assert chen.post(url, json=body | {"urgent": "堵" * 201}).status_code == 422
    done = chen.post(url, json=body | {"urgent": "堵塞消防通道"})
    assert done.status_code == 200, done.text
    assert done.json()["timeline"][-1]["facts"]["urgent"] == "堵塞消防通道"


def test_w43_nothing_is_towed_on_an_old_look(
    make: Make, signed_in: SignIn, services: Services, photo: Callable[..., int]
) -> None:
    event_id = make(City.to_grace)
    body = RECORD | {"photo_id": photo(event_id), "expected_version": 0}
    refused = signed_in("chen").post(f"{API}/events/{event_id}/tow", json=body)
    assert code_of(refused) == (409, "STALE_VERSION")
    assert state_of(services, event_id) == "GRACE"


def test_l09_who_is_recused_tows_nothing(
    make: Make, signed_in: SignIn, services: Services, clock: FakeClock, photo: Callable[..., int]
) -> None:
    event_id = make(City.to_grace)
    body = RECORD | {"photo_id": photo(event_id)}
    with services.store.begin() as session:
        chen = session.query(User).filter_by(username="chen").one()
        recusal.declare(
            session, session.get_one(Event, event_id), chen, reason_code="RELATIVE", at=clock.now()
        )
    refused = signed_in("chen").post(f"{API}/events/{event_id}/tow", json=body)
    assert code_of(refused) == (409, "RECUSED")
    assert state_of(services, event_id) == "GRACE"
