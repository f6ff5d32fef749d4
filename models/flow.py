"""The one engine that moves an event or a case along its table.

A flow is a table of `Transition` rows (models/flows/). `fire` finds the rows for (state, trigger),
asks their guards in table order and applies the first that passes: optimistic lock on `version`,
idempotent by `command_id`, one `transition_log` row a step. Whatever a row's effects write (a
notice into the outbox, a deadline) is in the caller's transaction with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from models.case import Case
from models.errors import BadInput, Conflict, FlowRefused, Refusal, StaleVersion
from models.event import ActorKind, Event, EventState, TransitionLog
from models.people import Role, User
from models.policy import Policy

MAX_COMMAND_ID = 80
SUBJECT_EVENT = "event"
SUBJECT_CASE = "case"

Subject: TypeAlias = Event | Case
"""What a flow moves: a row with `state` and `version`."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who moves an event; `id` is a username, camera name or worker, never a phone or plate."""

    kind: ActorKind
    id: str = ""


SYSTEM = Actor(ActorKind.SYSTEM)


def person(user: User) -> Actor:
    """A member of staff as an actor: an officer, or somebody with another duty."""
    is_officer = Role.OFFICER in user.roles or Role.ADMIN in user.roles
    return Actor(ActorKind.OFFICER if is_officer else ActorKind.OPERATOR, user.username)


@dataclass(slots=True)
class Step:
    """One attempt to apply one row: what its guards look at and its effects may write to."""

    session: Session
    subject: Subject
    transition: Transition
    at: datetime
    actor: Actor
    policy: Policy
    reason: str
    facts: dict[str, Any]
    """Measured values; stored with the log row. No plate, phone or name."""
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What guards and effects need but the log must not hold (a contact, a user)."""
    evidence_ids: Sequence[int] = ()
    earlier: Sequence[Refusal] = ()
    """Why the rows above this one, with the same source and trigger, did not apply."""

    @property
    def event(self) -> Event:
        """The event that moves. Raises TypeError in a flow of cases."""
        if not isinstance(self.subject, Event):
            raise TypeError("this row belongs to a flow of events")
        return self.subject

    @property
    def case(self) -> Case:
        """The case that moves. Raises TypeError in a flow of events."""
        if not isinstance(self.subject, Case):
            raise TypeError("this row belongs to the flow of cases")
        return self.subject


Guard: TypeAlias = Callable[[Step], Refusal | None]
Effect: TypeAlias = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of a flow table. `source` None is the birth of what moves."""

    code: str
    source: StrEnum | frozenset[StrEnum] | None
    trigger: str
    target: StrEnum
    guards: tuple[Guard, ...] = ()
    effects: tuple[Effect, ...] = ()
    actors: frozenset[ActorKind] = frozenset({ActorKind.SYSTEM})
    reason: str = ""
    """Reason code of the log row (and of the end) where the caller gives none."""

    @property
    def sources(self) -> frozenset[StrEnum | None]:
        if isinstance(self.source, frozenset):
            return frozenset(self.source)
        return frozenset({self.source})


@dataclass(frozen=True, slots=True)
class Flow:
    name: str
    version: str
    transitions: tuple[Transition, ...]
    terminal: frozenset[StrEnum]
    states: type[StrEnum] = EventState
    """The flow's own vocabulary."""

    def rows(self, state: str | None, trigger: str) -> list[Transition]:
        """The rows for a state and a trigger, in table order."""
        return [t for t in self.transitions if t.trigger == trigger and state in t.sources]

    def row(self, code: str) -> Transition:
        for transition in self.transitions:
            if transition.code == code:
                return transition
        raise KeyError(code)

    def markdown(self) -> str:
        """The table as the docs show it; one line a row."""
        lines = [
            "| # | From | Trigger | By | To | Guards | Effects | Reason |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for row in self.transitions:
            cells = [
                row.code,
                self._source_text(row),
                f"`{row.trigger}`",
                ", ".join(sorted(row.actors)),
                row.target + ("*" if row.target in self.terminal else ""),
                ", ".join(_names(row.guards)),
                ", ".join(_names(row.effects)),
                row.reason,
            ]
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n"

    def as_json(self) -> dict[str, Any]:
        """The table as plain values, for other programs."""
        return {
            "name": self.name,
            "version": self.version,
            "states": [str(state) for state in self.states],
            "ends": sorted(self.terminal),
            "rows": [
                {
                    "code": row.code,
                    "from": sorted(s for s in row.sources if s is not None),
                    "trigger": row.trigger,
                    "by": sorted(row.actors),
                    "to": str(row.target),
                    "guards": _names(row.guards),
                    "effects": _names(row.effects),
                    "reason": row.reason,
                }
                for row in self.transitions
            ],
        }

    def mermaid(self) -> str:
        """The flow as a mermaid state diagram; rows from any open state are left to the table."""
        lines = ["stateDiagram-v2"]
        for row in self.transitions:
            if row.sources == self._open():
                continue
            for source in sorted(row.sources, key=lambda s: s or ""):
                lines.append(f"    {source or '[*]'} --> {row.target}: {row.code} {row.trigger}")
        lines += [f"    {state} --> [*]" for state in sorted(self.terminal)]
        return "\n".join(lines) + "\n"

    def _open(self) -> frozenset[StrEnum | None]:
        return frozenset(s for s in self.states if s not in self.terminal)

    def _source_text(self, row: Transition) -> str:
        if row.source is None:
            return "–"
        if row.sources == self._open():
            return "any open"
        return ", ".join(sorted(s for s in row.sources if s is not None))


def _names(functions: Iterable[Callable[..., Any]]) -> list[str]:
    return [f.__name__.strip("_") for f in functions]


def fire(  # noqa: PLR0913 (a step is all of this, by keyword)
    session: Session,
    flow: Flow,
    subject: Subject,
    trigger: str,
    *,
    actor: Actor,
    at: datetime,
    command_id: str,
    policy: Policy,
    facts: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Any] | None = None,
    expected_version: int | None = None,
    reason: str = "",
    evidence_ids: Sequence[int] = (),
) -> TransitionLog:
    """Apply the first row for (state, trigger) whose guards pass, and log it.

    The same `command_id` again returns the row it made the first time and changes nothing.
    Raises FlowRefused with every refusal, StaleVersion if somebody else acted first (W43),
    BadInput for a command id that is empty or longer than 80 characters.
    """
    earlier = find_command(session, command_id, subject_kind_of(subject))
    if earlier is not None:
        if earlier.subject_id != subject.id:
            raise Conflict(
                f"this command id was used for another {subject_kind_of(subject)}",
                code="COMMAND_REUSED",
                hint="give every command an id of its own",
            )
        return earlier
    if expected_version is not None and expected_version != subject.version:
        raise _stale(subject)
    step = choose(
        session, flow, subject, trigger, actor=actor, at=at, policy=policy,
        facts=facts, inputs=inputs, reason=reason, evidence_ids=evidence_ids,
    )  # fmt: skip
    return _apply(step, command_id)


def choose(  # noqa: PLR0913 (as fire)
    session: Session,
    flow: Flow,
    subject: Subject,
    trigger: str,
    *,
    actor: Actor,
    at: datetime,
    policy: Policy,
    facts: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Any] | None = None,
    reason: str = "",
    evidence_ids: Sequence[int] = (),
) -> Step:
    """The step that `fire` would apply now; changes nothing. Raises FlowRefused."""
    state = current_state(subject)
    rows = flow.rows(state, trigger)
    refusals: list[Refusal] = []
    for row in rows:
        step = Step(
            session, subject, row, at, actor, policy, reason or row.reason,
            dict(facts or {}), inputs or {}, evidence_ids, tuple(refusals),
        )  # fmt: skip
        against = _refusals(step)
        if not against:
            return step
        refusals += against
    if not rows:
        refusals = [Refusal("NO_SUCH_STEP", f"{trigger} is no step from {state or 'nothing'}")]
    raise FlowRefused(
        f"{_named(subject)}: {trigger} is refused: "
        + "; ".join(refusal.message for refusal in refusals),
        refusals,
    )


def _refusals(step: Step) -> list[Refusal]:
    row = step.transition
    if step.actor.kind not in row.actors:
        allowed = ", ".join(sorted(row.actors))
        return [Refusal("WRONG_ACTOR", f"{row.code} is done by {allowed}, not {step.actor.kind}")]
    return [refusal for guard in row.guards if (refusal := guard(step)) is not None]


def _apply(step: Step, command_id: str) -> TransitionLog:
    subject, row = step.subject, step.transition
    before = current_state(subject)
    step.session.flush()
    table = type(subject)
    moved = step.session.connection().execute(
        update(table)
        .where(table.id == subject.id, table.version == subject.version)
        .values(state=str(row.target), version=subject.version + 1)
    )
    if moved.rowcount != 1:
        raise _stale(subject)
    set_committed_value(subject, "state", str(row.target))
    set_committed_value(subject, "version", subject.version + 1)
    for effect in row.effects:
        effect(step)
    if step.earlier:
        step.facts["not_applied"] = sorted({refusal.code for refusal in step.earlier})
    log = TransitionLog(
        subject_kind=subject_kind_of(subject),
        subject_id=subject.id,
        transition=row.code,
        from_state=before,
        to_state=str(row.target),
        trigger=row.trigger,
        version=subject.version,
        actor_kind=step.actor.kind,
        actor_id=step.actor.id,
        at=step.at,
        reason=step.reason,
        evidence_ids=list(step.evidence_ids),
        facts=step.facts,
        command_id=command_id,
    )
    step.session.add(log)
    step.session.flush()
    return log


def current_state(subject: Subject) -> str | None:
    """None before the first step: an event is born by a row whose source is nothing."""
    return subject.state if subject.version else None


def subject_kind_of(subject: Subject) -> str:
    return SUBJECT_EVENT if isinstance(subject, Event) else SUBJECT_CASE


def find_command(
    session: Session, command_id: str, subject_kind: str = SUBJECT_EVENT
) -> TransitionLog | None:
    """The log row that this command made, if it was carried out before."""
    if not 0 < len(command_id) <= MAX_COMMAND_ID:
        raise BadInput(
            f"a command id has 1 to {MAX_COMMAND_ID} characters, this one {len(command_id)}",
            field="command_id",
        )
    return session.scalar(
        select(TransitionLog).where(
            TransitionLog.subject_kind == subject_kind, TransitionLog.command_id == command_id
        )
    )


def rebuild_state(rows: Iterable[TransitionLog]) -> tuple[str | None, int]:
    """State and version as the log of one event or case tells them (invariant 7).

    Raises ValueError where a row does not follow from the one before it.
    """
    state: str | None = None
    version = 0
    for row in sorted(rows, key=lambda r: r.version):
        if row.from_state != state or row.version != version + 1:
            raise ValueError(
                f"log row {row.transition} (version {row.version}) starts from {row.from_state}, "
                f"but the rows before it lead to {state} (version {version})"
            )
        state, version = row.to_state, row.version
    return state, version


def _named(subject: Subject) -> str:
    number = subject.event_no if isinstance(subject, Event) else subject.case_no
    return f"{subject_kind_of(subject)} {number}"


def _stale(subject: Subject) -> StaleVersion:
    return StaleVersion(
        f"{_named(subject)} was changed by somebody else",
        hint="load it again and look before you decide",
    )
