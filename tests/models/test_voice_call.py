"""A13, W16: an owner whom no text reached is called once, if the city wants; no clock starts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from models import casework, delivery, promises, replies
from models.errors import BadInput
from models.event import Event, EventState
from models.flows.voice import CALL_LASTS
from models.notice import OPTED_OUT, Notice, NoticeStatus
from models.policy import Policy, load_policy, save_policy
from models.replies import Inbound
from models.secret import keyed_hash
from models.zone import Surface
from notify.templates import own_templates
from pipeline import sender_rules
from tests import rows
from tests.models.city import CONTACT, City

S = EventState
CALLS = Policy(voice_call=True)
MakeCity = Callable[..., City]


@pytest.fixture
def city(make_city: MakeCity) -> City:
    """A city that calls."""
    return make_city(CALLS)


def call_of(city: City, event: Event) -> Notice:
    call = city.notice(event, "VC")
    assert call is not None
    return call


def underway(city: City, event: Event, status: NoticeStatus = NoticeStatus.ACCEPTED) -> Notice:
    """The sender has handed the call over just now."""
    call = call_of(city, event)
    call.status, call.sending_at = status, city.now
    return call


def picked_up(city: City, call: Notice) -> None:
    casework.notice_delivered(city.session, call, at=city.now, reported_at=None, policy=city.policy)


def said(city: City, event: Event) -> object:
    """What A13 wrote down about the call."""
    return next(row.facts for row in city.log(event) if row.transition == "A13").get("voice_call")


def answers(city: City, words: str) -> None:
    inbound = Inbound("twilio", f"SM-{words}", CONTACT.phone, words)
    replies.receive(city.session, inbound, policy=city.policy, at=city.now)


def test_a13_nobody_is_called_unless_the_city_wants_it(make_city: MakeCity) -> None:
    city = make_city()
    event = city.to_patrol()
    assert city.texts(event) == ["N1"]
    assert said(city, event) is None


def test_a13_voice_call_is_yes_or_no(session: Session) -> None:
    assert save_policy(session, {"voice_call": True}, at=rows.NOON, actor="t").voice_call is True
    assert load_policy(session).voice_call is True
    for wrong in (1, "yes", None):
        with pytest.raises(BadInput) as refused:
            save_policy(session, {"voice_call": wrong}, at=rows.NOON, actor="t")
        assert refused.value.field == "voice_call"


def test_w16_the_call_lies_in_the_outbox_and_the_patrol_goes(city: City) -> None:
    """In the same step; the same phone; no clock; the words of N1 without the page's code."""
    event = city.to_patrol()
    assert (event.state, event.grace_deadline_at) == (S.PATROL_ASSIGNED, None)
    assert city.deadline(event, "patrol") is not None
    assert city.deadline(event, "grace") is None
    assert (city.texts(event), said(city, event)) == (["N1", "VC"], "QUEUED")
    call, first = call_of(city, event), city.notice(event)
    assert first is not None
    assert (call.phone, call.language, call.status) == (first.phone, first.language, "queued")
    assert first.sending_at is not None
    assert call.next_attempt_at == first.sending_at + timedelta(seconds=60), "L88"
    assert call.valid_until == call.next_attempt_at + timedelta(seconds=30)
    assert "code" not in {name for name, value in call.variables.items() if value}
    message = sender_rules.words(call, event, city.policy, own_templates())
    assert "7分钟" in message.body
    assert event.query_code not in message.body


def test_a13_no_receipt_in_two_minutes(city: City) -> None:
    event = city.to_pending()
    city.accept(event)
    city.watch(event, "present", 125)
    assert city.log(event)[-1].reason == "NO_RECEIPT"
    assert city.texts(event) == ["N1", "VC"]


def test_a13_a_second_failure_calls_nobody_again(city: City) -> None:
    event = city.to_patrol()
    city.advance(1)
    city.fail(event)
    assert city.texts(event) == ["N1", "VC"]
    city.check(event)


@pytest.mark.parametrize("status", list(NoticeStatus))
def test_a13_the_call_starts_no_clock_whatever_becomes_of_it(
    city: City, status: NoticeStatus
) -> None:
    event = city.to_patrol()
    call = underway(city, event)
    city.advance(20)
    if status is NoticeStatus.DELIVERED:
        picked_up(city, call)
    elif status in (NoticeStatus.ACCEPTED, NoticeStatus.SENT):
        casework.notice_accepted(city.session, call, policy=city.policy, at=city.now)
    else:
        casework.notice_failed(
            city.session, call, reason=f"NOTICE_{status.name}", policy=city.policy, at=city.now
        )
    city.watch(event, "present", 600)
    assert event.state == S.PATROL_ASSIGNED
    assert (event.notified_at, event.grace_deadline_at) == (None, None)
    assert city.deadline(event, "grace") is None
    assert city.codes(event)[-1] == "A13"


def not_live(city: City, event: Event) -> None:
    city.edit_zone(phase="warning")


def disowned(city: City, event: Event) -> None:
    answers(city, "不是我的车")


def emergency(city: City, event: Event) -> None:
    answers(city, "故障了")


def left_alone(city: City, event: Event) -> None:
    answers(city, "别打电话")


def refused(city: City, event: Event) -> None:
    first = city.notice(event)
    assert first is not None
    first.status, first.error = NoticeStatus.FAILED, f"{OPTED_OUT} (21610)"


def called_for_another_car(city: City, event: Event) -> None:
    other = rows.event(city.session, city.version, event_no="HZ1123-0099")
    city.session.add(
        Notice(
            event_id=other.id, template="VC", phone=CONTACT.phone,
            phone_hash=keyed_hash(CONTACT.phone), status=NoticeStatus.DELIVERED,
            next_attempt_at=city.now, created_at=city.now, sending_at=city.now,
        )
    )  # fmt: skip


def enough_today(city: City, event: Event) -> None:
    city.policy = Policy(voice_call=True, sms_per_plate_per_day=1)


def off_again(city: City, event: Event) -> None:
    city.policy = Policy()


AGAINST = [
    (not_live, "ON_TRIAL"), (disowned, "CONTACT_STALE"), (emergency, "REPLY_OPEN"),
    (left_alone, "OPTED_OUT"), (refused, "OPTED_OUT"),
    (called_for_another_car, "CALLED_LATELY"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code"), [*AGAINST, (enough_today, "SMS_LIMIT")])
def test_a13_what_speaks_against_a_call_stands_with_the_step(
    city: City, change: Callable[[City, Event], None], code: str
) -> None:
    event = city.to_pending()
    city.accept(event)
    change(city, event)
    city.fail(event)
    assert (event.state, said(city, event)) == (S.PATROL_ASSIGNED, code)
    assert city.notice(event, "VC") is None


@pytest.mark.parametrize(("change", "code"), [*AGAINST, (off_again, "VOICE_OFF")])
def test_a13_what_speaks_against_a_queued_call_keeps_it_in_the_house(
    city: City, change: Callable[[City, Event], None], code: str
) -> None:
    event = city.to_patrol()
    call = call_of(city, event)
    assert sender_rules.why_not(city.session, call, event, city.policy, city.now) == ""
    change(city, event)
    city.session.flush()
    told = sender_rules.why_not(city.session, call, event, city.policy, city.now)
    assert told == f"no call: {code}" or (code == "CONTACT_STALE" and "not theirs" in told)


@pytest.mark.parametrize("seconds", [90, 0])
def test_l89_a13_no_call_in_quiet_hours(make_city: MakeCity, seconds: float) -> None:
    """NOON is 12:00 there. Not now, and not when its turn would come, a minute after the text; nor
    does a call wait for the morning."""
    city = make_city(CALLS, sms_from="08:00", sms_until="12:01")
    event = city.to_pending()
    city.accept(event)
    city.advance(seconds)
    city.fail(event)
    assert (event.state, said(city, event)) == (S.PATROL_ASSIGNED, "QUIET_HOURS")
    assert city.notice(event, "VC") is None


def test_l89_a13_a_call_that_waited_into_quiet_hours_stays_in_the_house(
    make_city: MakeCity,
) -> None:
    city = make_city(CALLS, sms_from="08:00", sms_until="12:05")
    event = city.to_patrol()
    call = call_of(city, event)
    call.valid_until = None
    told = [
        sender_rules.why_not(
            city.session, call, event, city.policy, rows.NOON + timedelta(minutes=minutes)
        )
        for minutes in (4, 5)
    ]
    assert told == ["", "no call: QUIET_HOURS"]


@pytest.mark.parametrize("phase", ["warning", "shadow"])
def test_a13_zones_on_trial_never_call(make_city: MakeCity, phase: str) -> None:
    city = make_city(CALLS, phase=phase)
    event = city.to_confirmed()
    if event.state == S.CONFIRMED:
        city.prepare(event)
        city.accept(event)
        city.fail(event)
        assert said(city, event) == "ON_TRIAL"
    assert city.notice(event, "VC") is None


def test_a13_on_a_blind_track_nothing_is_promised_by_telephone_either(
    make_city: MakeCity,
) -> None:
    city = make_city(CALLS, surface=Surface.BLIND_TRACK)
    event = city.to_pending()
    assert event.state == S.PATROL_ASSIGNED
    assert city.texts(event) == ["N1b"]


def test_a13_an_opt_out_is_not_texted_a_second_time_either(city: City) -> None:
    event = city.to_pending()
    city.accept(event)
    first = city.notice(event)
    assert first is not None
    first.provider_id, first.error = "SM1", f"{OPTED_OUT} (21610)"
    assert not tried_again(city, first)
    first.error = ""
    assert tried_again(city, first)


def tried_again(city: City, first: Notice) -> bool:
    return promises.try_once_more(city.session, first, policy=city.policy, at=city.now)


def test_a13_whoever_is_texted_again_after_opting_out_may_be_called(city: City) -> None:
    """A text arrived since: the phone is with us again (START)."""
    event = city.to_pending()
    refused(city, event)
    later = rows.event(city.session, city.version, event_no="HZ1123-0098")
    city.session.add(
        Notice(
            event_id=later.id, template="N1", phone=CONTACT.phone,
            phone_hash=keyed_hash(CONTACT.phone), status=NoticeStatus.DELIVERED,
            next_attempt_at=city.now, created_at=city.now,
        )
    )  # fmt: skip
    city.fail(event)
    assert said(city, event) == "QUEUED"


# What was said holds


def test_w17_a_late_receipt_during_the_call_counts_from_the_last_word(city: City) -> None:
    """Whoever hears the call is promised seven minutes from then: no deadline before that."""
    event = city.to_patrol()
    underway(city, event)
    began = city.now
    city.watch(event, "present", 20)
    city.deliver(event)
    assert event.state == S.GRACE
    assert event.grace_deadline_at == began + CALL_LASTS + timedelta(seconds=420)


def test_w17_a_call_that_ends_late_moves_the_deadline_and_no_other_one_does(city: City) -> None:
    event = city.to_patrol()
    call = underway(city, event)
    city.watch(event, "present", 20)
    city.deliver(event)
    promised = event.grace_deadline_at
    city.watch(event, "present", 240)
    picked_up(city, call)
    assert event.state == S.GRACE
    assert event.grace_deadline_at == city.now + timedelta(seconds=420)
    assert promised is not None
    assert city.now + timedelta(seconds=420) > promised
    row = city.deadline(event, "grace")
    assert row is not None
    assert row.due_at == event.grace_deadline_at


def test_a26_a_paper_during_the_call_counts_from_the_last_word(city: City) -> None:
    event = city.to_patrol()
    underway(city, event, NoticeStatus.SENDING)
    began = city.now
    city.advance(10)
    photo = city.picture(event, "PAPER")
    casework.paper_notice(city.session, event, city.officer, photo, **city.order())
    assert event.state == S.GRACE
    assert event.grace_deadline_at == began + CALL_LASTS + timedelta(seconds=420)


def test_a26_a_call_that_nobody_took_changes_nothing(city: City) -> None:
    event = city.to_patrol()
    underway(city, event, NoticeStatus.UNDELIVERED)
    city.advance(10)
    photo = city.picture(event, "PAPER")
    casework.paper_notice(city.session, event, city.officer, photo, **city.order())
    assert event.grace_deadline_at == city.now + timedelta(seconds=420)


def test_a13_a_queued_call_does_not_go_once_the_minutes_run(city: City) -> None:
    event = city.to_patrol()
    call = call_of(city, event)
    city.watch(event, "present", 20)
    city.deliver(event)
    told = sender_rules.why_not(city.session, call, event, city.policy, city.now)
    assert told == "the event does not wait for it any more"


def test_w17_a_text_that_arrived_after_all_makes_the_call_needless(city: City) -> None:
    """The car is not clearly there, so no clock starts; but its owner has the text."""
    event = city.to_patrol()
    city.deliver(event)
    assert event.state == S.PATROL_ASSIGNED
    told = sender_rules.why_not(city.session, call_of(city, event), event, city.policy, city.now)
    assert told == "no call: TEXT_ARRIVED"


def test_a13_whoever_has_left_is_not_called(city: City) -> None:
    event = city.to_patrol()
    city.watch(event, "absent", 60, plate=None)
    assert event.state == S.UNDETERMINED
    assert call_of(city, event).status == NoticeStatus.CANCELLED


def test_w32_a_wrong_person_who_was_called_is_asked_for_pardon(city: City) -> None:
    """As for a text that arrived; where nobody picked up nothing was said."""
    quiet = city.to_patrol()
    casework.void(city.session, quiet, city.officer, **city.order(reason="PLATE_MISREAD"))
    assert "N8" not in city.texts(quiet)
    city.advance(900)
    event = city.to_patrol(plate="浙A54321")
    picked_up(city, underway(city, event))
    casework.void(city.session, event, city.officer, **city.order(reason="PLATE_MISREAD"))
    assert city.texts(event) == ["N1", "VC", "N8"]


def test_w48_calls_say_nothing_about_texts(city: City) -> None:
    event = city.to_patrol()
    before = delivery.share(city.session, policy=city.policy, at=city.now)
    call = underway(city, event)
    call.accepted_at = city.now
    call.status = NoticeStatus.UNDELIVERED
    city.session.flush()
    assert delivery.share(city.session, policy=city.policy, at=city.now) == before
