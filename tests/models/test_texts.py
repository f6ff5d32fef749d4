"""Which texts go to whom, how many, when, in whose order (domain.md 6, L88, L89, W29, W32, W50)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import casework, duplicates, statements
from models.casework import VoidReason
from models.errors import BadInput, FlowRefused
from models.event import EventState
from models.flows import texts
from models.flows.hours import in_hours, next_hours
from models.notice import Notice, NoticeStatus
from models.people import DecisionKind
from models.place import CallAnswer, Responder
from models.policy import Policy
from models.review import DecisionInput, RejectReason
from models.zone import ZoneVersion
from notify.templates import own_templates
from pipeline import sender_rules
from tests import rows
from tests.models.city import City
from tests.models.street import Street
from tests.models.walks_texts import told_elsewhere

S = EventState


def notices(city: City, template: str) -> list[Notice]:
    return list(city.session.scalars(select(Notice).where(Notice.template == template)))


# W29: two texts for one stay


def test_w29_of_two_texts_only_the_first_counts(city: City) -> None:
    """The second event is void and joined to the first, without another text; the day's grace in
    its area is not used up by it."""
    event = city.to_grace()
    master = told_elsewhere(city, event)
    duplicates.join_texted(
        city.session, event, city.officer, master_no=f" {master.event_no} ", **city.order()
    )
    assert (event.state, event.outcome, event.master_id) == (S.VOIDED, "SECOND_TEXT", master.id)
    assert city.texts(event) == ["N1"]
    assert city.log(event)[-1].facts["master"] == master.event_no
    assert master.state == S.GRACE, "the first one goes on"
    city.advance(600)
    assert city.to_grace().state == S.GRACE


def test_w29_what_is_no_second_text_is_refused(city: City) -> None:
    event = city.to_grace()
    late = told_elsewhere(city, event, notified_at=city.now + timedelta(seconds=5))
    with pytest.raises(FlowRefused, match="was not told"):
        duplicates.join_texted(
            city.session, event, city.officer, master_no=late.event_no, **city.order()
        )
    with pytest.raises(BadInput) as refused:
        duplicates.join_texted(
            city.session, event, city.officer, master_no="HZ0000-9999", **city.order()
        )
    assert refused.value.field == "master_no"
    assert event.state == S.GRACE


# W32: a misread plate


def test_w32_the_wrong_recipient_gets_an_apology_without_details(city: City) -> None:
    event = city.to_grace()
    casework.void(city.session, event, city.officer, **city.order(reason=VoidReason.PLATE_MISREAD))
    assert city.texts(event) == ["N1", "N8"]
    (apology,) = notices(city, "N8")
    words = sender_rules.words(apology, event, city.policy, own_templates())
    assert "误发" in words.body
    assert "与您无关" in words.body
    for detail in ("浙", event.event_no, event.query_no, "延安路", "不予处罚"):
        assert detail not in words.body
    assert words.segments == 1


def test_w32_whoever_was_never_texted_gets_no_apology(city: City) -> None:
    event = city.to_confirm()
    casework.void(city.session, event, city.officer, **city.order(reason=VoidReason.PLATE_MISREAD))
    assert city.texts(event) == []


def test_w32_a_rejection_for_the_same_reason_apologises_too(city: City) -> None:
    event = city.to_review()
    misread = DecisionInput(DecisionKind.REJECT, reason_code=RejectReason.PLATE_MISREAD)
    city.decide(event, city.officer, misread)
    assert city.texts(event)[-1] == "N8"


def test_n1l_where_a_city_chooses_it_is_the_text_with_the_promise(session: Session) -> None:
    """Its receipt starts the clock; the owner's page opens with its number and code."""
    city = City(session, Policy(first_text="N1L"))
    event = city.to_pending()
    (long,) = notices(city, "N1L")
    words = sender_rules.words(long, event, city.policy, own_templates())
    assert event.query_code in words.body
    assert "第五十六条" in words.body
    assert words.segments == 2
    long.status, long.sending_at = NoticeStatus.SENDING, city.now
    casework.notice_delivered(session, long, at=city.now, reported_at=None, policy=city.policy)
    assert event.state == S.GRACE
    city.watch(event, "absent", 40)
    assert city.texts(event) == ["N1L", "N2"]


# N3b, N4, N5, N6: only to whom something was promised


def test_n3b_goes_to_those_who_had_the_promise_and_to_nobody_else(city: City) -> None:
    """Rejected after N1: told. Ended before any text: nothing."""
    event = city.to_review()
    city.decide(
        event, city.officer,
        DecisionInput(DecisionKind.REJECT, reason_code=RejectReason.NO_OBSTRUCTION),
    )  # fmt: skip
    assert city.texts(event) == ["N1", "N3", "N3b"]
    untold = city.to_patrol(plate="浙A99999", box=(0.1, 0.1, 0.2, 0.2))
    city.advance(city.policy.patrol_seconds + 1)
    city.sweep()
    assert untold.state == EventState.UNDETERMINED
    assert city.texts(untold) == ["N1"], "its N1 never arrived"


@pytest.mark.parametrize(("upheld", "last"), [(True, "N5"), (False, "N6")])
def test_a_statement_is_confirmed_and_its_answer_told(city: City, upheld: bool, last: str) -> None:
    """N4 when it comes, N5 or N6 when it is decided; each a minute after the one before (L88)."""
    event = city.to_review()
    city.advance(120)
    said = statements.receive(
        city.session, event, "我在卸货", at=city.now, policy=city.policy, channel="web"
    )
    city.advance(3_600)
    statements.answer(
        city.session, said, city.officer, upheld=upheld, text="核实",
        **city.order(),
    )  # fmt: skip
    assert city.texts(event)[-2:] == ["N4", last]


# S1: to people on duty


def test_s1_each_responder_who_is_called_is_texted_once(session: Session) -> None:
    """At once and at any hour; counts only, never who (L73); no text where no phone is known."""
    square = Street(session, "crowd")
    square.responders("police_station", "cadre", "volunteer")
    for number, one in enumerate(session.scalars(select(Responder)).all()):
        one.phone = None if one.kind == "volunteer" else f"+861380013800{number}"
    event = square.gathering()
    (first,) = notices(square, "S1")
    call = square.calls(event)[0]
    assert (first.event_id, first.next_attempt_at) == (event.id, call.called_at)
    assert first.addressee == f"call:{call.id}"
    words = sender_rules.words(first, event, square.policy, own_templates()).body
    assert "超过60人" in words
    assert "请2分钟内响应" in words
    assert event.event_no in words
    assert sender_rules.why_not(session, first, event, Policy(), square.now) == ""
    square.counts(80, 120)
    assert [n.addressee for n in notices(square, "S1")] == [
        f"call:{c.id}" for c in square.calls(event)[:2]
    ]
    assert square.calls(event)[0].answer == CallAnswer.NO_ANSWER
    assert sender_rules.why_not(session, first, event, Policy(), square.now) in (
        "the call is over", "too late",
    )  # fmt: skip
    square.answer(event, square.calls(event)[1], accepted=False)
    assert square.calls(event)[2].responder.kind == "volunteer"
    assert len(notices(square, "S1")) == 2


# L88: how many, how close


def test_l88_six_texts_a_plate_and_day_then_no_more(city: City) -> None:
    """Whoever has had enough texts is not texted; a patrol goes instead, and the page tells."""
    event = city.to_grace()
    first = city.notice(event)
    assert first is not None
    for number in range(4):
        city.session.add(
            Notice(
                event_id=event.id, template="N3", addressee=f"n{number}", phone=first.phone,
                next_attempt_at=city.now, created_at=city.now,
            )
        )  # fmt: skip
    city.session.flush()
    city.advance(61)
    assert statements.receive(
        city.session, event, "申辩", at=city.now, policy=city.policy, channel="web"
    )
    assert texts.texts_today(city.session, event, city.now) == 6
    city.watch(event, "absent", 40)
    assert event.state == S.LEFT_IN_TIME
    assert "N2" not in city.texts(event), "the seventh"
    another = city.prepare(city.to_confirmed())
    assert (another.state, city.log(another)[-1].reason) == (S.PATROL_ASSIGNED, "SMS_LIMIT")
    city.advance(86_400)
    assert texts.texts_today(city.session, event, city.now) == 0


def test_l88_a_minute_between_two_texts_to_one_plate(city: City) -> None:
    """Counted from when the one before went out, or is to go out."""
    event = city.to_grace()
    sent = city.notice(event)
    assert sent is not None
    assert sent.sending_at is not None
    city.watch(event, "absent", 40)
    (thanks,) = notices(city, "N2")
    assert thanks.next_attempt_at == sent.sending_at + timedelta(seconds=60)


# L89: at which hours


@pytest.mark.parametrize(
    ("hours", "at", "inside", "opens"),
    [
        (("07:00", "22:00"), "12:00", True, "12:00"),
        (("07:00", "22:00"), "06:59", False, "07:00"),
        (("07:00", "22:00"), "22:00", False, "07:00+1"),
        (("20:00", "06:00"), "23:00", True, "23:00"),
        (("20:00", "06:00"), "06:00", False, "20:00"),
        (("20:00", "06:00"), "05:59", True, "05:59"),
    ],
)
def test_l89_hours_of_a_zone(hours: tuple[str, str], at: str, inside: bool, opens: str) -> None:
    """Local time; from the first minute until before the last; also over midnight."""
    version = ZoneVersion(sms_from=hours[0], sms_until=hours[1])
    now = datetime.fromisoformat(f"2026-11-23T{at}:00+08:00").astimezone(UTC)
    assert in_hours(version, now) is inside
    clock, _, later = opens.partition("+")
    wanted = datetime.fromisoformat(f"2026-11-23T{clock}:00+08:00")
    assert next_hours(version, now) == wanted + timedelta(days=int(later or 0))


def test_l89_a_later_text_waits_for_the_morning(city: City) -> None:
    """A statement at night is confirmed when the zone's hours begin."""
    event = city.to_review()
    city.now = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # 23:00 in Hangzhou
    statements.receive(city.session, event, "申辩", at=city.now, policy=city.policy, channel="web")
    (receipt,) = notices(city, "N4")
    assert receipt.next_attempt_at == datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
    assert receipt.valid_until is not None
    assert receipt.valid_until > receipt.next_attempt_at


def test_l89_a_text_whose_turn_is_after_hours_is_not_promised(city: City) -> None:
    """21:59:30 is in hours, but the minute between two texts ends after them (L88)."""
    event = city.to_confirmed()
    city.now = datetime(2026, 11, 23, 13, 59, 30, tzinfo=UTC)
    event.confirmed_at = city.now
    other = rows.event(city.session, city.version, state=S.REJECTED, plate=event.plate)
    city.session.add(
        Notice(
            event_id=other.id, template="N3", phone="+8613800138000", sending_at=city.now,
            status=NoticeStatus.SENT, next_attempt_at=city.now, created_at=city.now,
        )
    )  # fmt: skip
    city.prepare(event)
    assert (event.state, city.log(event)[-1].reason) == (S.PATROL_ASSIGNED, "QUIET_HOURS")


# W50: two hundred cars at once


def test_w50_a_minute_has_no_more_texts_than_its_number(city: City) -> None:
    policy = Policy(sms_per_minute=3)
    event = city.to_grace()
    assert sender_rules.room(city.session, policy, city.now) == 2
    first = city.notice(event)
    assert first is not None
    assert first.sending_at is not None
    after = first.sending_at + timedelta(seconds=60)
    assert sender_rules.room(city.session, policy, after) == 3
    assert sender_rules.room(city.session, Policy(sms_per_minute=1), city.now) == 0


def test_w50_duty_first_then_what_obstructs_most_then_the_oldest(city: City) -> None:
    numbers: dict[str, int] = {}
    blind = rows.zone(city.session, rows.camera(city.session), surface="blind_track")
    for age, (name, version, kind, template) in enumerate(
        [
            ("car", city.version, "car", "N1"),
            ("younger car", city.version, "car", "N1"),
            ("bus", city.version, "bus", "N1"),
            ("blind track", blind, "car", "N1b"),
            ("duty", None, "", "T1"),
        ]
    ):
        event = version and rows.event(city.session, version, object_kind=kind, plate=None)
        notice = Notice(
            event_id=event.id if event else None, template=template, phone="+8613800138000",
            next_attempt_at=city.now + timedelta(seconds=age), created_at=city.now,
            addressee=name,
        )  # fmt: skip
        city.session.add(notice)
        city.session.flush()
        numbers[name] = notice.id
    at = city.now + timedelta(seconds=10)
    order = ["duty", "blind track", "bus", "car", "younger car"]
    assert list(sender_rules.whose_turn(city.session, at, 10)) == [numbers[n] for n in order]
    assert len(sender_rules.whose_turn(city.session, at, 2)) == 2
    assert list(sender_rules.whose_turn(city.session, city.now, 10)) == [numbers["car"]]


def test_w50_a_text_that_has_to_wait_its_turn_is_given_the_time(city: City) -> None:
    """Its validity and the patrol's deadline count the queue before it."""
    city.policy = Policy(sms_per_minute=2)
    other = rows.event(city.session, city.version, state=S.REJECTED, plate="浙A00001")
    for number in range(3):
        city.session.add(
            Notice(
                event_id=other.id, template="N3", addressee=f"n{number}",
                phone="+8613800138000", next_attempt_at=city.now, created_at=city.now,
            )
        )  # fmt: skip
    city.session.flush()
    event = city.to_pending()
    notice, due = city.notice(event), city.deadline(event, "sms_submit")
    assert notice is not None
    assert due is not None
    assert notice.valid_until == notice.next_attempt_at + timedelta(seconds=60 + 30)
    assert due.due_at == notice.valid_until
