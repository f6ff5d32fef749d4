"""The case: seven steps, side states, guards, and its place on the line of six stages (4.0)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import case_work, casework, statements
from models.case import Case, Loop, SourceCategory
from models.case_work import CaseOrder
from models.errors import BadInput, Conflict, FlowRefused, NotAllowed, NotFound, StaleVersion
from models.flow import rebuild_state
from models.flows.case import CASE, LINE, STAGES, stage_of
from models.people import Role, User
from models.states import CASE_TERMINAL, CaseState
from tests.models.city import City

S = CaseState
FILED = {
    "type_code": "0505",
    "source_category": "PATROL",
    "loop": "LIMITED_TIME",
    "cell_code": "33010300100101",
    "duty_grid_code": "G017",
    "place": "延安路人行道",
}


class Office:
    """A city with the people of a case: dispatcher, crew, patrol."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.dispatcher = city.person("chen", Role.DISPATCHER)
        self.crew = city.person("sun", Role.CREW)
        self.patrol = city.person("zhou", Role.PATROL)

    def order(self, user: User, **values: Any) -> CaseOrder:
        return CaseOrder(
            user, self.city.policy, self.city.now,
            values.get("command_id", self.city.command()), values.get("expected_version"),
        )  # fmt: skip

    def collect(self, **values: Any) -> Case:
        return case_work.collect(self.city.session, FILED | values, self.order(self.dispatcher))

    def act(self, case: Case, trigger: str, user: User, **values: Any) -> Case:
        return case_work.act(self.city.session, case, trigger, self.order(user), **values)

    def assign(self, case: Case, *units: tuple[str, str]) -> Case:
        return case_work.assign(
            self.city.session, case, units or (("红旗班", "LEAD"),), self.order(self.dispatcher)
        )

    def to_filed(self, **values: Any) -> Case:
        return self.act(self.collect(**values), "file", self.dispatcher)

    def to_dispatched(self, *units: tuple[str, str], **values: Any) -> Case:
        case = self.assign(self.to_filed(**values), *units)
        return self.act(case, "dispatch", self.dispatcher)

    def to_progress(self, *units: tuple[str, str], **values: Any) -> Case:
        return self.act(self.to_dispatched(*units, **values), "accept", self.crew)

    def to_checking(self, *units: tuple[str, str], **values: Any) -> Case:
        case = self.to_progress(*units, **values)
        self.act(case, "report", self.crew, report="已清理")
        return self.act(case, "check", self.patrol)

    def checks(self, case: Case, **found: bool) -> None:
        all_three = {"time": True, "standard": True, "recurrence": True}
        case_work.note_checks(self.city.session, case, all_three | found, self.order(self.patrol))

    def to_closed(self, *units: tuple[str, str], **values: Any) -> Case:
        case = self.to_checking(*units, **values)
        self.checks(case)
        return self.act(case, "close", self.patrol)

    def check_log(self, case: Case) -> None:
        steps = case_work.steps_of(self.city.session, case)
        assert rebuild_state(steps) == (case.state, case.version)


@pytest.fixture
def office(session: Session) -> Office:
    return Office(City(session))


def _refused(work: Callable[[], object]) -> list[str]:
    with pytest.raises(FlowRefused) as refused:
        work()
    return [refusal.code for refusal in refused.value.refusals]


def test_the_seven_steps_in_order(office: Office) -> None:
    """收集 建立 派遣 处理 反馈 检查 结案 评价, each a row of the log."""
    case = office.to_closed()
    case_work.rate(office.city.session, case, 5, office.order(office.dispatcher))
    office.act(case, "evaluate", office.dispatcher)
    steps = case_work.steps_of(office.city.session, case)
    assert [step.to_state for step in steps] == [
        "COLLECTED", "FILED", "DISPATCHED", "IN_PROGRESS", "REPORTED", "CHECKING", "CLOSED",
        "EVALUATED",
    ]  # fmt: skip
    assert case.ended_at == office.city.now
    office.check_log(case)


def test_each_state_stands_on_the_line(office: Office) -> None:
    """I017: every state has its stage, and 评价 is the rating of a closed case."""
    assert set(STAGES) == set(CaseState)
    assert set(STAGES.values()) | {"RATE"} == set(LINE)
    case = office.to_closed()
    assert stage_of(case) == "FEEDBACK"
    case_work.rate(office.city.session, case, 4, office.order(office.dispatcher))
    assert stage_of(case) == "RATE"


def test_a20_two_officers_open_the_case(city: City) -> None:
    """Source AI_DETECTION, type 0505, limited-time; one case an event (L07)."""
    event = city.to_escalated()
    case = city.session.scalars(select(Case)).one()
    assert (case.event_id, case.source_category) == (event.id, SourceCategory.AI_DETECTION)
    assert (case.type_code, case.loop, case.state) == ("0505", Loop.LIMITED_TIME, S.COLLECTED)
    assert city.log(event)[-1].facts["case"] == case.case_no
    assert case.case_no.startswith("HZC1123-")


def test_a24_voiding_cancels_the_case(city: City) -> None:
    event = city.to_escalated()
    casework.void(city.session, event, city.officer, reason="OTHER", **city.order())
    case = city.session.scalars(select(Case)).one()
    assert (case.state, case.outcome) == (S.CANCELLED, "EVENT_VOIDED")


def test_w22_a_statement_blocks_closing(office: Office) -> None:
    """What the owner says after the escalation is answered before the case closes."""
    city = office.city
    event = city.to_escalated()
    case = city.session.scalars(select(Case)).one()
    order = office.order(office.dispatcher)
    case_work.describe(
        city.session, case, {"cell_code": "330103001001011", "duty_grid_code": "G1"}, order
    )
    office.act(case, "file", office.dispatcher)
    office.assign(case)
    office.act(case, "dispatch", office.dispatcher)
    office.act(case, "accept", office.crew)
    office.act(case, "report", office.crew, report="已处理")
    office.act(case, "check", office.patrol)
    office.checks(case)
    statements.receive(city.session, event, "不是我的车", at=city.now, policy=city.policy)
    assert _refused(lambda: office.act(case, "close", office.patrol)) == ["STATEMENT_OPEN"]


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ({"type_code": ""}, "TYPE_MISSING"),
        ({"cell_code": "3301030010010"}, "CELL_MISSING"),
        ({"cell_code": "3301030010010112"[:14] + "X"}, "CELL_MISSING"),
        ({"duty_grid_code": ""}, "GRID_MISSING"),
    ],
)
def test_filing_needs_type_cell_grid_loop_source(
    office: Office, missing: dict[str, str], code: str
) -> None:
    case = office.collect(**missing)
    assert _refused(lambda: office.act(case, "file", office.dispatcher)) == [code]
    assert case.state == S.COLLECTED


def test_no_case_without_a_loop_and_a_source(office: Office) -> None:
    values = {key: value for key, value in FILED.items() if key != "loop"}
    order = office.order(office.dispatcher)
    case = case_work.collect(office.city.session, values, order)
    assert _refused(lambda: office.act(case, "file", office.dispatcher)) == ["LOOP_MISSING"]
    assert case_work.collect(office.city.session, values, order) is case
    with pytest.raises(BadInput) as refused:
        case_work.collect(office.city.session, {"type_code": "0505"}, order)
    assert refused.value.field == "source_category"


def test_dispatch_needs_exactly_one_lead(office: Office) -> None:
    case = office.to_filed()
    assert _refused(lambda: office.act(case, "dispatch", office.dispatcher)) == ["ONE_LEAD"]
    for units in (
        (("甲", "LEAD"), ("乙", "LEAD")),
        (("甲", "CO"),),
        (("甲", "LEAD"), ("甲", "CO")),
    ):
        with pytest.raises(BadInput):
            office.assign(case, *units)
    office.assign(case, ("甲", "LEAD"), ("乙", "CO"))
    assert _refused(lambda: office.act(case, "dispatch", office.dispatcher)) == ["NOT_COORDINATED"]


def test_who_handled_it_does_not_check_it(office: Office) -> None:
    case = office.to_progress()
    office.act(case, "report", office.crew, report="已清理")
    office.crew.roles = [*office.crew.roles, Role.PATROL.value]
    assert _refused(lambda: office.act(case, "check", office.crew)) == ["CHECKED_BY_HANDLER"]
    assert _refused(lambda: office.act(case, "check", office.dispatcher)) == ["WRONG_ROLE"]


@pytest.mark.parametrize("failed", ["time", "standard", "recurrence"])
def test_three_checks_to_close_else_rework(office: Office, failed: str) -> None:
    """返工: back to the crew, and the next check starts anew."""
    case = office.to_checking()
    office.checks(case, **{failed: False})
    assert _refused(lambda: office.act(case, "close", office.patrol)) == ["CHECK_FAILED"]
    office.act(case, "rework", office.patrol, reason="未达标")
    assert (case.state, case.checks) == (S.REWORK, {})
    office.act(case, "accept", office.crew)
    assert case.state == S.IN_PROGRESS


def test_what_is_in_order_is_not_reworked(office: Office) -> None:
    case = office.to_checking()
    office.checks(case)
    assert _refused(lambda: office.act(case, "rework", office.patrol, reason="x")) == [
        "CHECKS_PASSED"
    ]


def test_a_public_case_closes_after_feedback(office: Office) -> None:
    """E5"""
    case = office.to_checking(source_category="PUBLIC")
    office.checks(case)
    assert _refused(lambda: office.act(case, "close", office.patrol)) == ["NO_FEEDBACK"]
    case_work.note_feedback(office.city.session, case, office.order(office.dispatcher))
    office.act(case, "close", office.patrol)
    assert case.state == S.CLOSED


def test_loop_two_closes_when_every_unit_has_reported(office: Office) -> None:
    """I014; or the coordinator says why not."""
    units = (("交警", "LEAD"), ("住建", "CO"), ("街道", "CO"))
    case = office.to_checking(*units, loop="COORDINATED")
    office.checks(case)
    order = office.order(office.crew)
    case_work.unit_reports(office.city.session, case, "住建", "已修复", order)
    with pytest.raises(FlowRefused, match="街道"):
        office.act(case, "close", office.patrol)
    with pytest.raises(NotFound):
        case_work.unit_reports(office.city.session, case, "路人", "x", order)
    case_work.override_silent_units(
        office.city.session, case, "街道撤并", office.order(office.dispatcher)
    )
    office.act(case, "close", office.patrol)
    assert case.state == S.CLOSED


def test_returned_the_wrong_unit_had_it(office: Office) -> None:
    """回退: another unit is named, and the same one may come back."""
    case = office.to_progress()
    office.act(case, "return", office.crew, reason="不属本单位")
    assert (case.state, case.handled_by) == (S.RETURNED, None)
    assert _refused(lambda: office.act(case, "dispatch", office.dispatcher)) == ["ONE_LEAD"]
    office.assign(case, ("红旗班", "CO"), ("交警", "LEAD"))
    case.loop = Loop.COORDINATED
    office.act(case, "dispatch", office.dispatcher)
    assert case.state == S.DISPATCHED


@pytest.mark.parametrize("way", ["to_filed", "to_dispatched", "to_progress"])
def test_suspended_goes_on_where_it_was(office: Office, way: str) -> None:
    """挂账: the time does not run meanwhile."""
    case = getattr(office, way)()
    before = case.state
    office.act(case, "suspend", office.dispatcher, reason="雨天")
    assert (case.state, case.due_at, stage_of(case)) == (S.SUSPENDED, None, STAGES[S(before)])
    office.city.advance(10 * 86_400)
    office.city.sweep()
    assert case.flags == []
    office.act(case, "resume", office.dispatcher)
    assert (case.state, case.before_suspension) == (before, None)
    assert case.due_at is not None
    assert case.due_at > office.city.now


def test_extended_once(office: Office) -> None:
    """延期: by as long again, a second time never."""
    case = office.to_progress()
    first = case.due_at
    assert first == office.city.now + timedelta(days=1)
    office.act(case, "extend", office.dispatcher, reason="材料未到")
    assert case.due_at == first + timedelta(days=1)
    assert _refused(lambda: office.act(case, "extend", office.dispatcher, reason="再")) == [
        "EXTENDED_BEFORE"
    ]


def test_an_overdue_case_is_marked(office: Office) -> None:
    """7123: one work day for one unit, three for several."""
    case = office.to_progress()
    long = office.to_progress(("甲", "LEAD"), ("乙", "CO"), loop="COORDINATED")
    office.city.advance(86_401)
    office.city.sweep()
    assert (case.flags, long.flags) == (["overdue"], [])
    office.city.sweep()
    assert case.state == S.IN_PROGRESS


@pytest.mark.parametrize(
    ("trigger", "ends"),
    [("cancel", S.CANCELLED), ("transfer", S.TRANSFERRED)],
)
def test_cancelled_and_transferred_with_a_reason(
    office: Office, trigger: str, ends: CaseState
) -> None:
    """作废, 移送"""
    case = office.to_progress()
    with pytest.raises(BadInput):
        office.act(case, trigger, office.dispatcher)
    office.act(case, trigger, office.dispatcher, reason="权属不符")
    assert (case.state, case.outcome) == (ends, "权属不符")
    office.city.advance(5 * 86_400)
    office.city.sweep()
    assert case.flags == []


@pytest.mark.parametrize(
    ("trigger", "ends"),
    [("refuse_acceptance", S.NOT_ACCEPTED), ("refuse_filing", S.NOT_FILED)],
)
def test_not_accepted_and_not_filed(office: Office, trigger: str, ends: CaseState) -> None:
    case = office.collect()
    office.act(case, trigger, office.dispatcher, reason="重复")
    assert case.state == ends
    assert ends in CASE_TERMINAL


def test_evaluation_needs_a_rating(office: Office) -> None:
    """评价 before 考核."""
    case = office.to_closed()
    assert _refused(lambda: office.act(case, "evaluate", office.dispatcher)) == ["NOT_RATED"]
    with pytest.raises(BadInput):
        case_work.rate(office.city.session, case, 6, office.order(office.dispatcher))


def test_what_was_filed_stands(office: Office) -> None:
    case = office.to_filed()
    with pytest.raises(Conflict):
        case_work.describe(
            office.city.session, case, {"type_code": "0101"}, office.order(office.dispatcher)
        )
    with pytest.raises(NotAllowed):
        case_work.describe(office.city.session, case, {}, office.order(office.crew))


def test_a_doubled_click_is_one_step_and_an_old_page_none(office: Office) -> None:
    case = office.collect()
    order = office.order(office.dispatcher)
    case_work.act(office.city.session, case, "file", order)
    version = case.version
    case_work.act(office.city.session, case, "file", order)
    assert case.version == version
    with pytest.raises(StaleVersion):
        case_work.act(
            office.city.session, case, "cancel",
            office.order(office.dispatcher, expected_version=version - 1), reason="x",
        )  # fmt: skip
    with pytest.raises(BadInput, match="no step"):
        office.act(case, "event_voided", office.dispatcher)


def test_codes_fit_their_column() -> None:
    codes = [t.code for t in CASE.transitions]
    assert len(codes) == len(set(codes))
    assert all(len(code) <= 8 for code in codes)


def test_cases_stay(office: Office) -> None:
    """The database deletes no case and knows one lead only."""
    case = office.to_dispatched()
    refused = pytest.raises(IntegrityError, match="not deleted")
    with refused, office.city.session.begin_nested():
        for unit in case.units:
            office.city.session.delete(unit)
        office.city.session.delete(case)
        office.city.session.flush()
