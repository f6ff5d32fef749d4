"""The parking table: every row exists and is walked, every guard says yes and no."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from models import casework
from models.errors import FlowRefused
from models.event import TERMINAL, ActorKind, EventState
from models.facts import Contact, GateFacts
from models.flows import effects
from models.flows.parking import BEFORE_STAYED, OPEN, PARKING
from tests.models.city import GOOD, City
from tests.models.walks import WALKS

MakeCity = Callable[..., City]


def test_every_row_of_the_domain_is_in_the_table() -> None:
    """A1 to A27 of domain.md 4.2, each at least once."""
    numbers = {match[0] for t in PARKING.transitions if (match := re.match(r"A\d+", t.code))}
    assert numbers == {f"A{n}" for n in range(1, 28)}


def test_codes_are_unique_and_fit_their_column() -> None:
    codes = [t.code for t in PARKING.transitions]
    assert len(codes) == len(set(codes))
    assert all(len(code) <= 8 for code in codes)


def test_every_row_has_a_walk() -> None:
    """A new row without a walk fails here."""
    assert set(WALKS) == {t.code for t in PARKING.transitions}


@pytest.mark.parametrize("code", WALKS)
def test_row_is_walked(code: str, make_city: MakeCity) -> None:
    """The row is reached by the real services, ends in its target, and the log tells so."""
    city, event = WALKS[code](make_city)
    row = PARKING.row(code)
    steps = [step for step in city.log(event) if step.transition == code]
    assert len(steps) == 1
    step = steps[0]
    assert (step.to_state, step.trigger) == (row.target, row.trigger)
    assert step.actor_kind in row.actors
    if code not in {"A17", "A26s"}:  # both go on to A19 at once
        assert city.codes(event)[-1] == code
        assert event.state == row.target
    city.check(event)


@pytest.mark.parametrize("code", [c for c in WALKS if PARKING.row(c).target in TERMINAL])
def test_an_end_leaves_nothing_waiting(code: str, make_city: MakeCity) -> None:
    """No deadline (but for the memory of a return), no plate key, no unsent promise; a reason."""
    city, event = WALKS[code](make_city)
    waiting = {
        d.kind for d in casework.due_deadlines(city.session, city.now.replace(year=2030))
        if (d.subject_kind, d.subject_id) == ("event", event.id)
    }  # fmt: skip
    assert waiting <= {"return_watch"}
    assert event.open_plate_key is None
    assert event.ended_at == city.log(event)[-1].at
    assert event.outcome
    first = city.notice(event)
    assert first is None or first.status != "queued"


def test_every_row_into_an_end_ends_the_event() -> None:
    for row in PARKING.transitions:
        assert (row.target in TERMINAL) == (effects.end_event in row.effects), row.code


def test_no_way_out_of_an_end_but_voiding_an_escalation() -> None:
    """Invariant 2 by the table alone: nothing leads from LEFT_IN_TIME to anywhere."""
    out = {(s, t.code) for t in PARKING.transitions for s in t.sources if s in TERMINAL}
    assert out == {(EventState.ESCALATED, "A24")}


def test_only_officers_escalate_and_only_from_review() -> None:
    """The software never fines: one row leads to ESCALATED, and only people may take it."""
    rows = [t for t in PARKING.transitions if t.target == EventState.ESCALATED]
    assert [(t.code, t.source, t.actors) for t in rows] == [
        ("A20", EventState.REVIEW_PENDING, frozenset({ActorKind.OFFICER}))
    ]


def test_every_open_state_has_an_exit_without_people() -> None:
    """Invariant 4: the clock alone ends every event; the limit reaches every open state."""
    assert PARKING.row("LIMIT").sources == OPEN
    for state in OPEN - {EventState.CANDIDATE, EventState.STAYED}:
        assert any(ActorKind.SYSTEM in t.actors and state in t.sources for t in PARKING.transitions)


def test_a_decided_stay_is_not_lifted_by_redrawing() -> None:
    """W30, W31 end what still waits, not what officers already look at."""
    assert not BEFORE_STAYED & {EventState.STAYED, EventState.REVIEW_PENDING}


@pytest.mark.parametrize(
    ("facts", "failed"),
    [
        (replace(GOOD, confident_share=0.79), "detection_share"),
        (replace(GOOD, plate_valid=False), "plate_valid"),
        (replace(GOOD, plate_confidence=0.949), "plate_confidence"),
        (replace(GOOD, plate_equal_reads=4), "plate_equal_reads"),
        (replace(GOOD, province_confidence=0.9), "province_confidence"),
        (replace(GOOD, colour_agrees=False), "colour_agrees"),
        (replace(GOOD, plates_disagree=True), "plates_disagree"),
        (replace(GOOD, registry_found=False), "registry_found"),
        (replace(GOOD, registry_contradicts=True), "registry_contradicts"),
        (replace(GOOD, contact_found=False), "contact_found"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_gate_alone_asks_an_officer(city: City, facts: GateFacts, failed: str) -> None:
    """A6 and A7: one gate is enough, and the event says which, measured against needed."""
    event = city.gates(city.open(), facts)
    assert event.state == EventState.CONFIRM_PENDING
    assert [g["gate"] for g in event.confirm_gates if not g["passed"]] == [failed]
    assert all({"gate", "passed", "measured", "needed"} == set(g) for g in event.confirm_gates)
    assert city.log(event)[-1].facts["not_applied"]


def test_a_camera_with_a_wrong_clock_asks_an_officer(city: City) -> None:
    """L81: beyond one second off, no automatic confirmation."""
    city.camera.clock_offset_seconds = -1.2
    event = city.gates(city.open())
    assert event.state == EventState.CONFIRM_PENDING
    assert [g["gate"] for g in event.confirm_gates if not g["passed"]] == ["clock_offset_seconds"]


@pytest.mark.parametrize("zone", [{"authority": "traffic_police"}, {"surface": "motor_lane"}])
def test_w45_another_authority(make_city: MakeCity, zone: dict[str, str]) -> None:
    """Another one's road is handed over before anybody is told anything."""
    city = make_city(**zone)
    event = city.gates(city.open())
    assert (event.state, event.outcome) == (EventState.TRANSFERRED, "FOREIGN_AUTHORITY")
    assert city.texts(event) == []


def test_a10_refusals_are_kept_with_the_patrol(city: City) -> None:
    """A11: the first refusal is the reason, all are in the log."""
    event = city.prepare(city.to_confirmed(), Contact(phone="+8613800000000", authorised=False))
    step = city.log(event)[-1]
    assert (step.transition, step.reason) == ("A11", "CONTACT_NOT_AUTHORISED")
    assert step.facts["not_applied"] == ["CONTACT_NOT_AUTHORISED"]
    with pytest.raises(FlowRefused, match="no step"):
        city.prepare(event)
