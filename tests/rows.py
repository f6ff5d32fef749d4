"""Rows that many tests need: a camera, a zone in force, an event, people. Real tables, no mocks."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.orm import Session

from models.camera import Camera
from models.event import Event, EventState
from models.people import Role, User
from models.registry import add_camera, save_zone
from models.signin import accept_invitation, create_user, invite
from models.zone import ZoneVersion

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""A Monday, 12:00 in Hangzhou."""
SQUARE = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]
PASSWORD = "a long enough passphrase"

_numbers = itertools.count(1)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _short_number(n: int) -> str:
    return "".join(_ALPHABET[(n // 32**i) % 32] for i in (3, 2, 1, 0))


def camera(session: Session, **details: Any) -> Camera:
    values: dict[str, Any] = {
        "name": f"camera {next(_numbers)}",
        "stream_url": "rtsp://user:secret@127.0.0.1:554/1",
        "place": "延安路",
        "legal_review": "法审2026-1",
        "technical_review": "技审2026-1",
        "sign_installed": True,
        "published_at": NOON,
        "purpose": "违停提醒",
        "approved_detectors": ["parking", "hanging", "poster", "crowd"],
    }
    return add_camera(session, at=NOON, actor="test", **(values | details))


def zone(session: Session, of: Camera, **values: Any) -> ZoneVersion:
    default = {
        "name": "人行道", "polygon": SQUARE, "phase": "live", "place": "延安路人行道",
        "sign_photo": "sign.jpg",
    }  # fmt: skip
    if values.get("kind") == "hanging":
        default["designation_document"] = "杭政函〔2020〕12号"
    return save_zone(session, of, default | values, at=NOON, actor="test")


def event(session: Session, version: ZoneVersion | None = None, **values: Any) -> Event:
    version = version or zone(session, camera(session))
    n = next(_numbers)
    row: dict[str, Any] = {
        # no day of the year: a running installation numbers its own events by theirs
        "event_no": f"HZ0000-{n:04d}",
        "query_no": _short_number(n),
        "query_code": "9F3M",
        "state": EventState.FLAGGED,
        "camera_id": version.zone.camera_id,
        "zone_id": version.zone_id,
        "zone_version_id": version.id,
        "area_id": version.zone.area_id,
        "object_kind": "car",
        "box": [0.4, 0.4, 0.6, 0.6],
        "first_seen_at": NOON,
        "flagged_at": NOON,
        "last_seen_at": NOON,
        "plate": "浙A12345",
        "created_at": NOON,
    }
    made = Event(**(row | values))
    session.add(made)
    session.flush()
    return made


def user(session: Session, username: str, *roles: Role, password: str | None = PASSWORD) -> User:
    """A person who can sign in; officers hold a licence that is good until 2030."""
    licence = "浙A-0001" if Role.OFFICER in roles else None
    made = create_user(
        session,
        username,
        roles,
        at=NOON,
        actor="test",
        licence_no=licence,
        licence_valid_until=date(2030, 1, 1) if licence else None,
    )
    if password is not None:
        accept_invitation(session, invite(session, made, at=NOON, actor="test"), password, at=NOON)
    return made
