"""The ten invariants of domain.md 4.8, over ten thousand steps of random histories of every flow.

Owners, officers, responders, crews, the gateway (its receipts doubled, shuffled and late), the
camera (present, sick, silent), the clock (also set back) and a process that dies in the middle of a
transaction take turns in any order hypothesis thinks of. After each turn the ledger looks at
everything that must always hold; each invariant has a test that names it. The histories are driven
by the tables of the flows themselves: a new row is tried as soon as its trigger has a driver.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from models.event import Event, TransitionLog
from models.flows.tables import FLOWS
from tests.models.histories.kept import KEPT, MACHINES, begun, take, tell
from tests.models.histories.ledger import Broken, Ledger
from tests.models.histories.machine import QUICK, History
from tests.models.histories.parking import PLATES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SHARES = {"parking": 3000, "hanging": 2000, "poster": 1000, "crowd": 1500, "case": 2500}
"""Steps of random histories that are taken at least, by flow."""
STEPS_A_HISTORY = 40
EVENTS = ("parking", "hanging", "poster", "crowd")
PROMISING = ("parking", "hanging", "poster")
"""Flows in which somebody is told something, and may be left alone for it."""


@dataclass(frozen=True)
class Ran:
    error: BaseException | None
    steps: int
    ledger: Ledger


@cache
def ran(flow: str) -> Ran:
    """All histories of one flow, once a run: those that are kept, then as many random ones."""
    machine = MACHINES[flow]
    how = settings(
        max_examples=SHARES[flow] // STEPS_A_HISTORY + 3, stateful_step_count=STEPS_A_HISTORY,
        deadline=None, suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
    )  # fmt: skip
    try:
        for turns in KEPT[flow].values():
            tell(machine, turns)
        before = History.steps[flow]
        run_state_machine_as_test(machine, settings=how)
    except Exception as error:
        return Ran(error, 0, History.total.get(flow, Ledger(QUICK, ())))
    return Ran(None, History.steps[flow] - before, History.total[flow])


def test_ten_thousand_steps() -> None:
    assert sum(SHARES.values()) >= 10_000
    assert set(SHARES) == set(FLOWS) == set(MACHINES)


@pytest.mark.parametrize("flow", FLOWS)
def test_every_trigger_has_a_driver(flow: str) -> None:
    """A row with a new trigger fails here by name, until the machine can bring it about."""
    machine = MACHINES[flow]
    rows = {row.code: row.trigger for row in FLOWS[flow].transitions}
    assert {code: t for code, t in rows.items() if t not in machine.drivers} == {}
    assert all(callable(getattr(machine, driver)) for driver in machine.drivers.values())


@pytest.mark.parametrize("flow", FLOWS)
def test_histories(flow: str) -> None:
    """No step of any history breaks anything, and there were as many as there should be."""
    result = ran(flow)
    if result.error is not None:
        raise result.error
    assert result.steps >= SHARES[flow]


def held(number: int, flow: str) -> None:
    """The invariant was at stake in these histories, and it held."""
    result = ran(flow)
    if isinstance(result.error, Broken) and result.error.number == number:
        raise result.error
    assert result.error is None, f"see test_histories[{flow}]"
    assert result.ledger.witnessed[number] > 0


@pytest.mark.parametrize("flow", PROMISING)
def test_invariant_01_escalated_only_by_two_officers_beyond_doubt(flow: str) -> None:
    held(1, flow)


@pytest.mark.parametrize("flow", PROMISING)
def test_invariant_02_left_in_time_and_escalated_exclude_each_other(flow: str) -> None:
    held(2, flow)


def test_invariant_03_one_open_event_a_plate_and_area() -> None:
    held(3, "parking")


@pytest.mark.parametrize("flow", EVENTS)
def test_invariant_04_every_event_ends_within_thirty_days(flow: str) -> None:
    held(4, flow)


@pytest.mark.parametrize("flow", PROMISING)
def test_invariant_05_one_text_that_asks_to_leave(flow: str) -> None:
    held(5, flow)


@pytest.mark.parametrize("flow", ["parking", "crowd"])
def test_invariant_06_no_deadline_ever_moves_earlier(flow: str) -> None:
    held(6, flow)


@pytest.mark.parametrize("flow", FLOWS)
def test_invariant_07_the_log_alone_rebuilds_every_state(flow: str) -> None:
    held(7, flow)


@pytest.mark.parametrize("flow", FLOWS)
def test_invariant_08_a_process_that_dies_leaves_nothing_half_done(flow: str) -> None:
    """With every recorded step, by SIGKILL: tests/stories/test_killed_at_each_step.py."""
    held(8, flow)


@pytest.mark.parametrize("flow", FLOWS)
def test_invariant_09_no_plate_and_no_phone_in_the_open(flow: str) -> None:
    held(9, flow)


@pytest.mark.parametrize("flow", PROMISING)
def test_invariant_10_doubt_never_leads_to_officers(flow: str) -> None:
    held(10, flow)


@pytest.mark.parametrize(
    ("flow", "name"), [(flow, name) for flow, kept in KEPT.items() for name in kept]
)
def test_kept(flow: str, name: str) -> None:
    """Each by itself, so that a broken one is named."""
    tell(MACHINES[flow], KEPT[flow][name])


# The ledger itself: what it must see, planted


def _two_of_one_plate(history: History, _event: Event) -> None:
    history.do(lambda: history.city.open(PLATES[1], box=(0.7, 0.7, 0.8, 0.8)))
    history.events()[-1].plate = PLATES[0]
    history.holds()


def _another_state(history: History, event: Event) -> None:
    event.state = "CONFIRM_PENDING"
    history.holds()


def _earlier(history: History, _event: Event) -> None:
    due = history.ledger.due
    due.update({number: at + timedelta(days=1) for number, at in due.items()})
    history.holds()


def _left_and_escalated(history: History, event: Event) -> None:
    history.ledger.one_way(
        TransitionLog(
            subject_kind="event", subject_id=event.id, from_state="LEFT_IN_TIME",
            to_state="ESCALATED",
        )
    )  # fmt: skip


def _unsigned(history: History, event: Event) -> None:
    row = TransitionLog(actor_kind="OFFICER", at=history.city.now + timedelta(days=1))
    history.ledger.by_two_officers(history.session, event, row)


def _in_doubt(history: History, event: Event) -> None:
    history.ledger.beyond_doubt(history.session, event, history.city.now)


PLANTED: dict[int, Callable[[History, Event], None]] = {
    1: _unsigned,
    2: _left_and_escalated,
    3: _two_of_one_plate,
    4: lambda history, _event: history.ledger.all_over(history.session),
    5: lambda history, _event: history.ledger.taken([1, 2, 1]),
    6: _earlier,
    7: _another_state,
    8: lambda history, _event: history.ledger.as_before(["GRACE"], ["RECHECK"]),
    9: lambda history, _event: history.ledger.log_line({"event": f"saw {PLATES[0]}"}),
    10: _in_doubt,
}


@pytest.mark.parametrize("number", PLANTED)
def test_the_ledger_sees_what_is_broken(number: int) -> None:
    history = begun(MACHINES["parking"])
    event = history.events()[0]
    try:
        with pytest.raises(Broken) as broken:
            PLANTED[number](history, event)
        assert broken.value.number == number
    finally:
        history.session.rollback()
        history.close()


@pytest.mark.parametrize("flow", FLOWS)
def test_a_turn_of_each_kind(flow: str) -> None:
    """Every turn that a machine lists is one of its methods, and can be taken."""
    history = begun(MACHINES[flow])
    try:
        for name in dict.fromkeys(history.turns):
            take(history, (name, 1, 1))
    finally:
        history.close()


@pytest.mark.parametrize("flow", FLOWS)
def test_every_driver_can_be_tried(flow: str) -> None:
    """From wherever the subject is by then: done, or refused by name."""
    machine = MACHINES[flow]
    for driver in sorted(set(machine.drivers.values()) - {"act"}):
        history = begun(machine)
        try:
            if history.subject(0) is not None:
                take(history, driver)
        finally:
            history.close()
