"""L19: a warning before two years are over, of whatever is not decided yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import casework, deadlines, handover, pre_notice
from models.case import Case
from models.errors import BadInput
from models.event import Event
from models.policy import Policy, load_policy, save_policy
from models.two_years import WaitsFor, ageing
from tests import rows
from tests.models.city import City
from tests.models.street import Street

DAY = timedelta(days=1)


def _found(city: City) -> list[tuple[str, WaitsFor, bool]]:
    items = ageing(city.session, policy=city.policy, at=city.now)
    return [(item.event.event_no, item.waits_for, item.is_over) for item in items]


def _end(event: Event) -> datetime:
    return deadlines.years_later(event.first_seen_at, 2)


def test_l19_sixty_days_before_it_is_on_the_list(city: City) -> None:
    """Not a second earlier; on the day it says that they are over, and stays."""
    event = city.to_escalated()
    city.now = _end(event) - 60 * DAY - timedelta(seconds=1)
    assert _found(city) == []
    city.now += timedelta(seconds=1)
    assert _found(city) == [(event.event_no, WaitsFor.HANDOVER, False)]
    city.now = _end(event) - timedelta(seconds=1)
    assert _found(city) == [(event.event_no, WaitsFor.HANDOVER, False)]
    city.now = _end(event)
    assert _found(city) == [(event.event_no, WaitsFor.HANDOVER, True)]


def test_l19_the_city_sets_how_long_before(city: City) -> None:
    event = city.to_escalated()
    save_policy(city.session, {"two_years_warn_days": 90}, at=city.now, actor="boss")
    with pytest.raises(BadInput):
        save_policy(city.session, {"two_years_warn_days": 0}, at=city.now, actor="boss")
    city.now = _end(event) - 90 * DAY
    assert _found(city) == []
    (item,) = ageing(city.session, policy=load_policy(city.session), at=city.now)
    assert (item.event.id, item.until) == (event.id, _end(event))
    assert item.case_no == city.session.scalar(
        select(Case.case_no).where(Case.event_id == event.id)
    )


def test_l19_what_is_decided_or_taken_back_is_off_the_list(city: City) -> None:
    """Handed over it waits for the decision; decided, or voided, for nothing."""
    event = city.to_escalated()
    texts = replace(pre_notice.prepared(event), content="拟给予警告", reasons="占用人行道")
    officer, at = city.officer, city.now
    pre_notice.write(city.session, event, officer, texts, sanction="WARNING", at=at)
    pre_notice.waive(city.session, event, officer, waiver="声明 7", at=at)
    handover.export(city.session, event, officer, policy=city.policy, at=at)
    city.now = _end(event) - 30 * DAY
    assert _found(city) == [(event.event_no, WaitsFor.DECISION, False)]
    handover.record_decision(
        city.session, event, city.officer, decision_no="7", decided_at=city.now, at=city.now
    )
    assert _found(city) == []


def test_l19_a_voided_event_is_off_the_list(city: City) -> None:
    event = city.to_escalated()
    city.now = _end(event) - 30 * DAY
    assert len(_found(city)) == 1
    casework.void(city.session, event, city.officer, **city.order(reason="STOLEN_OR_ABUSED"))
    assert _found(city) == []


def test_l19_what_hung_or_was_posted_waits_for_its_case(session: Session) -> None:
    street = Street(session)
    event = street.to_escalated()
    street.now = _end(event) - 10 * DAY
    assert _found(street) == [(event.event_no, WaitsFor.CASE, False)]
    case = session.scalars(select(Case).where(Case.event_id == event.id)).one()
    case.closed_at = street.now
    session.flush()
    assert _found(street) == []


@pytest.mark.parametrize(
    ("values", "listed"),
    [
        ({"state": "REVIEW_PENDING"}, True),
        ({"state": "LEFT_IN_TIME"}, False),
        ({"state": "UNDETERMINED"}, False),
        ({"state": "DISPATCHED", "flow": "crowd", "plate": None, "object_kind": "crowd"}, False),
        (
            {"state": "REVIEW_PENDING", "first_seen_at": datetime(2026, 11, 23, 4, tzinfo=UTC)},
            False,
        ),
    ],
)
def test_l19_only_what_may_still_be_punished(
    session: Session, values: dict[str, Any], listed: bool
) -> None:
    """What is open for whatever reason, the oldest first; never a gathering, never a good end."""
    at = datetime(2026, 11, 23, 4, tzinfo=UTC)
    old: dict[str, Any] = {"first_seen_at": at - 720 * DAY, "flagged_at": at - 720 * DAY}
    rows.event(session, **(old | values))
    older = rows.event(
        session, state="REVIEW_PENDING", plate="浙A54321", first_seen_at=at - 725 * DAY,
        flagged_at=at - 725 * DAY,
    )  # fmt: skip
    items = ageing(session, policy=Policy(), at=at)
    assert [item.event.id for item in items][:1] == [older.id]
    assert len(items) == 1 + listed


def test_l19_a_leap_day_counts_by_the_calendar(session: Session) -> None:
    """Born on 29 February 2028, over on 1 March 2030 (local)."""
    born = datetime(2028, 2, 29, 4, tzinfo=UTC)
    event = rows.event(session, state="REVIEW_PENDING", first_seen_at=born, flagged_at=born)
    (item,) = ageing(session, policy=Policy(), at=datetime(2030, 2, 1, tzinfo=UTC))
    assert (item.event.id, item.until) == (event.id, datetime(2030, 3, 1, 4, tzinfo=UTC))
