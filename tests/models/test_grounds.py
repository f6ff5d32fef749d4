"""What takes an event back stops whatever follows from it, up to the service (L39, A24, W52)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from models import casework, grounds, handover, pre_notice
from models.errors import BadInput, Conflict, FlowRefused
from models.event import Event, EventState
from models.pre_notice import Texts
from tests.models.city import City
from tests.models.keeping_cases import break_files

S = EventState
DAY = 86_400


def _verify(city: City, event: Event) -> None:
    grounds.verify_ground(
        city.session, event, city.officer, reason="PLATE_MISREAD", policy=city.policy, at=city.now
    )


def _told(city: City) -> Event:
    """Established, told, and the party's time to speak is over."""
    event = city.to_escalated()
    ready = pre_notice.prepared(event)
    texts = Texts("拟给予警告", ready.facts, "妨碍通行", ready.basis, ready.rights, ready.remedies)
    pre_notice.write(city.session, event, city.officer, texts, sanction="WARNING", at=city.now)
    pre_notice.deliver(
        city.session, event, city.officer, how="in_person", proof="送-1", received_by="party",
        delivered_at=city.now, at=city.now,
    )  # fmt: skip
    city.advance(8 * DAY)
    return event


def _refused(city: City, event: Event) -> list[str]:
    with pytest.raises(FlowRefused) as refused:
        handover.export(city.session, event, city.officer, policy=city.policy, at=city.now)
    return [refusal.code for refusal in refused.value.refusals]


def _exported(city: City) -> Event:
    event = _told(city)
    handover.export(city.session, event, city.officer, policy=city.policy, at=city.now)
    city.advance(DAY)
    return event


def _decide(city: City, event: Event) -> None:
    handover.record_decision(
        city.session, event, city.officer, decision_no="7", decided_at=city.now, at=city.now
    )


@pytest.mark.parametrize("reason", list(casework.VoidReason))
def test_l39_eight_grounds_three_work_days(city: City, reason: str) -> None:
    """Verified: nobody escalates any more, and after three work days it is shown as overdue."""
    event = city.to_review()
    grounds.verify_ground(
        city.session, event, city.officer, reason=reason, note="核实", policy=city.policy,
        at=city.now,
    )  # fmt: skip
    with pytest.raises(FlowRefused) as refused:
        city.decide(event, city.second)
    assert refused.value.code == "VOID_GROUND"
    due = city.deadline(event, "void_ground")
    assert due is not None
    assert due.due_at == datetime(2026, 11, 26, 16, tzinfo=UTC), "Thursday midnight in Hangzhou"
    city.now = due.due_at
    city.sweep()
    assert "void_overdue" in event.flags
    casework.void(city.session, event, city.officer, **city.order(reason=reason))
    assert (event.state, event.outcome) == (S.VOIDED, reason)


def test_l39_no_ninth_ground(city: City) -> None:
    event = city.to_review()
    for reason, note, field in (("BAD_DAY", "", "reason"), ("OTHER", " ", "note")):
        with pytest.raises(BadInput) as refused:
            grounds.verify_ground(
                city.session, event, city.officer, reason=reason, note=note, policy=city.policy,
                at=city.now,
            )  # fmt: skip
        assert refused.value.field == field


def test_l39_a_ground_found_after_two_signatures_stops_the_hand_over(city: City) -> None:
    event = _told(city)
    _verify(city, event)
    assert _refused(city, event) == ["VOID_GROUND"]


def test_w52_broken_evidence_is_not_handed_over(city: City) -> None:
    event = _told(city)
    assert break_files(city, event)
    assert _refused(city, event) == ["EVIDENCE_BROKEN"]


def test_a24_of_a_voided_event_no_decision_is_noted(city: City) -> None:
    """Nor a limit begun for it."""
    event = _exported(city)
    casework.void(city.session, event, city.officer, **city.order(reason="STOLEN_OR_ABUSED"))
    with pytest.raises(Conflict) as refused:
        _decide(city, event)
    assert refused.value.code == "NOT_ESCALATED"
    row = handover.handover_of(city.session, event)
    assert row is not None
    assert row.decided_at is None


def test_a24_of_a_voided_event_nothing_is_served(city: City) -> None:
    event = _exported(city)
    _decide(city, event)
    casework.void(city.session, event, city.officer, **city.order(reason="STOLEN_OR_ABUSED"))
    with pytest.raises(Conflict) as refused:
        handover.record_service(
            city.session, event, city.officer, how="post", proof="EMS1", received_by="party",
            served_at=city.now, at=city.now,
        )  # fmt: skip
    assert refused.value.code == "NOT_ESCALATED"
