"""Dispatcher, crew, patrol and called responders: the events of their duty, and no more of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from sqlalchemy import func, select

from models.audit import Viewing
from models.chain import add_evidence
from models.clock import FakeClock
from models.event import Event
from models.evidence import Evidence
from models.people import Role
from models.place import Responder
from pipeline.services import Services
from tests import rows
from tests.api.conftest import SignIn, jpeg
from tests.models.city import City
from tests.models.street import Street

API = "/api/v1"
PLATE = "浙A12345"
Make = Callable[..., int]


@pytest.fixture
def make(services: Services, clock: FakeClock) -> Make:
    """Bring an event to a state in a city or a street; gives its id."""

    def made(way: Callable[[Any], Event], place: Any = City, *kind: str) -> int:
        with services.store.begin() as session:
            for name, role in (
                ("diao", Role.DISPATCHER),
                ("sun", Role.CREW),
                ("zhou", Role.PATROL),
            ):
                rows.user(session, name, role)
            city = place(session, *kind)
            event = way(city)
            clock.set(city.now)
            return event.id

    return made


def _picture(services: Services, event_id: int, kind: str, media_type: str, data: bytes) -> int:
    with services.store.begin() as session:
        event = session.get_one(Event, event_id)
        row = add_evidence(
            session, event=event, camera=event.camera, kind=kind, media_type=media_type,
            data=data, storage_key=services.evidence.put(data, media_type[-3:]),
            captured_at=event.flagged_at, details={"read": PLATE},
        )  # fmt: skip
        return row.id


def _views(services: Services) -> int:
    with services.store.read() as session:
        return session.scalar(select(func.count()).select_from(Viewing)) or 0


def _why(client: httpx.Client, path: str) -> httpx.Response:
    return client.get(f"{API}{path}", headers={"X-Reason": "on the way"})


def test_an_event_without_a_duty_stays_shut(make: Make, signed_in: SignIn) -> None:
    """A car in its grace is nobody's in the field: no case, no look on the spot, no call."""
    event = make(City.to_grace)
    for name in ("diao", "sun", "zhou"):
        client = signed_in(name)
        for path in ("", "/place", "/notices"):
            answer = _why(client, f"/events/{event}{path}")
            assert answer.status_code == 403, (name, path)
        assert client.get(f"{API}/events").status_code == 403


def test_a_patrol_reads_where_to_look_and_no_plate(
    services: Services, make: Make, signed_in: SignIn
) -> None:
    """A9: with a patrol. Place, box and picture; the look is written down; crews read nothing."""
    event = make(City.to_patrol)
    sight = _picture(services, event, "E1", "image/jpeg", jpeg())
    clip = _picture(services, event, "V1", "video/mp4", b"....ftyp")
    zhou, before = signed_in("zhou"), _views(services)
    answer = _why(zhou, f"/events/{event}")
    told = answer.json()
    assert (answer.status_code, told["state"]) == (200, "PATROL_ASSIGNED")
    assert (told["plate"], told["place"]) == ("浙A12**5", "延安路人行道")
    assert PLATE not in answer.text
    assert not {"notices", "statements", "decisions", "measured", "plate_original"} & set(told)
    assert _views(services) == before + 1
    assert zhou.get(f"{API}/evidence/{sight}/file").status_code == 422, "no reason, no picture"
    copy = _why(zhou, f"/evidence/{sight}/file")
    image = cv2.imdecode(np.frombuffer(copy.content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape[1] == 336, "a copy in which no plate can be read"
    assert _views(services) == before + 2
    assert zhou.get(f"{API}/evidence/{sight}/thumbnail").status_code == 200
    assert _why(zhou, f"/evidence/{clip}/file").status_code == 404
    assert zhou.get(f"{API}/events/{event}/notices").status_code == 403
    sun = signed_in("sun")
    assert _why(sun, f"/events/{event}").status_code == 403
    assert _why(sun, f"/evidence/{sight}/file").status_code == 403
    assert sun.get(f"{API}/evidence/{sight}/thumbnail").status_code == 403


def test_who_works_in_a_case_reads_its_event(
    services: Services, make: Make, signed_in: SignIn
) -> None:
    """The shop by name and address; neither its phone nor who signed."""
    event = make(Street.to_escalated, Street)
    for name in ("diao", "sun", "zhou"):
        client = signed_in(name)
        assert _why(client, f"/events/{event}").json()["state"] == "ESCALATED"
        place = client.get(f"{API}/events/{event}/place").json()
        assert place["party"] == {
            "id": 1, "kind": "shop", "name": "知味小吃", "address": "延安路88号",
        }  # fmt: skip
        assert place["signatures"] == []
    whole = signed_in("chen").get(f"{API}/events/{event}/place").json()
    assert len(whole["signatures"]) == 4
    with services.store.read() as session:
        assert session.scalar(select(func.count()).select_from(Evidence)), "it has pictures"


def test_a_responder_answers_the_own_call_only(
    services: Services, make: Make, signed_in: SignIn
) -> None:
    """C4, C5, C6 by the responder's own user; another patrol's may not."""

    def gather(street: Street) -> Event:
        pan = rows.user(street.session, "pan", Role.PATROL)
        street.responders()
        first = street.session.scalars(select(Responder).order_by(Responder.id)).first()
        assert first is not None
        first.user_id = pan.id
        return street.gathering()

    event = make(gather, Street, "crowd")
    with services.store.begin() as session:
        rows.user(session, "stranger", Role.PATROL)
    pan, stranger, sun = signed_in("pan"), signed_in("stranger"), signed_in("sun")
    told = pan.get(f"{API}/events/{event}/place").json()
    assert [call["responder"] for call in told["calls"]] == ["police_station 1"]
    path = f"{API}/events/{event}/calls/{told['calls'][0]['responder_id']}"
    for other in (stranger, sun):
        assert other.get(f"{API}/events/{event}/place").status_code == 403
        for act, body in (
            ("answer", {"accepted": True}), ("arrive", {}), ("report", {"text": "x"}),
        ):  # fmt: skip
            assert other.post(f"{path}/{act}", json=body).status_code == 403, act
    assert pan.post(f"{path}/answer", json={"accepted": True}).json() == {"state": "DISPATCHED"}
    assert pan.post(f"{path}/arrive", json={}).json() == {"state": "ON_SITE"}
    assert pan.post(f"{path}/report", json={"text": "正在疏散", "people": 70}).status_code == 200
    assert pan.post(f"{API}/events/{event}/false-alarm", json={"reason": "x"}).status_code == 403
