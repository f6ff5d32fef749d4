"""Who answers for frontages, what is permitted, whom to call: entered by people, checked here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import fields
from models.audit_log import record
from models.camera import Camera
from models.errors import BadInput, Conflict, NotFound
from models.people import User
from models.place import (
    FrontageAgreement,
    PartyKind,
    PlacePermit,
    Responder,
    ResponderKind,
    ResponsibleParty,
)
from models.zone import EnforcementArea, Zone, ZoneKind

LONGEST_ADDRESS = 12
"""What fits into a reminder of one segment."""
DUTIES = ("order", "greening", "cleanliness")
"""包秩序, 包绿化, 包卫生"""

_PARTY: Mapping[str, fields.Rule] = {
    "kind": fields.one_of(PartyKind),
    "name": fields.text(60, required=True),
    "address": fields.text(LONGEST_ADDRESS, required=True),
    "phone": fields.optional(fields.text(20)),
    "language": fields.text(5, required=True),
    "opens_at": fields.clock_time,
    "closes_at": fields.clock_time,
}


def add_party(
    session: Session, values: Mapping[str, Any], *, at: datetime, actor: str
) -> ResponsibleParty:
    """一店一档. `phone` must be E.164 (`notify.phones` makes it so). Raises BadInput."""
    checked = fields.check(_PARTY, values)
    for name in ("name", "address"):
        if not checked.get(name):
            raise BadInput(f"{name} is missing", field=name)
    row = ResponsibleParty(created_at=at, **{"kind": PartyKind.SHOP.value, **checked})
    session.add(row)
    session.flush()
    record(session, at=at, actor=actor, action="party.add", subject=f"party:{row.id}")
    return row


def update_party(
    session: Session, row: ResponsibleParty, values: Mapping[str, Any], *, at: datetime, actor: str
) -> ResponsibleParty:
    """Change what is named; the rest stays. Raises BadInput naming the field."""
    for name, value in fields.check(_PARTY, values).items():
        setattr(row, name, value)
    session.flush()
    record(
        session, at=at, actor=actor, action="party.update", subject=f"party:{row.id}",
        details={"fields": sorted(values)},
    )  # fmt: skip
    return row


def retire_party(
    session: Session, row: ResponsibleParty, *, at: datetime, actor: str
) -> ResponsibleParty:
    """The shop has closed, the household moved: its agreements are over, its phone is forgotten."""
    if row.retired_at is None:
        row.retired_at, row.phone = at, None
        record(session, at=at, actor=actor, action="party.retire", subject=f"party:{row.id}")
    return row


def add_agreement(  # noqa: PLR0913 (an agreement is all of this, by keyword)
    session: Session,
    party: ResponsibleParty,
    camera: Camera,
    *,
    polygon: list[list[float]],
    document: str,
    signed_on: date,
    valid_until: date | None = None,
    authorises_texts: bool = False,
    duties: list[str] | None = None,
    at: datetime,
    user: User | None = None,
) -> FrontageAgreement:
    """门前三包 (L54). The polygon must have been seen by `vision.geometry.validate_polygon`.

    Raises BadInput naming the field.
    """
    if party.retired_at is not None:
        raise Conflict("this shop or household is no longer there", code="PARTY_RETIRED")
    given = duties if duties is not None else list(DUTIES)
    if not given or not set(given) <= set(DUTIES):
        raise BadInput(f"duties are of {', '.join(DUTIES)}", field="duties")
    if valid_until is not None and valid_until < signed_on:
        raise BadInput("it ends before it was signed", field="valid_until")
    if not 0 < len(document.strip()) <= 60:
        raise BadInput("the signed agreement needs its number", field="document")
    checked = fields.check({"polygon": fields.polygon}, {"polygon": polygon})
    row = FrontageAgreement(
        party_id=party.id, camera_id=camera.id, polygon=checked["polygon"], duties=given,
        document=document.strip(), signed_on=signed_on, valid_until=valid_until,
        authorises_texts=authorises_texts, created_at=at,
        created_by=None if user is None else user.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    session.expire(party, ["agreements"])
    record(
        session, at=at, actor=user.username if user else "system", action="agreement.add",
        subject=f"agreement:{row.id}", details={"party": party.id, "texts": authorises_texts},
    )  # fmt: skip
    return row


def end_agreement(
    session: Session, row: FrontageAgreement, *, at: datetime, actor: str
) -> FrontageAgreement:
    """From now on it binds and authorises nothing."""
    if row.ended_at is None:
        row.ended_at = at
        record(session, at=at, actor=actor, action="agreement.end", subject=f"agreement:{row.id}")
    return row


def add_permit(  # noqa: PLR0913 (a permit is all of this, by keyword)
    session: Session,
    zone: Zone,
    *,
    document: str,
    approver: str,
    valid_from: datetime,
    valid_until: datetime,
    max_people: int | None = None,
    polygon: list[list[float]] | None = None,
    at: datetime,
    user: User | None = None,
) -> PlacePermit:
    """An approved banner, festival decorations, an event of so many people (B1, C3, L51).

    Raises BadInput naming the field; a crowd permit needs its number.
    """
    for name, value in (("document", document), ("approver", approver)):
        if not 0 < len(value.strip()) <= 60:
            raise BadInput(f"{name} must have 1 to 60 characters", field=name)
    if zone.kind == ZoneKind.PARKING:
        raise BadInput("a permit belongs to a hanging, poster or crowd zone", field="zone")
    if valid_until <= valid_from:
        raise BadInput("it ends before it begins", field="valid_until")
    is_crowd = zone.kind == ZoneKind.CROWD
    if is_crowd and (max_people is None or not 1 <= max_people <= 1_000_000):
        raise BadInput("how many people were approved?", field="max_people")
    if not is_crowd and max_people is not None:
        raise BadInput("only an event of a crowd zone has a number", field="max_people")
    checked = fields.check({"polygon": fields.optional(fields.polygon)}, {"polygon": polygon})
    row = PlacePermit(
        kind=zone.kind, zone_id=zone.id, polygon=checked["polygon"], document=document.strip(),
        approver=approver.strip(), valid_from=valid_from, valid_until=valid_until,
        max_people=max_people, created_at=at, created_by=None if user is None else user.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(
        session, at=at, actor=user.username if user else "system", action="permit.add",
        subject=f"permit:{row.id}", details={"zone": zone.id, "document": row.document},
    )  # fmt: skip
    return row


def end_permit(session: Session, row: PlacePermit, *, at: datetime, actor: str) -> PlacePermit:
    if row.ended_at is None:
        row.ended_at = at
        record(session, at=at, actor=actor, action="permit.end", subject=f"permit:{row.id}")
    return row


_RESPONDER: Mapping[str, fields.Rule] = {
    "name": fields.text(60, required=True),
    "kind": fields.one_of(ResponderKind),
    "phone": fields.optional(fields.text(20)),
    "latitude": fields.optional(fields.number(-90, 90)),
    "longitude": fields.optional(fields.number(-180, 180)),
}


def add_responder(
    session: Session,
    values: Mapping[str, Any],
    *,
    area: EnforcementArea | None = None,
    user_id: int | None = None,
    at: datetime,
    actor: str,
) -> Responder:
    """Somebody who may be called to a gathering (C4). Raises BadInput, NotFound, Conflict for a
    name that is taken."""
    checked = fields.check(_RESPONDER, values)
    for name in ("name", "kind"):
        if not checked.get(name):
            raise BadInput(f"{name} is missing", field=name)
    if user_id is not None and session.get(User, user_id) is None:
        raise NotFound(f"there is no person {user_id}")
    row = Responder(
        created_at=at, area_id=None if area is None else area.id, user_id=user_id, **checked
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        raise Conflict(f"there is a responder {row.name} already", code="NAME_TAKEN") from None
    record(session, at=at, actor=actor, action="responder.add", subject=f"responder:{row.id}")
    return row


def set_responder_active(
    session: Session, row: Responder, active: bool, *, at: datetime, actor: str
) -> Responder:
    """Off duty: not called any more."""
    row.active = active
    record(
        session, at=at, actor=actor, action="responder.set", subject=f"responder:{row.id}",
        details={"active": active},
    )  # fmt: skip
    return row


def get_party(session: Session, party_id: int) -> ResponsibleParty:
    row = session.get(ResponsibleParty, party_id)
    if row is None:
        raise NotFound(f"there is no shop or household {party_id}")
    return row


def parties(session: Session) -> list[ResponsibleParty]:
    """Those that are still there, by name."""
    query = select(ResponsibleParty).where(ResponsibleParty.retired_at.is_(None))
    return list(session.scalars(query.order_by(ResponsibleParty.name)))


def responders(session: Session) -> list[Responder]:
    return list(session.scalars(select(Responder).order_by(Responder.name)))
