"""What an event's flow does to cases: opens one (A20, B8, B9, C7), or cancels it (A24)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import deadlines
from models.case import Case, Loop, LoopMode, SourceCategory
from models.event import Event
from models.flow import SYSTEM, Step, fire
from models.flows.case import CASE
from models.policy import Policy
from models.states import CaseState


def open_case(step: Step) -> None:
    """A20, B8: two officers found it established. One unit, a time limit (8.4)."""
    _open(step, Loop.LIMITED_TIME, LoopMode.PLATFORM_DEADLINE)


def open_crew_case(step: Step) -> None:
    """B9: a crew takes the poster down; no person is involved."""
    _open(step, Loop.LIMITED_TIME, LoopMode.CREW)


def open_emergency_case(step: Step) -> None:
    """C7: the district command leads, mode EMERGENCY."""
    _open(step, Loop.COORDINATED, LoopMode.EMERGENCY)


def cancel_case(step: Step) -> None:
    """A24: the event was voided, and with it its case, if that is still open."""
    case = case_of(step.session, step.event)
    if case is None or not case.is_open:
        return
    fire(
        step.session, CASE, case, "event_voided", actor=SYSTEM, at=step.at, policy=step.policy,
        command_id=f"void:{step.event.id}:{step.event.version}", facts={"why": step.reason},
    )  # fmt: skip


def case_of(session: Session, event: Event) -> Case | None:
    """The case of this event: there is at most one (L07)."""
    session.flush()
    return session.scalar(select(Case).where(Case.event_id == event.id))


def _open(step: Step, loop: Loop, mode: LoopMode) -> None:
    event = step.event
    known = case_of(step.session, event)
    if known is not None:  # C9: the same gathering again; its case goes on
        step.facts["case"] = known.case_no
        return
    case = new_case(
        step.session, event=event, source=SourceCategory.AI_DETECTION, loop=loop, mode=mode,
        type_code=event.type_code, place=event.zone.area.place or event.zone.area.name,
        policy=step.policy, at=step.at, command_id=f"event:{event.id}:{event.version}",
    )  # fmt: skip
    step.facts["case"] = case.case_no


def new_case(  # noqa: PLR0913 (a case is all of this, by keyword)
    session: Session,
    *,
    source: str,
    loop: str,
    mode: str,
    type_code: str,
    place: str,
    policy: Policy,
    at: datetime,
    command_id: str,
    event: Event | None = None,
    description: str = "",
) -> Case:  # fmt: skip
    """A case at its first step, COLLECTED. Raises FlowRefused for a source that is none."""
    case = Case(
        case_no=next_case_no(session, at, policy.city_prefix),
        event_id=None if event is None else event.id,
        state=CaseState.COLLECTED, version=0, type_code=type_code, source_category=source,
        loop=loop, loop_mode=mode, place=place[:80], description=description, checks={}, flags=[],
        opened_at=at,
    )  # fmt: skip
    session.add(case)
    session.flush()
    fire(
        session, CASE, case, "collect", actor=SYSTEM, at=at, policy=policy,
        command_id=f"{command_id}/K1",
    )  # fmt: skip
    return case


def next_case_no(session: Session, at: datetime, prefix: str) -> str:
    """HZC1122-0001: as an event's number, with a C behind the city. Never given twice."""
    head = f"{prefix}C{deadlines.local(at):%m%d}-"
    latest = session.scalar(
        select(Case.case_no)
        .where(Case.case_no.startswith(head, autoescape=True))
        .order_by(func.length(Case.case_no).desc(), Case.case_no.desc())
        .limit(1)
    )
    running = int(latest.removeprefix(head)) + 1 if latest else 1
    return f"{head}{running:04d}"
