"""Guards of the officers' decision: what must be true before a record may go on to a case.

Each is one article: the software never fines, and no single person can either.
"""

from __future__ import annotations

from sqlalchemy import func, select

from models import deadlines
from models.errors import Refusal
from models.event import Event, EventState
from models.flow import Step
from models.pack import pack_status
from models.people import Decision, DecisionKind, Statement, StatementStatus, User
from models.zone import Authority, Surface


def pack_complete(step: Step) -> Refusal | None:
    """A19, 2.7: without E1, E3, E4 and E6 nothing goes before an officer."""
    status = pack_status(step.session, step.event, policy=step.policy)
    if status.complete:
        return None
    return Refusal("PACK_INCOMPLETE", "the evidence pack lacks " + ", ".join(status.missing))


def device_reviewed(step: Step) -> Refusal | None:
    """L01, 行政处罚法 art. 41(1)."""
    if step.event.camera.is_reviewed():
        return None
    return Refusal("DEVICE_NOT_REVIEWED", "the camera lacks its legal or technical review")


def device_calibrated(step: Step) -> Refusal | None:
    """L35, 程序规定 art. 15: where verification is recorded, it must not have expired."""
    until = step.event.camera.calibrated_until
    if until is None or until >= step.event.flagged_at:
        return None
    return Refusal("DEVICE_EXPIRED", "the camera's verification had expired")


def zone_has_legal_basis(step: Step) -> Refusal | None:
    """0.8: a zone without a legal basis reminds, and is never evidence."""
    if step.event.zone_version.legal_basis.strip():
        return None
    return Refusal("NO_LEGAL_BASIS", "the zone names no legal basis")


def our_authority(step: Step) -> Refusal | None:
    """L21: a motor lane or another authority's zone can only be handed over."""
    version = step.event.zone_version
    if version.authority == Authority.CHENGGUAN and version.surface != Surface.MOTOR_LANE:
        return None
    return Refusal("FOREIGN_AUTHORITY", "another authority decides here")


def owner_was_told(step: Step) -> Refusal | None:
    """Invariant 1: a delivered notice (or a paper notice), and its deadline passed."""
    event = step.event
    told = event.notified_at is not None and event.grace_deadline_at is not None
    if told and event.grace_deadline_at is not None and step.at > event.grace_deadline_at:
        return None
    return Refusal("NOT_NOTIFIED", "the owner was not told, or the grace is not over")


def within_review_time(step: Step) -> Refusal | None:
    """L37, 程序规定 art. 19: five work days from the collection."""
    count = step.policy.review_hard_work_days
    if step.at < deadlines.end_of_work_days(step.event.flagged_at, count):
        return None
    return Refusal("REVIEW_EXPIRED", f"more than {count} work days have passed")


def review_time_over(step: Step) -> Refusal | None:
    """A22: the other side of `within_review_time`."""
    if within_review_time(step) is not None:
        return None
    return Refusal("REVIEW_OPEN", "the review is still in time")


def no_open_statement(step: Step) -> Refusal | None:
    """L11, W21: what an owner says is heard first."""
    count = step.session.scalar(
        select(func.count(Statement.id)).where(
            Statement.event_id == step.event.id, Statement.status == StatementStatus.OPEN
        )
    )
    if not count:
        return None
    return Refusal("STATEMENT_OPEN", "a statement of the owner is not answered yet")


def statement_window_over(step: Step) -> Refusal | None:
    """L03, L10: time to speak after the owner was told that an officer will look (N3)."""
    wait = step.policy.statement_window_seconds
    deadline = step.event.grace_deadline_at
    if deadline is not None and (step.at - deadline).total_seconds() >= wait:
        return None
    return Refusal("STATEMENT_WINDOW", "the owner's time for a statement is not over")


def not_escalated_before(step: Step) -> Refusal | None:
    """L07, 行政处罚法 art. 29: one stay, one event, one escalation."""
    event = step.event
    twin = step.session.scalar(
        select(Event.event_no).where(
            Event.id != event.id,
            Event.plate == event.plate,
            Event.area_id == event.area_id,
            Event.state == EventState.ESCALATED,
            Event.first_seen_at <= event.last_seen_at,
            Event.last_seen_at >= event.first_seen_at,
        )
    )
    if twin is None:
        return None
    return Refusal("ALREADY_ESCALATED", f"the same stay was escalated as {twin}")


def officer_licensed(step: Step) -> Refusal | None:
    """L08, 行政处罚法 art. 42: a valid enforcement licence."""
    user = step.inputs.get("user")
    today = deadlines.local(step.at).date()
    if isinstance(user, User) and user.active and user.is_licensed(today):
        return None
    return Refusal("NOT_LICENSED", "only an officer with a valid licence may decide")


def officer_did_not_draw_zone(step: Step) -> Refusal | None:
    """Whoever drew the zone does not judge by it."""
    user = step.inputs.get("user")
    if isinstance(user, User) and user.id != step.event.zone_version.created_by:
        return None
    return Refusal("ZONE_AUTHOR", "who drew the zone may not decide on its events")


def two_officers(step: Step) -> Refusal | None:
    """L08: reviewer and co-signer, two different persons; the database holds it too."""
    signed = set(escalating_officers(step))
    if len(signed) >= 2:
        return None
    return Refusal("CO_SIGNER_MISSING", f"{len(signed)} of 2 officers have signed")


def escalating_officers(step: Step) -> list[int]:
    return list(
        step.session.scalars(
            select(Decision.officer_id).where(
                Decision.event_id == step.event.id, Decision.kind == DecisionKind.ESCALATE
            )
        )
    )
