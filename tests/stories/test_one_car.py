"""One car, from frame to verdict: every end that the promise of seven minutes knows.

Timers are seconds long (tests/pipeline/kit.py); the dwell is 20 s, the grace 60 s.
"""

from __future__ import annotations

from models.chain import verify_chain
from models.review import pack_status
from tests.pipeline.kit import GRACE_SECONDS, Theatre, seconds_of
from tests.vision.stage import Car, Stay

LEAVES_SOON = Stay(Car(), arrives=6.0, leaves=60.0)
STAYS = Stay(Car(), arrives=6.0)


def test_left_in_time_is_thanked_and_closed() -> None:
    """The heart of it: seen, texted, gone before the deadline: thanked, and never an officer's."""
    scene = Theatre().play([LEAVES_SOON], until=90)
    event = scene.event()
    assert event.state == "LEFT_IN_TIME"
    assert scene.walk(event) == ["A1", "A3", "A7", "A10", "A12", "A14"]
    assert scene.texts(event) == ["N1:delivered", "N2:delivered"]
    assert event.plate == "浙A12345"
    assert 58 <= seconds_of(event.last_seen_at) <= 61
    assert {"E1", "E2", "E3", "LEFT"} <= scene.evidence(event).keys()
    assert not {"E4", "E5", "E6"} & scene.evidence(event).keys()


def test_stayed_goes_to_an_officer_with_a_complete_pack() -> None:
    """Still there: two pictures after the deadline, ten seconds apart, then a person decides."""
    scene = Theatre().play([STAYS], until=130)
    event = scene.event()
    assert event.state == "REVIEW_PENDING"
    assert scene.walk(event)[-3:] == ["A15", "A17", "A19"]
    assert "N1:delivered" in scene.texts(event)
    pictures = scene.evidence(event)
    assert {"E1", "E2", "E3", "E4", "E5", "E6"} <= pictures.keys()
    deadline = event.grace_deadline_at
    assert deadline is not None
    assert pictures["E4"].captured_at > deadline
    apart = (pictures["E6"].captured_at - pictures["E4"].captured_at).total_seconds()
    assert apart >= 10
    assert (pictures["E3"].captured_at - pictures["E1"].captured_at).total_seconds() >= 10
    with scene.store.read() as session:
        assert pack_status(session, event).complete


def test_the_grace_starts_at_the_receipt_and_is_never_cut_short() -> None:
    """0.3: the clock starts when the owner has the text; the deadline is rounded up."""
    scene = Theatre(receipt_seconds=7.0).play([STAYS], until=60)
    event = scene.event()
    assert event.state == "GRACE"
    assert event.notified_at is not None
    assert event.grace_deadline_at is not None
    with scene.store.read():
        pass
    waited = (event.notified_at - event.flagged_at).total_seconds()
    assert waited >= 7.0
    assert (event.grace_deadline_at - event.notified_at).total_seconds() >= GRACE_SECONDS


def test_every_number_is_kept_with_the_event() -> None:
    """B19: what was measured, by which model, under which rule, and each reading of the plate."""
    event = Theatre().play([STAYS], until=40).event()
    measured = event.measured
    assert measured["dwell_seconds"] >= 20
    assert measured["samples_seen"] >= 15
    assert measured["model"]["name"] == "stage"
    assert measured["plate_vote"]["equal_reads"] >= 5
    assert measured["plate_vote"]["readings"][0]["text"] == "浙A12345"
    assert all(gate["passed"] for gate in event.confirm_gates)


def test_the_evidence_chain_holds_and_files_match() -> None:
    """L80: each file is what its record says, each record follows from the one before."""
    scene = Theatre().play([STAYS], until=130)
    with scene.store.read() as session:
        report = verify_chain(session, scene.services.evidence.get)
    assert report.intact
    assert report.files_read >= 6


def test_each_question_to_the_register_is_recorded_with_its_purpose() -> None:
    scene = Theatre().play([STAYS], until=60)
    (question,) = scene.lookups()
    assert question.purpose == "parking_notice"
    assert question.event_id == scene.event().id
    assert question.found


def test_passing_traffic_is_nobodys_business() -> None:
    """A2: who leaves before the dwell is not stored at all."""
    scene = Theatre().play([Stay(Car(), arrives=6.0, leaves=18.0)], until=60)
    assert scene.events() == []
    assert scene.lookups() == []


def test_w04_unreadable_plate_goes_to_a_person_and_nobody_is_texted() -> None:
    scene = Theatre().play([Stay(Car(readable=False), arrives=6.0)], until=50)
    event = scene.event()
    assert event.state == "CONFIRM_PENDING"
    assert event.plate is None
    assert scene.texts() == []
    assert scene.lookups() == []
    scene.play([Stay(Car(readable=False), arrives=6.0)], until=200)
    assert scene.event().state == "PATROL_ASSIGNED"


def test_a9_gone_before_anybody_confirmed() -> None:
    """Nothing was promised, nobody is there any more: it is dropped."""
    scene = Theatre().play([Stay(Car(readable=False), arrives=6.0, leaves=60.0)], until=200)
    assert scene.event().state == "DISCARDED"


def test_w19_owner_unknown_sends_a_person() -> None:
    """No contact: the gates fail, an officer looks, nobody is texted."""
    scene = Theatre(known=False).play([STAYS], until=60)
    assert scene.event().state == "CONFIRM_PENDING"
    assert scene.texts() == []


def test_w16_no_receipt_no_running_clock() -> None:
    """0.3: without a receipt there is no timer, and a person goes there."""
    scene = Theatre(receipt_seconds=None).play([STAYS], until=200)
    event = scene.event()
    assert event.state == "PATROL_ASSIGNED"
    assert event.grace_deadline_at is None


def test_officer_mode_asks_before_it_looks_anybody_up() -> None:
    scene = Theatre(zone={"confirm_mode": "officer"}).play([STAYS], until=50)
    assert scene.event().state == "CONFIRM_PENDING"
    assert scene.lookups() == []


def test_warning_phase_never_reaches_an_officer() -> None:
    """B11: a zone in its warning phase texts, and that is all."""
    scene = Theatre(zone={"phase": "warning"}).play([STAYS], until=150)
    event = scene.event()
    assert "N1:delivered" in scene.texts(event)
    assert event.state not in {"STAYED", "REVIEW_PENDING", "ESCALATED"}


def test_shadow_phase_texts_nobody() -> None:
    scene = Theatre(zone={"phase": "shadow"}).play([STAYS], until=150)
    assert scene.texts() == []
    assert not {"REVIEW_PENDING", "GRACE"} & set(scene.states())


def test_clock_of_the_camera_off_by_more_than_a_second_confirms_nothing() -> None:
    """L81: beyond 1.0 s its pictures are no evidence."""
    scene = Theatre(camera={"clock_offset_seconds": 2.5}).play([STAYS], until=50)
    assert scene.event().state == "CONFIRM_PENDING"
