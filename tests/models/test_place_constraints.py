"""What the database refuses of hanging, poster, crowd events and of cases, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from models.case import CaseUnit
from models.flows.case_effects import case_of
from models.place import FormalOrder, Signature
from models.store import Store
from models.tables import metadata
from tests.models.street import Street


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database brought up by its migrations."""
    is_postgres = request.param == "postgres"
    url = request.getfixturevalue("postgres_url") if is_postgres else f"sqlite:///{tmp_path}/q.db"
    made = Store(url)
    made.migrate()
    yield made
    made.dispose()


def test_no_escalation_but_by_order_and_two_signatures(store: Store) -> None:
    """L52, L08: not while the order runs, not with one signature; the lawful way works."""
    with store.begin() as session:
        street = Street(session)
        event = street.to_order()

        def refuse(words: str) -> None:
            with pytest.raises(IntegrityError, match=words), session.begin_nested():
                session.execute(
                    text("UPDATE event SET state = 'ESCALATED' WHERE id = :id"), {"id": event.id}
                )

        refuse("order must have expired")
        order = session.scalars(select(FormalOrder)).one()
        for column, value in (
            ("due_at", order.due_at - timedelta(hours=3)), ("text", "anders"),
            ("expired_at", order.due_at - timedelta(seconds=1)),
        ):  # fmt: skip
            with pytest.raises(IntegrityError), session.begin_nested():
                setattr(order, column, value)
                session.flush()
            session.refresh(order)
        street.advance(14_401)
        street.sweep()
        street.on_site(event)
        street.escalate(event, street.officer)
        refuse("two officers sign")
        street.escalate(event, street.second)
        assert event.state == "ESCALATED"
        with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
            session.execute(text("DELETE FROM signature"))
        assert len(session.scalars(select(Signature)).all()) == 4


def test_a_gathering_has_no_plate_no_text_no_penalty(store: Store) -> None:
    with store.begin() as session:
        square = Street(session, "crowd")
        square.responders()
        event = square.gathering()
        for change, words in (
            ("plate = '浙A12345'", "only a parking event has a plate"),
            ("state = 'ESCALATED'", "never escalated"),
            ("flow = 'parking'", "stays in its flow"),
        ):
            with pytest.raises(IntegrityError, match=words), session.begin_nested():
                session.execute(
                    text(f"UPDATE event SET {change} WHERE id = :id"),
                    {"id": event.id},
                )
        call = square.calls(event)[0]
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(
                text(
                    "INSERT INTO responder_call (event_id, responder_id, round, called_at,"
                    " answer_by, answer, arrived_how, report)"
                    " SELECT event_id, responder_id, 9, called_at, answer_by, 'waiting', '', ''"
                    " FROM responder_call WHERE id = :id"
                ),
                {"id": call.id},
            )


def test_a_case_has_one_lead_and_one_event(store: Store) -> None:
    with store.begin() as session:
        street = Street(session)
        case = case_of(session, street.to_escalated())
        assert case is not None
        session.add(CaseUnit(case_id=case.id, name="甲", role="LEAD", joined_at=street.now))
        session.flush()
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add(CaseUnit(case_id=case.id, name="乙", role="LEAD", joined_at=street.now))
            session.flush()
        with pytest.raises(IntegrityError, match="not deleted"), session.begin_nested():
            session.execute(text("DELETE FROM case_unit"))
            session.execute(text("DELETE FROM case_file"))


def test_nothing_anywhere_holds_an_amount_of_money() -> None:
    """0.5: the software never computes, sends or collects a fine. No column, no guard, no effect
    is about one."""
    words = ("fine", "amount", "penalty", "price", "payment", "fee")
    names = [
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
    ]
    assert len(names) > 200
    found = [n for n in names if any(w in n.split(".")[1].split("_") for w in words)]
    assert found == []
