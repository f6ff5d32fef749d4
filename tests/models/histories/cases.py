"""Random histories of one case, and everybody who may touch it."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import select

from models import case_work, casework
from models.case import Case
from models.case_work import CaseOrder
from models.people import Role
from models.states import CaseState
from tests.models.city import City
from tests.models.histories.ledger import hold
from tests.models.histories.machine import QUICK, History

VALUES = {
    "source_category": "PATROL", "type_code": "0102", "loop": "LIMITED_TIME",
    "cell_code": "33010300100101", "duty_grid_code": "G1",
}  # fmt: skip
GOOD = {"time": True, "standard": True, "recurrence": True}
_ROLE_OF = {
    "accept": Role.CREW, "return": Role.CREW, "report": Role.CREW, "check": Role.PATROL,
    "rework": Role.PATROL, "close": Role.PATROL,
}  # fmt: skip


class Cases(History):
    flow_name = "case"
    turns = (
        *("row",) * 14, *("anybody",) * 4, *("prepared",) * 3, *("clock",) * 2, "killed",
        "collected",
    )  # fmt: skip
    drivers: ClassVar[dict[str, str]] = {
        "collect": "collect", "event_voided": "void_the_event",
        **dict.fromkeys(case_work.ACTS, "act"),
    }  # fmt: skip

    def found(self) -> City:
        city = City(self.session, QUICK)
        for role in (Role.DISPATCHER, Role.CREW, Role.PATROL):
            setattr(city, role.value, city.person(role.value, role))
        return city

    def first(self) -> None:
        self.collect(None)

    def drive(self, driver: str) -> None:
        """A driver, or a trigger of the case with what it needs."""
        case = self.subject(0)
        if driver in case_work.ACTS and case is not None:
            self.prepare(case, driver)
            self._act(case, driver, _ROLE_OF.get(driver, Role.DISPATCHER))
        elif driver in self.drivers.values():
            super().drive(driver)

    def collected(self, pick: int, _roll: int) -> None:
        self.do(lambda: self.collect(None) if pick == 0 else None)

    def collect(self, _case: Case | None) -> None:
        case_work.collect(self.session, VALUES, self.order_of(Role.DISPATCHER))

    def order_of(self, role: Role) -> CaseOrder:
        user = getattr(self.city, role.value)
        return CaseOrder(user, QUICK, self.city.now, self.city.command())

    def subject(self, pick: int) -> Case | None:  # type: ignore[override]
        found = [case for case in self.cases() if case.is_open]
        return found[-1 - pick % len(found)] if found else None

    def cases(self) -> list[Case]:
        return list(self.session.scalars(select(Case).order_by(Case.id)))

    def try_a_row(self, pick: int, roll: int) -> None:
        """As for events; and what the step needs is brought along."""
        case = self.subject(pick)
        state = None if case is None else case.state
        rows = [row for row in self.flow.transitions if state in row.sources]
        rows = [row for row in rows for _ in range(1 if len(row.sources) > 3 else 4)]
        row = rows[roll % len(rows)]
        if row.trigger == "event_voided":
            self.void_the_event(case)
        elif case is None or row.trigger == "collect":
            self.collect(None)
        else:
            self.prepare(case, row.trigger)
            self._act(case, row.trigger, _ROLE_OF.get(row.trigger, Role.DISPATCHER))

    def prepare(self, case: Case, trigger: str) -> None:
        if trigger == "dispatch":
            order = self.order_of(Role.DISPATCHER)
            case_work.assign(self.session, case, [("甲", "LEAD")], order)
        elif trigger in ("close", "rework"):
            found = GOOD | {"standard": trigger == "close"}
            case_work.note_checks(self.session, case, found, self.order_of(Role.PATROL))
        elif trigger == "evaluate":
            case_work.rate(self.session, case, 4, self.order_of(Role.DISPATCHER))

    def act(self, case: Case) -> None:
        """Only named in the table of drivers: `try_a_row` knows the trigger."""
        self._act(case, "cancel", Role.DISPATCHER)

    def _act(self, case: Case, trigger: str, role: Role) -> None:
        order = self.order_of(role)
        case_work.act(self.session, case, trigger, order, reason="r", report="done")

    def anybody(self, pick: int, roll: int) -> None:
        """Anybody tries anything."""
        case = self.subject(0)
        trigger = case_work.ACTS[roll % len(case_work.ACTS)]
        role = (Role.DISPATCHER, Role.CREW, Role.PATROL, Role.CREW)[pick]
        self.do(lambda: None if case is None else self._act(case, trigger, role))

    def prepared(self, pick: int, _roll: int) -> None:
        case = self.subject(0)
        trigger = ("dispatch", "close", "rework", "evaluate")[pick]
        self.do(lambda: None if case is None else self.prepare(case, trigger))

    def void_the_event(self, _case: Case | None) -> None:
        """K11v: the event that a case was opened for is voided."""
        event = self.city.to_escalated()
        self.city.advance(60)
        order = self.city.order(reason="URGENT_DUTY")
        casework.void(self.session, event, self.city.officer, **order)

    def _everything_ends(self) -> None:
        """Cases end by people; the clock only marks them. What ended waits for nothing."""
        for case in self.cases():
            if not case.is_open:
                hold(4, case.due_at is None, f"case {case.id} has ended and is due")
            if case.state in (CaseState.CLOSED, CaseState.EVALUATED):
                hold(1, case.checks == GOOD, "closed without three checks")
                hold(1, case.checked_by != case.handled_by, "checked by whoever handled it")
        super()._everything_ends()
