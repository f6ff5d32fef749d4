"""Invariant 8 of domain.md 4.8: a machine that is off makes no outcome harsher."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.event import EventState
from models.policy import Policy
from models.store import Store
from tests.models.city import City

S = EventState
QUICK = Policy(grace_seconds=60, recheck_window_seconds=45, gap_warning_seconds=20)
"""The same rules with shorter times."""


def _story(leaves_after: int | None, dark_from: int, dark_seconds: int) -> str:
    """The end of one stay: the car leaves some seconds after the text (or never); between two
    instants the machine is off and sees nothing."""
    store = Store.memory()
    with store.begin() as session:
        city = City(session, QUICK)
        event = city.to_grace()
        told, deadline = city.now, event.grace_deadline_at
        assert deadline is not None
        for second in range(3, 300, 3):  # past the longest darkness, so that every story ends
            city.now = told + timedelta(seconds=second)
            if dark_from <= second < dark_from + dark_seconds:
                continue
            gone = leaves_after is not None and second > leaves_after
            for kind, after in (("E4", 6), ("E6", 18)):
                if city.now == deadline + timedelta(seconds=after) and not gone:
                    city.picture(event, kind)
            city.look(event, "absent" if gone else "present")
            city.sweep()
        end = event.state
    store.dispose()
    return end


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    leaves_after=st.none() | st.integers(0, 100),
    dark_from=st.integers(0, 120),
    dark_seconds=st.integers(1, 120),
)
def test_a_dead_machine_only_makes_it_milder(
    leaves_after: int | None, dark_from: int, dark_seconds: int
) -> None:
    """Invariant 8: off at any instant for any time, the outcome is the same or more lenient."""
    undisturbed = _story(leaves_after, 999, 0)
    disturbed = _story(leaves_after, dark_from, dark_seconds)
    if leaves_after is None:
        assert undisturbed == S.REVIEW_PENDING
    if undisturbed != S.REVIEW_PENDING:
        assert disturbed != S.REVIEW_PENDING
    if leaves_after is not None and leaves_after <= 60:
        assert undisturbed == S.LEFT_IN_TIME
        assert disturbed in (S.LEFT_IN_TIME, S.UNDETERMINED)
