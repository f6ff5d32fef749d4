"""One stay, two events, two texts: the first text counts, the second event is void (W29, L07)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.errors import BadInput
from models.event import ActorKind, Event
from models.flow import Actor, fire
from models.flows.tables import flow_of
from models.looks import lock
from models.people import User
from models.policy import Policy


def join_texted(
    session: Session,
    event: Event,
    user: User,
    *,
    master_no: str,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    """An officer finds that this event is the same stay as `master_no`, of which the owner was
    told first. It ends void and joined to that one; nobody is texted again, and the day's grace
    is not used up by it.

    Raises BadInput (field master_no) for an event that does not exist, FlowRefused, StaleVersion.
    """
    master = session.scalar(select(Event).where(Event.event_no == master_no.strip()))
    if master is None:
        raise BadInput(
            f"there is no event {master_no}", field="master_no", hint="write it as HZ1122-0031"
        )
    lock(session, event)
    fire(
        session, flow_of(event), event, "join_texted",
        actor=Actor(ActorKind.OFFICER, user.username), at=at, command_id=command_id,
        policy=policy, inputs={"user": user, "master": master}, expected_version=expected_version,
    )  # fmt: skip
    return event
