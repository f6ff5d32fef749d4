"""What hangs or is posted before a door: rows B1 to B10 of domain.md 4.3, each by its number."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import casework, grounds, place_registry, recusal, review
from models.case import Case
from models.errors import FlowRefused, NotAllowed
from models.event import Event
from models.flows.hanging import HANGING, POSTER
from models.people import DecisionKind, Role
from models.place_cases import open_place_event
from models.place_parties import colour_of
from models.policy import Policy
from models.registry import save_zone
from models.states import PLACE_TERMINAL, PlaceState
from tests import rows
from tests.models.street import Street, household

S = PlaceState
MakeStreet = Callable[..., Street]


@pytest.fixture
def street(session: Session) -> Street:
    """A designated street whose zone confirms by itself."""
    return Street(session)


@pytest.fixture
def make_street(session: Session) -> MakeStreet:
    def make(kind: str = "hanging", policy: Policy | None = None, **zone: Any) -> Street:
        return Street(session, kind, policy, **zone)

    return make


def test_every_row_of_the_domain_is_in_the_tables() -> None:
    """B1 to B8 in both tables, B9 for posters alone; B10 is a colour, no step."""
    hanging = {t.code.rstrip("abcdefghijklmnopqrstuvwxyz") for t in HANGING.transitions}
    poster = {t.code.rstrip("abcdefghijklmnopqrstuvwxyz") for t in POSTER.transitions}
    assert {f"B{n}" for n in range(1, 9)} <= hanging
    assert {f"B{n}" for n in range(1, 10)} <= poster
    assert "B9" not in hanging


def test_b1_five_minutes_and_three_looks(street: Street) -> None:
    """Shorter, or seen in two looks only, is nothing."""
    event = street.hang()
    assert street.codes(event)[:2] == ["B0", "B1"]
    short = street.hang(first_seen_at=street.now - timedelta(seconds=299), box=(0.5, 0.6, 0.6, 0.8))
    assert (short.state, short.outcome) == (S.DISCARDED, "DWELL_TOO_SHORT")
    seldom = street.hang(samples=2, box=(0.2, 0.6, 0.3, 0.8))
    assert (seldom.state, seldom.outcome) == (S.DISCARDED, "TOO_FEW_SAMPLES")


def test_b1_what_is_permitted_is_exempt_for_its_period(street: Street) -> None:
    """Lanterns at Spring Festival: document, place, period, approver."""
    place_registry.add_permit(
        street.session, street.zone, document="春节灯笼2027", approver="区城管局",
        valid_from=street.now - timedelta(days=1), valid_until=street.now + timedelta(days=1),
        at=street.now,
    )  # fmt: skip
    event = street.hang()
    assert (event.state, event.outcome) == (S.EXEMPT, "PERMITTED")
    assert street.log(event)[-1].facts["permit"] == "春节灯笼2027"
    street.advance(2 * 86_400)
    assert street.hang().state != S.EXEMPT


def test_b1_no_street_no_rule(make_street: MakeStreet) -> None:
    """L50: on a street that no document designates nothing is asked of anybody."""
    event = make_street(designation_document="").hang()
    assert (event.state, event.outcome) == (S.DISCARDED, "NOT_DESIGNATED")


def test_b11_a_shadow_zone_only_counts(make_street: MakeStreet) -> None:
    shadow = make_street(phase="shadow")
    shadow.shop()
    event = shadow.hang()
    assert (event.outcome, shadow.texts(event)) == ("SHADOW_PHASE", [])


def test_b1_the_same_thing_is_one_event(street: Street) -> None:
    """A4 for things: the same place of the same camera; another flow's event is none of it."""
    first = street.hang()
    again = street.hang()
    assert (again.state, again.master_id) == (S.DUPLICATE, first.id)
    new = street.new()
    one = open_place_event(street.session, new, policy=street.policy, at=street.now)
    assert open_place_event(street.session, new, policy=street.policy, at=street.now) is one


def test_b2_exactly_one_frontage_names_the_shop(street: Street) -> None:
    """None or several: nobody is written to, a grid worker goes."""
    nobody = street.hang()
    assert (nobody.state, nobody.party_id) == (S.DISPATCHED, None)
    shop = street.shop()
    one = street.hang(box=(0.55, 0.4, 0.65, 0.6))
    assert (one.state, one.party_id) == (S.NOTICE_PENDING, shop.id)
    street.shop(name="隔壁")
    two = street.hang(box=(0.31, 0.7, 0.39, 0.88))
    assert (two.state, two.party_id) == (S.DISPATCHED, None)


def test_b2_an_agreement_that_has_ended_names_nobody(street: Street) -> None:
    shop = street.shop()
    place_registry.end_agreement(street.session, shop.agreements[0], at=street.now, actor="test")
    assert street.hang().party_id is None


def test_b2_an_officer_confirms_where_the_zone_says_so(make_street: MakeStreet) -> None:
    """0.2: and may correct who is responsible before anybody is written to."""
    street = make_street(confirm_mode="officer")
    street.shop()
    other = street.shop(name="隔壁", address="延安路90号")
    event = street.hang()
    assert (event.state, street.texts(event)) == (S.CONFIRM_PENDING, [])
    street.confirm(event, party_id=other.id)
    assert (event.state, event.party_id) == (S.NOTICE_PENDING, other.id)
    late = street.hang(box=(0.55, 0.4, 0.65, 0.6))
    street.advance(121)
    street.sweep()
    assert (late.state, late.outcome) == (S.DISPATCHED, None)


def test_b3_the_shop_is_reminded_and_the_receipt_starts_the_clock(street: Street) -> None:
    """N7 to the shop that signed, 420 s from the delivery; no plate, no code in it."""
    event = street.to_reminded()
    assert event.state == S.REMINDED
    assert event.notified_at is not None
    assert event.grace_deadline_at == event.notified_at + timedelta(seconds=420)
    notice = street.notice(event, "N7")
    assert notice is not None
    assert notice.variables["address"] == "延安路88号"
    assert notice.variables["thing"] == "hanging"
    assert not {"plate", "code", "number"} & set(notice.variables)
    assert street.texts(event) == ["N7"]


def test_b3_outside_business_hours_it_waits_for_the_next_opening(street: Street) -> None:
    """A reminder to a closed shop would be no chance to correct anything."""
    street.advance(11 * 3600)  # 23:00
    event = street.to_notice()
    notice = street.notice(event, "N7")
    assert notice is not None
    assert notice.next_attempt_at == street.now.replace(hour=0, minute=0) + timedelta(days=1)
    assert "waits_for_opening" in event.flags
    street.advance(60)
    street.sweep()
    assert event.state == S.NOTICE_PENDING


def test_b3_a_text_that_fails_starts_no_clock(street: Street) -> None:
    event = street.to_notice()
    street.advance(40)
    street.sweep()
    assert (event.state, event.grace_deadline_at) == (S.DISPATCHED, None)
    assert street.texts(event) == []


def test_b4_a_household_that_gave_no_number_is_visited(street: Street) -> None:
    """And so is a shop whose agreement allows no texts. Nobody is texted; the visit's own paper
    reminder, photographed, starts the grace."""
    household(street)
    event = street.hang()
    assert (event.state, street.texts(event)) == (S.DISPATCHED, [])
    assert street.log(event)[-1].reason == "CONTACT_NOT_AUTHORISED"
    photo = street.picture(event, "PAPER")
    casework.paper_notice(street.session, event, street.officer, photo=photo, **street.order())
    assert (event.state, event.grace_policy) == (S.REMINDED, "paper")


def test_b4_a_visit_that_nobody_made_ends_in_favour(street: Street) -> None:
    event = street.hang()
    street.advance(14_401)
    street.sweep()
    assert (event.state, event.outcome) == (S.UNDETERMINED, "PATROL_OVER")


@pytest.mark.parametrize("way", ["to_reminded", "to_finding", "to_review", "to_order"])
def test_b5_taken_down_is_corrected_whenever_it_happens(street: Street, way: str) -> None:
    """Missing in three looks over a minute; two looks, or less than a minute, is not enough."""
    event = getattr(street, way)()
    street.gaze(event, "absent", 40)
    assert event.state != S.RECTIFIED
    street.gaze(event, "absent", 40)
    assert event.state == S.RECTIFIED
    assert event.outcome == ("MINOR_CORRECTED" if way == "to_reminded" else "CORRECTED_LATE")


def test_b5_a_sick_camera_says_nothing(street: Street) -> None:
    """Another preset or a blocked lens answers unclear: neither taken down nor still there."""
    event = street.to_reminded()
    street.gaze(event, "unclear", 420 + 185)
    assert (event.state, event.outcome) == (S.UNDETERMINED, "NO_CLEAR_VIEW")


def test_b6_two_pictures_after_the_grace_then_an_officer(street: Street) -> None:
    """NOT_RECTIFIED is what a camera says; REVIEW_PENDING is an officer's word, and N7b."""
    event = street.to_finding()
    assert (event.state, street.texts(event)) == (S.NOT_RECTIFIED, ["N7"])
    street.confirm(event)
    assert (event.state, street.texts(event)) == (S.REVIEW_PENDING, ["N7", "N7b"])


def test_b6_who_drew_the_zone_does_not_confirm(street: Street) -> None:
    author = street.person("zhao", Role.OFFICER)
    values = {"name": street.zone.name, "grace_seconds": 300}
    street.version = save_zone(
        street.session, street.camera, values, at=street.now, actor="zhao", user=author
    )
    event = street.to_finding()
    with pytest.raises(FlowRefused) as refused:
        street.confirm(event, author)
    assert refused.value.code == "ZONE_AUTHOR"


def test_b6_nobody_looks_for_five_work_days(street: Street) -> None:
    event = street.to_finding()
    street.advance(8 * 86_400)
    street.sweep()
    assert event.state == S.EXPIRED_UNREVIEWED


def test_b6_a_warning_zone_goes_no_further(make_street: MakeStreet) -> None:
    event = make_street(phase="warning").to_finding()
    assert (event.state, event.outcome) == (S.UNDETERMINED, "WARNING_PHASE")


def test_b6_an_officer_rejects(street: Street) -> None:
    event = street.to_finding()
    decision = review.DecisionInput(
        DecisionKind.REJECT, reason_code=review.RejectReason.NOT_AN_OFFENCE
    )
    street.decide(event, street.officer, decision)
    assert event.state == S.REJECTED


def test_b9_a_poster_before_nobody_goes_to_a_crew(make_street: MakeStreet) -> None:
    """No person is involved: a case for the crew, no text, and gone is corrected."""
    street = make_street("poster")
    event = street.hang()
    assert (event.state, event.party_id, street.texts(event)) == (S.DISPATCHED, None, [])
    case = street.session.scalars(select(Case).where(Case.event_id == event.id)).one()
    assert (case.loop, case.loop_mode, case.type_code) == ("LIMITED_TIME", "CREW", "0202")
    street.gaze(event, "absent", 80)
    assert event.state == S.RECTIFIED


def test_b9_a_poster_with_a_known_owner_is_a_reminder(make_street: MakeStreet) -> None:
    street = make_street("poster")
    event = street.to_notice()
    notice = street.notice(event, "N7")
    assert notice is not None
    assert (event.state, notice.variables["thing"]) == (S.NOTICE_PENDING, "poster")


def test_b10_the_shop_turns_yellow_and_red_and_green_again(street: Street) -> None:
    """Two in 30 days, four in 30 days, 30 clean days."""
    start = street.now
    days = [start + timedelta(days=n) for n in (0, 5, 10, 12, 39)]

    def colour(count: int, at_day: int) -> str:
        return colour_of(days[:count], at=start + timedelta(days=at_day), days=30)

    assert [colour(n, 12) for n in range(5)] == ["green", "green", "yellow", "yellow", "red"]
    assert colour(4, 41) == "red"
    assert colour(4, 42) == "green"
    assert colour(5, 41) == "red"  # not thirty clean days yet
    street.shop()
    first = street.hang()
    street.hang(box=(0.55, 0.4, 0.65, 0.6))
    assert "shop_yellow" not in first.flags
    second = street.hang(box=(0.31, 0.7, 0.39, 0.88))
    assert "shop_yellow" in second.flags


def test_no_way_to_a_penalty_without_an_order(street: Street) -> None:
    """By the tables alone: one row leads to ESCALATED, from ORDER_CHECK, by people; ORDER_CHECK is
    reached from FORMAL_ORDER only, and that by B7 only."""
    for flow in (HANGING, POSTER):
        into = {
            state: [t.code for t in flow.transitions if t.target == state]
            for state in (S.ESCALATED, S.ORDER_CHECK, S.FORMAL_ORDER)
        }
        assert into == {S.ESCALATED: ["B8"], S.ORDER_CHECK: ["B7e"], S.FORMAL_ORDER: ["B7"]}
        assert flow.row("B8").source == S.ORDER_CHECK
        assert flow.row("B7e").source == S.FORMAL_ORDER


def _verified_ground(street: Street, event: Event) -> None:
    grounds.verify_ground(
        street.session, event, street.officer, reason="UNCLEAR_RECORD", policy=street.policy,
        at=street.now,
    )  # fmt: skip


def _recusal_asked(street: Street, event: Event) -> None:
    recusal.request(street.session, event, "请王某回避", at=street.now)


@pytest.mark.parametrize(
    ("doubt", "code"),
    [(_verified_ground, "VOID_GROUND"), (_recusal_asked, "RECUSAL_OPEN")],
)
def test_b8_in_doubt_nobody_escalates(
    street: Street, doubt: Callable[[Street, Event], None], code: str
) -> None:
    """L39, L09, as with vehicles; also when the doubt comes between the two signatures."""
    event = street.to_order_check()
    street.advance(60)
    street.on_site(event)
    street.escalate(event, street.officer)
    doubt(street, event)
    with pytest.raises(FlowRefused) as refused:
        street.escalate(event, street.second)
    assert [refusal.code for refusal in refused.value.refusals] == [code]
    assert event.state == S.ORDER_CHECK


def test_l09_who_has_signed_for_escalation_refuses_no_request(street: Street) -> None:
    event = street.to_order_check()
    street.advance(60)
    street.on_site(event)
    street.escalate(event, street.officer)
    asked = recusal.request(street.session, event, "请王某回避", at=street.now)
    no = recusal.RequestAnswer("不成立")
    with pytest.raises(NotAllowed) as refused:
        recusal.answer_request(street.session, asked, street.officer, no, at=street.now)
    assert refused.value.code == "OWN_RECUSAL"
    third = street.person("zhou", Role.OFFICER)
    answered = recusal.answer_request(street.session, asked, third, no, at=street.now)
    assert answered.status == "refused"


def test_no_way_out_of_an_end_but_voiding_an_escalation() -> None:
    for flow in (HANGING, POSTER):
        out = {(s, t.code) for t in flow.transitions for s in t.sources if s in PLACE_TERMINAL}
        assert out == {(S.ESCALATED, "B12")}


def test_voiding_an_escalation_cancels_its_case(street: Street) -> None:
    event = street.to_escalated()
    casework.void(street.session, event, street.officer, reason="OTHER", **street.order())
    case = street.session.scalars(select(Case).where(Case.event_id == event.id)).one()
    assert (event.state, case.state, case.outcome) == (S.VOIDED, "CANCELLED", "EVENT_VOIDED")


def test_parking_and_hanging_do_not_know_each_other(street: Street) -> None:
    """A car before the same door is no duplicate of what hangs there."""
    hung = street.to_reminded()
    parking = rows.zone(
        street.session, street.camera, name="停车", area=street.zone.area.name,
        confirm_mode="officer",
    )  # fmt: skip
    car = street.open(
        zone=parking.zone, zone_version=parking, box=hung.box, plate=None,
        plate_colour=None, plate_kind=None,
    )  # fmt: skip
    assert car.state == "FLAGGED"
    assert casework.open_watches(street.session, street.camera.id) == [car]
    both = casework.open_watches(street.session, street.camera.id, ("hanging", "parking"))
    assert both == [hung, car]


def test_the_database_refuses_an_escalation_without_an_expired_order(street: Street) -> None:
    event = street.to_order()
    refused = pytest.raises(IntegrityError, match="order must have expired")
    with refused, street.session.begin_nested():
        event.state = S.ESCALATED
        street.session.flush()
