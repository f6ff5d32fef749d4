"""A zone goes live only with a trial behind it, and falls back when its rule is wrong (B11, P8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from models import casework, precision
from models.errors import BadInput, Conflict, FlowRefused, NotAllowed
from models.event import Event
from models.people import Role
from models.policy import Policy
from models.zone import ZonePhase
from tests import rows
from tests.models.city import City

MakeCity = Callable[..., City]
SMALL = Policy(trial_answers=5, trial_precision=0.5)


def seen(city: City, count: int = 1, **values: Any) -> list[Event]:
    """So many events of the zone, of different cars."""
    made = [
        rows.event(
            city.session,
            city.zone.current,
            plate=f"浙A{n:05d}",
            flagged_at=city.advance(1),
            **values,
        )
        for n in range(count)
    ]
    city.session.flush()
    return made


def say(city: City, event: Event, *, right: bool) -> None:
    precision.answer(
        city.session, event, city.officer, right=right, reason="" if right else "树影",
        at=city.advance(1),
    )  # fmt: skip


def trial(city: City) -> precision.Trial:
    return precision.trial(city.session, city.zone, policy=city.policy)


@pytest.mark.parametrize(
    ("right", "answered", "bound"),
    [(0, 0, 0.0), (50, 50, 0.949), (52, 52, 0.951), (95, 100, 0.900)],
)
def test_the_bound_is_stricter_than_the_share(right: int, answered: int, bound: float) -> None:
    """Wilson's lower bound, one side at 95 %: fifty of fifty do not prove 0.95."""
    assert precision.wilson_lower(right, answered) == pytest.approx(bound, abs=0.001)


def test_live_is_refused_with_the_numbers(make_city: MakeCity) -> None:
    city = make_city(policy=Policy(), phase="warning")
    for event in seen(city, 3):
        say(city, event, right=True)
    live = city.edit_zone(phase="live")
    with pytest.raises(FlowRefused) as refused:
        precision.refuse_early_live(city.session, live, policy=city.policy, at=city.now)
    assert refused.value.code == "ZONE_NOT_PROVEN"
    said = refused.value.refusals[0].message
    assert "3 of 50 events answered, 3 right (100.0%)" in said
    assert "49 more right answers are needed" in said


def test_live_with_a_trial_behind_it(make_city: MakeCity) -> None:
    city = make_city(policy=SMALL, phase="warning")
    for event in seen(city, 5):
        say(city, event, right=True)
    assert trial(city).proven
    live = city.edit_zone(phase="live")
    precision.refuse_early_live(city.session, live, policy=city.policy, at=city.now)


def test_l01_live_is_refused_where_the_camera_is_not_reviewed(make_city: MakeCity) -> None:
    """B24: everything that is missing is named at once, whatever the trial says."""
    city = make_city(policy=SMALL, phase="warning")
    for event in seen(city, 5):
        say(city, event, right=True)
    city.camera.technical_review = None
    live = city.edit_zone(phase="live", legal_basis="", sign_photo=None)
    with pytest.raises(FlowRefused) as refused:
        precision.refuse_early_live(city.session, live, policy=city.policy, at=city.now)
    codes = [refusal.code for refusal in refused.value.refusals]
    assert codes == ["DEVICE_NOT_REVIEWED", "NO_LEGAL_BASIS", "NO_SIGN_PHOTO"]


def test_another_rule_begins_anew(make_city: MakeCity) -> None:
    """Redrawn, another dwell, another model: none of the old answers is about it."""
    city = make_city(policy=SMALL, phase="warning")
    for event in seen(city, 5):
        say(city, event, right=True)
    city.edit_zone(phase="warning", sms_until="21:00")
    assert trial(city).answered == 5, "the hours of texts are no rule"
    city.edit_zone(phase="warning", dwell_seconds=90)
    assert (trial(city).answered, trial(city).events) == (0, 0)
    city.edit_zone(phase="warning", dwell_seconds=60)
    assert trial(city).answered == 5, "as it was before: its answers are known"
    seen(city, 1, measured={"model": {"sha256": "other"}})
    assert (trial(city).answered, trial(city).events, trial(city).model) == (0, 1, "other")


def test_what_officers_do_are_answers(make_city: MakeCity) -> None:
    """A confirmation is right; a discard while it was asked, and any rejection, are wrong (W40); a
    patrol's discard says nothing of the machine; the latest word counts."""
    city = make_city(policy=SMALL)
    confirmed = city.to_confirm(plate="浙A00001")
    casework.confirm_by_officer(
        city.session, confirmed, city.officer, plate=None, contact=None, **city.order()
    )
    assert (trial(city).answered, trial(city).right) == (1, 1)
    dropped = city.to_confirm(plate="浙A00002", box=(0.1, 0.7, 0.2, 0.8))
    casework.discard_by_officer(city.session, dropped, city.officer, **city.order(reason="树影"))
    assert (trial(city).answered, trial(city).right) == (2, 1)
    gone = city.to_patrol(plate="浙A00003", box=(0.7, 0.7, 0.8, 0.8))
    casework.discard_by_officer(city.session, gone, city.officer, **city.order(reason="GONE"))
    assert (trial(city).answered, trial(city).right) == (2, 1)
    say(city, dropped, right=True)
    assert (trial(city).answered, trial(city).right) == (2, 2)


def test_a_live_zone_falls_once_it_cannot_reach_the_bar(make_city: MakeCity) -> None:
    """At 0.95 of the latest fifty two wrong answers are borne, a third is not."""
    city = make_city(policy=Policy())
    events = seen(city, 60)
    for event in events[:57]:
        say(city, event, right=True)
    for event in events[57:59]:
        say(city, event, right=False)
    assert precision.falling(city.session, policy=city.policy) == []
    say(city, events[59], right=False)
    ((zone, result),) = precision.falling(city.session, policy=city.policy)
    assert (zone.id, result.recent.count(False)) == (city.zone.id, 3)


def test_old_mistakes_are_forgiven_by_later_answers(make_city: MakeCity) -> None:
    city = make_city(policy=SMALL)
    events = seen(city, 9)
    for event in events[:4]:
        say(city, event, right=False)
    assert trial(city).failing
    for event in events[4:]:
        say(city, event, right=True)
    assert not trial(city).failing
    assert not trial(city).proven, "of all nine, four were wrong"


def test_who_may_answer(make_city: MakeCity) -> None:
    city = make_city(policy=SMALL)
    (event,) = seen(city)
    at = city.now
    with pytest.raises(NotAllowed, match="officer"):
        precision.answer(city.session, event, city.person("op", Role.OPERATOR), right=True, at=at)
    with pytest.raises(BadInput) as unexplained:
        precision.answer(city.session, event, city.officer, right=False, at=at)
    assert unexplained.value.field == "reason"


def test_8_1_an_officer_confirms_for_two_weeks(make_city: MakeCity) -> None:
    city = make_city(phase="warning")
    version = city.zone.current
    with pytest.raises(Conflict) as refused:
        precision.refuse_early_auto(version, policy=city.policy, at=city.now)
    assert refused.value.code == "ZONE_TOO_NEW"
    later = city.now + timedelta(days=14)
    precision.refuse_early_auto(version, policy=city.policy, at=later)
    assert version.phase == ZonePhase.WARNING
