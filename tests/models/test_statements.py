"""Statements: taken always, answered once, never to the owner's harm."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from models import statements
from models.errors import BadInput, Conflict, NotAllowed
from models.event import Event, EventState
from models.notice import Notice
from models.people import Role, Statement, StatementStatus
from models.policy import LOCAL_ZONE
from tests.models.city import City

S = EventState


def _receive(city: City, event: Event, text: str = "我在送病人", **more: str) -> Statement:
    return statements.receive(city.session, event, text, at=city.now, policy=city.policy, **more)


def _answer(city: City, statement: Statement, *, upheld: bool, **more: object) -> Statement:
    values = {"text": "核实如下"} | more
    return statements.answer(
        city.session, statement, city.officer, upheld=upheld, **city.order(**values)
    )


@pytest.mark.parametrize(
    "way",
    [
        "open",
        "to_confirm",
        "to_pending",
        "to_patrol",
        "to_grace",
        "to_recheck",
        "to_review",
        "to_escalated",
    ],
)
def test_l03_taken_in_every_state(city: City, way: str) -> None:
    event: Event = getattr(city, way)()
    said = _receive(city, event, "  申辩  ")
    assert (said.text, said.status, said.channel) == ("申辩", StatementStatus.OPEN, "web")
    assert "statement" in event.flags
    told = way in {"to_grace", "to_recheck", "to_review", "to_escalated"}
    assert ("N4" in city.texts(event)) == told


def test_taken_after_the_end_too(city: City) -> None:
    """Upheld after a favourable end: kept as an answer, the event stays as it is."""
    event = city.to_grace()
    city.watch(event, "absent", 40)
    said = _answer(city, _receive(city, event), upheld=True)
    assert (said.status, event.state) == (StatementStatus.UPHELD, S.LEFT_IN_TIME)
    assert "N5" not in city.texts(event)


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_length(city: City, text: str) -> None:
    event = city.open()
    with pytest.raises(BadInput) as refused:
        _receive(city, event, text)
    assert refused.value.field == "text"
    said = _receive(city, event)
    with pytest.raises(BadInput) as refused:
        _answer(city, said, upheld=True, text=text)
    assert refused.value.field == "text"


def test_channel(city: City) -> None:
    event = city.open()
    assert _receive(city, event, channel="phone").channel == "phone"
    with pytest.raises(BadInput) as refused:
        _receive(city, event, channel="pigeon")
    assert refused.value.field == "channel"


def test_upheld_voids(city: City) -> None:
    """A23: voided, told (N5), and out of the history."""
    event = city.to_review()
    said = _answer(city, _receive(city, event), upheld=True, void_reason="EMERGENCY_AVOIDANCE")
    assert (event.state, event.outcome) == (S.VOIDED, "EMERGENCY_AVOIDANCE")
    assert city.texts(event)[-1] == "N5"
    assert (said.answered_by, said.answered_at, said.answer) == (
        city.officer.id, city.now, "核实如下",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("open", False), ("to_pending", False), ("to_grace", True), ("to_recheck", True),
        ("to_review", True), ("to_escalated", True),
    ],
)  # fmt: skip
def test_not_upheld(city: City, way: str, told: bool) -> None:
    """N6, also before the review (W21), wherever a text has arrived. The state is the same as
    before: objecting never raises anything (L11)."""
    event: Event = getattr(city, way)()
    state, version = event.state, event.version
    _answer(city, _receive(city, event), upheld=False)
    assert (event.state, event.version) == (state, version)
    assert ("N6" in city.texts(event)) == told


def test_answered_once(city: City) -> None:
    said = _answer(city, _receive(city, city.to_review()), upheld=False)
    with pytest.raises(Conflict) as refused:
        _answer(city, said, upheld=True)
    assert refused.value.code == "ALREADY_ANSWERED"


def test_officers_answer(city: City) -> None:
    said = _receive(city, city.open())
    with pytest.raises(NotAllowed):
        statements.answer(
            city.session,
            said,
            city.person("op", Role.OPERATOR),
            upheld=True,
            **city.order(text="x"),
        )


def test_second_statement_one_acknowledgement(city: City) -> None:
    """N4 is one an event; every statement blocks until it is answered."""
    event = city.to_grace()
    _receive(city, event)
    _receive(city, event, "再补充一点")
    assert city.texts(event).count("N4") == 1


def test_w22_each_statement_has_its_own_answer_once(city: City) -> None:
    """Two statements during the grace, a third in review: three N6, each about its own; the one
    that was upheld has none."""
    event = city.to_grace()
    said = [_receive(city, event), _receive(city, event, "再补充一点")]
    for one in said:
        city.advance(1)
        _answer(city, one, upheld=False)
    assert _answers(city, event) == [f"statement:{one.id}" for one in said]
    with pytest.raises(Conflict):
        _answer(city, said[0], upheld=False)
    city.stay(event)
    said.append(_receive(city, event, "还有一点"))
    _answer(city, said[-1], upheld=False)
    assert _answers(city, event) == [f"statement:{one.id}" for one in said]
    _answer(city, _receive(city, event, "我在送病人"), upheld=True)
    assert len(_answers(city, event)) == 3


def test_w21_the_answer_keeps_the_hours_of_texts(make_city: Callable[..., City]) -> None:
    """At night it waits for the morning, and a minute behind the text before it (L88, L89)."""
    city = make_city(sms_from="07:00", sms_until="12:10")
    event = city.to_grace()
    said = _receive(city, event)
    city.advance(300)
    _answer(city, said, upheld=False)
    city.advance(600)
    _answer(city, _receive(city, event), upheld=False)
    day, night = sorted(
        (row for row in _notices(city, event) if row.template == "N6"), key=lambda row: row.id
    )
    assert day.next_attempt_at < night.next_attempt_at
    assert night.next_attempt_at.astimezone(LOCAL_ZONE).strftime("%H:%M") == "07:00"


def test_w22_after_a_favourable_end_nobody_hears_of_what_is_proposed(city: City) -> None:
    event = city.to_grace()
    said = _receive(city, event)
    city.watch(event, "absent", 40)
    _answer(city, said, upheld=False)
    assert event.state == S.LEFT_IN_TIME
    assert _answers(city, event) == []


def _notices(city: City, event: Event) -> list[Notice]:
    return list(city.session.scalars(select(Notice).where(Notice.event_id == event.id)))


def _answers(city: City, event: Event) -> list[str]:
    return [row.addressee for row in _notices(city, event) if row.template == "N6"]
