"""What people do with a case: the seven steps, returning, rework, suspending, extending (4.0).

Every act takes the session first, never commits, is idempotent by its command id, and raises
models.errors: FlowRefused with every guard that says no, StaleVersion, BadInput naming a field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import fields
from models.audit_log import record
from models.case import Case, CaseUnit, Loop, LoopMode, SourceCategory, UnitRole
from models.errors import BadInput, Conflict, NotAllowed, NotFound
from models.event import TransitionLog
from models.flow import SUBJECT_CASE, find_command, fire, person
from models.flows.case import CASE
from models.flows.case_effects import new_case
from models.flows.case_guards import CHECKS
from models.people import Role, User
from models.policy import Policy
from models.states import CaseState

REASONED = (
    "refuse_acceptance", "refuse_filing", "return", "rework", "suspend", "extend", "cancel",
    "transfer",
)  # fmt: skip
PLAIN = ("file", "dispatch", "accept", "check", "close", "resume", "evaluate")
REPORTED = ("report", "fix_on_spot")
ACTS = (*PLAIN, *REASONED, *REPORTED)
"""Triggers that people fire; each is a row (or several) of models.flows.case."""

_DETAILS: Mapping[str, fields.Rule] = {
    "type_code": fields.text(8),
    "source_category": fields.one_of(SourceCategory),
    "loop": fields.one_of(Loop),
    "loop_mode": fields.one_of(LoopMode),
    "cell_code": fields.text(15),
    "duty_grid_code": fields.text(20),
    "place": fields.text(80),
    "description": fields.text(500),
}


@dataclass(frozen=True, slots=True)
class CaseOrder:
    """Who acts, when, and on which version: what every act carries."""

    user: User
    policy: Policy
    at: datetime
    command_id: str
    expected_version: int | None = None


def collect(session: Session, values: Mapping[str, Any], order: CaseOrder) -> Case:
    """A case that no camera opened: a patrol's, a superior's or a citizen's (I008).

    Raises BadInput naming the field, NotAllowed for who has no duty in it.
    """
    if not any(order.user.has(role) for role in (Role.DISPATCHER, Role.PATROL, Role.OFFICER)):
        raise NotAllowed("this needs the role dispatcher, patrol or officer")
    checked = fields.check(_DETAILS, values)
    if "source_category" not in checked:
        raise BadInput("where does it come from?", field="source_category")
    known = find_command(session, f"{order.command_id}/K1", SUBJECT_CASE)
    if known is not None:
        return session.get_one(Case, known.subject_id)
    case = new_case(
        session, source=checked["source_category"], loop=checked.get("loop", ""),
        mode=checked.get("loop_mode", ""), type_code=checked.get("type_code", ""),
        place=checked.get("place", ""), description=checked.get("description", ""),
        policy=order.policy, at=order.at, command_id=order.command_id,
    )  # fmt: skip
    case.cell_code = checked.get("cell_code", "")
    case.duty_grid_code = checked.get("duty_grid_code", "")
    session.flush()
    return case


def describe(session: Session, case: Case, values: Mapping[str, Any], order: CaseOrder) -> Case:
    """Fill in what filing needs, while the case is still COLLECTED. Raises BadInput, Conflict."""
    lock_case(session, case)
    _needs(order.user, Role.DISPATCHER)
    if case.state != CaseState.COLLECTED:
        raise Conflict("what was filed stands: return or cancel the case", code="FILED_ALREADY")
    checked = fields.check(_DETAILS, values)
    if case.event_id is not None and "source_category" in checked:
        raise BadInput("a camera's case keeps its source", field="source_category")
    for name, value in checked.items():
        setattr(case, name, value)
    session.flush()
    record(
        session, at=order.at, actor=order.user.username, action="case.describe",
        subject=f"case:{case.id}", details={"fields": sorted(checked)},
    )  # fmt: skip
    return case


def assign(
    session: Session, case: Case, units: Sequence[tuple[str, str]], order: CaseOrder
) -> Case:
    """Name the units (name, role) that have part; whoever is not named any more has left.

    Raises BadInput for a role that is none, a unit named twice, or not exactly one lead.
    """
    lock_case(session, case)
    _needs(order.user, Role.DISPATCHER)
    if case.state not in (CaseState.FILED, CaseState.RETURNED):
        raise Conflict("units are named before the dispatch", code="WRONG_STEP")
    names = [name.strip() for name, _ in units]
    if len(set(names)) != len(names) or not all(0 < len(name) <= 60 for name in names):
        raise BadInput("each unit has one name of 1 to 60 characters", field="units")
    if any(role not in list(UnitRole) for _, role in units):
        raise BadInput(f"roles are {', '.join(UnitRole)}", field="units")
    if sum(role == UnitRole.LEAD for _, role in units) != 1:
        raise BadInput("exactly one unit leads", field="units")
    _set_units(session, case, dict(zip(names, (role for _, role in units), strict=True)), order.at)
    return case


def _set_units(session: Session, case: Case, wanted: Mapping[str, str], at: datetime) -> None:
    known = {unit.name: unit for unit in case.units}
    for unit in case.units:
        if unit.left_at is None:
            unit.left_at = at
    session.flush()  # the old lead has left before the new one comes: there is never a second one
    for name, role in wanted.items():
        unit = known.get(name) or CaseUnit(case_id=case.id, name=name, role=role, joined_at=at)
        unit.role, unit.left_at = role, None
        session.add(unit)
    session.flush()
    session.expire(case, ["units"])


def act(
    session: Session,
    case: Case,
    trigger: str,
    order: CaseOrder,
    *,
    reason: str = "",
    report: str = "",
) -> Case:
    """One step of a person. `reason` is mandatory for those in REASONED, `report` for those in
    REPORTED.

    Raises BadInput for a step that is none or a text that is too long.
    """
    if trigger not in ACTS:
        raise BadInput(f"{trigger!r} is no step", field="step", hint="one of " + ", ".join(ACTS))
    if len(reason) > 60 or (trigger in REASONED and not reason.strip()):
        raise BadInput("a reason has 1 to 60 characters", field="reason")
    if len(report) > 1000:
        raise BadInput("a report has at most 1000 characters", field="report")
    if find_command(session, order.command_id, SUBJECT_CASE) is not None:
        return case
    lock_case(session, case)
    fire(
        session, CASE, case, trigger, actor=person(order.user), at=order.at, policy=order.policy,
        command_id=order.command_id, reason=reason.strip(),
        facts={"suspended_from": case.state} if trigger == "suspend" else None,
        inputs={"user": order.user, "report": report},
        expected_version=order.expected_version,
    )  # fmt: skip
    return case


def note_checks(session: Session, case: Case, checks: Mapping[str, bool], order: CaseOrder) -> Case:
    """时间, 标准, 反复: what the check on the spot found. All three are needed to close."""
    lock_case(session, case)
    _needs(order.user, Role.PATROL)
    if case.state != CaseState.CHECKING or case.checked_by != order.user.id:
        raise Conflict("only whoever checks may note what was found", code="WRONG_STEP")
    if set(checks) != set(CHECKS):
        raise BadInput(f"all of {', '.join(CHECKS)} are needed", field="checks")
    case.checks = {name: bool(checks[name]) for name in CHECKS}
    return case


def unit_reports(
    session: Session, case: Case, unit_name: str, text: str, order: CaseOrder
) -> CaseUnit:
    """I014: a co-unit says what it did. Raises NotFound for a unit that has no part."""
    lock_case(session, case)
    _needs(order.user, Role.CREW)
    words = text.strip()
    if not 0 < len(words) <= 1000:
        raise BadInput("a report has 1 to 1000 characters", field="report")
    for unit in case.units:
        if unit.name == unit_name and unit.left_at is None:
            unit.report, unit.reported_at = words, order.at
            session.flush()
            return unit
    raise NotFound(f"case {case.case_no} has no unit {unit_name}")


def override_silent_units(session: Session, case: Case, reason: str, order: CaseOrder) -> Case:
    """The coordinator closes without every co-unit's report, and says why."""
    lock_case(session, case)
    _needs(order.user, Role.DISPATCHER)
    words = reason.strip()
    if not 0 < len(words) <= 300:
        raise BadInput("say in 1 to 300 characters why", field="reason")
    case.override_reason = words
    record(
        session, at=order.at, actor=order.user.username, action="case.override",
        subject=f"case:{case.id}", details={"reason": words},
    )  # fmt: skip
    return case


def note_feedback(session: Session, case: Case, order: CaseOrder) -> Case:
    """E5: whoever reported it was told how it ended."""
    lock_case(session, case)
    _needs(order.user, Role.DISPATCHER)
    case.feedback_given = True
    record(
        session, at=order.at, actor=order.user.username, action="case.feedback",
        subject=f"case:{case.id}",
    )  # fmt: skip
    return case


def rate(session: Session, case: Case, rating: int, order: CaseOrder) -> Case:
    """评价: 1 to 5, by the reporter or a verification, once the case is closed; the dispatcher
    enters it."""
    lock_case(session, case)
    _needs(order.user, Role.DISPATCHER)
    if case.state != CaseState.CLOSED:
        raise Conflict("a case is rated when it is closed", code="WRONG_STEP")
    if not 1 <= rating <= 5:
        raise BadInput("a rating lies between 1 and 5", field="rating")
    case.rating = rating
    record(
        session, at=order.at, actor=order.user.username, action="case.rate",
        subject=f"case:{case.id}", details={"rating": rating},
    )  # fmt: skip
    return case


def get_case(session: Session, case_id: int) -> Case:
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound(f"there is no case {case_id}")
    return case


def cases(
    session: Session, *, states: Sequence[str] = (), limit: int = 50, offset: int = 0
) -> list[Case]:
    """Open ones that are due first on top; with `states`, those in these."""
    query = select(Case)
    if states:
        query = query.where(Case.state.in_(list(states)))
    ordered = query.order_by(
        Case.ended_at.is_not(None), func.coalesce(Case.due_at, Case.opened_at), Case.id
    )
    return list(session.scalars(ordered.limit(limit).offset(offset)))


def steps_of(session: Session, case: Case) -> list[TransitionLog]:
    return list(
        session.scalars(
            select(TransitionLog)
            .where(TransitionLog.subject_kind == SUBJECT_CASE, TransitionLog.subject_id == case.id)
            .order_by(TransitionLog.version)
        )
    )


def lock_case(session: Session, case: Case) -> Case:
    """Take the case's row for the rest of the transaction and read it anew."""
    session.flush()
    session.refresh(case, with_for_update=True)
    return case


def _needs(user: User, role: Role) -> None:
    if not (user.active and user.has(role)):
        raise NotAllowed(f"this needs the role {role}")
