"""The awkward paths of domain.md 4.7 that the flow decides, by their numbers.

Each tells a short story and says how it ends; in doubt it ends in the owner's favour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from models import casework, statements
from models.errors import BadInput, FlowRefused, StaleVersion
from models.event import EventState
from models.facts import Contact
from models.flow import SYSTEM
from models.people import DecisionKind
from models.policy import Policy
from models.review import DecisionInput, RejectReason
from tests import rows
from tests.models.city import CONTACT, GOOD, PLATE, City

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
    for second, answer in [(5, "present"), *((s, "absent") for s in range(10, 45, 5)), (50, "present")]:  # fmt: skip
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
    city.watch(event, "present", 415)
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


def test_w16_undelivered(city: City) -> None:
    """No timer runs, a patrol goes; the text is not sent twice."""
    event = city.to_patrol()
    assert (event.state, event.grace_deadline_at) == (S.PATROL_ASSIGNED, None)
    assert city.texts(event) == ["N1"]
    assert city.deadline(event, "grace") is None


def test_w16_never_accepted(city: City) -> None:
    """Three tries of ten seconds; then what lies in the outbox is withdrawn."""
    event = city.to_pending()
    city.advance(30)
    city.sweep()
    assert (event.state, city.log(event)[-1].reason) == (S.PATROL_ASSIGNED, "NOT_ACCEPTED")
    notice = city.notice(event)
    assert notice is not None
    assert notice.status == "cancelled"


def test_w17_no_receipt_then_a_late_one(city: City) -> None:
    """120 s without a receipt: patrol. It comes late and the car is there: grace from then on."""
    event = city.to_pending()
    city.accept(event)
    city.watch(event, "present", 125)
    assert (event.state, city.log(event)[-1].reason) == (S.PATROL_ASSIGNED, "NO_RECEIPT")
    city.watch(event, "present", 60)
    city.deliver(event, reported_at=city.now - timedelta(seconds=100))
    assert event.state == S.GRACE
    assert event.notified_at == city.now
    assert event.grace_deadline_at == city.now + timedelta(seconds=420)
    assert "late_receipt" in event.flags
    patrol = city.deadline(event, "patrol")
    assert patrol is not None
    assert patrol.done_at == city.now


def test_w17_late_receipt_and_nobody_sees_the_car(city: City) -> None:
    """Nothing starts; another receipt of the same notice starts nothing either (W18)."""
    event = city.to_patrol()
    city.deliver(event)
    assert event.state == S.PATROL_ASSIGNED
    assert "late_receipt_not_seen" in event.flags
    city.watch(event, "present", 10)
    city.deliver(event)
    assert event.state == S.PATROL_ASSIGNED


def test_w18_receipts_twice_and_out_of_order(city: City) -> None:
    """The first DELIVRD counts; a failure after it, or a second one, changes nothing."""
    event = city.to_grace()
    promised, version = event.grace_deadline_at, event.version
    city.advance(30)
    city.deliver(event)
    city.fail(event)
    city.accept(event)
    assert (event.state, event.version, event.grace_deadline_at) == (S.GRACE, version, promised)


@pytest.mark.parametrize(
    ("contact", "plate", "reason"),
    [
        (None, PLATE, "NO_CONTACT"),
        (None, "沪A12345", "NO_CONTACT_NONLOCAL"),
        (Contact("+8613800000000", authorised=False), PLATE, "CONTACT_NOT_AUTHORISED"),
    ],
)
def test_w19_owner_not_reachable(
    city: City, contact: Contact | None, plate: str, reason: str
) -> None:
    """Unknown, from elsewhere, or a company that has not agreed: a patrol, no text."""
    event = city.prepare(city.to_confirmed(plate=plate), contact)
    assert (event.state, city.log(event)[-1].reason) == (S.PATROL_ASSIGNED, reason)
    assert city.texts(event) == []


def test_w21_statement_during_grace(city: City) -> None:
    """The re-check goes on; escalation waits until the statement is answered."""
    event = city.to_grace()
    said = statements.receive(city.session, event, "我在送病人", at=city.now, policy=city.policy)
    assert city.texts(event) == ["N1", "N4"]
    city.watch(event, "present", 420)
    city.stay(event)
    assert event.state == S.REVIEW_PENDING
    with pytest.raises(FlowRefused) as refused:
        city.decide(event, city.officer)
    assert refused.value.code == "STATEMENT_OPEN"
    statements.answer(
        city.session, said, city.second, upheld=False, text="核实不成立", **city.order()
    )
    assert city.decide(event, city.officer).state == S.REVIEW_PENDING


def test_w22_statement_after_escalation(city: City) -> None:
    """Upheld: the escalation is voided and the owner told (N5)."""
    event = city.to_escalated()
    said = statements.receive(city.session, event, "车被盗", at=city.now, policy=city.policy)
    statements.answer(
        city.session, said, city.officer, upheld=True, text="属实",
        **city.order(void_reason="STOLEN_OR_ABUSED"),
    )  # fmt: skip
    assert (event.state, event.outcome) == (S.VOIDED, "STOLEN_OR_ABUSED")
    assert city.texts(event) == ["N1", "N3", "N4", "N5"]


@pytest.mark.parametrize("kind", ["police", "emergency", "armed_police", "military"])
def test_w23_official_vehicle(city: City, kind: str) -> None:
    """No text before an officer has looked; the plate alone exempts nobody."""
    event = city.gates(city.open(plate_kind=kind))
    assert (event.state, city.texts(event)) == (S.CONFIRM_PENDING, [])
    assert [g["gate"] for g in event.confirm_gates if not g["passed"]] == ["official_plate"]


def test_w25_whitelist(city: City) -> None:
    event = city.gates(city.open(), replace(GOOD, exemption="FUNERAL"))
    assert (event.state, event.outcome) == (S.EXEMPT, "FUNERAL")


def test_w26_limit_is_the_citys(make_city: MakeCity) -> None:
    """With a daily limit of two the second stay of a day still has its grace."""
    city = make_city(policy=Policy(daily_grace_limit=2))
    city.watch(city.to_grace(), "absent", 40)
    city.advance(700)
    assert city.to_grace().state == S.GRACE


def test_w26_tomorrow_is_another_day(city: City) -> None:
    city.watch(city.to_grace(), "absent", 40)
    city.advance(86_400)
    event = city.to_grace()
    assert event.state == S.GRACE
    assert "repeat_same_day" not in event.flags


def test_w27_oscillating(make_city: MakeCity) -> None:
    """Three times left in time within a week: the officer sees it, none of them is punished."""
    city = make_city()
    past = []
    for _ in range(3):
        event = city.to_grace()
        city.watch(event, "absent", 40)
        past.append(event)
        city.advance(86_400)
    latest = city.open()
    assert "repeat_reminder" in latest.flags
    assert {event.state for event in past} == {S.LEFT_IN_TIME}


def test_w28_two_cameras_one_car(city: City) -> None:
    """Same plate, same area, another camera: one event, its twin linked to it."""
    first = city.to_grace()
    other = rows.camera(city.session)
    version = rows.zone(city.session, other, name="对面", area=city.zone.area.name)
    twin = city.open(camera_id=other.id, zone=version.zone, zone_version=version)
    assert (twin.state, twin.master_id) == (S.DUPLICATE, first.id)
    assert twin.open_plate_key is None


def test_w29_one_promise_an_event(city: City) -> None:
    """Preparing twice is refused by the flow; the outbox holds one N1."""
    event = city.to_pending()
    with pytest.raises(FlowRefused):
        city.prepare(event)
    assert city.texts(event) == ["N1"]


def test_w30_quiet_hours(city: City) -> None:
    """At night no text and no timer: the patrol's list."""
    city.advance(12 * 3600)
    event = city.prepare(city.to_confirmed())
    assert (event.state, city.log(event)[-1].reason) == (S.PATROL_ASSIGNED, "QUIET_HOURS")


def test_w30_grace_runs_on_past_the_hours(city: City) -> None:
    """The grace that crosses the end of the hours is finished."""
    city.advance(9 * 3600 + 59 * 60)
    event = city.to_grace()
    city.watch(event, "present", 420)
    city.stay(event)
    assert event.state == S.REVIEW_PENDING


def test_w30_parking_became_legal(city: City) -> None:
    event = city.to_grace()
    ended = casework.permit_parking(city.session, city.zone, SYSTEM, **city.order())
    assert ended == [event]
    assert (event.state, event.outcome) == (S.UNDETERMINED, "PERMITTED_NOW")
    assert city.texts(event) == ["N1", "N3b"]


def test_w31_zone_edited_during_grace(city: City) -> None:
    """Found by the next judgement, also where nobody called `zone_changed`."""
    event = city.to_grace()
    city.edit_zone(polygon=[[0.1, 0.1], [0.2, 0.1], [0.2, 0.2]])
    city.watch(event, "present", 5)
    assert (event.state, event.outcome) == (S.UNDETERMINED, "ZONE_LIFTED")


def test_w31_edit_that_still_covers(city: City) -> None:
    """The event keeps the version it was made under."""
    event = city.to_grace()
    city.edit_zone(grace_seconds=60)
    assert casework.zone_changed(city.session, city.zone, **city.order()) == []
    city.watch(event, "present", 100)
    assert (event.state, event.zone_version_id) == (S.GRACE, city.version.id)


def test_w32_wrong_plate_corrected(city: City) -> None:
    """The officer's reading counts, the machine's is kept, the text goes to the right owner."""
    event = city.to_confirm()
    casework.confirm_by_officer(
        city.session, event, city.officer, plate="浙a·12346", contact=CONTACT, **city.order()
    )
    assert (event.state, event.plate, event.plate_original) == (S.NOTICE_PENDING, "浙A12346", PLATE)
    assert event.open_plate_key == f"{event.area_id}:浙A12346"
    assert "misread" in event.flags
    notice = city.notice(event)
    assert notice is not None
    assert notice.variables["plate"] == "浙A12**6"


def test_w33_cloned_plate(city: City) -> None:
    event = city.gates(city.open(), replace(GOOD, clone_suspected=True))
    assert (event.state, event.outcome) == (S.TRANSFERRED, "SUSPECTED_CLONE")
    assert city.texts(event) == []


def test_w34_towed_by_the_authority(city: City) -> None:
    """Neither a stay nor a leave."""
    event = city.to_recheck()
    casework.record_tow(city.session, event, city.officer, **city.order(reference="T-7"))
    assert (event.state, event.outcome, city.texts(event)) == (S.REMOVED_BY_TOW, "T-7", ["N1"])


def test_w37_clock_jumps_back(city: City) -> None:
    """Deadlines are instants: after a step backwards nothing comes early, nothing is lost."""
    event = city.to_grace()
    promised = event.grace_deadline_at
    city.now -= timedelta(seconds=3600)
    city.sweep()
    assert (event.state, event.grace_deadline_at) == (S.GRACE, promised)
    city.now += timedelta(seconds=3600 + 420)
    city.sweep()
    assert event.state == S.RECHECK


@pytest.mark.parametrize(
    ("away", "state"),
    [(100, S.GRACE), (420 + 179, S.RECHECK), (420 + 181, S.UNDETERMINED)],
)
def test_w38_restart_during_grace(city: City, away: float, state: EventState) -> None:
    """Deadline ahead: armed. Passed by up to the window: re-check at once. Longer: in favour."""
    event = city.to_grace()
    city.advance(away)
    city.sweep()
    assert event.state == state
    city.advance(2)
    city.sweep()
    assert event.state == (S.GRACE if away == 100 else S.UNDETERMINED)


def test_w40_officer_rejects(city: City) -> None:
    event = city.to_review()
    city.decide(
        event, city.officer, DecisionInput(DecisionKind.REJECT, reason_code=RejectReason.MINOR)
    )
    assert (event.state, event.outcome) == (S.REJECTED, "MINOR")
    assert city.texts(event) == ["N1", "N3", "N3b"]


def test_w41_officer_never_looks(city: City) -> None:
    """A reminder after a work day; after five no penalty, and the owner is told."""
    event = city.to_review()
    city.advance(86_400 + 600)
    city.sweep()
    assert "review_overdue" in event.flags
    assert event.state == S.REVIEW_PENDING
    city.advance(7 * 86_400)
    city.sweep()
    assert event.state == S.EXPIRED_UNREVIEWED
    assert city.texts(event)[-1] == "N3b"


def test_w43_two_officers_at_once(city: City) -> None:
    event = city.to_confirm()
    seen = event.version
    casework.discard_by_officer(
        city.session, event, city.officer, **city.order(reason="X", expected_version=seen)
    )
    with pytest.raises(StaleVersion):
        casework.send_patrol(
            city.session, event, city.second, **city.order(reason="Y", expected_version=seen)
        )


def test_w46_motorbike(city: City) -> None:
    """Another type of offence: nothing here, no text."""
    event = city.open(object_kind="motorcycle")
    assert (event.state, event.outcome) == (S.DISCARDED, "WRONG_KIND")


def test_w50_backlog_is_not_noticed(city: City) -> None:
    """Confirmed more than two minutes ago: who knows whether it is still there."""
    event = city.to_confirmed()
    city.advance(121)
    city.prepare(event)
    assert (event.state, city.log(event)[-1].reason) == (S.PATROL_ASSIGNED, "STALE")


def test_w51_same_model_other_plate(city: City) -> None:
    """After the deadline another car's plate is read in its place: nobody stayed."""
    event = city.to_recheck()
    city.picture(event, "E4", at=city.now + timedelta(seconds=4))
    city.picture(event, "E6", at=city.now + timedelta(seconds=16))
    city.watch(event, "present", 185, every=4, plate="浙A54321")
    assert event.state == S.UNDETERMINED


def test_w54_times_are_shown_in_shanghai(city: City) -> None:
    """Stored UTC, shown +08:00."""
    event = city.to_pending()
    notice = city.notice(event)
    assert notice is not None
    assert notice.variables["time"] == "12:00"
    assert event.event_no.startswith("HZ1123-")


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
    city.watch(event, "present", 420)
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
    assert city.texts(event) == ["N1", "N3b"]
    # Voided is gone from the history: the same car has its grace on the same day.
    assert city.to_grace().state == S.GRACE
