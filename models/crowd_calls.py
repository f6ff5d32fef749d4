"""Responders: in which order they are called, their two minutes, arrival and report (C4, C5)."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models import deadlines
from models.camera import Camera
from models.event import DeadlineKind, Event
from models.flows import texts
from models.looks import add_flag
from models.place import CallAnswer, Responder, ResponderCall, ResponderKind
from models.policy import Policy

_ORDER = (
    ResponderKind.POLICE_STATION,
    ResponderKind.CADRE,
    ResponderKind.VOLUNTEER,
    ResponderKind.SUPERVISOR,
)
"""NEAREST_EMERGENCY. The district command is not called in turn: it takes over (C7)."""
_EARTH_METRES = 6_371_000.0


def responders_for(session: Session, event: Event) -> list[Responder]:
    """Who can be called to this event, in order: police station, cadre, volunteers, supervisor;
    the nearest first within a kind."""
    rows = session.scalars(
        select(Responder).where(
            Responder.active.is_(True),
            Responder.kind.in_([str(kind) for kind in _ORDER]),
            or_(Responder.area_id.is_(None), Responder.area_id == event.area_id),
        )
    ).all()
    rank = {str(kind): place for place, kind in enumerate(_ORDER)}
    return sorted(rows, key=lambda r: (rank[r.kind], _metres_to(r, event.camera), r.id))


def calls_of(session: Session, event: Event) -> list[ResponderCall]:
    """Every call of this event, in order."""
    session.flush()
    return list(
        session.scalars(
            select(ResponderCall)
            .where(ResponderCall.event_id == event.id)
            .order_by(ResponderCall.id)
        )
    )


def call_next(
    session: Session, event: Event, round_: int, *, policy: Policy, at: datetime
) -> ResponderCall | None:
    """Call the next one who was not called in this round, by a text (S1) where their phone is
    known; None (and a flag) where none is left."""
    before = calls_of(session, event)
    for call in before:
        if call.round != round_ and call.answer == CallAnswer.WAITING:
            call.answer = CallAnswer.NO_ANSWER  # the gathering was over before they answered
    session.flush()
    called = {call.responder_id for call in before if call.round == round_}
    left = [one for one in responders_for(session, event) if one.id not in called]
    if not left:
        add_flag(event, "nobody_left_to_call")
        deadlines.fulfil(session, event, [DeadlineKind.ANSWER], at=at, result="NOBODY_LEFT")
        return None
    due = at + timedelta(seconds=policy.crowd_answer_seconds)
    call = ResponderCall(
        event_id=event.id, responder_id=left[0].id, round=round_, called_at=at, answer_by=due,
        answer=CallAnswer.WAITING,
    )  # fmt: skip
    session.add(call)
    session.flush()
    deadlines.promise(session, event, DeadlineKind.ANSWER, due)
    texts.queue_call(session, event, left[0], call.id, at=at, policy=policy)
    return call


def metres_between(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> float:
    """Distance along the ground between two places in degrees (haversine)."""
    a, b = math.radians(latitude), math.radians(other_latitude)
    half_north = math.sin((b - a) / 2) ** 2
    half_east = math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    return (
        2 * _EARTH_METRES * math.asin(math.sqrt(half_north + math.cos(a) * math.cos(b) * half_east))
    )


def _metres_to(responder: Responder, camera: Camera) -> float:
    """Infinite where one of the two places is not known."""
    here, there = (camera.latitude, camera.longitude), (responder.latitude, responder.longitude)
    if here[0] is None or here[1] is None or there[0] is None or there[1] is None:
        return math.inf
    return metres_between(here[0], here[1], there[0], there[1])
