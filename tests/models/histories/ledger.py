"""Looks at a city after each step: what must always hold, by its number in domain.md 4.8.

It reads only what is new since it last looked, so that ten thousand steps take a minute.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.case import Case
from models.event import ActorKind, Deadline, Event, FlowName, TransitionLog
from models.evidence import Evidence
from models.flow import SUBJECT_CASE, SUBJECT_EVENT
from models.notice import Notice
from models.pack import pack_status
from models.people import Decision, Statement
from models.place import FormalOrder, Signature
from models.policy import Policy
from models.states import CASE_TERMINAL, ENDED

ASKING = frozenset({"N1", "N1L", "N1b", "N7"})
BEFORE_OFFICERS = frozenset({"REVIEW_PENDING", "NOT_RECTIFIED"})
GIVEN_UP = frozenset({"LEFT_IN_TIME", "RECTIFIED"})
MAY_FOLLOW_AN_END = {
    ("ESCALATED", "VOIDED"), ("DISPERSED", "ALARM"), ("FALSE_ALARM", "ALARM"),
}  # fmt: skip
"""A24 and B12 undo an escalation; C9 opens a gathering again."""

Key = tuple[str, int]


class Broken(AssertionError):
    """An invariant does not hold; `number` is its number."""

    def __init__(self, number: int, told: str) -> None:
        super().__init__(f"invariant {number}: {told}")
        self.number = number


def hold(number: int, holds: bool, told: object) -> None:
    if not holds:
        raise Broken(number, str(told))


class Ledger:
    """What was seen of one history so far.

    private: what no text, log row or log line may hold: full plates and phones.
    """

    def __init__(self, policy: Policy, private: Iterable[str]) -> None:
        self.policy = policy
        self.private = tuple(private)
        self.witnessed: Counter[int] = Counter()
        """How often each invariant had something to say."""
        self.rows: Counter[tuple[str, str]] = Counter()
        """Flow and row of each step taken."""
        self.ends: Counter[str] = Counter()
        self._last_log = self._last_notice = 0
        self._replayed: dict[Key, tuple[str, int]] = {}
        self._been: dict[Key, set[str]] = {}
        self.due: dict[int, datetime] = {}
        self._grace: dict[int, datetime] = {}

    def look(self, session: Session, now: datetime) -> None:
        """Everything that must hold after any step. Raises Broken."""
        session.flush()
        new = session.scalars(
            select(TransitionLog)
            .where(TransitionLog.id > self._last_log)
            .order_by(TransitionLog.id)
        ).all()
        for row in new:
            self._last_log = row.id
            self._replay(row)
            self.one_way(row)
            self._unmasked(json.dumps([row.facts, row.reason, row.actor_id], ensure_ascii=False))
            self._reached(session, row, now)
        self._stand_as_told(session)
        self._one_open_event_a_plate(session)
        self._only_later(session)
        self._texts(session)

    # 7: the log alone rebuilds every state

    def _replay(self, row: TransitionLog) -> None:
        key = (row.subject_kind, row.subject_id)
        state, version = self._replayed.get(key, (None, 0))
        hold(7, row.from_state == state and row.version == version + 1, row.transition)
        self._replayed[key] = (row.to_state, row.version)
        self.witnessed[7] += 1

    def _stand_as_told(self, session: Session) -> None:
        stand: dict[Key, tuple[str, int]] = {}
        for kind, table in ((SUBJECT_EVENT, Event), (SUBJECT_CASE, Case)):
            for number, state, version in session.execute(
                select(table.id, table.state, table.version)
            ):
                stand[kind, number] = (state, version)
        hold(7, stand == self._replayed, f"{stand} but replayed {self._replayed}")

    # 2: left is left, and an end is an end

    def one_way(self, row: TransitionLog) -> None:
        been = self._been.setdefault((row.subject_kind, row.subject_id), set())
        before = row.from_state or ""
        ended = before in (ENDED if row.subject_kind == SUBJECT_EVENT else CASE_TERMINAL)
        step = (before, row.to_state)
        hold(2, not ended or step in MAY_FOLLOW_AN_END, step)
        been.add(row.to_state)
        hold(2, not ("ESCALATED" in been and GIVEN_UP & been), been)
        if row.to_state in GIVEN_UP or row.to_state == "ESCALATED":
            self.witnessed[2] += 1

    # 1 and 10: nobody comes before officers in doubt, nobody is escalated but by two officers

    def _reached(self, session: Session, row: TransitionLog, now: datetime) -> None:
        if row.subject_kind == SUBJECT_CASE:
            self.rows["case", row.transition] += 1
            return
        event = session.get_one(Event, row.subject_id)
        self.rows[event.flow, row.transition] += 1
        if row.to_state in ENDED:
            self.ends[row.to_state] += 1
            hold(10, bool(event.outcome), f"{row.transition} ends without a reason")
        if row.actor_kind == ActorKind.SYSTEM:
            # Whatever went wrong, no machine alone takes it further than before an officer.
            hold(10, row.to_state not in {"ESCALATED", "FORMAL_ORDER"}, row.transition)
        if row.to_state in BEFORE_OFFICERS and row.actor_kind == ActorKind.SYSTEM:
            self.beyond_doubt(session, event, now)
        if row.to_state == "ESCALATED":
            hold(1, event.flow != FlowName.CROWD, "a gathering was escalated")
            self.by_two_officers(session, event, row)
            self.witnessed[1] += 1

    def beyond_doubt(self, session: Session, event: Event, now: datetime) -> None:
        """Told, deadline passed, two pictures of it after that, ten seconds apart, good clock."""
        deadline = event.grace_deadline_at
        hold(10, event.notified_at is not None and deadline is not None, "nobody was told")
        assert deadline is not None
        hold(10, now > deadline, "the deadline has not passed")
        arrived = session.scalars(
            select(Notice).where(Notice.event_id == event.id, Notice.template.in_(ASKING))
        ).all()
        told = any(notice.delivered_at or notice.accepted_at for notice in arrived)
        hold(10, told or event.grace_policy == "paper", "no notice has arrived")
        after = [
            row.captured_at
            for row in session.scalars(select(Evidence).where(Evidence.event_id == event.id))
            if row.kind in {"E4", "E6"}
            and row.captured_at > deadline
            and abs(row.clock_offset_seconds) <= self.policy.clock_offset_limit_seconds
        ]
        apart = max(after) - min(after) if after else timedelta(0)
        hold(10, apart >= timedelta(seconds=10), "no two pictures after the deadline")
        hold(10, event.zone_version.phase == "live", "the zone only warns")
        self.witnessed[10] += 1

    def by_two_officers(self, session: Session, event: Event, row: TransitionLog) -> None:
        hold(1, row.actor_kind == ActorKind.OFFICER, row.actor_kind)
        hold(1, event.notified_at is not None, "nobody was told")
        hold(1, event.grace_deadline_at is not None and row.at > event.grace_deadline_at, row.at)
        hold(1, bool(event.camera.legal_review), "the device was not reviewed")
        been = self._been[SUBJECT_EVENT, event.id]
        hold(1, bool(BEFORE_OFFICERS & been), been)
        if event.flow == FlowName.PARKING:
            signed = session.scalars(
                select(Decision).where(Decision.event_id == event.id, Decision.kind == "escalate")
            ).all()
            hold(1, len({one.officer_id for one in signed}) == 2, "two officers")
            hold(1, all(one.licence_no for one in signed), "licensed")
            hold(1, pack_status(session, event, policy=self.policy).complete, "complete pack")
        else:
            self._after_an_order(session, event)
        before = select(Statement).where(
            Statement.event_id == event.id, Statement.received_at < row.at
        )
        open_ones = [s for s in session.scalars(before) if s.answered_at is None]
        hold(1, not open_ones, "a statement is open")

    def _after_an_order(self, session: Session, event: Event) -> None:
        """0.6: a penalty follows only an order that was served and has expired."""
        order = session.scalars(select(FormalOrder).where(FormalOrder.event_id == event.id)).one()
        hold(1, order.served_at is not None and order.expired_at is not None, "an expired order")
        assert order.due_at is not None
        assert order.expired_at is not None
        hold(1, order.expired_at >= order.due_at, "the order's own period")
        signed = session.execute(
            select(Signature.act, Signature.officer_id).where(Signature.event_id == event.id)
        ).all()
        for act in ("order", "escalate"):
            hold(1, len({who for what, who in signed if what == act}) == 2, f"two sign {act}")

    # 3, 5, 6, 9

    def _one_open_event_a_plate(self, session: Session) -> None:
        open_ones = session.execute(
            select(Event.plate, Event.area_id).where(
                Event.state.not_in(list(ENDED)), Event.plate.is_not(None)
            )
        ).all()
        hold(3, len(open_ones) == len({tuple(row) for row in open_ones}), "two open events")
        self.witnessed[3] += bool(open_ones)

    def _only_later(self, session: Session) -> None:
        for number, due in session.execute(select(Deadline.id, Deadline.due_at)):
            before = self.due.get(number)
            hold(6, before is None or due >= before, f"deadline {number}: {before} to {due}")
            self.witnessed[6] += before is not None
            self.due[number] = due
        for number, due in session.execute(select(Event.id, Event.grace_deadline_at)):
            before = self._grace.get(number)
            hold(6, before is None or (due is not None and due >= before), f"grace of {number}")
            if due is not None:
                self._grace[number] = due

    def _texts(self, session: Session) -> None:
        new = session.scalars(
            select(Notice).where(Notice.id > self._last_notice).order_by(Notice.id)
        ).all()
        for notice in new:
            self._last_notice = notice.id
            self._unmasked(json.dumps(notice.variables, ensure_ascii=False))
        if new:
            asking = session.scalars(
                select(Notice.event_id).where(Notice.template.in_(ASKING))
            ).all()
            hold(5, len(asking) == len(set(asking)), "two texts that ask to leave")
            self.witnessed[5] += len(asking)

    def taken(self, notices: list[int]) -> None:
        """Whatever the provider took, it took once."""
        hold(5, len(notices) == len(set(notices)), f"handed over twice: {notices}")

    def _unmasked(self, told: str) -> None:
        for secret in self.private:
            hold(9, secret not in told, "a plate or a phone stands in the open")
        self.witnessed[9] += 1

    def log_line(self, line: Any) -> None:
        """A line of the program's own log."""
        self._unmasked(json.dumps(line, ensure_ascii=False, default=str))

    # 4 and 8

    def all_over(self, session: Session) -> None:
        """After thirty days in which nobody did anything."""
        states = session.scalars(select(Event.state)).all()
        hold(4, set(states) <= ENDED, states)
        open_rows = session.scalars(
            select(Deadline.kind).where(
                Deadline.subject_kind == SUBJECT_EVENT, Deadline.done_at.is_(None)
            )
        ).all()
        hold(4, not open_rows, f"still waited for: {open_rows}")
        self.witnessed[4] += len(states)

    def as_before(self, before: object, after: object) -> None:
        """A process that died in the middle has left nothing of its transaction."""
        hold(8, before == after, f"{before} became {after}")
        self.witnessed[8] += 1
