"""Gatherings: rows C1 to C9 of domain.md 4.4, each by its number. Numbers only, nobody's text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import crowd_acts, place_registry
from models.case import Case
from models.errors import BadInput, Conflict, FlowRefused, NotAllowed, NotFound
from models.event import Event
from models.flow import SYSTEM, choose
from models.flows.crowd import CROWD
from models.notice import Notice
from models.people import Role
from models.place import CallAnswer, CrowdCount
from models.place_cases import CrowdSample, crowd_count
from models.states import CROWD_TERMINAL, CrowdState
from tests.models.street import Street

S = CrowdState
MakeStreet = Callable[..., Street]


@pytest.fixture
def square(session: Session) -> Street:
    """A square whose threshold is 60 people."""
    return Street(session, "crowd")


def test_every_row_of_the_domain_is_in_the_table() -> None:
    """C8 (the camera is lost) is a rule of the guards, not a step."""
    numbers = {t.code.rstrip("abcdefghijklmnopqrstuvwxyz") for t in CROWD.transitions}
    assert {"C1", "C2", "C3", "C4", "C5", "C6", "C7", "C9"} <= numbers


def test_c1_eight_tenths_for_half_a_minute(square: Street) -> None:
    """Less, or shorter, opens nothing; back below it calms down."""
    assert square.counts(47, 60) is None
    assert square.counts(49, 30) is None
    event = square.counts(49, 20)
    assert event is not None
    assert (event.state, event.plate, event.type_code) == (S.WATCH, None, "0409")
    square.counts(20, 40)
    assert event.state == S.CALMED


def test_c2_the_threshold_for_a_minute_by_medians(square: Street) -> None:
    """Fifty seconds are not enough, and a count of fewer than five looks is none."""
    event = square.counts(60, 50)
    assert event is not None
    assert event.state == S.WATCH
    square.counts(60, 10)
    assert event.state == S.DISPATCHED
    assert "C2" in square.codes(event)


def test_c2_single_looks_raise_nothing(square: Street) -> None:
    for _ in range(20):
        square.advance(10)
        sample = CrowdSample(square.now, 500, 4, 60)
        assert crowd_count(
            square.session, square.zone, sample, policy=square.policy, at=square.now
        ) is None  # fmt: skip


def test_c2_a_gap_starts_the_minute_anew(square: Street) -> None:
    square.counts(80, 50)
    square.advance(40)
    event = square.counts(80, 50)
    assert event is not None
    assert event.state == S.WATCH


def test_c2_a_shadow_zone_calls_nobody(session: Session) -> None:
    square = Street(session, "crowd", phase="shadow")
    square.responders()
    event = square.gathering()
    assert (event.state, event.outcome, square.calls(event)) == (S.CALMED, "SHADOW_PHASE", [])


def _approve(square: Street, people: int) -> None:
    place_registry.add_permit(
        square.session, square.zone, document="大型活动许可2026-7", approver="公安分局",
        valid_from=square.now - timedelta(hours=1), valid_until=square.now + timedelta(hours=3),
        max_people=people, at=square.now,
    )  # fmt: skip


def test_c3_an_approved_event_has_its_own_number(square: Street) -> None:
    """The threshold becomes the permitted number, for its place and time."""
    _approve(square, 1000)
    assert square.counts(700, 120) is None
    event = square.counts(1000, 70)
    assert event is not None
    assert event.state == S.DISPATCHED


def test_c3_a_permit_shown_later_ends_the_alarm(square: Street) -> None:
    square.responders()
    event = square.gathering()
    assert event.state == S.DISPATCHED
    _approve(square, 1000)
    square.advance(10)
    square.count(80)
    assert (event.state, event.outcome) == (S.PERMITTED, "PERMITTED")


def test_c3_a_permit_needs_its_number(square: Street) -> None:
    with pytest.raises(BadInput, match="how many"):
        place_registry.add_permit(
            square.session, square.zone, document="1", approver="2", valid_from=square.now,
            valid_until=square.now + timedelta(hours=1), at=square.now,
        )  # fmt: skip


def test_c4_responders_in_order_two_minutes_each(square: Street) -> None:
    """At once, without a grace: police station, cadre, volunteer; one is asked at a time."""
    square.responders("volunteer", "cadre", "police_station")
    event = square.gathering()
    assert [call.responder.kind for call in square.calls(event)] == ["police_station"]
    square.counts(80, 120)
    assert [(c.responder.kind, c.answer) for c in square.calls(event)] == [
        ("police_station", CallAnswer.NO_ANSWER),
        ("cadre", CallAnswer.WAITING),
    ]
    square.answer(event, square.calls(event)[1], accepted=False)
    assert square.calls(event)[2].responder.kind == "volunteer"
    square.answer(event, square.calls(event)[2])
    square.counts(80, 300)
    assert event.state == S.DISPATCHED


def test_c4_the_nearest_of_a_kind_first(square: Street) -> None:
    square.camera.latitude, square.camera.longitude = 30.25, 120.16
    for name, latitude in (("far", 30.30), ("near", 30.2503)):
        place_registry.add_responder(
            square.session,
            {"name": name, "kind": "cadre", "latitude": latitude, "longitude": 120.16},
            at=square.now, actor="test",
        )  # fmt: skip
    event = square.gathering()
    assert square.calls(event)[0].responder.name == "near"


def test_c4_only_the_called_and_staff_answer(square: Street) -> None:
    square.responders()
    event = square.gathering()
    call = square.calls(event)[0]
    stranger = square.person("crew", Role.CREW)
    with pytest.raises(NotAllowed):
        crowd_acts.answer_call(
            square.session, event, stranger, call.responder_id, accepted=True,
            policy=square.policy, at=square.now,
        )  # fmt: skip
    call.responder.user_id = stranger.id
    crowd_acts.answer_call(
        square.session, event, stranger, call.responder_id, accepted=True,
        policy=square.policy, at=square.now,
    )  # fmt: skip
    assert call.answer == CallAnswer.ACCEPTED
    with pytest.raises(NotFound):
        crowd_acts.answer_call(
            square.session, event, square.officer, 99, accepted=True, policy=square.policy,
            at=square.now,
        )  # fmt: skip


def test_c5_arrival_by_button_or_within_fifty_metres(square: Street) -> None:
    square.camera.latitude, square.camera.longitude = 30.25, 120.16
    square.responders()
    event = square.gathering()
    call = square.calls(event)[0]
    with pytest.raises(BadInput) as refused:
        square.arrive(event, call, place=(30.2506, 120.16))
    assert refused.value.field == "place"
    square.arrive(event, call, place=(30.2503, 120.16))
    assert (event.state, call.arrived_how, call.answer) == (S.ON_SITE, "gps", "accepted")


def test_c5_seven_minutes_are_shown(square: Street) -> None:
    square.responders()
    event = square.gathering()
    square.answer(event, square.calls(event)[0])
    square.counts(80, 420)
    assert "late_arrival" in event.flags


def test_c6_few_people_and_a_report(square: Street) -> None:
    """Below 0.7 of the threshold for two minutes, and a responder has said so; neither alone."""
    event = square.to_site()
    square.counts(70, 20)
    assert event.state == S.DISPERSING
    square.counts(41, 150)
    assert event.state == S.DISPERSING
    square.report(event, square.calls(event)[0])
    assert (event.state, event.outcome) == (S.DISPERSED, "DISPERSED")
    square.check(event)


def test_c6_a_report_alone_ends_nothing(square: Street) -> None:
    event = square.to_site()
    square.report(event, square.calls(event)[0], people=3)
    square.counts(79, 60)
    assert event.state == S.ON_SITE


def test_c6_who_has_not_arrived_reports_nothing(square: Street) -> None:
    square.responders()
    event = square.gathering()
    with pytest.raises(Conflict, match="arrived"):
        square.report(event, square.calls(event)[0])


def _emergency_case(square: Street, event: Event) -> Case:
    return square.session.scalars(select(Case).where(Case.event_id == event.id)).one()


def test_c7_one_and_a_half_times_the_threshold(square: Street) -> None:
    square.responders()
    event = square.gathering(89)
    square.advance(10)
    square.count(90)
    assert event.state == S.ESCALATED_EMERGENCY
    case = _emergency_case(square, event)
    assert (case.loop, case.loop_mode) == ("COORDINATED", "EMERGENCY")


def test_c7_nobody_answers_for_five_minutes(square: Street) -> None:
    """Also where there is nobody to call."""
    event = square.gathering()
    assert "nobody_left_to_call" in event.flags
    square.counts(80, 280)
    assert event.state == S.DISPATCHED
    square.counts(80, 20)
    assert event.state == S.ESCALATED_EMERGENCY
    assert square.log(event)[-1].reason == "NO_RESPONDER"


def test_c7_not_a_tenth_fewer_in_ten_minutes(square: Street) -> None:
    """73 of 80 is not; 71 is, and gives ten more minutes."""
    event = square.to_site()
    square.counts(71, 605)
    assert event.state == S.DISPERSING
    square.counts(70, 605)
    assert event.state == S.ESCALATED_EMERGENCY
    assert square.log(event)[-1].transition == "C7f"


def test_c7_an_emergency_ends_when_the_people_have_gone(square: Street) -> None:
    event = square.to_site()
    crowd_acts.declare_emergency(
        square.session, event, square.officer, reason="STAMPEDE", **square.order()
    )
    assert event.state == S.ESCALATED_EMERGENCY
    square.report(event, square.calls(event)[0])
    square.counts(10, 130)
    assert event.state == S.DISPERSED


def test_c8_a_lost_camera_freezes_and_a_person_counts(square: Street) -> None:
    """No counts for ten minutes decide nothing; the responder's own number does."""
    event = square.to_site()
    sample = CrowdSample(square.advance(10), 0, 9, 60, unclear="covered")
    crowd_count(square.session, square.zone, sample, policy=square.policy, at=square.now)
    assert "camera_lost" in event.flags
    for _ in range(12):
        square.advance(100)
        square.sweep()
    assert event.state == S.ON_SITE
    square.report(event, square.calls(event)[0], people=50)
    assert event.state == S.ON_SITE
    square.advance(30)
    square.report(event, square.calls(event)[0], people=12)
    assert event.state == S.DISPERSED


def test_c9_a_new_alarm_soon_is_the_same_event(square: Street) -> None:
    event = square.to_site()
    square.report(event, square.calls(event)[0])
    square.counts(10, 130)
    assert event.state == S.DISPERSED
    square.counts(80, 90)
    assert (event.state, event.ended_at, event.measured["round"]) == (S.DISPATCHED, None, 2)
    assert [call.round for call in square.calls(event)] == [1, 2]
    square.check(event)


def test_c9_after_a_quarter_of_an_hour_it_is_another(square: Street) -> None:
    event = square.to_site()
    square.report(event, square.calls(event)[0])
    square.counts(10, 130)
    square.counts(10, 900, threshold=60)
    other = square.gathering()
    assert other.id != event.id


def test_c10_an_officer_sees_that_there_is_nothing(square: Street) -> None:
    event = square.gathering()
    crowd_acts.false_alarm(
        square.session, event, square.officer, reason="MANNEQUINS", **square.order()
    )
    assert (event.state, event.outcome) == (S.FALSE_ALARM, "MANNEQUINS")
    with pytest.raises(FlowRefused):
        crowd_acts.false_alarm(
            square.session, event, square.officer, reason="TWICE", **square.order()
        )


def test_counts_that_came_before_change_nothing(square: Street) -> None:
    event = square.gathering()
    version = event.version
    sample = CrowdSample(square.now, 500, 9, 60)
    crowd_count(square.session, square.zone, sample, policy=square.policy, at=square.now)
    old = CrowdSample(square.now - timedelta(seconds=5), 500, 9, 60)
    crowd_count(square.session, square.zone, old, policy=square.policy, at=square.now)
    assert event.version == version


@pytest.mark.parametrize(("people", "threshold"), [(-1.0, 60.0), (5.0, 0.0), (2e6, 60.0)])
def test_a_number_that_is_none_is_refused(square: Street, people: float, threshold: float) -> None:
    with pytest.raises(BadInput):
        square.count(people, threshold=threshold)


def test_only_crowd_zones_count(session: Session) -> None:
    with pytest.raises(BadInput, match="no crowd zone"):
        Street(session).count(5)


def test_nobody_in_the_crowd_is_ever_told(square: Street) -> None:
    """No row queues a text, the database takes none, and nothing but numbers is kept."""
    event = square.to_site()
    square.counts(100, 60)
    assert square.session.scalars(select(Notice)).all() == []
    notice = Notice(
        event_id=event.id, template="N7", phone="+8613800000000", variables={},
        next_attempt_at=square.now, created_at=square.now,
    )  # fmt: skip
    refused = pytest.raises(IntegrityError, match="nobody in a crowd")
    with refused, square.session.begin_nested():
        square.session.add(notice)
        square.session.flush()
    assert {c.name for c in CrowdCount.__table__.columns} == {
        "id", "zone_id", "at", "source", "people", "looks", "threshold", "density",
    }  # fmt: skip


def test_a_gathering_is_never_escalated_against_anybody(square: Street) -> None:
    assert "ESCALATED" not in {str(t.target) for t in CROWD.transitions}
    event = square.gathering()
    refused = pytest.raises(IntegrityError, match="never escalated")
    with refused, square.session.begin_nested():
        event.state = "ESCALATED"
        square.session.flush()


def test_only_a_new_alarm_leads_out_of_an_end() -> None:
    out = {(s, t.code) for t in CROWD.transitions for s in t.sources if s in CROWD_TERMINAL}
    assert out == {(S.DISPERSED, "C9"), (S.FALSE_ALARM, "C9")}


def test_the_clock_alone_ends_every_gathering(square: Street) -> None:
    """Invariant 4."""
    event = square.gathering()
    square.advance(31 * 86_400)
    square.sweep()
    assert event.state in CROWD_TERMINAL | {S.ESCALATED_EMERGENCY}
    square.sweep()
    assert event.state == S.UNDETERMINED
    with pytest.raises(FlowRefused):
        choose(
            square.session, CROWD, event, "open_limit", actor=SYSTEM, at=square.now,
            policy=square.policy,
        )  # fmt: skip


def values_of(event: Event) -> dict[str, Any]:
    return dict(event.measured)


def test_the_event_keeps_the_highest_number(square: Street) -> None:
    event = square.to_site()
    square.counts(85, 20)
    square.counts(70, 20)
    assert values_of(event) | {"people": 70, "peak": 85, "threshold": 60} == values_of(event)
