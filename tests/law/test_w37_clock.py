"""W37: a clock that is set takes no second of the seven minutes away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import generate_latest
from sqlalchemy import select

from models.audit import AuditEntry
from models.clock import FakeClock
from models.clock_step import give_back
from models.errors import Unavailable
from models.event import Event, EventState
from pipeline.clock_watch import ClockWatch, steady_seconds
from pipeline.services import Services
from pipeline.sweep import Sweep
from tests.models.city import City

S = EventState


class Steady:
    """Seconds that really pass, whatever the wall clock is set to."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def passes(self, seconds: float) -> None:
        self.seconds += seconds
        self.clock.advance(seconds)


@pytest.fixture
def steady(clock: FakeClock) -> Steady:
    return Steady(clock)


def in_grace(services: Services, clock: FakeClock) -> int:
    """An event whose seven minutes began this second."""
    with services.store.begin() as session:
        city = City(session)
        event = city.to_grace()
        clock.set(city.now)
        return event.id


def state_of(services: Services, event_id: int) -> str:
    with services.store.read() as session:
        return session.get_one(Event, event_id).state


@pytest.mark.parametrize("step", [2, 40, 59])
def test_w37_a_step_forward_is_given_back(
    services: Services, clock: FakeClock, steady: Steady, step: int
) -> None:
    """The clock jumps while the car may still stand there: 420 real seconds, not one fewer."""
    event_id = in_grace(services, clock)
    sweep = Sweep(services, ClockWatch(services, steady))
    steady.passes(400)
    clock.advance(step)
    sweep.run_once()
    for _ in range(19):
        steady.passes(1)
        sweep.run_once()
        assert state_of(services, event_id) == S.GRACE
    steady.passes(1)
    sweep.run_once()
    assert state_of(services, event_id) == S.RECHECK
    with services.store.read() as session:
        event = session.get_one(Event, event_id)
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "clock.step")).one()
        assert "clock_step" in event.flags
        assert entry.details == {"seconds": step, "events": [event.event_no]}
    assert b"qifen_clock_steps_total 1.0" in generate_latest(services.metrics.registry)


def test_w37_a_step_backwards_takes_nothing(
    services: Services, clock: FakeClock, steady: Steady
) -> None:
    """The instant that was promised stands; it only comes later."""
    event_id = in_grace(services, clock)
    sweep = Sweep(services, ClockWatch(services, steady))
    with services.store.read() as session:
        promised = session.get_one(Event, event_id).grace_deadline_at
    steady.passes(400)
    clock.set(clock.now() - timedelta(seconds=30))
    sweep.run_once()
    steady.passes(49)
    sweep.run_once()
    assert state_of(services, event_id) == S.GRACE
    steady.passes(1)
    sweep.run_once()
    assert state_of(services, event_id) == S.RECHECK
    with services.store.read() as session:
        assert session.get_one(Event, event_id).grace_deadline_at == promised


def test_w37_time_that_passes_is_no_step(
    services: Services, clock: FakeClock, steady: Steady
) -> None:
    """Also a slow slew, and an hour between two looks at the clock."""
    watch = ClockWatch(services, steady)
    for seconds in (0.5, 1, 3600):
        steady.passes(seconds)
        clock.advance(0.0005 * min(seconds, 60))
        assert watch.check() == 0


def test_w37_a_look_may_have_ended_the_grace_first(city: City) -> None:
    """The camera looks before the sweep does: the re-check has begun, and moves later too."""
    event = city.to_grace()
    city.seen(event, "present", 380)
    city.advance(50)
    city.look(event, "present")
    assert event.state == S.RECHECK
    promised = event.grace_deadline_at
    assert promised is not None
    assert give_back(city.session, 50, policy=city.policy, at=city.now) == [event]
    assert event.grace_deadline_at == promised + timedelta(seconds=50)
    row = city.deadline(event, "recheck")
    assert row is not None
    assert row.due_at == promised + timedelta(seconds=50 + 180)
    city.picture(event, "E4")
    city.watch(event, "absent", 35)
    assert event.state == S.LEFT_IN_TIME


def test_w37_what_was_over_before_the_step_stays_over(city: City) -> None:
    event = city.to_recheck()
    promised = event.grace_deadline_at
    city.advance(100)
    assert give_back(city.session, 50, policy=city.policy, at=city.now) == []
    assert event.grace_deadline_at == promised
    assert "clock_step" not in event.flags


def test_w37_a_step_of_hours_ends_in_favour(
    services: Services, clock: FakeClock, steady: Steady
) -> None:
    """Nobody could see what happened in between: undetermined, and no deadline years away."""
    event_id = in_grace(services, clock)
    sweep = Sweep(services, ClockWatch(services, steady))
    steady.passes(100)
    clock.advance(7200)
    sweep.run_once()
    assert state_of(services, event_id) == S.UNDETERMINED


def test_w37_with_the_database_away_the_step_is_not_forgotten(
    services: Services, clock: FakeClock, steady: Steady, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_id = in_grace(services, clock)
    watch = ClockWatch(services, steady)
    clock.advance(30)

    def away() -> None:
        raise Unavailable("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(services.store, "begin", away)
        with pytest.raises(Unavailable):
            watch.check()
    steady.passes(5)
    assert watch.check() == 30
    with services.store.read() as session:
        assert "clock_step" in session.get_one(Event, event_id).flags


def test_w37_the_steady_clock_only_goes_forward() -> None:
    readings = [steady_seconds() for _ in range(100)]
    assert readings == sorted(readings)
