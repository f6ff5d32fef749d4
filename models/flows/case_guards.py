"""Guards of the case (domain.md 4.0): what each of the seven steps needs."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select

from models.case import CaseUnit, Loop, LoopMode, SourceCategory, UnitRole
from models.case_photos import PhotoKind, photos_of
from models.errors import Refusal
from models.flow import Guard, Step
from models.people import Role, Statement, StatementStatus, User
from models.states import CaseState

CHECKS = ("time", "standard", "recurrence")
"""时间, 标准, 反复: done in time, done to the standard, and it has not come back."""


def by_role(*roles: Role) -> Guard:
    """A guard that lets only an active person with one of these roles pass."""

    def by_person(step: Step) -> Refusal | None:
        user = step.inputs.get("user")
        if isinstance(user, User) and user.active and any(user.has(role) for role in roles):
            return None
        return Refusal("WRONG_ROLE", f"this needs the role {' or '.join(roles)}")

    by_person.__name__ = "by_" + "_or_".join(roles)
    return by_person


def reason_given(step: Step) -> Refusal | None:
    """回退, 返工, 挂账, 延期, 作废, 移送: none without a reason."""
    return None if step.reason else Refusal("REASON_MISSING", "a reason is needed")


def has_type(step: Step) -> Refusal | None:
    """FILED needs the class and item of the catalogue."""
    return _needs(step.case.type_code, "TYPE_MISSING", "class and item are missing")


def has_cell(step: Step) -> Refusal | None:
    """FILED needs the unit cell, 14 or 15 digits (0.9)."""
    code = step.case.cell_code
    if code.isdigit() and len(code) in (14, 15):
        return None
    return Refusal("CELL_MISSING", "the unit cell's code of 14 or 15 digits is missing")


def has_duty_grid(step: Step) -> Refusal | None:
    """FILED needs the responsibility grid."""
    return _needs(step.case.duty_grid_code, "GRID_MISSING", "the responsibility grid is missing")


def has_loop(step: Step) -> Refusal | None:
    """I009: no case without a loop."""
    known = step.case.loop in list(Loop)
    return None if known else Refusal("LOOP_MISSING", "choose limited-time or coordinated")


def has_source(step: Step) -> Refusal | None:
    """I008: one of the four sources."""
    known = step.case.source_category in list(SourceCategory)
    return None if known else Refusal("SOURCE_MISSING", "the source is missing")


def _needs(value: str, code: str, message: str) -> Refusal | None:
    return None if value.strip() else Refusal(code, message)


def one_lead(step: Step) -> Refusal | None:
    """DISPATCHED needs exactly one lead unit (I006); a limited-time case has nobody beside it."""
    units = [unit for unit in step.case.units if unit.left_at is None]
    leads = [unit for unit in units if unit.role == UnitRole.LEAD]
    if len(leads) != 1:
        return Refusal("ONE_LEAD", f"{len(leads)} lead units; exactly one is needed")
    others = [unit for unit in units if unit.role == UnitRole.CO]
    if others and step.case.loop == Loop.LIMITED_TIME:
        return Refusal("NOT_COORDINATED", "several units need the coordinated loop")
    return None


def report_written(step: Step) -> Refusal | None:
    """REPORTED needs words on what was done."""
    return _needs(str(step.inputs.get("report") or ""), "REPORT_MISSING", "say what was done")


def patrol_found_it(step: Step) -> Refusal | None:
    """I012: what a patrol finds and mends itself; nobody else's report is closed like this."""
    case = step.case
    if case.source_category == SourceCategory.PATROL and case.event_id is None:
        return None
    return Refusal("NOT_A_PATROLS", "only what a patrol has found is mended on the spot")


def photographed_before_and_after(step: Step) -> Refusal | None:
    """I012: how it was found and how it was left, by whoever mends it."""
    user, photos = step.inputs.get("user"), photos_of(step.session, step.case.id)
    missing = [kind for kind in PhotoKind if kind not in photos]
    if missing:
        return Refusal("NO_PHOTO", "photos are missing: " + ", ".join(missing))
    if isinstance(user, User) and all(photo.taken_by == user.id for photo in photos.values()):
        return None
    return Refusal("OTHERS_PHOTO", "whoever mends it takes the photos")


def checker_did_not_handle(step: Step) -> Refusal | None:
    """Whoever did the work does not check it."""
    user = step.inputs.get("user")
    if isinstance(user, User) and user.id != step.case.handled_by:
        return None
    return Refusal("CHECKED_BY_HANDLER", "somebody else has to check")


def three_checks(step: Step) -> Refusal | None:
    """时间/标准/反复 all true to close."""
    failed = [name for name in CHECKS if not step.case.checks.get(name)]
    if not failed:
        return None
    return Refusal("CHECK_FAILED", "not in order: " + ", ".join(failed))


def a_check_failed(step: Step) -> Refusal | None:
    """返工 is for what was not in order."""
    if three_checks(step) is not None:
        return None
    return Refusal("CHECKS_PASSED", "all three checks are in order: close it")


def public_was_told(step: Step) -> Refusal | None:
    """A PUBLIC case closes only after feedback (E5)."""
    if step.case.source_category != SourceCategory.PUBLIC or step.case.feedback_given:
        return None
    return Refusal("NO_FEEDBACK", "whoever reported it was not told yet")


def every_unit_reported(step: Step) -> Refusal | None:
    """I014: in the coordinated loop every co-unit reports, or the coordinator says why not."""
    if step.case.loop != Loop.COORDINATED or step.case.override_reason.strip():
        return None
    silent = [unit.name for unit in step.case.units if _owes_report(unit)]
    if not silent:
        return None
    return Refusal("UNIT_SILENT", "no report from " + ", ".join(silent))


def _owes_report(unit: CaseUnit) -> bool:
    return unit.left_at is None and unit.role == UnitRole.CO and unit.reported_at is None


def no_statement_open(step: Step) -> Refusal | None:
    """W22, L11: what the owner says is heard before a case is closed or evaluated."""
    if step.case.event_id is None:
        return None
    count = step.session.scalar(
        select(func.count(Statement.id)).where(
            Statement.event_id == step.case.event_id, Statement.status == StatementStatus.OPEN
        )
    )
    return Refusal("STATEMENT_OPEN", "a statement is not answered yet") if count else None


def rated(step: Step) -> Refusal | None:
    """评价 comes before 考核: a rating of 1 to 5 by the reporter or a verification."""
    rating = step.case.rating
    if rating is not None and 1 <= rating <= 5:
        return None
    return Refusal("NOT_RATED", "a rating of 1 to 5 is needed first")


def not_extended_yet(step: Step) -> Refusal | None:
    """延期: once."""
    if not step.case.extended:
        return None
    return Refusal("EXTENDED_BEFORE", "the time was extended once already")


def not_an_emergency(step: Step) -> Refusal | None:
    """A gathering in the hands of the district command is not put aside."""
    if step.case.loop_mode != LoopMode.EMERGENCY:
        return None
    return Refusal("EMERGENCY", "an emergency is not suspended or extended")


def was_in(state: CaseState) -> Callable[[Step], Refusal | None]:
    """A suspended case goes on where it was."""

    def suspended_from(step: Step) -> Refusal | None:
        if step.case.before_suspension == state:
            return None
        return Refusal("OTHER_STEP", f"it was not suspended from {state}")

    suspended_from.__name__ = f"suspended_from_{state.lower()}"
    return suspended_from
