"""回避 and the lease of a review: L09, W42, W43, W44."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import casework, leases, owner_requests, recusal, replies, review, statements
from models.errors import BadInput, Conflict, FlowRefused, NotAllowed, QifenError, StaleVersion
from models.event import Event, EventState
from models.notice import Reply
from models.people import Decision, DecisionKind, Role, User
from models.recusal import RequestAnswer
from models.replies import Inbound
from models.review import DecisionInput, RejectReason
from tests.models.city import CONTACT, City
from tests.models.street import Street

S = EventState
REJECT = DecisionInput(DecisionKind.REJECT, reason_code=RejectReason.MINOR)
Act = Callable[[City, Event], object]


def _declare(city: City, event: Event, user: User, code: str = "OWN_VEHICLE") -> None:
    recusal.declare(city.session, event, user, reason_code=code, at=city.now)


def _lease(city: City, event: Event, user: User) -> leases.Lease:
    return leases.take(city.session, event, user, policy=city.policy, at=city.now)


def _reply(city: City, event: Event) -> Reply:
    """The owner's word by text, which freezes the escalation (W20)."""
    said = Inbound("twilio", "R1", CONTACT.phone, "不是我的车")
    row = replies.receive(city.session, said, policy=city.policy, at=city.now)
    assert row.event_id == event.id
    return row


ACTS: dict[str, tuple[str, Act]] = {
    "sign": ("to_review", lambda c, e: c.decide(e, c.officer)),
    "reject": ("to_review", lambda c, e: c.decide(e, c.officer, REJECT)),
    "void": (
        "to_review",
        lambda c, e: casework.void(c.session, e, c.officer, **c.order(reason="OTHER")),
    ),
    "void a case": (
        "to_escalated",
        lambda c, e: casework.void(c.session, e, c.officer, **c.order(reason="OTHER")),
    ),
    "transfer": (
        "to_grace",
        lambda c, e: casework.transfer(c.session, e, c.officer, **c.order(reason="X")),
    ),
    "confirm": (
        "to_confirm",
        lambda c, e: casework.confirm_by_officer(
            c.session, e, c.officer, plate=None, contact=CONTACT, **c.order()
        ),
    ),
    "discard": (
        "to_confirm",
        lambda c, e: casework.discard_by_officer(c.session, e, c.officer, **c.order(reason="X")),
    ),
    "answer": (
        "to_review",
        lambda c, e: statements.answer(
            c.session,
            statements.receive(c.session, e, "申辩", at=c.now, policy=c.policy),
            c.officer,
            upheld=True,
            **c.order(text="属实"),
        ),
    ),
    "answer a reply": (
        "to_review",
        lambda c, e: replies.answer(
            c.session, _reply(c, e), c.officer, contact_is_right=True, note="已核实", at=c.now
        ),
    ),
    "answer for the record": (
        "to_grace",
        lambda c, e: owner_requests.close_request(
            c.session,
            owner_requests.receive_request(c.session, e, "access", at=c.now),
            c.officer,
            granted=True,
            text="已提供",
            at=c.now,
        ),
    ),
}


@pytest.mark.parametrize("name", ACTS)
def test_l09_a_recused_officer_has_no_hand_in_it(city: City, name: str) -> None:
    """Neither against the owner nor in the owner's favour: it may be his own car (W44)."""
    way, act = ACTS[name]
    event: Event = getattr(city, way)()
    _declare(city, event, city.officer)
    before = (event.state, event.version)
    with pytest.raises(QifenError) as refused:
        act(city, event)
    assert refused.value.code == "RECUSED"
    assert (event.state, event.version) == before


def test_w44_own_car_goes_to_other_officers(city: City) -> None:
    """The event stays in the queue; two others decide it."""
    event = city.to_review()
    _lease(city, event, city.officer)
    _declare(city, event, city.officer)
    assert "recusal" in event.flags
    assert leases.holder(city.session, event.id, at=city.now) is None, "back in the queue"
    third = city.person("sun", Role.OFFICER)
    city.decide(event, city.second)
    assert event.state == S.REVIEW_PENDING
    assert city.decide(event, third).state == S.ESCALATED


def test_l09_a_signature_given_before_no_longer_counts(city: City) -> None:
    """Declared after signing: the next signature is again the first of two."""
    event = city.to_review()
    city.decide(event, city.officer)
    _declare(city, event, city.officer, "RELATIVE")
    assert city.decide(event, city.second).state == S.REVIEW_PENDING
    assert review.queue(city.session)[0].decided_by == (city.second.id,)
    assert city.decide(event, city.person("sun", Role.OFFICER)).state == S.ESCALATED


def test_l09_the_database_holds_it_too(city: City) -> None:
    """No decision row of a recused officer, no escalation that counts one, no erasing."""
    event = city.to_review()
    city.decide(event, city.second)
    _declare(city, event, city.second)
    city.decide(event, city.officer)
    with pytest.raises(IntegrityError, match="two officers"), city.session.begin_nested():
        city.session.execute(
            update(Event).where(Event.id == event.id).values(state=S.ESCALATED.value)
        )
    third = city.person("sun", Role.OFFICER)
    _declare(city, event, third)
    with pytest.raises(IntegrityError, match="recused"), city.session.begin_nested():
        city.session.add(
            Decision(
                event_id=event.id, officer_id=third.id, kind="reject", licence_no="",
                decided_at=city.now,
            )
        )  # fmt: skip
        city.session.flush()
    with pytest.raises(IntegrityError, match="append-only"), city.session.begin_nested():
        city.session.execute(update(recusal.Recusal).values(officer_id=city.officer.id))


def test_l09_in_a_hanging_event_too(session: Session) -> None:
    """Formal orders and escalations of shops count only officers without a conflict."""
    street = Street(session)
    event = street.to_order_check()
    street.advance(60)
    street.on_site(event)
    street.escalate(event, street.officer)
    _declare(street, event, street.officer, "RELATIVE")
    street.escalate(event, street.second)
    assert event.state == "ORDER_CHECK"
    with pytest.raises(FlowRefused) as refused:
        street.escalate(event, street.officer)
    assert refused.value.code == "RECUSED"


def test_l09_the_party_asks(city: City) -> None:
    """While the request is open nobody escalates; granted, the named officer is out."""
    event = city.to_review()
    row = recusal.request(city.session, event, "王警官是邻居，请回避", at=city.now)
    with pytest.raises(FlowRefused) as refused:
        city.decide(event, city.second)
    assert refused.value.code == "RECUSAL_OPEN"
    recusal.answer_request(
        city.session, row, city.second, RequestAnswer("同意", ["wang"]), at=city.now
    )
    assert row.status == "granted"
    assert recusal.is_recused(city.session, event.id, city.officer.id)
    city.decide(event, city.second)
    with pytest.raises(Conflict) as again:
        recusal.answer_request(city.session, row, city.second, RequestAnswer("不同意"), at=city.now)
    assert again.value.code == "ALREADY_ANSWERED"


def test_l09_nobody_refuses_a_request_about_himself(city: City) -> None:
    event = city.to_review()
    city.decide(event, city.officer)
    row = recusal.request(city.session, event, "请回避", at=city.now)
    with pytest.raises(NotAllowed) as refused:
        recusal.answer_request(
            city.session, row, city.officer, RequestAnswer("无关系"), at=city.now
        )
    assert refused.value.code == "OWN_RECUSAL"
    recusal.answer_request(city.session, row, city.second, RequestAnswer("无关系"), at=city.now)
    assert row.status == "refused"
    assert city.decide(event, city.second).state == S.ESCALATED


@pytest.mark.parametrize(
    ("code", "reason", "field"),
    [("FRIEND", "", "reason_code"), ("OTHER", " ", "reason"), ("RELATIVE", "x" * 301, "reason")],
)
def test_l09_what_is_missing_is_named(city: City, code: str, reason: str, field: str) -> None:
    event = city.to_review()
    with pytest.raises(BadInput) as refused:
        recusal.declare(
            city.session, event, city.officer, reason_code=code, reason=reason, at=city.now
        )
    assert refused.value.field == field
    assert not recusal.is_recused(city.session, event.id, city.officer.id)


def test_l09_requests_have_words_and_an_end(city: City) -> None:
    event = city.to_grace()
    with pytest.raises(BadInput):
        recusal.request(city.session, event, "  ", at=city.now)
    for _ in range(recusal.MOST_OPEN_REQUESTS):
        recusal.request(city.session, event, "回避", at=city.now)
    with pytest.raises(Conflict):
        recusal.request(city.session, event, "回避", at=city.now)


def test_w42_a_lease_of_a_quarter_of_an_hour(city: City) -> None:
    """Opened and left half done: after 15 minutes it is anybody's again, with nothing to run."""
    event = city.to_review()
    row = _lease(city, event, city.officer)
    assert row.expires_at == city.now + timedelta(minutes=15)
    held = review.queue(city.session, at=city.now)[0].holder
    assert held is not None
    assert held.username == "wang"
    for act in (
        lambda: _lease(city, event, city.second),
        lambda: city.decide(event, city.second),
        lambda: city.decide(event, city.second, REJECT),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert (refused.value.code, refused.value.http_status) == ("LEASED", 409)
    city.advance(899)
    assert review.queue(city.session, at=city.now)[0].holder == held
    city.advance(1)
    assert review.queue(city.session, at=city.now)[0].holder is None
    assert _lease(city, event, city.second).user_id == city.second.id


def test_w42_renewed_while_working(city: City) -> None:
    event = city.to_review()
    first = _lease(city, event, city.officer).taken_at
    city.advance(800)
    row = _lease(city, event, city.officer)
    assert (row.taken_at, row.expires_at) == (first, city.now + timedelta(minutes=15))
    city.advance(800)
    with pytest.raises(Conflict):
        _lease(city, event, city.second)


def test_w42_a_signature_gives_it_back(city: City) -> None:
    """The co-signer can begin at once."""
    event = city.to_review()
    _lease(city, event, city.officer)
    city.decide(event, city.officer)
    with pytest.raises(Conflict, match="you have decided"):
        _lease(city, event, city.officer)  # their page is open still, and clicked on
    _lease(city, event, city.second)
    assert city.decide(event, city.second).state == S.ESCALATED
    assert leases.holder(city.session, event.id, at=city.now) is None


def test_w42_only_officers_and_only_what_waits(city: City) -> None:
    event = city.to_review()
    with pytest.raises(NotAllowed):
        _lease(city, event, city.person("op", Role.OPERATOR))
    other = city.to_confirm(plate="浙A88888", box=(0.1, 0.7, 0.2, 0.8))
    with pytest.raises(Conflict) as refused:
        _lease(city, other, city.officer)
    assert refused.value.code == "NOT_IN_REVIEW"


def test_w43_the_first_signature_looks_at_the_version_too(city: City) -> None:
    event = city.to_review()
    with pytest.raises(StaleVersion):
        city.decide(event, city.officer, expected_version=event.version - 1)
