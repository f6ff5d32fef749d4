"""No data across roles: every GET of the application's own description, as everybody.

Who may read what stands in four tables below, each line with its reason. What is in none of them
is for officers and operators; so a route that is added is shut to the field and to nobody until
somebody opens it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import cv2
import httpx
import numpy as np
import pytest
from sqlalchemy import select

from api.app import create_app
from models.clock import FakeClock
from models.event import Event
from models.notice import Notice
from models.people import Role
from pipeline.services import Services
from tests.api.callers import (
    CALLERS,
    MACHINE,
    NOBODY,
    PHONE,
    PICTURE,
    RESPONDER,
    SAID,
    Busy,
    credentials,
    fill,
)
from tests.api.conftest import made_services, serving
from tests.rows import NOON

API = "/api/v1"
OFFICE = {str(Role.OFFICER), str(Role.OPERATOR), str(Role.ADMIN), MACHINE}
"""The machine's key has the role operator."""
PEOPLE = {Role.OFFICER, Role.OPERATOR, Role.ADMIN}
PUBLIC = {
    "/health": "whether it runs, for whoever watches it",
    "/public/cameras": "where cameras look and why is public (L65)",
}
NARROWER = {
    "/users": ({Role.ADMIN}, "who works here"),
    "/keys": ({Role.ADMIN}, "which machines may read"),
    "/viewings": ({Role.ADMIN}, "who looked at what (L71)"),
    "/audit": ({Role.ADMIN}, "who changed what"),
    "/evidence/chain": ({Role.ADMIN}, "reads every file"),
    "/retention/preview": ({Role.ADMIN}, "what the next deletion would take"),
    "/metrics": ({Role.ADMIN, Role.OPERATOR, MACHINE}, "numbers of the installation"),
    "/texts/{notice_id}": ({Role.ADMIN, Role.OPERATOR, MACHINE}, "a test text is the operator's"),
    "/events/{event_id}/standing": (PEOPLE, "what a party asked, in its own words"),
    "/owner-requests": (PEOPLE, "owners' own words: people answer them"),
    "/replies": (PEOPLE, "the same"),
}
"""Routes for less than the whole office."""
CREW, DISPATCHER, PATROL = str(Role.CREW), str(Role.DISPATCHER), str(Role.PATROL)
CASES = {CREW, DISPATCHER, PATROL, RESPONDER}
"""A responder of this city is a patrol by role."""
FIELD = {
    "/auth/me": (CASES, "the own name and roles"),
    "/cases": (CASES, "who works in cases sees which there are"),
    "/cases/{case_id}": (CASES, "its steps and units; it names no owner"),
    "/events/{event_id}": (CASES, "of a duty only, `DUTIES`; plate masked"),
    "/events/{event_id}/place": (CASES, "of a duty only; the shop without phone and signatures"),
    "/evidence/{evidence_id}/file": (CASES, "of a duty only: a small copy, docs/privacy.md"),
    "/evidence/{evidence_id}/thumbnail": (CASES, "of a duty only: a smaller copy"),
}
"""What people in the field may read at all."""
DUTIES = {
    CREW: {"case", "place"},
    DISPATCHER: {"case", "place"},
    PATROL: {"case", "place", "patrol"},
    RESPONDER: {"case", "place", "patrol", "gathering"},
}
"""Events (of `Busy.events`) in which somebody in the field has something to do."""
FIELD_KINDS = {"E1", "E3", "E4", "E6", "LEFT", "ON_SITE"}
"""Pictures of the place. Close-ups of plates, clips, papers and owners' photos are none."""
FULL_PLATE = {"/events/{event_id}": "a person of the office, one event, written down (L71)"}
WORDS = {
    "/events/{event_id}": "whoever decides has read the statement (L11)",
    "/events/{event_id}/standing": "an officer answers the wish for another one (L09)",
    "/owner-requests": "somebody has to answer them (L67)",
    "/replies": "an officer has to look into them (W20)",
}
"""Where people of the office read what an owner wrote; a machine has no reason to (PIPL art. 6)."""
PICTURES = {
    "/evidence/{evidence_id}/file", "/evidence/{evidence_id}/thumbnail",
    "/cameras/{camera_id}/picture", "/cameras/{camera_id}/glance", "/cameras/{camera_id}/reference",
}  # fmt: skip
PLATE = re.compile(r"浙A1\d{4}")
Read = tuple[str, str, httpx.Response]
"""Path of the description, path that was asked for, answer."""


class Reading:
    """The whole city as one installation, and who reads in it."""

    def __init__(self, services: Services, busy: Busy, address: str) -> None:
        self.services, self.busy, self.address = services, busy, address
        self._read: dict[str, list[Read]] = {}

    def routes(self) -> dict[str, list[str]]:
        """Path -> parameters in the path, of every GET."""
        paths = httpx.get(f"{self.address}{API}/openapi.json").json()["paths"]
        return {
            path.removeprefix(API): [
                one["name"] for one in acts["get"].get("parameters", []) if one["in"] == "path"
            ]
            for path, acts in paths.items()
            if "get" in acts
        }

    def everything(self, caller: str) -> list[Read]:
        """Every route with every row, as this caller; asked once a caller."""
        if caller not in self._read:
            headers = credentials(self.services, caller) | {"X-Reason": "on duty"}
            with httpx.Client(base_url=self.address, headers=headers, timeout=30) as client:
                self._read[caller] = [
                    (route, path, client.get(f"{API}{path}"))
                    for route, names in self.routes().items()
                    for path in self._paths(route, names)
                ]
        return self._read[caller]

    def _paths(self, route: str, names: list[str]) -> Iterator[str]:
        known = {
            "event_id": sorted(self.busy.events.values()),
            "evidence_id": sorted(self.busy.pictures.values()),
        }
        for numbers in product(*(known.get(name, [1, 2, 3]) for name in names)):
            yield route.format(**dict(zip(names, numbers, strict=True)))


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reading]:
    clock = FakeClock(NOON)
    services = made_services(tmp_path_factory.mktemp("roles"), clock)
    busy = fill(services, clock)
    with serving(create_app(services)) as address:
        yield Reading(services, busy, address)
    services.close()


def _readers(route: str) -> set[str]:
    """Who may be answered at all."""
    if route in PUBLIC:
        return set(CALLERS)
    office = {str(one) for one in NARROWER[route][0]} if route in NARROWER else OFFICE
    return office | (FIELD[route][0] if route in FIELD else set())


def test_every_role_is_told_apart(reading: Reading) -> None:
    """A new role stands in a table, and every table names routes that there are."""
    assert OFFICE | CASES | {NOBODY} == set(CALLERS)
    assert (PUBLIC | NARROWER | FIELD | FULL_PLATE | WORDS).keys() <= reading.routes().keys()
    assert reading.routes().keys() >= PICTURES


@pytest.mark.parametrize("caller", CALLERS)
def test_nobody_is_answered_who_is_not_in_the_table(reading: Reading, caller: str) -> None:
    """401 to nobody, 403 to who is somebody else; whoever may read does read something."""
    refused = 401 if caller == NOBODY else 403
    opened: set[str] = set()
    for route, path, answer in reading.everything(caller):
        if caller in _readers(route):
            assert answer.status_code < 500, (path, answer.text)
            opened |= {route} if answer.status_code == 200 else set()
        else:
            assert answer.status_code == refused, (path, answer.text[:200])
    may = {route for route in reading.routes() if caller in _readers(route)}
    # Nothing was ever looked at by this city's cameras, and nobody sent a test text.
    empty = {r for r in PICTURES if r.startswith("/cameras")} | {"/texts/{notice_id}"}
    assert opened >= may - empty


@pytest.mark.parametrize("caller", sorted(CASES))
def test_the_field_reads_the_events_of_its_duty_only(reading: Reading, caller: str) -> None:
    busy = reading.busy
    mine = {busy.events[name] for name in DUTIES[caller]}
    pictures = {
        number for (name, kind), number in busy.pictures.items()
        if name in DUTIES[caller] and kind in FIELD_KINDS
    }  # fmt: skip
    for route, path, answer in reading.everything(caller):
        number = int(path.split("/")[2]) if "{" in route else 0
        if route.startswith("/events/{event_id}") and route in FIELD:
            assert (answer.status_code == 200) == (number in mine), path
        if route.startswith("/evidence/{evidence_id}/"):
            assert (answer.status_code == 200) == (number in pictures), path
        if route == "/events/{event_id}" and number in mine:
            assert {one["kind"] for one in answer.json()["evidence"]} <= FIELD_KINDS


@pytest.mark.parametrize("caller", CALLERS)
def test_no_plate_phone_or_word_of_an_owner_comes_out(reading: Reading, caller: str) -> None:
    """But where the tables say so; phones, query codes and camera passwords never, to anybody."""
    with reading.services.store.read() as session:
        codes = {row.query_code for row in session.scalars(select(Event))}
        assert any(PLATE.search(row.body or "") for row in session.scalars(select(Notice)))
    person_of_office = caller in OFFICE - {MACHINE}
    plates, words = set[str](), set[str]()
    for route, path, answer in reading.everything(caller):
        if answer.headers["content-type"].startswith("image/"):
            continue
        text = answer.content.decode("utf-8", "replace")
        assert PHONE not in text, path
        assert "user:secret" not in text, path
        assert not {f'"{code}"' for code in codes} & set(re.findall(r'"\w{4}"', text)), path
        assert not any(f"码{code}" in text for code in codes), path
        plates |= {route} if PLATE.search(text) else set()
        words |= {route} if SAID in text else set()
    assert plates == (set(FULL_PLATE) if person_of_office else set())
    assert words == (set(WORDS) if person_of_office else set())


@pytest.mark.parametrize("caller", CALLERS)
def test_the_original_picture_is_for_officers_and_operators(reading: Reading, caller: str) -> None:
    """Everybody else gets small copies of their duty, machines a blurred one, nobody none."""
    busy = reading.busy
    cars = {
        number for (name, _), number in busy.pictures.items() if name not in {"place", "gathering"}
    }
    shown: set[str] = set()
    for route, path, answer in reading.everything(caller):
        kind = answer.headers["content-type"]
        if not kind.startswith(("image/", "video/")):
            continue
        shown.add(route)
        assert route in PICTURES, path
        original = answer.content.startswith(PICTURE) or kind.startswith("video/")
        if route != "/evidence/{evidence_id}/file" or caller not in OFFICE - {MACHINE}:
            assert not original, path
        if caller in CASES:
            assert _width(answer) <= (336 if int(path.split("/")[2]) in cars else 960), path
    taken = {route for route in shown if route.startswith("/evidence")}
    assert len(taken) == (0 if caller == NOBODY else 2)


def _width(answer: httpx.Response) -> int:
    image = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return int(image.shape[1])
