"""How often a zone's rule is right, by the word of officers (B11, peers.md P8).

A zone may be live only when officers have answered for enough of what its rule has flagged, and
the lower bound of the share of right answers reaches the bar. The bound is Wilson's for one side at
95 %: the plain share of 50 right of 50 says 1.0 of a rule that may be right in 94 of 100 cases, and
between the two the stricter is taken. A live zone falls back to warning as soon as the plain share
among its latest answers is under the bar: to rise one must prove it, to fall it is enough to fail.

Answers count for one rule: the zone's geometry and thresholds, the software's rule and the model
that looked. Whatever of these changes, the trial begins anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import fields
from models.audit import AuditEntry
from models.audit_log import record
from models.base import Base
from models.errors import Conflict, FlowRefused, NotAllowed, Refusal
from models.event import ActorKind, Event, TransitionLog
from models.fitness import gaps
from models.flow import SUBJECT_EVENT
from models.people import Role, User
from models.policy import Policy
from models.states import EventState, PlaceState
from models.zone import Zone, ZonePhase, ZoneVersion

Z_ONE_SIDED_95 = 1.6449
RULE_FIELDS = (
    "polygon", "bays", "bay_hours", "aspect_ratio", "dwell_seconds", "threshold", "bands",
    "area_m2", "density_threshold",
)  # fmt: skip
"""What makes a version another rule. Approved places are not among them: they only take away."""
_MOST_EVENTS = 5_000
_RIGHT = frozenset({"officer_confirm", "escalate"})
_WRONG = frozenset({"officer_discard", "reject", "false_alarm"})
_ASKED_STATES = frozenset({EventState.CONFIRM_PENDING.value, PlaceState.CONFIRM_PENDING.value})
"""Only there a discard speaks of the machine; a patrol may find that the car has just gone."""
_MISTAKES = frozenset({"PLATE_MISREAD", "UNCLEAR_RECORD", "CONTRADICTING_SIGNS"})
"""Grounds of L39 that are errors of the machine or of the zone."""


class TrialAnswer(Base):
    """An officer's word on one event of a zone on trial. Append-only; the latest counts."""

    __tablename__ = "trial_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    right: Mapped[bool] = mapped_column("is_right", Boolean)
    reason: Mapped[str] = mapped_column(String(200), default="")
    answered_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Trial:
    """How a rule has fared. `needed` and `bar` are the policy's."""

    events: int
    """Flagged under this rule."""
    answered: int
    right: int
    recent: tuple[bool, ...]
    """The latest answers, at most `needed` of them, newest first."""
    needed: int
    bar: float
    model: str = ""
    """SHA-256 of the weights that the answers are about."""

    @property
    def share(self) -> float | None:
        return self.right / self.answered if self.answered else None

    @property
    def lower_bound(self) -> float:
        return wilson_lower(self.right, self.answered)

    @property
    def proven(self) -> bool:
        return self.answered >= self.needed and self.lower_bound >= self.bar

    @property
    def failing(self) -> bool:
        """Whether the latest answers, were all that are still missing right, are under the bar."""
        wrong = self.recent.count(False)
        return wrong > 0 and 1 - wrong / self.needed < self.bar

    @property
    def more_right_answers(self) -> int:
        """How many more right answers, with none wrong, would prove it."""
        more = max(0, self.needed - self.answered)
        while wilson_lower(self.right + more, self.answered + more) < self.bar and more < 100_000:
            more += 1
        return more

    def as_json(self) -> dict[str, Any]:
        return {
            "events": self.events, "answered": self.answered, "right": self.right,
            "share": None if self.share is None else round(self.share, 4),
            "lower_bound": round(self.lower_bound, 4), "needed": self.needed, "bar": self.bar,
            "more_right_answers": self.more_right_answers, "proven": self.proven,
            "failing": self.failing, "model": self.model,
        }  # fmt: skip


def wilson_lower(right: int, answered: int, z: float = Z_ONE_SIDED_95) -> float:
    """Lower end of Wilson's interval for a share, 0..1; 0 where nothing was answered."""
    if answered == 0:
        return 0.0
    share = right / answered
    middle = share + z * z / (2 * answered)
    spread = z * math.sqrt(share * (1 - share) / answered + z * z / (4 * answered * answered))
    return (middle - spread) / (1 + z * z / answered)


def same_rule(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one[key] == other[key] for key in RULE_FIELDS)


def rule_of(version: ZoneVersion) -> dict[str, Any]:
    return {key: getattr(version, key) for key in RULE_FIELDS}


def trial(
    session: Session, zone: Zone, *, policy: Policy, rule: Mapping[str, Any] | None = None
) -> Trial:
    """The trial of a zone's rule: of its current version, or of one about to be saved."""
    events = trial_events(session, zone, rule=rule)
    answers = answers_of(session, events)
    # Of answers of one instant the wrong ones count first.
    latest = sorted(answers.values(), key=lambda said: (said[0], not said[1]), reverse=True)
    return Trial(
        events=len(events),
        answered=len(latest),
        right=sum(right for _, right in latest),
        recent=tuple(right for _, right in latest[: policy.trial_answers]),
        needed=policy.trial_answers,
        bar=policy.trial_precision,
        model=_eyes(events[0])[1] if events else "",
    )


def trial_events(
    session: Session, zone: Zone, *, rule: Mapping[str, Any] | None = None
) -> list[Event]:
    """Events of the rule, newest first, seen by the same rule and model as the newest of them.

    A duplicate is nobody's answer: its master has it.
    """
    wanted = rule_of(zone.current) if rule is None else rule
    versions = [version.id for version in zone.versions if same_rule(rule_of(version), wanted)]
    found = session.scalars(
        select(Event)
        .where(Event.zone_version_id.in_(versions), Event.state != EventState.DUPLICATE)
        .order_by(Event.flagged_at.desc(), Event.id.desc())
        .limit(_MOST_EVENTS)
    ).all()
    return [event for event in found if _eyes(event) == _eyes(found[0])]


def _eyes(event: Event) -> tuple[str, str]:
    """Rule of the software and SHA-256 of the weights, as the event keeps them."""
    model: Mapping[str, Any] = event.measured.get("model") or {}
    return str(event.measured.get("rule") or ""), str(model.get("sha256") or "")


def answers_of(session: Session, events: Sequence[Event]) -> dict[int, tuple[datetime, bool]]:
    """By event id when an officer spoke last of it and whether the machine was right: an answer in
    the trial, or what an officer did with the event."""
    ids = [event.id for event in events]
    found: dict[int, tuple[datetime, bool]] = {}
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        logs = session.scalars(
            select(TransitionLog)
            .where(
                TransitionLog.subject_kind == SUBJECT_EVENT,
                TransitionLog.subject_id.in_(part),
                TransitionLog.actor_kind == ActorKind.OFFICER,
            )
            .order_by(TransitionLog.version)
        )
        said = session.scalars(
            select(TrialAnswer).where(TrialAnswer.event_id.in_(part)).order_by(TrialAnswer.id)
        )
        _keep_latest(found, ((log.subject_id, log.at, _judged(log)) for log in logs))
        _keep_latest(found, ((row.event_id, row.answered_at, row.right) for row in said))
    return found


def _judged(log: TransitionLog) -> bool | None:
    """What an officer's step says of the machine; None: nothing. A rejection counts against it
    whatever its reason (W40)."""
    if log.trigger in _RIGHT:
        return True
    if log.trigger == "void":
        return False if log.reason in _MISTAKES else None
    if log.trigger == "officer_discard" and log.from_state not in _ASKED_STATES:
        return None
    return False if log.trigger in _WRONG else None


def _keep_latest(
    found: dict[int, tuple[datetime, bool]], spoken: Iterable[tuple[int, datetime, bool | None]]
) -> None:
    for event_id, at, right in spoken:
        known = found.get(event_id)
        if right is not None and (known is None or at >= known[0]):
            found[event_id] = (at, right)


def answer(
    session: Session, event: Event, user: User, *, right: bool, reason: str = "", at: datetime
) -> TrialAnswer:
    """An officer says whether the machine was right about an event.

    Raises NotAllowed for whoever is no active officer or drew the zone, BadInput where a wrong one
    is not explained.
    """
    if not (user.active and user.has(Role.OFFICER)):
        raise NotAllowed("only an active officer may answer for a zone", code="NOT_AN_OFFICER")
    if event.zone_version.created_by == user.id:
        raise NotAllowed("who drew the zone does not judge it", code="ZONE_AUTHOR")
    text = fields.line("reason", reason, 200, required=not right)
    row = TrialAnswer(
        event_id=event.id, officer_id=user.id, right=right, reason=text, answered_at=at
    )
    session.add(row)
    session.flush()
    return row


# -- live, and no longer ----------------------------------------------------------------------


def refuse_early_live(
    session: Session,
    version: ZoneVersion,
    *,
    policy: Policy,
    at: datetime,
) -> None:
    """Raises FlowRefused naming the numbers and whatever else is missing, where a version that was
    just added may not be live (B11, B24). Its transaction must then be given up."""
    if version.phase != ZonePhase.LIVE:
        return
    zone = version.zone
    result = trial(session, zone, policy=policy)
    refusals: list[Refusal] = []
    if not result.proven:
        refusals.append(Refusal("ZONE_NOT_PROVEN", _what_is_missing(result)))
    refusals += gaps(zone.camera, version, at=at)
    if refusals:
        raise FlowRefused(
            f"zone {zone.name} cannot be live: " + "; ".join(r.message for r in refusals),
            refusals,
            hint="leave it in warning; officers answer for its events on the zone's trial page",
        )


def _what_is_missing(result: Trial) -> str:
    share = "none" if result.share is None else f"{result.share:.1%}"
    return (
        f"{result.answered} of {result.needed} events answered, {result.right} right ({share}), "
        f"lower bound {result.lower_bound:.3f} of {result.bar:g}; "
        f"{result.more_right_answers} more right answers are needed"
    )


def refuse_early_auto(version: ZoneVersion, *, policy: Policy, at: datetime) -> None:
    """8.1: in a new zone's first days an officer confirms every event. Raises Conflict."""
    begun = version.zone.versions[0].created_at
    days = (at - begun).total_seconds() / 86_400
    if version.confirm_mode == "auto" and days < policy.first_officer_days:
        raise Conflict(
            f"zone {version.zone.name} is {days:.0f} days old: an officer confirms its events for "
            f"the first {policy.first_officer_days} days",
            code="ZONE_TOO_NEW",
            hint="leave confirm_mode at officer for now",
        )


def falling(session: Session, *, policy: Policy) -> list[tuple[Zone, Trial]]:
    """Live zones whose latest answers are under the bar."""
    zones = session.scalars(select(Zone).where(Zone.retired_at.is_(None)).order_by(Zone.id)).all()
    live = [zone for zone in zones if zone.current.phase == ZonePhase.LIVE]
    judged = [(zone, trial(session, zone, policy=policy)) for zone in live]
    return [(zone, result) for zone, result in judged if result.failing]


def note_fall(session: Session, zone: Zone, result: Trial, *, at: datetime) -> None:
    """The audit log's word on a zone that was put back to warning."""
    record(
        session, at=at, actor="trial", action="zone.fall", subject=f"zone:{zone.id}",
        details={"version": zone.current.version, **result.as_json()},
    )  # fmt: skip


FALL_SHOWN_DAYS = 14


@dataclass(frozen=True, slots=True)
class Fall:
    """A zone that was put back to warning, and has not been live since."""

    zone: str
    camera: str
    at: datetime
    details: Mapping[str, Any]


def falls(session: Session, *, at: datetime) -> list[Fall]:
    """What the staff are told: falls of the last two weeks that nobody has answered by going live
    again, newest first."""
    entries = session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.action == "zone.fall",
            AuditEntry.at >= at - timedelta(days=FALL_SHOWN_DAYS),
        )
        .order_by(AuditEntry.id.desc())
    )
    found: dict[int, Fall] = {}
    for entry in entries:
        zone = session.get(Zone, int(entry.subject.removeprefix("zone:")))
        if zone is not None and zone.id not in found and zone.current.phase != ZonePhase.LIVE:
            found[zone.id] = Fall(zone.name, zone.camera.name, entry.at, entry.details)
    return list(found.values())
