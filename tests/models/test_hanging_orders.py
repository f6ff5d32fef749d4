"""Formal orders and what follows: rows B7 and B8 of domain.md 4.3."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import place_acts
from models.case import Case
from models.errors import BadInput, FlowRefused
from models.states import PlaceState
from tests.models.street import Street

S = PlaceState
MakeStreet = Callable[..., Street]


@pytest.fixture
def street(session: Session) -> Street:
    """A designated street whose zone confirms by itself."""
    return Street(session)


def test_b7_two_officers_write_and_serve_an_order(street: Street) -> None:
    """A document with its own period; one officer alone orders nothing."""
    event = street.to_review()
    street.draft(event)
    assert event.state == S.REVIEW_PENDING
    with pytest.raises(BadInput, match="same officer"):
        street.serve(event, street.officer)
    street.serve(event)
    assert event.state == S.FORMAL_ORDER
    due = street.deadline(event, "order")
    assert due is not None
    assert due.due_at == street.now + timedelta(seconds=14_400)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("period_seconds", {"period_seconds": 3_600}),
        ("text", {"text": " "}),
        ("legal_basis", {"legal_basis": ""}),
        ("order_no", {"order_no": "9" * 41}),
    ],
)
def test_b7_an_order_names_its_basis_and_gives_time(
    street: Street, field: str, values: dict[str, Any]
) -> None:
    event = street.to_review()
    order = place_acts.OrderInput(
        **({"order_no": "1", "text": "t", "legal_basis": "b", "period_seconds": 14_400} | values)
    )
    with pytest.raises(BadInput) as refused:
        place_acts.draft_order(
            street.session, event, street.officer, order, policy=street.policy, at=street.now
        )
    assert refused.value.field == field


def test_b7_an_officer_without_a_licence_orders_nothing(street: Street) -> None:
    event = street.to_review()
    street.officer.licence_valid_until = None
    with pytest.raises(FlowRefused) as refused:
        street.draft(event)
    assert refused.value.code == "NOT_LICENSED"


def test_b7_an_open_statement_is_heard_first(street: Street) -> None:
    """L11: what the shop says blocks the order."""
    from models import statements

    event = street.to_review()
    statements.receive(
        street.session, event, "是隔壁的", at=street.now, policy=street.policy, channel="phone"
    )
    with pytest.raises(FlowRefused) as refused:
        street.draft(event)
    assert refused.value.code == "STATEMENT_OPEN"


def test_b7_followed_orders_end_as_corrected(street: Street) -> None:
    event = street.to_order()
    place_acts.find_rectified(street.session, event, street.officer, **street.order())
    assert (event.state, event.outcome) == (S.RECTIFIED, "ORDER_FOLLOWED")


def test_b8_only_after_the_period_with_a_photo_and_two_officers(street: Street) -> None:
    """L52: the order must have expired; the case opens; nothing knows an amount."""
    event = street.to_order()
    with pytest.raises(FlowRefused, match="no step"):
        street.escalate(event, street.officer)
    street.advance(14_401)
    street.sweep()
    assert event.state == S.ORDER_CHECK
    street.on_site(event, at=street.now - timedelta(hours=2))
    with pytest.raises(FlowRefused) as refused:
        street.escalate(event, street.officer)
    assert [r.code for r in refused.value.refusals] == ["NO_ON_SITE_PHOTO"]
    street.on_site(event)
    street.escalate(event, street.officer)
    assert event.state == S.ORDER_CHECK
    with pytest.raises(BadInput, match="same officer"):
        street.escalate(event, street.officer)
    street.escalate(event, street.second)
    assert event.state == S.ESCALATED
    case = street.session.scalars(select(Case).where(Case.event_id == event.id)).one()
    assert (case.state, case.loop, case.type_code) == ("COLLECTED", "LIMITED_TIME", "0511")
    street.check(event)


def test_b8_nobody_looks_after_the_order(street: Street) -> None:
    event = street.to_order_check()
    street.advance(9 * 86_400)
    street.sweep()
    assert event.state == S.EXPIRED_UNREVIEWED


def test_b8_the_parking_decision_does_not_escalate_it(street: Street) -> None:
    """Without its own order and signatures there is no way round."""
    event = street.to_finding()
    with pytest.raises(BadInput, match="vehicle"):
        street.decide(event, street.officer)
