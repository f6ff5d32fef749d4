"""The evidence pack: what must be there, at which distance, from a clock that can be believed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.event import Event
from models.pack import pack_status
from tests.models.city import City

TIMES = {"E1": -500, "E3": -488, "E4": 4, "E6": 16}
"""Seconds from the deadline at which a complete pack was taken."""


def _pack(city: City, **times: float | None) -> Event:
    event = city.open()
    event.grace_deadline_at = city.now + timedelta(seconds=900)
    for kind, seconds in (TIMES | times).items():
        if kind != "E1" and seconds is not None:
            city.picture(event, kind, at=event.grace_deadline_at + timedelta(seconds=seconds))
    return event


def test_complete(city: City) -> None:
    status = pack_status(city.session, _pack(city), policy=city.policy)
    assert status.complete
    assert status.notes == ("no_e2", "no_e5", "no_v1", "no_v2")


@pytest.mark.parametrize(
    ("times", "missing"),
    [
        ({"E3": None}, ("E3",)),
        ({"E4": None, "E6": None}, ("E4", "E6")),
        ({"E3": -891}, ("E3_TOO_SOON",)),
        ({"E4": -1}, ("E4_TOO_EARLY",)),
        ({"E4": 0}, ("E4_TOO_EARLY",)),
        ({"E6": 13}, ("E6_TOO_SOON",)),
        ({"E4": 4, "E6": 2}, ("E6_TOO_SOON",)),
    ],
)
def test_incomplete(city: City, times: dict[str, float | None], missing: tuple[str, ...]) -> None:
    """2.7: two panoramas before and two after, ten seconds apart each."""
    assert pack_status(city.session, _pack(city, **times)).missing == missing


def test_without_a_deadline_nothing_is_after_it(city: City) -> None:
    event = _pack(city)
    event.grace_deadline_at = None
    assert pack_status(city.session, event).missing == ("E4_TOO_EARLY",)


def test_wrong_clock_is_no_evidence(city: City) -> None:
    """L81: more than one second off."""
    event = _pack(city, E6=None)
    city.picture(event, "E6", at=city.now + timedelta(seconds=930), offset=1.01)
    status = pack_status(city.session, event)
    assert status.missing == ("E6",)
    assert "clock_offset" in status.notes


def test_notes_carry_the_flags(city: City) -> None:
    event = _pack(city)
    event.flags = ["gap_during_grace", "moved"]
    for kind in ("E2", "E5", "V1", "V2"):
        city.picture(event, kind)
    assert pack_status(city.session, event).notes == ("gap_during_grace", "moved")
