"""The ten invariants of domain.md 4.8 over random histories.

Owner, officers, gateway, camera, clock and a process that dies in the middle take turns in any
order hypothesis thinks of; after each turn everything that must always hold is looked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import event as note_end
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from models import casework, statements
from models.errors import QifenError
from models.event import TERMINAL, Deadline, Event, EventState
from models.evidence import Evidence
from models.flow import rebuild_state
from models.notice import Notice
from models.people import Decision, DecisionKind, Statement, User
from models.policy import Policy
from models.review import DecisionInput, RejectReason, pack_status
from models.store import Store
from tests.models.city import CONTACT, City

S = EventState
PLATES = ("浙A12345", "浙A99999")
BOXES = {PLATES[0]: (0.4, 0.4, 0.6, 0.6), PLATES[1]: (0.7, 0.7, 0.8, 0.8)}
QUICK = Policy(
    grace_seconds=60,
    recheck_window_seconds=45,
    gap_warning_seconds=20,
    confirm_timeout_seconds=40,
    dlr_timeout_seconds=40,
    patrol_seconds=600,
    daily_grace_limit=9,
    sms_per_plate_per_day=99,
)
"""The same rules with shorter times, so that a history of a few turns gets somewhere."""

SETTINGS = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
REJECT = DecisionInput(DecisionKind.REJECT, reason_code=RejectReason.MINOR)

ACTS: dict[EventState, tuple[str, ...]] = {
    S.FLAGGED: ("good_gates", "good_gates", "poor_gates"),
    S.CONFIRM_PENDING: ("confirm", "confirm", "correct", "discard", "patrol", "hand_over"),
    S.CONFIRMED: ("reach_owner", "reach_owner", "reach_nobody"),
    S.NOTICE_PENDING: ("deliver",),
    S.PATROL_ASSIGNED: ("paper", "paper", "deliver", "discard", "leave"),
    S.GRACE: ("leave", "stay", "stay"),
    S.RECHECK: ("leave", "stay", "stay"),
    S.REVIEW_PENDING: ("sign", "both_sign", "both_sign", "reject"),
}
"""What may well happen next, by state; anything else comes from the other turns."""

officers = st.sampled_from(["officer", "second"])
answers = st.sampled_from(["present", "present", "absent", "moved", "other_vehicle", "unclear"])
picks = st.integers(0, 3)


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.store = Store.memory()
        self.transaction = self.store.begin()
        self.session = self.transaction.__enter__()
        self.city = City(self.session, QUICK)
        self.latest_due: dict[int, datetime] = {}
        self.latest_grace: dict[int, datetime] = {}
        self.ends: dict[int, str] = {}

    def teardown(self) -> None:
        try:
            self._everything_ends()
        finally:
            self.transaction.__exit__(None, None, None)
            self.store.dispose()

    def _everything_ends(self) -> None:
        """Invariant 4: with nobody doing anything any more, all is over within 30 days."""
        for _ in range(3):
            self.city.advance(15.5 * 86_400)
            self.city.sweep()
        ends = {event.state for event in self._events()}
        assert ends <= set(TERMINAL)
        for end in ends:
            note_end(end)  # `pytest --hypothesis-show-statistics` tells how far histories get
        self.city.session.flush()
        self.looked_at()

    # Who acts

    def _events(self) -> list[Event]:
        return list(self.session.scalars(select(Event).order_by(Event.id)))

    def one(self, pick: int, *states: EventState) -> Event | None:
        """One of the youngest events in these states."""
        found = [event for event in self._events() if not states or event.state in states]
        return found[-1 - pick % len(found)] if found else None

    def _user(self, name: str) -> User:
        user: User = getattr(self.city, name)
        return user

    def _try(self, do: Callable[[], Any]) -> None:
        """One transaction: done whole, or refused by name with nothing left behind."""
        told = ""
        try:
            with self.session.begin_nested():
                do()
        except QifenError as refused:
            told = str(refused)
        assert not any(plate in told for plate in PLATES)
        self.session.flush()

    @initialize()
    def first_car(self) -> None:
        self.told(0, True)

    @rule(pick=st.integers(0, 1), exact=st.booleans())
    def sighting(self, pick: int, exact: bool) -> None:
        plate = PLATES[pick]
        self._try(lambda: self.city.open(plate if exact else None, box=BOXES[plate]))

    @rule(pick=st.integers(0, 1), delivered=st.booleans())
    def told(self, pick: int, delivered: bool) -> None:
        """A car is seen and its owner told: the usual way, in one turn."""
        way = self.city.to_grace if delivered else self.city.to_pending
        self._try(lambda: way(plate=PLATES[pick], box=BOXES[PLATES[pick]]))

    @rule(pick=picks, roll=st.integers(0, 9), who=officers)
    def goes_on(self, pick: int, roll: int, who: str) -> None:
        """One open event, and something that may well happen to it next."""
        event = self.one(pick, *(state for state in S if state not in TERMINAL))
        acts = ACTS.get(S(event.state), ()) if event is not None else ()
        if event is not None and acts:
            self._try(lambda: getattr(self, acts[roll % len(acts)])(event, self._user(who)))

    goes_on_too = rule(pick=picks, roll=st.integers(0, 9), who=officers)(
        lambda self, pick, roll, who: self.goes_on(pick, roll, who)
    )
    """Twice as likely as the other turns: histories should get somewhere."""

    @rule(pick=picks, what=st.sampled_from(["accept", "deliver", "deliver", "fail"]))
    def gateway(self, pick: int, what: str) -> None:
        """Receipts in any order, doubled, late, for anything."""
        event = self.one(pick)
        if event is not None and self.city.notice(event) is not None:
            self._try(lambda: getattr(self.city, what)(event))

    @rule(answer=answers, seconds=st.sampled_from([1, 10, 35, 65]), readable=st.booleans())
    def camera(self, answer: str, seconds: int, readable: bool) -> None:
        """Every open event is looked at for a while; nobody sweeps in between."""
        end = self.city.now + timedelta(seconds=seconds)
        while self.city.now < end:
            self.city.advance(min(5, (end - self.city.now).total_seconds()))
            for event in casework.open_watches(self.session, self.city.camera.id):
                plate = event.plate if readable else None
                self.city.look(event, answer, plate=plate)

    @rule(seconds=st.sampled_from([1, 1, 15, 15, 60, 200, 4000, 90_000]), sweeping=st.booleans())
    def clock(self, seconds: int, sweeping: bool) -> None:
        self.city.advance(seconds)
        if sweeping:
            self.city.sweep()

    @rule(pick=picks, who=officers, upheld=st.sampled_from([None, None, True, False]))
    def owner_and_answer(self, pick: int, who: str, upheld: bool | None) -> None:
        """An owner speaks; perhaps an officer answers the oldest open statement."""
        event = self.one(pick)
        if event is not None and upheld is None:
            self._try(lambda: self._speak(event))
        said = self.session.scalar(select(Statement).where(Statement.status == "open"))
        if said is not None and upheld is not None:
            order = self.city.order(text="核实如下", upheld=upheld)
            self._try(lambda: statements.answer(self.session, said, self._user(who), **order))

    @rule(what=st.sampled_from(["killed", "killed", "papers", "redrawn", "restored", "picture"]))
    def trouble(self, what: str) -> None:
        """The process dies before its commit, papers expire, a zone is redrawn, a clock is off."""
        if what == "killed":
            savepoint = self.session.begin_nested()
            self.city.sweep()
            savepoint.rollback()
            self.session.expire_all()
        elif what in ("papers", "restored"):
            self.city.camera.legal_review = "法审2026-1" if what == "restored" else None
        elif what == "redrawn":
            self.city.edit_zone(polygon=[[0.1, 0.1], [0.65, 0.1], [0.65, 0.9], [0.1, 0.9]])
        else:
            for event in self._events():
                self.city.picture(event, "E4", offset=2.0)
        self.session.flush()

    # What may happen to one event (see ACTS)

    def good_gates(self, event: Event, _user: User) -> None:
        self.city.gates(event)

    def poor_gates(self, event: Event, _user: User) -> None:
        self.city.gates(event, casework.GateFacts(confidence_mean=0.8))

    def reach_owner(self, event: Event, _user: User) -> None:
        self.city.picture(event, "E3", at=self.city.now + timedelta(seconds=10))
        self.city.prepare(event)

    def reach_nobody(self, event: Event, _user: User) -> None:
        self.city.prepare(event, None)

    def confirm(self, event: Event, user: User) -> None:
        order = self.city.order(plate=None, contact=CONTACT)
        casework.confirm_by_officer(self.session, event, user, **order)

    def correct(self, event: Event, user: User) -> None:
        plate = PLATES[event.plate == PLATES[0]]
        order = self.city.order(plate=plate, contact=CONTACT)
        casework.confirm_by_officer(self.session, event, user, **order)

    def discard(self, event: Event, user: User) -> None:
        order = self.city.order(reason="SEEN_ON_SITE")
        casework.discard_by_officer(self.session, event, user, **order)

    def patrol(self, event: Event, user: User) -> None:
        casework.send_patrol(self.session, event, user, **self.city.order(reason="UNREADABLE"))

    def hand_over(self, event: Event, user: User) -> None:
        casework.transfer(self.session, event, user, **self.city.order(reason="COVERED_PLATE"))

    def paper(self, event: Event, user: User) -> None:
        photo = self.city.picture(event, "PAPER")
        casework.paper_notice(self.session, event, user, photo, **self.city.order())

    def deliver(self, event: Event, _user: User) -> None:
        self.city.advance(3)
        if self.city.notice(event) is not None:
            self.city.deliver(event)

    def leave(self, event: Event, _user: User) -> None:
        self.city.watch(event, "absent", 40)

    def stay(self, event: Event, _user: User) -> None:
        """It stands until after its deadline, and the camera takes all its pictures."""
        self.city.watch(event, "present", 60, plate=event.plate)
        for kind in ("E4", "E6"):
            self.city.advance(4)
            self.city.look(event, "present", plate=event.plate)
            if event.is_open:
                self.city.picture(event, kind)
            self.city.watch(event, "present", 8, every=4, plate=event.plate)

    def sign(self, event: Event, user: User) -> None:
        self.city.decide(event, user)

    def both_sign(self, event: Event, _user: User) -> None:
        self.city.decide(event, self.city.officer)
        self.city.decide(event, self.city.second)

    def reject(self, event: Event, user: User) -> None:
        self.city.decide(event, user, REJECT)

    def _speak(self, event: Event) -> None:
        statements.receive(self.session, event, "不是我的车", at=self.city.now, policy=QUICK)

    # What always holds

    @invariant()
    def looked_at(self) -> None:
        self.session.flush()
        events = self._events()
        self._one_open_event_a_plate(events)
        self._deadlines_only_move_later(events)
        self._nothing_unmasked()
        for event in events:
            self._log_rebuilds_the_state(event)
            self._left_is_left(event)
            self._ends_stay(event)
            self._one_promise(event)
            if event.state in (S.REVIEW_PENDING, S.ESCALATED):
                self._stayed_beyond_doubt(event)
            if event.state == S.ESCALATED:
                self._escalated_by_people(event)

    def _one_open_event_a_plate(self, events: list[Event]) -> None:
        """Invariant 3."""
        seen = [(e.plate, e.area_id) for e in events if e.is_open and e.plate]
        assert len(seen) == len(set(seen))

    def _deadlines_only_move_later(self, events: list[Event]) -> None:
        """Invariant 6."""
        for row in self.session.scalars(select(Deadline)):
            assert row.due_at >= self.latest_due.get(row.id, row.due_at)
            self.latest_due[row.id] = row.due_at
        for event in events:
            if event.id in self.latest_grace:
                assert event.grace_deadline_at is not None
                assert event.grace_deadline_at >= self.latest_grace[event.id]
            if event.grace_deadline_at is not None:
                self.latest_grace[event.id] = event.grace_deadline_at

    def _nothing_unmasked(self) -> None:
        """Invariant 9: neither texts' words nor the log hold a plate or a phone."""
        for notice in self.session.scalars(select(Notice)):
            words = json.dumps(notice.variables, ensure_ascii=False)
            assert not any(plate in words for plate in PLATES)
            assert CONTACT.phone not in words
        for event in self._events():
            for row in self.city.log(event):
                told = json.dumps([row.facts, row.reason, row.actor_id], ensure_ascii=False)
                assert not any(plate in told for plate in PLATES)
                assert CONTACT.phone not in told

    def _log_rebuilds_the_state(self, event: Event) -> None:
        """Invariant 7."""
        assert rebuild_state(self.city.log(event)) == (event.state, event.version)

    def _left_is_left(self, event: Event) -> None:
        """Invariant 2."""
        states = {row.to_state for row in self.city.log(event)}
        assert not {S.LEFT_IN_TIME, S.ESCALATED} <= states

    def _ends_stay(self, event: Event) -> None:
        """An end is an end; only an escalation can still be voided (A24)."""
        before = self.ends.get(event.id)
        if before is not None and event.state != before:
            assert (before, event.state) == (S.ESCALATED, S.VOIDED)
        if event.state in TERMINAL:
            self.ends[event.id] = event.state

    def _one_promise(self, event: Event) -> None:
        """Invariant 5."""
        first = self.session.scalars(
            select(Notice).where(Notice.event_id == event.id, Notice.template.in_(["N1", "N1b"]))
        ).all()
        assert len(first) <= 1

    def _stayed_beyond_doubt(self, event: Event) -> None:
        """Invariants 1 and 10: told, deadline passed, two pictures after it, its own plate."""
        deadline = event.grace_deadline_at
        assert event.notified_at is not None
        assert deadline is not None
        assert self.city.now > deadline
        notice = self.city.notice(event)
        told = notice is not None and notice.delivered_at is not None
        assert told or event.grace_policy == "paper"
        rows = self.session.scalars(select(Evidence).where(Evidence.event_id == event.id))
        after = [
            row.captured_at
            for row in rows
            if row.kind in ("E4", "E6") and row.captured_at > deadline
        ]
        assert max(after) - min(after) >= timedelta(seconds=10)
        assert pack_status(self.session, event, policy=QUICK).complete
        review = next(row for row in self.city.log(event) if row.to_state == S.REVIEW_PENDING)
        assert review.at > deadline

    def _escalated_by_people(self, event: Event) -> None:
        """Invariant 1: reviewer and co-signer, two licensed officers; an officer's step."""
        decisions = self.session.scalars(
            select(Decision).where(Decision.event_id == event.id, Decision.kind == "escalate")
        ).all()
        assert len({decision.officer_id for decision in decisions}) == 2
        assert all(decision.licence_no for decision in decisions)
        last = self.city.log(event)[-1]
        assert (last.transition, last.actor_kind) == ("A20", "OFFICER")
        open_at_escalation = self.session.scalars(
            select(Statement).where(Statement.event_id == event.id, Statement.received_at < last.at)
        )
        assert all(
            s.answered_at is not None and s.answered_at <= last.at for s in open_at_escalation
        )


TestHistories = Histories.TestCase
TestHistories.settings = SETTINGS
TestHistories.pytestmark = [pytest.mark.slow]
