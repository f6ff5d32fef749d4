"""The awkward paths of domain.md 4.7 from W16 on: texts, owners, officers, zones, restarts.

Each tells a short story and says how it ends; in doubt it ends in the owner's favour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from models import casework, statements
from models.errors import FlowRefused, StaleVersion
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
    city.seen(event, "present", 420)
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
    """No text, and nobody is asked for half an hour; then an officer, for the plate alone exempts
    nobody."""
    event = city.gates(city.open(plate_kind=kind))
    assert (event.state, city.texts(event)) == (S.EXEMPT_PENDING, [])
    assert [g["gate"] for g in event.confirm_gates if not g["passed"]] == ["official_plate"]
    city.seen(event, "present", 1_799)
    assert event.state == S.EXEMPT_PENDING
    city.seen(event, "present", 1)
    assert (event.state, city.texts(event)) == (S.CONFIRM_PENDING, [])


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
    city.seen(event, "present", 420)
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
    tow = city.order(reference="T-7", photo=city.picture(event, "TOW"))
    casework.record_tow(city.session, event, city.officer, **tow)
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
    """Another type of offence (0506): somebody walks there, nobody is looked up or written to."""
    event = city.gates(city.open(object_kind="motorcycle", plate=None), GOOD)
    assert (event.state, event.type_code) == (S.PATROL_ASSIGNED, "0506")
    assert city.texts(event) == []
    assert city.open(object_kind="truck").type_code == "0505"


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
