"""A stored file that is not what was recorded (W52): the alarm, and what it means for its event.

In doubt for the owner: a pack with one broken file is no pack any more, whichever file it is. An
event that waits for officers ends undetermined, and so does what hangs or is posted until the end
of an order; one that was escalated shows it to everybody who opens it, and its evidence cannot be
exported. A gathering goes on: its picture decides nothing, nothing is held against anybody, and
who was called must not be called off because a disk is broken.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit_log import record
from models.chain import check_file, record_hash
from models.errors import BadInput, Conflict, FlowRefused, NotFound
from models.event import Event, FlowName
from models.evidence import Evidence, EvidenceAlarm
from models.flow import SYSTEM, fire
from models.flows.tables import flow_of
from models.looks import add_flag, lock
from models.people import User
from models.policy import Policy
from models.retention_log import Tombstone

FLAG = "evidence_broken"


def check_event(
    session: Session,
    event: Event,
    read: Callable[[str], bytes],
    *,
    policy: Policy,
    at: datetime,
) -> list[EvidenceAlarm]:
    """Compare every stored file of `event` with its record; raise an alarm for each that differs
    or is missing, and act on it. Gives the new alarms. `read` raises NotFound for a file that is
    not there; Unavailable and OSError (the store is away) go through."""
    stones = select(Tombstone.evidence_id)
    rows = session.scalars(
        select(Evidence)
        .where(Evidence.event_id == event.id, Evidence.id.not_in(stones))
        .order_by(Evidence.sequence)
    ).all()
    raised: list[EvidenceAlarm] = []
    for row in rows:
        changed = record_hash(row) != row.chain_hash
        wrong = ["record_changed"] if changed else check_file(row, read, away_is_missing=False)
        if wrong and _alarm_of(session, row) is None:
            raised.append(_raise(session, event, row, wrong[0], at))
    if raised:
        _act(session, event, policy=policy, at=at)
    return raised


def open_alarms(session: Session) -> list[EvidenceAlarm]:
    """Alarms that nobody has seen to, oldest first."""
    query = select(EvidenceAlarm).where(EvidenceAlarm.seen_at.is_(None))
    return list(session.scalars(query.order_by(EvidenceAlarm.id)))


def see_to(
    session: Session, alarm_id: int, user: User, *, remark: str, at: datetime
) -> EvidenceAlarm:
    """Somebody has looked into an alarm and says what was done. Raises NotFound, BadInput (field
    remark), Conflict where somebody did before."""
    words = " ".join(remark.split())
    if not 0 < len(words) <= 300:
        raise BadInput("say what was done, in 1 to 300 characters", field="remark")
    alarm = session.get(EvidenceAlarm, alarm_id)
    if alarm is None:
        raise NotFound(f"there is no alarm {alarm_id}")
    if alarm.seen_at is not None:
        raise Conflict("somebody has seen to this alarm already", code="ALREADY_SEEN_TO")
    alarm.seen_at, alarm.seen_by, alarm.remark = at, user.id, words
    session.flush()
    record(
        session, at=at, actor=user.username, action="evidence.alarm_seen",
        subject=f"alarm:{alarm.id}",
    )  # fmt: skip
    return alarm


def _alarm_of(session: Session, row: Evidence) -> EvidenceAlarm | None:
    return session.scalar(select(EvidenceAlarm).where(EvidenceAlarm.evidence_id == row.id))


def _raise(session: Session, event: Event, row: Evidence, what: str, at: datetime) -> EvidenceAlarm:
    alarm = EvidenceAlarm(evidence_id=row.id, what=what, found_at=at)
    session.add(alarm)
    session.flush()
    record(
        session, at=at, actor="system", action="evidence.broken", subject=f"event:{event.id}",
        details={"evidence": row.id, "kind": row.kind, "what": what},
    )  # fmt: skip
    return alarm


def _act(session: Session, event: Event, *, policy: Policy, at: datetime) -> None:
    lock(session, event)
    add_flag(event, FLAG)
    session.flush()
    if event.flow == FlowName.CROWD or not event.is_open:
        return
    try:
        fire(
            session, flow_of(event), event, "evidence_broken", actor=SYSTEM, at=at,
            command_id=f"broken:{event.id}:{event.version}", policy=policy,
        )  # fmt: skip
    except FlowRefused:
        # Before the officers' queue nothing rests on it yet: A19 will find the pack incomplete, and
        # the re-check of a place will end there.
        return
