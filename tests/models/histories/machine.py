"""What the histories of all flows have in common: a step, a crash, the clock, the gateway.

A rule does one thing in one transaction, as the program would; after it the ledger looks. The rows
of the flow's table drive it: for the state that a subject is in, one of its rows is drawn, and the
driver of that row's trigger tries to bring it about by the real services.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import structlog
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from models import casework
from models.base import Base
from models.case import Case
from models.clock import FakeClock
from models.errors import QifenError
from models.event import Deadline, Event
from models.flow import Flow, Subject
from models.flows.tables import FLOWS
from models.notice import Notice, NoticeStatus
from models.policy import Policy
from models.tables import metadata
from pipeline.sender import Sender
from tests.models.city import City
from tests.models.histories.ledger import Ledger
from tests.models.histories.world import Provider, files

QUICK = Policy(
    grace_seconds=60, recheck_window_seconds=45, gap_warning_seconds=25, max_gap_seconds=20,
    confirm_timeout_seconds=40, dlr_timeout_seconds=40, patrol_seconds=600, daily_grace_limit=9,
    sms_per_plate_per_day=99, sms_apart_seconds=0, place_gap_warning_seconds=40,
    order_least_seconds=60, voice_call=True,
)  # fmt: skip
"""The same rules with shorter times, so that a history of a few turns gets somewhere."""

WAITS = (1, 15, 60, 60, 200, 4000, 90_000, -2, -40)
MOODS = ("takes", "takes", "takes", "busy", "refuses", "lost", "silent")
WORDS = ("sent", "delivered", "delivered", "undelivered", "failed")


class History(RuleBasedStateMachine):
    flow_name: ClassVar[str]
    drivers: ClassVar[dict[str, str]]
    """Trigger of the flow's table -> the method that tries to bring it about."""
    turns: ClassVar[tuple[str, ...]]
    """Methods that take a turn; who stands there more often has more of them."""
    private: ClassVar[tuple[str, ...]] = ("+8613800000000",)
    steps: ClassVar[Counter[str]] = Counter()
    """Steps taken, by flow, in all histories of this run."""
    total: ClassVar[dict[str, Ledger]] = {}
    """Everything witnessed, by flow."""

    def __init__(self) -> None:
        super().__init__()
        self.store = files().reset()
        self.provider = Provider()
        self.ledger = Ledger(QUICK, self.private)
        self._open()
        self.city = self.found()
        self.session.commit()
        structlog.configure(processors=[self._hear], cache_logger_on_first_use=False)

    def found(self) -> City:
        """The city in which this history happens."""
        raise NotImplementedError

    def _hear(self, _logger: object, _name: str, line: Any) -> Any:
        self.ledger.log_line(dict(line))
        raise structlog.DropEvent

    @property
    def flow(self) -> Flow:
        return FLOWS[self.flow_name]

    def teardown(self) -> None:
        try:
            self._everything_ends()
        finally:
            self.close()
        known = self.total.setdefault(self.flow_name, Ledger(QUICK, ()))
        for mine, all_of_them in (
            (self.ledger.witnessed, known.witnessed), (self.ledger.rows, known.rows),
            (self.ledger.ends, known.ends),
        ):  # fmt: skip
            all_of_them.update(mine)  # pyright: ignore

    def close(self) -> None:
        """Nothing of it stays behind."""
        structlog.reset_defaults()
        self._transaction.__exit__(None, None, None)
        self.store.dispose()

    def _everything_ends(self) -> None:
        """Invariant 4: thirty days in which nobody does anything any more."""
        for days in (10, 11, 10, 1):
            self.city.advance(days * 86_400)
            while self.due():
                self.city.sweep()
        self.ledger.look(self.session, self.city.now)
        self.ledger.all_over(self.session)

    def due(self) -> list[Deadline]:
        return casework.due_deadlines(self.session, self.city.now)

    # A step

    def do(self, act: Callable[[], Any]) -> None:
        """One transaction: done whole, or refused by name with nothing left behind."""
        self.steps[self.flow_name] += 1
        taken = list(self.provider.taken)
        try:
            with self.session.begin_nested():
                act()
        except QifenError as refused:
            self.ledger.log_line(str(refused))
            self.provider.taken = taken

    @invariant()
    def holds(self) -> None:
        self.ledger.look(self.session, self.city.now)
        self.ledger.taken(self.provider.taken)
        self.session.commit()

    def _open(self) -> None:
        self._transaction = self.store.begin()
        self.session: Session = self._transaction.__enter__()

    def subject(self, pick: int) -> Subject | None:
        """One of the youngest events of this flow that are still open."""
        found = [event for event in self.events() if event.is_open]
        return found[-1 - pick % len(found)] if found else None

    def events(self) -> Sequence[Event]:
        return self.session.scalars(select(Event).order_by(Event.id)).all()

    @rule(what=st.integers(0, 99), pick=st.integers(0, 3), roll=st.integers(0, 63))
    def turn(self, what: int, pick: int, roll: int) -> None:
        """Whose turn it is, which subject, and what of it."""
        name = self.turns[what % len(self.turns)]
        note(name)
        getattr(self, name)(pick, roll)

    @initialize()
    def begin(self) -> None:
        """What every history of this flow begins with."""
        self.do(self.first)

    def first(self) -> None:
        raise NotImplementedError

    def drive(self, driver: str) -> None:
        """The driver for the youngest subject that is still open."""
        getattr(self, driver)(self.subject(0))

    def row(self, pick: int, roll: int) -> None:
        """One row of the table from the state that a subject is in."""
        self.do(lambda: self.try_a_row(pick, roll))

    def try_a_row(self, pick: int, roll: int) -> None:
        subject = self.subject(pick)
        state = None if subject is None else subject.state
        rows = [row for row in self.flow.transitions if state in row.sources]
        # What happens in its own course is drawn more often than what may happen from anywhere.
        rows = [row for row in rows for _ in range(4 if len(row.sources) <= 3 else 1)]
        if rows:
            driver = self.drivers.get(rows[roll % len(rows)].trigger)
            if driver is not None:
                getattr(self, driver)(subject)

    # The clock, a crash

    def clock(self, pick: int, roll: int) -> None:
        """It runs, or is set (W37); deadlines are swept or not."""
        self.do(lambda: self.wait(WAITS[roll % len(WAITS)], sweeping=pick > 0))

    def wait(self, seconds: float, *, sweeping: bool = True) -> None:
        self.city.advance(seconds)
        if sweeping:
            self.city.sweep()

    def killed(self, pick: int, roll: int) -> None:
        """The process dies in the middle of a transaction; a new one opens the same file."""
        self.session.commit()
        before, now, taken = self._everything(), self.city.now, list(self.provider.taken)
        self.do(lambda: (self.try_a_row(pick, roll), self.city.sweep()))
        self.session.flush()
        self.session.rollback()
        self._transaction.__exit__(None, None, None)
        self.store.dispose()
        self._open()
        self._settle_in()
        self.city.now, self.provider.taken = now, taken
        self.ledger.as_before(before, self._everything())

    def _settle_in(self) -> None:
        """The city's people and places, read anew."""
        self.city.session = self.session
        for name, value in vars(self.city).items():
            if isinstance(value, Base):
                key = inspect(value).identity
                setattr(self.city, name, self.session.get_one(type(value), key))

    def _everything(self) -> list[Any]:
        """How many rows each table has, and how far events, cases, deadlines and texts are."""
        counts = [
            (table.name, self.session.scalar(select(func.count()).select_from(table)))
            for table in metadata.sorted_tables
        ]
        stand = [
            sorted(str(row) for row in self.session.execute(query))
            for query in (
                select(Event.id, Event.state, Event.version, Event.flags, Event.grace_deadline_at),
                select(Case.id, Case.state, Case.version, Case.due_at),
                select(Notice.id, Notice.status, Notice.attempts, Notice.delivered_at),
                select(Deadline.id, Deadline.due_at, Deadline.done_at),
            )
        ]
        return [counts, stand]

    # The gateway

    def gateway(self, pick: int, roll: int) -> None:
        """Texts are handed over, and receipts come: doubled, in any order, late, for anything."""
        self.do(lambda: None)
        for nth in range(roll % 3):
            if self.provider.taken:
                notice_id = self.provider.taken[-1 - (pick + nth) % len(self.provider.taken)]
                at = self.city.now - timedelta(seconds=pick) if pick else None
                word = NoticeStatus(WORDS[(roll + 2 * nth) % len(WORDS)])
                self.provider.receipts.append(self.provider.say(notice_id, word, at))
        self.send(MOODS[roll % len(MOODS)])

    def send(self, mood: str = "takes") -> None:
        """The sender's turn, in transactions of its own."""
        self.session.commit()
        self.provider.mood = mood
        clock = FakeClock(self.city.now)
        Sender(self.store, self.provider, clock, lambda: QUICK, voice=self.provider).run_once()
        self.session.expire_all()

    def arrives(self, event: Event) -> None:
        """What is queued for this event is handed over, and its receipt comes."""
        self.session.get_one(Event, event.id)
        self.city.advance(2)
        text = self.session.scalars(
            select(Notice).where(Notice.event_id == event.id).order_by(Notice.id)
        ).first()
        if text is not None and text.status == NoticeStatus.QUEUED:
            text.status, text.provider = NoticeStatus.SENDING, self.provider.name
            text.sending_at = self.city.now
            self.provider.taken.append(text.id)
            casework.notice_accepted(self.session, text, policy=QUICK, at=self.city.now)
            text.provider_id = self.provider.say(text.id, NoticeStatus.SENT).provider_id
        if text is not None and text.id in self.provider.taken:
            casework.notice_delivered(
                self.session, text, at=self.city.now, reported_at=None, policy=QUICK
            )
