"""W52: a stored file that is not what was recorded takes its pack away, in the owner's favour."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models.audit import AuditEntry
from models.errors import BadInput, Conflict, FlowRefused, NotFound, Unavailable
from models.event import Event, EventState
from models.evidence import Evidence
from models.integrity import check_event, open_alarms, see_to
from models.pack import pack_status
from pipeline.evidence import MemoryEvidence
from tests.models.city import City
from tests.models.keeping_cases import break_files


@pytest.fixture
def files(city: City) -> MemoryEvidence:
    city.files = MemoryEvidence()
    return city.files


def look(city: City, files: MemoryEvidence, event: Event) -> list[str]:
    alarms = check_event(city.session, event, files.get, policy=city.policy, at=city.now)
    return [alarm.what for alarm in alarms]


def change(files: MemoryEvidence, city: City, event: Event, kind: str) -> None:
    row = city.session.scalars(
        select(Evidence).where(Evidence.event_id == event.id, Evidence.kind == kind)
    ).one()
    files._files[row.storage_key] = b"another picture"


@pytest.mark.parametrize("kind", ["E1", "E3", "E4", "E6"])
def test_w52_an_event_before_officers_ends_undetermined_with_an_alarm(
    city: City, files: MemoryEvidence, kind: str
) -> None:
    event = city.to_review()
    assert look(city, files, event) == []
    assert event.state == EventState.REVIEW_PENDING
    change(files, city, event, kind)
    assert look(city, files, event) == ["file_changed"]
    assert (event.state, event.outcome) == (EventState.UNDETERMINED, "EVIDENCE_BROKEN")
    assert city.texts(event)[-1] == "N3b", "the owner is told that nothing follows"
    assert "evidence_broken" in event.flags
    (alarm,) = open_alarms(city.session)
    assert alarm.found_at == city.now
    written = city.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "evidence.broken")
    ).one()
    assert written.details["kind"] == kind
    city.check(event)
    assert look(city, files, event) == [], "one alarm a file"


def test_w52_before_the_second_look_the_pack_is_incomplete_for_good(
    city: City, files: MemoryEvidence
) -> None:
    """E1 is lost during the grace: the car may still leave, but no officer gets it."""
    event = city.to_recheck()
    change(files, city, event, "E1")
    assert look(city, files, event) == ["file_changed"]
    assert event.state == EventState.RECHECK
    city.stay(event)
    assert (event.state, event.outcome) == (EventState.UNDETERMINED, "PACK_INCOMPLETE")


def test_w52_a_lost_file_counts_for_nothing_even_when_seen_to(
    city: City, files: MemoryEvidence
) -> None:
    event = city.to_recheck()
    change(files, city, event, "E3")
    look(city, files, event)
    (alarm,) = open_alarms(city.session)
    see_to(city.session, alarm.id, city.officer, remark="磁盘更换", at=city.now)
    assert open_alarms(city.session) == []
    assert "FILE_BROKEN" in pack_status(city.session, event).missing
    with pytest.raises(Conflict):
        see_to(city.session, alarm.id, city.officer, remark="又", at=city.now)
    with pytest.raises(BadInput):
        see_to(city.session, alarm.id, city.officer, remark=" ", at=city.now)
    with pytest.raises(NotFound):
        see_to(city.session, 99, city.officer, remark="x", at=city.now)


def test_w52_what_was_escalated_is_marked_and_stays(city: City, files: MemoryEvidence) -> None:
    """Its case is open; people see the alarm and may void it (A24)."""
    event = city.to_escalated()
    change(files, city, event, "E4")
    assert look(city, files, event) == ["file_changed"]
    assert event.state == EventState.ESCALATED
    assert "evidence_broken" in event.flags


def test_w52_a_store_that_is_away_says_nothing_about_a_file(city: City) -> None:
    event = city.to_review()

    def away(_key: str) -> bytes:
        raise Unavailable("the disk is not mounted")

    with pytest.raises(Unavailable):
        check_event(city.session, event, away, policy=city.policy, at=city.now)
    assert open_alarms(city.session) == []
    assert event.state == EventState.REVIEW_PENDING


def test_w52_nobody_escalates_what_is_broken(city: City) -> None:
    event = city.to_review()
    city.decide(event, city.officer)
    break_files(city, event)
    with pytest.raises(FlowRefused):
        city.decide(event, city.second)
    assert event.state == EventState.UNDETERMINED
