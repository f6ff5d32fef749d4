"""陈述申辩: what an owner says, and the officer's answer (signatures first; bodies follow)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models.event import Event
from models.people import Statement, User
from models.policy import Policy


def receive(
    session: Session,
    event: Event,
    text: str,
    *,
    at: datetime,
    policy: Policy,
    channel: str = "web",
) -> Statement:
    raise NotImplementedError


def answer(
    session: Session,
    statement: Statement,
    user: User,
    *,
    upheld: bool,
    text: str,
    at: datetime,
    policy: Policy,
    command_id: str,
    void_reason: str = "OTHER",
) -> Statement:
    raise NotImplementedError
