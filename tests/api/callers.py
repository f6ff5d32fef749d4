"""Every role that there is, and a city with something to read or to trip over for each of them.

The roles come from `Role`: a new one is driven by whoever uses this, and has to be given rights
by hand in tests/api/test_roles.py.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import exemptions, owner_requests, recusal, replies, signin
from models.chain import add_evidence
from models.clock import FakeClock
from models.event import Event
from models.evidence import Evidence, EvidenceKind
from models.notice import Notice
from models.people import Role, Statement, User, UserSession
from models.place import Responder
from pipeline.services import Services
from tests import rows
from tests.api.conftest import jpeg
from tests.models.city import City
from tests.models.street import Street

NOBODY, MACHINE, RESPONDER = "nobody", "machine", "responder"
CALLERS = (NOBODY, MACHINE, *(str(role) for role in Role), RESPONDER)
"""A called responder has no role of their own: a patrol who is on the list of responders."""

PHONE = "13800000000"
"""As `tests.models.city.CONTACT` and `Street.shop` have it, without the country."""
SAID = "我在送病人去医院急诊"
"""An owner's words: as a statement, a reply, a request and a wish for another officer."""
CLIP = b"\x00\x00\x00\x18ftypmp42 not a real clip"


@dataclass(frozen=True)
class Busy:
    """Numbers of what `fill` made."""

    events: dict[str, int]
    """confirm, grace, patrol, review, case (cars), place (a shop with a case), gathering"""
    pictures: dict[tuple[str, str], int]
    """(event, kind of evidence) -> number"""


class _Seen:
    """Mixed into a city: real pictures, and several cities in one database."""

    services: Services
    session: Session
    now: datetime

    def command(self) -> str:
        return f"test:{uuid4()}"

    def person(self, name: str, *roles: Role) -> User:
        known = self.session.scalar(select(User).where(User.username == name))
        return known or rows.user(self.session, name, *roles, password=None)

    def picture(
        self, event: Event, kind: str, *, at: datetime | None = None, offset: float = 0.0
    ) -> Evidence:  # fmt: skip
        clip = kind in {EvidenceKind.V1, EvidenceKind.V2}
        # No two pictures are one: what is shown twice was seen once.
        content = CLIP if clip else PICTURE + uuid4().bytes
        return add_evidence(
            self.session, event=event, camera=event.camera, kind=kind,
            media_type="video/mp4" if clip else "image/jpeg", data=content,
            storage_key=self.services.evidence.put(content, "mp4" if clip else "jpg"),
            captured_at=at or self.now, clock_offset_seconds=offset,
            details={"read": event.plate} if event.plate else {},
        )  # fmt: skip


class _Cars(_Seen, City):
    def look(self, event: Event, answer: str, **values: Any) -> None:
        values.setdefault("plate", event.plate)
        super().look(event, answer, **values)


class _Places(_Seen, Street):
    pass


PICTURE = jpeg(1000, 562)


def fill(services: Services, clock: FakeClock) -> Busy:
    """A person for every role, cars in many states, a shop, a gathering; what owners said."""
    with services.store.begin() as session:
        for role in Role:
            rows.user(session, f"the-{role}", role, password=None)
        called = rows.user(session, f"the-{RESPONDER}", Role.PATROL, password=None)
        _Seen.services = services
        shops = _Places(session)
        made = {"place": shops.to_escalated()}
        cars = _Cars(session)
        cars.now = shops.now
        made["case"] = cars.to_escalated(plate="浙A10005")
        made["review"] = cars.to_review(plate="浙A10004")
        street = _Places(session, "crowd")
        street.now = cars.now
        street.responders()
        first = session.scalars(select(Responder).order_by(Responder.id)).first()
        assert first is not None
        first.user_id = called.id
        made["gathering"] = street.gathering()
        # Nothing sweeps any more: what is made last waits as it is.
        made["grace"] = cars.to_grace(plate="浙A10003")
        made["confirm"] = cars.to_confirm(plate="浙A10002")
        made["patrol"] = cars.to_patrol(plate="浙A10001")
        _speak(cars, made)
        for name in ("case", "place", "gathering", "grace", "patrol"):
            for kind in EvidenceKind:
                cars.picture(made[name], kind)
        session.flush()
        clock.set(max(cars.now, street.now))
        pictures = {
            (name, row.kind): row.id
            for name, event in made.items()
            for row in session.scalars(select(Evidence).where(Evidence.event_id == event.id))
        }
        return Busy({name: event.id for name, event in made.items()}, pictures)


def _speak(city: City, made: dict[str, Event]) -> None:
    """Everything that an owner can say, of a car in review and of one that became a case."""
    session, at = city.session, city.now
    for row in session.scalars(select(Notice)):
        event = session.get_one(Event, row.event_id)
        row.body = f"【下城城管】{event.plate}…号{event.query_no}码{event.query_code}"
    for name in ("review", "case"):
        event = made[name]
        session.add(Statement(event_id=event.id, text=SAID, received_at=at))
        recusal.request(session, event, SAID, at=at)
        owner_requests.receive_request(session, event, "correction", SAID, at=at)
        said = replies.Inbound("test", f"reply {name}", f"+86{PHONE}", SAID)
        replies.receive(session, said, policy=city.policy, at=at)
    exemptions.add_exemption(
        session, _exemption("浙A10009", city.zone.area_id, at), at=at, actor="test",
        user=city.officer,
    )  # fmt: skip


def _exemption(plate: str, area: int, at: datetime) -> dict[str, Any]:
    return {
        "kind": "LOADING_PERMIT", "area_id": area, "task": "搬家",
        "document": "许可2026-1", "approver": "李", "plate": plate,
        "valid_from": at, "valid_until": at + timedelta(days=1),
    }  # fmt: skip


def credentials(services: Services, caller: str) -> dict[str, str]:
    """Headers of this caller, made anew: generated requests also sign out and shut out people."""
    if caller == NOBODY:
        return {}
    at = services.clock.now()
    with services.store.begin() as session:
        if caller == MACHINE:
            name = f"machine {uuid4()}"
            _, secret = signin.create_api_key(session, name, ["operator"], at=at, actor="test")
            return {"Authorization": f"Bearer {secret}"}
        user = session.scalars(select(User).where(User.username == f"the-{caller}")).one()
        user.active = True
        user.roles = [str(Role.PATROL) if caller == RESPONDER else caller]
        token = f"token {caller} {uuid4()}"
        session.add(
            UserSession(
                token_hash=hashlib.sha256(token.encode()).hexdigest(), user_id=user.id,
                created_at=at, last_used_at=at, expires_at=at + timedelta(hours=1),
            )
        )  # fmt: skip
    return {"Cookie": f"qifen_session={token}"}
