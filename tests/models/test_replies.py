"""Replies by text: what they mean, whose they are, and what they hold up (W20, W49)."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import casework, replies, review
from models.contacts import frozen_by, is_stale
from models.errors import BadInput, Conflict, FlowRefused, NotAllowed
from models.event import Event, EventState
from models.notice import Notice, NoticeStatus, Reply
from models.people import Role, Statement
from models.replies import Inbound, Meaning, understand
from models.store import Store
from tests.models.city import CONTACT, City

M = Meaning


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        # 已驶离/马上/好的 -> note
        ("已驶离", [M.NOTE]),
        ("马上", [M.NOTE]),
        ("好的", [M.NOTE]),
        ("On my way", [M.NOTE]),
        ("I have left", [M.NOTE]),
        ("", [M.NOTE]),
        ("👍", [M.NOTE]),
        # 不是我/卖了/车被偷 -> freeze
        ("不是我的车", [M.NOT_MINE]),
        ("不 是 我 的 车！", [M.NOT_MINE]),
        ("这车我早就卖了", [M.NOT_MINE]),
        ("车被偷了", [M.NOT_MINE]),
        ("你们发错人了", [M.NOT_MINE]),
        ("Not my car", [M.NOT_MINE]),
        ("ＮＯＴ ＭＹ ＣＡＲ", [M.NOT_MINE]),
        ("It isn’t mine", [M.NOT_MINE]),
        ("I sold it last year", [M.NOT_MINE]),
        ("stolen", [M.NOT_MINE]),
        ("wrong number", [M.NOT_MINE]),
        # 退订/别打电话 -> never called (A13)
        ("退订", [M.NO_CALLS]),
        ("请别再打电话", [M.NO_CALLS]),
        ("STOP", [M.NO_CALLS]),
        ("Don’t call me", [M.NO_CALLS]),
        ("不是我的车，不要再打了", [M.NOT_MINE, M.NO_CALLS]),
        # 申辩/申诉 -> statement
        ("我要申辩", [M.STATEMENT]),
        ("申诉：这里没有标志", [M.STATEMENT]),
        ("I object, objection!", [M.STATEMENT]),
        ("I want to appeal", [M.STATEMENT]),
        # 故障/急救/医院 -> officer at once
        ("车辆故障，等拖车", [M.EMERGENCY]),
        ("送人去医院", [M.EMERGENCY]),
        ("急救", [M.EMERGENCY]),
        ("It broke down", [M.EMERGENCY]),
        ("medical emergency", [M.EMERGENCY]),
        # several at once: each is in the owner's favour
        ("不是我的车，我要申诉", [M.NOT_MINE, M.STATEMENT]),
        ("去医院急救，请允许申辩", [M.EMERGENCY, M.STATEMENT]),
    ],
)
def test_w20_what_words_mean(words: str, meaning: list[Meaning]) -> None:
    assert understand(words) == meaning


def texted(city: City, event: Event) -> Event:
    """The sender notes when it handed the text over, and to whom."""
    notice = city.notice(event)
    assert notice is not None
    assert notice.sending_at is not None
    return event


def answer(city: City, words: str, number: str = "R1", phone: str = CONTACT.phone) -> Reply:
    return replies.receive(
        city.session, Inbound("twilio", number, phone, words), policy=city.policy, at=city.now
    )


def test_w20_a_note_is_kept_and_holds_nothing_up(city: City) -> None:
    event = texted(city, city.to_grace())
    row = answer(city, "马上")
    assert (row.event_id, row.text, row.meanings) == (event.id, "马上", ["NOTE"])
    assert event.flags == ["reply"]
    assert frozen_by(city.session, event) == []


def test_w20_not_my_car_freezes_the_escalation_until_an_officer_answers(city: City) -> None:
    """Refused for the officer who signs, by name; free again after the answer."""
    event = city.to_review()
    row = answer(city, "不是我的车")
    assert {"reply", "not_mine"} <= set(event.flags)
    against = review.escalation_refusals(
        city.session, event, city.officer, policy=city.policy, at=city.now
    )
    assert [refusal.code for refusal in against] == ["REPLY_OPEN"]
    with pytest.raises(FlowRefused, match="until an officer answers"):
        city.decide(event, city.officer)
    replies.answer(
        city.session, row, city.officer, contact_is_right=True, note="register is right",
        at=city.now,
    )  # fmt: skip
    city.decide(event, city.officer)
    city.decide(event, city.second)
    assert event.state == EventState.ESCALATED


def test_w20_a_signature_given_before_does_not_carry_a_frozen_event(city: City) -> None:
    event = city.to_review()
    city.decide(event, city.officer)
    answer(city, "车被偷了")
    with pytest.raises(FlowRefused):
        city.decide(event, city.second)
    assert event.state == EventState.REVIEW_PENDING


def test_w20_a_hospital_goes_to_an_officer_and_is_no_stale_contact(city: City) -> None:
    event = city.to_review()
    answer(city, "送病人去医院")
    assert "emergency_reply" in event.flags
    assert len(frozen_by(city.session, event)) == 1
    assert not is_stale(city.session, CONTACT.phone)


def test_w20_a_statement_by_text_is_a_statement(city: City) -> None:
    """It blocks the escalation as any other, and N4 says that it has arrived."""
    event = city.to_grace()
    city.advance(61)
    answer(city, "申辩：我在卸货")
    (statement,) = city.session.scalars(select(Statement)).all()
    assert (statement.event_id, statement.channel, statement.text) == (
        event.id, "sms", "申辩：我在卸货",
    )  # fmt: skip
    assert city.texts(event) == ["N1", "N4"]


def test_w49_a_phone_that_changed_hands_is_not_texted_again(city: City) -> None:
    """Nothing that is queued for it, nothing later about this car, nothing about another."""
    event = city.to_grace()
    answer(city, "不是我的车，发错了")
    assert is_stale(city.session, CONTACT.phone)
    city.watch(event, "absent", 40)
    assert event.state == EventState.LEFT_IN_TIME
    assert city.texts(event) == ["N1"], "no thanks to a stranger"
    other = city.prepare(city.to_confirmed(plate="浙A99999", box=(0.1, 0.1, 0.2, 0.2)))
    assert other.state == EventState.PATROL_ASSIGNED
    assert other.outcome is None
    assert city.log(other)[-1].reason == "CONTACT_STALE"
    assert city.texts(other) == []


def test_w49_an_officer_who_finds_the_contact_right_frees_it(city: City) -> None:
    city.to_grace()
    row = answer(city, "不是我的车")
    replies.answer(
        city.session, row, city.officer, contact_is_right=False, note="sold", at=city.now
    )
    assert is_stale(city.session, CONTACT.phone), "answered, but still not the owner's"
    again = answer(city, "不是我", "R2")
    assert is_stale(city.session, CONTACT.phone)
    replies.answer(
        city.session, again, city.officer, contact_is_right=True, note="it is", at=city.now
    )
    assert not is_stale(city.session, CONTACT.phone), "what was found last counts"


def test_a_reply_brought_twice_is_one(city: City) -> None:
    event = city.to_grace()
    first = answer(city, "申辩")
    assert answer(city, "申辩").id == first.id
    assert len(replies.replies_of(city.session, event)) == 1
    assert len(city.session.scalars(select(Statement)).all()) == 1


def test_it_belongs_to_the_newest_open_event_of_that_phone(city: City) -> None:
    city.to_grace()
    city.advance(120)
    newer = city.to_grace(plate="浙A99999", box=(0.1, 0.1, 0.2, 0.2))
    assert answer(city, "马上").event_id == newer.id
    assert answer(city, "马上", "R2", "+8613900139000").event_id is None


def test_a_text_that_was_never_sent_has_no_reply(city: City) -> None:
    event = city.to_pending()
    assert answer(city, "好的").event_id is None
    city.accept(event)
    assert answer(city, "好的", "R2").event_id == event.id


def test_w22_after_the_escalation_it_is_still_heard(city: City) -> None:
    event = city.to_escalated()
    assert answer(city, "我要申诉").event_id == event.id
    (statement,) = city.session.scalars(select(Statement)).all()
    assert statement.event_id == event.id


def test_odd_bytes_lose_nothing(city: City) -> None:
    """NUL and half surrogates, which no database takes, and far too long a text."""
    city.to_grace()
    row = answer(city, "好\x00的\ud800" + "长" * 5000)
    assert row.text is not None
    assert row.text.startswith("好的")
    assert len(row.text) == replies.MAX_LENGTH


def test_only_an_active_officer_answers_and_only_once(city: City) -> None:
    city.to_grace()
    row = answer(city, "不是我的车")
    operator = city.person("op", Role.OPERATOR)
    order = {"contact_is_right": False, "note": "x", "at": city.now}
    with pytest.raises(NotAllowed):
        replies.answer(city.session, row, operator, **order)
    with pytest.raises(BadInput) as caught:
        replies.answer(city.session, row, city.officer, **(order | {"note": " "}))
    assert caught.value.field == "note"
    replies.answer(city.session, row, city.officer, **order)
    with pytest.raises(Conflict):
        replies.answer(city.session, row, city.officer, **order)


def test_l68_the_phone_is_ciphertext_and_the_record_stays(city: City) -> None:
    """L68, L13: encrypted at rest; neither changed nor deleted, only emptied (3.6)."""
    city.to_grace()
    row = answer(city, "不是我的车")
    session: Session = city.session
    raw = session.execute(text("SELECT phone, text, phone_hash FROM reply")).one()
    assert "138" not in raw.phone
    assert "不是我" not in raw.text
    assert len(raw.phone_hash) == 64
    assert "138" not in raw.phone_hash
    for change in ("UPDATE reply SET freezes = false", "DELETE FROM reply"):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(text(change))
    session.execute(text("UPDATE reply SET phone = NULL, text = NULL"))
    session.expire(row)
    assert row.phone is None
    assert is_stale(session, CONTACT.phone), "what it said is not forgotten with its words"


def test_a_queued_text_to_a_stale_phone_is_a_patrol(city: City) -> None:
    """A10 is guarded by the contact as it was a moment ago; the sender asks again (W49)."""
    from pipeline import sender_rules

    event = city.to_pending()
    notice = city.notice(event)
    assert notice is not None
    assert sender_rules.why_not(city.session, notice, event, city.policy, city.now) == ""
    answer(city, "不是我的车")
    assert "not theirs" in sender_rules.why_not(city.session, notice, event, city.policy, city.now)
    notice.status = NoticeStatus.CANCELLED
    casework.notice_failed(
        city.session, notice, reason="NOTICE_CANCELLED", policy=city.policy, at=city.now
    )
    assert event.state == EventState.PATROL_ASSIGNED


def test_an_upgraded_database_keeps_its_texts_and_receipts(tmp_path: object) -> None:
    """Revision 0005 makes the table of texts anew: what was in it is in it."""
    from tests.models.upgrades import before_replies

    store: Store = before_replies(f"sqlite:///{tmp_path}/old.db")
    store.migrate()
    with store.read() as session:
        columns = (Notice.id, Notice.template, Notice.addressee, Notice.phone_hash)
        assert session.execute(select(*columns)).all() == [(7, "N1", "", "")]
        rows = session.execute(text("SELECT notice_id, provider_status FROM delivery_receipt"))
        assert [tuple(row) for row in rows] == [(7, "delivered")]
        assert session.execute(text("PRAGMA foreign_key_check(delivery_receipt)")).all() == []
    with pytest.raises(IntegrityError), store.begin() as session:
        session.execute(text("DELETE FROM delivery_receipt"))
    store.dispose()
