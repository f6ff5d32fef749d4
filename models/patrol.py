"""What an officer does and finds beside a vehicle: the paper notice and the second look (A26, L34),
and the tow (A25, L44)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.errors import BadInput, Conflict
from models.event import Event
from models.evidence import Evidence
from models.flow import find_command, fire, person
from models.flows.tables import flow_of
from models.looks import lock, look_back
from models.people import User
from models.plate import check_plate
from models.policy import Policy
from models.same_stay import same_stay
from models.sweeping import judge_watch

MAX_REFERENCE = 40
MAX_URGENT = 200


def paper_notice(
    session: Session,
    event: Event,
    user: User,
    photo: Evidence,
    *,
    plate: str | None = None,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    """A26: a paper notice on the window; the grace starts at its photo (evidence kind PAPER).

    `plate` is what the officer reads beside the vehicle: it must be the event's, or becomes it
    where no camera could read one. Raises BadInput (field plate) for another vehicle's, Conflict
    where that vehicle already has an event of this stay here.
    """
    text = None if plate is None else check_plate(plate)
    if text is not None and event.plate is not None and text != event.plate:
        raise BadInput("this event is about another vehicle", field="plate", code="OTHER_PLATE")
    if text is not None and event.plate is None and same_stay(session, event, text) is not None:
        raise Conflict("this vehicle has an event here already", code="SAME_VEHICLE")
    fire(
        session, flow_of(event), event, "paper_notice", actor=person(user), at=at,
        command_id=command_id, policy=policy, expected_version=expected_version,
        evidence_ids=[photo.id], inputs={"user": user, "photo": photo, "plate": text},
    )  # fmt: skip
    return event


def record_tow(  # noqa: PLR0913 (a tow is all of this, by keyword)
    session: Session,
    event: Event,
    user: User,
    *,
    reference: str,
    photo: Evidence | None,
    urgent: str = "",
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    """A25, L44: towed away by the authority; `reference` is the number of the tow record, `photo`
    shows it (evidence kind TOW), `urgent` says why at night or on a day off (L26)."""
    code, why = reference.strip(), urgent.strip()
    if not 0 < len(code) <= MAX_REFERENCE:
        raise BadInput(f"reference must have 1 to {MAX_REFERENCE} characters", field="reference")
    if len(why) > MAX_URGENT:
        raise BadInput(f"urgent has at most {MAX_URGENT} characters", field="urgent")
    fire(
        session, flow_of(event), event, "tow", actor=person(user), at=at, command_id=command_id,
        policy=policy, expected_version=expected_version, reason=code,
        facts={"urgent": why} if why else None, inputs={"user": user, "photo": photo},
        evidence_ids=[] if photo is None else [photo.id],
    )  # fmt: skip
    return event


def still_there(
    session: Session,
    event: Event,
    user: User,
    *,
    plate: str,
    unmoved: bool,
    policy: Policy,
    at: datetime,
    command_id: str,
    expected_version: int | None = None,
) -> Event:
    """A26, the second look: the same vehicle, unmoved, on two photos after the deadline
    (evidence kind ON_SITE). It goes before officers as any other that stayed.

    What the cameras saw is judged first: who left in time has left. Raises BadInput (field plate
    or unmoved), FlowRefused with every guard that says no, StaleVersion.
    """
    text = check_plate(plate)
    if event.plate is not None and text != event.plate:
        raise BadInput("this event is about another vehicle", field="plate", code="OTHER_PLATE")
    if not unmoved:
        raise BadInput("a vehicle that has moved has left: say so", field="unmoved")
    if find_command(session, command_id) is not None:
        return event
    judge_watch(session, event, policy=policy, at=at)
    fire(
        session, flow_of(event), event, "still_there", actor=person(user), at=at,
        command_id=command_id, policy=policy, expected_version=expected_version,
        inputs={
            "user": user, "plate": text, "unmoved": unmoved,
            "watch": look_back(session, event, policy),
        },
    )  # fmt: skip
    return judge_watch(session, event, policy=policy, at=at)


def gone(
    session: Session,
    event: Event,
    user: User,
    *,
    policy: Policy,
    at: datetime,
    command_id: str,
) -> Event:
    """The officer finds the place empty while the time runs or is just over: left in time. One
    officer's word is enough, for it is in the owner's favour."""
    if find_command(session, command_id) is not None:
        return event
    lock(session, event)
    fire(
        session, flow_of(event), event, "gone_on_site", actor=person(user), at=at,
        command_id=command_id, policy=policy,
        inputs={"user": user, "watch": look_back(session, event, policy)},
    )  # fmt: skip
    return event


def photo_used_before(session: Session, sha256: str) -> bool:
    """Whether these bytes are evidence already: a photo of the spot is taken on the spot."""
    found = session.scalar(select(Evidence.id).where(Evidence.sha256 == sha256).limit(1))
    return found is not None
