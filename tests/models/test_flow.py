"""The engine: table order, guards, the optimistic lock, idempotent commands, the log."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from models.errors import BadInput, Conflict, FlowRefused, Refusal, StaleVersion
from models.event import ActorKind, Event, EventState, TransitionLog
from models.flow import (
    SYSTEM,
    Actor,
    Flow,
    Step,
    Transition,
    choose,
    current_state,
    find_command,
    fire,
    rebuild_state,
)
from models.flows.parking import PARKING
from tests.models.city import City

S = EventState


def never(_step: Step) -> Refusal | None:
    return Refusal("NEVER", "this never passes")


def only_hurried(step: Step) -> Refusal | None:
    return None if step.inputs.get("hurry") else Refusal("NO_HURRY", "there is no hurry")


def count_it(step: Step) -> None:
    step.facts["counted"] = step.facts.get("counted", 0) + 1


SMALL = Flow(
    name="small",
    version="1",
    transitions=(
        Transition("S1", S.FLAGGED, "go", S.EXEMPT, (never,)),
        Transition("S2", S.FLAGGED, "go", S.DISCARDED, (only_hurried,), (count_it,)),
        Transition("S3", S.FLAGGED, "go", S.CONFIRMED, (), (count_it, count_it), reason="FALLBACK"),
        Transition("S4", S.FLAGGED, "stop", S.DISCARDED, actors=frozenset({ActorKind.OFFICER})),
        Transition("S5", frozenset({S.FLAGGED, S.CONFIRMED}), "end", S.DISCARDED),
    ),
    terminal=frozenset({S.EXEMPT, S.DISCARDED}),
)


def _go(
    city: City, event: Event, trigger: str = "go", command: str = "", **more: Any
) -> TransitionLog:
    values = {"actor": SYSTEM, "at": city.now, "policy": city.policy} | more
    return fire(city.session, SMALL, event, trigger, command_id=command or city.command(), **values)


def test_first_row_whose_guards_pass_wins(city: City) -> None:
    """Table order decides; the log keeps why the rows above did not apply."""
    log = _go(city, city.open())
    assert (log.transition, log.to_state, log.reason) == ("S3", "CONFIRMED", "FALLBACK")
    assert log.facts == {"counted": 2, "not_applied": ["NEVER", "NO_HURRY"]}


def test_inputs_reach_guards_but_not_the_log(city: City) -> None:
    """A contact or a user is no fact of the log."""
    log = _go(city, city.open(), inputs={"hurry": True}, facts={"seen": 3}, reason="HURRY")
    assert (log.transition, log.reason) == ("S2", "HURRY")
    assert log.facts == {"seen": 3, "counted": 1, "not_applied": ["NEVER"]}


def test_same_command_changes_nothing(city: City) -> None:
    """Idempotent: the row of the first time comes back."""
    event = city.open()
    first = _go(city, event, command="c-1")
    version = event.version
    assert _go(city, event, command="c-1") is first
    assert _go(city, event, "no such trigger", command="c-1") is first
    assert event.version == version


def test_a_command_belongs_to_one_event(city: City) -> None:
    _go(city, city.open(), command="c-1")
    with pytest.raises(Conflict, match="another event") as caught:
        _go(city, city.open("浙A99999", box=(0.7, 0.7, 0.8, 0.8)), command="c-1")
    assert caught.value.code == "COMMAND_REUSED"


@pytest.mark.parametrize("command", ["", "x" * 81])
def test_command_ids_fit_their_column(city: City, command: str) -> None:
    with pytest.raises(BadInput) as caught:
        find_command(city.session, command)
    assert caught.value.field == "command_id"


def test_no_such_step(city: City) -> None:
    with pytest.raises(FlowRefused) as caught:
        _go(city, city.open(), "dance")
    assert [r.code for r in caught.value.refusals] == ["NO_SUCH_STEP"]
    assert caught.value.code == "NO_SUCH_STEP"


def test_wrong_actor_is_refused(city: City) -> None:
    event = city.open()
    with pytest.raises(FlowRefused) as caught:
        _go(city, event, "stop")
    assert caught.value.code == "WRONG_ACTOR"
    assert _go(city, event, "stop", actor=Actor(ActorKind.OFFICER, "wang")).actor_id == "wang"


def test_choose_changes_nothing(city: City) -> None:
    event = city.open()
    before = (event.state, event.version)
    step = choose(city.session, SMALL, event, "go", actor=SYSTEM, at=city.now, policy=city.policy)
    assert step.transition.code == "S3"
    assert (event.state, event.version) == before


def test_w43_expected_version(city: City) -> None:
    """Two officers act at once: the second one is told (409)."""
    event = city.open()
    seen = event.version
    _go(city, event, expected_version=seen)
    with pytest.raises(StaleVersion) as caught:
        _go(city, event, "end", expected_version=seen)
    assert caught.value.http_status == 409


def test_w43_somebody_else_wrote_meanwhile(city: City) -> None:
    """The UPDATE carries the version: a change behind our back is found by the database."""
    event = city.open()
    table = Event.__table__
    city.session.connection().execute(
        update(table).where(table.c.id == event.id).values(version=event.version + 1)
    )
    with pytest.raises(StaleVersion):
        _go(city, event)


def test_log_row_tells_everything(city: City) -> None:
    event = city.open()
    log = _go(city, event, evidence_ids=[7, 8])
    stored = city.session.scalars(select(TransitionLog).where(TransitionLog.id == log.id)).one()
    assert (stored.subject_kind, stored.subject_id) == ("event", event.id)
    assert (stored.from_state, stored.version) == ("FLAGGED", event.version)
    assert (stored.actor_kind, stored.actor_id, stored.at) == ("SYSTEM", "", city.now)
    assert stored.evidence_ids == [7, 8]


def test_rebuild_follows_the_log(city: City) -> None:
    """Invariant 7, in whatever order the rows come."""
    event = city.to_grace()
    rows = city.log(event)
    assert rebuild_state(reversed(rows)) == (S.GRACE, event.version)
    assert rebuild_state([]) == (None, 0)


def test_rebuild_refuses_a_broken_log(city: City) -> None:
    rows = city.log(city.to_grace())
    with pytest.raises(ValueError, match="A10"):
        rebuild_state([row for row in rows if row.transition != "A7"])


def test_unborn_event_has_no_state(city: City) -> None:
    assert current_state(Event(state="CANDIDATE", version=0)) is None
    assert current_state(city.open()) == S.FLAGGED


def test_markdown_has_one_line_a_row() -> None:
    """The docs' table is made from the flow itself."""
    lines = PARKING.markdown().splitlines()
    assert len(lines) == len(PARKING.transitions) + 2
    assert lines[0].startswith("| # | From ")
    assert all(line.count("|") == 9 for line in lines)
    row = next(line for line in lines if line.startswith("| A14 "))
    assert row == (
        "| A14 | GRACE | `absent` | SYSTEM | LEFT_IN_TIME* | left_in_time "
        "| note_departure, end_event, thank | MINOR_CORRECTED |"
    )
    assert "| A1 | – | `first_seen` |" in PARKING.markdown()
    assert "| A23 | any open | `void` | OFFICER |" in PARKING.markdown()
    assert "| A4 | CONFIRM_PENDING, FLAGGED |" in PARKING.markdown()


def test_mermaid_draws_every_state() -> None:
    """Every state of the flow stands in the diagram; rows from any open state do not."""
    text = PARKING.mermaid()
    assert text.startswith("stateDiagram-v2\n    [*] --> CANDIDATE: A1 first_seen\n")
    assert "    GRACE --> LEFT_IN_TIME: A14 absent\n" in text
    assert "    ESCALATED --> [*]\n" in text
    assert "A23" not in text
    assert all(state in text for state in EventState)


def test_row_by_code() -> None:
    assert PARKING.row("A20").target == S.ESCALATED
    with pytest.raises(KeyError):
        PARKING.row("A99")
