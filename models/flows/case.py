"""The flow of a case (案卷): seven steps and six side states (domain.md 4.0).

信息收集 K1, 案卷建立 K2, 任务派遣 K3, 任务处理 K4, 处理反馈 K5, 检查 K6, 结案 K7,
综合评价 K8; besides: 回退 K4r, 返工 K6r, 挂账 K9, 延期 K10, 作废 K11, 移送 K12.
"""

from __future__ import annotations

from models.case import Case
from models.event import ActorKind
from models.flow import Flow, Transition
from models.flows import case_guards as when
from models.flows import case_steps as do
from models.people import Role
from models.states import CASE_TERMINAL, CaseState

S = CaseState
OPEN = frozenset(state for state in S if state not in CASE_TERMINAL)
BEING_WORKED_ON = OPEN - {S.COLLECTED, S.CLOSED}

_PEOPLE = frozenset({ActorKind.OFFICER, ActorKind.OPERATOR})
_ANY = _PEOPLE | {ActorKind.SYSTEM}
_dispatcher = when.by_role(Role.DISPATCHER)
_crew = when.by_role(Role.CREW)
_patrol = when.by_role(Role.PATROL)

_SEVEN = (
    Transition("K1", None, "collect", S.COLLECTED, (when.has_source,), (), actors=_ANY),
    Transition(
        "K1n", S.COLLECTED, "refuse_acceptance", S.NOT_ACCEPTED,
        (_dispatcher, when.reason_given), (do.end_case,), actors=_PEOPLE,
    ),
    Transition(
        "K2", S.COLLECTED, "file", S.FILED,
        (_dispatcher, when.has_type, when.has_cell, when.has_duty_grid, when.has_loop,
         when.has_source),
        (do.note_filed,),
        actors=_PEOPLE,
    ),
    Transition(
        "K2n", S.COLLECTED, "refuse_filing", S.NOT_FILED,
        (_dispatcher, when.reason_given), (do.end_case,), actors=_PEOPLE,
    ),
    # I012 即查即改: found, mended and closed by one patrol, so it never waits for anybody.
    Transition(
        "K7s", S.COLLECTED, "fix_on_spot", S.CLOSED,
        (_patrol, when.patrol_found_it, when.has_type, when.has_cell, when.has_duty_grid,
         when.report_written, when.photographed_before_and_after),
        (do.note_fixed,),
        actors=_PEOPLE,
        reason="FIXED_ON_SPOT",
    ),
    Transition(
        "K3", S.FILED, "dispatch", S.DISPATCHED,
        (_dispatcher, when.one_lead), (do.note_dispatched,), actors=_PEOPLE,
    ),
    Transition(
        "K3r", S.RETURNED, "dispatch", S.DISPATCHED,
        (_dispatcher, when.one_lead), (do.note_dispatched,), actors=_PEOPLE,
    ),
    Transition(
        "K4", S.DISPATCHED, "accept", S.IN_PROGRESS,
        (_crew,), (do.note_handler,), actors=_PEOPLE,
    ),
    Transition(
        "K4w", S.REWORK, "accept", S.IN_PROGRESS,
        (_crew,), (do.note_handler,), actors=_PEOPLE,
    ),
    Transition(
        "K4r", frozenset({S.DISPATCHED, S.IN_PROGRESS}), "return", S.RETURNED,
        (_crew, when.reason_given), (do.send_unit_away,), actors=_PEOPLE,
    ),
    Transition(
        "K5", S.IN_PROGRESS, "report", S.REPORTED,
        (_crew, when.report_written), (do.note_report,), actors=_PEOPLE,
    ),
    Transition(
        "K6", S.REPORTED, "check", S.CHECKING,
        (_patrol, when.checker_did_not_handle), (do.note_checker,), actors=_PEOPLE,
    ),
    Transition(
        "K6r", S.CHECKING, "rework", S.REWORK,
        (_patrol, when.checker_did_not_handle, when.a_check_failed, when.reason_given),
        (do.forget_checks,),
        actors=_PEOPLE,
    ),
    Transition(
        "K7", S.CHECKING, "close", S.CLOSED,
        (_patrol, when.checker_did_not_handle, when.three_checks, when.public_was_told,
         when.every_unit_reported, when.no_statement_open),
        (do.note_closed,),
        actors=_PEOPLE,
    ),
    Transition(
        "K8", S.CLOSED, "evaluate", S.EVALUATED,
        (_dispatcher, when.rated, when.no_statement_open), (do.end_case,), actors=_PEOPLE,
        reason="EVALUATED",
    ),
)  # fmt: skip

_SIDE = (
    Transition(
        "K9", frozenset({S.FILED, S.DISPATCHED, S.IN_PROGRESS}), "suspend", S.SUSPENDED,
        (_dispatcher, when.reason_given, when.not_an_emergency), (do.remember_step,),
        actors=_PEOPLE,
    ),
    *(
        Transition(
            f"K9{letter}", S.SUSPENDED, "resume", state,
            (_dispatcher, when.was_in(state)), (do.go_on,), actors=_PEOPLE,
        )
        for letter, state in (("f", S.FILED), ("d", S.DISPATCHED), ("i", S.IN_PROGRESS))
    ),
    *(
        Transition(
            f"K10{letter}", state, "extend", state,
            (_dispatcher, when.reason_given, when.not_extended_yet, when.not_an_emergency),
            (do.extend_limit,),
            actors=_PEOPLE,
        )
        for letter, state in (("d", S.DISPATCHED), ("i", S.IN_PROGRESS), ("w", S.REWORK))
    ),
    Transition(
        "K11", OPEN, "cancel", S.CANCELLED,
        (_dispatcher, when.reason_given), (do.end_case,), actors=_PEOPLE,
    ),
    Transition(
        "K11v", OPEN, "event_voided", S.CANCELLED,
        (), (do.end_case,),
        reason="EVENT_VOIDED",
    ),
    Transition(
        "K12", BEING_WORKED_ON | {S.COLLECTED}, "transfer", S.TRANSFERRED,
        (_dispatcher, when.reason_given), (do.end_case,), actors=_PEOPLE,
    ),
)  # fmt: skip

CASE = Flow(
    name="case", version="1", transitions=_SEVEN + _SIDE, terminal=CASE_TERMINAL, states=CaseState
)

STAGES: dict[CaseState, str] = {
    S.COLLECTED: "DISCOVER",
    S.NOT_ACCEPTED: "DISCOVER",
    S.NOT_FILED: "DISCOVER",
    S.FILED: "FLOW",
    S.DISPATCHED: "FLOW",
    S.RETURNED: "FLOW",
    S.SUSPENDED: "FLOW",
    S.TRANSFERRED: "FLOW",
    S.IN_PROGRESS: "HANDLE",
    S.REWORK: "HANDLE",
    S.CANCELLED: "HANDLE",
    S.REPORTED: "FEEDBACK",
    S.CHECKING: "FEEDBACK",
    S.CLOSED: "FEEDBACK",
    S.EVALUATED: "ASSESS",
}
"""发现-流转-处置-反馈-评价-考核 (I017): where each state stands on the line.
评价 (RATE) is no state but a rating: `stage_of`."""

LINE = ("DISCOVER", "FLOW", "HANDLE", "FEEDBACK", "RATE", "ASSESS")


def stage_of(case: Case) -> str:
    """Where a case stands on the line of six stages; a suspended one where it was."""
    state = CaseState(case.state)
    if state == S.SUSPENDED and case.before_suspension:
        state = CaseState(case.before_suspension)
    if state == S.CLOSED and case.rating is not None:
        return "RATE"
    return STAGES[state]
