"""The awkward paths of domain.md 4.7 that the flow decides, by their numbers.

Each tells a short story and says how it ends; in doubt it ends in the owner's favour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from models import casework
from models.errors import BadInput, FlowRefused
from models.event import EventState
from tests import rows
from tests.models.city import GOOD, PLATE, City

MakeCity = Callable[..., City]
S = EventState


def test_the_promise_kept(city: City) -> None:
    """The straight way: told, left after a hundred seconds, thanked, closed for good."""
    event = city.to_grace()
    city.watch(event, "present", 100)
    left = city.now + timedelta(seconds=5)
    city.watch(event, "absent", 40)
    assert (event.state, event.outcome, event.gone_at) == (S.LEFT_IN_TIME, "MINOR_CORRECTED", left)
    assert city.texts(event) == ["N1", "N2"]
    thanks = city.notice(event, "N2")
    assert thanks is not None
    assert thanks.variables["number"] == event.event_no
    assert thanks.variables["code"] == ""
    with pytest.raises(FlowRefused):
        city.decide(event, city.officer)


def test_the_promise_not_kept(city: City) -> None:
    """Stayed: told that an officer will look, escalated by two officers and by nobody else."""
    event = city.to_review()
    assert event.state == S.REVIEW_PENDING
    assert city.texts(event) == ["N1", "N3"]
    city.decide(event, city.officer)
    assert event.state == S.REVIEW_PENDING
    city.decide(event, city.second)
    assert (event.state, event.outcome) == (S.ESCALATED, "TWO_OFFICERS")
    assert city.texts(event) == ["N1", "N3"]


def test_w01_camera_offline_at_the_recheck(city: City) -> None:
    """Nobody can look: undetermined, no penalty, and the owner is told."""
    event = city.to_recheck()
    city.advance(180)
    city.sweep()
    assert (event.state, event.outcome) == (S.UNDETERMINED, "NO_CLEAR_VIEW")
    assert city.texts(event) == ["N1", "N3b"]


@pytest.mark.parametrize(
    ("gap", "ends", "flag"), [(55, S.REVIEW_PENDING, False), (65, S.UNDETERMINED, True)]
)
def test_w02_camera_offline_during_grace(
    city: City, gap: float, ends: EventState, flag: bool
) -> None:
    """Back at the deadline; more than a minute unseen cannot exclude leave-and-return."""
    event = city.to_grace()
    city.watch(event, "present", 200)
    city.advance(gap)
    city.watch(event, "present", 220 - gap)
    assert event.state == S.RECHECK
    assert ("gap_during_grace" in event.flags) == flag
    city.stay(event)
    assert event.state == ends
    if flag:
        assert event.outcome == "GAP_DURING_GRACE"


def test_w02_looks_that_come_late_close_the_gap(city: City) -> None:
    """A worker held its looks while the database was away: nothing was unseen after all."""
    event = city.to_grace()
    city.watch(event, "present", 200)
    last = city.now
    city.advance(220)
    city.sweep()
    assert event.state == S.RECHECK
    assert "gap_during_grace" in event.flags
    for second in range(5, 225, 5):
        casework.add_look(
            city.session, event, camera_id=city.camera.id, answer="present", reason="",
            at=last + timedelta(seconds=second), plate=PLATE, plate_confidence=0.99,
            similarity=0.9, box=None, policy=city.policy,
        )  # fmt: skip
    city.stay(event)
    assert event.state == S.REVIEW_PENDING
    assert "gap_during_grace" not in event.flags
    assert event.measured["longest_gap_seconds"] == 5


def test_w03_sick_view_at_the_recheck(city: City) -> None:
    """A covered lens answers unclear: neither present nor absent."""
    event = city.to_recheck()
    city.watch(event, "unclear", 185, reason="covered")
    assert (event.state, event.outcome) == (S.UNDETERMINED, "COVERED")


def test_w04_unreadable_plate_goes_to_an_officer_then_patrol(city: City) -> None:
    """The officer cannot read it either: a patrol, and no text to anybody."""
    event = city.gates(city.open(plate=None), replace(GOOD, plate_valid=False))
    assert event.state == S.CONFIRM_PENDING
    with pytest.raises(FlowRefused) as refused:
        casework.confirm_by_officer(
            city.session, event, city.officer, plate=None, contact=None, **city.order()
        )
    assert refused.value.code == "PLATE_UNKNOWN"
    casework.send_patrol(city.session, event, city.officer, **city.order(reason="UNREADABLE"))
    assert (event.state, city.texts(event)) == (S.PATROL_ASSIGNED, [])


def test_w05_plate_unreadable_at_the_recheck(city: City) -> None:
    """Something stands there, its plate is not read: not STAYED by the camera."""
    event = city.to_recheck()
    city.picture(event, "E4", at=city.now + timedelta(seconds=4))
    city.picture(event, "E6", at=city.now + timedelta(seconds=16))
    city.watch(event, "present", 185, every=4, plate=None)
    assert (event.state, event.outcome) == (S.UNDETERMINED, "PLATE_NOT_CONFIRMED")


def test_w06_low_confidence(city: City) -> None:
    """Below 0.80 an officer looks, below 0.50 it is dropped."""
    first = city.gates(city.open(), replace(GOOD, confident_share=0.5, confidence_mean=0.7))
    assert first.state == S.CONFIRM_PENDING
    other = city.open("浙A99999", box=(0.7, 0.7, 0.8, 0.8))
    assert city.gates(other, replace(GOOD, confidence_mean=0.49)).state == S.DISCARDED


def test_w07_plates_disagree(city: City) -> None:
    event = city.gates(city.open(), replace(GOOD, plates_disagree=True))
    assert (event.state, city.texts(event)) == (S.CONFIRM_PENDING, [])


def test_w08_left_and_returned(city: City) -> None:
    """Half a minute away is left. The return is a new event, and there is no second grace today:
    a text without a promise and a patrol (W26)."""
    first = city.to_grace()
    city.watch(first, "present", 60)
    city.watch(first, "absent", 40)
    assert first.state == S.LEFT_IN_TIME
    city.advance(90)
    second = city.to_confirmed()
    assert second.id != first.id
    assert second.returned_of_id == first.id
    assert "repeat_same_day" in second.flags
    city.prepare(second)
    assert (second.state, city.texts(second)) == (S.PATROL_ASSIGNED, ["N1b"])
    assert city.log(second)[-1].reason == "SAME_DAY_REPEAT"


def test_w08_judged_only_after_the_return(city: City) -> None:
    """The looks came late, all at once: away for half a minute is left all the same."""
    event = city.to_grace()
    away = [(second, "absent") for second in range(10, 45, 5)]
    for second, answer in [(5, "present"), *away, (50, "present")]:
        casework.add_look(
            city.session, event, camera_id=city.camera.id, answer=answer, reason="",
            at=city.now + timedelta(seconds=second), plate=None, plate_confidence=None,
            similarity=None, box=None, policy=city.policy,
        )  # fmt: skip
    city.advance(60)
    casework.judge_watch(city.session, event, policy=city.policy, at=city.now)
    assert event.state == S.LEFT_IN_TIME


def test_w08_a_later_return_is_no_return(city: City) -> None:
    """Only within ten minutes is it the same visit; the day's rule holds anyway."""
    first = city.to_grace()
    city.watch(first, "absent", 40)
    city.advance(15 * 60)
    city.sweep()
    second = city.open()
    assert second.returned_of_id is None
    assert "repeat_same_day" in second.flags


def test_w09_left_between_deadline_and_recheck(city: City) -> None:
    """Last seen before the deadline, clearly away at the end of the window (though never for
    thirty clear seconds): left in time."""
    event = city.to_recheck()
    for _ in range(9):
        city.watch(event, "unclear", 10, reason="occluded")
        city.watch(event, "absent", 10)
    assert (event.state, event.outcome) == (S.LEFT_IN_TIME, "MINOR_CORRECTED")


def test_w09_no_image_and_no_absence(city: City) -> None:
    """Nothing seen at all after the deadline is no proof of leaving either."""
    event = city.to_recheck()
    city.watch(event, "unclear", 185, reason="too_dark")
    assert (event.state, event.outcome) == (S.UNDETERMINED, "TOO_DARK")


def test_w10_gone_at_the_last_second(city: City) -> None:
    """Last sighting before the deadline; the thirty seconds end after it."""
    event = city.to_grace()
    city.seen(event, "present", 415)
    city.watch(event, "absent", 40)
    assert city.codes(event)[-2:] == ["A15", "A16"]
    assert event.state == S.LEFT_IN_TIME
    assert event.last_seen_at <= (event.grace_deadline_at or event.flagged_at)


def test_w10_seen_once_after_the_deadline_then_gone(city: City) -> None:
    """One look too late is not two pictures ten seconds apart: the doubt is the owner's."""
    event = city.to_recheck()
    city.watch(event, "present", 5)
    city.watch(event, "absent", 40)
    assert event.state == S.LEFT_IN_TIME


def test_w11_moved_two_metres(city: City) -> None:
    """Same area, same plate: it has not left, and the officer sees that it moved."""
    event = city.to_grace()
    city.watch(event, "present", 100)
    city.watch(event, "moved", 320)
    city.stay(event)
    assert event.state == S.REVIEW_PENDING
    assert "moved" in event.flags


def test_w13_seen_by_the_next_camera_of_the_area(city: City) -> None:
    """Gone from this view and present in the neighbour's: not left."""
    event = city.to_grace()
    other = rows.camera(city.session)
    for _ in range(12):
        city.watch(event, "absent", 5)
        city.advance(1)
        city.look(event, "present", camera_id=other.id)
    assert event.state == S.GRACE


def test_w14_another_vehicle_took_its_place(city: City) -> None:
    """The first one has left; the second is an event of its own with its own seven minutes."""
    first = city.to_grace()
    city.watch(first, "present", 60)
    city.watch(first, "other_vehicle", 40, plate=None)
    assert (first.state, first.outcome) == (S.LEFT_IN_TIME, "OTHER_VEHICLE")
    assert city.texts(first) == ["N1", "N2"]
    second = city.to_grace(plate="浙A54321")
    assert second.state == S.GRACE
    assert second.master_id is None


def test_w14_the_other_vehicle_has_no_plate_yet(city: City) -> None:
    """It stands in the same place, but the first one was seen away: no duplicate of it."""
    first = city.to_grace()
    city.watch(first, "present", 60)
    city.watch(first, "other_vehicle", 20, plate=None)
    assert first.state == S.GRACE
    second = city.open(plate=None)
    assert second.state == S.FLAGGED


def test_w15_big_vehicle_hides_the_place(city: City) -> None:
    """Hidden for a while, then seen again: the re-check goes on until the window ends."""
    event = city.to_recheck()
    city.watch(event, "unclear", 60, reason="occluded")
    city.stay(event)
    assert event.state == S.REVIEW_PENDING


def test_blind_track_has_no_grace(make_city: MakeCity) -> None:
    """4.2: text N1b without a promise, a patrol; the camera alone never escalates it."""
    city = make_city(surface="blind_track")
    event = city.prepare(city.to_confirmed())
    assert (event.state, city.texts(event)) == (S.PATROL_ASSIGNED, ["N1b"])
    city.advance(4 * 3600)
    city.sweep()
    assert event.state == S.UNDETERMINED
    assert "N3b" not in city.texts(event)


def test_blind_track_at_night_has_no_text_either(make_city: MakeCity) -> None:
    city = make_city(surface="blind_track")
    city.advance(12 * 3600)
    event = city.prepare(city.to_confirmed())
    assert (event.state, city.texts(event)) == (S.PATROL_ASSIGNED, [])


def test_shadow_zone_only_counts(make_city: MakeCity) -> None:
    """B11: measured, ended, nobody told."""
    city = make_city(phase="shadow")
    event = city.gates(city.open())
    assert (event.state, event.outcome, city.texts(event)) == (S.DISCARDED, "SHADOW_PHASE", [])
    assert len(event.confirm_gates) == 13


def test_warning_zone_never_reaches_officers(make_city: MakeCity) -> None:
    """B11: reminded, and told that it is closed."""
    city = make_city(phase="warning")
    event = city.to_review()
    assert (event.state, event.outcome) == (S.UNDETERMINED, "WARNING_PHASE")
    assert city.texts(event) == ["N1", "N3b"]


def test_paper_notice_and_camera_recheck(city: City) -> None:
    """A26: the photo starts the clock, the camera re-checks; no text was promised."""
    event = city.prepare(city.to_confirmed(), None)
    city.advance(600)
    photo = city.picture(event, "PAPER")
    city.picture(event, "E3")
    casework.paper_notice(city.session, event, city.officer, photo, **city.order())
    assert (event.state, event.grace_policy) == (S.GRACE, "paper")
    assert event.grace_deadline_at == photo.captured_at + timedelta(seconds=420)
    city.seen(event, "present", 420)
    city.stay(event)
    assert (event.state, city.texts(event)) == (S.REVIEW_PENDING, [])


def test_void_needs_one_of_the_eight_grounds(city: City) -> None:
    """L39: the grounds are counted in the law."""
    assert len(list(casework.VoidReason)) == 8
    event = city.to_grace()
    with pytest.raises(BadInput) as refused:
        casework.void(city.session, event, city.officer, **city.order(reason="FRIEND"))
    assert refused.value.field == "reason"
    casework.void(city.session, event, city.officer, **city.order(reason="PLATE_MISREAD"))
    assert city.texts(event) == ["N1", "N8"], "W32: it went to somebody else"
    # Voided is gone from the history: the same car has its grace on the same day.
    assert city.to_grace().state == S.GRACE
