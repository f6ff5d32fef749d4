"""Two officers, four ticks and the law's other conditions; the queue that they work from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from models import casework, review, statements
from models.errors import BadInput, FlowRefused, NotAllowed, StaleVersion
from models.event import Event, EventState
from models.people import Decision, DecisionKind, Role
from models.policy import Policy
from models.review import DecisionInput, RejectReason
from tests.models.city import ALL_TICKS, City
from tests.models.guard_cases import Scene, signed

S = EventState
REJECT = DecisionInput(
    DecisionKind.REJECT, reason="消防车通道已留出", reason_code=RejectReason.NO_OBSTRUCTION
)


def _decisions(city: City, event: Event) -> list[tuple[int, str]]:
    rows = city.session.scalars(
        select(Decision).where(Decision.event_id == event.id).order_by(Decision.id)
    )
    return [(row.officer_id, row.kind) for row in rows]


def test_two_officers_escalate(city: City) -> None:
    """L08: the first signature moves nothing, the second one by another officer does."""
    event = city.to_review()
    version = event.version
    city.decide(event, city.officer)
    assert (event.state, event.version) == (S.REVIEW_PENDING, version)
    city.decide(event, city.second)
    assert event.state == S.ESCALATED
    log = city.log(event)[-1]
    assert log.facts["officers"] == [city.officer.id, city.second.id]
    assert (log.actor_kind, log.actor_id) == ("OFFICER", "li")


def test_one_officer_is_not_two(city: City) -> None:
    """L08: the same user twice is 422."""
    event = city.to_review()
    city.decide(event, city.officer)
    with pytest.raises(BadInput) as refused:
        city.decide(event, city.officer)
    assert (refused.value.code, refused.value.http_status) == ("SAME_OFFICER", 422)
    assert event.state == S.REVIEW_PENDING


@pytest.mark.parametrize(
    "field",
    ["is_true", "is_clear", "is_complete", "is_accurate", "obstruction", "obstruction_reason"],
)
def test_every_tick_is_needed(city: City, field: str) -> None:
    """L02: three of four are refused; L31: obstruction with what it obstructs."""
    event = city.to_review()
    wrong = replace(ALL_TICKS, **{field: "  " if field == "obstruction_reason" else False})
    with pytest.raises(BadInput) as refused:
        city.decide(event, city.officer, wrong)
    assert refused.value.field == field
    assert _decisions(city, event) == []


def test_l01_device_not_reviewed(city: City) -> None:
    """The reminder may go out; the record is no evidence: 409 for the first officer already."""
    city.camera.technical_review = None
    event = city.to_review()
    with pytest.raises(FlowRefused) as refused:
        city.decide(event, city.officer)
    assert (refused.value.code, refused.value.http_status) == ("DEVICE_NOT_REVIEWED", 409)
    assert _decisions(city, event) == []


def test_all_refusals_come_together(city: City) -> None:
    """An officer is told everything at once; the missing co-signer is no refusal of the first."""
    event = city.to_review()
    city.camera.sign_installed = False
    city.officer.licence_valid_until = date(2026, 1, 1)
    statements.receive(city.session, event, "申辩", at=city.now, policy=city.policy)
    found = review.escalation_refusals(
        city.session, event, city.officer, policy=city.policy, at=city.now
    )
    assert [r.code for r in found] == ["NOT_LICENSED", "DEVICE_NOT_REVIEWED", "STATEMENT_OPEN"]


def test_nothing_against_it(city: City) -> None:
    event = city.to_review()
    args = {"policy": city.policy, "at": city.now}
    assert review.escalation_refusals(city.session, event, city.officer, **args) == []
    city.decide(event, city.officer)
    assert review.escalation_refusals(city.session, event, city.second, **args) == []


def test_nothing_is_missing_once_both_have_signed(city: City) -> None:
    """What the console shows between the second signature and the step."""
    event = city.to_review()
    scene = Scene(city, event)
    signed("officer", "second")(scene)
    args = {"policy": city.policy, "at": city.now}
    assert review.escalation_refusals(city.session, event, city.second, **args) == []


def test_l37_sixth_day(city: City) -> None:
    """Also if the sweep has not come yet."""
    event = city.to_review()
    city.decide(event, city.officer)
    city.advance(8 * 86_400)
    with pytest.raises(FlowRefused) as refused:
        city.decide(event, city.second)
    assert refused.value.code == "REVIEW_EXPIRED"


def test_statement_window(city: City) -> None:
    """A city may keep an hour free for the owner's word before anybody escalates."""
    event = city.to_review()
    city.policy = Policy(statement_window_seconds=3600)
    with pytest.raises(FlowRefused) as refused:
        city.decide(event, city.officer)
    assert refused.value.code == "STATEMENT_WINDOW"
    city.advance(3600)
    city.decide(event, city.officer)


def test_only_officers_decide(city: City) -> None:
    event = city.to_review()
    operator = city.person("op", Role.OPERATOR)
    city.second.active = False
    for user in (operator, city.second):
        with pytest.raises(NotAllowed):
            city.decide(event, user, REJECT)


def test_rejection_needs_a_code(city: City) -> None:
    """A21: counted as an error of the machine or the rule."""
    event = city.to_review()
    with pytest.raises(BadInput) as refused:
        city.decide(event, city.officer, replace(REJECT, reason_code=None))
    assert refused.value.field == "reason_code"


def test_rejection_by_one(city: City) -> None:
    """In the owner's favour one is enough, licensed or not."""
    event = city.to_review()
    city.officer.licence_no = None
    city.decide(event, city.officer, REJECT)
    assert (event.state, event.outcome) == (S.REJECTED, "NO_OBSTRUCTION")
    assert _decisions(city, event) == [(city.officer.id, "reject")]


def test_second_officer_disagrees(city: City) -> None:
    event = city.to_review()
    city.decide(event, city.officer)
    city.decide(event, city.second, REJECT)
    assert event.state == S.REJECTED
    assert _decisions(city, event) == [(city.officer.id, "escalate"), (city.second.id, "reject")]


def test_officer_changes_mind(city: City) -> None:
    """From signing to rejecting: allowed, and the log shows it."""
    event = city.to_review()
    city.decide(event, city.officer)
    city.decide(event, city.officer, REJECT)
    assert event.state == S.REJECTED
    assert _decisions(city, event) == [(city.officer.id, "escalate")]


def test_same_command_again(city: City) -> None:
    event = city.to_review()
    city.decide(event, city.officer)
    order = city.order()
    for _ in range(2):
        review.decide(city.session, event, city.second, ALL_TICKS, **order)
    assert event.state == S.ESCALATED
    assert city.codes(event)[-1] == "A20"


def test_w43_stale(city: City) -> None:
    event = city.to_review()
    seen = event.version
    city.decide(event, city.officer, REJECT, expected_version=seen)
    with pytest.raises(StaleVersion):
        city.decide(event, city.second, REJECT, expected_version=seen)


def test_database_holds_it_too(city: City) -> None:
    """Whatever the code does: no ESCALATED without two officers' rows."""
    event = city.to_review()
    city.decide(event, city.officer)
    with pytest.raises(IntegrityError), city.session.begin_nested():
        event.state = S.ESCALATED
        city.session.flush()


def test_pictures_that_are_missing_keep_it_from_officers(city: City) -> None:
    """A19: the pack's times are those of the law."""
    event = city.to_grace()
    city.seen(event, "present", 420)
    city.advance(4)
    city.picture(event, "E4")
    city.picture(event, "E6")
    city.look(event, "present")
    city.watch(event, "present", 180)
    assert (event.state, event.outcome) == (S.UNDETERMINED, "NO_SECOND_PICTURE")


def test_queue(city: City) -> None:
    """What times out first is on top; signatures and statements are shown."""
    stays = city.to_review()
    city.decide(stays, city.officer)
    statements.receive(city.session, stays, "申辩", at=city.now, policy=city.policy)
    patrol = city.prepare(city.to_confirmed(plate="浙A99999", box=(0.7, 0.7, 0.8, 0.8)), None)
    waits = city.to_confirm(plate="浙A88888", box=(0.1, 0.7, 0.2, 0.8))
    items = review.queue(city.session)
    assert [item.event for item in items] == [waits, patrol, stays]
    assert items[0].due_at == city.now + timedelta(seconds=120)
    assert (items[2].decided_by, items[2].open_statements) == ((city.officer.id,), 1)
    assert [i.event for i in review.queue(city.session, limit=1, offset=1)] == [patrol]
    assert review.queue(city.session, area_id=city.zone.area_id + 1) == []
    one_area = review.queue(city.session, area_id=city.zone.area_id, states=[S.REVIEW_PENDING])
    assert [item.event for item in one_area] == [stays]


def test_queue_of_states_without_a_time_limit(city: City) -> None:
    """An end has no due time; it sorts last and breaks nothing."""
    ended = city.to_grace()
    city.watch(ended, "absent", 40)
    waits = city.to_confirm(plate="浙A88888", box=(0.1, 0.7, 0.2, 0.8))
    items = review.queue(city.session, states=[S.LEFT_IN_TIME, S.CONFIRM_PENDING])
    assert [(i.event, i.due_at is None) for i in items] == [(waits, False), (ended, True)]


def test_void_needs_an_officer(city: City) -> None:
    event = city.to_review()
    operator = city.person("op", Role.OPERATOR)
    with pytest.raises(FlowRefused) as refused:
        casework.void(city.session, event, operator, **city.order(reason="OTHER"))
    assert refused.value.code == "NOT_AN_OFFICER"
