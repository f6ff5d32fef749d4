"""W52 for what hangs or is posted, and for gatherings: a stored file that is not what was recorded
is an alarm, and nothing follows from it for anybody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import AuditEntry
from models.errors import FlowRefused
from models.event import Event
from models.integrity import check_event, open_alarms
from models.states import CrowdState, PlaceState
from tests.models.keeping_cases import lost
from tests.models.street import Street

S = PlaceState
DAY = 86_400
WAYS: dict[str, Callable[[Street], Event]] = {
    S.NOT_RECTIFIED: Street.to_finding,
    S.REVIEW_PENDING: Street.to_review,
    S.FORMAL_ORDER: Street.to_order,
    S.ORDER_CHECK: Street.to_order_check,
}


def broken(street: Street, event: Event) -> int:
    """The night's check finds the event's files gone; gives how many alarms that raised."""
    return len(check_event(street.session, event, lost, policy=street.policy, at=street.now))


@pytest.mark.parametrize("kind", ["hanging", "poster"])
@pytest.mark.parametrize("state", WAYS)
def test_w52_what_rests_on_a_broken_finding_ends_undetermined(
    session: Session, kind: str, state: str
) -> None:
    """Up to the end of an order that was served; no deadline of the order wakes it up again."""
    street = Street(session, kind)
    event = WAYS[state](street)
    assert event.state == state
    raised = broken(street, event)
    assert raised >= 1
    assert (event.state, event.outcome) == (S.UNDETERMINED, "EVIDENCE_BROKEN")
    assert "evidence_broken" in event.flags
    written = session.scalars(select(AuditEntry).where(AuditEntry.action == "evidence.broken"))
    assert len(open_alarms(session)) == len(written.all()) == raised
    street.check(event)
    assert broken(street, event) == 0, "one alarm a file"
    street.advance(40 * DAY)
    street.sweep()
    assert event.state == S.UNDETERMINED


def test_w52_before_the_finding_it_stays_a_reminder(session: Session) -> None:
    """Who takes it down in time has corrected it, whatever became of the picture."""
    street = Street(session)
    event = street.to_reminded()
    assert broken(street, event) == 1
    assert event.state == S.REMINDED
    street.gaze(event, "present", 60)
    street.gaze(event, "absent", 90)
    assert (event.state, event.outcome) == (S.RECTIFIED, "MINOR_CORRECTED")


def test_w52_the_re_check_finds_nothing_on_what_is_broken(session: Session) -> None:
    """And nobody is told of officers who will come."""
    street = Street(session)
    event = street.to_reminded()
    broken(street, event)
    street.gaze(event, "present", 420)
    street.stay_there(event)
    assert (event.state, event.outcome) == (S.UNDETERMINED, "EVIDENCE_BROKEN")
    assert street.texts(event) == ["N7"]


def test_w52_no_order_is_served_on_what_is_broken(session: Session) -> None:
    """Whoever had drafted it."""
    street = Street(session)
    event = street.to_review()
    street.draft(event)
    broken(street, event)
    with pytest.raises(FlowRefused):
        street.serve(event)
    assert event.state == S.UNDETERMINED


def test_w52_nobody_is_escalated_on_what_is_broken(session: Session) -> None:
    """Whoever had signed."""
    street = Street(session)
    event = street.to_order_check()
    street.advance(60)
    street.on_site(event)
    street.escalate(event, street.officer)
    broken(street, event)
    with pytest.raises(FlowRefused):
        street.escalate(event, street.second)
    assert event.state == S.UNDETERMINED


def test_w52_what_was_escalated_is_marked_and_stays_with_officers(session: Session) -> None:
    """Its case is open; they see the alarm and may void it (B12)."""
    street = Street(session)
    event = street.to_escalated()
    broken(street, event)
    assert event.state == S.ESCALATED
    assert "evidence_broken" in event.flags


def test_w52_a_gathering_goes_on_with_an_alarm(session: Session) -> None:
    """Nothing is held against anybody in it, and who was called is not called off because a disk
    is broken; it ends as every other one."""
    street = Street(session, "crowd")
    street.responders()
    event = street.gathering()
    street.picture(event, "E1")
    assert broken(street, event) == 1
    assert event.state == CrowdState.DISPATCHED
    assert "evidence_broken" in event.flags
    assert len(open_alarms(session)) == 1
    call = street.calls(event)[0]
    street.answer(event, call)
    street.arrive(event, call)
    street.report(event, call)
    street.counts(20, 130)
    assert event.state == CrowdState.DISPERSED
