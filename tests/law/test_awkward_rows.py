"""Awkward paths and articles that meet in the parking flow and had no test of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models import casework
from models.errors import BadInput, FlowRefused
from models.event import EventState
from models.people import DecisionKind
from models.review import DecisionInput, RejectReason
from tests import rows
from tests.models.city import ALL_TICKS, GOOD, LIVE, PLATE, City

S = EventState


def test_w04_a_covered_plate_goes_to_the_traffic_police(city: City) -> None:
    """遮挡号牌 is not our case: an officer hands it over, and nobody is texted."""
    event = city.gates(city.open(plate=None), replace(GOOD, plate_valid=False))
    assert event.state == S.CONFIRM_PENDING
    casework.transfer(city.session, event, city.officer, **city.order(reason="COVERED_PLATE"))
    assert (event.state, event.outcome, city.texts(event)) == (S.TRANSFERRED, "COVERED_PLATE", [])
    with pytest.raises(FlowRefused):
        city.decide(event, city.officer)


def test_w04_nobody_confirms_and_it_still_stands_there(city: City) -> None:
    """Nobody read the plate within two minutes: a patrol goes, no text."""
    event = city.gates(city.open(plate=None), replace(GOOD, plate_valid=False))
    city.watch(event, "present", 125, plate=None)
    assert (event.state, city.texts(event)) == (S.PATROL_ASSIGNED, [])


def test_w36_a_driver_inside_gets_the_reminder_and_obstruction_decides(city: City) -> None:
    """The camera cannot see the driver: the text goes out as always; without the officer's tick
    and its reason nothing is escalated, and saying that nobody was in the way ends it."""
    event = city.to_review()
    assert city.texts(event)[0] == "N1"
    for wrong in ({"obstruction": False}, {"obstruction_reason": " "}):
        with pytest.raises(BadInput):
            city.decide(event, city.officer, replace(ALL_TICKS, **wrong))
    no_obstruction = DecisionInput(
        DecisionKind.REJECT, reason_code=RejectReason.NO_OBSTRUCTION, reason="驾驶人在车内"
    )
    city.decide(event, city.officer, no_obstruction)
    assert (event.state, event.outcome) == (S.REJECTED, "NO_OBSTRUCTION")


def test_l07_one_stay_is_escalated_once(city: City) -> None:
    """行政处罚法 art. 29: two cameras, one plate, one stay: the second camera's event is a
    duplicate, and one that comes after the escalation cannot be escalated again."""
    first = city.to_review()
    other = rows.camera(city.session)
    version = rows.zone(city.session, other, name="对面", area=city.zone.area.name)
    twin = city.open(camera_id=other.id, zone=version.zone, zone_version=version)
    assert (twin.state, twin.master_id) == (S.DUPLICATE, first.id)
    city.decide(first, city.officer)
    city.decide(first, city.second)
    assert first.state == S.ESCALATED
    with pytest.raises(FlowRefused):
        city.decide(twin, city.officer)

    still = city.open()
    assert (still.state, still.master_id) == (S.DUPLICATE, first.id)

    # Even if it was seen to go by mistake, and everything happened once more.
    first.gone_at = city.advance(60)
    city.advance(600)
    city.policy = replace(city.policy, daily_grace_limit=2, sms_apart_seconds=0)
    again = city.to_review()
    again.first_seen_at = first.first_seen_at
    with pytest.raises(FlowRefused) as refused:
        city.decide(again, city.officer)
    assert "ALREADY_ESCALATED" in [refusal.code for refusal in refused.value.refusals]


def test_l14_every_doubt_at_the_recheck_ends_without_a_penalty(city: City) -> None:
    """行政处罚法 art. 40: seen by its looks alone, by a doubtful plate or by one picture only, it
    is not said to have stayed."""
    for confidence, plate in ((0.89, PLATE), (0.99, None)):
        event = city.to_recheck()
        city.picture(event, "E4")
        city.watch(event, "present", 190, plate=plate, confidence=confidence)
        assert event.state == S.UNDETERMINED
        assert city.texts(event)[-1] == "N3b"
        with pytest.raises(FlowRefused):
            city.decide(event, city.officer)
        city.advance(86_400)


def test_w13_seen_by_a_second_camera_after_it_had_left_the_first(city: City) -> None:
    """Gone from its own camera for thirty seconds is left: the promise is kept. What the next
    camera of the same area then flags is a new event, and there is no second grace today."""
    first = city.to_grace()
    city.watch(first, "absent", 40)
    assert (first.state, city.texts(first)) == (S.LEFT_IN_TIME, ["N1", "N2"])
    city.advance(60)
    other = rows.camera(city.session)
    version = rows.zone(city.session, other, name="对面", area=city.zone.area.name, **LIVE)
    second = city.open(camera_id=other.id, zone=version.zone, zone_version=version)
    assert (second.state, second.returned_of_id) == (S.FLAGGED, first.id)
    assert "repeat_same_day" in second.flags
    city.prepare(city.gates(second))
    assert (second.state, city.texts(second)) == (S.PATROL_ASSIGNED, ["N1b"])
