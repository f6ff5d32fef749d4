"""Random histories of hanging, poster and crowd events and of cases: camera, gateway, officers,
responders, crew and clock in any order, the invariants after every step."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import func, select

from models import case_work, crowd_acts, place_acts
from models.case import Case
from models.case_work import CaseOrder
from models.errors import QifenError
from models.event import Deadline, Event, FlowName
from models.flow import rebuild_state
from models.notice import Notice
from models.people import Role
from models.place import FormalOrder, ResponderCall, Signature
from models.states import CASE_TERMINAL, ENDED
from models.store import Store
from tests.models.street import Street

STEPS = 20
EXAMPLES = 6
ANSWERS = st.sampled_from(["present", "absent", "unclear"])
WAITS = st.sampled_from([5.0, 30.0, 130.0, 430.0, 15_000.0, 200_000.0])


class Frontage(RuleBasedStateMachine):
    """One thing that hangs before a shop's door."""

    kind = "hanging"

    def __init__(self) -> None:
        super().__init__()
        self.store = Store.memory()
        self.entered = self.store.begin()
        self.street = Street(self.entered.__enter__(), self.kind)
        self.street.shop()
        self.event = self.street.hang()
        self.ended_as: str | None = None
        self.deadline = self.event.grace_deadline_at

    def teardown(self) -> None:
        self.entered.__exit__(None, None, None)
        self.store.dispose()

    @rule(answer=ANSWERS, seconds=st.sampled_from([25, 70, 130]))
    def look(self, answer: str, seconds: int) -> None:
        self.street.gaze(self.event, answer, seconds, every=12)

    @rule(seconds=WAITS)
    def wait(self, seconds: float) -> None:
        self.street.advance(seconds)
        self.street.sweep()

    @rule()
    def receipt(self) -> None:
        if self.street.notice(self.event, "N7") is not None:
            self.street.arrive_text(self.event)

    @rule()
    def stay(self) -> None:
        self.street.stay_there(self.event)
        self.street.sweep()

    @rule(second=st.booleans(), act=st.sampled_from(
        ["confirm", "draft", "serve", "photo", "escalate", "rectified"]
    ))  # fmt: skip
    def officer(self, second: bool, act: str) -> None:
        user = self.street.second if second else self.street.officer
        with suppress(QifenError), self.street.session.begin_nested():
            if act == "photo":
                self.street.on_site(self.event)
            elif act == "rectified":
                place_acts.find_rectified(
                    self.street.session, self.event, user, **self.street.order()
                )
            else:
                getattr(self.street, act)(self.event, user)

    @invariant()
    def the_log_rebuilds_the_state(self) -> None:
        self.street.check(self.event)

    @invariant()
    def an_end_is_an_end(self) -> None:
        if self.ended_as is not None:
            assert self.event.state == self.ended_as
        elif self.event.state in ENDED:
            self.ended_as = self.event.state
            assert self.event.outcome

    @invariant()
    def no_penalty_without_an_order_that_expired(self) -> None:
        if self.event.state != "ESCALATED":
            return
        session = self.street.session
        order = session.scalars(select(FormalOrder)).one()
        assert order.expired_at is not None
        assert order.due_at is not None
        assert order.served_at is not None
        assert order.expired_at >= order.due_at > order.served_at
        signers = session.execute(
            select(Signature.act, func.count(func.distinct(Signature.officer_id))).group_by(
                Signature.act
            )
        ).all()
        assert {row[0]: row[1] for row in signers} == {"order": 2, "escalate": 2}
        assert "NOT_RECTIFIED" in {row.to_state for row in self.street.log(self.event)}

    @invariant()
    def promises_never_shrink(self) -> None:
        now = self.event.grace_deadline_at
        assert self.deadline is None or (now is not None and now >= self.deadline)
        self.deadline = now

    @invariant()
    def at_most_one_reminder(self) -> None:
        texts = self.street.session.scalars(select(Notice.template)).all()
        assert len(texts) == len(set(texts))
        assert set(texts) <= {"N7", "N7b"}


class Gathering(RuleBasedStateMachine):
    """One square."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store.memory()
        self.entered = self.store.begin()
        self.square = Street(self.entered.__enter__(), "crowd")
        self.square.responders()

    def teardown(self) -> None:
        self.entered.__exit__(None, None, None)
        self.store.dispose()

    def events(self) -> list[Event]:
        return list(self.square.session.scalars(select(Event).order_by(Event.id)))

    @rule(people=st.sampled_from([5, 45, 55, 62, 80, 95]), seconds=st.sampled_from([30, 70, 130]))
    def counts(self, people: int, seconds: int) -> None:
        self.square.advance(10)
        self.square.counts(people, seconds)

    @rule(seconds=WAITS)
    def wait(self, seconds: float) -> None:
        self.square.advance(seconds)
        self.square.sweep()

    @rule(act=st.sampled_from(["yes", "no", "arrive", "report", "count", "emergency", "false"]))
    def people(self, act: str) -> None:
        for event in self.events()[-1:]:
            calls = self.square.calls(event)
            with suppress(QifenError), self.square.session.begin_nested():
                if act == "emergency":
                    crowd_acts.declare_emergency(
                        self.square.session, event, self.square.officer, reason="X",
                        **self.square.order(),
                    )  # fmt: skip
                elif act == "false":
                    crowd_acts.false_alarm(
                        self.square.session, event, self.square.officer, reason="X",
                        **self.square.order(),
                    )  # fmt: skip
                elif calls and act in ("yes", "no"):
                    self.square.answer(event, calls[-1], accepted=act == "yes")
                elif calls and act == "arrive":
                    self.square.arrive(event, calls[-1])
                elif calls:
                    self.square.report(event, calls[-1], people=4 if act == "count" else None)

    @invariant()
    def the_log_rebuilds_every_state(self) -> None:
        for event in self.events():
            self.square.check(event)

    @invariant()
    def nobody_is_told_or_punished(self) -> None:
        assert self.square.session.scalar(select(func.count(Notice.id))) == 0
        for event in self.events():
            assert (event.plate, event.flow) == (None, FlowName.CROWD)
            assert event.state != "ESCALATED"

    @invariant()
    def one_event_runs_and_one_responder_is_asked(self) -> None:
        assert sum(event.is_open for event in self.events()) <= 1
        waiting = self.square.session.scalar(
            select(func.count(ResponderCall.id)).where(ResponderCall.answer == "waiting")
        )
        assert (waiting or 0) <= len(self.events())


class CaseFile(RuleBasedStateMachine):
    """One case, and everybody who may touch it."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store.memory()
        self.entered = self.store.begin()
        self.street = Street(self.entered.__enter__())
        roles = (Role.DISPATCHER, Role.CREW, Role.PATROL)
        self.staff = [self.street.person(role.value, role) for role in roles]
        values = {
            "source_category": "PATROL", "type_code": "0102", "loop": "LIMITED_TIME",
            "cell_code": "33010300100101", "duty_grid_code": "G1",
        }  # fmt: skip
        self.case = case_work.collect(self.street.session, values, self.order(0))

    def teardown(self) -> None:
        self.entered.__exit__(None, None, None)
        self.store.dispose()

    def order(self, who: int) -> CaseOrder:
        return CaseOrder(
            self.staff[who], self.street.policy, self.street.now, self.street.command()
        )

    @rule(trigger=st.sampled_from(case_work.ACTS), who=st.integers(0, 2))
    def act(self, trigger: str, who: int) -> None:
        with suppress(QifenError):
            case_work.act(
                self.street.session, self.case, trigger, self.order(who), reason="r", report="done"
            )

    @rule(good=st.booleans())
    def prepare(self, good: bool) -> None:
        """What steps need: a lead, checks, a rating."""
        session, case = self.street.session, self.case
        found = {"time": True, "standard": good, "recurrence": True}
        with suppress(QifenError):
            case_work.assign(session, case, [("甲", "LEAD")], self.order(0))
        with suppress(QifenError):
            case_work.note_checks(session, case, found, self.order(2))
        with suppress(QifenError):
            case_work.rate(session, case, 4, self.order(0))

    @rule(seconds=WAITS)
    def wait(self, seconds: float) -> None:
        self.street.advance(seconds)
        self.street.sweep()

    @invariant()
    def the_log_rebuilds_the_state(self) -> None:
        steps = case_work.steps_of(self.street.session, self.case)
        assert rebuild_state(steps) == (self.case.state, self.case.version)

    @invariant()
    def closed_means_checked_by_another(self) -> None:
        if self.case.state in ("CLOSED", "EVALUATED"):
            assert self.case.checks == {"time": True, "standard": True, "recurrence": True}
            assert self.case.checked_by != self.case.handled_by

    @invariant()
    def an_end_leaves_nothing_waiting(self) -> None:
        if self.case.state in CASE_TERMINAL:
            assert self.case.due_at is None
            waiting = select(func.count(Deadline.id)).where(
                Deadline.subject_kind == "case", Deadline.done_at.is_(None)
            )
            assert self.street.session.scalar(waiting) == 0

    @invariant()
    def one_case_stays_one(self) -> None:
        assert self.street.session.scalar(select(func.count(Case.id))) == 1


class Poster(Frontage):
    """The same before a poster."""

    kind = "poster"


_HOW = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
TestFrontage = Frontage.TestCase
TestPoster = Poster.TestCase
TestGathering = Gathering.TestCase
TestCaseFile = CaseFile.TestCase
for _case in (TestFrontage, TestPoster, TestGathering, TestCaseFile):
    _case.settings = _HOW
